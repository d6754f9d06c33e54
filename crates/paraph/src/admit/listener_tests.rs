//! The accept loop against real sockets.

use http_body_util::Full;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::*;
use crate::admit::source::Via;
use crate::server::apart::Threads;

struct Running {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    served: JoinHandle<()>,
}

/// A server that answers with who asked; `/panic` panics, `/slow` takes half a second, `/desk` is answered ahead and
/// `/thread` with the name of the thread.
async fn start(trusted: &[&str], proxy: ProxyProtocol, limits: Limits) -> Running {
    start_with(trusted, proxy, limits, None).await
}

async fn start_with(trusted: &[&str], proxy: ProxyProtocol, limits: Limits, behind: Option<&Threads>) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let addr = listener.local_addr().expect("address");
    let networks = trusted
        .iter()
        .map(|network| network.parse().expect("network"))
        .collect();
    let listening = Listening {
        trusted: Arc::new(ArcSwap::from_pointee(Trusted::new(networks, limits.forwarded_hops))),
        proxy,
        tls: None,
        places: Places::new(&limits),
        behind: behind.map(|threads| Behind::new(&limits, threads.handle())),
        spares: None,
        limits,
    };
    let (stop, stopped) = watch::channel(false);
    let service = |source: Source, request: Request<Upload>| async move {
        match request.uri().path() {
            "/panic" => panic!("as asked"),
            "/desk" => {
                let mut answer = Response::new(Full::default());
                answer.extensions_mut().insert(Ahead);
                return answer;
            }
            "/thread" => {
                let name = std::thread::current().name().unwrap_or_default().to_owned();
                return Response::new(Full::new(Bytes::from(name)));
            }
            "/slow" => tokio::time::sleep(Duration::from_millis(500)).await,
            _ => {}
        }
        let via = if source.via == Via::Direct {
            "direct"
        } else {
            "forwarded"
        };
        Response::new(Full::new(Bytes::from(format!("{} {via}", source.addr))))
    };
    let served = tokio::spawn(serve(listener, listening, service, stopped));
    Running { addr, stop, served }
}

async fn connect(server: &Running) -> TcpStream {
    TcpStream::connect(server.addr).await.expect("connect")
}

