//! The front door as a visitor meets it: address, proxy, certificate.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::header::DATE;
use http::{Method, Request, Uri};
use jiff::fmt::rfc2822;
use x509_parser::parse_x509_certificate;

use super::Finding;
use super::names::Names;
use crate::acme::files::Files;
use crate::clock;
use crate::config::{Challenge, Config};
use crate::outbound::{self, Answered, OutboundError};
use crate::plural::many;
use crate::shield::crowdsec::{self, Sharing};

const PATIENCE: Duration = Duration::from_secs(8);

/// What came of a visit to `site.base_url`; `None` where there is none.
pub(super) type FrontDoor = Option<Result<Answered, OutboundError>>;

/// Visits the site once, the way a browser does.
pub(super) async fn front_door(config: &Config, names: &Names) -> FrontDoor {
    let url = config.site.base_url.as_ref()?;
    let uri: Uri = format!("{url}/").parse().ok()?;
    let port = uri
        .port_u16()
        .unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
    let host = host_of(url)?;
    let addresses = match host.parse::<IpAddr>() {
        Ok(ip) => vec![ip],
        Err(_) => names.addresses(&host).await,
    };
    let request = Request::builder()
        .method(Method::HEAD)
        .uri(uri)
        .body(Bytes::new())
        .ok()?;
    // All at once. One that does not answer is what is told: visitors meet it too, but where this machine has no way there at all.
    let asked: Vec<_> = addresses
        .into_iter()
        .map(|ip| {
            let visit = outbound::ask(request.clone(), Some(SocketAddr::new(ip, port)), PATIENCE);
            (ip, tokio::spawn(visit))
        })
        .collect();
    let unknown = std::io::Error::new(ErrorKind::NotFound, "its name has no address");
    let mut front = Err(OutboundError::Connect(unknown));
    for (at, (ip, answer)) in asked.into_iter().enumerate() {
        let answer = answer.await.unwrap_or(Err(OutboundError::Late(PATIENCE)));
        let tells_more = has_no_way(&front) || (front.is_ok() && answer.is_err() && !has_no_way(&answer));
        if at == 0 || tells_more {
            front = answer.map_err(|why| match why {
                OutboundError::Connect(why) => {
                    OutboundError::Connect(std::io::Error::new(why.kind(), format!("{ip}: {why}")))
                }
                other => other,
            });
        }
    }
    Some(front)
}

/// Whether this machine has no way to an address: one without IPv6, for example.
fn has_no_way(answer: &Result<Answered, OutboundError>) -> bool {
    let unreachable = [ErrorKind::HostUnreachable, ErrorKind::NetworkUnreachable];
    matches!(answer, Err(OutboundError::Connect(why)) if unreachable.contains(&why.kind()))
}

/// The host of a URL, an IPv6 address without its brackets.
pub(super) fn host_of(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    Some(uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned())
}

/// Whether a host is this machine's own business.
pub(super) fn is_local(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The clock against the `Date` of whoever answers for the site.
pub(super) fn dates(front: &FrontDoor) -> Finding {
    const CHECK: &str = "clock: site";
    let Some(Ok(answered)) = front else {
        return Finding::skipped(CHECK, "site.base_url does not answer, so its clock cannot be compared");
    };
    let date = answered.headers.get(DATE).and_then(|date| date.to_str().ok());
    let Some(there) = date.and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok()) else {
        return Finding::skipped(CHECK, "the answer of site.base_url has no date");
    };
    let here = i64::try_from(clock::now().0 / 1000).unwrap_or(i64::MAX);
    judge_dates(CHECK, here - there.as_second())
}

fn judge_dates(check: &'static str, apart: i64) -> Finding {
    let mend = "keep both clocks right with a time service; times are evidence";
    match apart.abs() {
        0..=5 => Finding::ok(check, format!("{apart} s apart from who answers at site.base_url")),
        6..=60 => Finding::warn(
            check,
            format!("{apart} s apart from who answers at site.base_url"),
            mend,
        ),
        _ => Finding::fail(
            check,
            format!("{apart} s apart from who answers at site.base_url"),
            mend,
        ),
    }
}

