//! What authors add and signatories ask for: versions, names in batches, updates by mail. On both stores, then as people see it.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use paraph::clock;
use paraph::intake::command::{
    Choices, Details, Edit, MailOutcome, PetitionAnswer, PetitionCommand, Post, Sign, SignAnswer,
};
use paraph::ledger::content::FirstSignatory;
use paraph::mail::bounce::Bounced;
use paraph::mail::stop::{Kind as MailKind, Wish};
use paraph_tally::{Millis, SignatureId, WithdrawnBy};

use crate::client::form;
use crate::server::{Letter, Server, Site, until};
use crate::stores::{Kind, Running, Store, contribution, petition};

const DAY: u64 = 24 * 3_600_000;

fn edit(body: &str) -> Edit {
    Edit {
        slug: "fountain".to_owned(),
        body: Some(body.to_owned()),
        ..Edit::default()
    }
}

async fn edited(running: &Running, edit: Edit) -> PetitionAnswer {
    let answer = running.intake.petition(PetitionCommand::Edit(edit)).await;
    answer.expect("recorded")
}

async fn post(running: &Running) -> PetitionAnswer {
    let post = Post {
        slug: "fountain".to_owned(),
        title: "It rains".to_owned(),
        body: "At last.".to_owned(),
        mail: true,
    };
    running
        .intake
        .petition(PetitionCommand::Post(post))
        .await
        .expect("recorded")
}

fn asking(mailbox: u32, name: bool, news: bool) -> Sign {
    Sign {
        choices: Choices { name, news },
        ..contribution(mailbox)
    }
}

/// Signs and confirms.
async fn confirmed(running: &Running, sign: Sign) -> SignatureId {
    let id = sign.id;
    assert_eq!(running.sign(sign).await, SignAnswer::Admitted);
    running.intake.confirm(id).await.expect("confirmed");
    id
}

