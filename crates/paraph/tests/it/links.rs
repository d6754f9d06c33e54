//! What the links of a mail do, however the contributions of its mailbox stand, how often they are pressed, and that looking at
//! them changes nothing: what the pages and answers say is true of the count.

use paraph::intake::command::{ConfirmAnswer, DisownAnswer, Keeping, WithdrawAnswer};
use paraph::intake::verdict::reason::Reason;
use paraph_tally::{End, VerdictKind, WithdrawnBy};

use crate::crash::Dice;
use crate::journal::recount_agrees;
use crate::pages::{ask, open};
use crate::server::{Site, until};
use crate::stores::{Kind, Running, Store, contribution};
use crate::verdict::judgement;

const SLUG: &str = "fountain";

async fn counted(running: &Running) -> u64 {
    running.intake.tick().await.expect("tick");
    running.counted()
}

/// One mailbox's contributions through links and verdicts in any order.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_stands_every_answer_of_a_link_is_true_of_the_count() {
    for (kind, walks) in [(Kind::Sqlite, 60), (Kind::Postgres, 12)] {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let mut dice = Dice(7);
        for walk in 0..walks {
            let all = [(); 3].map(|()| contribution(walk));
            for sign in &all {
                running.sign(sign.clone()).await;
            }
            let (mut ever, mut held, mut story) = (0, false, Vec::new());
            for _ in 0..8 {
                let (id, action) = (all[dice.roll(3) as usize].id, dice.roll(6));
                let intake = &running.intake;
                let before = counted(&running).await;
                story.push((id.0[15], action));
                let what = format!("{kind:?} {story:?}");
                match action {
                    0 | 1 => match intake.confirm(id).await.expect("an answer") {
                        ConfirmAnswer::Confirmed { .. } => {}
                        ConfirmAnswer::Ended(end) => {
                            assert_ne!(end, End::None, "{what}");
                            // What was held since stands still, and its link says so.
                            if end == End::Expired && before == 0 && !held {
                                assert_eq!(ever, 0, "it has counted: {what}");
                            }
                        }
                        ConfirmAnswer::Unknown => panic!("{what}"),
                    },
                    2 | 3 => {
                        let answer = intake.withdraw(id, WithdrawnBy::Mail).await.expect("an answer");
                        assert_eq!(counted(&running).await, 0, "{answer:?}: {what}");
                        match answer {
                            WithdrawAnswer::Withdrawn { at } => assert!(at.is_some() || before == 0, "{what}"),
                            WithdrawAnswer::Erased => assert_eq!(before, 0, "{what}"),
                            WithdrawAnswer::Disowned => assert_eq!(before, 0, "{what}"),
                            WithdrawAnswer::Unknown => panic!("{what}"),
                        }
                        let again = intake.withdraw(id, WithdrawnBy::Mail).await.expect("an answer");
                        let expected = match answer {
                            WithdrawAnswer::Withdrawn { .. } => WithdrawAnswer::Withdrawn { at: None },
                            // The first speaks of what it erased, the next of what its mailbox had confirmed before, if anything.
                            WithdrawAnswer::Erased => again,
                            other => other,
                        };
                        assert_eq!(again, expected, "{what}");
                    }
                    4 => {
                        let keeping = [Keeping::Erase, Keeping::KeepForComplaint][dice.roll(2) as usize];
                        let Ok(DisownAnswer::Disowned(said)) = intake.disown(id, keeping).await else {
                            panic!("{what}")
                        };
                        assert!(!(said.stands && said.confirmed), "{what}");
                        let after = counted(&running).await;
                        assert_eq!(after, if said.confirmed { 0 } else { before }, "{said:?}: {what}");
                        assert!(after == 0 || said.stands, "{said:?}: {what}");
                    }
                    _ => {
                        held = true;
                        // Most find nothing to hold: only what is clear can be.
                        let hold = judgement(VerdictKind::Held, Reason::Lockstep, &[id]);
                        intake.judge(hold).await.expect("an answer");
                    }
                }
                let after = counted(&running).await;
                assert!(after <= 1, "{what}");
                ever = ever.max(after);
            }
            // The next mailbox begins with nothing counted.
            for sign in &all {
                running
                    .intake
                    .withdraw(sign.id, WithdrawnBy::Mail)
                    .await
                    .expect("an answer");
            }
            assert_eq!(counted(&running).await, 0, "{kind:?} {story:?}");
        }
        recount_agrees(&store, running).await;
    }
}

