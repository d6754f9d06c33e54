//! What one accepted signature costs the server in CPU, the verification of its puzzle apart.
//!
//! The real server, in a process of its own, under people who fetch a challenge or a form with a ticket and send it back
//! filled in, each over one connection of their own that a PROXY header opens. The puzzle is one guess; its
//! verification, measured on the same core in the same round, is taken off. The way without script has no puzzle.

use std::process::Stdio;
use std::time::{Duration, Instant};

use altcha::{Challenge, Payload, SolveChallengeOptions, solve_challenge};
use data_encoding::BASE64;
use futures_util::{StreamExt, TryStreamExt};
use paraph::admit::challenge::{Price, Puzzles};
use paraph::clock;
use paraph::limits::Limits;
use paraph_drill::{Camp, Sink};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::finding::{Bar, Finding};
use crate::people::{Person, get};
use crate::server::{Mail, SLUG, Server, first_line};
use crate::wire::{Connection, Opening, client};
use crate::{Outcome, machine};

/// First argument of the process that verifies puzzles.
pub(crate) const VERIFY_ROLE: &str = "verify-puzzles";

/// Signatures of one round.
const ROUND: u32 = 2000;
/// People who are about it at the same time.
const AT_ONCE: usize = 32;
const VERIFICATIONS: u32 = 1000;
const BAR: Bar = Bar::AtMost(200.0);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Script,
    Plain,
}

/// CPU microseconds of one round, for each signature.
struct Round {
    issuing: f64,
    signing: f64,
    mailing: f64,
    verifying: f64,
}

/// Challenge, form and commit, while mail waits.
pub(crate) fn measure(rounds: usize) -> Outcome<Vec<Finding>> {
    let mut bench = Bench::new()?;
    // Takes connections, or seems to, and never says a word: mail waits for it and costs nothing meanwhile.
    let silent = bench.runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let silent = silent.local_addr()?.to_string();
    let script = bench.rounds(Way::Script, Mail::Smtp(&silent), rounds)?;
    let plain = bench.rounds(Way::Plain, Mail::Smtp(&silent), rounds)?;
    let without = "the mail server takes connections and says nothing";
    Ok(vec![
        bench.finding("form and commit", &script, Round::posting, BAR, without),
        bench.finding(
            "form and commit, without script",
            &plain,
            Round::posting,
            BAR,
            "no puzzle, nothing taken off",
        ),
        bench.finding(
            "challenge, form, commit, no mail",
            &script,
            Round::whole,
            BAR,
            "one connection a person, opened by a PROXY header",
        ),
        bench.finding(
            "the challenge alone",
            &script,
            |round| round.issuing,
            Bar::None,
            "with the connection",
        ),
        bench.finding(
            "the form with a ticket alone",
            &plain,
            |round| round.issuing,
            Bar::None,
            "rendered for each, with the connection",
        ),
        bench.finding(
            "one verification, in no other figure",
            &script,
            |round| round.verifying,
            Bar::None,
            "1,000 rounds of PBKDF2",
        ),
    ])
}

/// The same with its mail.
pub(crate) fn measure_mail(rounds: usize) -> Outcome<Vec<Finding>> {
    let mut bench = Bench::new()?;
    // One loader that is a crowd is lockstep: scrutiny would hold it, and mail for who is held does not leave.
    bench.watched = false;
    let smtp = bench.sink.smtp_addr().to_string();
    let sent = bench.rounds(Way::Script, Mail::Smtp(&smtp), rounds)?;
    let maildir = bench.rounds(Way::Script, Mail::Maildir, rounds)?;
    let mailed = "what is left when all forms are in, without scrutiny";
    Ok(vec![
        bench.finding(
            "challenge, form, commit, mail over SMTP",
            &sent,
            Round::whole,
            Bar::None,
            "without scrutiny",
        ),
        bench.finding(
            "the mail alone, over SMTP",
            &sent,
            |round| round.mailing,
            Bar::None,
            mailed,
        ),
        bench.finding(
            "all of it, mail into a Maildir",
            &maildir,
            Round::whole,
            Bar::None,
            "two fsync a mail, without scrutiny",
        ),
    ])
}

impl Round {
    fn whole(&self) -> f64 {
        self.issuing + self.posting() + self.mailing
    }

    fn posting(&self) -> f64 {
        self.signing - self.verifying
    }
}

