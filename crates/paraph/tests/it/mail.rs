//! Mail servers that are dead, die, or hang; budgets of one address; and what never reaches a log.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::client::form;
use crate::server::{Letter, Server, Site, is_full, until};

/// How a mail server behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Takes everything.
    Well,
    /// Takes this many letters, then breaks off each connection in the middle of the letter.
    DiesAfter(u64),
    /// Accepts connections and says nothing.
    Hangs,
    /// Takes a second to say "later" to every letter for this domain, and takes all others.
    Defers(&'static str),
}

/// A mail server on a port that stays its own, whether it lives or not.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    letters: Arc<Mutex<Vec<Letter>>>,
    deferred: Arc<AtomicU64>,
    drips: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Sink {
    pub(crate) fn start(address: SocketAddr, mood: Mood) -> Self {
        let listener = TcpListener::bind(address).expect("its port");
        let address = listener.local_addr().expect("bound");
        let (letters, stop, taken) = (
            Arc::<Mutex<Vec<_>>>::default(),
            Arc::<AtomicBool>::default(),
            Arc::default(),
        );
        let deferred = Arc::<AtomicU64>::default();
        let drips = Arc::<AtomicBool>::default();
        let slow = Arc::clone(&drips);
        let (kept, stopped, later) = (Arc::clone(&letters), Arc::clone(&stop), Arc::clone(&deferred));
        let accepting = std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (stream, kept, taken) = (stream.expect("accepted"), Arc::clone(&kept), Arc::clone(&taken));
                let (later, slow) = (Arc::clone(&later), Arc::clone(&slow));
                match mood {
                    Mood::Hangs => held.push(stream),
                    _ => drop(std::thread::spawn(move || {
                        converse(&stream, mood, &kept, &taken, &later, slow)
                    })),
                }
            }
        });
        Self {
            address,
            letters,
            deferred,
            drips,
            stop,
            accepting: Some(accepting),
        }
    }

    pub(crate) fn free() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }

    /// Letters that it put off.
    pub(crate) fn deferred(&self) -> u64 {
        self.deferred.load(Ordering::SeqCst)
    }

    /// Reads a few bytes at a time from now on, or as fast as they come again.
    pub(crate) fn drip(&self, slow: bool) {
        self.drips.store(slow, Ordering::SeqCst);
    }

    /// What it has taken and may still take from connections that outlive it.
    pub(crate) fn taken(&self) -> Arc<Mutex<Vec<Letter>>> {
        Arc::clone(&self.letters)
    }

    pub(crate) fn letters(&self) -> Vec<Letter> {
        self.letters.lock().expect("no panic").clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // The one connection that lets it see the flag.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            accepting.join().expect("no panic");
        }
    }
}

/// What is read of a connection: while the server is slow, 16 bytes each 50 ms, so that a letter takes half a minute.
struct Drip<'a>(&'a TcpStream, Arc<AtomicBool>);

impl Read for Drip<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let mut most = out.len();
        if self.1.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(50));
            most = most.min(16);
        }
        self.0.read(&mut out[..most])
    }
}

/// SMTP, as much of it as one polite client needs (RFC 5321). `None`: the connection is gone.
fn converse(
    stream: &TcpStream,
    mood: Mood,
    kept: &Mutex<Vec<Letter>>,
    taken: &AtomicU64,
    deferred: &AtomicU64,
    drips: Arc<AtomicBool>,
) -> Option<()> {
    let mut from = None;
    let mut reader = BufReader::new(Drip(stream, drips));
    let mut writer = stream;
    writer.write_all(b"220 sink.example\r\n").ok()?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let answer: &[u8] = match line.get(..4).unwrap_or_default() {
            "EHLO" => b"250-sink.example\r\n250 8BITMIME\r\n",
            "MAIL" => {
                let path = line.split(['<', '>']).nth(1);
                from = path.map(str::to_owned);
                b"250 ok\r\n"
            }
            "RCPT" if matches!(mood, Mood::Defers(domain) if line.contains(domain)) => {
                std::thread::sleep(Duration::from_secs(1));
                deferred.fetch_add(1, Ordering::SeqCst);
                b"451 4.7.1 later\r\n"
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").ok()?;
                let mut raw = String::new();
                while reader.read_line(&mut raw).ok()? > 0 && !raw.ends_with("\r\n.\r\n") {
                    let dies = matches!(mood, Mood::DiesAfter(most) if taken.load(Ordering::SeqCst) >= most);
                    if dies {
                        return None;
                    }
                }
                taken.fetch_add(1, Ordering::SeqCst);
                kept.lock().expect("no panic").push(Letter {
                    from: from.clone(),
                    ..Letter::read(raw.as_bytes())
                });
                b"250 kept\r\n"
            }
            "QUIT" => {
                writer.write_all(b"221 bye\r\n").ok()?;
                return None;
            }
            _ => b"250 ok\r\n",
        };
        writer.write_all(answer).ok()?;
    }
}

fn site_with_mail_to(address: SocketAddr) -> Site {
    let mut site = Site::new();
    site.set("mail.smtp", format!("smtp://{address}"));
    site.set("mail.from", "petitions@site.example");
    site.petition("fountain");
    site
}

