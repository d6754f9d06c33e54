//! The second way: held people are asked once, slowly, and answering releases nobody. On every store, and beside a server.

use std::sync::atomic::{AtomicU64, Ordering};

use paraph::clock;
use paraph::intake::command::{
    ClaimedMail, JudgeAnswer, Judgement, Keeping, MailKind, MailOutcome, Offer, SecondWayAnswer,
};
use paraph::intake::verdict::reason::Reason;
use paraph::limits::Limits;
use paraph_tally::{Author, Millis, PetitionId, SignatureId, VerdictKind, WithdrawnBy};
use serde_json::Value;

use crate::desk::browser::member;
use crate::journal::recount_agrees;
use crate::server::{Ran, Server, Site, until};
use crate::start::is_refused;
use crate::stores::{Kind, Running, Store, contribution};

const HOUR: u64 = 3_600_000;
const INCIDENT: u64 = 7;

/// How far ahead the clock is.
static AHEAD: AtomicU64 = AtomicU64::new(0);

fn now() -> Millis {
    Millis(clock::now().0 + AHEAD.load(Ordering::SeqCst))
}

async fn judge(running: &Running, kind: VerdictKind, reason: Reason, set: &[SignatureId]) {
    let judgement = Judgement {
        petition: PetitionId(1),
        kind,
        reason: reason.code(),
        author: Author::Scrutiny,
        evidence: b"{}".to_vec(),
        note: String::new(),
        undoes: None,
        set: set.to_vec(),
    };
    let answer = running.intake.judge(judgement).await;
    assert!(matches!(answer, Ok(JudgeAnswer::Judged { .. })), "{answer:?}");
}

/// Somebody signs, with or without confirming.
async fn signed(running: &Running, mailbox: u32, confirms: bool) -> SignatureId {
    let sign = contribution(mailbox);
    running.sign(sign.clone()).await;
    if confirms {
        running.intake.confirm(sign.id).await.expect("confirmed");
    }
    sign.id
}

fn offer(signature: SignatureId, mailbox: u32, domain: u8) -> Offer {
    Offer {
        signature,
        address: contribution(mailbox).address_tag,
        domain: [domain; 16],
        common: false,
    }
}

async fn claimed(running: &Running) -> Vec<ClaimedMail> {
    running.intake.claim_mail(100).await.expect("claimed")
}

