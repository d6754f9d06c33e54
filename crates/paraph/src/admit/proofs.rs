//! What convinces an authority that a name is ours: a certificate shown in one handshake (RFC 8737), or a page under
//! `/.well-known/acme-challenge/` (RFC 8555 section 8.3). There is something to show only while a certificate is asked
//! for (`acme/`): as many proofs as it has names.
//!
//! Both stand behind the same places, budgets and deadlines as everything else at this door.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::certificate::provider;

/// The protocol that an authority asks for, alone, when it only wants to see a proof (RFC 8737 section 6.2).
pub(super) const PROTOCOL: &[u8] = b"acme-tls/1";
/// Where pages that prove a name are.
const PAGES: &str = "/.well-known/acme-challenge/";
/// Characters of a token that are put into a path; authorities use 43.
const TOKEN_CHARS: usize = 128;

/// Why a proof cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The certificate that shows it cannot be made.
    #[error("the certificate that proves a name cannot be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// Its key cannot be used.
    #[error("the certificate that proves a name cannot be used: {0}")]
    Key(#[from] rustls::Error),
    /// The authority's token is none.
    #[error("the authority sent a token that is none")]
    Token,
}

/// The proofs that can be seen now.
#[derive(Debug, Default)]
pub struct Proofs {
    shown: ArcSwap<Shown>,
}

#[derive(Clone, Debug, Default)]
struct Shown {
    /// By name, in lower case.
    certificates: BTreeMap<String, Arc<CertifiedKey>>,
    /// By token.
    pages: BTreeMap<String, Bytes>,
}

impl Proofs {
    /// Shows a certificate for `name` with `digest` in it (RFC 8737 section 3) to who asks for such a proof.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn show_certificate(&self, name: &str, digest: &[u8]) -> Result<(), ProofError> {
        let mut params = CertificateParams::new([name.to_owned()])?;
        params.distinguished_name = DistinguishedName::new();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        // Not through a check of both: no verifier of ours knows the extension that makes it a proof.
        let secret = provider().key_provider.load_private_key(secret)?;
        let pair = CertifiedKey::new(vec![certificate.der().clone()], secret);
        let mut shown = self.shown.load().as_ref().clone();
        shown.certificates.insert(name.to_owned(), Arc::new(pair));
        self.shown.store(Arc::new(shown));
        Ok(())
    }

    /// Shows a page named by the token of `authorization`, which is `token.thumbprint`.
    ///
    /// # Errors
    /// The token could not stand in a path.
    pub fn show_page(&self, authorization: &str) -> Result<(), ProofError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let token = authorization.split_once('.').map_or("", |(token, _)| token);
        if token.is_empty() || token.len() > TOKEN_CHARS || !token.bytes().all(is_plain) {
            return Err(ProofError::Token);
        }
        let mut shown = self.shown.load().as_ref().clone();
        shown
            .pages
            .insert(token.to_owned(), Bytes::copy_from_slice(authorization.as_bytes()));
        self.shown.store(Arc::new(shown));
        Ok(())
    }

    /// Shows nothing any more.
    pub fn clear(&self) {
        self.shown.store(Arc::default());
    }

    /// What stands at this path, if it is that of a proof.
    #[must_use]
    pub fn page(&self, path: &str) -> Option<Bytes> {
        let token = path.strip_prefix(PAGES)?;
        self.shown.load().pages.get(token).cloned()
    }

    /// Whether a handshake is for a proof and nothing else.
    pub(super) fn is_asked_for(&self, hello: &ClientHello<'_>) -> bool {
        hello
            .alpn()
            .is_some_and(|mut protocols| protocols.next() == Some(PROTOCOL) && protocols.next().is_none())
    }
}

impl ResolvesServerCert for Proofs {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name()?.to_lowercase();
        self.shown.load().certificates.get(&name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::{ProofError, Proofs};

    #[test]
    fn a_page_is_there_while_it_proves_something_and_a_token_is_no_path() {
        let proofs = Proofs::default();
        for wrong in ["../../etc.thumb", ".thumb", "a/b.thumb", "no thumb", &"a".repeat(200)] {
            assert!(matches!(proofs.show_page(wrong), Err(ProofError::Token)), "{wrong}");
        }
        proofs.show_page("a-token_1.thumb").expect("a token");
        let page = |path| proofs.page(path);
        assert_eq!(
            page("/.well-known/acme-challenge/a-token_1").as_deref(),
            Some(&b"a-token_1.thumb"[..])
        );
        assert_eq!(page("/.well-known/acme-challenge/"), None);
        assert_eq!(page("/a-token_1"), None);
        proofs.clear();
        assert_eq!(page("/.well-known/acme-challenge/a-token_1"), None);
    }
}
