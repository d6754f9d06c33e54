//! Conformance of the one write path, on every store.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use paraph::clock;
use paraph::intake::command::{
    ConfirmAnswer, DisownAnswer, Disowned, Edit, Keeping, MailOutcome, PetitionAnswer, PetitionCommand, Sign,
    SignAnswer, WithdrawAnswer,
};
use paraph::journal::{self, AppendError, Batch};
use paraph::limits::Limits;
use paraph_tally::{End, Entry, Event, Millis, PetitionId, WithdrawnBy};

use crate::stores::{Kind, Store, contribution, petition};

#[tokio::test(flavor = "multi_thread")]
async fn append_is_fenced_by_its_position_and_keeps_all_or_nothing() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let mut connections = store.connect().await;
        let db = &mut connections.main;
        let adopted = |position, petition| Entry {
            position,
            at: paraph_tally::Millis(7),
            event: Event::TextAdopted {
                petition: PetitionId(petition),
                version: 1,
                text: [1; 32],
                consent: [2; 32],
            },
        };
        let one = Batch {
            entries: vec![adopted(1, 1)],
            ..Batch::default()
        };
        journal::append(db, 0, &one).await.expect("appended");
        // A writer that has been overtaken appends nothing, whether it repeats a position or skips one.
        for (expected, position) in [(0, 1), (5, 6)] {
            let stale = Batch {
                entries: vec![adopted(position, 2)],
                ..Batch::default()
            };
            assert!(
                matches!(
                    journal::append(db, expected, &stale).await,
                    Err(AppendError::Fenced { .. })
                ),
                "{kind:?}"
            );
        }
        // A batch whose last row fails leaves nothing of its first behind.
        let twice = vec![(paraph_tally::SignatureId([9; 16]), vec![1]); 2];
        let spoilt = Batch {
            entries: vec![adopted(2, 2)],
            vault: twice,
            ..Batch::default()
        };
        assert!(
            matches!(journal::append(db, 1, &spoilt).await, Err(AppendError::Db(_))),
            "{kind:?}"
        );
        assert_eq!(journal::end(db).await.expect("read").position, 1, "{kind:?}");
        assert_eq!(journal::follow(db, 0, 10).await.expect("read"), one.entries, "{kind:?}");
        assert_eq!(journal::follow(db, 1, 10).await.expect("read"), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_mailbox_counts_once_and_withdrawing_frees_it() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let (first, second, other) = (contribution(1), contribution(1), contribution(2));
        for sign in [&first, &second, &other] {
            assert_eq!(running.sign(sign.clone()).await, SignAnswer::Admitted);
        }
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 0, "{kind:?}: unconfirmed contributions never count");

        assert!(matches!(
            running.intake.confirm(first.id).await,
            Ok(ConfirmAnswer::Confirmed { already: false, .. })
        ));
        let Ok(ConfirmAnswer::Confirmed { at, .. }) = running.intake.confirm(first.id).await else {
            panic!("{kind:?}")
        };
        let again = running.intake.confirm(first.id).await;
        assert_eq!(
            again,
            Ok(ConfirmAnswer::Confirmed { at, already: false }),
            "{kind:?}: the same answer again"
        );
        assert!(matches!(
            running.intake.confirm(second.id).await,
            Ok(ConfirmAnswer::Confirmed { already: true, .. })
        ));
        running.intake.confirm(other.id).await.expect("confirmed");
        for _ in 0..3 {
            running.intake.tick().await.expect("tick");
            assert_eq!(running.counted(), 2, "{kind:?}: two mailboxes");
        }

        assert!(matches!(
            running.intake.withdraw(second.id, WithdrawnBy::Mail).await,
            Ok(WithdrawAnswer::Withdrawn { .. })
        ));
        running.intake.tick().await.expect("tick");
        assert_eq!(
            running.counted(),
            1,
            "{kind:?}: taking back takes back all of the mailbox"
        );
        assert_eq!(
            running.intake.confirm(first.id).await,
            Ok(ConfirmAnswer::Ended(End::Withdrawn))
        );

        let anew = contribution(1);
        assert_eq!(running.sign(anew.clone()).await, SignAnswer::Admitted);
        assert!(matches!(
            running.intake.confirm(anew.id).await,
            Ok(ConfirmAnswer::Confirmed { already: false, .. })
        ));
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 2, "{kind:?}: the address was free again");
        recount_agrees(&store, running).await;
    }
}