/// Sends bytes and reads until the other end closes or is quiet.
async fn talk(stream: &mut TcpStream, bytes: &[u8]) -> String {
    if stream.write_all(bytes).await.is_err() {
        return String::new();
    }
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match tokio::time::timeout(Duration::from_secs(5), stream.read(&mut chunk)).await {
            Ok(Ok(length)) if length > 0 => answer.extend(&chunk[..length]),
            _ => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(server: &Running, before: &[u8], header: &str) -> String {
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{header}\r\n");
    let answer = talk(&mut connect(server).await, &[before, request.as_bytes()].concat()).await;
    answer.rsplit("\r\n").next().unwrap_or_default().to_owned()
}

const PROXY: &[u8] = b"PROXY TCP4 198.51.100.7 127.0.0.1 4711 80\r\n";

#[tokio::test]
async fn only_trusted_proxies_name_others() {
    let forwarded = "X-Forwarded-For: 198.51.100.8\r\n";
    let plain = start(&[], ProxyProtocol::Optional, Limits::default()).await;
    assert_eq!(get(&plain, b"", forwarded).await, "127.0.0.1 direct");
    assert!(
        talk(&mut connect(&plain).await, PROXY)
            .await
            .starts_with("HTTP/1.1 400"),
        "just bad HTTP"
    );

    let optional = start(&["127.0.0.0/8"], ProxyProtocol::Optional, Limits::default()).await;
    assert_eq!(get(&optional, b"", "").await, "127.0.0.1 direct");
    assert_eq!(get(&optional, PROXY, "").await, "198.51.100.7 forwarded");
    assert_eq!(get(&optional, b"", forwarded).await, "198.51.100.8 forwarded");
    assert_eq!(
        get(&optional, PROXY, forwarded).await,
        "198.51.100.7 forwarded",
        "the client behind it is no proxy"
    );

    let required = start(&["127.0.0.0/8"], ProxyProtocol::Required, Limits::default()).await;
    assert_eq!(get(&required, PROXY, "").await, "198.51.100.7 forwarded");
    assert_eq!(get(&required, b"", "").await, "");
    let stranger = start(&["192.0.2.0/24"], ProxyProtocol::Required, Limits::default()).await;
    for begins in [PROXY, b""] {
        assert_eq!(get(&stranger, begins, "").await, "");
    }
}

#[tokio::test]
async fn connections_are_bounded_in_all_and_per_address() {
    let server = start(
        &[],
        ProxyProtocol::Off,
        Limits {
            connections_per_address: 2,
            ..Limits::default()
        },
    )
    .await;
    let mut held = [connect(&server).await, connect(&server).await];
    for stream in &mut held {
        stream
            .write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .expect("write");
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(get(&server, b"", "").await, "", "both are at work");
    for stream in &mut held {
        assert!(stream.read(&mut [0; 512]).await.expect("read") > 0);
    }
    assert_eq!(
        get(&server, b"", "").await,
        "127.0.0.1 direct",
        "one of them makes room"
    );
    let open = futures_util::future::join_all(held.iter_mut().map(|stream| async {
        tokio::time::timeout(Duration::from_millis(500), stream.read(&mut [0; 16]))
            .await
            .is_err()
    }));
    assert_eq!(open.await.into_iter().filter(|is_open| *is_open).count(), 1);

    let behind = Limits {
        connections_per_address: 1,
        connections: 16,
        ..Limits::default()
    };
    let server = start(&["127.0.0.0/8"], ProxyProtocol::Optional, behind).await;
    let mut held = Vec::new();
    for _ in 0..16 {
        let mut stream = connect(&server).await;
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .expect("write");
        assert!(stream.read(&mut [0; 64]).await.expect("read") > 0, "a proxy holds many");
        held.push(stream);
    }
    assert_eq!(get(&server, b"", "").await, "", "but not more than there are");
    held.pop();
    while get(&server, b"", "").await.is_empty() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn silent_connections_of_a_few_keep_nobody_out() {
    // Somebody from elsewhere, when every place is taken; a neighbour of theirs, when those of their network are.
    let full = Limits {
        connections: 32,
        connections_per_address: 16,
        ..Limits::default()
    };
    keeps_nobody_out(full, "198.51.100.7").await;
    let few = Limits {
        connections_per_address: 16,
        connections_per_network: 32,
        ..Limits::default()
    };
    keeps_nobody_out(few, "203.0.113.77").await;
}

/// Four addresses of one network say nothing on 32 connections and come again; somebody signs meanwhile.
async fn keeps_nobody_out(few: Limits, honest: &str) {
    let server = start(&["127.0.0.0/8"], ProxyProtocol::Optional, few).await;
    let come = async |index: usize, head: &str| {
        let mut stream = connect(&server).await;
        let said = format!("PROXY TCP4 203.0.113.{} 127.0.0.1 4711 80\r\n{head}", 1 + index % 4);
        // It may be sent away before it has spoken.
        drop(stream.write_all(said.as_bytes()).await);
        stream
    };
    let mut silent = Vec::new();
    for index in 0..32 {
        silent.push(come(index, ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n"][index % 3]).await);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let honest_proxy = format!("PROXY TCP4 {honest} 127.0.0.1 4711 80\r\n");
    for round in 0..40 {
        assert_eq!(
            get(&server, honest_proxy.as_bytes(), "").await,
            format!("{honest} forwarded"),
            "round {round}"
        );
        silent.push(come(round, "GET / HT").await);
        silent.push(come(round, "").await);
    }
}

#[tokio::test]
async fn a_request_names_one_host() {
    let server = start(&[], ProxyProtocol::Off, Limits::default()).await;
    let asked = async |line: &str, hosts: &str| {
        let request = format!("{line}\r\n{hosts}\r\n");
        // Who is refused is not heard again: the second request has no answer.
        let both = [
            request.as_bytes(),
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ]
        .concat();
        let said = talk(&mut connect(&server).await, &both).await;
        (said[9..12].to_owned(), said.matches("HTTP/1.").count())
    };
    let (good, bad) = (("200".to_owned(), 2), ("400".to_owned(), 1));
    for hosts in ["Host: a\r\n", "Host: [2001:db8::1]:8080\r\n", "Host:\r\n"] {
        assert_eq!(asked("GET / HTTP/1.1", hosts).await, good, "{hosts:?}");
    }
    for hosts in [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a b\r\n",
        "Host: a/b\r\n",
        "Host: me@a\r\n",
    ] {
        assert_eq!(asked("POST / HTTP/1.1", hosts).await, bad, "{hosts:?}");
    }
    assert_eq!(
        asked("GET http://a/ HTTP/1.1", "").await,
        bad,
        "RFC 9112, section 3.2.2"
    );
    assert_eq!(asked("GET / HTTP/1.0\r\nConnection: keep-alive", "").await, good);
    assert_eq!(asked("GET / HTTP/1.0", "Host: a\r\nHost: b\r\n").await, bad);
}

#[tokio::test]
async fn a_request_of_http2_names_one_host() {
    let server = start(&["127.0.0.0/8"], ProxyProtocol::Off, Limits::default()).await;
    // The first byte of the answer's head: its status in the table of HPACK (RFC 7541, appendix A).
    let (good, bad) = (0x88, 0x8c);
    for (authority, hosts, status) in [
        (Some("a.example"), &[][..], good),
        (None, &["a.example"][..], good),
        (Some("a.example:80"), &["A.example:80"], good),
        (None, &[], bad),
        (Some("a.example"), &["b.example"], bad),
        (Some("a.example"), &["a.example", "b.example"], bad),
        (None, &["a.example", "a.example"], bad),
        (None, &["a/b"], bad),
        (Some("me@a.example"), &[], bad),
    ] {
        // GET, http, /; then the names, each by its number in that table.
        let mut block = vec![0x82, 0x86, 0x84];
        let names = authority.iter().map(|name| (&[0x01][..], name));
        for (number, name) in names.chain(hosts.iter().map(|name| (&[0x0f, 23][..], name))) {
            block.extend(number);
            block.push(u8::try_from(name.len()).expect("short"));
            block.extend(name.as_bytes());
        }
        let mut sent = [H2_PREFACE, &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat();
        sent.extend([0, 0, u8::try_from(block.len()).expect("short"), 1, 0b101, 0, 0, 0, 1]);
        sent.extend(block);
        let mut stream = connect(&server).await;
        stream.write_all(&sent).await.expect("sent");
        let said = loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.expect("a frame");
            let mut frame = vec![0; usize::from(u16::from_be_bytes([head[1], head[2]]))];
            stream.read_exact(&mut frame).await.expect("a frame");
            if head[3] == 1 {
                break frame[0];
            }
        };
        assert_eq!(said, status, "{authority:?} {hosts:?}");
    }
}

#[tokio::test]
async fn slow_heads_and_idle_connections_are_closed() {
    let server = start(
        &[],
        ProxyProtocol::Off,
        Limits {
            header_seconds: 1,
            ..Limits::default()
        },
    )
    .await;
    for bytes in ["", "GET / HTT", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let start = std::time::Instant::now();
        talk(&mut connect(&server).await, bytes.as_bytes()).await;
        assert!(start.elapsed() < Duration::from_secs(4), "{bytes:?} was left open");
    }
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    assert!(
        !talk(&mut connect(&server).await, long.as_bytes())
            .await
            .contains("200 OK")
    );
}

/// Answers on one connection that asks again and again, until it is closed.
async fn answers_on_one_connection(server: &Running) -> usize {
    let mut stream = connect(server).await;
    let mut answers = 0;
    while stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.is_ok()
        && stream.read(&mut [0; 4096]).await.is_ok_and(|length| length > 0)
    {
        answers += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    answers
}

#[tokio::test]
async fn a_connection_is_open_for_so_long_and_makes_so_many_requests() {
    let few = Limits {
        connection_requests: 3,
        ..Limits::default()
    };
    let server = start(&[], ProxyProtocol::Off, few).await;
    assert_eq!(answers_on_one_connection(&server).await, 3);
    let short = Limits {
        connection_seconds: 1,
        ..Limits::default()
    };
    let server = start(&[], ProxyProtocol::Off, short).await;
    let asked = tokio::time::timeout(Duration::from_secs(20), answers_on_one_connection(&server)).await;
    assert!(asked.is_ok_and(|answers| answers > 1), "closed, not while it answers");
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let mut client = TcpStream::connect(listener.local_addr().expect("address"))
        .await
        .expect("connect");
    let (tcp, _) = listener.accept().await.expect("accept");
    let mut stream = Stream::new(
        tcp,
        Bytes::new(),
        LeastRate {
            grace: Duration::from_millis(100),
            bytes_per_second: 1 << 30,
        },
        Seat::new(),
    );
    let page = vec![b'x'; 1 << 20];
    let error = loop {
        if let Err(error) = stream.write_all(&page).await {
            break error;
        }
    };
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(client.read(&mut [0; 16]).await.expect("read") > 0);
}

#[tokio::test]
async fn a_panic_ends_one_connection_only() {
    let server = start(&[], ProxyProtocol::Off, Limits::default()).await;
    assert_eq!(
        talk(&mut connect(&server).await, b"GET /panic HTTP/1.1\r\nHost: a\r\n\r\n").await,
        ""
    );
    assert_eq!(get(&server, b"", "").await, "127.0.0.1 direct");
}

#[tokio::test]
async fn shutdown_lets_answers_finish_and_takes_no_more() {
    let server = start(&[], ProxyProtocol::Off, Limits::default()).await;
    let mut idle = connect(&server).await;
    let mut busy = connect(&server).await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .expect("write");
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.send(true).expect("running");
    assert!(talk(&mut busy, b"").await.ends_with("127.0.0.1 direct"));
    assert_eq!(talk(&mut idle, b"").await, "");
    server.served.await.expect("ended");
    assert!(TcpStream::connect(server.addr).await.is_err());
}

proptest! {
    /// In whatever pieces the bytes come: none is lost, and only the whole preface is HTTP/2.
    #[test]
    fn any_first_bytes_are_told_apart_and_kept(
        cut in 0usize..30, tail in proptest::collection::vec(any::<u8>(), 0..40), early in 0usize..70,
    ) {
        let bytes = [&H2_PREFACE[..cut.min(H2_PREFACE.len())], &tail].concat();
        let early = early.min(bytes.len());
        let mut rest = &bytes[early..];
        let begun = futures_util::FutureExt::now_or_never(begins_as_h2(&mut rest, Bytes::copy_from_slice(&bytes[..early])));
        match begun.expect("a slice never waits") {
            Ok((h2, read)) => {
                prop_assert_eq!(h2, bytes.starts_with(H2_PREFACE));
                prop_assert_eq!([&read, rest].concat(), bytes);
            }
            Err(_) => prop_assert!(H2_PREFACE.starts_with(&bytes)),
        }
    }
}

/// One small answer, on a connection that stays.
async fn ask(stream: &mut TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    if stream.write_all(request.as_bytes()).await.is_err() {
        return String::new();
    }
    let mut answer = [0; 1024];
    let length = stream.read(&mut answer).await.unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn who_asks_for_much_is_served_behind_and_nobody_else_is() {
    let limits = Limits {
        requests_ahead: 4,
        requests_ahead_a_minute: 1,
        ..Limits::default()
    };
    let threads = Threads::behind().expect("threads");
    let server = start_with(&["127.0.0.1/32"], ProxyProtocol::Required, limits, Some(&threads)).await;
    let come = async |host: &str| {
        let mut stream = connect(&server).await;
        let header = format!("PROXY TCP4 {host} 127.0.0.1 1 80\r\n");
        stream.write_all(header.as_bytes()).await.expect("a header");
        stream
    };
    let is_behind = async |stream: &mut TcpStream| {
        let answer = ask(stream, "/thread").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer.ends_with("behind")
    };

    let (mut busy, mut neighbour) = (come("192.0.2.1").await, come("192.0.2.2").await);
    for _ in 0..20 {
        ask(&mut neighbour, "/desk").await;
    }
    for request in 1..=12 {
        assert_eq!(is_behind(&mut busy).await, request > 4, "request {request}");
    }
    assert!(is_behind(&mut come("192.0.2.1").await).await, "its next connection too");
    assert!(!is_behind(&mut neighbour).await);
    let niceness = async { rustix::process::getpriority_process(None) };
    let niceness = threads.handle().spawn(niceness).await.expect("a task");
    assert!(niceness.expect("a number") >= 10);

    // What is behind ends with the others.
    server.stop.send_replace(true);
    server.served.await.expect("served");
    assert_eq!(ask(&mut busy, "/thread").await, "");
}
