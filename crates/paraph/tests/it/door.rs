//! One clearance, one contribution: whatever is sent at the same time, and whatever dies in between.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::client::{Answer, Client, form};
use crate::server::{PATIENCE, Server, Site, is_full, until};

const CONNECTIONS: usize = 200;

/// Sends a body until the server has time for it. A repeat may be told to come back while the first one is in work.
fn answered(client: &mut Client, body: &str) -> Answer {
    let mut tries = 0;
    until("the server has time", || {
        let answer = client.post_json("/p/fountain/sign", body);
        tries += 1;
        if answer.status == 503 {
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            std::thread::sleep(Duration::from_millis(20 * tries));
        }
        (answer.status != 503).then_some(answer)
    })
}

/// Everybody sends at once: most of them one body, the others one of their own with the same clearance. Returns the
/// bodies that were told "check your mail".
fn rush(server: &Server, pass: (&str, &str), each: usize) -> Vec<String> {
    let start = Barrier::new(CONNECTIONS);
    let sent = AtomicUsize::new(0);
    let taken = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                let (mut client, start, sent) = (server.client(), &start, &sent);
                scope.spawn(move || {
                    // Every fifth connection is somebody else.
                    let own = if number % 5 == 0 { number } else { 1 };
                    let email = format!("ada{own}@people.example");
                    let body = form(&[("name", "Ada Example"), ("email", &email), pass]);
                    start.wait();
                    let mut taken = Vec::new();
                    for _ in 0..each {
                        let answer = answered(&mut client, &body);
                        sent.fetch_add(1, Ordering::Relaxed);
                        match answer.outcome() {
                            (202, _) => taken.push(body.clone()),
                            (403, code) if code == "clearance_refused" => {}
                            _ => panic!("{answer:?}"),
                        }
                    }
                    taken
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    assert_eq!(sent.into_inner(), CONNECTIONS * each);
    taken
}

fn one_of_many(pass: impl Fn(&mut Client) -> (&'static str, String), each: usize) {
    let mut site = Site::new();
    site.set("limits.connections_per_address", 4096);
    site.set("limits.lane_wait_ms", PATIENCE.as_millis());
    site.petition("fountain");
    let server = site.start();
    let (field, pass) = pass(&mut server.client());
    let pass = (field, pass.as_str());

    let taken = rush(&server, pass, each);
    let winner = taken.first().expect("somebody got in").clone();
    assert!(taken.iter().all(|body| *body == winner), "two bodies got in");
    let holders = if winner.contains("ada1%40") {
        CONNECTIONS / 5 * 4
    } else {
        1
    };
    assert_eq!(
        taken.len(),
        holders * each,
        "the same body, the same answer, every time"
    );
    let contributions = || site.number("SELECT COUNT(*) FROM signature");
    assert_eq!(contributions(), 1);

    // In an orderly way or not, it ends and comes back: what was spent stays spent.
    server.stop();
    for _ in 0..2 {
        let server = site.start();
        let taken = rush(&server, pass, 1);
        assert!(taken.len() == holders && taken.iter().all(|body| *body == winner));
        assert_eq!(contributions(), 1);
        server.kill();
    }
    let server = site.start();
    let mails = site.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(server.client().post_json(&mails[0].link("confirm"), "").status, 200);
    assert_eq!(server.settled("fountain")["counted"], 1);
    assert_eq!(site.recount()["fountain"], 1);
}

#[test]
fn of_10_000_concurrent_duplicates_of_one_clearance_one_is_admitted() {
    let each = if is_full() { 50 } else { 5 };
    one_of_many(|client| ("altcha", client.clearance("fountain").expect("solved")), each);
}

/// How many replays: `PARAPH_TEST_REPLAYS=1000000` for the million that `docs/benchmarks.md` records.
fn replays() -> usize {
    let asked = std::env::var("PARAPH_TEST_REPLAYS").ok();
    let asked = asked.map(|number| number.parse().expect("a number"));
    asked.unwrap_or(if is_full() { 100_000 } else { 4_000 })
}

/// Connections of the replays, and requests that each sends at once without waiting for answers.
const STREAMS: usize = 32;
const AHEAD: usize = 25;

/// Answers by status, of one request sent so many times over one connection.
fn replayed(server: &Server, body: &str, times: usize) -> BTreeMap<u16, usize> {
    let request = format!(
        "POST /p/fountain/sign HTTP/1.1\r\nhost: a\r\naccept: application/json\r\ncontent-type: \
         application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut answers = BTreeMap::new();
    let mut client = server.client();
    let mut left = times;
    while left > 0 {
        let ahead = left.min(AHEAD);
        client.send(request.repeat(ahead).as_bytes()).expect("sent");
        for _ in 0..ahead {
            let answer = client.receive(false).expect("an answer");
            *answers.entry(answer.status).or_default() += 1;
        }
        left -= ahead;
    }
    answers
}

/// Half of the connections replay the body that was admitted, half the same clearance under bodies of their own.
fn replay(server: &Server, admitted: &str, clearance: &str, times: usize) -> BTreeMap<u16, usize> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..STREAMS)
            .map(|stream| {
                scope.spawn(move || {
                    let email = format!("other{stream}@people.example");
                    let other = form(&[("name", "Ada Example"), ("email", &email), ("altcha", clearance)]);
                    let body = if stream % 2 == 0 { admitted } else { &other };
                    replayed(server, body, times.div_ceil(STREAMS))
                })
            })
            .collect();
        let mut all = BTreeMap::<u16, usize>::new();
        for thread in threads {
            for (status, count) in thread.join().expect("no panic") {
                *all.entry(status).or_default() += count;
            }
        }
        all
    })
}