/// A typo first, or a forger first: the one mail is about that, and its reader confirms their own through its page.
#[test]
fn the_one_mail_of_a_mailbox_takes_back_what_its_reader_confirmed() {
    let site = Site::new();
    site.petition(SLUG);
    let server = site.start();
    let mut client = server.client();
    client.sign(SLUG, "Ada Exampel", "ada@people.example");
    let letter = site.mail_to("ada@people.example");
    client.sign(SLUG, "Ada Example", "ada@people.example");
    let own = client.get(&letter.link("confirm")).text();
    let own = own
        .split("action=\"/confirm/")
        .nth(2)
        .expect("another")
        .split(['?', '"'])
        .next();
    let own = format!("/confirm/{}", own.expect("a token"));
    assert_eq!(client.post_json(&own, "").json()["status"], "confirmed");
    assert_eq!(server.settled(SLUG)["counted"], 1);

    let (confirm, withdraw, not_me) = (letter.link("confirm"), letter.link("withdraw"), letter.link("not-me"));
    let mut page = |path: &str| {
        let answer = client.get(&format!("{path}?lang=en"));
        (answer.status, answer.text())
    };
    // Each page says what is confirmed and would become of it.
    let (_, shown) = page(&confirm);
    assert!(shown.contains("You have confirmed another signature") && !shown.contains("Nothing is counted before"));
    let (_, shown) = page(&not_me);
    assert!(shown.contains("stays, and is not touched here") && shown.contains("that you have not confirmed"));
    let (_, shown) = page(&withdraw);
    assert!(
        shown.contains("Ada Example") && !shown.contains("Ada Exampel"),
        "{shown}"
    );
    assert!(!shown.contains("it has never counted"), "{shown}");

    // "It wasn't me" about what was not confirmed leaves what was, and says so.
    let answer = server
        .client()
        .post(&format!("{not_me}?lang=en"), "choice=erase")
        .text();
    assert!(answer.contains("What you confirmed yourself stays"), "{answer}");
    assert_eq!(server.settled(SLUG)["counted"], 1);

    assert_eq!(page(&withdraw).0, 200, "the mail still takes it back");
    let answer = server.client().post_json(&withdraw, "").json();
    assert!(answer["status"] == "withdrawn" && answer["at"].is_string(), "{answer}");
    assert_eq!(server.settled(SLUG)["counted"], 0);
    assert_eq!(site.number("SELECT COUNT(*) FROM vault"), 0);
}

#[test]
fn not_me_about_what_was_confirmed_ends_all_of_the_mailbox_and_says_so_before() {
    let site = Site::new();
    site.petition(SLUG);
    let server = site.start();
    let mut client = server.client();
    client.sign(SLUG, "Ada First", "ada@people.example");
    let letter = site.mail_to("ada@people.example");
    client.sign(SLUG, "Ada Second", "ada@people.example");
    let second = client.get(&letter.link("confirm")).text();
    let second = second
        .split("action=\"/confirm/")
        .nth(2)
        .expect("another")
        .split(['?', '"'])
        .next();
    let second = format!("/confirm/{}", second.expect("a token"));
    for link in [letter.link("confirm"), second.clone()] {
        assert_eq!(client.post_json(&link, "").json()["status"], "confirmed");
    }
    assert_eq!(server.settled(SLUG)["counted"], 1);
    let not_me = format!("{}?lang=en", letter.link("not-me"));
    let shown = client.get(&not_me).text();
    assert!(
        shown.contains("leaves the count") && !shown.contains("unless you confirm it"),
        "{shown}"
    );
    assert!(!shown.contains("that you have not confirmed"), "{shown}");
    let answer = client.post(&not_me, "choice=erase").text();
    assert!(
        answer.contains("has been erased") && answer.contains("displayed count"),
        "{answer}"
    );
    assert_eq!(
        server.settled(SLUG)["counted"],
        0,
        "the second did not step into its place"
    );
    assert_eq!(
        client.post_json(&second, "").outcome(),
        (410, "link_disowned".to_owned())
    );
    assert_eq!(site.number("SELECT COUNT(*) FROM vault"), 0);
}