/// Signs for these people; nobody is refused, and nobody waits for a mail server.
fn sign_all(server: &Server, people: std::ops::Range<u32>) {
    let mut client = server.client();
    for person in people {
        let began = Instant::now();
        client.sign("fountain", "Ada Example", &format!("ada{person}@people.example"));
        assert!(began.elapsed() < Duration::from_secs(5), "signing waited for mail");
    }
}

fn attempted(site: &Site, people: u32) {
    until("every letter was tried", || {
        let untried = site.number("SELECT COUNT(*) FROM outbox WHERE attempts = 0");
        let known = site.number("SELECT COUNT(*) FROM mail_sent");
        (untried == 0 && known == u64::from(people)).then_some(())
    });
}

/// The pauses between attempts pass at once.
fn time_passes(site: &Site) {
    site.store()
        .execute("UPDATE outbox SET due_at = 0", [])
        .expect("time passes");
}

fn one_each(sink: &Sink, people: u32) {
    until("a letter for everybody", || {
        (sink.letters().len() >= people as usize).then_some(())
    });
    let mut to = BTreeMap::<String, u32>::new();
    for letter in sink.letters() {
        *to.entry(letter.to).or_default() += 1;
    }
    assert!(
        to.len() == people as usize && to.values().all(|letters| *letters == 1),
        "{to:?}"
    );
}

#[test]
fn a_dead_mail_server_delays_mail_and_nothing_else() {
    // A port that is nobody's: bound once, let go, and taken again when the server is back.
    let nobody = TcpListener::bind(Sink::free()).expect("a port");
    let address = nobody.local_addr().expect("bound");
    drop(nobody);
    let site = site_with_mail_to(address);
    let server = site.start();
    sign_all(&server, 0..30);
    attempted(&site, 30);
    assert_eq!(server.settled("fountain")["counted"], 0);

    let sink = Sink::start(address, Mood::Well);
    if is_full() {
        // The first pause, as long as it really is: one to two minutes.
        let deadline = Instant::now() + Duration::from_secs(150);
        while sink.letters().len() < 30 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(200));
        }
    } else {
        time_passes(&site);
    }
    one_each(&sink, 30);
    let link = sink.letters()[0].link("confirm");
    assert_eq!(server.client().post_json(&link, "").json()["status"], "confirmed");
    server.stop();
}

/// Everything is due, and nothing can be read: as with no descriptors left, or a disk that fails.
#[test]
fn mail_that_cannot_be_prepared_rests_and_says_so_once() {
    let nobody = TcpListener::bind(Sink::free()).expect("a port");
    let address = nobody.local_addr().expect("bound");
    drop(nobody);
    let site = site_with_mail_to(address);
    let server = site.start();
    sign_all(&server, 0..60);
    attempted(&site, 60);
    site.store()
        .execute_batch("ALTER TABLE vault RENAME TO away")
        .expect("what mails are made of is away");
    // What had been prepared by then has found nobody there before somebody is.
    std::thread::sleep(Duration::from_secs(1));
    let sink = Sink::start(address, Mood::Well);
    time_passes(&site);
    let told = || site.logged().matches("a mail could not be prepared").count();
    until("it is noticed", || (told() > 0).then_some(()));
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(4) {
        time_passes(&site);
        std::thread::sleep(Duration::from_millis(100));
    }
    // One that had been prepared just before may make it look over for a moment.
    assert!(told() <= 2, "sixty mails, and {} lines", told());
    let tried = site.number("SELECT SUM(attempts) FROM outbox");
    assert!(tried < 60 * 2 + 60, "tried {tried} times in all");
    assert_eq!(sink.letters().len(), 0);

    site.store()
        .execute_batch("ALTER TABLE away RENAME TO vault")
        .expect("back");
    until("everything is sent", || {
        time_passes(&site);
        (sink.letters().len() >= 60).then_some(())
    });
    one_each(&sink, 60);
    assert!(site.logged().contains("mails can be prepared again"));
    server.stop();
}

#[test]
fn a_mail_server_that_dies_under_load_delays_mail_and_nothing_else() {
    let dying = Sink::start(Sink::free(), Mood::DiesAfter(10));
    let site = site_with_mail_to(dying.address);
    let server = site.start();
    sign_all(&server, 0..60);
    attempted(&site, 60);
    until("it has taken what it takes", || {
        (dying.letters().len() >= 10).then_some(())
    });
    let (address, taken) = (dying.address, dying.letters());
    drop(dying);
    sign_all(&server, 60..70);
    attempted(&site, 70);

    let sink = until("its port", || {
        let free = TcpListener::bind(address).is_ok();
        free.then(|| Sink::start(address, Mood::Well))
    });
    sink.letters.lock().expect("no panic").extend(taken);
    until("everything is sent", || {
        time_passes(&site);
        (sink.letters().len() >= 70).then_some(())
    });
    one_each(&sink, 70);
    until("the outbox is empty", || {
        (site.number("SELECT COUNT(*) FROM outbox") == 0).then_some(())
    });
    server.stop();
}

