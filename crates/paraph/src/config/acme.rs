//! `[listen.acme]`: which authority is asked for the certificate of `listen.https`, and by what it may convince itself
//! that the names are ours (RFC 8555).

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, DnsName};
use zeroize::Zeroizing;

use super::mail::secret_of;
use super::value::{Reader, Taken};
use crate::admit::certificate::Files;
use crate::failure::Failure;
use crate::limits::CERTIFICATES_FILE_BYTES;
use crate::named;

/// Names in one certificate. A site has one or two; authorities take up to 100.
const MOST_DOMAINS: usize = 20;

/// Whom to ask for a certificate, and for what names.
#[derive(Clone, Debug)]
pub struct Acme {
    /// Address of the authority's directory.
    pub directory: String,
    /// Where the authority may write to.
    pub contact: Option<String>,
    /// Names in the certificate, in lower case; at least one.
    pub domains: Vec<String>,
    /// How the authority convinces itself.
    pub challenge: Challenge,
    /// What the authority's own certificate must lead to, instead of the roots of this machine.
    pub roots: Option<Arc<RootCertStore>>,
    /// An account elsewhere that ours there is bound to, for authorities that ask for one.
    pub binding: Option<Binding>,
}

/// How the authority convinces itself that a name is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// By a handshake on port 443 (RFC 8737).
    TlsAlpn,
    /// By a page on port 80 (RFC 8555 section 8.3).
    Http,
}

impl Challenge {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TlsAlpn => BY_HANDSHAKE,
            Self::Http => "http-01",
        }
    }
}

