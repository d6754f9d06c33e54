//! Mail that is stopped by whoever reads the mailbox: what that does, and what it never does.

use crate::server::{Server, Site, until};

const ADDRESS: &str = "ada@people.example";

fn two_petitions() -> (Site, Server) {
    let site = Site::new();
    for slug in ["fountain", "river"] {
        site.petition(slug);
    }
    let server = site.start();
    (site, server)
}

#[test]
fn a_stop_withdraws_nothing_and_keeps_what_waits_until_it_is_lifted() {
    let (site, server) = two_petitions();
    let mut client = server.client();
    client.sign("fountain", "Ada Example", ADDRESS);
    let letter = site.mail_to(ADDRESS);
    client.post_json(&letter.link("confirm"), "");
    let stop = letter.stop_link();

    // A scanner opens every link, and guesses at others.
    assert_eq!(client.get(&stop).status, 200);
    let other = stop.replace(|c: char| c.is_ascii_digit(), "x") + "x";
    assert_eq!(client.post(&other, "List-Unsubscribe=One-Click").status, 404);
    assert_eq!(client.post(&stop, "anything=else").status, 400);
    assert_eq!(site.number("SELECT COUNT(*) FROM mail_stop"), 0);

    // The one press of a mail program, in the form of RFC 8058; once or often.
    for _ in 0..2 {
        assert_eq!(client.post(&stop, "List-Unsubscribe=One-Click").status, 200);
    }
    assert_eq!(site.number("SELECT COUNT(*) FROM mail_stop WHERE kind = 1"), 1);
    assert_eq!(server.settled("fountain")["counted"], 1, "nothing is withdrawn");

    // Aliases are the same mailbox. The contribution is taken in as ever; its mail waits.
    client.sign("river", "Ada Example", "Ada+river@people.example");
    until("the mail is put off", || {
        (site.number("SELECT COUNT(*) FROM outbox WHERE held = 1") == 1).then_some(())
    });
    assert_eq!(site.mails().len(), 1);

    assert_eq!(client.post(&stop, "choice=allow").status, 200);
    let letter = site.mail_to("Ada+river@people.example");
    client.post_json(&letter.link("confirm"), "");
    assert_eq!(server.settled("river")["counted"], 1);
    assert_eq!(site.number("SELECT COUNT(*) FROM mail_stop"), 0);
    server.stop();
}

/// Withdrawing erases all that is known of a signatory; the link of an old mail still lifts a stop.
#[test]
fn a_stop_can_be_lifted_from_any_mail_and_ends_by_itself() {
    let (site, server) = two_petitions();
    let mut client = server.client();
    client.sign("fountain", "Ada Example", ADDRESS);
    let letter = site.mail_to(ADDRESS);
    let page = client.get(&letter.link("not-me")).text();
    assert!(page.contains(&letter.stop_link()), "the page of any link leads there");
    client.post_json(&letter.link("confirm"), "");
    client.post(&letter.stop_link(), "choice=stop");
    client.post_json(&letter.link("withdraw"), "");
    assert!(client.get(&letter.stop_link()).text().contains("value=\"allow\""));

    site.store()
        .execute("UPDATE mail_stop SET until = 1", [])
        .expect("its days pass");
    client.sign("river", "Ada Example", ADDRESS);
    until("mail comes again", || (site.mails().len() == 2).then_some(()));
    until("and the stop is forgotten", || {
        (site.number("SELECT COUNT(*) FROM mail_stop") == 0).then_some(())
    });
    server.stop();
}
