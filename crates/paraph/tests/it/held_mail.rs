//! Mail while verdicts stand: none goes out under a finding, and no forger keeps back that of a person.

use std::time::Duration;

use futures_util::future::join_all;
use paraph::intake::command::{ClaimedMail, JudgeAnswer, MailOutcome, Sign};
use paraph::intake::verdict::reason::Reason;
use paraph::mail::bounce::Bounced;
use paraph_tally::{SignatureId, VerdictKind};

use crate::crash::Dice;
use crate::journal::recount_agrees;
use crate::stores::{Kind, Running, Store, contribution};
use crate::verdict::{judge, judgement};

/// No routine mail goes out under a finding, and none is lost when it is taken back; who enters a victim's address under a
/// finding does not keep the victim's own mail from going out.
#[tokio::test(flavor = "multi_thread")]
async fn mail_waits_for_whoever_is_held_and_confirming_does_not() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let (held, own, forged) = (contribution(1), contribution(2), contribution(2));
        for sign in [&held, &own, &forged] {
            running.sign(sign.clone()).await;
        }
        let verdict = judgement(VerdictKind::Held, Reason::Lockstep, &[held.id, forged.id]);
        let (_, position) = judge(&running, verdict).await;
        let spoken_of = async || {
            let mails = running.intake.claim_mail(10).await.expect("claimed");
            mails.iter().map(|mail| mail.signature).collect::<Vec<_>>()
        };
        assert_eq!(spoken_of().await, [own.id], "{kind:?}");
        assert_eq!(spoken_of().await, [], "{kind:?}");

        // The facts on the other axis are kept: who confirms while held is confirmed, and counts once released.
        running.intake.confirm(forged.id).await.expect("confirmed");
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 0, "{kind:?}");
        let mut release = judgement(VerdictKind::Released, Reason::Mistake, &[held.id, forged.id]);
        release.undoes = Some(position);
        judge(&running, release).await;
        while running.intake.judged().now().is_some() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(spoken_of().await, [held.id], "{kind:?}: due as soon as it is released");
        running.intake.tick().await.expect("tick");
        assert_eq!(running.counted(), 1, "{kind:?}");
        recount_agrees(&store, running).await;
    }
}

/// What a forger entered first and is held keeps nobody's mail back: whoever signs then is written to at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_waits_for_who_is_held_goes_to_who_signs_next() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let (forged, own) = (contribution(1), contribution(1));
        running.sign(forged.clone()).await;
        judge(&running, judgement(VerdictKind::Held, Reason::Lockstep, &[forged.id])).await;
        let spoken_of = async || {
            let mails = running.intake.claim_mail(10).await.expect("claimed");
            mails.iter().map(|mail| mail.signature).collect::<Vec<_>>()
        };
        assert_eq!(spoken_of().await, [], "{kind:?}: nothing is sent under a finding");
        running.sign(own.clone()).await;
        assert_eq!(spoken_of().await, [own.id], "{kind:?}: the person's own mail goes now");
        assert_eq!(spoken_of().await, [], "{kind:?}: once");
        recount_agrees(&store, running).await;
    }
}

/// Whatever forgers entered before or after, and whenever it was held or released: who signs gets a mail about their own
/// contribution, or has one whose page shows it, which it does for whatever waits for the mailbox.
#[tokio::test(flavor = "multi_thread")]
async fn no_forged_entry_keeps_back_the_mail_of_whoever_signs() {
    const VICTIMS: u32 = 40;
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let mut dice = Dice(9);
        let (mut forged, mut own, mut mailed) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..6 {
            for victim in 0..VICTIMS {
                if dice.roll(2) == 0 {
                    let sign = contribution(victim);
                    forged.push((victim, sign.id));
                    running.sign(sign).await;
                }
                // Each victim signs once, some before any forger and some after all of them.
                if victim % 6 == round {
                    let sign = contribution(victim);
                    own.push((victim, sign.id));
                    running.sign(sign).await;
                }
            }
            let some: Vec<_> = forged.iter().filter(|_| dice.roll(3) > 0).map(|(_, id)| *id).collect();
            let held = judgement(VerdictKind::Held, Reason::Lockstep, &some);
            let judged = running.intake.judge(held).await.expect("judged");
            if dice.roll(2) == 0 {
                mailed.extend(mailed_now(&running).await);
            }
            if let (JudgeAnswer::Judged { position, .. }, 0) = (judged, dice.roll(4)) {
                let mut release = judgement(VerdictKind::Released, Reason::Mistake, &some);
                release.undoes = Some(position);
                running.intake.judge(release).await.expect("judged");
            }
            rows_follow(&running).await;
            mailed.extend(mailed_now(&running).await);
        }
        assert_eq!(own.len(), 40);
        for (victim, id) in &own {
            let theirs = forged.iter().filter(|(whose, _)| whose == victim).map(|(_, id)| id);
            let has_mail = theirs.chain([id]).any(|id| mailed.contains(id));
            assert!(has_mail, "{kind:?}: victim {victim} has no mail");
        }
        recount_agrees(&store, running).await;
    }
}