/// To who withdraws from a petition that is closed nobody says that they can sign again: it is for good.
#[test]
fn once_a_petition_is_closed_no_link_promises_that_one_can_sign_again() {
    const AGAIN: [&str; 3] = ["sign again", "sign this petition yourself", "If you do want to sign"];
    let site = Site::new();
    site.petition(SLUG);
    let server = site.start();
    let mut client = server.client();
    let mut letters = Vec::new();
    for name in ["ada", "bob", "eve"] {
        let email = format!("{name}@people.example");
        client.sign(SLUG, name, &email);
        letters.push(site.mail_to(&email));
    }
    let [ada, bob, eve] = &letters[..] else {
        panic!("three letters")
    };
    assert_eq!(client.post_json(&ada.link("confirm"), "").json()["status"], "confirmed");
    let mut page = |path: String| client.get(&format!("{path}?lang=en")).text();
    for link in [ada.link("withdraw"), bob.link("withdraw"), eve.link("not-me")] {
        let open = page(link);
        assert!(AGAIN.iter().any(|again| open.contains(again)), "{open}");
    }

    assert_eq!(site.run(&["petition", "close", SLUG]).code, 0);
    until("the petition is closed", || {
        (server.client().get(&format!("/p/{SLUG}/sign")).status == 410).then_some(())
    });
    let mut client = server.client();
    let mut pages = Vec::new();
    for link in [ada.link("withdraw"), bob.link("withdraw")] {
        let path = format!("{link}?lang=en");
        pages.extend([client.get(&path).text(), client.post(&path, "").text()]);
    }
    let not_me = format!("{}?lang=en", eve.link("not-me"));
    pages.push(client.get(&not_me).text());
    client.post(&not_me, "choice=keep");
    for letter in &letters {
        let ended = client.get(&format!("{}?lang=en", letter.link("confirm")));
        assert_eq!(ended.status, 410);
        pages.push(ended.text());
    }
    for page in pages {
        assert!(page.contains("it can no longer be signed"), "{page}");
        assert!(!AGAIN.iter().any(|again| page.contains(again)), "{page}");
    }
}

#[test]
fn who_had_it_kept_for_a_complaint_is_told_so_and_can_still_have_it_erased() {
    let site = Site::new();
    site.petition(SLUG);
    let server = site.start();
    let mut client = server.client();
    client.sign(SLUG, "Ada", "ada@people.example");
    let not_me = format!("{}?lang=en", site.mail_to("ada@people.example").link("not-me"));
    client.post(&not_me, "choice=keep");
    let kept = client.get(&not_me).text();
    assert!(
        kept.contains("kept for your complaint") && kept.contains("value=\"erase\""),
        "{kept}"
    );
    assert!(
        !kept.contains("value=\"keep\"") && !kept.contains("unless you confirm it"),
        "{kept}"
    );
    client.post(&not_me, "choice=erase");
    assert_eq!(site.number("SELECT COUNT(*) FROM vault"), 0);
}

#[test]
fn a_second_press_confirms_nothing_more() {
    let (site, server) = open();
    let mut client = server.client();
    client.sign("fountain", "Ada Example", "ada@people.example");
    let link = site.mail_to("ada@people.example").link("confirm");
    let first = client.post_json(&link, "").json();
    for _ in 0..3 {
        let again = client.post_json(&link, "").json();
        assert_eq!(again, first, "the same answer, with the time of the first press");
    }
    assert_eq!(server.settled("fountain")["counted"], 1);
}

