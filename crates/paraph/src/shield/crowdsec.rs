//! Bans as decisions of a CrowdSec on this machine or near it, by its local API: for its bouncers in front of other services.
//!
//! Addresses of people leave this program here. So it takes two steps, both by a person: the configuration names the API, and
//! `paraph shield crowdsec on` decides, which the desk's log records. Before that, and after `off`, not a byte goes there.
//!
//! What should stand there is compared with what was told, again after every change and once a minute: there is no queue that
//! could grow, and an API that is away or slow is told later. It is never in the way of the door.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{Method, Request, StatusCode};
use paraph_shield::net::Net;
use paraph_tally::Millis;
use serde_json::{Value, json};
use tokio::sync::watch;
use zeroize::Zeroizing;

use super::Shield;
use super::book::Ban;
use crate::clock;
use crate::desk::command::Wish;
use crate::intake::{Intake, Unavailable};
use crate::outbound::{self, Answered, OutboundError};

/// Decisions told and taken back, and attempts that failed. Label `outcome`.
pub const DECISIONS: &str = "paraph_crowdsec_decisions_total";

/// Whose decisions are ours, there.
const ORIGIN: &str = "paraph";
const SCENARIO: &str = "paraph/forged-signatures";
/// For one answer.
const PATIENCE: Duration = Duration::from_secs(10);
const EVERY: Duration = Duration::from_secs(60);
const TOGETHER: Duration = Duration::from_millis(500);
/// Decisions in one request; the API takes more, and answers later.
const AT_ONCE: usize = 100;
/// Pauses after failures: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));
/// A ban that was made longer by less than this is not told again.
const LONGER_MILLIS: u64 = 30_000;

/// A local API, and who we are there. The password is never printed.
#[derive(Clone)]
pub struct Lapi {
    /// Its address, without a slash at the end.
    pub url: String,
    /// Our name there (`cscli machines add`).
    pub machine: String,
    /// Our password there.
    pub password: Zeroizing<String>,
}

impl fmt::Debug for Lapi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lapi")
            .field("url", &self.url)
            .field("machine", &self.machine)
            .finish_non_exhaustive()
    }
}

/// Whether a person decided that bans are told. Kept in `crowdsec.json` in the data directory.
#[derive(Debug)]
pub struct Sharing {
    file: PathBuf,
    on: watch::Sender<bool>,
}

impl Sharing {
    /// As it was decided last; off where nobody did.
    #[must_use]
    pub fn open(data: &Path) -> Self {
        let file = data.join("crowdsec.json");
        let kept = fs::read(&file).ok();
        let kept = kept.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        let on = kept.is_some_and(|kept| kept["sharing"] == true);
        Self {
            file,
            on: watch::Sender::new(on),
        }
    }

    /// Whether bans are told.
    #[must_use]
    pub fn is_on(&self) -> bool {
        *self.on.borrow()
    }

    /// Takes a decision. It is on record before anything is told; and nothing is told any more before that is on record.
    ///
    /// # Errors
    /// It could not be recorded: then bans are not told.
    pub async fn decide(&self, on: bool, intake: &Intake) -> Result<(), Unavailable> {
        let keep = || {
            self.keep(on).map_err(|error| {
                tracing::error!(%error, "crowdsec.json in the data directory cannot be written");
                Unavailable
            })
        };
        if on {
            intake.desk(None, Wish::Did("crowdsec-on", String::new())).await?;
            keep()?;
            self.on.send_replace(true);
        } else {
            self.on.send_replace(false);
            keep()?;
            intake.desk(None, Wish::Did("crowdsec-off", String::new())).await?;
        }
        Ok(())
    }

    fn keep(&self, on: bool) -> io::Result<()> {
        let part = self.file.with_extension("part");
        let text = json!({ "sharing": on, "decided": clock::rfc3339(clock::now()) }).to_string();
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&part)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.sync_all()?;
        fs::rename(part, &self.file)
    }
}

/// Why something was not told. Holds neither address nor password.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error("the local API answers {}", .0.as_u16())]
    Status(StatusCode),
    #[error("the local API does not know this machine, or its password")]
    Unknown,
    #[error("the address of the local API cannot be used")]
    Address,
}

