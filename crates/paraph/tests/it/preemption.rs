//! A forger enters people's addresses first, so that dedupe or the mail budget keeps them from signing. It does not.

use crate::client::Client;
use crate::server::{Letter, Server, Site, until};

const SLUG: &str = "fountain";

/// The form on a confirmation page that confirms the contribution of this name, wherever it is listed.
fn own(client: &mut Client, letter: &Letter, name: &str) -> String {
    let first = letter.link("confirm");
    let mut path = first.clone();
    loop {
        let page = client.get(&path);
        assert_eq!(page.status, 200, "{page:?}");
        let html = page.text().replace("&#38;", "&").replace("&amp;", "&");
        let listed = html.split("<div class=\"paper").find(|part| part.contains(name));
        if let Some(part) = listed {
            let start = part.find("action=\"/confirm/").expect("a form") + "action=\"".len();
            return part[start..].split(['"', '?']).next().expect("a path").to_owned();
        }
        // Further down the pile.
        let older = html
            .split("href=\"")
            .find_map(|part| part.split('"').next().filter(|link| link.contains("before=")));
        path = older
            .unwrap_or_else(|| panic!("{name} is nowhere in {html}"))
            .to_owned();
    }
}

fn mailed(site: &Site, people: usize) -> Vec<Letter> {
    until("a mail for everybody", || {
        let mails = site.mails();
        (mails.len() >= people).then_some(mails)
    })
}

fn confirmed(server: &Server, link: &str) {
    let answer = server.client().post_json(link, "");
    assert_eq!(answer.json()["status"], "confirmed", "{answer:?}");
}

#[test]
fn people_entered_first_by_a_forger_all_sign_and_are_counted() {
    const VICTIMS: usize = 100;
    let site = Site::new();
    site.petition(SLUG);
    let server = site.start();
    let mut client = server.client();
    let address = |victim| format!("victim{victim}@people.example");
    for victim in 0..VICTIMS {
        client.sign(SLUG, "Forged Name", &address(victim));
    }
    // The mails are there, and say what the forger wrote. Then their readers sign themselves.
    let letters = mailed(&site, VICTIMS);
    for victim in 0..VICTIMS {
        client.sign(SLUG, &format!("Ada Victim {victim}."), &address(victim));
    }
    for victim in 0..VICTIMS {
        let letter = letters
            .iter()
            .find(|letter| letter.to == address(victim))
            .expect("a mail");
        let link = own(&mut client, letter, &format!("Ada Victim {victim}."));
        assert_ne!(link, letter.link("confirm"), "the mail itself is about the forger's");
        confirmed(&server, &link);
    }
    assert_eq!(server.settled(SLUG)["counted"], VICTIMS as u64);
    assert_eq!(site.recount()[SLUG], VICTIMS as u64);
    assert_eq!(site.mails().len(), VICTIMS, "one mail each");
    assert_eq!(site.number("SELECT COUNT(*) FROM outbox"), 0, "and none to come");
    assert_eq!(
        site.number("SELECT COUNT(*) FROM signature WHERE waiting = 1"),
        VICTIMS as u64,
        "the forger's"
    );

    // Whoever presses the forger's button too signed once; and who withdraws does not leave it that place.
    let again = client.post_json(&letters[0].link("confirm"), "").json();
    assert_eq!(again["already"], true, "{again}");
    assert_eq!(server.settled(SLUG)["counted"], VICTIMS as u64);
    let link = format!("/withdraw/{}", again["withdraw"].as_str().expect("a token"));
    assert_eq!(client.post_json(&link, "").json()["status"], "withdrawn");
    assert_eq!(server.settled(SLUG)["counted"], VICTIMS as u64 - 1);
    assert_eq!(site.recount()[SLUG], VICTIMS as u64 - 1);
}

/// Naming somebody a hundred times buries their own contribution under the forger's, and does not hide it.
#[test]
fn a_buried_contribution_is_still_found_through_the_first_mail() {
    let mut site = Site::new();
    site.set("limits.waiting_shown", 20);
    site.petition(SLUG);
    let server = site.start();
    let mut client = server.client();
    client.sign(SLUG, "Forged First", "ada@people.example");
    let letter = mailed(&site, 1).remove(0);
    client.sign(SLUG, "Ada Herself", "ada@people.example");
    for number in 0..100 {
        client.sign(
            SLUG,
            &format!("Forged {number}"),
            &format!("ada+{number}@people.example"),
        );
    }
    let link = own(&mut client, &letter, "Ada Herself");
    confirmed(&server, &link);
    assert_eq!(server.settled(SLUG)["counted"], 1);
    assert_eq!(site.mails().len(), 1);
}

/// All mails of the day to somebody are spent on other petitions. Any of them leads to the contribution that is their own.
#[test]
fn mails_spent_on_other_petitions_keep_nobody_from_signing_the_same_day() {
    let mut site = Site::new();
    site.set("limits.waiting_shown", 20);
    let others = ["bench", "lamp", "well", "gate"];
    for slug in others.iter().chain([&SLUG]) {
        site.petition(slug);
    }
    let server = site.start();
    let mut client = server.client();
    for slug in &others[..3] {
        client.sign(slug, "Forged Name", "ada@people.example");
    }
    let letters = mailed(&site, 3);
    client.sign(SLUG, "Ada Herself", "ada@people.example");
    for number in 0..50 {
        let alias = format!("ada+{number}@people.example");
        client.sign(others[3], &format!("Forged {number}"), &alias);
    }
    until("no more mail is due today", || {
        (site.number("SELECT COUNT(*) FROM outbox WHERE held = 2") == 2).then_some(())
    });
    let link = own(&mut client, &letters[1], "Ada Herself");
    confirmed(&server, &link);
    assert_eq!(server.settled(SLUG)["counted"], 1);
    assert_eq!(site.mails().len(), 3, "and no mail more");

    // Behind a mail whose own contribution is confirmed too; and not for another address.
    confirmed(&server, &letters[0].link("confirm"));
    client.sign(SLUG, "Bea Somebody", "bea@people.example");
    let page = client.get(&letters[0].link("confirm")).text();
    assert!(page.contains("Forged 49") && !page.contains("Bea Somebody"), "{page}");
}

/// "It wasn't me" ends what the forger entered, and takes nothing from who signs afterwards.
#[test]
fn disowning_frees_the_address() {
    let site = Site::new();
    site.petition(SLUG);
    let server = site.start();
    let mut client = server.client();
    client.sign(SLUG, "Forged Name", "ada@people.example");
    let letter = mailed(&site, 1).remove(0);
    let disowned = client.post_json(&letter.link("not-me"), "choice=erase");
    assert_eq!(disowned.json()["status"], "disowned");
    assert_eq!(
        client.post_json(&letter.link("confirm"), "").status,
        410,
        "the forger's is over"
    );
    client.sign(SLUG, "Ada Herself", "ada@people.example");
    site.store().execute("DELETE FROM mail_sent", []).expect("a day passes");
    site.store()
        .execute("UPDATE outbox SET due_at = 0", [])
        .expect("a day passes");
    let letters = mailed(&site, 2);
    let own = letters
        .iter()
        .find(|second| second.text != letter.text)
        .expect("a second mail");
    confirmed(&server, &own.link("confirm"));
    assert_eq!(server.settled(SLUG)["counted"], 1);
}
