//! Passkeys over the wire: an authenticator of the test's own, and every way in which its answers come wrong.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use sha2::{Digest, Sha256};

use super::browser::{Browser, Member, PASSWORD, link, member, site};
use crate::client::Answer;
use crate::fsck::fsck;
use crate::server::{Server, Site};

const HOST: &str = "petitions.example";
const ORIGIN: &str = "https://petitions.example";

/// A phone with one passkey.
struct Authenticator {
    key: EcdsaKeyPair,
    id: Vec<u8>,
    member: Vec<u8>,
    counter: u32,
    /// Those that are kept on several devices do not.
    counts: bool,
}

fn encoded(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// What a page says in an attribute of its passkey form.
fn data(page: &Answer, name: &str) -> String {
    let text = page.text();
    let (_, rest) = text.split_once(&format!("data-{name}=\"")).expect("an attribute");
    rest[..rest.find('"').expect("an end")].to_owned()
}

fn client_data(purpose: &str, challenge: &str) -> Vec<u8> {
    format!(r#"{{"type":"webauthn.{purpose}","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false}}"#)
        .into_bytes()
}

impl Authenticator {
    fn new(id: &[u8]) -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).expect("a key");
        Self {
            key,
            id: id.to_vec(),
            member: Vec::new(),
            counter: 1,
            counts: true,
        }
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        [&Sha256::digest(HOST)[..], &[flags], &self.counter.to_be_bytes()].concat()
    }

    /// Makes a passkey on the account's page.
    fn make(&mut self, browser: &mut Browser, name: &str, password: &str) -> Answer {
        let page = browser.get("/desk/account");
        let challenge = data(&page, "challenge");
        self.member = BASE64URL_NOPAD.decode(data(&page, "member").as_bytes()).expect("bytes");
        let point = self.key.public_key().as_ref();
        let key = [
            &b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"[..],
            &point[1..33],
            b"\x22\x58\x20",
            &point[33..],
        ]
        .concat();
        let length = [0, u8::try_from(self.id.len()).expect("short")];
        let made = [&self.data(0x45)[..], &[0; 16], &length, &self.id, &key].concat();
        let short = u8::try_from(made.len()).expect("short");
        let object = [
            &b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"[..],
            &[short],
            &made,
        ]
        .concat();
        let fields = [
            ("name", name),
            ("old", password),
            ("challenge", &challenge),
            ("client", &encoded(&client_data("create", &challenge))),
            ("object", &encoded(&object)),
        ];
        browser.send_with("/desk/account/passkeys", &page.hidden("secret"), &fields)
    }

    /// What it answers to a challenge.
    fn answer(&mut self, challenge: &str, flags: u8) -> Vec<(&'static str, String)> {
        self.counter += u32::from(self.counts);
        let (client, data) = (client_data("get", challenge), self.data(flags));
        let signed = [&data[..], &Sha256::digest(&client)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("signed");
        vec![
            ("challenge", challenge.to_owned()),
            ("id", encoded(&self.id)),
            ("client", encoded(&client)),
            ("data", encoded(&data)),
            ("signature", encoded(signature.as_ref())),
            ("member", encoded(&self.member)),
        ]
    }

    /// Logs in from the login page.
    fn log_in(&mut self, browser: &mut Browser, flags: u8) -> Answer {
        let page = browser.get("/desk/login");
        let answer = self.answer(&data(&page, "challenge"), flags);
        send(browser, &page.hidden("secret"), &answer)
    }
}

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x05;

fn send(browser: &mut Browser, secret: &str, answer: &[(&'static str, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = answer.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.send_with("/desk/login/passkey", secret, &fields)
}

fn place() -> (Site, Server) {
    let mut site = site();
    site.set("site.base_url", ORIGIN);
    let server = site.start();
    (site, server)
}

fn acts(site: &Site) -> Vec<String> {
    let store = site.store();
    let mut rows = store
        .prepare("SELECT act || ' ' || subject FROM desk_audit ORDER BY id")
        .expect("read");
    let rows = rows.query_map([], |row| row.get(0)).expect("read");
    rows.map(|row| row.expect("text")).collect()
}

#[test]
fn a_passkey_alone_opens_the_desk_once_for_each_challenge() {
    let (site, server) = place();
    let Member { mut browser, .. } = member(&site, &server, "operator", "Zoé");
    let mut phone = Authenticator::new(b"phone-1");
    assert_eq!(phone.make(&mut browser, "téléphone", "not the password").status, 403);
    assert_eq!(phone.make(&mut browser, "téléphone", PASSWORD).outcome().0, 303);
    assert_eq!(
        phone.make(&mut browser, "again", PASSWORD).status,
        409,
        "it is there already"
    );
    assert!(browser.get("/desk/account").text().contains("téléphone"));

    let mut elsewhere = Browser::new(server.address);
    assert_eq!(phone.log_in(&mut elsewhere, PRESENT).status, 403, "nobody was verified");
    assert_eq!(phone.log_in(&mut elsewhere, VERIFIED).status, 303);
    assert_eq!(elsewhere.get("/desk").status, 200);

    // The same answer again, and an answer to a challenge of another browser.
    let mut thief = Browser::new(server.address);
    let page = thief.get("/desk/login");
    let (secret, cookies) = (page.hidden("secret"), thief.cookies.clone());
    let answer = phone.answer(&data(&page, "challenge"), VERIFIED);
    assert_eq!(send(&mut thief, &secret, &answer).status, 303);
    thief.cookies = cookies;
    assert_eq!(
        send(&mut thief, &secret, &answer).status,
        403,
        "a challenge is good once"
    );
    let mut stranger = Browser::new(server.address);
    let page = stranger.get("/desk/login");
    let late = phone.answer(
        &data(&Browser::new(server.address).get("/desk/login"), "challenge"),
        VERIFIED,
    );
    assert_eq!(send(&mut stranger, &page.hidden("secret"), &late).status, 403);
    let mut unknown = Authenticator::new(b"unknown");
    unknown.member.clone_from(&phone.member);
    assert_eq!(unknown.log_in(&mut stranger, VERIFIED).status, 403);
    assert_eq!(stranger.get("/desk").status, 303, "not in");
    let logged = acts(&site);
    assert!(logged.contains(&"passkey-added téléphone".to_owned()), "{logged:?}");
    assert_eq!(logged.iter().filter(|act| act.starts_with("login-passkey")).count(), 2);
    assert!(!site.logged().contains("téléphone"));
    server.stop();
}

#[test]
fn a_passkey_that_never_counts_answers_once_too_and_for_its_own_member_only() {
    let (site, server) = place();
    let Member { mut browser, .. } = member(&site, &server, "operator", "Zoé");
    let mut phone = Authenticator {
        counter: 0,
        counts: false,
        ..Authenticator::new(b"phone-1")
    };
    assert_eq!(phone.make(&mut browser, "phone", PASSWORD).status, 303);
    let mut thief = Browser::new(server.address);
    let page = thief.get("/desk/login");
    let (secret, cookies) = (page.hidden("secret"), thief.cookies.clone());
    let answer = phone.answer(&data(&page, "challenge"), VERIFIED);
    assert_eq!(send(&mut thief, &secret, &answer).status, 303);
    thief.cookies = cookies;
    assert_eq!(
        send(&mut thief, &secret, &answer).status,
        403,
        "a challenge is good once"
    );
    // It says whose it is (section 7.2, step 6).
    phone.member[0] ^= 1;
    assert_eq!(phone.log_in(&mut Browser::new(server.address), VERIFIED).status, 403);
    phone.member[0] ^= 1;
    assert_eq!(phone.log_in(&mut Browser::new(server.address), VERIFIED).status, 303);
    server.stop();
}

#[test]
fn a_passkey_that_was_copied_is_stopped_and_goes_with_what_was_lost() {
    let (site, server) = place();
    let Member { mut browser, name, .. } = member(&site, &server, "operator", "Zoé");
    let mut phone = Authenticator::new(b"phone-1");
    phone.make(&mut browser, "phone", PASSWORD);
    let mut elsewhere = Browser::new(server.address);
    phone.counter = 40;
    assert_eq!(phone.log_in(&mut elsewhere, VERIFIED).status, 303);
    // Another device with the same key has signed less often.
    phone.counter = 7;
    let mut copy = Browser::new(server.address);
    assert_eq!(phone.log_in(&mut copy, VERIFIED).status, 403);
    phone.counter = 50;
    assert_eq!(
        phone.log_in(&mut copy, VERIFIED).status,
        403,
        "neither gets in any more"
    );
    assert!(acts(&site).contains(&"passkey-stopped phone".to_owned()));
    let remove = [("passkey", HEXLOWER.encode(&phone.id))];
    let remove: Vec<(&str, &str)> = remove.iter().map(|(name, id)| (*name, id.as_str())).collect();
    let mut other = member(&site, &server, "author", "Ali").browser;
    assert_eq!(
        other
            .send("/desk/account", "/desk/account/passkeys/remove", &remove)
            .status,
        404,
        "not theirs"
    );
    assert_eq!(
        browser
            .send("/desk/account", "/desk/account/passkeys/remove", &remove)
            .status,
        303
    );
    assert_eq!(
        phone.make(&mut browser, "phone", PASSWORD).status,
        303,
        "and may be added anew"
    );

    // Whoever chooses password and app anew has lost something: passkeys go with it.
    let renewing = link(&site, &["--member", &name]);
    Browser::new(server.address).join(&renewing, &name);
    assert_eq!(site.number("SELECT COUNT(*) FROM desk_passkey"), 0);
    server.stop();
    assert!(fsck(&site, &[]).0);
}

#[test]
fn without_a_name_and_https_no_passkey_is_offered() {
    let site = site();
    let server = site.start();
    let Member { mut browser, .. } = member(&site, &server, "operator", "Zoé");
    let account = browser.get("/desk/account").text();
    assert!(
        !account.contains("data-passkey") && account.contains("Clés d"),
        "{account}"
    );
    assert!(
        !Browser::new(server.address)
            .get("/desk/login")
            .text()
            .contains("data-passkey")
    );
    let answer = browser.send("/desk/account", "/desk/account/passkeys", &[("old", PASSWORD)]);
    assert_eq!(answer.status, 404);
    server.stop();
}