/// Tells until `stop` turns true; decisions end by themselves then.
pub async fn run(shield: Arc<Shield>, lapi: Lapi, sharing: Arc<Sharing>, mut stop: watch::Receiver<bool>) {
    let (mut changes, mut decided) = (shield.changes(), sharing.on.subscribe());
    let mut client = Client::new(lapi);
    let mut failures = 0_u32;
    while !*stop.borrow() {
        let on = *decided.borrow_and_update();
        changes.mark_unchanged();
        let now = clock::now();
        let bans = if on { shield.bans(now) } else { Vec::new() };
        let told = tokio::select! {
            told = client.bring(on, &bans, now, &decided) => told,
            _ = stop.changed() => return,
        };
        match told {
            Ok(()) if failures > 0 => tracing::info!("bans are told to CrowdSec again"),
            Err(error) if failures == 0 => tracing::warn!(%error, "bans are not told to CrowdSec, it is tried again"),
            _ => {}
        }
        failures = if client.is_behind {
            failures.saturating_add(1)
        } else {
            0
        };
        let pause = match failures {
            0 => EVERY,
            failures => PAUSES.0.saturating_mul(1 << (failures - 1).min(16)).min(PAUSES.1),
        };
        tokio::select! {
            // What fails is not asked for by every change.
            _ = changes.changed(), if failures == 0 => {}
            _ = decided.changed() => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
        // A flood makes bans by the hundred: they go out together.
        tokio::time::sleep(TOGETHER).await;
    }
}

/// Whether the local API knows us; tells it nothing else.
///
/// # Errors
/// It does not, or does not answer; without address and password.
pub async fn probe(lapi: &Lapi) -> Result<(), String> {
    let login = Client::new(lapi.clone()).log_in().await;
    login.map(drop).map_err(|error| error.to_string())
}

/// What was told, and how it is told.
struct Client {
    lapi: Lapi,
    token: Option<Zeroizing<String>>,
    /// Until when each was told.
    told: HashMap<Net, Millis>,
    /// Whether something of ours may stand there.
    has_begun: bool,
    /// Whether the last attempt failed.
    is_behind: bool,
}

impl Client {
    fn new(lapi: Lapi) -> Self {
        Self {
            lapi,
            token: None,
            told: HashMap::new(),
            has_begun: false,
            is_behind: false,
        }
    }

    /// Makes what stands there what should stand there.
    async fn bring(
        &mut self,
        on: bool,
        bans: &[(Net, Ban)],
        now: Millis,
        decided: &watch::Receiver<bool>,
    ) -> Result<(), Failed> {
        self.is_behind = true;
        let done = if on {
            self.tell(bans, now, decided).await
        } else {
            self.withdraw_all().await
        };
        self.is_behind = done.is_err();
        if self.is_behind {
            metrics::counter!(DECISIONS, "outcome" => "failed").increment(1);
        }
        done
    }

    async fn withdraw_all(&mut self) -> Result<(), Failed> {
        if self.has_begun {
            self.ask(Method::DELETE, &format!("/v1/decisions?origin={ORIGIN}"), None)
                .await?;
            self.told.clear();
            self.has_begun = false;
        }
        Ok(())
    }

    async fn tell(&mut self, bans: &[(Net, Ban)], now: Millis, decided: &watch::Receiver<bool>) -> Result<(), Failed> {
        if !self.has_begun {
            // What a process before this one told, and can no longer take back one by one.
            self.has_begun = true;
            let cleared = self
                .ask(Method::DELETE, &format!("/v1/decisions?origin={ORIGIN}"), None)
                .await;
            if cleared.is_err() {
                self.has_begun = false;
            }
            cleared?;
        }
        let wanted: HashMap<Net, Millis> = bans.iter().map(|(net, ban)| (*net, ban.until)).collect();
        // What ended by itself has ended there, too.
        self.told.retain(|_, until| *until > now);
        let is_longer = |net: &Net, told: &Millis| wanted[net].0 > told.0 + LONGER_MILLIS;
        let gone: Vec<Net> = self
            .told
            .iter()
            .filter(|(net, told)| !wanted.contains_key(net) || is_longer(net, told))
            .map(|(net, _)| *net)
            .collect();
        for net in gone {
            let (_, value) = named(net);
            let path = format!("/v1/decisions?origin={ORIGIN}&value={value}");
            self.ask(Method::DELETE, &path, None).await?;
            self.told.remove(&net);
            metrics::counter!(DECISIONS, "outcome" => "withdrawn").increment(1);
        }
        let new: Vec<(Net, Millis)> = wanted
            .into_iter()
            .filter(|(net, _)| !self.told.contains_key(net))
            .collect();
        for some in new.chunks(AT_ONCE) {
            // Whoever decides otherwise meanwhile does not wait for thousands.
            if !*decided.borrow() {
                return Ok(());
            }
            let alerts: Vec<Value> = some.iter().map(|(net, until)| alert(*net, *until, now)).collect();
            self.ask(Method::POST, "/v1/alerts", Some(&Value::Array(alerts)))
                .await?;
            self.told.extend(some.iter().copied());
            metrics::counter!(DECISIONS, "outcome" => "told").increment(some.len() as u64);
        }
        Ok(())
    }

    /// One request, after a login where the last one has run out.
    async fn ask(&mut self, method: Method, path: &str, body: Option<&Value>) -> Result<(), Failed> {
        let mut has_logged_in = false;
        loop {
            let token = match self.token.clone() {
                Some(token) => token,
                None => {
                    has_logged_in = true;
                    self.token.insert(self.log_in().await?).clone()
                }
            };
            let bearer = format!("Bearer {}", token.as_str());
            let answered = self.send(method.clone(), path, body, Some(&bearer)).await?;
            match answered.status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if !has_logged_in => self.token = None,
                status if status.is_success() => return Ok(()),
                status => {
                    self.token = None;
                    return Err(Failed::Status(status));
                }
            }
        }
    }

    async fn log_in(&self) -> Result<Zeroizing<String>, Failed> {
        let who = json!({
            "machine_id": self.lapi.machine,
            "password": self.lapi.password.as_str(),
            "scenarios": [SCENARIO],
        });
        let answered = self.send(Method::POST, "/v1/watchers/login", Some(&who), None).await?;
        match answered.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(Failed::Unknown),
            status if !status.is_success() => return Err(Failed::Status(status)),
            _ => {}
        }
        let body: Value = serde_json::from_slice(&answered.body.unwrap_or_default()).unwrap_or_default();
        let token = body["token"].as_str().ok_or(Failed::Unknown)?;
        Ok(Zeroizing::new(token.to_owned()))
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        bearer: Option<&str>,
    ) -> Result<Answered, Failed> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.lapi.url))
            .header(USER_AGENT, concat!("paraph/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json");
        if let Some(bearer) = bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = request.body(Bytes::from(body)).map_err(|_| Failed::Address)?;
        Ok(outbound::ask_under(None, request, PATIENCE).await?)
    }
}

