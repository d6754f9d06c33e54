//! Verdicts on sets, on every store.

use paraph::intake::command::{JudgeAnswer, Judgement, Malformed, Sign};
use paraph::intake::verdict::reason::Reason;
use paraph_tally::{Author, PetitionId, SignatureId, VerdictKind};

use crate::journal::recount_agrees;
use crate::stores::{Kind, Running, Store, contribution};

fn judgement(kind: VerdictKind, reason: Reason, set: &[SignatureId]) -> Judgement {
    Judgement {
        petition: PetitionId(1),
        kind,
        reason: reason.code(),
        author: Author::Person([7; 16]),
        evidence: br#"{"seen":"in a test"}"#.to_vec(),
        note: "A rehearsal".to_owned(),
        undoes: None,
        set: set.to_vec(),
    }
}

/// How many were judged, and at which position.
async fn judge(running: &Running, judgement: Judgement) -> (u64, u64) {
    match running.intake.judge(judgement).await {
        Ok(JudgeAnswer::Judged { position, judged, .. }) => (judged, position),
        other => panic!("{other:?}"),
    }
}

async fn confirmed(running: &Running, mailbox: u32) -> Sign {
    let sign = contribution(mailbox);
    running.sign(sign.clone()).await;
    running.intake.confirm(sign.id).await.expect("confirmed");
    sign
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_takes_out_of_the_count_and_frees_the_mailbox() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let first = confirmed(&running, 1).await.id;
        let second = confirmed(&running, 1).await.id;
        let other = confirmed(&running, 2).await.id;
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 2, "{kind:?}");

        let hold = judgement(
            VerdictKind::Held,
            Reason::Lockstep,
            &[first, other, SignatureId([9; 16])],
        );
        let answer = running.intake.judge(hold.clone()).await;
        let Ok(JudgeAnswer::Judged {
            judged: 2,
            left_out: 1,
            position,
        }) = answer
        else {
            panic!("{kind:?}: {answer:?}")
        };
        assert_eq!(
            running.intake.judge(hold).await,
            Ok(JudgeAnswer::Nothing),
            "{kind:?}: held already"
        );
        running.intake.tick().await.expect("tick");
        assert_eq!(
            running.counted(),
            1,
            "{kind:?}: the second of the mailbox stepped into its place"
        );

        let mut release = judgement(VerdictKind::Released, Reason::Mistake, &[first, other]);
        release.undoes = Some(position);
        let answer = running.intake.judge(release).await;
        let Ok(JudgeAnswer::Judged {
            judged: 1, left_out: 1, ..
        }) = answer
        else {
            panic!("{kind:?}: the mailbox counts by another one: {answer:?}")
        };
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 2, "{kind:?}");
        let (judged, _) = judge(
            &running,
            judgement(VerdictKind::Invalidated, Reason::Machine, &[first, second]),
        )
        .await;
        assert_eq!(judged, 2, "{kind:?}: held and clear alike");
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 1, "{kind:?}");

        let wrong = judgement(VerdictKind::Released, Reason::Lockstep, &[first]);
        assert_eq!(
            running.intake.judge(wrong).await,
            Ok(JudgeAnswer::Malformed(Malformed::Reason))
        );
        let mut long = judgement(VerdictKind::Held, Reason::Lockstep, &[other]);
        long.evidence = vec![b' '; 70_000];
        assert_eq!(
            running.intake.judge(long).await,
            Ok(JudgeAnswer::Malformed(Malformed::TooLong))
        );
        recount_agrees(&store, running).await;
        let mut connections = store.connect().await;
        let rows = connections
            .main
            .query("SELECT judged, undoes FROM verdict ORDER BY position", &[])
            .await;
        let judged: Vec<_> = rows
            .expect("read")
            .iter()
            .map(|row| row.int(0).expect("a number"))
            .collect();
        assert_eq!(judged, [2, 1, 2], "{kind:?}");
    }
}
