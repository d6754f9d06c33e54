//! A petition server made for these tests: speaks the contract's protocol, keeps everything in memory, and can be told
//! to count wrongly or to lose answers.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use altcha::{
    CreateChallengeOptions, HmacAlgorithm, Payload, VerifySolutionOptions, create_challenge, verify_solution,
};
use data_encoding::BASE64;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SECRET: &str = "a secret of these tests";
const SETTLE_SECONDS: i64 = 1;
/// How much later it counts whom it makes wait.
pub(crate) const WATCHED_SECONDS: u64 = 3;

/// What is wrong with this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Counts mailboxes that never confirmed.
    CountsUnconfirmed,
    /// Forgets withdrawals.
    ForgetsWithdrawals,
    /// Acts on every other first confirmation, then breaks the connection off.
    LosesAnswers,
    /// Makes every third mailbox wait for some seconds more, as if it watched them.
    MakesWait,
}

#[derive(Default)]
struct State {
    tokens: HashMap<String, String>,
    confirmed: HashMap<String, i64>,
    withdrawn: HashMap<String, i64>,
    mailed: HashSet<String>,
    signed: Vec<i64>,
    spent: HashMap<String, String>,
    lost: HashSet<String>,
    sources: HashSet<IpAddr>,
    tickets: u64,
}

pub(crate) struct Fake {
    state: Mutex<State>,
    smtp: SocketAddr,
    fault: Fault,
}

pub(crate) async fn start(smtp: SocketAddr, fault: Fault) -> (String, Arc<Fake>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let url = format!("http://{}", listener.local_addr().expect("address"));
    let fake = Arc::new(Fake {
        state: Mutex::default(),
        smtp,
        fault,
    });
    let server = Arc::clone(&fake);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("accepts");
            tokio::spawn(serve(stream, Arc::clone(&server)));
        }
    });
    (url, fake)
}

impl Fake {
    pub(crate) fn sources(&self) -> HashSet<IpAddr> {
        self.state.lock().expect("lock").sources.clone()
    }
}

/// The source that a PROXY v2 header names.
async fn announced(stream: &mut TcpStream) -> IpAddr {
    let mut head = [0; 16];
    stream.read_exact(&mut head).await.expect("PROXY header");
    let mut rest = vec![0; usize::from(u16::from_be_bytes([head[14], head[15]]))];
    stream.read_exact(&mut rest).await.expect("PROXY addresses");
    match head[13] {
        0x11 => IpAddr::from(<[u8; 4]>::try_from(&rest[..4]).expect("four")),
        _ => IpAddr::from(<[u8; 16]>::try_from(&rest[..16]).expect("sixteen")),
    }
}

async fn serve(mut stream: TcpStream, fake: Arc<Fake>) {
    let mut first = [0];
    stream.peek(&mut first).await.expect("first byte");
    let source = match first {
        [b'\r'] => announced(&mut stream).await,
        _ => stream.peer_addr().expect("peer").ip(),
    };
    fake.state.lock().expect("lock").sources.insert(source);
    let service = service_fn(move |request: Request<Incoming>| {
        let fake = Arc::clone(&fake);
        async move {
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let body = request.into_body().collect().await.expect("body").to_bytes();
            match fake.answer(&method, &path, &body).await {
                Some((status, body)) => {
                    let response = Response::builder().status(status).header("retry-after", "0");
                    Ok(response.body(Full::new(Bytes::from(body))).expect("response"))
                }
                None => Err("broken off"),
            }
        }
    });
    drop(
        http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await,
    );
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn rfc3339(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).expect("time").to_string()
}

