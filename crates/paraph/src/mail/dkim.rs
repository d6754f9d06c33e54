//! Signs letters for their sender's domain (DKIM, RFC 6376, with Ed25519 of RFC 8463).
//!
//! Relaxed canonicalization of head and body. What a mail program acts on is signed, the fields of RFC 8058 among it;
//! `From` twice, so that nobody can put a second one above ours. Signing is short enough to stand here: the libraries at
//! hand bring a resolver, or an RSA with a timing leak (RUSTSEC-2023-0071). The tests verify with somebody else's code.

use std::path::Path;

use data_encoding::BASE64;
use paraph_tally::Millis;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::limits::SECRET_FILE_BYTES;
use crate::named;

/// Header fields that are signed where they stand in a letter.
const SIGNED: [&str; 10] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "auto-submitted",
    "list-unsubscribe",
    "list-unsubscribe-post",
];
/// Bits below which receivers ignore a signature (RFC 8301), in bytes of the modulus.
const RSA_BYTES: usize = 2048 / 8;

/// Why a key cannot sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DkimKeyError {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(String),
    /// Others on the machine can read the file, and sign in the domain's name.
    #[error("can be read by others (mode {0:o})")]
    Exposed(u32),
    /// Not a private key of a kind that DKIM has.
    #[error("does not hold an RSA key of 2048 bits or more, or an Ed25519 key, in PEM")]
    Malformed,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// What a published key is worth to signatures of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// They hold.
    Ours,
    /// They hold, and receivers are told to make nothing of them (`t=y`).
    Testing,
    /// It is ours, and they do not hold for another reason.
    Unfit(&'static str),
    /// It is the key of somebody else, or none.
    Another,
}

/// A key with the name under which its other half is in the DNS: `{selector}._domainkey.{domain}`.
pub struct Signer {
    key: Key,
    selector: String,
    domain: String,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({}._domainkey.{})", self.selector, self.domain)
    }
}

impl Signer {
    /// Reads the key file: PKCS#8 or PKCS#1 in PEM, as `openssl genpkey` writes it.
    ///
    /// # Errors
    /// It cannot be read, others can read it, or it holds no key that can sign.
    pub fn open(path: &Path, selector: &str, domain: &str) -> Result<Self, DkimKeyError> {
        let unreadable = |error: std::io::Error| DkimKeyError::Unreadable(error.kind().to_string());
        if let Some(mode) = named::exposed(path).map_err(unreadable)? {
            return Err(DkimKeyError::Exposed(mode));
        }
        let pem = Zeroizing::new(named::text(path, SECRET_FILE_BYTES).map_err(unreadable)?);
        let key = parse(&pem).ok_or(DkimKeyError::Malformed)?;
        Ok(Self {
            key,
            selector: selector.to_owned(),
            domain: domain.to_owned(),
        })
    }

    /// Where the other half of the key has to stand in the DNS.
    #[must_use]
    pub fn record_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// What has to stand there (RFC 6376, section 3.6.1; RFC 8463).
    #[must_use]
    pub fn record(&self) -> String {
        match &self.key {
            Key::Ed25519(key) => format!("v=DKIM1; k=ed25519; p={}", BASE64.encode(key.public_key().as_ref())),
            Key::Rsa(key) => format!(
                "v=DKIM1; k=rsa; p={}",
                BASE64.encode(&subject_public_key(key.public().as_ref()))
            ),
        }
    }