/// Scope and value, as CrowdSec names what is banned.
fn named(net: Net) -> (&'static str, String) {
    match (net.base(), net.prefix()) {
        (base @ IpAddr::V4(_), 32) => ("Ip", base.to_string()),
        (base, prefix) => ("Range", format!("{base}/{prefix}")),
    }
}

/// One ban as an alert with its decision. It says what is banned and until when, and nothing of why: no evidence leaves here.
fn alert(net: Net, until: Millis, now: Millis) -> Value {
    let (scope, value) = named(net);
    let seconds = until.0.saturating_sub(now.0).div_ceil(1000).max(1);
    let at = clock::rfc3339(now);
    let mut source = json!({ "scope": scope, "value": value });
    source[if scope == "Ip" { "ip" } else { "range" }] = json!(value);
    json!({
        "scenario": SCENARIO,
        "scenario_hash": "",
        "scenario_version": "",
        "message": "banned by paraph",
        "events_count": 1,
        "start_at": at,
        "stop_at": at,
        "capacity": 0,
        "leakspeed": "0",
        "simulated": false,
        "events": [],
        "source": source,
        "decisions": [{
            "duration": format!("{seconds}s"),
            "origin": ORIGIN,
            "scenario": SCENARIO,
            "scope": scope,
            "type": "ban",
            "value": value,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shield::book::Ways;
    use crate::shield::evidence::Cause;

    /// Thousands of bans go out by the hundred. Whoever decides against it meanwhile is heard before the next hundred.
    #[tokio::test]
    async fn nothing_more_is_told_once_somebody_decided_against_it() {
        let mut client = Client {
            token: Some(Zeroizing::new("t".to_owned())),
            has_begun: true,
            // Nobody is there: whatever is sent fails.
            ..Client::new(Lapi {
                url: "http://127.0.0.1:9".to_owned(),
                machine: String::new(),
                password: Zeroizing::default(),
            })
        };
        let now = Millis(1_000_000);
        let ban = Ban {
            until: Millis(now.0 + 600_000),
            times: 1,
            cause: Cause::Forged,
            ways: Ways::BOTH,
        };
        let bans = [(Net::narrow(IpAddr::from([192, 0, 2, 7])), ban)];
        let (decides, decided) = watch::channel(true);
        assert!(client.tell(&bans, now, &decided).await.is_err(), "it is sent");
        client.token = Some(Zeroizing::new("t".to_owned()));
        decides.send_replace(false);
        assert!(client.tell(&bans, now, &decided).await.is_ok(), "it is not");
        assert!(client.told.is_empty());
    }
}
