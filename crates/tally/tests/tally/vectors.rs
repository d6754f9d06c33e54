//! The published vectors say what this crate does. They change when a format gets a new version, never otherwise.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use paraph_tally::{
    Author, Event, IndexSet, JudgedBy, Leaf, LogCounts, MailboxId, Millis, PetitionId, ReasonCounts, Record,
    SignatureId, Stated, VerdictKind, Withdrawal, WithdrawnBy, commitment, withdrawal_hash,
};

const TEXT: [u8; 32] = [0x11; 32];
const CONSENT: [u8; 32] = [0x22; 32];
const EVIDENCE: [u8; 32] = [0x33; 32];
const R: [u8; 32] = [0x44; 32];
const W: [u8; 32] = [0x55; 32];
const ORIGIN: &str = "petitions.example/log/save-the-mill/1";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    digits
        .map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal"))
        .collect()
}

/// Lines `name hex`. `#` begins a comment; a name that begins with `!` marks bytes that must be refused.
fn read(file: &str) -> BTreeMap<String, Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(file);
    let text = std::fs::read_to_string(path).expect("readable");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once(' ').expect("a name and a value"));
    pairs.map(|(name, value)| (name.to_owned(), unhex(value))).collect()
}

fn assert_published(file: &str, ours: Vec<(&str, Vec<u8>)>) {
    let (refused, published): (BTreeMap<_, _>, BTreeMap<_, _>) =
        read(file).into_iter().partition(|(name, _)| name.starts_with('!'));
    let ours: BTreeMap<String, Vec<u8>> = ours.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
    let listing = ours.iter().fold(String::new(), |text, (name, bytes)| {
        text + &format!("{name} {}\n", hex(bytes))
    });
    assert!(
        published == ours,
        "vectors/{file} differs; this version writes\n{listing}"
    );
    for (name, bytes) in refused {
        let accepted = if file == "events.txt" {
            Event::decode(&bytes).is_ok()
        } else {
            Leaf::decode(&bytes).is_ok()
        };
        assert!(!accepted, "{name} of vectors/{file} was accepted");
    }
}

fn signature(last: u8) -> SignatureId {
    SignatureId([1, 0x9a, 0xb0, 0xc0, 0xd0, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last])
}

fn events() -> Vec<(&'static str, Event)> {
    let petition = PetitionId(300);
    let verdict = |verdict, author, undoes| Event::Verdict {
        verdict,
        petition,
        reason: 7,
        policy: 2,
        evidence: EVIDENCE,
        author,
        undoes,
        signatures: vec![signature(1), signature(2)],
    };
    let mailbox = MailboxId([0xab; 16]);
    let person = Author::Person([0xcd; 16]);
    vec![
        (
            "text_adopted",
            Event::TextAdopted {
                petition,
                version: 1,
                text: TEXT,
                consent: CONSENT,
            },
        ),
        (
            "opened",
            Event::Opened {
                petition,
                settle_after_seconds: 120,
            },
        ),
        ("closed", Event::Closed { petition }),
        ("discarded", Event::Discarded { petition }),
        (
            "signed",
            Event::Signed {
                signature: signature(1),
                petition,
                mailbox,
                text_version: 1,
                record_version: 1,
            },
        ),
        (
            "confirmed",
            Event::Confirmed {
                signature: signature(1),
            },
        ),
        (
            "settled",
            Event::Settled {
                petition,
                signatures: vec![signature(1), signature(2)],
            },
        ),
        (
            "expired",
            Event::Expired {
                petition,
                signatures: vec![signature(3)],
            },
        ),
        (
            "withdrawn_by_holder",
            Event::Withdrawn {
                signature: signature(1),
                by: WithdrawnBy::Holder,
            },
        ),
        (
            "withdrawn_by_mail",
            Event::Withdrawn {
                signature: signature(1),
                by: WithdrawnBy::Mail,
            },
        ),
        (
            "withdrawn_by_operator",
            Event::Withdrawn {
                signature: signature(1),
                by: WithdrawnBy::Operator,
            },
        ),
        (
            "disowned",
            Event::Disowned {
                signature: signature(2),
            },
        ),
        ("held", verdict(VerdictKind::Held, Author::Scrutiny, None)),
        ("released", verdict(VerdictKind::Released, person, Some(12))),
        ("invalidated", verdict(VerdictKind::Invalidated, person, None)),
        ("reinstated", verdict(VerdictKind::Reinstated, person, Some(16_384))),
        ("restored", verdict(VerdictKind::Restored, person, Some(16_384))),
    ]
}

