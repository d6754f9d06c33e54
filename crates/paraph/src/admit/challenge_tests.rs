//! Every trap of the puzzle that we know of, and any bytes at all.

use altcha::{HmacAlgorithm, Payload, Solution, SolveChallengeOptions, VerifySolutionOptions};
use proptest::prelude::*;

use super::*;

// Far ahead: the altcha crate looks at the machine's clock once more when it verifies.
const NOW: Millis = Millis(4_102_444_800_000);
const SECRET: [u8; 32] = *b"a test secret of thirty-two byte";

fn puzzles(price: Price) -> Puzzles {
    Puzzles::new(&SECRET, price, &Limits::default()).expect("secret")
}

fn issue(price: Price) -> Challenge {
    puzzles(price)
        .issue("well", 1000, [1; 16], [2; 16], NOW)
        .expect("issued")
}

fn encode(challenge: &Challenge, counter: u32, derived_key: &str) -> String {
    let solution = Solution {
        counter,
        derived_key: derived_key.to_owned(),
        time: Some(12.5),
    };
    let payload = Payload {
        challenge: challenge.clone(),
        solution,
    };
    BASE64.encode(&serde_json::to_vec(&payload).expect("json"))
}

fn solve(challenge: &Challenge, from: u32) -> (u32, String) {
    let mut options = SolveChallengeOptions::new(challenge);
    options.counter_start = from;
    let solution = altcha::solve_challenge(options).expect("solvable").expect("in time");
    (
        solution.counter,
        encode(challenge, solution.counter, &solution.derived_key),
    )
}

/// The reason why a challenge, altered and signed again with the real secret, is refused.
fn resigned(alter: impl FnOnce(&mut ChallengeParameters)) -> Option<ClearanceError> {
    let mut parameters = issue(Price::Real).parameters;
    alter(&mut parameters);
    let secret = HEXLOWER.encode(&SECRET);
    let challenge = altcha::sign_challenge(&HmacAlgorithm::Sha256, &mut parameters, None, &secret, None);
    puzzles(Price::Real)
        .check("well", &encode(&challenge.expect("signed"), 0, ""), NOW)
        .err()
}

#[test]
fn challenges_are_signed_as_the_altcha_crate_signs_them() {
    for slug in ["well", "a-\"quoted\"\\slug/\u{e9}\n"] {
        let ours = puzzles(Price::Real)
            .issue(slug, 1234, [1; 16], [2; 16], NOW)
            .expect("issued");
        let secret = HEXLOWER.encode(&SECRET);
        let mut parameters = ours.parameters.clone();
        let theirs = altcha::sign_challenge(&HmacAlgorithm::Sha256, &mut parameters, None, &secret, None);
        assert_eq!(ours.signature, theirs.expect("signed").signature);
    }
}

#[test]
fn a_solved_challenge_is_a_clearance() {
    let challenge = issue(Price::Real);
    assert_eq!(challenge.parameters.key_prefix, "00");
    let (_, sent) = solve(&challenge, 0);
    let clearance = puzzles(Price::Real).check("well", &sent, NOW).expect("ours");
    assert_eq!(
        (clearance.nonce, clearance.rounds, clearance.issued),
        ([1; 16], 1000, NOW)
    );
    assert!(puzzles(Price::Real).verify(&clearance));
}