/// However confirmations, ticks and an author's edits meet in the queue: everything that is due as of the published moment is
/// in the count, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn the_count_is_whole_as_of_the_moment_that_it_names() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let mut confirmed = Vec::new();
        for round in 0..10 {
            let signs: Vec<Sign> = (0..20).map(|person| contribution(round * 20 + person)).collect();
            join_all(signs.iter().map(|sign| running.sign(sign.clone()))).await;
            let (before, after) = signs.split_at(10);
            let confirm = |sign: &Sign| running.intake.confirm(sign.id);
            let edit = PetitionCommand::Edit(Edit {
                slug: "fountain".to_owned(),
                title: Some(format!("Round {round}")),
                body: None,
                addressee: None,
                first_signatories: None,
                video: None,
                head: None,
                consent_hash: [2; 32],
            });
            let (first, ticked, more, edited) = tokio::join!(
                join_all(before.iter().map(confirm)),
                running.intake.tick(),
                join_all(after.iter().map(confirm)),
                running.intake.petition(edit),
            );
            ticked.expect("a tick");
            assert!(matches!(edited, Ok(PetitionAnswer::Edited { .. })), "{edited:?}");
            for answer in first.into_iter().chain(more) {
                let Ok(ConfirmAnswer::Confirmed { at, .. }) = answer else {
                    panic!("{kind:?}: {answer:?}")
                };
                confirmed.push(at);
            }
            let as_of = running.shown.borrow().as_of;
            let due = confirmed.iter().filter(|at| **at <= as_of).count();
            assert_eq!(running.counted(), due as u64, "{kind:?}: round {round}");
        }
        recount_agrees(&store, running).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_is_forgotten_once_it_has_expired_and_not_before() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let (mut expired, good) = (contribution(1), contribution(2));
        expired.nonce_expires = Millis(1);
        let kept = good.nonce;
        for sign in [expired, good] {
            assert_eq!(running.sign(sign).await, SignAnswer::Admitted);
        }
        running.intake.tick().await.expect("tick");
        let mut connections = store.connect().await;
        let rows = connections.main.query("SELECT nonce FROM nonce", &[]).await;
        let rows: Vec<[u8; 16]> = rows
            .expect("read")
            .iter()
            .map(|row| row.array(0).expect("a nonce"))
            .collect();
        assert_eq!(rows, [kept], "{kind:?}");
        recount_agrees(&store, running).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_admits_one_contribution_whatever_comes_after() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let sign = contribution(1);
        let mut replay = contribution(2);
        (replay.nonce, replay.body_mac) = (sign.nonce, [4; 16]);
        let mut repeat = contribution(1);
        repeat.nonce = sign.nonce;
        // All three in one batch or in three: the answers are the same.
        let (a, b, c) = tokio::join!(
            running.sign(sign.clone()),
            running.sign(repeat.clone()),
            running.sign(replay.clone())
        );
        assert_eq!(
            (a, b, c),
            (SignAnswer::Admitted, SignAnswer::Repeat, SignAnswer::NonceSpent),
            "{kind:?}"
        );
        running.stop();
        let running = store.start(0).await;
        assert_eq!(
            running.sign(repeat).await,
            SignAnswer::Repeat,
            "{kind:?}: after a restart too"
        );
        assert_eq!(running.sign(replay).await, SignAnswer::NonceSpent);
        recount_agrees(&store, running).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_named_by_a_forger_first_sign_and_count_all_the_same() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        for victim in 0..100 {
            assert_eq!(running.sign(contribution(victim)).await, SignAnswer::Admitted);
        }
        let mails = running.intake.claim_mail(1000).await.expect("claimed");
        assert_eq!(mails.len(), 100, "{kind:?}");
        running
            .intake
            .mail_done(mails.iter().map(|mail| (*mail, MailOutcome::Sent)).collect())
            .await
            .expect("told");
        for victim in 0..100 {
            let own = contribution(victim);
            assert_eq!(running.sign(own.clone()).await, SignAnswer::Admitted);
            assert!(matches!(
                running.intake.confirm(own.id).await,
                Ok(ConfirmAnswer::Confirmed { already: false, .. })
            ));
        }
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 100, "{kind:?}");
        assert_eq!(
            running.intake.claim_mail(1000).await.expect("claimed"),
            [],
            "{kind:?}: no second mail today"
        );
        recount_agrees(&store, running).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_redirected_while_it_was_sent_waits_for_its_budget_and_is_not_lost() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let (first, second) = (contribution(1), contribution(1));
        running.sign(first.clone()).await;
        let mails = running.intake.claim_mail(10).await.expect("claimed");
        assert_eq!(
            mails.iter().map(|mail| mail.signature).collect::<Vec<_>>(),
            [first.id],
            "{kind:?}"
        );
        running.sign(second.clone()).await;
        assert_eq!(
            running.intake.claim_mail(10).await.expect("claimed"),
            [],
            "{kind:?}: it is being sent"
        );
        running
            .intake
            .mail_done(vec![(mails[0], MailOutcome::Sent)])
            .await
            .expect("told");
        assert_eq!(
            running.intake.claim_mail(10).await.expect("claimed"),
            [],
            "{kind:?}: one mail a day"
        );
        running.stop();
        let mut connections = store.connect().await;
        let waiting = connections
            .main
            .query("SELECT signature FROM outbox", &[])
            .await
            .expect("read");
        assert_eq!(waiting.len(), 1, "{kind:?}: the later mail is still to come");
        assert_eq!(waiting[0].array(0).expect("an id"), second.id.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_was_not_me_ends_what_waits_and_erases_it() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let (one, two) = (contribution(1), contribution(1));
        running.sign(one.clone()).await;
        running.sign(two.clone()).await;
        assert_eq!(
            running.intake.disown(one.id, Keeping::Erase).await,
            Ok(DisownAnswer::Disowned(Disowned {
                ended: 2,
                ..Disowned::default()
            }))
        );
        assert_eq!(
            running.intake.confirm(two.id).await,
            Ok(ConfirmAnswer::Ended(End::Disowned))
        );
        running.intake.tick().await.expect("tick");
        recount_agrees(&store, running).await;
        let mut connections = store.connect().await;
        for (db, sql) in [
            (&mut connections.main, "SELECT 1 FROM vault"),
            (&mut connections.keys, "SELECT 1 FROM wrapped"),
        ] {
            assert_eq!(db.query(sql, &[]).await.expect("read"), [], "{kind:?}: {sql}");
        }
        for sql in [
            "SELECT 1 FROM features",
            "SELECT 1 FROM mailbox_tag",
            "SELECT 1 FROM outbox",
        ] {
            assert_eq!(
                connections.main.query(sql, &[]).await.expect("read"),
                [],
                "{kind:?}: {sql}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_for_a_complaint_goes_with_all_of_it_when_its_holder_asks() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let all = [contribution(1), contribution(1), contribution(1)];
        for one in &all {
            running.sign(one.clone()).await;
        }
        let disown = async |keeping| running.intake.disown(all[0].id, keeping).await;
        let disowned = |ended, kept| {
            Ok(DisownAnswer::Disowned(Disowned {
                ended,
                kept,
                ..Disowned::default()
            }))
        };
        assert_eq!(disown(Keeping::KeepForComplaint).await, disowned(3, true));
        assert_eq!(disown(Keeping::KeepForComplaint).await, disowned(0, true), "{kind:?}");
        assert_eq!(disown(Keeping::Erase).await, disowned(0, false));
        assert_eq!(
            disown(Keeping::KeepForComplaint).await,
            disowned(0, false),
            "nothing is left to keep"
        );
        recount_agrees(&store, running).await;
        let vault = store.connect().await.main.query("SELECT 1 FROM vault", &[]).await;
        assert_eq!(vault.expect("read"), [], "{kind:?}: all three");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_confirmed_can_be_taken_back_at_once() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let (one, other) = (contribution(1), contribution(1));
        running.sign(one.clone()).await;
        running.sign(other.clone()).await;
        let withdraw = async |id| running.intake.withdraw(id, WithdrawnBy::Mail).await;
        assert_eq!(withdraw(one.id).await, Ok(WithdrawAnswer::Erased));
        assert_eq!(
            running.intake.confirm(one.id).await,
            Ok(ConfirmAnswer::Ended(End::Expired))
        );
        // What else waits is another matter.
        assert!(matches!(
            running.intake.confirm(other.id).await,
            Ok(ConfirmAnswer::Confirmed { .. })
        ));
        let first = withdraw(other.id).await;
        assert!(
            matches!(first, Ok(WithdrawAnswer::Withdrawn { at: Some(_) })),
            "{first:?}"
        );
        let again = withdraw(other.id).await;
        assert_eq!(again, Ok(WithdrawAnswer::Withdrawn { at: None }), "not withdrawn anew");
        recount_agrees(&store, running).await;
        let vault = store.connect().await.main.query("SELECT 1 FROM vault", &[]).await;
        assert_eq!(vault.expect("read"), [], "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_petition_takes_no_contribution_but_lets_earlier_ones_confirm() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let early = contribution(1);
        running.sign(early.clone()).await;
        assert_eq!(
            running.intake.petition(petition("fountain", 0)).await,
            Ok(PetitionAnswer::SlugTaken)
        );
        let close = PetitionCommand::Close {
            slug: "fountain".to_owned(),
        };
        assert_eq!(running.intake.petition(close.clone()).await, Ok(PetitionAnswer::Done));
        assert_eq!(running.intake.petition(close).await, Ok(PetitionAnswer::NotOpen));
        assert_eq!(running.sign(contribution(2)).await, SignAnswer::NotOpen, "{kind:?}");
        running.intake.confirm(early.id).await.expect("confirmed");
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 1, "{kind:?}");
        recount_agrees(&store, running).await;
    }
}

/// Stops the writer, folds the journal from nothing and compares with every table.
pub(crate) async fn recount_agrees(store: &Store, running: crate::stores::Running) {
    running.stop();
    let mut connections = store.connect().await;
    let differences = paraph::ledger::recount::compare(&mut connections.main)
        .await
        .expect("read");
    assert_eq!(differences, BTreeMap::default());
}

/// Fails when the writer takes what has come and does not wait, or makes wait whoever is alone. Who is in one commit has one time.
/// How long the test itself is kept waiting is nobody's to say: so it is tried again until it once was not.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_soon_after_several_is_in_their_commit_and_who_is_alone_in_their_own() {
    let store = Store::new(Kind::Sqlite);
    let mut limits = Limits::default();
    limits.set("intake_gather_ms", 50).expect("within its range");
    let running = store.start_with(limits, clock::now, 0).await;
    let mut mailboxes = 0..;
    let mut confirmed_after = async |soon: u64, several: usize| {
        let signs: Vec<Sign> = mailboxes.by_ref().take(several + 1).map(contribution).collect();
        for sign in &signs {
            running.sign(sign.clone()).await;
        }
        let at = async |sign: &Sign, after| {
            tokio::time::sleep(Duration::from_millis(after)).await;
            match running.intake.confirm(sign.id).await {
                Ok(ConfirmAnswer::Confirmed { at, .. }) => at,
                other => panic!("{other:?}"),
            }
        };
        let (last, first) = signs.split_last().expect("one at least");
        let (first, last) = tokio::join!(join_all(first.iter().map(|sign| at(sign, 0))), at(last, soon));
        first.contains(&last)
    };
    let (mut apart, mut shared) = (false, false);
    for _ in 0..50 {
        apart = apart || !confirmed_after(15, 1).await;
        shared = shared || confirmed_after(15, 8).await;
    }
    assert_eq!((apart, shared), (true, true), "in one of fifty times at least");
    running.stop();
}
