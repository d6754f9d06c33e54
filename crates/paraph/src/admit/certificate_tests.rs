//! Certificates as a site has them: made here, with every way in which they come wrong.

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use super::*;

/// 12 May 2027.
const NOW: Millis = Millis(1_810_080_000_000);

struct Made {
    place: TempDir,
    files: Files,
}

fn made(host: &str, from: i32, until: i32) -> Made {
    let place = tempfile::tempdir().expect("a directory");
    let files = Files {
        certificate: place.path().join("fullchain.pem"),
        key: place.path().join("privkey.pem"),
        hosts: vec!["petitions.example".to_owned()],
    };
    let made = Made { place, files };
    made.write(host, from, until);
    made
}

impl Made {
    fn write(&self, host: &str, from: i32, until: i32) {
        let mut params = CertificateParams::new([host.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let pair = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&pair).expect("a certificate");
        self.put("fullchain.pem", &certificate.pem());
        self.put("privkey.pem", &pair.serialize_pem());
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.place.path().join(name);
        // As a renewal does: another file in the place of the old one.
        let new = self.place.path().join("new");
        fs::write(&new, text).expect("written");
        fs::set_permissions(&new, fs::Permissions::from_mode(0o640)).expect("mode");
        fs::rename(new, path).expect("renamed");
    }

    fn open(&self) -> Result<Arc<Certificates>, CertificateError> {
        Certificates::open(self.files.clone(), NOW)
    }
}

#[test]
fn what_cannot_serve_visitors_is_refused_with_its_reason() {
    use CertificateError as Error;
    let good = || made("petitions.example", 2026, 2028);
    assert!(good().open().is_ok());
    assert!(matches!(
        made("petitions.example", 2024, 2026).open(),
        Err(Error::Expired(..))
    ));
    assert!(matches!(
        made("petitions.example", 2028, 2029).open(),
        Err(Error::NotYet(..))
    ));
    assert!(matches!(
        made("other.example", 2026, 2028).open(),
        Err(Error::OtherHost(..))
    ));
    // Beyond 2049, dates are written with four digits of the year.
    assert!(made("petitions.example", 2026, 2060).open().is_ok());

    let absent = good();
    fs::remove_file(&absent.files.key).expect("removed");
    assert!(matches!(absent.open(), Err(Error::Unreadable(..))));
    let exposed = good();
    fs::set_permissions(&exposed.files.key, fs::Permissions::from_mode(0o644)).expect("mode");
    assert!(matches!(exposed.open(), Err(Error::Exposed(_, 0o644))));
    let (one, other) = (good(), good());
    one.put("privkey.pem", &fs::read_to_string(&other.files.key).expect("a key"));
    assert!(matches!(one.open(), Err(Error::Mismatch(..))));
    for (name, text) in [
        ("fullchain.pem", ""),
        ("privkey.pem", "nonsense"),
        ("fullchain.pem", "-----BEGIN"),
    ] {
        let spoilt = good();
        spoilt.put(name, text);
        assert!(matches!(spoilt.open(), Err(Error::NotPem(..))), "{name} {text}");
    }
    let half = good();
    half.put(
        "fullchain.pem",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    );
    assert!(matches!(half.open(), Err(Error::Unusable(..))));
}

#[test]
fn a_renewal_is_taken_up_and_a_worse_one_refused_once() {
    let site = made("petitions.example", 2026, 2028);
    let certificates = site.open().expect("good");
    let used = || certificates.current.load().as_ref().expect("one").key.cert.clone();
    let first = used();
    assert_eq!(certificates.reload(NOW, false).expect("good"), Reloaded::Unchanged);
    assert_eq!(
        certificates.reload(NOW, true).expect("good"),
        Reloaded::Unchanged,
        "asked for, and the same"
    );

    site.put("fullchain.pem", "half a fi");
    assert!(certificates.reload(NOW, false).is_err());
    assert_eq!(used(), first, "the old one stays");
    assert_eq!(
        certificates.reload(NOW, false).expect("told already"),
        Reloaded::Unchanged
    );
    assert!(certificates.reload(NOW, true).is_err(), "whoever asks is told again");

    site.write("petitions.example", 2027, 2029);
    assert_eq!(certificates.reload(NOW, false).expect("good"), Reloaded::Replaced);
    assert_ne!(used(), first);
    let until = "2029-01-01T00:00:00Z".parse().expect("a time");
    assert_eq!(certificates.expires(), Some(until));
}

#[test]
fn both_ways_of_writing_a_time_are_read() {
    assert_eq!(
        time(0x17, b"991231235959Z"),
        Some("1999-12-31T23:59:59Z".parse().expect("a time"))
    );
    assert_eq!(
        time(0x17, b"490101000000Z"),
        Some("2049-01-01T00:00:00Z".parse().expect("a time"))
    );
    assert_eq!(
        time(0x18, b"20500101000000Z"),
        Some("2050-01-01T00:00:00Z".parse().expect("a time"))
    );
    for wrong in [
        &b"991331235959Z"[..],
        b"9912312359",
        b"99123123595\xffZ",
        b"+91231235959Z",
        b"",
    ] {
        assert_eq!(time(0x17, wrong), None);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_no_certificate_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = validity(&bytes);
    }
}