fn log_counts() -> LogCounts {
    LogCounts {
        confirmed: 1036,
        counted: 1001,
        held: 2,
        invalidated: 3,
        withdrawn_by_holder: 4,
        withdrawn_by_mail: 5,
        withdrawn_by_operator: 6,
        disowned: 15,
    }
}

fn leaves() -> Vec<(&'static str, Leaf)> {
    let targets = IndexSet::new(vec![5, 6, 7, 1000]).expect("ascending");
    let verdict = |verdict, by, undoes| Leaf::Verdict {
        verdict,
        reason: 7,
        policy: 2,
        evidence: EVIDENCE,
        by,
        undoes,
        targets: targets.clone(),
    };
    let withdrawn = |how| Leaf::Withdrawn { target: 1000, how };
    let (commitment, withdrawal) = (commitment(&R, ORIGIN, &record().encode()), withdrawal_hash(&W));
    let reasons = [
        (
            7,
            ReasonCounts {
                held: 2,
                invalidated: 1,
            },
        ),
        (
            8,
            ReasonCounts {
                held: 0,
                invalidated: 2,
            },
        ),
    ]
    .into();
    let stated = Stated {
        contributions: 90_000,
        set_aside: 40_000,
        refusals: 48_000,
        mails: 2200,
        evidence_root: EVIDENCE,
    };
    let policy = Leaf::Policy {
        policy: 2,
        rules: [0x66; 32],
        reasons: [0x77; 32],
        text_version: 1,
        text: TEXT,
        consent: CONSENT,
    };
    vec![
        ("policy", policy),
        (
            "confirmed",
            Leaf::Confirmed {
                batch: 9,
                commitment,
                withdrawal,
                text_version: 1,
            },
        ),
        ("withdrawn_by_holder", withdrawn(Withdrawal::Holder(W))),
        ("withdrawn_by_mail", withdrawn(Withdrawal::Mail)),
        ("withdrawn_by_operator", withdrawn(Withdrawal::Operator)),
        ("disowned", withdrawn(Withdrawal::Disowned)),
        ("held", verdict(VerdictKind::Held, JudgedBy::Scrutiny, None)),
        ("released", verdict(VerdictKind::Released, JudgedBy::Person, Some(1200))),
        ("invalidated", verdict(VerdictKind::Invalidated, JudgedBy::Person, None)),
        (
            "reinstated",
            verdict(VerdictKind::Reinstated, JudgedBy::Person, Some(1201)),
        ),
        ("restored", verdict(VerdictKind::Restored, JudgedBy::Person, Some(1201))),
        (
            "batch",
            Leaf::Batch {
                batch: 9,
                counts: log_counts(),
                reasons,
                stated,
            },
        ),
        (
            "close",
            Leaf::Close {
                batch: 9,
                counts: log_counts(),
            },
        ),
    ]
}

fn record() -> Record {
    Record {
        signed_at: Millis(1_700_000_000_123),
        text: TEXT,
        consent: CONSENT,
        language: "fr".into(),
        address: "zoe.d'exemple+moulin@example.org".into(),
        name: "Zoé d’Exemple".into(),
    }
}

#[test]
fn events_are_as_published() {
    for (name, event) in events() {
        let mut bytes = Vec::new();
        event.encode(&mut bytes);
        assert_eq!(Event::decode(&bytes), Ok(event), "{name}");
    }
    let encoded = |event: Event| {
        let mut bytes = Vec::new();
        event.encode(&mut bytes);
        bytes
    };
    assert_published(
        "events.txt",
        events()
            .into_iter()
            .map(|(name, event)| (name, encoded(event)))
            .collect(),
    );
}

#[test]
fn leaves_are_as_published() {
    let encoded = leaves()
        .into_iter()
        .map(|(name, leaf)| (name, leaf.encode().expect("small")))
        .collect();
    assert_published("leaves.txt", encoded);
    assert_eq!(read("leaves.txt")["confirmed"].len(), 72);
}

#[test]
fn commitments_are_as_published() {
    let ours = vec![
        ("r", R.to_vec()),
        ("origin", ORIGIN.into()),
        ("record", record().encode()),
        ("commitment", commitment(&R, ORIGIN, &record().encode()).to_vec()),
        ("w", W.to_vec()),
        ("withdrawal_hash", withdrawal_hash(&W).to_vec()),
    ];
    assert_published("commitment.txt", ours);
}
