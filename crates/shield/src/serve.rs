//! One connection after another, each from the one user that is served.

use std::collections::HashMap;
use std::io::{self, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use rustix::net::sockopt::socket_peercred;

use crate::net::Net;
use crate::protected::{Protected, gateways};
use crate::protocol::{Answer, BANS, Ban, ReadError, Request, Status};
use crate::table::Table;

/// For one read or write. The server sends what it has at once.
const PATIENCE: Duration = Duration::from_secs(2);

/// The helper.
pub struct Helper {
    /// The packet filter.
    pub table: Table,
    /// What is never banned.
    pub protected: Protected,
    /// Who is served, by user id.
    pub user: u32,
    /// What was banned and until when, for [`Request::List`] and for the bound. The kernel ends bans by itself.
    pub bans: HashMap<Net, Instant>,
}

impl Helper {
    /// Answers for as long as the process lives.
    pub fn serve(&mut self, listener: &UnixListener) {
        for stream in listener.incoming() {
            match stream {
                Ok(stream) => self.converse(stream),
                // Out of descriptors or memory: the next one may find some.
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// Answers on one connection until it ends. Whoever is not served is told so, and not listened to.
    fn converse(&mut self, mut stream: UnixStream) {
        let timed = stream
            .set_read_timeout(Some(PATIENCE))
            .and(stream.set_write_timeout(Some(PATIENCE)));
        let is_served = socket_peercred(&stream).is_ok_and(|peer| peer.uid.as_raw() == self.user);
        if timed.is_err() || !is_served {
            let _ = Answer::of(Status::NotYou).write(&mut stream);
            say("a connection of another user was refused");
            return;
        }
        loop {
            let answer = match Request::read(&mut stream) {
                Ok(Some(request)) => self.carry_out(request),
                Ok(None) | Err(ReadError::Io(_)) => return,
                Err(ReadError::Malformed) => {
                    let _ = Answer::of(Status::Malformed).write(&mut stream);
                    say("a request that is not of this protocol was refused");
                    return;
                }
            };
            if answer.write(&mut stream).is_err() {
                return;
            }
        }
    }

    fn carry_out(&mut self, request: Request) -> Answer {
        let now = Instant::now();
        self.bans.retain(|_, until| *until > now);
        match request {
            Request::Add(bans) => self.add(bans, now),
            Request::Delete(nets) => {
                let done = self.table.delete(&nets).map(|()| {
                    self.bans.retain(|net, _| !nets.contains(net));
                    nets.len()
                });
                answer(done, 0)
            }
            Request::Flush => {
                let done = self.table.flush().map(|()| {
                    let count = self.bans.len();
                    self.bans.clear();
                    count
                });
                answer(done, 0)
            }
            Request::List => {
                let left = |until: Instant| u32::try_from(until.duration_since(now).as_secs()).unwrap_or(0).max(1);
                let bans = self.bans.iter().map(|(net, until)| Ban {
                    net: *net,
                    seconds: left(*until),
                });
                Answer {
                    bans: bans.collect(),
                    ..Answer::of(Status::Done)
                }
            }
        }
    }

    fn add(&mut self, asked: Vec<Ban>, now: Instant) -> Answer {
        let gateways = gateways();
        let count = asked.len();
        // The last word on a network counts, and the kernel refuses to hear two in one transaction.
        let allowed: Vec<Ban> = asked
            .into_iter()
            .filter(|ban| !self.protected.hits(ban.net, &gateways))
            .collect();
        let refused = count - allowed.len();
        let allowed: HashMap<Net, u32> = allowed.into_iter().map(|ban| (ban.net, ban.seconds)).collect();
        let fresh = allowed.keys().filter(|net| !self.bans.contains_key(net)).count();
        if self.bans.len() + fresh > BANS {
            return Answer::of(Status::Full);
        }
        let bans: Vec<Ban> = allowed.into_iter().map(|(net, seconds)| Ban { net, seconds }).collect();
        let done = if bans.is_empty() { Ok(()) } else { self.table.add(&bans) };
        if done.is_ok() {
            let until = |ban: &Ban| (ban.net, now + Duration::from_secs(ban.seconds.into()));
            self.bans.extend(bans.iter().map(until));
        }
        answer(done.map(|()| count - refused), refused)
    }
}

/// One line on stderr, never an address. Whoever read it may be gone, which is no reason to end.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

fn answer(done: io::Result<usize>, refused: usize) -> Answer {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    match done {
        Ok(done) => Answer {
            done: number(done),
            refused: number(refused),
            ..Answer::of(Status::Done)
        },
        Err(error) => {
            say(&format!("the packet filter was not changed: {error}"));
            Answer::of(Status::Failed)
        }
    }
}
