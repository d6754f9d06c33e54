//! TLS handshakes: budgeted before they cost anything, bounded in time, counted by outcome.
//!
//! A handshake costs 0.2 ms of a core, some twenty times a page. A connection that stays silent has cost nothing yet, so
//! the budget is asked when the client's first message is complete and before our key is used. When handshakes run short
//! in all, what is left goes to those who had fewest in the last minute: a flood from many addresses sinks to the even
//! share that it forced on itself, and who comes for the first time passes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use paraph_tally::Millis;
use rustls::ServerConfig;
use rustls::server::{Acceptor, NoServerSessionStorage};
use tokio::time::Instant;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::certificate::{Certificates, provider};
use super::proofs::{self, Proofs};
use super::sketch::Sketch;
use super::source::Source;
use super::stream::Stream;
use crate::limits::Limits;

/// Where less than this share of the machine's handshakes is left, a source's own allowance shrinks with it.
const SHORT: f64 = 0.5;
/// While places run short, a handshake has so long.
const CROWDED: Duration = Duration::from_secs(3);

/// HTTP/2 in the client's list of protocols (RFC 7301, RFC 9113).
pub(super) const H2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// What a TLS listener needs.
pub struct Tls {
    config: Arc<ServerConfig>,
    /// Shows an authority that our names are ours, and nothing else.
    proving: Arc<ServerConfig>,
    proofs: Arc<Proofs>,
    budget: Budget,
    open: AtomicU64,
    most_open: u64,
    deadline: Duration,
}

/// Why no TLS connection came about; each is a label of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// Too many handshakes are not done.
    Open,
    /// The address had its share.
    Address,
    /// Its network had.
    Network,
    /// So many come that nobody who had one lately gets another.
    Short,
    /// It took too long.
    Late,
    /// The other end spoke no TLS, or none that we speak, or left.
    Broken,
    /// An authority looked whether a name is ours, and saw that; the connection is over.
    Proven,
}

impl Failed {
    fn label(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Address => "address",
            Self::Network => "network",
            Self::Short => "short",
            Self::Late => "late",
            Self::Broken => "broken",
            Self::Proven => "proven",
        }
    }
}

impl Tls {
    /// TLS 1.2 and 1.3 with this certificate, HTTP/2 and HTTP/1.1; and what proves to an authority that a name is ours.
    ///
    /// # Errors
    /// The machine has no randomness to make keys of.
    pub fn new(
        certificates: Arc<Certificates>,
        proofs: Arc<Proofs>,
        limits: &Limits,
    ) -> Result<Arc<Self>, rustls::Error> {
        let mut proving = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&proofs) as _);
        proving.alpn_protocols = vec![proofs::PROTOCOL.to_vec()];
        proving.session_storage = Arc::new(NoServerSessionStorage {});
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(certificates);
        config.alpn_protocols = vec![H2.to_vec(), HTTP1.to_vec()];
        // What a client needs to resume lies with the client, sealed under a key that changes: nothing to fill here.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.ticketer = rustls::crypto::ring::Ticketer::new()?;
        config.send_tls13_tickets = 1;
        Ok(Arc::new(Self {
            config: Arc::new(config),
            proving: Arc::new(proving),
            proofs,
            budget: Budget::new(limits),
            open: AtomicU64::new(0),
            most_open: limits.handshakes_open,
            deadline: Duration::from_secs(limits.handshake_seconds),
        }))
    }

    /// One handshake. Nothing when it came to nothing; that is counted.
    pub(super) async fn accept(
        &self,
        stream: Stream,
        source: Option<Source>,
        crowded: bool,
    ) -> Option<TlsStream<Stream>> {
        let deadline = if crowded {
            self.deadline.min(CROWDED)
        } else {
            self.deadline
        };
        let shaken = match tokio::time::timeout(deadline, self.shake(stream, source)).await {
            Ok(shaken) => shaken,
            Err(_) => Err(Failed::Late),
        };
        let outcome = shaken.as_ref().map_or_else(|failed| failed.label(), |_| "done");
        metrics::counter!(crate::telemetry::HANDSHAKES, "outcome" => outcome).increment(1);
        shaken.ok()
    }

    /// `source` is nobody for a proxy of ours, which has no share of its own.
    async fn shake(&self, stream: Stream, source: Option<Source>) -> Result<TlsStream<Stream>, Failed> {
        let _place = Shaking::take(self)?;
        let start = LazyConfigAcceptor::new(Acceptor::default(), stream)
            .await
            .map_err(|_| Failed::Broken)?;
        // Whatever it comes for: a handshake that proves a name costs what any other does.
        self.budget.charge(source, crate::clock::now(), Instant::now())?;
        if self.proofs.is_asked_for(&start.client_hello()) {
            let shown = start.into_stream(Arc::clone(&self.proving)).await;
            return Err(shown.map_or(Failed::Broken, |_| Failed::Proven));
        }
        start
            .into_stream(Arc::clone(&self.config))
            .await
            .map_err(|_| Failed::Broken)
    }
}

/// A handshake that is not done; leaves when dropped.
struct Shaking<'a>(&'a AtomicU64);

