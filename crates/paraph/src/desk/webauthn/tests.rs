//! The vector of the specification (Web Authentication Level 3, section 16, "ES256 Credential with No Attestation"), and
//! an authenticator of our own for what it does not hold.

use data_encoding::HEXLOWER;
use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

use super::*;

fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).expect("hexadecimal")
}

const MADE_FOR: &str = "00c30fb78531c464d2b6771dab8d7b603c01162f2fa486bea70f283ae556e130";
const MADE: &str = "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f0\
                    1452b2e4b559000000008446ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330\
                    084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca663\
                    34b03458abf879717c12cc68ed73290af2e2664796b9220";
const MADE_BY: &str = "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a22414d4d507434557878475453746e6364713431\
                       3759447742466938767049612d7077386f4f755657345441222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c\
                       2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e74446174614a534f4e206d6179206265206578\
                       74656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869\
                       733a20426b5165446a646354427258426941774a544c453551227d";
const SIGNED_FOR: &str = "39c0e7521417ba54d43e8dc95174f423dee9bf3cd804ff6d65c857c9abf4d408";
const SIGNED: &str = "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000";
const SIGNED_BY: &str = "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a224f63446e55685158756c5455506f334a5558543049\
                         393770767a7a59425039745a63685879617630314167222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c22\
                         63726f73734f726967696e223a66616c73657d";
const SIGNATURE: &str = "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221008480ac0f0b93538174f575bf11a1dd5d78\
                         c6e486013f937295ea13653e331e87";

fn example() -> Party {
    Party::of("https://example.org").expect("a party")
}

#[test]
fn the_vector_of_the_specification_holds_but_for_the_person_who_was_not_verified() {
    let (client, object) = (hex(MADE_BY), hex(MADE));
    let registration = Registration {
        client: &client,
        object: &object,
    };
    // The last thing looked at: everything else about it holds.
    assert_eq!(made(&hex(MADE_FOR), &example(), registration), Err(Wrong::NotVerified));
    let key = hex(
        "a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220",
    );
    let (client, data, signature) = (hex(SIGNED_BY), hex(SIGNED), hex(SIGNATURE));
    let assertion = Assertion {
        client: &client,
        data: &data,
        signature: &signature,
    };
    assert_eq!(
        signed(&hex(SIGNED_FOR), &example(), &key, assertion),
        Err(Wrong::NotVerified)
    );
    let mut other = signature.clone();
    other[20] ^= 1;
    let other = Assertion {
        signature: &other,
        ..assertion
    };
    assert_eq!(signed(&hex(SIGNED_FOR), &example(), &key, other), Err(Wrong::Signature));
    assert_eq!(
        signed(&hex(MADE_FOR), &example(), &key, assertion),
        Err(Wrong::Challenge)
    );
    let elsewhere = Party::of("https://example.com").expect("a party");
    assert_eq!(
        signed(&hex(SIGNED_FOR), &elsewhere, &key, assertion),
        Err(Wrong::Origin)
    );
}

/// An authenticator with a key of one kind.
enum Authenticator {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Authenticator {
    fn both() -> [Self; 2] {
        let random = SystemRandom::new();
        let p256 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let p256 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, p256.as_ref(), &random).expect("a key");
        let ed25519 = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
        let ed25519 = Ed25519KeyPair::from_pkcs8(ed25519.as_ref()).expect("a key");
        [Self::P256(p256), Self::Ed25519(ed25519)]
    }