    /// Whose name it signs in.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether signatures of this key hold by a record (RFC 6376, section 3.6.1), or why not. The other half may stand there with
    /// the wrapping of a certificate's key, for RSA, or without.
    #[must_use]
    pub fn judge(&self, record: &str) -> Published {
        let tag = |wanted: &str| {
            let tags = record.split(';').filter_map(|tag| tag.split_once('='));
            let value = tags
                .map(|(name, value)| (name.trim(), value))
                .find(|(name, _)| *name == wanted)?
                .1;
            Some(value.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>())
        };
        // What a list may hold for our mail; without the list, everything is meant.
        let allows = |list: &str, wanted: &[&str]| {
            tag(list).is_none_or(|listed| listed.split(':').any(|one| wanted.contains(&one)))
        };
        let (ours, kind) = match &self.key {
            Key::Ed25519(key) => (key.public_key().as_ref(), "ed25519"),
            Key::Rsa(key) => (key.public().as_ref(), "rsa"),
        };
        let held = tag("p").and_then(|held| BASE64.decode(held.as_bytes()).ok());
        if !held.is_some_and(|held| held.ends_with(ours)) {
            return Published::Another;
        }
        let unfit = [
            (tag("v").is_some_and(|version| version != "DKIM1"), "v is not DKIM1"),
            (
                tag("k").unwrap_or_else(|| "rsa".to_owned()) != kind,
                "k names another kind of key",
            ),
            (!allows("h", &["sha256"]), "h leaves out sha256"),
            (!allows("s", &["*", "email"]), "s is not for email"),
        ];
        if let Some((_, why)) = unfit.into_iter().find(|(is_so, _)| *is_so) {
            return Published::Unfit(why);
        }
        let is_test = tag("t").is_some_and(|flags| flags.split(':').any(|flag| flag == "y"));
        if is_test { Published::Testing } else { Published::Ours }
    }

    /// The letter with its signature on top. `raw` has CRLF at the ends of its lines.
    #[must_use]
    pub fn signed(&self, raw: &[u8], now: Millis) -> Vec<u8> {
        let end = find(raw, b"\r\n\r\n").unwrap_or(raw.len());
        let (head, body) = (&raw[..end], raw.get(end + 4..).unwrap_or_default());
        let fields = fields(&String::from_utf8_lossy(head));
        let mut names: Vec<&str> = SIGNED
            .into_iter()
            .filter(|name| fields.iter().any(|(known, _)| known == name))
            .collect();
        let mut signed = String::new();
        for name in &names {
            if let Some((_, value)) = fields.iter().rev().find(|(known, _)| known == name) {
                signed += &format!("{name}:{value}\r\n");
            }
        }
        names.push("from");
        let algorithm = match self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        };
        let ours = format!(
            "v=1; a={algorithm}; c=relaxed/relaxed; d={}; s={};\r\n t={}; h={};\r\n bh={};\r\n b=",
            self.domain,
            self.selector,
            now.0 / 1000,
            names.join(":"),
            BASE64.encode(&Sha256::digest(relaxed_body(body))),
        );
        signed += &format!("dkim-signature:{}", relaxed(&ours));
        let signature = BASE64.encode(&self.sign(signed.as_bytes()));
        let mut letter = format!("DKIM-Signature: {ours}").into_bytes();
        for (at, part) in signature.as_bytes().chunks(72).enumerate() {
            letter.extend_from_slice(if at == 0 { b"" } else { b"\r\n " });
            letter.extend_from_slice(part);
        }
        letter.extend_from_slice(b"\r\n");
        letter.extend_from_slice(raw);
        letter
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.key {
            // RFC 8463 signs the hash.
            Key::Ed25519(key) => key.sign(&Sha256::digest(message)).as_ref().to_vec(),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                let random = SystemRandom::new();
                // Fails for a buffer of the wrong length only; an empty signature is refused by whoever checks it.
                if key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).is_err() {
                    signature.clear();
                }
                signature
            }
        }
    }
}

/// An RSA key as SubjectPublicKeyInfo (RFC 5280), which is what receivers read.
fn subject_public_key(rsa: &[u8]) -> Vec<u8> {
    // AlgorithmIdentifier: rsaEncryption, NULL.
    const ALGORITHM: [u8; 15] = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    let bits = tagged(0x03, &[&[0], rsa].concat());
    tagged(0x30, &[&ALGORITHM, bits.as_slice()].concat())
}

/// Tag, length and content in DER; keys are shorter than 64 KiB.
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let significant: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let head = match significant[..] {
        [short] if short < 0x80 => vec![tag, short],
        _ => {
            let count = u8::try_from(significant.len()).unwrap_or(0);
            [&[tag, 0x80 | count], significant.as_slice()].concat()
        }
    };
    [head, content.to_vec()].concat()
}