#[test]
fn a_solution_holds_where_it_holds_for_the_altcha_crate() {
    let secret = HEXLOWER.encode(&SECRET);
    for price in [Price::Real, Price::Drill] {
        let challenge = issue(price);
        let solved = altcha::solve_challenge(SolveChallengeOptions::new(&challenge));
        let solved = solved.expect("solvable").expect("in time");
        let upper = solved.derived_key.to_uppercase();
        for (counter, key) in [
            (solved.counter, &solved.derived_key),
            (solved.counter + 1, &solved.derived_key),
            (solved.counter, &upper),
            (solved.counter, &"00".repeat(32)),
            (solved.counter, &solved.derived_key[..62].to_owned()),
        ] {
            let solution = Solution {
                counter,
                derived_key: key.clone(),
                time: None,
            };
            let theirs = altcha::verify_solution(VerifySolutionOptions::new(&challenge, &solution, &secret));
            let sent = encode(&challenge, counter, key);
            let ours = puzzles(price).check("well", &sent, NOW).expect("signed by us");
            assert_eq!(
                puzzles(price).verify(&ours),
                theirs.expect("an answer").verified,
                "{price:?} {counter} {key}"
            );
        }
    }
    // Right in everything but the prefix: the first guess that the real price would go on from.
    let challenge = issue(Price::Real);
    let mut easier = challenge.clone();
    easier.parameters.key_prefix = String::new();
    let guess = altcha::solve_challenge(SolveChallengeOptions::new(&easier)).expect("solvable");
    let guess = guess.expect("in time");
    assert!(!guess.derived_key.starts_with("00"), "another nonce for this test");
    let sent = encode(&challenge, guess.counter, &guess.derived_key);
    let clearance = puzzles(Price::Real).check("well", &sent, NOW).expect("signed by us");
    assert!(!puzzles(Price::Real).verify(&clearance));
}

#[test]
fn a_second_counter_for_one_challenge_has_the_same_nonce() {
    let challenge = issue(Price::Drill);
    let (first, one) = solve(&challenge, 0);
    let (second, two) = solve(&challenge, first + 1);
    assert_ne!((first, &one), (second, &two));
    let nonce = |sent: &str| puzzles(Price::Drill).check("well", sent, NOW).expect("ours").nonce;
    assert_eq!(
        nonce(&one),
        nonce(&two),
        "the crate accepts both: burning the nonce is what stops the second"
    );
}

#[test]
fn an_unsolved_challenge_passes_the_cheap_check_and_fails_the_real_one() {
    let challenge = issue(Price::Real);
    for (counter, key) in [(0, String::new()), (7, "00".repeat(32)), (u32::MAX, "zz".into())] {
        let clearance = puzzles(Price::Real)
            .check("well", &encode(&challenge, counter, &key), NOW)
            .expect("ours");
        assert!(!puzzles(Price::Real).verify(&clearance));
    }
}

#[test]
fn signed_by_us_is_not_enough() {
    assert_eq!(resigned(|_| {}), None);
    let parameters = Some(ClearanceError::Parameters);
    assert_eq!(resigned(|p| p.cost = 999), parameters);
    assert_eq!(resigned(|p| p.key_prefix = "0".into()), parameters);
    assert_eq!(resigned(|p| p.key_prefix = String::new()), parameters);
    assert_eq!(resigned(|p| p.key_length = 1), parameters);
    assert_eq!(resigned(|p| p.algorithm = "SHA-256".into()), parameters);
    assert_eq!(resigned(|p| p.expires_at = Some(i64::MAX)), parameters);
    assert_eq!(resigned(|p| p.expires_at = Some(0)), Some(ClearanceError::Expired));
    assert_eq!(resigned(|p| p.expires_at = None), Some(ClearanceError::Malformed));
    assert_eq!(resigned(|p| p.data = None), Some(ClearanceError::Malformed));
    assert_eq!(resigned(|p| p.nonce = "01".into()), Some(ClearanceError::Malformed));
    assert_eq!(resigned(|p| p.nonce = "é".repeat(16)), Some(ClearanceError::Malformed));
    let set = |name: &str, value: &str| {
        resigned(|p| drop(p.data.get_or_insert_default().insert(name.to_owned(), value.into())))
    };
    assert_eq!(set("purpose", "login"), Some(ClearanceError::Binding));
    assert_eq!(set("petition", "mill"), Some(ClearanceError::Binding));
    assert_eq!(set("key", "2"), Some(ClearanceError::Binding));
    assert_eq!(set("more", "unsigned"), Some(ClearanceError::Signature));
}