#[test]
fn of_all_replays_of_one_clearance_none_is_admitted_concurrently_or_across_restarts() {
    let mut site = Site::new();
    // A million refusals a minute are more than any budget; here the nonce alone is to stand in the way.
    site.set("limits.connection_requests", 1_000_000);
    site.set("limits.lane_wait_ms", PATIENCE.as_millis());
    site.petition("fountain");
    let mut server = site.start();
    let clearance = server.client().clearance("fountain").expect("solved");
    let admitted = form(&[
        ("name", "Ada Example"),
        ("email", "ada@people.example"),
        ("altcha", &clearance),
    ]);
    assert_eq!(server.client().post_json("/p/fountain/sign", &admitted).status, 202);
    let (all, began) = (replays(), Instant::now());
    let mut sent = 0;
    // The half over the first process, the rest over one that was told to end and one that was killed.
    for (process, times) in [all / 2, all / 4, all / 4].into_iter().enumerate() {
        let answers = replay(&server, &admitted, &clearance, times);
        sent += answers.values().sum::<usize>();
        let each = times.div_ceil(STREAMS) * STREAMS / 2;
        assert_eq!(answers, BTreeMap::from([(202, each), (403, each)]), "process {process}");
        assert_eq!(site.number("SELECT COUNT(*) FROM signature"), 1, "process {process}");
        if process == 0 {
            server.stop();
        } else {
            server.kill();
        }
        server = site.start();
    }
    println!("{sent} replays in {:.1} s", began.elapsed().as_secs_f64());
    assert_eq!(site.mails().len(), 1);
    assert_eq!(
        server.client().post_json(&site.mails()[0].link("confirm"), "").status,
        200
    );
    assert_eq!(server.settled("fountain")["counted"], 1);
    assert_eq!(site.recount()["fountain"], 1);
}

#[test]
fn of_many_concurrent_duplicates_of_one_ticket_one_is_admitted() {
    one_of_many(|client| ("ticket", client.get("/p/fountain/sign").hidden("ticket")), 5);
}

/// The store does not take anything for a while, as when its disk hangs: nobody is told what is not so, pages and
/// numbers stay there, and the same bodies are good afterwards.
#[test]
fn a_store_that_hangs_loses_nothing_and_promises_nothing() {
    let mut site = Site::new();
    site.set("limits.intake_queue", 64);
    site.set("limits.connections_per_address", 4096);
    site.petition("fountain");
    let server = site.start();
    let mut bodies = Vec::new();
    for person in 0..120 {
        let email = format!("ada{person}@people.example");
        bodies.push(
            server
                .client()
                .filled("fountain", "Ada Example", &email)
                .expect("solved"),
        );
    }

    let store = site.store();
    store.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let send = |body: &String| server.client().post_json("/p/fountain/sign", body);
        let threads: Vec<_> = bodies.iter().map(|body| scope.spawn(move || send(body))).collect();
        until("the queue is full", || {
            let full = threads.iter().filter(|thread| thread.is_finished()).count();
            (full >= bodies.len() - 64 - 2).then_some(())
        });
        let mut reader = server.client();
        assert_eq!(reader.get("/p/fountain").status, 200);
        assert_eq!(reader.get("/p/fountain/count.json").json()["counted"], 0);
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    for answer in &answers {
        assert_eq!(answer.outcome(), (503, "busy".to_owned()), "{answer:?}");
        let seconds: u64 = answer
            .header("retry-after")
            .and_then(|value| value.parse().ok())
            .expect("seconds");
        assert!((1..=60).contains(&seconds));
    }
    let jitter: std::collections::BTreeSet<_> = answers
        .iter()
        .filter_map(|answer| answer.header("retry-after"))
        .collect();
    assert!(jitter.len() > 3, "all would come back at once: {jitter:?}");
    assert_eq!(site.number("SELECT COUNT(*) FROM signature"), 0);

    store.execute_batch("ROLLBACK").expect("lets go");
    for body in &bodies {
        assert_eq!(answered(&mut server.client(), body).status, 202);
    }
    assert_eq!(site.number("SELECT COUNT(*) FROM signature"), bodies.len() as u64);
    until("a mail for everybody", || {
        (site.mails().len() == bodies.len()).then_some(())
    });
    site.recount();
}