async fn sent(running: &Running, mails: Vec<ClaimedMail>) -> Vec<SignatureId> {
    assert!(mails.iter().all(|mail| mail.kind == MailKind::SecondWay), "{mails:?}");
    let who = mails.iter().map(|mail| mail.signature).collect();
    let done = mails.into_iter().map(|mail| (mail, MailOutcome::Sent)).collect();
    running.intake.mail_done(done).await.expect("recorded");
    who
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_twice_nor_who_said_no_and_a_press_releases_nobody() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let intake = &running.intake;
        let (stands, unconfirmed) = (signed(&running, 1, true).await, signed(&running, 2, false).await);
        let (denies, takes_back) = (signed(&running, 3, true).await, signed(&running, 4, true).await);
        let (invalid, clear) = (signed(&running, 5, true).await, signed(&running, 6, true).await);
        // A mailbox that confirmed twice: its reader says of one that it was somebody else.
        let (other, again) = (signed(&running, 7, true).await, signed(&running, 7, true).await);
        intake.disown(other, Keeping::KeepForComplaint).await.expect("disowned");
        let held = [stands, unconfirmed, denies, takes_back, invalid, again];
        judge(&running, VerdictKind::Held, Reason::Lockstep, &held).await;
        intake
            .disown(denies, Keeping::KeepForComplaint)
            .await
            .expect("disowned");
        intake.withdraw(takes_back, WithdrawnBy::Mail).await.expect("withdrawn");
        judge(&running, VerdictKind::Invalidated, Reason::Machine, &[invalid]).await;
        // The outbox still has the mail that asks the unconfirmed one to confirm: it does not go out under a finding.
        assert_eq!(claimed(&running).await, [], "{kind:?}");

        let all = [stands, unconfirmed, denies, takes_back, invalid, clear, again];
        let offers = || {
            all.iter()
                .zip(1..)
                .map(|(id, mailbox)| offer(*id, mailbox, 1))
                .collect::<Vec<_>>()
        };
        assert_eq!(intake.offer_second_way(INCIDENT, offers()).await, Ok(2), "{kind:?}");
        assert_eq!(
            intake.offer_second_way(INCIDENT, offers()).await,
            Ok(0),
            "{kind:?}: once"
        );
        assert_eq!(
            intake.answer_second_way(stands, vec![]).await,
            Ok(SecondWayAnswer::Unknown),
            "not mailed"
        );
        assert_eq!(
            sent(&running, claimed(&running).await).await,
            [stands],
            "{kind:?}: one at a time"
        );
        // What has not left is called back, and can be offered again; what has left cannot.
        intake.call_back_second_way(INCIDENT).await.expect("called back");
        assert_eq!(intake.offer_second_way(INCIDENT, offers()).await, Ok(1), "{kind:?}");

        let answer = intake.answer_second_way(stands, b"{}".to_vec()).await;
        assert_eq!(answer, Ok(SecondWayAnswer::Answered), "{kind:?}");
        running.intake.tick().await.expect("tick");
        assert_eq!(
            running.counted(),
            1,
            "{kind:?}: only the clear one; a press releases nobody"
        );
        intake.disown(stands, Keeping::Erase).await.expect("disowned");
        let ended = intake.answer_second_way(stands, vec![]).await;
        assert!(matches!(ended, Ok(SecondWayAnswer::Ended(_))), "{kind:?}: {ended:?}");
        recount_agrees(&store, running).await;
        let mut connections = store.connect().await;
        let sql =
            "SELECT COUNT(*) FROM second_way WHERE due_at IS NULL AND length(address) = 0 AND answered_from IS NULL";
        let row = connections
            .main
            .query_one(sql, &[])
            .await
            .expect("read")
            .expect("a row");
        assert_eq!(
            row.int(0).expect("a number"),
            1,
            "{kind:?}: what names the address goes with the record"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_to_held_people_drip_within_the_hour_the_domain_and_the_budget_of_an_address() {
    for kind in Kind::BOTH {
        AHEAD.store(0, Ordering::SeqCst);
        let store = Store::new(kind);
        let mut limits = Limits::default();
        limits.set("second_way_per_hour", 4).expect("in range");
        limits.set("second_way_domain_per_hour", 2).expect("in range");
        let running = store.start_with(limits, now, 0).await;
        let mut ids = Vec::new();
        for mailbox in 0..12 {
            ids.push(signed(&running, mailbox, true).await);
        }
        judge(&running, VerdictKind::Held, Reason::Lockstep, &ids).await;
        let to = |mailbox: u32, domain| offer(ids[mailbox as usize], mailbox, domain);
        // One domain among the first eight; others behind.
        let offers = (0..12)
            .map(|mailbox| to(mailbox, if mailbox < 8 { 1 } else { 2 }))
            .collect();
        assert_eq!(
            running.intake.offer_second_way(INCIDENT, offers).await,
            Ok(12),
            "{kind:?}"
        );
        let asked = |hours: u64| {
            AHEAD.store(hours * HOUR, Ordering::SeqCst);
            async { sent(&running, claimed(&running).await).await }
        };
        assert_eq!(asked(0).await.len(), 1, "{kind:?}: evenly over the hour");
        // The mailer was away for ten hours: all are due, and still no more than the bounds leave.
        let late = asked(10).await;
        let domains = |who: &[SignatureId]| {
            let of = |id: &SignatureId| ids.iter().position(|known| known == id).expect("one of them") < 8;
            (who.iter().filter(|id| of(id)).count(), who.len())
        };
        assert_eq!(domains(&late), (2, 4), "{kind:?}");
        assert_eq!(asked(10).await, [], "{kind:?}");
        let later = asked(12).await;
        assert_eq!(domains(&later), (2, 4), "{kind:?}");

        // An address that had its mail about this petition today waits for tomorrow.
        let unconfirmed = contribution(50);
        running.sign(unconfirmed.clone()).await;
        let mails = claimed(&running).await;
        assert_eq!(mails.len(), 1, "{kind:?}: {mails:?}");
        let done = vec![(mails[0], MailOutcome::Sent)];
        running.intake.mail_done(done).await.expect("recorded");
        judge(&running, VerdictKind::Held, Reason::Lockstep, &[unconfirmed.id]).await;
        let offers = vec![offer(unconfirmed.id, 50, 9)];
        assert_eq!(running.intake.offer_second_way(INCIDENT + 1, offers).await, Ok(1));
        assert_eq!(
            asked(13).await.iter().filter(|id| **id == unconfirmed.id).count(),
            0,
            "{kind:?}"
        );
        assert_eq!(
            asked(37).await.iter().filter(|id| **id == unconfirmed.id).count(),
            1,
            "{kind:?}"
        );
        // Answering confirms as well: the mailbox was read.
        assert_eq!(
            running.intake.answer_second_way(unconfirmed.id, b"{}".to_vec()).await,
            Ok(SecondWayAnswer::Answered)
        );
        recount_agrees(&store, running).await;
        let mut connections = store.connect().await;
        let sql = "SELECT COUNT(*) FROM signature WHERE axes = 3";
        let row = connections
            .main
            .query_one(sql, &[])
            .await
            .expect("read")
            .expect("a row");
        assert_eq!(
            row.int(0).expect("a number"),
            13,
            "{kind:?}: all are held, and all confirmed"
        );
    }
}

const SLUG: &str = "fountain";

/// An incident that is open, as scrutiny would have opened it.
pub(crate) fn open_incident(site: &Site) {
    let at = clock::now().0;
    let body = format!(
        r#"{{"id":1,"opened_at":{at},"seen_at":{at},"aware_at":null,"closed_at":null,"held":0,"refused":0,
            "timeline":[{{"at":{at},"by":null,"what":"opened"}}],"left_out":0,"verdicts_to":0}}"#
    );
    let sql = "INSERT INTO incident (id, opened_at, body) VALUES (1, ?1, ?2)";
    let at = i64::try_from(at).expect("small");
    site.store().execute(sql, (at, body)).expect("written");
}