/// External account binding (RFC 8555 section 7.3.4). The key is never printed.
#[derive(Clone)]
pub struct Binding {
    /// Name of the key at the authority.
    pub key_id: String,
    /// The key.
    pub key: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Where a fetched certificate lies: key and chain in one file, so that both change at once.
pub(super) fn files(data: &Path) -> Files {
    let both = data.join("acme/certificate.pem");
    // Which names it is for is seen to before it is put there. One for an earlier list of names still serves.
    Files {
        certificate: both.clone(),
        key: both,
        hosts: Vec::new(),
    }
}

/// Name of what is done where nothing else is said (RFC 8737).
const BY_HANDSHAKE: &str = "tls-alpn-01";

/// `host` is that of `site.base_url`, when that is https.
pub(super) fn read(reader: &mut Reader<'_>, host: Option<&str>) -> Result<Option<Acme>, Failure> {
    let directory = reader.optional("listen.acme.directory", "certificates are not fetched");
    let why = "you have read the authority's terms of service, which its directory names, and agree";
    let (agreed, _) = reader.flag("listen.acme.terms_agreed", false, why);
    let contact = reader.optional("listen.acme.contact", "none");
    let named = reader.list("listen.acme.domains", &[]);
    let challenge = reader.text("listen.acme.challenge", BY_HANDSHAKE);
    let ca = reader.optional("listen.acme.ca", "the roots of this machine");
    let key_id = reader.optional("listen.acme.eab_key_id", "none");
    let key = secret_of(reader, "listen.acme.eab_key")?;
    let Some(directory) = directory else {
        let written = Some(challenge).filter(|challenge| challenge.text != BY_HANDSHAKE);
        let lone = [contact, ca, key_id, written].into_iter().flatten().chain(named).next();
        return match lone {
            Some(lone) => Err(lone.refuse(
                "stands without listen.acme.directory",
                "set that to the authority's directory, as in https://acme-v02.api.letsencrypt.org/directory",
            )),
            None => Ok(None),
        };
    };
    if !directory.text.starts_with("https://") || directory.text.parse::<http::Uri>().is_err() {
        let hint = "write the authority's directory, as in https://acme-v02.api.letsencrypt.org/directory";
        return Err(directory.refuse("is not an https address", hint));
    }
    if !agreed {
        let hint = "read the terms that the authority publishes, then write terms_agreed = true under [listen.acme]";
        return Err(directory.refuse("needs your agreement to the authority's terms of service", hint));
    }
    Ok(Some(Acme {
        domains: domains(&directory, &named, host)?,
        contact: contact
            .map(|taken| taken.mailbox().map(|mailbox| mailbox.email.to_string()))
            .transpose()?,
        challenge: match challenge.text.as_str() {
            BY_HANDSHAKE => Challenge::TlsAlpn,
            "http-01" => Challenge::Http,
            _ => return Err(challenge.refuse("is neither tls-alpn-01 nor http-01", "write one of both in quotes")),
        },
        roots: ca.map(|ca| roots(&ca)).transpose()?,
        binding: binding(key_id, key.as_ref())?,
        directory: directory.text,
    }))
}

fn domains(directory: &Taken, named: &[Taken], host: Option<&str>) -> Result<Vec<String>, Failure> {
    let is_name = |name: &str| DnsName::try_from(name).is_ok() && name.parse::<std::net::IpAddr>().is_err();
    if named.is_empty() {
        let Some(host) = host else {
            let hint = "set site.base_url to https:// and the site's name, or listen.acme.domains";
            return Err(directory.refuse("is to be asked, and for which name is not said", hint));
        };
        if !is_name(host) {
            let hint = "set site.base_url to a name, or listen.acme.domains; authorities vouch for names";
            return Err(directory.refuse("is to be asked for a certificate for an address", hint));
        }
        return Ok(vec![host.to_lowercase()]);
    }
    if named.len() > MOST_DOMAINS {
        let hint = format!("name at most {MOST_DOMAINS}");
        return Err(Failure::usage(
            format!("listen.acme.domains holds {} names", named.len()),
            hint,
        ));
    }
    if let Some(wrong) = named.iter().find(|taken| !is_name(&taken.text)) {
        let hint = "write names as in petitions.example.org; neither addresses nor wildcards can be proven here";
        return Err(wrong.refuse("is not the name of a host", hint));
    }
    let mut domains: Vec<String> = named.iter().map(|taken| taken.text.to_lowercase()).collect();
    domains.sort_unstable();
    domains.dedup();
    if let Some(host) = host.filter(|host| !domains.contains(&host.to_lowercase())) {
        let hint = format!("add \"{host}\": visitors come by that name");
        return Err(Failure::usage(
            "listen.acme.domains lacks the host of site.base_url",
            hint,
        ));
    }
    Ok(domains)
}

fn roots(ca: &Taken) -> Result<Arc<RootCertStore>, Failure> {
    let pem = named::bytes(&ca.path()?, CERTIFICATES_FILE_BYTES)
        .map_err(|error| ca.refuse(&format!("cannot be read: {error}"), "name a readable file"))?;
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(certificates.unwrap_or_default());
    if taken == 0 {
        return Err(ca.refuse("does not hold certificates", "write certificates in PEM into it"));
    }
    Ok(Arc::new(roots))
}

fn binding(key_id: Option<Taken>, key: Option<&Zeroizing<String>>) -> Result<Option<Binding>, Failure> {
    match (key_id, key) {
        (None, None) => Ok(None),
        (Some(key_id), Some(key)) => {
            let bytes = BASE64URL_NOPAD.decode(key.trim_end_matches('=').as_bytes());
            let bytes = bytes.ok().filter(|bytes| bytes.len() >= 16).ok_or_else(|| {
                let hint = "copy it as the authority shows it: letters, digits, - and _";
                Failure::usage("the key of listen.acme.eab_key_id is not one in base64url", hint)
            })?;
            Ok(Some(Binding {
                key_id: key_id.text,
                key: Zeroizing::new(bytes),
            }))
        }
        (Some(lone), None) => Err(lone.refuse(
            "has no key",
            "set listen.acme.eab_key_file, or PARAPH__LISTEN__ACME__EAB_KEY in the environment",
        )),
        (None, Some(_)) => Err(Failure::usage(
            "a key for external account binding is given without its name",
            "set listen.acme.eab_key_id, or remove the key",
        )),
    }
}