impl<'a> Shaking<'a> {
    fn take(tls: &'a Tls) -> Result<Self, Failed> {
        let place = Self(&tls.open);
        if tls.open.fetch_add(1, Ordering::Relaxed) < tls.most_open {
            Ok(place)
        } else {
            Err(Failed::Open)
        }
    }
}

impl Drop for Shaking<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How many handshakes there may be: a second in all, a minute for an address and for its network.
struct Budget {
    per_second: f64,
    per_address: f64,
    per_network: f64,
    had: Sketch,
    /// Handshakes left of this second's, and when that was.
    left: Mutex<(f64, Option<Instant>)>,
}

impl Budget {
    #[expect(clippy::cast_precision_loss, reason = "bounds are small numbers")]
    fn new(limits: &Limits) -> Self {
        let per_second = limits.handshakes_per_second as f64;
        Self {
            per_second,
            per_address: limits.handshakes_per_address as f64,
            per_network: limits.handshakes_per_network as f64,
            had: Sketch::new(limits.budget_slots),
            left: Mutex::new((per_second, None)),
        }
    }

    /// Takes one. What is refused is not counted, as everywhere: who hammers cannot keep a shared address closed.
    fn charge(&self, source: Option<Source>, now: Millis, instant: Instant) -> Result<(), Failed> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, before) = *left;
        let passed = before.map_or(0.0, |before| (instant - before).as_secs_f64());
        let tokens = (tokens + passed * self.per_second).min(self.per_second);
        *left = (tokens, Some(instant));
        if tokens < 1.0 {
            return Err(Failed::Short);
        }
        if let Some(source) = source {
            let share = (tokens / self.per_second / SHORT).min(1.0);
            let (address, network) = (source.narrow(), source.wide());
            for (prefix, allowance, failed) in [
                (address, self.per_address, Failed::Address),
                (network, self.per_network, Failed::Network),
            ] {
                let had = self.had.rate(&prefix, now);
                if had >= allowance {
                    return Err(failed);
                }
                if had >= allowance * share {
                    return Err(Failed::Short);
                }
            }
            self.had.count(&address, now);
            self.had.count(&network, now);
        }
        *left = (tokens - 1.0, Some(instant));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(4_102_444_800_000);

    fn source(addr: [u8; 4]) -> Option<Source> {
        Some(Source::direct((addr, 1).into()))
    }

    fn budget() -> Budget {
        Budget::new(&Limits {
            budget_slots: 65_536,
            ..Limits::default()
        })
    }

    #[test]
    fn an_address_and_its_network_have_a_share_and_a_proxy_has_all_of_it() {
        let (budget, mut at) = (budget(), Instant::now());
        let mut charge = |source| {
            at += Duration::from_millis(10);
            budget.charge(source, NOW, at)
        };
        for _ in 0..600 {
            assert_eq!(charge(source([203, 0, 113, 1])), Ok(()));
        }
        assert_eq!(charge(source([203, 0, 113, 1])), Err(Failed::Address));
        for host in 2..5 {
            for _ in 0..600 {
                assert_eq!(charge(source([203, 0, 113, host])), Ok(()));
            }
        }
        assert_eq!(charge(source([203, 0, 113, 9])), Err(Failed::Network));
        for _ in 0..3000 {
            assert_eq!(charge(None), Ok(()));
        }
    }

    /// How many newcomers are served and refused, and how many of a flood are served, in a minute.
    fn under_a_flood() -> (u32, u32, u32) {
        let (budget, start) = (budget(), Instant::now());
        let (mut forged, mut honest, mut refused) = (0, 0, 0);
        // A minute: 10,000 handshakes a second from 4,000 addresses, among them 50 newcomers a second.
        for step in 0..600_000_u32 {
            let at = start + Duration::from_micros(u64::from(step) * 100);
            let flood = [
                198,
                18 + (step % 2) as u8,
                ((step / 2) % 125) as u8,
                ((step / 250) % 16) as u8,
            ];
            forged += u32::from(budget.charge(source(flood), NOW, at).is_ok());
            if step % 200 == 0 {
                let person = step / 200;
                match budget.charge(source([100, 64, (person % 250) as u8, (person / 250) as u8]), NOW, at) {
                    Ok(()) => honest += 1,
                    Err(_) => refused += 1,
                }
            }
        }
        (honest, refused, forged)
    }

    /// What a hash by chance puts together moves the numbers from run to run: one of ten has a few more refused than the bound.
    #[test]
    fn under_a_flood_of_4000_addresses_who_comes_for_the_first_time_passes() {
        let mut runs: Vec<_> = (0..9).map(|_| under_a_flood()).collect();
        runs.sort_unstable();
        let (honest, refused, forged) = runs[runs.len() / 2];
        // Only in the first instants, before anybody has a past, is a newcomer like the flood.
        assert!(honest >= 2990 && refused <= 10, "{runs:?}");
        assert!(forged + honest <= 61_000, "{forged}");
        assert!(forged > 50_000, "what is left is handed out: {forged}");
    }
}