#[test]
fn what_the_client_alters_breaks_the_signature() {
    let check = |alter: &dyn Fn(&mut Challenge)| {
        let mut challenge = issue(Price::Real);
        alter(&mut challenge);
        puzzles(Price::Real)
            .check("well", &encode(&challenge, 0, ""), NOW)
            .err()
    };
    assert_eq!(check(&|c| c.parameters.cost = 1500), Some(ClearanceError::Signature));
    assert_eq!(
        check(&|c| c.parameters.nonce = "03".repeat(16)),
        Some(ClearanceError::Signature)
    );
    assert_eq!(
        check(&|c| c.parameters.salt = "03".repeat(16)),
        Some(ClearanceError::Signature)
    );
    assert_eq!(
        check(&|c| c.signature = Some(String::new())),
        Some(ClearanceError::Signature)
    );
    assert_eq!(check(&|c| c.signature = None), Some(ClearanceError::Malformed));
}

#[test]
fn a_clearance_ends_with_its_challenge() {
    let (_, sent) = solve(&issue(Price::Drill), 0);
    let at = |ms: u64| puzzles(Price::Drill).check("well", &sent, Millis(NOW.0 + ms)).err();
    assert_eq!(at(1_200_000), None);
    assert_eq!(at(1_200_001), Some(ClearanceError::Expired));
    assert_eq!(
        puzzles(Price::Drill).check("mill", &sent, NOW).err(),
        Some(ClearanceError::Binding)
    );
    let real = puzzles(Price::Real).check("well", &sent, NOW).err();
    assert_eq!(
        real,
        Some(ClearanceError::Parameters),
        "a drill's price is not accepted outside of it"
    );
}

#[test]
fn an_empty_or_short_secret_is_refused_at_start() {
    for secret in [b"".as_slice(), b"short", &[0; 32], &[b'x'; 64]] {
        assert!(Puzzles::new(secret, Price::Real, &Limits::default()).is_err());
    }
}

#[test]
fn deep_and_long_payloads_are_refused() {
    let check = |json: &[u8]| puzzles(Price::Real).check("well", &BASE64.encode(json), NOW).err();
    assert_eq!(check("[".repeat(1500).as_bytes()), Some(ClearanceError::Malformed));
    assert_eq!(
        check("{\"challenge\":".repeat(100).as_bytes()),
        Some(ClearanceError::Malformed)
    );
    let long = format!("{{\"more\":\"{}\"}}", "x".repeat(4000));
    assert_eq!(check(long.as_bytes()), Some(ClearanceError::Malformed));
}

#[test]
fn the_price_follows_pressure_and_queue_up_to_the_ceiling() {
    let limits = Limits::default();
    let price = |share, ms| rounds(&limits, Pressure::of_share(share), Duration::from_millis(ms));
    assert_eq!(price(0.2, 100), 1000);
    assert_eq!(price(1.0, 0), 3000);
    assert_eq!(price(0.0, 60_000), 3000);
    assert!(
        (1300..1700).contains(&price(0.42, 0)),
        "a carrier's NAT in a busy minute"
    );
}

proptest! {
    #[test]
    fn any_payload_is_refused_without_panic(text in ".{0,200}", bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(puzzles(Price::Real).check("well", &text, NOW).is_err());
        prop_assert!(puzzles(Price::Real).check("well", &BASE64.encode(&bytes), NOW).is_err());
    }

    #[test]
    fn a_payload_with_one_byte_changed_never_panics(index in 0usize..700, byte in any::<u8>()) {
        let mut json = BASE64.decode(encode(&issue(Price::Real), 0, &"00".repeat(32)).as_bytes()).expect("base64");
        let index = index % json.len();
        json[index] = byte;
        if let Ok(clearance) = puzzles(Price::Real).check("well", &BASE64.encode(&json), NOW) {
            prop_assert_eq!(clearance.nonce, [1; 16]);
        }
    }
}
