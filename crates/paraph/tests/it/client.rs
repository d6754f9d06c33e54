//! A browser of a few lines, which can also do what no browser does.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use altcha::{Challenge, Payload, SolveChallengeOptions, solve_challenge};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::server::PATIENCE;

pub(crate) const JSON: (&str, &str) = ("accept", "application/json");
pub(crate) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// One connection, opened when it is needed and kept alive.
pub(crate) struct Client {
    address: SocketAddr,
    /// Sent before the first request, as a proxy does.
    greeting: Vec<u8>,
    stream: Option<BufReader<TcpStream>>,
    /// The desk was asked: the one place with cookies, whose pages tell their own site where one comes from.
    at_desk: bool,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Status and, where it is a problem, its code.
    pub(crate) fn outcome(&self) -> (u16, String) {
        let problem = serde_json::from_slice::<Value>(&self.body).ok();
        let code = problem.and_then(|problem| Some(problem["code"].as_str()?.to_owned()));
        (self.status, code.unwrap_or_default())
    }

    /// Everything that a client can see of it, but the date.
    pub(crate) fn seen(&self) -> String {
        let headers = self.headers.iter().filter(|(name, _)| name != "date");
        format!("{} {:?} {}", self.status, headers.collect::<Vec<_>>(), self.text())
    }

    /// What holds for every page and problem, whoever asks for it.
    fn is_as_every_answer(&self, at_desk: bool) {
        assert!(at_desk || self.header("set-cookie").is_none(), "{self:?}");
        let media = self.header("content-type").unwrap_or_default();
        if media.starts_with("text/html") || media.contains("json") {
            let policy = self.header("content-security-policy").unwrap_or_default();
            assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{self:?}");
            assert!(!policy.contains("unsafe"), "{self:?}");
            assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self:?}");
            let policy = if at_desk { "same-origin" } else { "no-referrer" };
            assert_eq!(self.header("referrer-policy"), Some(policy), "{self:?}");
        }
    }

    /// What stands in a hidden field of the form.
    pub(crate) fn hidden(&self, field: &str) -> String {
        let (html, before) = (self.text(), format!("name=\"{field}\" value=\""));
        let start = html.find(&before).unwrap_or_else(|| panic!("no {field} in {html}")) + before.len();
        html[start..][..html[start..].find('"').expect("a quote")].to_owned()
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self::behind(address, Vec::new())
    }

    /// A client whose connections begin with these bytes.
    pub(crate) fn behind(address: SocketAddr, greeting: Vec<u8>) -> Self {
        Self {
            address,
            greeting,
            stream: None,
            at_desk: false,
        }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"").expect("an answer")
    }

    pub(crate) fn get_json(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[JSON], b"").expect("an answer")
    }

    pub(crate) fn post(&mut self, path: &str, form: &str) -> Answer {
        self.ask("POST", path, &[FORM], form.as_bytes()).expect("an answer")
    }

    pub(crate) fn post_json(&mut self, path: &str, form: &str) -> Answer {
        self.ask("POST", path, &[FORM, JSON], form.as_bytes())
            .expect("an answer")
    }

    /// One request and its answer. An error: whether the server acted on it is unknown.
    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        self.at_desk = path == "/desk" || path.starts_with("/desk/") || path.starts_with("/desk?");
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if method == "POST" {
            request += &format!("content-length: {}\r\n", body.len());
        }
        let mut bytes = (request + "\r\n").into_bytes();
        bytes.extend_from_slice(body);
        let answered = self.send(&bytes).and_then(|()| self.receive(method == "HEAD"));
        if answered
            .as_ref()
            .map_or(true, |answer| answer.header("connection") == Some("close"))
        {
            self.stream = None;
        }
        answered
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.stream.is_none() {
            let mut stream = TcpStream::connect(self.address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(&self.greeting)?;
            self.stream = Some(BufReader::new(stream));
        }
        let stream = self.stream.as_mut().expect("just opened");
        stream.get_mut().write_all(bytes)
    }

    /// Reads one answer.
    pub(crate) fn receive(&mut self, is_head: bool) -> io::Result<Answer> {
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let broken = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let status = line
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or_else(broken)?;
        let mut headers = Vec::new();
        loop {
            line.clear();
            if stream.read_line(&mut line)? == 0 {
                return Err(broken());
            }
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let length = answer
            .header("content-length")
            .map_or(0, |length| length.parse().expect("a number"));
        if !is_head && status != 304 {
            answer.body = vec![0; length];
            stream.read_exact(&mut answer.body)?;
        }
        // 100 is no answer yet, only the word that the body is waited for.
        if status != 100 {
            answer.is_as_every_answer(self.at_desk);
        }
        Ok(answer)
    }

    /// A solved challenge.
    pub(crate) fn clearance(&mut self, slug: &str) -> io::Result<String> {
        let issued = self.ask("GET", &format!("/p/{slug}/challenge"), &[], b"")?;
        assert_eq!(issued.status, 200, "{issued:?}");
        Ok(Self::solve(serde_json::from_slice(&issued.body).expect("a challenge")))
    }

    /// What the widget makes of a challenge.
    pub(crate) fn solve(challenge: Challenge) -> String {
        let solution = solve_challenge(SolveChallengeOptions::new(&challenge));
        let solution = solution.expect("can be solved").expect("solved");
        let payload = serde_json::to_vec(&Payload { challenge, solution }).expect("JSON");
        data_encoding::BASE64.encode(&payload)
    }

    /// A form that can be sent: name, address, and a solved challenge.
    pub(crate) fn filled(&mut self, slug: &str, name: &str, email: &str) -> io::Result<String> {
        let clearance = self.clearance(slug)?;
        Ok(form(&[("name", name), ("email", email), ("altcha", &clearance)]))
    }

    /// Signs, and expects the one answer.
    pub(crate) fn sign(&mut self, slug: &str, name: &str, email: &str) -> String {
        let body = self.filled(slug, name, email).expect("an answer");
        let answer = self.post_json(&format!("/p/{slug}/sign"), &body);
        assert_eq!(answer.status, 202, "{answer:?}");
        body
    }
}

/// Fields as a browser sends them.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let escaped = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}
