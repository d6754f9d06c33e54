//! Bytes that anyone could send: one encoding for each value, and nothing else decodes, panics or costs memory.

use std::collections::BTreeMap;

use paraph_tally::{
    Author, DecodeError, Event, IndexSet, JudgedBy, Leaf, LeafTooLong, LogCounts, MAX_LEAF_BYTES, MailboxId, Millis,
    PetitionId, ReasonCounts, Record, SignatureId, Stated, VerdictKind, Withdrawal, WithdrawnBy,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn petition() -> impl Strategy<Value = PetitionId> {
    number().prop_map(|number| PetitionId(number as u32))
}

/// Numbers of every length, not only long ones.
fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64u32).prop_map(|(number, shift)| number >> shift)
}

fn verdict_kind() -> impl Strategy<Value = VerdictKind> {
    select(vec![
        VerdictKind::Held,
        VerdictKind::Released,
        VerdictKind::Invalidated,
        VerdictKind::Reinstated,
        VerdictKind::Restored,
    ])
}

fn event() -> impl Strategy<Value = Event> {
    let signature = || any::<[u8; 16]>().prop_map(SignatureId);
    let set = || (petition(), vec(signature(), 0..6));
    let by = select(vec![WithdrawnBy::Holder, WithdrawnBy::Mail, WithdrawnBy::Operator]);
    let author = prop_oneof![Just(Author::Scrutiny), any::<[u8; 16]>().prop_map(Author::Person)];
    let judgement = (
        any::<u16>(),
        any::<u16>(),
        any::<[u8; 32]>(),
        author,
        prop::option::of(number()),
    );
    prop_oneof![
        (petition(), any::<(u16, [u8; 32], [u8; 32])>()).prop_map(|(petition, (version, text, consent))| {
            Event::TextAdopted {
                petition,
                version,
                text,
                consent,
            }
        }),
        (petition(), any::<u32>()).prop_map(|(petition, settle_after_seconds)| Event::Opened {
            petition,
            settle_after_seconds
        }),
        petition().prop_map(|petition| Event::Closed { petition }),
        petition().prop_map(|petition| Event::Discarded { petition }),
        (signature(), petition(), any::<([u8; 16], u16, u8)>()).prop_map(|(signature, petition, rest)| {
            let (mailbox, text_version, record_version) = rest;
            Event::Signed {
                signature,
                petition,
                mailbox: MailboxId(mailbox),
                text_version,
                record_version,
            }
        }),
        signature().prop_map(|signature| Event::Confirmed { signature }),
        set().prop_map(|(petition, signatures)| Event::Settled { petition, signatures }),
        set().prop_map(|(petition, signatures)| Event::Expired { petition, signatures }),
        (signature(), by).prop_map(|(signature, by)| Event::Withdrawn { signature, by }),
        signature().prop_map(|signature| Event::Disowned { signature }),
        (verdict_kind(), set(), judgement).prop_map(|(verdict, (petition, signatures), judgement)| {
            let (reason, policy, evidence, author, undoes) = judgement;
            Event::Verdict {
                verdict,
                petition,
                reason,
                policy,
                evidence,
                author,
                undoes,
                signatures,
            }
        }),
    ]
}

fn log_counts() -> impl Strategy<Value = LogCounts> {
    any::<[u64; 8]>().prop_map(
        |[confirmed, counted, held, invalidated, holder, mail, operator, disowned]| LogCounts {
            confirmed,
            counted,
            held,
            invalidated,
            withdrawn_by_holder: holder,
            withdrawn_by_mail: mail,
            withdrawn_by_operator: operator,
            disowned,
        },
    )
}

fn index_set() -> impl Strategy<Value = IndexSet> {
    btree_set(prop_oneof![20 => number(), 1 => Just(u64::MAX)], 1..8)
        .prop_map(|indexes| IndexSet::new(indexes.into_iter().collect()).expect("ascending"))
}

