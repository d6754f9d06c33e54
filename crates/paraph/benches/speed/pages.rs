//! What the door costs: pages and numbers from memory, and the refusal of a forgery, against a bare hyper server that
//! gives the very same bytes.

use std::path::Path;
use std::time::Duration;

use data_encoding::BASE64;
use paraph::admit::challenge::{Price, Puzzles};
use paraph::clock;
use paraph::limits::Limits;
use paraph_tally::Millis;
use serde_json::json;

use crate::bare::Bare;
use crate::finding::{Bar, Finding};
use crate::people::{get, post};
use crate::server::{Mail, Refusing, SLUG, Server};
use crate::signature;
use crate::wire::{Opening, client, fetch, hammer};
use crate::{Outcome, machine};

const CONNECTIONS: usize = 32;
const ROUND: Duration = Duration::from_secs(2);

/// The petition's page and its count, as a browser asks for them: compressed, over connections that stay open.
pub(crate) fn measure(rounds: usize) -> Outcome<Vec<Finding>> {
    let page = get(&format!("/p/{SLUG}"));
    let count = get(&format!("/p/{SLUG}/count.json"));
    against_bare(
        rounds,
        |place, separate| Server::start(place, Mail::Maildir, separate),
        &[
            ("GET /p/{slug} from memory", page, 200, Bars::rate(0.7)),
            ("GET /p/{slug}/count.json from memory", count, 200, Bars::rate(0.7)),
        ],
    )
}

/// What is turned away: banned, with its budget used up, and with a clearance that is right in everything but its signature.
pub(crate) fn measure_refusals(rounds: usize) -> Outcome<Vec<Finding>> {
    let (html, json) = (forged_form(false)?, forged_form(true)?);
    let refusing = |refusing, case| {
        let start = move |place: &Path, separate| {
            let server = Server::start_refusing(place, refusing, separate)?;
            if refusing == Refusing::ByBudget {
                // It is used up until this minute ends.
                std::thread::sleep(Duration::from_millis(60_000 - clock::now().0 % 60_000));
                signature::sign_once(&server.address, CONNECTIONS)?;
            }
            Ok(server)
        };
        against_bare(rounds, start, &[case])
    };
    let banned = ("banned, as JSON", json.clone(), 403, Bars::work(CPU_OF_BAN_OR_BUDGET));
    let spent = (
        "budget used up, as JSON",
        json.clone(),
        429,
        Bars::work(CPU_OF_BAN_OR_BUDGET),
    );
    let mut findings = refusing(Refusing::ByBan, banned)?;
    findings.extend(refusing(Refusing::ByBudget, spent)?);
    findings.extend(against_bare(
        rounds,
        |place, separate| Server::start(place, Mail::Maildir, separate),
        &[
            (
                "forged clearance refused, as JSON",
                json,
                403,
                Bars::work(CPU_OF_FORGERY),
            ),
            (
                "forged clearance refused, with the form again",
                html,
                403,
                Bars::work(CPU_OF_FORGERY),
            ),
        ],
    )?);
    Ok(findings)
}

/// Processor time of a refusal, as a multiple of the bare server's.
const CPU_OF_BAN_OR_BUDGET: f64 = 1.2;
const CPU_OF_FORGERY: f64 = 1.7;

/// What is wanted of the rate, and of the requests for each second of the server's processor.
struct Bars {
    rate: Bar,
    work: Bar,
}

impl Bars {
    fn rate(ratio: f64) -> Self {
        Self {
            rate: Bar::Ratio(ratio),
            work: Bar::None,
        }
    }

    /// At most so many times the bare server's processor time.
    fn work(times: f64) -> Self {
        Self {
            rate: Bar::None,
            work: Bar::Ratio(1.0 / times),
        }
    }
}

type Case<'a> = (&'a str, Vec<u8>, u16, Bars);

fn against_bare(
    rounds: usize,
    start: impl Fn(&Path, bool) -> Outcome<Server>,
    cases: &[Case<'_>],
) -> Outcome<Vec<Finding>> {
    let separate = machine::separates();
    if separate {
        machine::leave_servers_core()?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let ours = start(place.path(), separate)?;
    let mut findings = Vec::new();
    for (what, request, status, bars) in cases {
        let one = || fetch(&ours.address, Opening::Proxied(client(0)), request);
        let answer = runtime.block_on(one())?;
        if answer.status != *status {
            return Err(format!("{what}: status {}", answer.status).into());
        }
        let bare = Bare::start(place.path(), &answer, separate)?;
        let bytes = answer.body.len();
        let note = |more: &str| {
            format!(
                "{bytes} bytes, {CONNECTIONS} connections, {}{more}",
                machine::sharing(separate)
            )
        };
        let finding = |unit, bar, more| Finding {
            what: (*what).to_owned(),
            unit,
            ours: Vec::new(),
            baseline: Vec::new(),
            bar,
            note: note(more),
        };
        let mut rate = finding("requests/s", bars.rate, "");
        let mut work = finding(
            "requests/CPU-s",
            bars.work,
            "; requests for each second of the server's CPU",
        );
        for _ in 0..rounds {
            let one = |address: &str, proxied, process| -> Outcome<(f64, f64)> {
                let before = machine::cpu_seconds(process)?;
                let hammering = hammer(address, proxied, CONNECTIONS, ROUND, (request, *status));
                let per_second = runtime.block_on(hammering)?;
                let busy = (machine::cpu_seconds(process)? - before) / ROUND.as_secs_f64();
                Ok((per_second, per_second / busy))
            };
            let (per_second, per_cpu) = one(&ours.address, true, ours.id())?;
            rate.ours.push(per_second);
            work.ours.push(per_cpu);
            let (per_second, per_cpu) = one(&bare.address, false, bare.id())?;
            rate.baseline.push(per_second);
            work.baseline.push(per_cpu);
        }
        findings.extend([rate, work]);
    }
    Ok(findings)
}

/// A form whose clearance nobody signed, from a browser or from a script that wants JSON.
pub(crate) fn forged_form(json: bool) -> Outcome<Vec<u8>> {
    let body = format!(
        "altcha={}&name=Zoe&email=zoe%40mail.example&postcode=&country=&comment=&website=",
        forged(clock::now())?.replace('+', "%2B").replace('=', "%3D")
    );
    if !json {
        return Ok(post(&body, ""));
    }
    let form = String::from_utf8(post(&body, "Accept: application/json\r\n"))?;
    // The second Accept is the one that a browser would not send beside it.
    let lines = form.lines().filter(|line| !line.starts_with("Accept: text/html"));
    Ok(lines.collect::<Vec<_>>().join("\r\n").into_bytes())
}

/// A solved challenge, signed with a key of the forger's own.
fn forged(now: Millis) -> Outcome<String> {
    let limits = Limits::default();
    let puzzles = Puzzles::new(b"a key that the forger made up himself", Price::Drill, &limits)?;
    let rounds = u32::try_from(limits.puzzle_rounds)?;
    let challenge = puzzles.issue(SLUG, rounds, [1; 16], [2; 16], now)?;
    let solution = json!({ "counter": 0, "derivedKey": "00".repeat(32) });
    let payload = json!({ "challenge": challenge, "solution": solution });
    Ok(BASE64.encode(payload.to_string().as_bytes()))
}
