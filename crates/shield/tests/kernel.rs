//! The real packet filter, in a network namespace of each test's own: it vanishes with the test, and nothing outside is touched.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use paraph_shield::client;
use paraph_shield::net::Net;
use paraph_shield::protocol::{Answer, Ban, Request, Status};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};

const INSIDE: &str = "PARAPH_SHIELD_TEST_INSIDE";
const NFT: &str = "/usr/sbin/nft";

/// Runs the test of this name again inside a namespace, and its body there.
///
/// Where the machine cannot make one, the full tier fails and says why; the quick tier says so and goes on.
fn in_namespace(test: &str, body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        for address in [
            "192.0.2.1",
            "192.0.2.2",
            "192.0.2.100",
            "198.51.100.1",
            "2001:db8:1:1::1",
            "2001:db8:1:2::1",
        ] {
            let host = if address.contains(':') { 128 } else { 32 };
            tool(
                "ip",
                &["address", "add", &format!("{address}/{host}"), "dev", "lo", "nodad"],
            );
        }
        tool("ip", &["link", "set", "lo", "up"]);
        return body();
    }
    let is_root = rustix::process::getuid().is_root();
    let flags: &[&str] = if is_root {
        &["--net"]
    } else {
        &["--net", "--map-root-user"]
    };
    let can = |program: &str, arguments: &[&str]| {
        let tried = Command::new(program).args(arguments).output();
        tried.is_ok_and(|output| output.status.success())
    };
    let missing = if !can("unshare", &[flags, &["true"]].concat()) {
        Some("this machine does not allow network namespaces (unshare --net)")
    } else if !Path::new(NFT).exists() || !can("ip", &["-V"]) {
        Some("nftables or iproute2 is missing: run scripts/setup")
    } else {
        None
    };
    match missing {
        Some(why) if std::env::var("PARAPH_TEST_TIER").as_deref() == Ok("quick") => eprintln!("NOT TESTED: {why}"),
        Some(why) => panic!("{why}"),
        None => {
            let this = std::env::current_exe().expect("this program");
            let mut inside = Command::new("unshare");
            inside
                .args(flags)
                .arg("--")
                .arg(this)
                .args(["--exact", test, "--nocapture"])
                .env(INSIDE, "1");
            assert!(
                inside.status().expect("started").success(),
                "{test} failed inside its namespace"
            );
        }
    }
}