fn said(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    ran.json()
}

fn incident(site: &Site, arguments: &[&str]) -> Ran {
    site.run(&[&["incident"][..], arguments, &["--json"]].concat())
}

/// People whose signatures are held, in an incident, and who had their last mail so many hours ago.
fn held_site(hours_ago: u64) -> (Site, Server, String) {
    let mut site = Site::new();
    site.set("scrutiny.enabled", true);
    site.set("limits.second_way_per_hour", 100_000);
    site.set("limits.second_way_domain_per_hour", 100_000);
    site.petition(SLUG);
    let server = site.start();
    for (name, address) in [
        ("Ada", "ada@a.example"),
        ("Bea", "bea@b.example"),
        ("Cleo", "cleo@b.example"),
    ] {
        let mut client = server.client();
        client.sign(SLUG, &format!("{name} Held"), address);
        assert_eq!(client.post(&site.mail_to(address).link("confirm"), "").status, 200);
    }
    until("they are counted", || (server.counted(SLUG) == 3).then_some(()));
    server.stop();
    open_incident(&site);
    let ago = format!("UPDATE mail_sent SET at = at - {}", hours_ago * HOUR);
    site.store().execute_batch(&ago).expect("later");
    let server = site.start();
    let hold = ["hold", "--petition", SLUG, "--from", "2020-01-01T00:00:00Z", "--yes"];
    let held = incident(
        &site,
        &[&hold[..], &["--reason", "machine", "--note", "Alike"]].concat(),
    );
    let position = said(&held)["verdict"].to_string();
    (site, server, position)
}

/// The mail of the second way, once it has come.
fn second_mail(site: &Site, address: &str) -> String {
    until(&format!("a mail to {address}"), || {
        let mails = site.mails().into_iter().filter(|letter| letter.to == address);
        let mut second = mails.filter(|letter| letter.text.contains("/second-way/"));
        second.next().map(|letter| letter.link("second-way"))
    })
}

