//! The one table of nftables that is ours, and the one way to it: scripts on the standard input of `nft`.
//!
//! Scripts are made of typed addresses and numbers only; nothing that came over the socket is text. Each is one
//! transaction of the kernel: it happens as a whole or not at all.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::net::Net;
use crate::protocol::{BANS, Ban};

/// Name of the table, family `inet`. `nft delete table inet paraph_shield` undoes everything.
pub const TABLE: &str = "paraph_shield";

const SETS: [(&str, &str); 4] = [
    ("host4", "ipv4_addr"),
    ("wide4", "ipv4_addr"),
    ("host6", "ipv6_addr"),
    ("wide6", "ipv6_addr"),
];

/// Thousands of elements take a fifth of a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way to the packet filter.
#[derive(Clone, Debug)]
pub struct Table {
    /// The program, by its whole path.
    pub nft: PathBuf,
}

impl Table {
    /// Makes the table, empty, in place of one that is left from before. Packets to `ports` are looked at, no others:
    /// whoever is banned from a petition is not banned from the mail server beside it.
    ///
    /// # Errors
    /// See [`Table::run`].
    pub fn make(&self, ports: &[u16]) -> io::Result<()> {
        self.run(&make(ports))
    }

    /// Removes the table and with it every ban.
    ///
    /// # Errors
    /// See [`Table::run`].
    pub fn remove(&self) -> io::Result<()> {
        self.run(&format!("add table inet {TABLE}\ndelete table inet {TABLE}\n"))
    }

    /// Bans these; what is banned already gets the new time.
    ///
    /// # Errors
    /// See [`Table::run`].
    pub fn add(&self, bans: &[Ban]) -> io::Result<()> {
        self.run(&add(bans))
    }

    /// Bans these no longer.
    ///
    /// # Errors
    /// See [`Table::run`].
    pub fn delete(&self, nets: &[Net]) -> io::Result<()> {
        self.run(&delete(nets))
    }

    /// Bans nothing any longer.
    ///
    /// # Errors
    /// See [`Table::run`].
    pub fn flush(&self) -> io::Result<()> {
        self.run(&SETS.map(|(set, _)| format!("flush set inet {TABLE} {set}\n")).concat())
    }

    /// Hands a script to `nft`.
    ///
    /// # Errors
    /// It cannot be started, takes too long, or says no. What it says is not passed on: it would name addresses.
    fn run(&self, script: &str) -> io::Result<()> {
        let mut child = Command::new(&self.nft)
            .args(["-f", "-"])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        // nft reads all of it before it does anything. That it stops reading shows in its exit code.
        let written = child.stdin.take().map(|mut stdin| stdin.write_all(script.as_bytes()));
        let since = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if since.elapsed() > PATIENCE {
                child.kill()?;
                child.wait()?;
                return Err(io::Error::from(io::ErrorKind::TimedOut));
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        match written {
            Some(Ok(())) if status.success() => Ok(()),
            _ => Err(io::Error::other(format!("nft: {status}"))),
        }
    }
}

fn make(ports: &[u16]) -> String {
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    let mut script = format!("add table inet {TABLE}\ndelete table inet {TABLE}\ntable inet {TABLE} {{\n");
    for (set, kind) in SETS {
        script += &format!("  set {set} {{ type {kind}; flags timeout; size {BANS}; }}\n");
    }
    // Before connection tracking, so that a dropped packet costs next to nothing.
    script
        + "  chain banned {\n    ip saddr @host4 counter drop\n    ip saddr & 255.255.255.0 @wide4 counter drop\n    \
           ip6 saddr & ffff:ffff:ffff:ffff:: @host6 counter drop\n    ip6 saddr & ffff:ffff:ffff:: @wide6 counter drop\n  }\n"
        + "  chain incoming {\n    type filter hook prerouting priority raw; policy accept;\n"
        + &format!("    tcp dport {{ {} }} goto banned\n  }}\n}}\n", ports.join(", "))
}

/// Each element is added, deleted and added: kernels before 6.12 keep the old time of one that they have, and none deletes one
/// that it has not.
fn add(bans: &[Ban]) -> String {
    let timed = |ban: &Ban| format!("{} timeout {}s", ban.net.base(), ban.seconds);
    let mut script = delete(&bans.iter().map(|ban| ban.net).collect::<Vec<_>>());
    for (set, _) in SETS {
        let elements = bans.iter().filter(|ban| set_of(ban.net) == set).map(timed);
        write_elements(&mut script, "add", set, elements.collect());
    }
    script
}

fn delete(nets: &[Net]) -> String {
    let mut script = String::new();
    for (set, _) in SETS {
        let elements = nets.iter().filter(|net| set_of(**net) == set);
        let elements: Vec<String> = elements.map(|net| net.base().to_string()).collect();
        write_elements(&mut script, "add", set, elements.clone());
        write_elements(&mut script, "delete", set, elements);
    }
    script
}

fn write_elements(script: &mut String, verb: &str, set: &str, elements: Vec<String>) {
    if !elements.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            script,
            "{verb} element inet {TABLE} {set} {{ {} }}",
            elements.join(", ")
        );
    }
}

fn set_of(net: Net) -> &'static str {
    match net {
        Net::Host4(_) => "host4",
        Net::Wide4(_) => "wide4",
        Net::Host6(_) => "host6",
        Net::Wide6(_) => "wide6",
    }
}