struct Bench {
    runtime: Runtime,
    _post_office: Runtime,
    separate: bool,
    people: u32,
    /// Thrown away at the end: a file system that forgets thousands of files is busy with it for seconds.
    places: Vec<tempfile::TempDir>,
    sink: Sink,
    /// Whether scrutiny looks, as it does by default.
    watched: bool,
}

impl Bench {
    fn new() -> Outcome<Self> {
        let separate = machine::separates();
        if separate {
            machine::leave_servers_core()?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // On a thread of its own, which shares the loader's core: a server that waits for its mail server is not measured.
        let post_office = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let sink = post_office.block_on(Sink::start())?;
        Ok(Self {
            runtime,
            _post_office: post_office,
            separate,
            people: 0,
            places: Vec::new(),
            sink,
            watched: true,
        })
    }

    fn finding(&self, what: &str, rounds: &[Round], part: fn(&Round) -> f64, bar: Bar, note: &str) -> Finding {
        Finding {
            what: format!("server CPU per accepted signature: {what}"),
            unit: "us",
            ours: rounds.iter().map(part).collect(),
            baseline: Vec::new(),
            bar,
            note: format!(
                "{note}; {ROUND} signatures a round, {AT_ONCE} people at once, {}",
                machine::sharing(self.separate)
            ),
        }
    }

    fn rounds(&mut self, way: Way, mail: Mail<'_>, rounds: usize) -> Outcome<Vec<Round>> {
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let server = Server::start_signing(place.path(), mail, self.watched, self.separate)?;
        // One round for connections, pages and statements that are made once.
        self.round(way, mail, &server)?;
        let measured = (0..rounds).map(|_| self.round(way, mail, &server)).collect();
        drop(server);
        self.places.push(place);
        measured
    }

    fn round(&mut self, way: Way, mail: Mail<'_>, server: &Server) -> Outcome<Round> {
        let people = self.people..self.people + ROUND;
        self.people = people.end;
        let per_signature = 1e6 / f64::from(ROUND);
        let verifying = match way {
            Way::Script => self.verification()?,
            Way::Plain => 0.0,
        };
        let begun = machine::cpu_seconds(server.id())?;
        let path = match way {
            Way::Script => format!("/p/{SLUG}/challenge"),
            Way::Plain => format!("/p/{SLUG}/sign"),
        };
        self.sink
            .expect(Camp::Honest, people.clone().map(|index| Person(index).email()));
        let mailed = self.sink.seen(Camp::Honest).mails;
        let mut connections: Vec<Option<Connection>> = people.clone().map(|_| None).collect();
        let asking: Vec<Vec<u8>> = people.clone().map(|_| get(&path)).collect();
        let asked = all(&server.address, &mut connections, &asking, 200);
        let issued = self.runtime.block_on(asked)?;
        let after_issuing = machine::cpu_seconds(server.id())?;

        let mut forms = Vec::new();
        for (index, answer) in people.zip(&issued) {
            let proof = match way {
                Way::Script => solved(answer)?,
                Way::Plain => ticket(answer)?,
            };
            forms.push(Person(index).request(&proof));
        }
        // What happens by itself, every quarter of a second and every minute, is small but nobody's signature.
        let before = machine::cpu_seconds(server.id())?;
        let signed = all(&server.address, &mut connections, &forms, 303);
        self.runtime.block_on(signed)?;
        drop(connections);
        let after_signing = machine::cpu_seconds(server.id())?;
        if matches!(mail, Mail::Smtp(address) if address == self.sink.smtp_addr().to_string()) {
            self.until_mailed(mailed + u64::from(ROUND))?;
        }
        self.runtime.block_on(quiet(server.id()))?;
        let after_mailing = machine::cpu_seconds(server.id())?;
        Ok(Round {
            issuing: (after_issuing - begun) * per_signature,
            signing: (after_signing - before) * per_signature,
            mailing: (after_mailing - after_signing) * per_signature,
            verifying,
        })
    }

    /// Waits until every mail has arrived.
    fn until_mailed(&self, mails: u64) -> Outcome<()> {
        let longest = Instant::now() + Duration::from_secs(120);
        while self.sink.seen(Camp::Honest).mails < mails {
            if Instant::now() > longest {
                return Err("mail did not arrive".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Microseconds of one verification, on the server's core.
    fn verification(&self) -> Outcome<f64> {
        let me = std::env::current_exe()?;
        let mut process = machine::on_servers_core(&me.to_string_lossy(), self.separate)
            .args([VERIFY_ROLE, &VERIFICATIONS.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let said = first_line(&mut process)?;
        process.wait()?;
        Ok(said.parse()?)
    }
}

/// So many clients sign once each, with script.
pub(crate) fn sign_once(address: &str, clients: usize) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut connections: Vec<Option<Connection>> = (0..clients).map(|_| None).collect();
    let asking = vec![get(&format!("/p/{SLUG}/challenge")); clients];
    let issued = runtime.block_on(all(address, &mut connections, &asking, 200))?;
    let mut forms = Vec::new();
    for (index, answer) in (0..).zip(&issued) {
        forms.push(Person(index).request(&solved(answer)?));
    }
    runtime.block_on(all(address, &mut connections, &forms, 303))?;
    Ok(())
}

/// Waits until the server has nothing left to do: mails were written, and nothing but clocks ticks.
async fn quiet(process: u32) -> Outcome<()> {
    const STEP: Duration = Duration::from_millis(600);
    let longest = Instant::now() + Duration::from_secs(120);
    let mut before = machine::cpu_seconds(process)?;
    loop {
        tokio::time::sleep(STEP).await;
        let now = machine::cpu_seconds(process)?;
        if now - before < 0.015 {
            return Ok(());
        }
        if Instant::now() > longest {
            return Err("the server does not come to rest".into());
        }
        before = now;
    }
}

/// Sends every request over its person's connection, opened if need be, so many at once; the answers in the same order.
pub(crate) async fn all(
    address: &str,
    connections: &mut [Option<Connection>],
    requests: &[Vec<u8>],
    expected: u16,
) -> Outcome<Vec<Vec<u8>>> {
    let people = connections.iter_mut().zip(requests).enumerate();
    let exchanges = people.map(async |(index, (place, request))| {
        let mut connection = match place.take() {
            Some(connection) => connection,
            None => Connection::open(address, Opening::Proxied(client(index))).await?,
        };
        let (status, answer) = connection.exchange(request).await?;
        if status != expected {
            let said = String::from_utf8_lossy(answer);
            return Err(format!("status {status} instead of {expected}: {said}").into());
        }
        let answer = answer.to_vec();
        *place = Some(connection);
        Outcome::Ok(answer)
    });
    futures_util::stream::iter(exchanges)
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

fn body(answer: &[u8]) -> Outcome<&str> {
    let (_, body) = std::str::from_utf8(answer)?.split_once("\r\n\r\n").ok_or("no body")?;
    Ok(body)
}

/// The solution of a challenge, as the widget sends it.
pub(crate) fn solved(answer: &[u8]) -> Outcome<String> {
    let challenge: Challenge = serde_json::from_str(body(answer)?)?;
    let solution = solve_challenge(SolveChallengeOptions::new(&challenge))?.ok_or("a puzzle without solution")?;
    let payload = serde_json::to_vec(&Payload { challenge, solution })?;
    let escaped = BASE64
        .encode(&payload)
        .replace('+', "%2B")
        .replace('=', "%3D")
        .replace('/', "%2F");
    Ok(format!("altcha={escaped}"))
}

/// The ticket in a form.
fn ticket(answer: &[u8]) -> Outcome<String> {
    let (_, rest) = body(answer)?
        .split_once("name=\"ticket\" value=\"")
        .ok_or("no ticket")?;
    let (ticket, _) = rest.split_once('"').ok_or("no end of the ticket")?;
    Ok(format!("ticket={ticket}"))
}

/// Verifies one puzzle so many times, and prints the microseconds of CPU that each took.
pub(crate) fn verify(calls: u32) -> Outcome<()> {
    let limits = Limits::default();
    let puzzles = Puzzles::new(b"a key for nothing but this measurement", Price::Drill, &limits)?;
    let now = clock::now();
    let challenge = puzzles.issue(SLUG, u32::try_from(limits.puzzle_rounds)?, [1; 16], [2; 16], now)?;
    let solution = solve_challenge(SolveChallengeOptions::new(&challenge))?.ok_or("a puzzle without solution")?;
    let sent = BASE64.encode(&serde_json::to_vec(&Payload { challenge, solution })?);
    let clearance = puzzles.check(SLUG, &sent, now).map_err(|error| error.label())?;
    let before = machine::cpu_seconds(std::process::id())?;
    for _ in 0..calls {
        if !puzzles.verify(&clearance) {
            return Err("a solution that does not hold".into());
        }
    }
    let seconds = machine::cpu_seconds(std::process::id())? - before;
    println!("{}", 1e6 * seconds / f64::from(calls));
    Ok(())
}