fn leaf() -> impl Strategy<Value = Leaf> {
    let hash = any::<[u8; 32]>;
    let how = prop_oneof![
        hash().prop_map(Withdrawal::Holder),
        select(vec![Withdrawal::Mail, Withdrawal::Operator, Withdrawal::Disowned]),
    ];
    let by = select(vec![JudgedBy::Scrutiny, JudgedBy::Person]);
    let reason_counts = any::<(u64, u64)>().prop_map(|(held, invalidated)| ReasonCounts { held, invalidated });
    let stated = any::<([u64; 4], [u8; 32])>().prop_map(|([contributions, set_aside, refusals, mails], root)| Stated {
        contributions,
        set_aside,
        refusals,
        mails,
        evidence_root: root,
    });
    let judgement = (any::<(u16, u16, [u8; 32])>(), by, any::<Option<u64>>());
    prop_oneof![
        (any::<(u16, u16)>(), hash(), hash(), hash(), hash()).prop_map(|(numbers, rules, reasons, text, consent)| {
            Leaf::Policy {
                policy: numbers.0,
                rules,
                reasons,
                text_version: numbers.1,
                text,
                consent,
            }
        }),
        any::<(u32, [u8; 32], [u8; 32], u16)>().prop_map(|(batch, commitment, withdrawal, text_version)| {
            Leaf::Confirmed {
                batch,
                commitment,
                withdrawal,
                text_version,
            }
        }),
        (any::<u64>(), how).prop_map(|(target, how)| Leaf::Withdrawn { target, how }),
        (verdict_kind(), judgement, index_set()).prop_map(|(verdict, judgement, targets)| {
            let ((reason, policy, evidence), by, undoes) = judgement;
            Leaf::Verdict {
                verdict,
                reason,
                policy,
                evidence,
                by,
                undoes,
                targets,
            }
        }),
        (
            any::<u32>(),
            log_counts(),
            btree_map(any::<u16>(), reason_counts, 0..5),
            stated
        )
            .prop_map(|(batch, counts, reasons, stated)| Leaf::Batch {
                batch,
                counts,
                reasons,
                stated
            }),
        (any::<u32>(), log_counts()).prop_map(|(batch, counts)| Leaf::Close { batch, counts }),
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let texts = (".{0,8}", ".{0,200}", ".{0,40}");
    (any::<(u64, [u8; 32], [u8; 32])>(), texts).prop_map(|((at, text, consent), (language, address, name))| Record {
        signed_at: Millis(at),
        text,
        consent,
        language,
        address,
        name,
    })
}

fn event_bytes(event: &Event) -> Vec<u8> {
    let mut bytes = Vec::new();
    event.encode(&mut bytes);
    bytes
}

fn leaf_bytes(leaf: &Leaf) -> Vec<u8> {
    leaf.encode().expect("small")
}

/// Whatever decodes is the encoding of what it decodes to, so two different byte strings never mean the same.
fn check(bytes: &[u8]) {
    if let Ok(event) = Event::decode(bytes) {
        assert_eq!(event_bytes(&event), bytes);
        assert!(event.signatures().len() * 16 <= bytes.len());
    }
    if let Ok(leaf) = Leaf::decode(bytes) {
        assert_eq!(leaf_bytes(&leaf), bytes);
    }
    if let Ok(record) = Record::decode(bytes) {
        assert_eq!(record.encode(), bytes);
    }
}

/// One byte changed, removed or inserted, or the end cut off.
fn mutated(mut bytes: Vec<u8>, how: u8, at: Index, byte: u8) -> Vec<u8> {
    let at = at.index(bytes.len());
    match how {
        0 => bytes[at] = byte,
        1 => drop(bytes.remove(at)),
        2 => bytes.insert(at, byte),
        _ => bytes.truncate(at),
    }
    bytes
}

proptest! {
    #[test]
    fn events_round_trip(event in event()) {
        prop_assert_eq!(Event::decode(&event_bytes(&event)), Ok(event));
    }

    #[test]
    fn leaves_round_trip(leaf in leaf()) {
        prop_assert_eq!(Leaf::decode(&leaf_bytes(&leaf)), Ok(leaf));
    }

    #[test]
    fn records_round_trip(record in record()) {
        prop_assert_eq!(Record::decode(&record.encode()), Ok(record));
    }

    #[test]
    fn any_bytes_decode_to_what_encodes_to_them_or_not_at_all(
        version in 0..3u8, kind in 0..16u8, bytes in vec(prop_oneof![any::<u8>(), 0..3u8], 0..300)
    ) {
        check(&bytes);
        check(&[&[version, kind], bytes.as_slice()].concat());
    }

    #[test]
    fn damaged_bytes_decode_to_something_else_or_not_at_all(
        event in event(), leaf in leaf(), record in record(), how in 0..4u8, at in any::<Index>(), byte in any::<u8>()
    ) {
        for bytes in [event_bytes(&event), leaf_bytes(&leaf), record.encode()] {
            check(&mutated(bytes, how, at, byte));
        }
    }
}

/// A reservation of what is claimed here would abort the process.
#[test]
fn a_claimed_length_is_checked_before_anything_is_reserved() {
    let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    let many = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    for claim in [&most[..], &many[..]] {
        let set = [&[1, 6, 0], claim, &[7; 64]].concat();
        assert_eq!(Event::decode(&set), Err(DecodeError::Truncated));
        let targets = [&[1, 4], &[0; 36][..], &[0, 0], claim, &[1; 64]].concat();
        assert_eq!(Leaf::decode(&targets), Err(DecodeError::Truncated));
        let name = [&[1], &[0; 72][..], claim, b"en"].concat();
        assert_eq!(Record::decode(&name), Err(DecodeError::Truncated));
    }
}

#[test]
fn an_index_set_is_not_empty_and_ascends() {
    for wrong in [vec![], vec![4, 4], vec![5, 4]] {
        assert!(IndexSet::new(wrong).is_err());
    }
    let verdict = [&[1, 4], &[0; 36][..], &[0, 0]].concat();
    assert_eq!(
        Leaf::decode(&[&verdict[..], &[0]].concat()),
        Err(DecodeError::NotAscending)
    );
    let most = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    let past = [&verdict[..], &[2], &most, &[0]].concat();
    assert_eq!(
        Leaf::decode(&past),
        Err(DecodeError::OutOfRange),
        "the largest index has none after it"
    );
}

/// tlog-tiles could not hold it.
#[test]
fn a_leaf_has_a_largest_size() {
    let verdict = |targets: Vec<u64>| Leaf::Verdict {
        verdict: VerdictKind::Held,
        reason: 1,
        policy: 1,
        evidence: [0; 32],
        by: JudgedBy::Scrutiny,
        undoes: None,
        targets: IndexSet::new(targets).expect("ascending"),
    };
    assert_eq!(
        verdict((0..65_000).collect()).encode().map(|bytes| bytes.len()),
        Ok(65_043)
    );
    assert_eq!(verdict((0..66_000).collect()).encode(), Err(LeafTooLong));
    assert_eq!(Leaf::decode(&vec![1; MAX_LEAF_BYTES + 1]), Err(DecodeError::TooLong));

    let reasons: BTreeMap<u16, ReasonCounts> = (0..=u16::MAX).map(|reason| (reason, ReasonCounts::default())).collect();
    let batch = Leaf::Batch {
        batch: 1,
        counts: LogCounts::default(),
        reasons,
        stated: Stated::default(),
    };
    assert_eq!(batch.encode(), Err(LeafTooLong));
}

/// Personal data has no way into a log line.
#[test]
fn a_record_does_not_print_itself() {
    let (language, address, name) = ("fr".into(), "camille@example.org".into(), "Camille Exemple".into());
    let record = Record {
        signed_at: Millis(1),
        text: [0; 32],
        consent: [0; 32],
        language,
        address,
        name,
    };
    assert_eq!(format!("{record:?}"), "Record { .. }");
}