/// The address that links in mail start with.
pub(super) fn base_url(config: &Config) -> Finding {
    const CHECK: &str = "site: base_url";
    let Some(url) = config.site.base_url.as_deref() else {
        let mend = "site.base_url = \"https://petitions.example.org\", with your own name";
        return Finding::warn(
            CHECK,
            "not set: links in mail point at the listener's own address",
            mend,
        );
    };
    let host = host_of(url).unwrap_or_default();
    if url.starts_with("http://") && !is_local(&host) {
        let what = format!("{url} is not encrypted: names and addresses travel readable");
        return Finding::fail(
            CHECK,
            what,
            "put a proxy with a certificate in front and write https://",
        );
    }
    if config.listen.http.port() != 0 && is_local(&host) && !config.listen.http.ip().is_loopback() {
        let what = format!("{url} is this machine only, and listen.http is open to others");
        return Finding::warn(CHECK, what, "write the name that visitors use");
    }
    Finding::ok(CHECK, url.to_owned())
}

/// Who is believed about who asks.
pub(super) fn proxies(config: &Config) -> Finding {
    const CHECK: &str = "site: proxy";
    let trusted = &config.listen.trusted_proxies;
    let is_https = config
        .site
        .base_url
        .as_deref()
        .is_some_and(|url| url.starts_with("https://"));
    if is_https && trusted.is_empty() && config.listen.https.is_none() {
        return Finding::fail(
            CHECK,
            "base_url is https, so a proxy is in front, and no proxy is trusted: all visitors count as one",
            "listen.trusted_proxies = [\"127.0.0.1\", \"::1\"], with the proxy's own addresses",
        );
    }
    let wide = |net: &&ipnet::IpNet| net.prefix_len() < if net.addr().is_ipv4() { 16 } else { 48 };
    if let Some(net) = trusted.iter().find(|net| wide(net) && !net.addr().is_loopback()) {
        let what = format!("{net} is trusted: everybody in it can claim to be anyone");
        return Finding::warn(
            CHECK,
            what,
            "name the proxies' own addresses in listen.trusted_proxies and nothing wider",
        );
    }
    if trusted.is_empty() {
        return Finding::ok(CHECK, "none is trusted, visitors come directly");
    }
    Finding::ok(CHECK, format!("trusted networks: {}", trusted.len()))
}

/// Days before which a certificate should have been renewed; the usual renewal comes at 30.
const RENEWED_BY_DAYS: i64 = 21;

/// The certificate that visitors see, whoever shows it.
pub(super) fn certificate(config: &Config, front: &FrontDoor) -> Finding {
    const CHECK: &str = "site: certificate";
    let url = config.site.base_url.as_deref().unwrap_or_default();
    if !url.starts_with("https://") {
        return Finding::skipped(CHECK, "site.base_url is not https");
    }
    match front {
        None => Finding::skipped(CHECK, "site.base_url was not visited"),
        Some(Err(OutboundError::Tls(error))) => Finding::fail(
            CHECK,
            format!("{url}: {error}"),
            "renew the certificate, with the name of base_url in it and the whole chain behind it",
        ),
        Some(Err(error)) => Finding::fail(
            CHECK,
            format!("{url}: {error}"),
            "start the proxy and the server, open the port, correct the DNS record",
        ),
        Some(Ok(answered)) => {
            let Some(leaf) = answered.certificates.first() else {
                return Finding::fail(
                    CHECK,
                    format!("{url} shows no certificate"),
                    "give the proxy its certificate",
                );
            };
            let Ok((_, parsed)) = parse_x509_certificate(leaf) else {
                return Finding::fail(
                    CHECK,
                    format!("{url}: its certificate cannot be read"),
                    "renew the certificate",
                );
            };
            let now = i64::try_from(clock::now().0 / 1000).unwrap_or(i64::MAX);
            let (from, until) = (parsed.validity().not_before, parsed.validity().not_after);
            judge_days(CHECK, until.timestamp() - now, until.timestamp() - from.timestamp())
        }
    }
}

