//! Killed at random instants under load: what was acknowledged is kept, and nothing is counted twice.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use crate::client::{Client, FORM, JSON};
use crate::server::{Server, Site, is_full, until};

/// People who sign at the same time.
const WORKERS: u64 = 6;
const SLUG: &str = "fountain";

/// Random numbers that a seed gives again (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }
}

/// What the client knows of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Sent; no answer came.
    Unanswered,
    /// Acknowledged.
    Done,
}

/// What the clients sent, and what they know became of it. Written down before and after each request.
#[derive(Default)]
struct Diary {
    /// Contributions by body, each with a clearance of its own: the address, and what is known.
    signed: BTreeMap<String, (String, Known)>,
    /// Confirmations by address: the link, and what is known.
    confirmed: BTreeMap<String, (String, Known)>,
    /// Withdrawals by address.
    withdrawn: BTreeMap<String, (String, Known)>,
    /// Tokens of withdrawal by address.
    may_withdraw: BTreeMap<String, String>,
}

impl Diary {
    fn unanswered(&self) -> u64 {
        self.signed
            .values()
            .filter(|(_, known)| *known == Known::Unanswered)
            .count() as u64
    }

    /// How many must be counted at least, and at most.
    fn range(&self) -> (u64, u64) {
        let knows = |book: &BTreeMap<String, (String, Known)>, address| book.get(address).map(|(_, known)| *known);
        let (mut least, mut most) = (0, 0);
        for (address, (_, confirmed)) in &self.confirmed {
            let withdrawn = knows(&self.withdrawn, address);
            least += u64::from(*confirmed == Known::Done && withdrawn.is_none());
            most += u64::from(withdrawn != Some(Known::Done));
        }
        (least, most)
    }
}

fn lock(diary: &Mutex<Diary>) -> MutexGuard<'_, Diary> {
    diary.lock().expect("no worker panicked")
}

/// One worker until the server is gone.
fn work(mut client: Client, site: &Site, diary: &Mutex<Diary>, mut dice: Dice, name: &str) -> io::Result<()> {
    let mut signed = 0;
    loop {
        match dice.roll(10) {
            0..6 => {
                signed += 1;
                // One in ten signs twice, with another clearance.
                let person = signed - u64::from(signed > 1 && dice.roll(10) == 0);
                let address = format!("{name}-{person}@people.example");
                let body = client.filled(SLUG, "Ada Example", &address)?;
                sign(&mut client, diary, &body, &address)?;
            }
            6..7 => {
                let again = lock(diary).signed.iter().nth(dice.roll(20) as usize).map(both);
                again.map_or(Ok(()), |(body, to)| sign(&mut client, diary, &body, &to))?;
            }
            7..9 => {
                let links = site
                    .mails()
                    .into_iter()
                    .map(|letter| (letter.link("confirm"), letter.to));
                let fresh = |(_, to): &(String, String)| {
                    let diary = lock(diary);
                    to.starts_with(name) && !diary.confirmed.contains_key(to)
                };
                if let Some((link, to)) = links.into_iter().find(fresh) {
                    confirm(&mut client, diary, &to, link)?;
                }
            }
            _ => {
                let mine = |(to, _): &(&String, &String)| to.starts_with(name);
                let found = {
                    let diary = lock(diary);
                    let mut all = diary.may_withdraw.iter().filter(mine);
                    all.next().map(|(to, token)| (to.clone(), format!("/withdraw/{token}")))
                };
                if let Some((to, link)) = found {
                    withdraw(&mut client, diary, &to, link)?;
                }
            }
        }
    }
}

fn both((key, (value, _)): (&String, &(String, Known))) -> (String, String) {
    (key.clone(), value.clone())
}

fn ask(client: &mut Client, link: &str, body: &str) -> io::Result<crate::client::Answer> {
    client.ask("POST", link, &[FORM, JSON], body.as_bytes())
}

fn sign(client: &mut Client, diary: &Mutex<Diary>, body: &str, to: &str) -> io::Result<()> {
    let unanswered = (to.to_owned(), Known::Unanswered);
    lock(diary).signed.entry(body.to_owned()).or_insert(unanswered);
    let answer = ask(client, &format!("/p/{SLUG}/sign"), body)?;
    match answer.status {
        202 => lock(diary).signed.get_mut(body).expect("written down").1 = Known::Done,
        503 => assert!(answer.header("retry-after").is_some(), "{answer:?}"),
        _ => panic!("{answer:?}"),
    }
    Ok(())
}

fn confirm(client: &mut Client, diary: &Mutex<Diary>, to: &str, link: String) -> io::Result<()> {
    let unanswered = (link.clone(), Known::Unanswered);
    lock(diary).confirmed.insert(to.to_owned(), unanswered);
    let answer = ask(client, &link, "")?;
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = answer.json()["withdraw"].as_str().expect("a token").to_owned();
    let mut diary = lock(diary);
    diary.confirmed.insert(to.to_owned(), (link, Known::Done));
    diary.may_withdraw.insert(to.to_owned(), token);
    Ok(())
}

fn withdraw(client: &mut Client, diary: &Mutex<Diary>, to: &str, link: String) -> io::Result<()> {
    let unanswered = (link.clone(), Known::Unanswered);
    let mut open = lock(diary);
    open.may_withdraw.remove(to);
    open.withdrawn.insert(to.to_owned(), unanswered);
    drop(open);
    let answer = ask(client, &link, "")?;
    assert_eq!(answer.status, 200, "{answer:?}");
    lock(diary).withdrawn.insert(to.to_owned(), (link, Known::Done));
    Ok(())
}