/// Of which contributions the mails that are due speak; they are sent.
async fn mailed_now(running: &Running) -> Vec<SignatureId> {
    let mails = running.intake.claim_mail(1000).await.expect("claimed");
    let signatures = mails.iter().map(|mail| mail.signature).collect();
    let done = mails.into_iter().map(|mail| (mail, MailOutcome::Sent)).collect();
    running.intake.mail_done(done).await.expect("told");
    signatures
}

/// More forged entries than one claim looks through, all held, come after a person's own; then a person signs whose forged
/// entry kept a mail waiting.
#[tokio::test(flavor = "multi_thread")]
async fn a_clear_contribution_is_found_behind_a_thousand_held_ones_and_makes_its_mail_due() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let own = contribution(1);
        running.sign(own.clone()).await;
        let forged: Vec<Sign> = (0..1100).map(|_| contribution(1)).chain([contribution(2)]).collect();
        join_all(forged.iter().map(|sign| running.sign(sign.clone()))).await;
        let ids: Vec<_> = forged.iter().map(|sign| sign.id).collect();
        judge(&running, judgement(VerdictKind::Held, Reason::Lockstep, &ids)).await;
        rows_follow(&running).await;
        let spoken_of = async || {
            let mails = running.intake.claim_mail(10).await.expect("claimed");
            mails.iter().map(|mail| mail.signature).collect::<Vec<_>>()
        };
        assert_eq!(spoken_of().await, [own.id], "{kind:?}");
        let late = contribution(2);
        running.sign(late.clone()).await;
        assert_eq!(
            spoken_of().await,
            [late.id],
            "{kind:?}: at once, not a day after the forged one"
        );
        running.sign(contribution(2)).await;
        assert_eq!(spoken_of().await, [], "{kind:?}: a mail on its way does not go twice");
        recount_agrees(&store, running).await;
    }
}

/// A forger's mail had spent the budget, and the next was put off for it; then all of it was held. Nothing of this is the
/// person's.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_put_off_for_its_budget_and_then_under_a_finding_goes_at_once_when_a_person_signs() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let forged = [contribution(1), contribution(1)];
        for sign in &forged {
            running.sign(sign.clone()).await;
            mailed_now(&running).await;
        }
        let held = judgement(VerdictKind::Held, Reason::Lockstep, &[forged[0].id, forged[1].id]);
        judge(&running, held).await;
        rows_follow(&running).await;
        running.stop();
        let mut connections = store.connect().await;
        let a_day = "UPDATE outbox SET due_at = 0; DELETE FROM mail_sent;";
        connections.main.run(a_day).await.expect("a day passes");
        drop(connections);
        let running = store.start(0).await;
        assert_eq!(
            mailed_now(&running).await,
            [],
            "{kind:?}: nothing goes out under a finding"
        );
        let own = contribution(1);
        running.sign(own.clone()).await;
        assert_eq!(mailed_now(&running).await, [own.id], "{kind:?}");
        recount_agrees(&store, running).await;
    }
}

/// What was given up reached nobody: it spends no budget, and takes nobody with it who signed while it was tried.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_mail_that_was_given_up_keeps_nobody_from_theirs() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let done = async |outcome| {
            let mails = running.intake.claim_mail(10).await.expect("claimed");
            let signatures: Vec<_> = mails.iter().map(|mail| mail.signature).collect();
            let told = mails.into_iter().map(|mail| (mail, outcome)).collect();
            running.intake.mail_done(told).await.expect("told");
            signatures
        };
        for before in [MailOutcome::GivenUp, MailOutcome::Later(Duration::ZERO)] {
            let mailbox = u32::from(before == MailOutcome::GivenUp);
            running.sign(contribution(mailbox)).await;
            assert_eq!(done(before).await.len(), 1, "{kind:?}");
            // Ids tell who came later by the millisecond.
            tokio::time::sleep(Duration::from_millis(2)).await;
            let own = contribution(mailbox);
            running.sign(own.clone()).await;
            assert_eq!(done(MailOutcome::GivenUp).await, [own.id], "{kind:?} {before:?}");
            // Whose last try it was decides: tries that were not theirs are made good, once.
            let again = done(MailOutcome::GivenUp).await;
            let expect = if before == MailOutcome::GivenUp {
                vec![]
            } else {
                vec![own.id]
            };
            assert_eq!(again, expect, "{kind:?} {before:?}");
            assert_eq!(done(MailOutcome::GivenUp).await, [], "{kind:?} {before:?}");
        }
        recount_agrees(&store, running).await;
    }
}