    fn cose(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => {
                let point = key.public_key().as_ref();
                [
                    &b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"[..],
                    &point[1..33],
                    b"\x22\x58\x20",
                    &point[33..],
                ]
                .concat()
            }
            Self::Ed25519(key) => [
                &b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20"[..],
                key.public_key().as_ref(),
            ]
            .concat(),
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(key) => key
                .sign(&SystemRandom::new(), message)
                .expect("signed")
                .as_ref()
                .to_vec(),
            Self::Ed25519(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// What it says for a host, with these flags.
    fn data(&self, host: &str, flags: u8, counter: u32) -> Vec<u8> {
        let mut data = [&Sha256::digest(host)[..], &[flags], &counter.to_be_bytes()].concat();
        if flags & HAS_MADE != 0 {
            data.extend([&[0; 16][..], &[0, 3], b"abc", &self.cose()].concat());
        }
        data
    }
}

fn client(purpose: &str, challenge: &[u8], origin: &str, more: &str) -> Vec<u8> {
    let challenge = BASE64URL_NOPAD.encode(challenge);
    format!(r#"{{"type":"{purpose}","challenge":"{challenge}","origin":"{origin}"{more}}}"#).into_bytes()
}

fn object(data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).expect("short");
    [
        &b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"[..],
        &[length],
        data,
    ]
    .concat()
}

#[test]
fn a_passkey_is_made_and_used_and_every_other_use_is_refused() {
    let party = Party::of("https://petitions.example:8443").expect("a party");
    let good = PRESENT | VERIFIED;
    for authenticator in Authenticator::both() {
        let client_data = client("webauthn.create", b"one", &party.origin, "");
        let register = |flags, host: &str| {
            let object = object(&authenticator.data(host, flags | HAS_MADE, 5));
            let registration = Registration {
                client: &client_data,
                object: &object,
            };
            made(b"one", &party, registration)
        };
        let kept = register(good, &party.id).expect("good");
        assert_eq!((&kept.id[..], kept.counter), (&b"abc"[..], 5));
        assert_eq!(register(PRESENT, &party.id), Err(Wrong::NotVerified));
        assert_eq!(register(VERIFIED, &party.id), Err(Wrong::NotPresent));
        assert_eq!(register(good, "example.org"), Err(Wrong::Party));
        assert_eq!(register(good | IS_COPIED, &party.id), Err(Wrong::AuthenticatorData));

        let used = |client: &[u8], data: &[u8]| {
            let signature = authenticator.sign(&[data, &Sha256::digest(client)].concat());
            let assertion = Assertion {
                client,
                data,
                signature: &signature,
            };
            signed(b"two", &party, &kept.key, assertion)
        };
        let data = authenticator.data(&party.id, good, 6);
        let said = |more| client("webauthn.get", b"two", &party.origin, more);
        assert_eq!(used(&said(""), &data), Ok(6));
        assert_eq!(used(&said(r#","crossOrigin":true"#), &data), Err(Wrong::Origin));
        assert_eq!(
            used(&said(r#","topOrigin":"https://a.example""#), &data),
            Err(Wrong::Origin)
        );
        assert_eq!(
            used(&client("webauthn.create", b"two", &party.origin, ""), &data),
            Err(Wrong::Purpose)
        );
        assert_eq!(
            used(&client("webauthn.get", b"two", "https://petitions.example", ""), &data),
            Err(Wrong::Origin)
        );
        assert_eq!(
            used(&said(""), &authenticator.data(&party.id, PRESENT, 6)),
            Err(Wrong::NotVerified)
        );
        assert_eq!(
            used(&said(""), &[&data[..], b"x"].concat()),
            Err(Wrong::AuthenticatorData)
        );
        assert_eq!(used(b"{}", &data), Err(Wrong::ClientData));
    }
}

#[test]
fn a_count_rises_or_is_never_kept() {
    for (counter, last, good) in [
        (0, 0, true),
        (1, 0, true),
        (7, 6, true),
        (6, 6, false),
        (5, 6, false),
        (0, 6, false),
    ] {
        assert_eq!(follows(counter, last), good, "{counter} after {last}");
    }
}

#[test]
fn passkeys_are_for_names_reached_over_tls_or_on_this_machine() {
    let origin = |url| Party::of(url).map(|party| party.origin);
    assert_eq!(
        origin("https://Petitions.example").as_deref(),
        Some("https://petitions.example")
    );
    assert_eq!(
        origin("https://petitions.example:443").as_deref(),
        Some("https://petitions.example")
    );
    assert_eq!(
        origin("http://localhost:8080").as_deref(),
        Some("http://localhost:8080")
    );
    for nowhere in [
        "http://petitions.example",
        "https://192.0.2.7",
        "https://[2001:db8::1]",
        "http://127.0.0.1:8080",
    ] {
        assert_eq!(origin(nowhere), None, "{nowhere}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Data::read(&bytes).is_none_or(|data| data.made.is_none() || bytes.len() > 55));
        let _ = Key::read(&bytes).is_ok();
        let registration = Registration { client: &bytes, object: &bytes };
        prop_assert!(made(&bytes, &example(), registration).is_err());
    }
}