/// Some authorities give certificates of six days, which are renewed by then at a third of them.
fn judge_days(check: &'static str, left: i64, life: i64) -> Finding {
    let days = left / 86_400;
    if left < (RENEWED_BY_DAYS * 86_400).min(life / 4) {
        let mend = "see why it was not renewed by itself (certbot, the proxy's log), and renew it now";
        return Finding::warn(check, format!("valid for {days} more days"), mend);
    }
    Finding::ok(check, format!("the chain holds, valid for {days} more days"))
}

/// Whether the authority that is to give the certificate answers, and what came of asking it.
pub(super) async fn authority(config: &Config) -> Finding {
    const CHECK: &str = "site: authority";
    let Some(acme) = config.listen.https.as_ref().and_then(|https| https.acme.as_ref()) else {
        return Finding::skipped(CHECK, "certificates are not fetched (listen.acme)");
    };
    let directory = &acme.directory;
    let asked = match Request::get(directory).body(Bytes::new()) {
        Ok(request) => outbound::ask_under(acme.roots.clone(), request, PATIENCE).await,
        Err(_) => Err(OutboundError::Address),
    };
    match asked {
        Ok(answered) if answered.status.is_success() => {}
        Ok(answered) => {
            let what = format!("{directory} answers {}", answered.status);
            return Finding::fail(
                CHECK,
                what,
                "write the address of the authority's directory as it publishes it",
            );
        }
        Err(error) => {
            let mend = "open the way out of this machine to it; a private authority's own certificate goes into listen.acme.ca";
            return Finding::fail(CHECK, format!("{directory}: {error}"), mend);
        }
    }
    let state = Files::of(&config.directory).state();
    let (since, names) = (state.tried(), acme.domains.join(", "));
    match (state.why, since) {
        (Some(why), Some(tried)) => {
            let minutes = clock::now().0.saturating_sub(tried.0) / 60_000;
            let what = format!(
                "{} failed, the last one {} ago: {why}",
                many(state.failures.into(), "attempt", "attempts"),
                many(minutes, "minute", "minutes")
            );
            let mend = match acme.challenge {
                Challenge::TlsAlpn => {
                    "let the authority reach listen.https on port 443 under each of the names; then wait, or restart"
                }
                Challenge::Http => {
                    "let the authority reach listen.http on port 80 under each of the names; then wait, or restart"
                }
            };
            Finding::fail(CHECK, what, mend)
        }
        (_, None) => Finding::ok(CHECK, format!("answers; the server has not asked it for {names} yet")),
        (None, Some(_)) if state.failures > 0 => Finding::ok(CHECK, format!("answers, and is being asked for {names}")),
        (None, Some(_)) => Finding::ok(CHECK, format!("answers, and gave a certificate for {names}")),
    }
}

/// Whom bans are told to, and whether it would take them.
pub(super) async fn crowdsec(config: &Config) -> Finding {
    const CHECK: &str = "shield: CrowdSec";
    let Some(lapi) = &config.shield.crowdsec else {
        return Finding::skipped(CHECK, "bans are told to nobody (shield.crowdsec)");
    };
    if !Sharing::open(&config.directory).is_on() {
        let what = "named, and told nothing: nobody has decided so (`paraph shield crowdsec on`)";
        return Finding::ok(CHECK, what);
    }
    match crowdsec::probe(lapi).await {
        Ok(()) => Finding::ok(CHECK, "bans are told, and it takes them"),
        Err(why) => Finding::fail(
            CHECK,
            format!("bans are to be told, and it does not take them: {why}"),
            "start it, see `cscli machines list`; or `paraph shield crowdsec off`",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::{is_local, judge_dates, judge_days};

    #[test]
    fn clocks_apart_and_old_certificates_are_said() {
        let apart = |seconds| judge_dates("d", seconds).verdict;
        assert_eq!(
            (apart(-2), apart(30), apart(-7200)),
            (Verdict::Ok, Verdict::Warn, Verdict::Fail)
        );
        assert_eq!(
            [(60, 90), (3, 90), (3, 6), (1, 6)]
                .map(|(left, life)| judge_days("c", left * 86_400, life * 86_400).verdict),
            [Verdict::Ok, Verdict::Warn, Verdict::Ok, Verdict::Warn]
        );
        assert!(is_local("localhost") && is_local("::1") && !is_local("petitions.example.org"));
    }
}