fn problem(status: u16, code: &str) -> Option<(u16, String)> {
    Some((
        status,
        format!(r#"{{"type":"about:blank","status":{status},"code":"{code}"}}"#),
    ))
}

impl Fake {
    async fn answer(&self, method: &Method, path: &str, body: &Bytes) -> Option<(u16, String)> {
        match (method.as_str(), path) {
            ("GET", "/p/sample") => Some((200, "<h1>sample</h1>".to_owned())),
            ("GET", "/p/sample/count.json") => Some((200, self.count())),
            ("GET", "/p/sample/challenge") => Some((200, challenge())),
            ("GET", "/p/sample/sign") => Some((200, self.ticket())),
            ("POST", "/p/sample/sign") => self.sign(body).await,
            ("GET", path) if path.starts_with("/confirm/") => Some((200, "<button>".to_owned())),
            ("POST", path) => self.act(path),
            _ => problem(404, "not_found"),
        }
    }

    fn count(&self) -> String {
        let state = self.state.lock().expect("lock");
        let (as_of, cutoff) = (now(), now() - SETTLE_SECONDS * 1000);
        let gone = |mailbox: &String| self.fault != Fault::ForgetsWithdrawals && state.withdrawn.contains_key(mailbox);
        let counted = match self.fault {
            Fault::CountsUnconfirmed => state.signed.iter().filter(|at| **at <= cutoff).count(),
            _ => state
                .confirmed
                .iter()
                .filter(|(mailbox, at)| **at <= cutoff - self.wait(mailbox) && !gone(mailbox))
                .count(),
        };
        format!(
            r#"{{"petition":"sample","counted":{counted},"as_of":"{}","settle_after_seconds":{SETTLE_SECONDS}}}"#,
            rfc3339(as_of)
        )
    }

    fn wait(&self, mailbox: &str) -> i64 {
        let is_watched = self.fault == Fault::MakesWait && mailbox.len().is_multiple_of(3);
        if is_watched { WATCHED_SECONDS as i64 * 1000 } else { 0 }
    }

    fn ticket(&self) -> String {
        let mut state = self.state.lock().expect("lock");
        state.tickets += 1;
        format!(
            r#"<form><input type="hidden" name="ticket" value="t{}"></form>"#,
            state.tickets
        )
    }

    async fn sign(&self, body: &Bytes) -> Option<(u16, String)> {
        let text = String::from_utf8(body.to_vec()).expect("text");
        let fields: HashMap<String, String> = text
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| {
                (
                    name.to_owned(),
                    percent_decode_str(value).decode_utf8_lossy().into_owned(),
                )
            })
            .collect();
        let nonce = match (fields.get("altcha"), fields.get("ticket")) {
            (Some(clearance), None) => verified(clearance),
            (None, ticket) => ticket.cloned(),
            _ => return problem(400, "invalid_form"),
        };
        let Some(nonce) = nonce else {
            return problem(403, "clearance_refused");
        };
        let email = fields["email"].replace("dépêche", "xn--dpche-bsai").to_lowercase();
        let mail = {
            let mut state = self.state.lock().expect("lock");
            match state.spent.get(&nonce) {
                Some(known) if *known == text => return Some((202, r#"{"status":"check_mail"}"#.to_owned())),
                Some(_) => return problem(403, "clearance_refused"),
                None => state.spent.insert(nonce, text),
            };
            state.signed.push(now());
            let token = format!("{:024}", state.tokens.len() / 2);
            state.tokens.insert(token.clone(), email.clone());
            state.tokens.insert(withdraw_token(&token), email.clone());
            state.mailed.insert(email.clone()).then_some(token)
        };
        if let Some(token) = mail {
            self.mail(&email, &token).await;
        }
        Some((202, r#"{"status":"check_mail"}"#.to_owned()))
    }

    async fn mail(&self, to: &str, token: &str) {
        let mut stream = TcpStream::connect(self.smtp).await.expect("sink");
        let mail = format!(
            "HELO t\r\nMAIL FROM:<p@example.org>\r\nRCPT TO:<{to}>\r\nDATA\r\nSubject: x\r\n\r\nhttp://x/confirm/{token}\r\n.\r\nQUIT\r\n"
        );
        stream.write_all(mail.as_bytes()).await.expect("writes");
        stream.read_to_end(&mut Vec::new()).await.expect("reads");
    }

    fn act(&self, path: &str) -> Option<(u16, String)> {
        let mut state = self.state.lock().expect("lock");
        let (kind, token) = path.trim_start_matches('/').split_once('/')?;
        let Some(mailbox) = state.tokens.get(token).cloned() else {
            return problem(404, "link_unknown");
        };
        if kind == "withdraw" {
            if !token.starts_with('W') {
                return problem(404, "link_unknown");
            }
            let at = *state.withdrawn.entry(mailbox).or_insert_with(now);
            return Some((200, format!(r#"{{"status":"withdrawn","at":"{}"}}"#, rfc3339(at))));
        }
        let at = *state.confirmed.entry(mailbox).or_insert_with(now);
        let unlucky = token.ends_with(['0', '2', '4', '6', '8']);
        if self.fault == Fault::LosesAnswers && unlucky && state.lost.insert(token.to_owned()) {
            return None;
        }
        Some((
            200,
            format!(
                r#"{{"status":"confirmed","already":false,"confirmed_at":"{}","receipt":{{}},"withdraw":"{}"}}"#,
                rfc3339(at),
                withdraw_token(token)
            ),
        ))
    }
}

fn withdraw_token(confirm: &str) -> String {
    format!("W{}", &confirm[1..])
}

fn challenge() -> String {
    let challenge = create_challenge(CreateChallengeOptions {
        algorithm: "PBKDF2/SHA-256".to_owned(),
        cost: 100,
        key_length: 32,
        key_prefix: "0".to_owned(),
        expires_at: Some(now() / 1000 + 600),
        hmac_signature_secret: Some(SECRET.to_owned()),
        ..CreateChallengeOptions::default()
    });
    serde_json::to_string(&challenge.expect("challenge")).expect("JSON")
}

fn verified(clearance: &str) -> Option<String> {
    let payload: Payload = serde_json::from_slice(&BASE64.decode(clearance.as_bytes()).ok()?).ok()?;
    let options = VerifySolutionOptions::new(&payload.challenge, &payload.solution, SECRET);
    let options = VerifySolutionOptions {
        hmac_algorithm: HmacAlgorithm::Sha256,
        ..options
    };
    verify_solution(options)
        .ok()?
        .verified
        .then_some(payload.challenge.parameters.nonce)
}