fn parse(pem: &str) -> Option<Key> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (text, _) = rest.split_once("-----END ")?;
    let compact: Zeroizing<String> = Zeroizing::new(text.chars().filter(|c| !c.is_ascii_whitespace()).collect());
    let der = Zeroizing::new(BASE64.decode(compact.as_bytes()).ok()?);
    let rsa = match label {
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der).ok(),
        "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der).ok(),
        _ => None,
    };
    if let Some(key) = rsa {
        return (key.public().modulus_len() >= RSA_BYTES).then(|| Key::Rsa(Box::new(key)));
    }
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).ok().map(Key::Ed25519)
}

/// Names in lower case and relaxed values (RFC 6376, section 3.4.2), in the order of the letter.
fn fields(head: &str) -> Vec<(String, String)> {
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim_end().to_ascii_lowercase(), relaxed(value)))
        .collect()
}

/// White space of any kind and length becomes one space; none at the ends.
fn relaxed(value: &str) -> String {
    value
        .split([' ', '\t', '\r', '\n'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// RFC 6376, section 3.4.4.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + 2);
    let mut written = 0;
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut blank = false;
        for byte in line {
            if matches!(byte, b' ' | b'\t') {
                blank = true;
                continue;
            }
            if std::mem::take(&mut blank) {
                out.push(b' ');
            }
            out.push(*byte);
        }
        out.extend_from_slice(b"\r\n");
        if !out[..out.len() - 2].ends_with(b"\n") && out.len() > 2 {
            written = out.len();
        }
    }
    out.truncate(written);
    out
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use data_encoding::BASE64;
    use ring::rand::SystemRandom;
    use ring::signature::Ed25519KeyPair;

    use super::{DkimKeyError, Published, Signer, relaxed, relaxed_body, subject_public_key};

    /// Every RSA key of 2048 bits begins like this in the DNS; its PKCS#1 form has 270 bytes.
    #[test]
    fn an_rsa_key_is_published_as_receivers_know_it() {
        let published = BASE64.encode(&subject_public_key(&[7; 270]));
        assert!(published.starts_with("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"), "{published}");
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let place = tempfile::tempdir().expect("a directory");
        let key = place.path().join("dkim.pem");
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let pem = BASE64.encode(der.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n");
        fs::write(&key, pem).expect("written");
        for (mode, is_fine) in [(0o600, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&key, fs::Permissions::from_mode(mode)).expect("set");
            let opened = Signer::open(&key, "s1", "example.org");
            let refused = matches!(opened, Err(DkimKeyError::Exposed(found)) if found == mode);
            assert!(opened.is_ok() == is_fine && refused != is_fine, "{mode:o}");
        }
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("set");
        let signer = Signer::open(&key, "s1", "example.org").expect("a key");
        let record = signer.record();
        let with = |more: &str| signer.judge(&format!("{record}; {more}"));
        assert_eq!(signer.judge(&record), Published::Ours);
        assert_eq!(signer.judge(&record.replacen("p=", "p = ", 1)), Published::Ours);
        assert_eq!(with("t=s; h=sha1:sha256; s=email"), Published::Ours);
        assert_eq!(with("t=y:s"), Published::Testing);
        assert_eq!(with("h=sha1"), Published::Unfit("h leaves out sha256"));
        assert_eq!(with("s=other"), Published::Unfit("s is not for email"));
        let rsa = record.replace("k=ed25519", "k=rsa");
        for other_kind in [rsa.as_str(), &record.replace("k=ed25519; ", "")] {
            assert_eq!(
                signer.judge(other_kind),
                Published::Unfit("k names another kind of key")
            );
        }
        assert_eq!(signer.judge("v=DKIM1; k=ed25519; p="), Published::Another);
        assert_eq!(signer.judge(&record.replace("p=", "P=")), Published::Another);
    }

    /// The example of RFC 6376, section 3.4.5, and the empty body of section 3.4.4.
    #[test]
    fn canonicalization_is_that_of_the_standard() {
        assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        assert_eq!(relaxed_body(b"\r\n\r\n"), b"");
        assert_eq!(relaxed_body(b""), b"");
        assert_eq!(relaxed_body(b"a\r\n\r\nb"), b"a\r\n\r\nb\r\n");
        assert_eq!(relaxed(" Y\t\r\n\tZ  "), "Y Z");
    }
}