#[test]
fn held_people_answer_by_mail_and_a_person_releases_those_apart() {
    let (site, server, verdict) = held_site(25);
    // The story does not lag behind what stands beside it.
    let shown = said(&incident(&site, &["show", "1"]));
    let of_it = format!("\"position\":{verdict}");
    assert!(
        shown["now"]["held"] == 3 && shown["story"].to_string().contains(&of_it),
        "{of_it}: {shown}"
    );
    let ask = ["second-way", "1", "--verdict", &verdict];
    let preview = &said(&incident(&site, &ask))["preview"];
    assert_eq!(
        (&preview["held"], &preview["would"]),
        (&3.into(), &3.into()),
        "{preview}"
    );
    let samples = preview["samples"].to_string();
    assert!(
        samples.contains("Ada Held") && samples.contains("\"stands\":\"held\""),
        "{preview}"
    );
    assert_eq!(
        (&preview["had_today"], &preview["left_alone"]),
        (&0.into(), &0.into()),
        "{preview}"
    );
    assert_eq!(
        site.number("SELECT COUNT(*) FROM second_way"),
        0,
        "nothing without --yes"
    );
    assert_eq!(said(&incident(&site, &[&ask[..], &["--yes"]].concat()))["asked"], 3);
    let nobody = incident(&site, &[&ask[..], &["--yes"]].concat());
    assert!(
        nobody.code == 1 && nobody.stderr.contains("nobody is asked"),
        "{}",
        nobody.stderr
    );
    // Nor is whoever presses at the desk sent back without a word.
    let mut desk = member(&site, &server, "moderator", "Bastien").browser;
    let press = [("incident", "1"), ("do", "ask")];
    let late = desk.send("/desk/incidents/1", "/desk/incident/second-way?lang=en", &press);
    let there = late.header("location").unwrap_or_default().to_owned();
    assert!(late.status == 303 && there.ends_with("done=asked-already"), "{late:?}");
    let text = desk.get(&there).text();
    assert!(text.contains("they were asked already"), "{text}");

    let link = second_mail(&site, "ada@a.example");
    let mut client = server.client();
    let page = client.get(&link);
    assert!(
        page.status == 200 && page.text().contains("Ada Held"),
        "{}",
        page.text()
    );
    assert_eq!(
        site.number("SELECT COUNT(*) FROM second_way WHERE answered_at IS NOT NULL"),
        0,
        "a GET changes nothing"
    );
    for address in ["ada@a.example", "bea@b.example", "cleo@b.example"] {
        let link = second_mail(&site, address);
        assert_eq!(client.post(&link, "").status, 200);
        assert_eq!(client.post(&link, "").status, 200, "and again");
        // Nobody is asked a second time: their answer was received, and waits.
        let again = client.get(&format!("{link}?lang=en"));
        let text = again.text();
        assert!(
            again.status == 200
                && text.contains("received your answer already")
                && !text.contains("action=\"/second-way/")
                && text.contains("/withdraw/"),
            "{text}"
        );
    }
    // What has left cannot be called back, and nobody is said to have done so.
    let called_back = said(&incident(&site, &["second-way", "1", "--call-back"]));
    assert_eq!(called_back["called_back"], false, "{called_back}");
    let press = [("incident", "1"), ("do", "call-back")];
    let there = desk.send("/desk/incidents/1", "/desk/incident/second-way?lang=en", &press);
    assert!(
        there.header("location").unwrap_or_default().ends_with("done=all-left"),
        "{there:?}"
    );
    let lines = "SELECT COUNT(*) FROM desk_shift WHERE kind = 'called-back'";
    assert_eq!(site.number(lines), 0);
    assert_eq!(client.get("/second-way/AQEAAAAAAAAAAAAAAAAAAAAA").status, 404);
    assert_eq!(server.settled(SLUG)["counted"], 0, "pressing releases nobody");

    let shown = said(&incident(&site, &["show", "1"]));
    let decide = &shown["second_way"]["to_decide"][SLUG];
    // All three pressed from one line at once: like forgers do.
    assert_eq!(
        (&decide["answered"], &decide["alike"]),
        (&3.into(), &3.into()),
        "{shown}"
    );
    let story = shown["story"].to_string();
    assert!(
        story.contains("second_way") && story.contains("command_line"),
        "{story}"
    );
    let release = ["release", "--petition", SLUG, "--answered", "1"];
    let apart = said(&incident(&site, &[&release[..], &["--apart"]].concat()));
    assert_eq!(apart["preview"]["judged"], 0);
    // As if two of them had pressed in the evening, from elsewhere.
    let later = "UPDATE second_way SET answered_at = answered_at + 60000, answered_from = NULL \
                 WHERE signature IN (SELECT signature FROM second_way ORDER BY signature LIMIT 2)";
    site.store().execute_batch(later).expect("changed");
    let give = ["--apart", "--yes", "--reason", "answered", "--note", "Looked at"];
    let released = said(&incident(&site, &[&release[..], &give].concat()));
    assert_eq!(released["judged"], 2);
    until("they are counted again", || (server.counted(SLUG) == 2).then_some(()));
    assert_eq!(client.get(&link).status, 303, "its own page says how it stands now");
    let text = site.run(&["incident", "show", "1"]).stdout;
    assert!(text.contains("1 answers wait for you"), "{text}");
    server.stop();
    assert_eq!(site.recount()[SLUG], 2);
    assert_eq!(site.run(&["fsck"]).code, 0);
}