fn shown(running: &Running) -> Vec<SignatureId> {
    running.shown.borrow().petitions["fountain"].names.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_draft_said_before_it_opened_is_no_version_of_the_petition() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let ask = async |command| running.intake.petition(command).await.expect("recorded");
        let PetitionCommand::Create {
            owner,
            language,
            consent_hash,
            ..
        } = petition("x", 0)
        else {
            unreachable!("it creates")
        };
        let draft = PetitionCommand::Create {
            slug: "well".to_owned(),
            owner,
            language,
            goal: None,
            title: "The well".to_owned(),
            body: "A sentence that a reviewer sends back.".to_owned(),
            consent_hash,
            publish: false,
            settle_after_seconds: 0,
            details: Details::default(),
        };
        assert_eq!(ask(draft).await, PetitionAnswer::Done);
        let of_well = |body: &str| {
            PetitionCommand::Edit(Edit {
                slug: "well".to_owned(),
                ..edit(body)
            })
        };
        for body in ["A milder one.", "A fair one."] {
            ask(of_well(body)).await;
        }
        let publish = PetitionCommand::Publish {
            slug: "well".to_owned(),
            settle_after_seconds: 0,
        };
        // The next edit may be decided in the same batch.
        let (published, later) = tokio::join!(ask(publish), ask(of_well("A fairer one.")));
        assert_eq!(
            (published, later),
            (
                PetitionAnswer::Done,
                PetitionAnswer::Edited {
                    version: 4,
                    adopted: true
                }
            )
        );
        let content = running.shown.borrow().petitions["well"].content.clone();
        let versions: Vec<_> = content
            .versions
            .iter()
            .map(|text| (text.version, text.body.as_str()))
            .collect();
        assert_eq!(versions, [(3, "A fair one."), (4, "A fairer one.")], "{kind:?}");
        running.stop();
        let mut connections = store.connect().await;
        let differences = paraph::ledger::recount::compare(&mut connections.main).await;
        assert_eq!(differences.expect("read"), BTreeMap::new(), "{kind:?}");
        // Stores from before have the text of a draft still, which is what the journal says, or is not.
        let old = "INSERT INTO petition_text SELECT petition, 2, title, 'A milder one.', \
                   text_hash, consent_hash, adopted_at, addressee FROM petition_text WHERE version = 3";
        connections.main.execute(old, &[]).await.expect("written");
        let differences = paraph::ledger::recount::compare(&mut connections.main).await;
        assert_eq!(
            differences.expect("read"),
            BTreeMap::from([("petition_text", 1)]),
            "{kind:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_adopts_a_version_and_who_read_the_one_before_still_signs_it() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let same = Edit {
            title: Some("Repair the fountain".to_owned()),
            ..edit("It has been dry for two years.")
        };
        assert_eq!(edited(&running, same).await, PetitionAnswer::Unchanged, "{kind:?}");
        let first = FirstSignatory {
            name: "Ada Example".to_owned(),
            quality: "plumber".to_owned(),
        };
        let beside = Edit {
            slug: "fountain".to_owned(),
            first_signatories: Some(vec![first.clone()]),
            video: Some("https://video.example.org/w/abc".to_owned()),
            ..Edit::default()
        };
        let version = |version, adopted| PetitionAnswer::Edited { version, adopted };
        assert_eq!(edited(&running, beside).await, version(1, false));
        assert_eq!(edited(&running, edit("Dry for three years.")).await, version(2, true));
        let addressee = Edit {
            slug: "fountain".to_owned(),
            addressee: Some("The council".to_owned()),
            ..Edit::default()
        };
        assert_eq!(
            edited(&running, addressee).await,
            version(3, true),
            "{kind:?}: part of what is signed"
        );
        let content = running.shown.borrow().petitions["fountain"].content.clone();
        assert_eq!(content.first_signatories, [first], "{kind:?}");
        let bodies: Vec<&str> = content.versions.iter().map(|version| version.body.as_str()).collect();
        let (one, two) = ("It has been dry for two years.", "Dry for three years.");
        assert_eq!(bodies, [one, two, two]);

        confirmed(
            &running,
            Sign {
                text_version: 2,
                ..contribution(1)
            },
        )
        .await;
        confirmed(
            &running,
            Sign {
                text_version: 3,
                ..contribution(2)
            },
        )
        .await;
        let unknown = Sign {
            text_version: 4,
            ..contribution(3)
        };
        assert_eq!(
            running.sign(unknown).await,
            SignAnswer::NotOpen,
            "{kind:?}: nobody has read that"
        );
        running.intake.tick().await.expect("tick");
        running.stop();
        let mut connections = store.connect().await;
        let rows = connections.main.query("SELECT version FROM signed_earlier", &[]).await;
        let rows = rows.expect("read");
        assert_eq!(rows.len(), 1, "{kind:?}");
        assert_eq!(rows[0].int(0).expect("a version"), 2);
        let differences = paraph::ledger::recount::compare(&mut connections.main).await;
        assert_eq!(differences.expect("read"), BTreeMap::default(), "{kind:?}");
    }
}

/// Time of the test below, which stands still until it is moved.
static NOON: AtomicU64 = AtomicU64::new(0);