#[test]
fn a_mail_server_that_hangs_holds_nobody_up() {
    let hanging = Sink::start(Sink::free(), Mood::Hangs);
    let mut site = site_with_mail_to(hanging.address);
    site.set("limits.drain_seconds", 1);
    let server = site.start();
    sign_all(&server, 0..40);
    assert_eq!(server.settled("fountain")["counted"], 0);
    assert_eq!(server.client().get("/p/fountain").status, 200);
}

/// One address, five petitions, many contributions each: three mails that day, one about each petition, none lost.
#[test]
fn one_address_gets_three_mails_a_day_at_most() {
    let site = Site::new();
    let slugs: Vec<String> = (0..5).map(|number| format!("p{number}")).collect();
    for slug in &slugs {
        site.petition(slug);
    }
    let server = site.start();
    let mut client = server.client();
    for _ in 0..3 {
        for slug in &slugs {
            client.sign(slug, "Forged Name", "victim@people.example");
            client.sign(slug, "Forged Name", "Victim+tag@people.example");
        }
    }
    until("three are sent, and it is written down", || {
        let on_their_way = site.number("SELECT COUNT(*) FROM outbox WHERE attempts > 0");
        (site.mails().len() == 3 && on_their_way == 0).then_some(())
    });
    // Whatever is done to the queue, the budget holds.
    time_passes(&site);
    until("they were put off again", || {
        (site.number("SELECT COUNT(*) FROM outbox WHERE due_at = 0") == 0).then_some(())
    });
    assert_eq!(site.mails().len(), 3);
    server.kill();
    let server = site.start();
    time_passes(&site);
    until("and again", || {
        (site.number("SELECT COUNT(*) FROM outbox WHERE due_at = 0") == 0).then_some(())
    });
    assert_eq!(site.mails().len(), 3);

    // A day later the next ones go: nothing was dropped.
    site.store()
        .execute("UPDATE mail_sent SET at = at - 90000000", [])
        .expect("a day passes");
    time_passes(&site);
    until("the rest", || (site.mails().len() >= 5).then_some(()));
    server.stop();
}

/// Strings that stand for people, planted everywhere, and found in no log, metric or number.
#[test]
fn nothing_personal_is_logged_or_measured() {
    const PLANTED: [&str; 8] = [
        "Zebedee",
        "Quillfeather",
        "zebedee.q",
        "quill.example",
        "QX7 9PL",
        "marzipan",
        "badtypist",
        "x-planted",
    ];
    let dying = Sink::start(Sink::free(), Mood::DiesAfter(1));
    let mut site = site_with_mail_to(dying.address);
    site.export("PARAPH_LOG", "trace");
    let server = site.start();
    let mut client = server.client();
    let mut tokens = Vec::new();
    for number in 0..5 {
        let clearance = client.clearance("fountain").expect("solved");
        let email = format!("zebedee.q{number}@quill.example");
        let body = form(&[
            ("name", "Zebedee Quillfeather"),
            ("email", &email),
            ("postcode", "QX7 9PL"),
            ("comment", "marzipan"),
            ("altcha", &clearance),
        ]);
        let planted = [
            ("x-planted", "marzipan"),
            ("user-agent", "badtypist"),
            crate::client::FORM,
            crate::client::JSON,
        ];
        let answer = client
            .ask("POST", "/p/fountain/sign", &planted, body.as_bytes())
            .expect("an answer");
        assert_eq!(answer.status, 202);
        tokens.push(clearance);
    }
    client.post(
        "/p/fountain/sign",
        "name=Zebedee+Quillfeather&email=badtypist&marzipan=1",
    );
    client.get("/confirm/marzipanmarzipanmarzipan?before=badtypist");
    client.get("/p/badtypist");
    until("one letter", || (!dying.letters().is_empty()).then_some(()));
    attempted(&site, 5);
    until("a failure is told", || {
        site.logged().contains("will be tried again").then_some(())
    });
    let letter = dying.letters().remove(0);
    let confirmed = client.post_json(&letter.link("confirm"), "").json();
    tokens.extend(["confirm", "not-me"].map(|kind| letter.link(kind).rsplit('/').next().expect("a token").to_owned()));
    tokens.push(confirmed["withdraw"].as_str().expect("a token").to_owned());
    for secret in ["receipt_secret", "withdrawal_secret"] {
        tokens.push(confirmed["receipt"][secret].as_str().expect("a secret").to_owned());
    }
    server.settled("fountain");
    client.post_json(&format!("/withdraw/{}", tokens[7]), "");
    let metrics = server.metrics();
    assert!(
        metrics.contains("paraph_requests_total") && metrics.contains("paraph_mails_total"),
        "{metrics}"
    );
    server.stop();

    let logged = site.logged();
    assert!(
        logged.contains("serving") && logged.contains("will be tried again"),
        "{logged}"
    );
    for (what, text) in [("the log", logged), ("the metrics", metrics)] {
        let text = text.to_lowercase();
        for planted in PLANTED.iter().map(ToString::to_string).chain(tokens.iter().cloned()) {
            assert!(!text.contains(&planted.to_lowercase()), "{planted} is in {what}");
        }
    }
}
