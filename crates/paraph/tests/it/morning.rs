//! What a person decides in the morning, when the incident is closed and perhaps another one open: where it stands, and how many the
//! incident says that it set aside.

use std::sync::Arc;

use paraph::incident::book::{Incident, Pressure, What};
use paraph::incident::watch::Incidents;
use paraph::intake::command::{JudgeAnswer, Judgement};
use paraph::intake::verdict::reason::Reason;
use paraph::keys::Keys;
use paraph::ledger::judged::Judged;
use paraph::ledger::query::LedgerReader;
use paraph::ledger::vault::Vault;
use paraph::limits::Limits;
use paraph::store::reader::Reader;
use paraph_tally::{Author, PetitionId, SignatureId, VerdictKind, WithdrawnBy};
use serde_json::json;

use crate::stores::{Running, Store, contribution};

const BY_HAND: Author = Author::Person([7; 16]);

struct Morning {
    running: Running,
    ledger: LedgerReader,
}

impl Morning {
    async fn incidents(&self, quiet_minutes: u64) -> Incidents {
        let limits = Limits {
            incident_quiet_minutes: quiet_minutes,
            ..Limits::default()
        };
        let read = Incidents::read(self.running.intake.clone(), self.ledger.clone(), limits, None).await;
        read.expect("incidents")
    }

    async fn judge(
        &self,
        author: Author,
        kind: VerdictKind,
        (undoes, evidence): (Option<u64>, serde_json::Value),
        set: &[SignatureId],
    ) -> u64 {
        let reason = match kind {
            VerdictKind::Held | VerdictKind::Invalidated => Reason::Machine,
            _ => Reason::Mistake,
        };
        let judgement = Judgement {
            petition: PetitionId(1),
            kind,
            reason: reason.code(),
            author,
            evidence: evidence.to_string().into_bytes(),
            note: "Looked at".to_owned(),
            undoes,
            set: set.to_vec(),
        };
        match self.running.intake.judge(judgement).await {
            Ok(JudgeAnswer::Judged { position, .. }) => position,
            other => panic!("{other:?}"),
        }
    }
}

fn tells(incident: &Incident, position: u64) -> bool {
    let is_it = |what: &What| matches!(what, What::Verdict { position: of, .. } if *of == position);
    incident.timeline.iter().any(|line| is_it(&line.what))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_stands_in_the_incident_that_it_concerns_and_each_is_set_aside_once() {
    let place = tempfile::tempdir().expect("a directory");
    let data = place.path().join("data");
    let running = Store::at(&data).start(0).await;
    let reader = |file: &str| Reader::new(&data.join(file), 1);
    let vault = Arc::new(Vault::new(&Keys::random()));
    let ledger = LedgerReader::new(reader("paraph.db"), reader("keys/keys.db"), vault, Judged::default());
    let morning = Morning { running, ledger };
    let mut ids = Vec::new();
    for mailbox in 1..=8 {
        let sign = contribution(mailbox);
        morning.running.sign(sign.clone()).await;
        morning.running.intake.confirm(sign.id).await.expect("confirmed");
        ids.push(sign.id);
    }
    let found = |name: &str| (None, json!({ "finding": name }));
    let through = |name: &str| (None, json!({ "condition": { "finding": name } }));
    let by_hand = || (None, json!({ "condition": {} }));
    let (held, released) = (VerdictKind::Held, VerdictKind::Released);

    // The night: three are held, and it is quiet.
    morning
        .judge(Author::Scrutiny, held, found("0000002a"), &ids[..3])
        .await;
    let night = morning.incidents(0).await;
    night.look(Pressure::default()).await.expect("read");
    night.keep().await.expect("kept");
    let first = night.get(1).expect("an incident");
    assert!(first.closed_at.is_some() && first.aware_at.is_none(), "{first:?}");
    assert_eq!((first.held, &first.petitions[..]), (3, &[1][..]));

    // Another one is open when a person invalidates what the first one found.
    let morning_after = morning.incidents(60).await;
    let next = morning
        .judge(Author::Scrutiny, held, found("00000099"), &ids[3..5])
        .await;
    let invalidated = morning
        .judge(BY_HAND, VerdictKind::Invalidated, through("0000002a"), &ids[..2])
        .await;
    let look = async || {
        morning_after.look(Pressure::default()).await.expect("read");
        morning_after.keep().await.expect("kept");
        (
            morning_after.get(1).expect("the first"),
            morning_after.get(2).expect("the second"),
        )
    };
    let (first, second) = look().await;
    assert!(
        tells(&first, invalidated) && !tells(&second, invalidated),
        "{first:?} {second:?}"
    );
    assert!(tells(&second, next) && second.closed_at.is_none());
    assert!(
        first.aware_at.is_some() && second.aware_at.is_none(),
        "the clock that starts is its own"
    );
    assert_eq!(
        (first.held, second.held),
        (3, 2),
        "held and invalidated by whomever, each once"
    );

    // Taken back, released, held again by hand: each stays with the first, and nobody is counted twice.
    let restored = (Some(invalidated), json!({ "condition": { "verdicts": [invalidated] } }));
    let restored = morning.judge(BY_HAND, VerdictKind::Restored, restored, &ids[..2]).await;
    let let_go = morning.judge(BY_HAND, released, by_hand(), &ids[..3]).await;
    let (first, second) = look().await;
    assert!(tells(&first, restored) && tells(&first, let_go), "{first:?}");
    assert_eq!((first.held, second.held), (0, 2), "what was undone is taken off");
    let again = morning.judge(BY_HAND, held, by_hand(), &ids[..3]).await;
    let (first, second) = look().await;
    assert!(tells(&first, again) && !tells(&second, again), "{second:?}");
    assert_eq!((first.held, second.held), (3, 2), "three, and not six");

    // Held by hand while the second attacks their petition, they are the second's; who withdrew is nobody's.
    morning
        .running
        .intake
        .withdraw(ids[5], WithdrawnBy::Mail)
        .await
        .expect("withdrawn");
    let wide = morning.judge(BY_HAND, held, by_hand(), &ids[5..]).await;
    let (first, second) = look().await;
    assert!(tells(&second, wide), "{second:?}");
    assert_eq!((first.held, second.held), (3, 4));

    // A start knows all of it.
    let again = morning.incidents(60).await;
    assert_eq!((again.get(1), again.get(2)), (Some(first), Some(second)));
    // They hold the way to the writer open.
    drop((night, morning_after, again));
    morning.running.stop();
}