/// A preview promised an hour in which the budget of every mailbox let nothing leave.
#[test]
fn whoever_had_the_mails_of_the_day_is_foretold_one_when_it_is_over() {
    let (site, server, verdict) = held_site(3);
    let ask = ["second-way", "1", "--verdict", &verdict];
    let preview = &said(&incident(&site, &ask))["preview"];
    assert_eq!(
        (&preview["would"], &preview["had_today"]),
        (&3.into(), &3.into()),
        "{preview}"
    );
    let hours = |at: &Value| (at.as_u64().expect("a time") - clock::now().0).div_ceil(HOUR);
    assert_eq!(
        (hours(&preview["first_at"]), hours(&preview["last_at"])),
        (21, 21),
        "{preview}"
    );
    let text = site.run(&[&["incident"][..], &ask].concat()).stdout;
    assert!(text.contains("3 have had the mails of the day"), "{text}");
    server.stop();
    // One of them wants no mail; its time is not foretold.
    let stopped =
        "INSERT INTO mail_stop (address, kind, at, until) SELECT address, 1, at, at + 900000000 FROM mail_sent LIMIT 1";
    site.store().execute_batch(stopped).expect("stopped");
    let server = site.start();
    let preview = &said(&incident(&site, &ask))["preview"];
    assert_eq!(
        (&preview["left_alone"], &preview["had_today"]),
        (&1.into(), &2.into()),
        "{preview}"
    );
    server.stop();
}

#[test]
fn the_limit_of_holds_is_raised_for_a_while_and_the_log_says_by_whom() {
    let (site, server, _) = held_site(25);
    for (to, minutes) in [("100", "60"), ("20000", "1"), ("2000000", "60")] {
        let refused = incident(&site, &["raise-cap", "1", "--to", to, "--minutes", minutes]);
        assert!(
            refused.code == 1 && refused.stderr.contains("hint: "),
            "{}",
            refused.stderr
        );
    }
    let before = clock::now().0;
    let raised = said(&incident(
        &site,
        &["raise-cap", "1", "--to", "20000", "--minutes", "30"],
    ));
    assert_eq!(raised["holds_per_hour"], 20_000, "{raised}");
    let until = "SELECT json_extract(body, '$.cap.until') FROM incident";
    assert!(site.number(until) >= before + 30 * 60_000);
    assert_eq!(incident(&site, &["note", "1", "Called the host"]).code, 0);
    // Twice: the second time it is the usual one already, and nothing is written down.
    for _ in 0..2 {
        let lowered = said(&incident(&site, &["raise-cap", "1", "--lower"]));
        assert!(lowered["holds_per_hour"].is_null(), "{lowered}");
    }
    let shown = said(&incident(&site, &["show", "1"]));
    let story = shown["story"].to_string();
    for told in ["cap_raised", "20000 ", "cap_lowered", "Called the host"] {
        assert!(story.contains(told), "{told}: {story}");
    }
    // Verdict or line: from the first thing that a person did, the clocks run.
    assert!(shown["aware_at"].is_u64(), "{shown}");
    // One log: nothing of it stands in the incident as well.
    let kept = site
        .store()
        .query_row("SELECT body FROM incident", [], |row| row.get::<_, String>(0));
    assert!(!kept.expect("a text").contains("Called the host"));
    assert_eq!(site.number("SELECT COUNT(*) FROM desk_shift WHERE incident = 1"), 3);
    server.stop();
    let over = "UPDATE incident SET body = json_set(body, '$.closed_at', json_extract(body, '$.opened_at') + 1)";
    site.store().execute_batch(over).expect("over");
    let server = site.start();
    let ran = incident(&site, &["raise-cap", "1", "--to", "20000"]);
    is_refused(
        &ran,
        1,
        &["is over", "limits.holds_per_hour is in force", "paraph incident list"],
    );
    server.stop();
}