/// A contribution of another spelling than the mailbox's own name.
fn spelt_otherwise(mailbox: u32) -> Sign {
    Sign {
        otherwise: true,
        ..contribution(mailbox)
    }
}

#[tokio::test]
async fn mail_to_a_spelling_that_does_not_exist_uses_up_nothing_of_the_mailbox() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let send = async |outcome: MailOutcome| {
            let mails = running.intake.claim_mail(10).await.expect("claimed");
            let signatures: Vec<_> = mails.iter().map(|mail| mail.signature).collect();
            let told = mails.into_iter().map(|mail| (mail, outcome)).collect();
            running.intake.mail_done(told).await.expect("told");
            signatures
        };
        let back = async |spelling: u8| {
            let address = [spelling; 16];
            running
                .intake
                .bounced(vec![Bounced { address, hard: true }])
                .await
                .expect("recorded");
        };
        running.sign(spelt_otherwise(1)).await;
        assert_eq!(send(MailOutcome::SentTo([1; 16])).await.len(), 1, "{kind:?}: to ada+x");
        let own = spelt_otherwise(1);
        running.sign(own.clone()).await;
        assert_eq!(send(MailOutcome::Sent).await, [], "{kind:?}: one mail a day");
        back(1).await;
        let to_her = send(MailOutcome::SentTo([2; 16])).await;
        assert_eq!(to_her, [own.id], "{kind:?}: to ada+mail, which is hers");
        running.sign(spelt_otherwise(1)).await;
        assert_eq!(send(MailOutcome::Sent).await, [], "{kind:?}: that one arrived");

        // It may be back before it is recorded that it left; and a mail server is not bothered for ever.
        for spelling in 11..=14 {
            running.sign(spelt_otherwise(2)).await;
            back(spelling).await;
            assert_eq!(
                send(MailOutcome::SentTo([spelling; 16])).await.len(),
                1,
                "{kind:?} {spelling}"
            );
        }
        running.sign(spelt_otherwise(2)).await;
        assert_eq!(send(MailOutcome::Sent).await, [], "{kind:?}: four came back");
        let own = contribution(2);
        running.sign(own.clone()).await;
        assert_eq!(
            send(MailOutcome::Sent).await,
            [own.id],
            "{kind:?}: to the mailbox's own name"
        );
        recount_agrees(&store, running).await;
    }
}

/// Many a mail server takes mail for spellings that lead nowhere, and says nothing. Whoever forges with one keeps no mail from the
/// person, before or after; nor does that make it many mails.
#[tokio::test]
async fn mail_to_a_spelling_that_swallows_it_keeps_nobody_from_theirs() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let forge = async |mailbox: u32| {
            let sign = spelt_otherwise(mailbox);
            running.sign(sign.clone()).await;
            sign.id
        };
        let own = async |mailbox: u32| {
            let sign = contribution(mailbox);
            running.sign(sign.clone()).await;
            sign.id
        };
        let claim = async || running.intake.claim_mail(10).await.expect("claimed");
        let done = async |mails: Vec<ClaimedMail>, outcome: MailOutcome| {
            let signatures: Vec<_> = mails.iter().map(|mail| mail.signature).collect();
            let told = mails.into_iter().map(|mail| (mail, outcome)).collect();
            running.intake.mail_done(told).await.expect("told");
            signatures
        };
        let (elsewhere, here) = (MailOutcome::SentTo([7; 16]), MailOutcome::Sent);

        // It left before she signs, and another of its kind waits for tomorrow.
        let forged = forge(1).await;
        assert_eq!(done(claim().await, elsewhere).await, [forged], "{kind:?}: to ada+x");
        forge(1).await;
        assert_eq!(done(claim().await, elsewhere).await, [], "{kind:?}: one a day");
        let ada = own(1).await;
        assert_eq!(done(claim().await, here).await, [ada], "{kind:?}: to Ada, at once");
        for again in [forge(1).await, own(1).await, forge(1).await] {
            assert_eq!(done(claim().await, here).await, [], "{kind:?} {again:?}: one a day");
        }

        // It is on its way while she signs.
        let forged = forge(2).await;
        let on_its_way = claim().await;
        let bea = own(2).await;
        assert_eq!(done(on_its_way, elsewhere).await, [forged], "{kind:?}");
        assert_eq!(done(claim().await, here).await, [bea], "{kind:?}: to Bea");

        // It comes after her, and before her mail has left.
        let cyd = own(3).await;
        forge(3).await;
        assert_eq!(done(claim().await, here).await, [cyd], "{kind:?}: to Cyd");
        recount_agrees(&store, running).await;
    }
}

/// Waits until every row says what the verdicts say.
async fn rows_follow(running: &Running) {
    while running.intake.judged().now().is_some() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