fn tool(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().expect("started");
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A helper of the test's own.
struct Running {
    child: Child,
    socket: PathBuf,
    _place: tempfile::TempDir,
}

impl Running {
    fn start(user: u32) -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let socket = place.path().join("shield.sock");
        let mut child = Command::new(env!("CARGO_BIN_EXE_paraph-shield"))
            .args([
                "--user",
                &user.to_string(),
                "--ports",
                "8080,8081",
                "--protect",
                "192.0.2.100",
                "--nft",
                NFT,
                "--socket",
            ])
            .arg(&socket)
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let mut line = String::new();
        let stderr = child.stderr.take().expect("piped");
        BufReader::new(stderr).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        Self {
            child,
            socket,
            _place: place,
        }
    }

    fn ask(&self, request: &Request) -> Answer {
        let mut stream = UnixStream::connect(&self.socket).expect("connected");
        request.write(&mut stream).expect("written");
        Answer::read(&mut stream).expect("answered")
    }

    fn ban(&self, nets: &[(&str, u32)]) -> Answer {
        self.ask(&Request::Add(
            nets.iter().map(|(text, seconds)| ban(text, *seconds)).collect(),
        ))
    }

    fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

fn net(text: &str) -> Net {
    let (address, len) = text.split_once('/').expect("a prefix");
    Net::new(address.parse().expect("an address"), len.parse().expect("a length")).expect("one that can be banned")
}

fn ban(text: &str, seconds: u32) -> Ban {
    Ban {
        net: net(text),
        seconds,
    }
}

/// Whether a connection from `source` comes through to a port that listens.
fn reaches(source: &str, to: SocketAddr) -> bool {
    let source: IpAddr = source.parse().expect("an address");
    let family = if source.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    let socket = socket(family, SocketType::STREAM, None).expect("a socket");
    bind(&socket, &SocketAddr::new(source, 0)).expect("an address of this namespace");
    // A refused or dropped first packet is sent again after a second only: half of that tells the two apart.
    set_socket_timeout(&socket, Timeout::Send, Some(Duration::from_millis(500))).expect("set");
    connect(&socket, &to).is_ok()
}

fn listen(address: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(address).expect("a port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

/// Waits until something is so; the kernel looks for elements that are over now and then.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < Duration::from_secs(20), "{what} did not come about");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_ban_drops_what_comes_from_there_and_nothing_else_until_it_is_taken_back() {
    in_namespace(
        "a_ban_drops_what_comes_from_there_and_nothing_else_until_it_is_taken_back",
        || {
            let shield = Running::start(0);
            let (_v4, v4) = listen("192.0.2.100:8080");
            let (_other, other) = listen("192.0.2.100:8082");
            let (_v6, v6) = listen("[2001:db8:1:2::1]:8081");
            assert!(reaches("192.0.2.1", v4) && reaches("2001:db8:1:1::1", v6));

            let answer = shield.ban(&[("192.0.2.1/32", 600), ("2001:db8:1:1::/64", 600)]);
            assert_eq!((answer.status, answer.done, answer.refused), (Status::Done, 2, 0));
            assert!(!reaches("192.0.2.1", v4) && !reaches("2001:db8:1:1::1", v6));
            // Its neighbour, the /64 beside it, and another port of the machine.
            assert!(reaches("192.0.2.2", v4) && reaches("2001:db8:1:2::1", v6) && reaches("192.0.2.1", other));
            let mut listed = shield.ask(&Request::List).bans;
            listed.sort_by_key(|ban| ban.net);
            let listed: Vec<Net> = listed.into_iter().map(|ban| ban.net).collect();
            assert_eq!(listed, [net("192.0.2.1/32"), net("2001:db8:1:1::/64")]);

            // What is not banned may be unbanned all the same.
            let answer = shield.ask(&Request::Delete(vec![net("192.0.2.1/32"), net("203.0.113.9/32")]));
            assert_eq!(answer.status, Status::Done);
            assert!(reaches("192.0.2.1", v4) && !reaches("2001:db8:1:1::1", v6));

            assert_eq!(
                shield.ban(&[("198.51.100.0/24", 600), ("2001:db8:1::/48", 600)]).done,
                2
            );
            assert!(!reaches("198.51.100.1", v4) && !reaches("2001:db8:1:2::1", v6) && reaches("192.0.2.1", v4));
            assert_eq!(shield.ask(&Request::Flush).status, Status::Done);
            assert!(reaches("198.51.100.1", v4) && reaches("2001:db8:1:2::1", v6));
            assert_eq!(shield.ask(&Request::List).bans, []);
        },
    );
}

#[test]
fn bans_end_by_themselves_also_when_the_helper_has_died() {
    in_namespace("bans_end_by_themselves_also_when_the_helper_has_died", || {
        let mut shield = Running::start(0);
        let (_listener, to) = listen("192.0.2.100:8080");
        assert_eq!(shield.ban(&[("192.0.2.1/32", 600), ("192.0.2.2/32", 600)]).done, 2);
        // The new time counts, not the first one.
        assert_eq!(shield.ban(&[("192.0.2.1/32", 2)]).done, 1);
        shield.kill();
        assert!(!reaches("192.0.2.1", to) && !reaches("192.0.2.2", to));
        until("the end of a ban without its helper", || reaches("192.0.2.1", to));
        assert!(!reaches("192.0.2.2", to));
        // One command removes everything.
        tool(env!("CARGO_BIN_EXE_paraph-shield"), &["--remove", "--nft", NFT]);
        assert!(reaches("192.0.2.2", to));
        assert!(!tool(NFT, &["list", "tables"]).contains("paraph_shield"));
    });
}

#[test]
fn four_thousand_bans_load_fast_and_the_last_word_counts() {
    in_namespace("four_thousand_bans_load_fast_and_the_last_word_counts", || {
        let shield = Running::start(0);
        let address = |index: u32| IpAddr::from((0xC612_0000_u32 + index).to_be_bytes());
        let since = Instant::now();
        for batch in 0..4_u32 {
            let bans = (0..1000).map(|index| Ban {
                net: Net::narrow(address(1000 * batch + index)),
                seconds: 3600,
            });
            assert_eq!(shield.ask(&Request::Add(bans.collect())).done, 1000);
        }
        let took = since.elapsed();
        println!("4,000 bans in {took:?}");
        assert!(took < Duration::from_secs(10), "{took:?}");
        assert_eq!(shield.ask(&Request::List).bans.len(), 4000);
        let twice = shield.ban(&[("198.18.0.1/32", 60), ("198.18.0.1/32", 90)]);
        assert_eq!((twice.status, twice.done), (Status::Done, 2));
        let listed = tool(
            NFT,
            &["get", "element", "inet", "paraph_shield", "host4", "{ 198.18.0.1 }"],
        );
        assert!(listed.contains("timeout 1m30s"), "{listed}");
    });
}

#[test]
fn the_server_tells_a_helper_that_was_started_anew_what_holds() {
    in_namespace("the_server_tells_a_helper_that_was_started_anew_what_holds", || {
        let (_listener, to) = listen("192.0.2.100:8080");
        let wanted = HashMap::from([(net("192.0.2.1/32"), 600), (net("192.0.2.2/32"), 600)]);
        {
            let shield = Running::start(0);
            client::hold(&shield.socket, &wanted).expect("told");
            // Told twice is told once.
            client::hold(&shield.socket, &wanted).expect("told");
            assert!(!reaches("192.0.2.1", to) && !reaches("192.0.2.2", to));
        }
        let shield = Running::start(0);
        assert!(reaches("192.0.2.1", to));
        client::hold(&shield.socket, &HashMap::from([(net("192.0.2.1/32"), 600)])).expect("told");
        assert!(!reaches("192.0.2.1", to) && reaches("192.0.2.2", to));
        client::hold(&shield.socket, &HashMap::new()).expect("told");
        assert!(reaches("192.0.2.1", to));
        drop(shield);
        let stranger = Running::start(12_345);
        let refused = client::hold(&stranger.socket, &wanted).expect_err("of another user");
        assert!(reaches("192.0.2.1", to), "{refused}");
    });
}

#[test]
fn what_is_protected_stays_and_another_user_is_not_listened_to() {
    in_namespace("what_is_protected_stays_and_another_user_is_not_listened_to", || {
        tool("ip", &["link", "add", "wire", "type", "veth", "peer", "name", "end"]);
        tool("ip", &["link", "set", "end", "up"]);
        tool("ip", &["address", "add", "203.0.113.2/24", "dev", "wire"]);
        tool("ip", &["link", "set", "wire", "up"]);
        tool("ip", &["route", "add", "default", "via", "203.0.113.1"]);
        {
            let shield = Running::start(0);
            let answer = shield.ban(&[
                ("192.0.2.100/32", 60),
                ("192.0.2.0/24", 60),
                ("127.0.0.1/32", 60),
                ("203.0.113.1/32", 60),
                ("203.0.113.0/24", 60),
                ("192.0.2.1/32", 60),
                ("192.0.2.1/32", 90),
            ]);
            // Said twice is done twice, and not protected.
            assert_eq!((answer.status, answer.done, answer.refused), (Status::Done, 2, 5));
            // What is not of the protocol ends the connection, and the next one is served.
            let mut stream = UnixStream::connect(&shield.socket).expect("connected");
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("written");
            assert_eq!(Answer::read(&mut stream).expect("answered").status, Status::Malformed);
            assert_eq!(shield.ask(&Request::List).bans.len(), 1);
        }
        let shield = Running::start(12_345);
        let mut stream = UnixStream::connect(&shield.socket).expect("connected");
        assert_eq!(Answer::read(&mut stream).expect("answered").status, Status::NotYou);
        // Nothing was changed, and nobody waits.
        let _ = Request::Add(vec![ban("192.0.2.1/32", 60)]).write(&mut stream);
        assert!(!tool(NFT, &["list", "table", "inet", "paraph_shield"]).contains("192.0.2.1"));
    });
}

#[test]
fn the_helper_keeps_one_capability_and_cannot_gain_another() {
    in_namespace("the_helper_keeps_one_capability_and_cannot_gain_another", || {
        let shield = Running::start(0);
        let status = std::fs::read_to_string(format!("/proc/{}/status", shield.child.id())).expect("its status");
        let field = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .expect("a field")
                .trim()
        };
        let net_admin = format!("{:016x}", 1 << 12);
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
            assert_eq!(field(set), net_admin, "{set}");
        }
        assert_eq!(field("NoNewPrivs:"), "1");
    });
}