/// Everybody works until the server is killed at an instant that the seed chose.
fn one_round(site: &Site, server: Server, diary: &Mutex<Diary>, round: u64) {
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let client = server.client();
            let dice = Dice(round << 8 | worker);
            scope.spawn(move || {
                // It ends with the connection that the kill broke.
                drop(work(client, site, diary, dice, &format!("r{round}w{worker}")));
            });
        }
        // A hundred short rounds meet more instants than twenty long ones; three have to be long enough to confirm somebody.
        let longest = if is_full() { 400 } else { 700 };
        std::thread::sleep(Duration::from_millis(40 + Dice(round).roll(longest)));
        server.kill();
    });
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_counted_twice() {
    let mut site = Site::new();
    site.set("limits.lane_wait_ms", 10_000);
    // Everybody is at one domain, whose pace is not what is tested.
    site.set("limits.mail_per_minute", 100_000);
    site.petition(SLUG);
    let diary = Mutex::new(Diary::default());
    let rounds = if is_full() { 100 } else { 3 };
    for round in 0..rounds {
        one_round(&site, site.start(), &diary, round);
        // Beside no server at all, in the state in which the kill left it.
        let counted = site.recount()[SLUG];
        let (_, most) = lock(&diary).range();
        assert!(counted <= most, "round {round}: {counted} of at most {most}");
    }

    let server = site.start();
    let (least, most) = lock(&diary).range();
    let counted = server.settled(SLUG)["counted"].as_u64().expect("a number");
    assert!((least..=most).contains(&counted), "{counted}, not in {least}..={most}");
    // On a machine that is busy with other things a round confirms few.
    assert!(least >= rounds.min(20), "too little load: {least} counted");
    every_body_gets_the_same_answer_again(&site, &server, &diary);
    every_contribution_gets_its_mail(&site, &server, &diary);
    every_question_has_one_answer(&site, &server, &diary);
}

/// Acknowledged or not: sent once more, each body is in, and in once.
fn every_body_gets_the_same_answer_again(site: &Site, server: &Server, diary: &Mutex<Diary>) {
    let (all, unanswered) = {
        let diary = lock(diary);
        (diary.signed.len() as u64, diary.unanswered())
    };
    let sent = |site: &Site| site.number("SELECT COUNT(*) FROM signature");
    assert!(sent(site) + unanswered >= all, "an acknowledged contribution is lost");
    assert!(sent(site) <= all, "a body was taken in twice");
    let mut client = server.client();
    let bodies: Vec<_> = lock(diary).signed.iter().map(both).collect();
    for (body, to) in &bodies {
        sign(&mut client, diary, body, to).expect("an answer");
    }
    assert_eq!(lock(diary).unanswered(), 0, "all are acknowledged now");
    assert_eq!(sent(site), all, "each body is one contribution");
    assert_eq!(site.number("SELECT COUNT(*) FROM nonce"), all);
    let unopened = "SELECT COUNT(*) FROM signature WHERE waiting = 1 AND id NOT IN (SELECT id FROM vault)";
    assert_eq!(site.number(unopened), 0, "each has its record");
}

/// Mails that were claimed by a process that died go out ten minutes later: as if they had passed.
fn every_contribution_gets_its_mail(site: &Site, server: &Server, diary: &Mutex<Diary>) {
    let store = site.store();
    store.execute("UPDATE outbox SET due_at = 0", []).expect("time passes");
    let wanted: BTreeSet<String> = lock(diary).signed.values().map(|(to, _)| to.clone()).collect();
    until("a mail for everybody", || {
        let written: BTreeSet<String> = site.mails().into_iter().map(|letter| letter.to).collect();
        wanted.is_subset(&written).then_some(())
    });
    // Every letter opens: the record's key was kept with it.
    let mut client = server.client();
    for letter in site.mails() {
        let status = client.get(&letter.link("confirm")).status;
        let is_withdrawn = lock(diary).withdrawn.contains_key(&letter.to);
        assert!(
            status == 200 || (is_withdrawn && status == 410),
            "{status} for {}",
            letter.to
        );
    }
}

/// Asked again, what was left open is answered, and then the count is exact.
fn every_question_has_one_answer(site: &Site, server: &Server, diary: &Mutex<Diary>) {
    let mut client = server.client();
    let open = |book: &BTreeMap<String, (String, Known)>| -> Vec<(String, String)> {
        book.iter()
            .filter(|(_, (_, known))| *known == Known::Unanswered)
            .map(both)
            .collect()
    };
    let (confirmations, withdrawals) = {
        let diary = lock(diary);
        (open(&diary.confirmed), open(&diary.withdrawn))
    };
    for (to, link) in confirmations {
        confirm(&mut client, diary, &to, link).expect("an answer");
    }
    for (to, link) in withdrawals {
        withdraw(&mut client, diary, &to, link).expect("an answer");
    }
    let (least, most) = lock(diary).range();
    assert_eq!(least, most);
    let count = server.settled(SLUG);
    assert_eq!(count["counted"], least, "{count}");
    // Only who had been counted is shown as withdrawn.
    assert!(
        count["withdrawn"].as_u64() <= Some(lock(diary).withdrawn.len() as u64),
        "{count}"
    );
    assert_eq!(site.recount()[SLUG], least);
}