#[tokio::test(flavor = "multi_thread")]
async fn names_appear_together_and_go_with_their_signature() {
    fn now() -> Millis {
        Millis(NOON.load(Ordering::SeqCst))
    }
    for kind in Kind::BOTH {
        NOON.store((clock::now().0 / DAY + 2) * DAY + DAY / 2, Ordering::SeqCst);
        let store = Store::new(kind);
        let running = store.start_by(now, 0).await;
        let mut named = Vec::new();
        for mailbox in 0..15 {
            named.push(confirmed(&running, asking(mailbox, true, false)).await);
        }
        confirmed(&running, asking(50, false, true)).await;
        running.sign(asking(51, true, false)).await;
        for _ in 0..3 {
            running.intake.tick().await.expect("tick");
            assert_eq!(shown(&running), [], "{kind:?}: fifteen wait for company");
        }
        assert_eq!(running.counted(), 16, "{kind:?}");
        named.push(confirmed(&running, asking(15, true, false)).await);
        for _ in 0..2 {
            running.intake.tick().await.expect("tick");
        }
        let together = shown(&running);
        let backwards: Vec<SignatureId> = named.iter().rev().copied().collect();
        assert_ne!(together, named, "{kind:?}: not in the order of signing");
        assert_ne!(together, backwards, "{kind:?}: nor in its reverse");
        let mut sorted = together.clone();
        sorted.sort_unstable();
        named.sort_unstable();
        assert_eq!(sorted, named, "{kind:?}: those who wished it, confirmed, and no others");

        running.stop();
        let running = store.start_by(now, 0).await;
        assert_eq!(shown(&running), together, "{kind:?}: the same after a restart");
        running
            .intake
            .withdraw(together[3], WithdrawnBy::Mail)
            .await
            .expect("withdrawn");
        running.intake.tick().await.expect("tick");
        let left: Vec<SignatureId> = together.iter().copied().filter(|id| *id != together[3]).collect();
        assert_eq!(shown(&running), left, "{kind:?}: gone with the next tick");

        let alone = confirmed(&running, asking(60, true, false)).await;
        for _ in 0..3 {
            running.intake.tick().await.expect("tick");
            assert_eq!(shown(&running), left, "{kind:?}: one name waits until the day is over");
        }
        NOON.fetch_add(DAY / 2 + 60_000, Ordering::SeqCst);
        for _ in 0..2 {
            running.intake.tick().await.expect("tick");
        }
        assert_eq!(shown(&running)[0], alone, "{kind:?}");
        running.stop();
        let mut connections = store.connect().await;
        let rows = connections
            .main
            .query("SELECT 1 FROM shown_name", &[])
            .await
            .expect("read");
        assert_eq!(rows.len(), 16, "{kind:?}: erased, not hidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_goes_once_to_each_mailbox_that_asked_and_after_the_mail_that_confirms() {
    for kind in Kind::BOTH {
        let store = Store::new(kind);
        let running = store.start(0).await;
        let mut asked = Vec::new();
        for mailbox in 0..10 {
            asked.push(confirmed(&running, asking(mailbox, false, true)).await);
        }
        confirmed(&running, asking(20, true, false)).await;
        running.sign(asking(21, false, true)).await;
        let gone = confirmed(&running, asking(22, false, true)).await;
        running
            .intake
            .withdraw(gone, WithdrawnBy::Mail)
            .await
            .expect("withdrawn");
        let stopped = asking(23, false, true);
        let stop = Wish {
            kind: MailKind::News,
            address: stopped.address_tag,
            stop: true,
        };
        confirmed(&running, stopped).await;
        running.intake.stop_mail(stop).await.expect("recorded");
        let lost = asking(25, false, true);
        let bounced = Bounced {
            address: lost.address_tag,
            hard: true,
        };
        confirmed(&running, lost).await;
        running.intake.bounced(vec![bounced]).await.expect("recorded");
        // Ten, as many as it reaches below.
        let (number, subscribers) = (1, 10);
        assert_eq!(
            post(&running).await,
            PetitionAnswer::Posted { number, subscribers },
            "{kind:?}"
        );
        confirmed(&running, asking(24, false, true)).await;

        assert_eq!(
            running.intake.claim_news(100).await,
            Ok(vec![]),
            "{kind:?}: a mail that confirms is due"
        );
        let mails = running.intake.claim_mail(100).await.expect("claimed");
        assert_eq!(mails.len(), 1);
        let sent = mails.into_iter().map(|mail| (mail, MailOutcome::Sent)).collect();
        running.intake.mail_done(sent).await.expect("told");

        let mut claimed = running.intake.claim_news(4).await.expect("claimed");
        assert_eq!(claimed.len(), 4, "{kind:?}");
        // Whoever claimed them is killed; the rest is gone through after a restart, nobody twice.
        running.stop();
        let running = store.start(0).await;
        for _ in 0..5 {
            let more = running.intake.claim_news(4).await.expect("claimed");
            let sent = more.iter().map(|mail| (*mail, MailOutcome::Sent)).collect();
            running.intake.news_done(sent).await.expect("told");
            claimed.extend(more);
        }
        let mut reached: Vec<SignatureId> = claimed.iter().map(|mail| mail.signature).collect();
        reached.sort_unstable();
        asked.sort_unstable();
        assert_eq!(reached, asked, "{kind:?}: each once, and nobody else");

        // A second update on the same day waits for the budget of each address; nothing is dropped.
        let again = post(&running).await;
        assert!(matches!(again, PetitionAnswer::Posted { number: 2, .. }), "{kind:?}");
        let second = running.intake.claim_news(100).await.expect("claimed");
        assert_eq!(second.len(), 1, "{kind:?}: only who had none today");
        running.stop();
        let mut connections = store.connect().await;
        let put_off = "SELECT 1 FROM news_outbox WHERE number = 2 AND attempts = 0";
        let put_off = connections.main.query(put_off, &[]).await.expect("read");
        assert_eq!(put_off.len(), 10, "{kind:?}");
    }
}

fn file(site: &Site, name: &str, text: &str) -> String {
    fs::write(site.place().join(name), text).expect("written");
    name.to_owned()
}

/// Signs with these fields beside name and address, and confirms.
fn sign_with(site: &Site, server: &Server, person: &str, more: &[(&str, &str)]) -> Letter {
    let mut client = server.client();
    let (clearance, email) = (
        client.clearance("fountain").expect("solved"),
        format!("{person}@people.example"),
    );
    let mut fields = vec![("name", person), ("email", &email), ("altcha", &clearance)];
    fields.extend(more);
    let answer = client.post_json("/p/fountain/sign", &form(&fields));
    assert_eq!(answer.status, 202, "{answer:?}");
    let letter = site.mail_to(&email);
    assert_eq!(
        client.post_json(&letter.link("confirm"), "").json()["status"],
        "confirmed"
    );
    letter
}

#[test]
fn an_author_changes_the_text_beside_a_running_server_and_nothing_signed_changes() {
    let site = Site::new();
    site.petition("fountain");
    let server = site.start();
    let mut client = server.client();
    let page = client.get("/p/fountain?lang=en").text();
    assert!(
        page.contains("name=\"text_version\" value=\"1\"") && !page.contains("/versions"),
        "{page}"
    );

    let text = file(
        &site,
        "new.txt",
        "The fountain has been dry for three years.\n\nRepair it.\n",
    );
    let first = file(
        &site,
        "first.txt",
        "# those who came first\nZoé <Exemple> | master plumber\n\u{202e}Bo\n",
    );
    let refused = site.run(&["petition", "edit", "--slug", "fountain"]);
    assert!(
        refused.code == 2 && refused.stderr.contains("--addressee"),
        "{}",
        refused.stderr
    );
    let refused = site.run(&[
        "petition",
        "edit",
        "--slug",
        "fountain",
        "--video",
        "javascript:alert(1)",
    ]);
    assert!(
        refused.code == 2 && refused.stderr.contains("--video"),
        "{}",
        refused.stderr
    );
    let ran = site.run(&[
        "petition",
        "edit",
        "--slug",
        "fountain",
        "--text",
        &text,
        "--title",
        "A dry square no more",
        "--addressee",
        "The council",
        "--first-signatories",
        &first,
        "--video",
        "https://video.example.org/w/abc",
        "--json",
    ]);
    assert_eq!(
        (ran.code, ran.json()["text_version"].as_u64()),
        (0, Some(2)),
        "{}",
        ran.stderr
    );
    let page = until("the new version is shown", || {
        let answer = client.get("/p/fountain?lang=en");
        answer.text().contains("three years").then_some(answer)
    });
    let policy = page.header("content-security-policy").expect("a policy").to_owned();
    assert!(policy.ends_with("; frame-src https://video.example.org"), "{policy}");
    let page = page.text();
    for expected in [
        "The council",
        "Zoé &#60;Exemple&#62;",
        "master plumber",
        "Version 2 of the text.",
        "/p/fountain/versions",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    assert!(
        !page.contains("iframe")
            && !client
                .get("/privacy")
                .header("content-security-policy")
                .expect("one")
                .contains("frame-src")
    );
    let version = client.get("/p/fountain/versions/2?lang=en").text();
    assert!(
        version.contains("two </del>") && version.contains("three </ins>"),
        "{version}"
    );
    assert!(client.get("/p/fountain/versions/1").text().contains("two years"));
    assert_eq!(client.get("/p/fountain/versions/3").status, 404);

    // A form that stood open since before signs the version that its reader saw, and says so.
    let sign = client.get("/p/fountain/sign?lang=en&text_version=1").text();
    assert!(
        sign.contains("name=\"text_version\" value=\"1\"") && sign.contains("class=\"earlier\""),
        "{sign}"
    );
    let letter = sign_with(&site, &server, "early", &[("text_version", "1")]);
    let shown = client.get(&format!("{}?lang=en", letter.link("withdraw"))).text();
    assert!(shown.contains("/p/fountain/versions/1"), "{shown}");
    // Its title is that of the version: on the form, in the mail, on the pages behind it and in the receipt.
    let receipt = client.post_json(&letter.link("confirm"), "").json()["receipt"]["title"].to_string();
    for told in [&sign, &letter.text, &shown, &receipt] {
        assert!(
            told.contains("Repair the fountain") && !told.contains("A dry square"),
            "{told}"
        );
    }
    let letter = sign_with(&site, &server, "late", &[("text_version", "2")]);
    assert!(!client.get(&letter.link("withdraw")).text().contains("/versions/"));
    for wrong in ["3", "0", "x"] {
        let clearance = client.clearance("fountain").expect("solved");
        let body = form(&[
            ("name", "a b"),
            ("email", "ada@people.example"),
            ("altcha", &clearance),
            ("text_version", wrong),
        ]);
        let answer = client.post_json("/p/fountain/sign", &body);
        assert_eq!(answer.outcome(), (400, "invalid_form".to_owned()), "{wrong}");
    }
    let told = site.run(&["petition", "show", "fountain", "--json"]).json();
    assert_eq!(told["content"]["versions"][1]["addressee"], "The council", "{told}");
    assert_eq!(site.number("SELECT COUNT(*) FROM signed_earlier"), 1);
    assert_eq!(server.settled("fountain")["counted"], 2);
    // One of two is a cell of one: it is not said.
    assert!(!client.get("/p/fountain?lang=en").text().contains("of the counted"));
    site.recount();
    server.stop();
}

#[test]
fn names_are_shown_from_the_sealed_records_alone() {
    let mut site = Site::new();
    site.set("limits.names_batch", 2);
    site.petition("fountain");
    let server = site.start();
    let hidden = "Nomdecache Example";
    sign_with(&site, &server, hidden.split(' ').next().expect("a word"), &[]);
    let letter = sign_with(&site, &server, "Quillfeather", &[("show_name", "on")]);
    sign_with(&site, &server, "Marzipan", &[("show_name", "on")]);
    let page = |server: &Server| server.client().get("/p/fountain").text();
    until("both names", || {
        let page = page(&server);
        (page.contains("Quillfeather") && page.contains("Marzipan")).then_some(())
    });
    assert!(!page(&server).contains("Nomdecache"));
    server.kill();
    // Not in the store in clear: neither in the file nor in its log.
    for name in ["paraph.db", "paraph.db-wal"] {
        let bytes = fs::read(site.data().join(name)).unwrap_or_default();
        assert!(!bytes.windows(12).any(|window| window == b"Quillfeather"), "{name}");
    }
    let server = site.start();
    until("both again", || page(&server).contains("Quillfeather").then_some(()));
    server.client().post_json(&letter.link("withdraw"), "");
    until("gone with the next tick", || {
        (!page(&server).contains("Quillfeather")).then_some(())
    });
    assert!(page(&server).contains("Marzipan"));
    server.stop();
}

#[test]
fn updates_reach_those_who_asked_once_across_a_kill_and_stopping_them_withdraws_nothing() {
    let site = Site::new();
    site.petition("fountain");
    let server = site.start();
    for person in ["ada", "bo", "cy"] {
        sign_with(&site, &server, person, &[("news", "on")]);
    }
    sign_with(&site, &server, "dee", &[]);
    assert_eq!(server.settled("fountain")["counted"], 4);
    let text = file(&site, "update.txt", "The council votes on Monday.\n\n- be there\n");
    let draft = [
        "petition", "update", "--slug", "nowhere", "--title", "T", "--text", &text,
    ];
    assert_eq!(site.run(&draft).code, 1);
    let ran = site.run(&[
        "petition",
        "update",
        "--slug",
        "fountain",
        "--title",
        "They <vote>\u{fffe}",
        "--text",
        &text,
        "--json",
    ]);
    assert_eq!(ran.json()["subscribers"], 3, "{}", ran.stderr);
    let news = |site: &Site| -> Vec<Letter> {
        let letters = site.mails().into_iter();
        letters
            .filter(|letter| letter.text.contains("votes on Monday"))
            .collect()
    };
    until("the first mail of the update", || {
        (!news(&site).is_empty()).then_some(())
    });
    server.kill();
    let server = site.start();
    // What was claimed when the server was killed is claimed again after ten minutes; let them pass.
    until("all three", || {
        site.store()
            .execute("UPDATE news_outbox SET due_at = 0", [])
            .expect("time passes");
        (news(&site).len() >= 3).then_some(())
    });
    until("nothing is left to send", || {
        let left = site.number("SELECT COUNT(*) FROM news_outbox")
            + site.number("SELECT COUNT(*) FROM petition_update WHERE mailing = 1");
        (left == 0).then_some(())
    });
    let mut to: Vec<String> = news(&site).into_iter().map(|letter| letter.to).collect();
    to.sort();
    to.dedup();
    assert_eq!(to, ["ada@people.example", "bo@people.example", "cy@people.example"]);

    let mut client = server.client();
    let feed = client.get("/p/fountain/updates.atom");
    assert_eq!(feed.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    assert!(
        feed.text().contains("They &lt;vote&gt;")
            && feed.text().contains("/updates/1")
            && !feed.text().contains('\u{fffe}'),
        "{}",
        feed.text()
    );
    for page in ["/p/fountain?lang=fr", "/p/fountain/updates", "/p/fountain/updates/1"] {
        assert!(client.get(page).text().contains("They &#60;vote&#62;"), "{page}");
    }
    assert_eq!(client.get("/p/fountain/updates/2").status, 404);

    let letter = news(&site).remove(0);
    let stop = letter.stop_link();
    assert_eq!(client.post(&stop, "List-Unsubscribe=One-Click").status, 200);
    site.store()
        .execute("UPDATE news_sent SET at = at - 90000000", [])
        .expect("a day passes");
    let text = file(&site, "second.txt", "It passed.\n");
    let ran = site.run(&[
        "petition", "update", "--slug", "fountain", "--title", "Passed", "--text", &text,
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    until("the second update", || {
        (site.number("SELECT COUNT(*) FROM petition_update WHERE mailing = 1") == 0).then_some(())
    });
    until("and its mails", || {
        (site.number("SELECT COUNT(*) FROM news_outbox") == 0).then_some(())
    });
    let second: Vec<String> = site
        .mails()
        .into_iter()
        .filter(|mail| mail.text.contains("It passed."))
        .map(|mail| mail.to)
        .collect();
    assert!(second.len() == 2 && !second.contains(&letter.to), "{second:?}");
    assert_eq!(server.settled("fountain")["counted"], 4, "nobody has withdrawn");
    server.stop();
}