/// Everything at the same time: one mailbox, two contributions, many presses.
#[test]
fn many_presses_at_once_are_one_signature() {
    let (site, server) = open();
    let mut client = server.client();
    client.sign("fountain", "Ada Example", "ada@people.example");
    let letter = site.mail_to("ada@people.example");
    client.sign("fountain", "Ada Again", "ada@people.example");
    let page = client.get(&letter.link("confirm")).text();
    let mut links: Vec<&str> = page
        .split("action=\"")
        .skip(1)
        .filter_map(|rest| rest.split(['"', '?']).next())
        .collect();
    links.retain(|link| link.starts_with("/confirm/"));
    assert_eq!(links.len(), 2, "{page}");
    let press = |path: &str| server.client().post_json(path, "").json();
    let at_once = |paths: &[&str]| -> Vec<serde_json::Value> {
        std::thread::scope(|scope| {
            let presses = (0..60).map(|number| paths[number % paths.len()]);
            let threads: Vec<_> = presses.map(|path| scope.spawn(move || press(path))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .collect()
        })
    };
    let confirmed = at_once(&links);
    assert!(
        confirmed.iter().all(|answer| answer["status"] == "confirmed"),
        "{confirmed:?}"
    );
    assert_eq!(server.settled("fountain")["counted"], 1);
    assert_eq!(
        site.number("SELECT COUNT(*) FROM signature WHERE confirmed_at IS NOT NULL"),
        2
    );
    let withdraw = format!("/withdraw/{}", confirmed[0]["withdraw"].as_str().expect("a token"));
    let withdrawn = at_once(&[&withdraw]);
    assert!(
        withdrawn.iter().all(|answer| answer["status"] == "withdrawn"),
        "{withdrawn:?}"
    );
    let gone = server.settled("fountain");
    assert_eq!((&gone["counted"], &gone["withdrawn"]), (&0.into(), &1.into()));
    assert_eq!(site.recount()["fountain"], 0);
}

/// Mail scanners open every link, some of them many times.
#[test]
fn looking_at_links_changes_nothing() {
    let (site, server) = open();
    let mut client = server.client();
    client.sign("fountain", "Ada Example", "ada@people.example");
    client.sign("fountain", "Bob Example", "bob@people.example");
    let (ada, bob) = (site.mail_to("ada@people.example"), site.mail_to("bob@people.example"));
    let confirmed = client.post_json(&bob.link("confirm"), "").json();
    let withdraw = format!("/withdraw/{}", confirmed["withdraw"].as_str().expect("a token"));
    server.settled("fountain");
    let events = || site.number("SELECT COUNT(*) FROM journal");
    let before = (events(), server.counted("fountain"));
    assert_eq!(before.1, 1);
    for path in [
        ada.link("confirm"),
        ada.link("not-me"),
        bob.link("confirm"),
        bob.link("not-me"),
        withdraw.clone(),
    ] {
        for _ in 0..10 {
            assert_eq!(client.get(&path).status, 200, "{path}");
            assert_eq!(ask(&mut client, "HEAD", &path, &[]).status, 200, "{path}");
        }
    }
    server.settled("fountain");
    assert_eq!((events(), server.counted("fountain")), before);
    assert_eq!(site.number("SELECT COUNT(*) FROM signature WHERE waiting = 1"), 1);

    // A token is good for its own purpose only.
    let confirm_token = ada.link("confirm").replace("/confirm/", "/withdraw/");
    assert_eq!(
        client.post_json(&confirm_token, "").outcome(),
        (404, "link_unknown".to_owned())
    );
    let other = withdraw.replace("/withdraw/", "/confirm/");
    assert_eq!(client.post_json(&other, "").outcome(), (404, "link_unknown".to_owned()));
}

/// Every page that follows a confirmation leads on: its links work.
#[test]
fn the_links_of_a_signatorys_pages_lead_somewhere() {
    let (site, server) = open();
    let mut client = server.client();
    client.sign("fountain", "Ada Example", "ada@people.example");
    let letter = site.mail_to("ada@people.example");
    let pages = [
        client.get(&letter.link("confirm")),
        client.get(&letter.link("not-me")),
        client.post(&letter.link("confirm"), ""),
        client.get(&letter.link("confirm")),
    ];
    for page in pages {
        assert_eq!(page.status, 200);
        let html = page.text();
        let links = html.split("href=\"/").skip(1).filter_map(|rest| rest.split('"').next());
        let actions = html
            .split("action=\"/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        for link in links.chain(actions) {
            assert_eq!(client.get(&format!("/{link}")).status, 200, "/{link} on {html}");
        }
    }
}
