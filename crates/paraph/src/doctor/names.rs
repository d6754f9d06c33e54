//! DNS: where the site is, and what the sender's domain says about who may send for it. Each record that is missing is
//! written out, ready to be published.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;

use super::Finding;
use super::web::{host_of, is_local};
use crate::config::{Config, Delivery};
use crate::mail::dkim::{Published, Signer};
use crate::plural::many;

/// For one question, with every repetition and every server of the machine.
const PATIENCE: Duration = Duration::from_secs(8);

/// Asks the machine's DNS servers, or the one that was named.
pub(super) struct Names {
    resolver: Option<TokioResolver>,
}

/// What a question came to.
enum Found<T> {
    /// Records.
    Some(Vec<T>),
    /// The server says that there are none.
    None,
    /// Nobody answers.
    Unknown(String),
}

impl Names {
    pub(super) fn new(server: Option<SocketAddr>) -> Self {
        let builder = match server {
            None => TokioResolver::builder_tokio().ok(),
            Some(at) => {
                let with_port = |mut connection: ConnectionConfig| {
                    connection.port = at.port();
                    connection
                };
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(with_port);
                let server = NameServerConfig::new(at.ip(), true, connections.into());
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                Some(TokioResolver::builder_with_config(
                    config,
                    TokioRuntimeProvider::default(),
                ))
            }
        };
        let resolver = builder.and_then(|mut builder| {
            if server.is_some() {
                // Asked to look elsewhere, it looks there only.
                builder.options_mut().use_hosts_file = ResolveHosts::Never;
            }
            builder.build().ok()
        });
        Self { resolver }
    }

    /// Addresses of a host; none where it has none or nobody answers.
    pub(super) async fn addresses(&self, host: &str) -> Vec<IpAddr> {
        match self.lookup_ip(host).await {
            Found::Some(addresses) => addresses,
            Found::None | Found::Unknown(_) => Vec::new(),
        }
    }

    async fn lookup_ip(&self, host: &str) -> Found<IpAddr> {
        let Some(resolver) = &self.resolver else {
            return Found::Unknown("/etc/resolv.conf names no server".to_owned());
        };
        sort(resolver.lookup_ip(host), |found| found.iter().collect()).await
    }

    async fn texts(&self, name: &str) -> Found<String> {
        let Some(resolver) = &self.resolver else {
            return Found::Unknown("/etc/resolv.conf names no server".to_owned());
        };
        // The dot at the end: no search list, nothing of the machine's own domain.
        sort(resolver.txt_lookup(format!("{name}.")), |found| {
            let text = |data: &RData| match data {
                // A long record comes in pieces that belong together (RFC 7208, 3.3).
                RData::TXT(text) => Some(
                    text.txt_data
                        .iter()
                        .map(|piece| String::from_utf8_lossy(piece))
                        .collect(),
                ),
                _ => None,
            };
            found.answers().iter().filter_map(|record| text(&record.data)).collect()
        })
        .await
    }

    async fn has_exchange(&self, domain: &str) -> Found<()> {
        let Some(resolver) = &self.resolver else {
            return Found::Unknown("/etc/resolv.conf names no server".to_owned());
        };
        sort(resolver.mx_lookup(format!("{domain}.")), |found| {
            let is_mx = |data: &RData| matches!(data, RData::MX(mx) if !mx.exchange.is_root());
            found
                .answers()
                .iter()
                .filter(|record| is_mx(&record.data))
                .map(|_| ())
                .collect()
        })
        .await
    }

    /// Whether the site's name leads anywhere.
    pub(super) async fn site(&self, config: &Config) -> Finding {
        const CHECK: &str = "dns: site";
        let Some(host) = config.site.base_url.as_deref().and_then(host_of) else {
            return Finding::skipped(CHECK, "site.base_url is not set");
        };
        if is_local(&host) || host.parse::<IpAddr>().is_ok() {
            return Finding::skipped(CHECK, format!("{host} needs no DNS"));
        }
        match self.lookup_ip(&host).await {
            Found::Some(addresses) => Finding::ok(
                CHECK,
                format!("{host} has {}", many(addresses.len() as u64, "address", "addresses")),
            ),
            Found::None => Finding::fail(
                CHECK,
                format!("{host} has no address"),
                format!("publish: {host}. IN A <address of this server> (and AAAA for IPv6)"),
            ),
            Found::Unknown(why) => unanswered(CHECK, &why),
        }
    }

    /// What receivers look at: may this server send for the domain, is it signed, what about the rest, can they answer.
    pub(super) async fn sender(&self, config: &Config) -> Vec<Finding> {
        let checks = ["dns: MX", "dns: SPF", "dns: DKIM", "dns: DMARC"];
        let Delivery::Smtp(server) = &config.mail.delivery else {
            return checks
                .map(|check| Finding::skipped(check, "mail goes to a directory"))
                .into();
        };
        let domain = config.mail.from.email.domain();
        // SPF is judged by where a mail comes back to (RFC 7208, 2.4).
        let bounce = config.mail.bounce.as_ref().map(|bounce| bounce.address.domain());
        let envelope = bounce.unwrap_or(domain);
        let signer = config.mail.dkim.as_deref();
        let (exchange, texts, dkim, dmarc) = tokio::join!(
            self.exchange(checks[0], domain, "answers to mail.from"),
            self.texts(envelope),
            self.dkim(checks[2], signer),
            self.dmarc(checks[3], domain),
        );
        let mut findings = vec![
            exchange,
            judge_spf(checks[1], envelope, server.host(), texts),
            dkim,
            dmarc,
        ];
        if envelope != domain {
            let back = self
                .exchange("dns: MX of mail.bounce", envelope, "mails that come back")
                .await;
            findings.push(back);
            findings.push(judge_alignment(domain, envelope, signer.map(Signer::domain)));
        }
        findings
    }

    async fn exchange(&self, check: &'static str, domain: &str, what: &str) -> Finding {
        match self.has_exchange(domain).await {
            Found::Some(_) => Finding::ok(check, format!("{domain} takes mail: {what} arrive")),
            Found::None => Finding::warn(
                check,
                format!("{domain} takes no mail: {what} are lost, and some receivers refuse it"),
                format!("publish: {domain}. IN MX 10 <your mail server>."),
            ),
            Found::Unknown(why) => unanswered(check, &why),
        }
    }

    async fn dkim(&self, check: &'static str, signer: Option<&Signer>) -> Finding {
        let Some(signer) = signer else {
            return Finding::skipped(
                check,
                "letters are not signed here (mail.dkim_key): your mail server has to sign them",
            );
        };
        let name = signer.record_name();
        let publish = format!("publish: {name}. IN TXT \"{}\"", signer.record());
        match self.texts(&name).await {
            Found::Some(texts) => match &texts[..] {
                [text] => match signer.judge(text) {
                    Published::Ours => Finding::ok(check, format!("{name} holds the other half of mail.dkim_key")),
                    Published::Testing => Finding::warn(
                        check,
                        format!("{name} says t=y (a test): receivers treat mail as if it were not signed"),
                        publish,
                    ),
                    Published::Unfit(why) => {
                        Finding::fail(check, format!("{name}: {why}, so every signature fails"), publish)
                    }
                    Published::Another => Finding::fail(
                        check,
                        format!("{name} holds another key than mail.dkim_key: every signature fails"),
                        publish,
                    ),
                },
                many => Finding::fail(
                    check,
                    format!(
                        "{name} holds {} records: which of them a receiver takes is chance",
                        many.len()
                    ),
                    format!("remove all but one, and {publish}"),
                ),
            },
            Found::None => Finding::fail(check, format!("{name} does not exist: every signature fails"), publish),
            Found::Unknown(why) => unanswered(check, &why),
        }
    }

    /// The policy of the domain or of one above it (RFC 7489, 6.6.3).
    async fn dmarc(&self, check: &'static str, domain: &str) -> Finding {
        let mut at = domain;
        loop {
            match self.texts(&format!("_dmarc.{at}")).await {
                Found::Some(texts) => {
                    if let Some(finding) = judge_dmarc(check, at, at == domain, &texts) {
                        return finding;
                    }
                }
                Found::None => {}
                Found::Unknown(why) => return unanswered(check, &why),
            }
            match at.split_once('.') {
                Some((_, above)) if above.contains('.') => at = above,
                _ => {
                    let mend = format!(
                        "publish: _dmarc.{domain}. IN TXT \"v=DMARC1; p=quarantine; rua=mailto:postmaster@{domain}\""
                    );
                    return Finding::fail(
                        check,
                        format!("{domain} has no DMARC policy: large providers refuse or hide its mail"),
                        mend,
                    );
                }
            }
        }
    }
}

async fn sort<L, T>(asked: impl Future<Output = Result<L, NetError>>, read: impl FnOnce(L) -> Vec<T>) -> Found<T> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(found)) => match read(found) {
            records if records.is_empty() => Found::None,
            records => Found::Some(records),
        },
        Ok(Err(error)) if error.is_no_records_found() || error.is_nx_domain() => Found::None,
        Ok(Err(error)) => Found::Unknown(error.to_string()),
        Err(_) => Found::Unknown(format!("nothing within {PATIENCE:?}")),
    }
}

fn unanswered(check: &'static str, why: &str) -> Finding {
    let mend = "check /etc/resolv.conf and the way to its servers, or name another with --dns ADDRESS:PORT";
    Finding::fail(check, format!("no DNS server answers: {why}"), mend)
}

fn judge_spf(check: &'static str, domain: &str, server: &str, found: Found<String>) -> Finding {
    let who = if is_local(server) {
        "mx".to_owned()
    } else {
        format!("mx a:{server}")
    };
    let publish =
        format!("publish: {domain}. IN TXT \"v=spf1 {who} -all\"; include: what your provider tells you, if it relays");
    let texts = match found {
        Found::Some(texts) => texts,
        Found::None => Vec::new(),
        Found::Unknown(why) => return unanswered(check, &why),
    };
    // Case does not matter (RFC 7208, 4.6.1).
    let is_spf = |text: &&String| {
        text.split(' ')
            .next()
            .is_some_and(|first| first.eq_ignore_ascii_case("v=spf1"))
    };
    let records: Vec<&String> = texts.iter().filter(is_spf).collect();
    let [record] = records[..] else {
        return if records.is_empty() {
            Finding::fail(check, format!("{domain} does not say who may send for it"), publish)
        } else {
            Finding::fail(
                check,
                format!(
                    "{domain} has {} SPF records; receivers then ignore all of them",
                    records.len()
                ),
                "keep one of them, with everything in it",
            )
        };
    };
    match end_of_spf(record) {
        SpfEnd::Everybody => Finding::fail(check, format!("{domain} lets everybody send for it: {record}"), publish),
        SpfEnd::Nobody => Finding::fail(check, format!("{domain} lets nobody send for it: {record}"), publish),
        SpfEnd::Open => Finding::warn(check, format!("{domain} does not exclude anybody: {record}"), publish),
        SpfEnd::Closed => Finding::ok(check, record.clone()),
    }
}

/// What an SPF record comes to, without what other records say that it names.
enum SpfEnd {
    /// `all` passes.
    Everybody,
    /// Nothing before `-all` passes.
    Nobody,
    /// Some pass, and the others are left to whoever receives.
    Open,
    /// Some pass, and the others do not.
    Closed,
}

fn end_of_spf(record: &str) -> SpfEnd {
    let (mut some_pass, mut redirects) = (false, false);
    for term in record.to_ascii_lowercase().split_ascii_whitespace().skip(1) {
        let (passes, mechanism) = match term.strip_prefix(['-', '~', '?']) {
            Some(mechanism) => (false, mechanism),
            None => (true, term.strip_prefix('+').unwrap_or(term)),
        };
        if mechanism == "all" {
            return match term.chars().next() {
                _ if passes => SpfEnd::Everybody,
                Some('-') if !some_pass => SpfEnd::Nobody,
                Some('-' | '~') => SpfEnd::Closed,
                _ => SpfEnd::Open,
            };
        }
        redirects |= mechanism.starts_with("redirect=");
        // A name with `=` is a modifier: nobody passes by it.
        let name = mechanism.split([':', '/']).next().unwrap_or_default();
        some_pass |= passes && !name.contains('=');
    }
    if redirects { SpfEnd::Closed } else { SpfEnd::Open }
}

/// The policy among the records of a domain, that of the sender itself or one above it; `None` if there is none.
fn judge_dmarc(check: &'static str, at: &str, is_own: bool, texts: &[String]) -> Option<Finding> {
    let is_policy = |text: &&String| text.split(';').next().is_some_and(|first| first.trim() == "v=DMARC1");
    let policies: Vec<&String> = texts.iter().filter(is_policy).collect();
    let policy = match policies[..] {
        [] => return None,
        [policy] => policy,
        // RFC 7489, 6.6.3.
        _ => {
            let what = format!(
                "_dmarc.{at} has {} DMARC records; receivers then ignore all of them",
                policies.len()
            );
            return Some(Finding::fail(check, what, "keep one of them"));
        }
    };
    let tag = |name: &str| {
        policy.split(';').find_map(|tag| {
            let (key, value) = tag.split_once('=')?;
            (key.trim() == name).then(|| value.trim().to_ascii_lowercase())
        })
    };
    let asked = tag("sp").filter(|_| !is_own).or_else(|| tag("p"));
    Some(match asked.as_deref() {
        Some("quarantine" | "reject") if tag("pct").as_deref() == Some("0") => Finding::warn(
            check,
            format!("_dmarc.{at} asks for it in no case: {policy}"),
            "when SPF and DKIM pass for some weeks, remove pct=0",
        ),
        Some("quarantine" | "reject") => Finding::ok(check, format!("_dmarc.{at}: {policy}")),
        Some("none") => Finding::warn(
            check,
            format!("_dmarc.{at} only watches: {policy}"),
            "when SPF and DKIM pass for some weeks, write p=quarantine",
        ),
        _ => Finding::fail(
            check,
            format!("_dmarc.{at} has no policy: {policy}"),
            "write it as in \"v=DMARC1; p=quarantine\"",
        ),
    })
}

/// Whether DMARC can hold where mail comes back to another domain than it is from: SPF then vouches for that one, and counts only
/// below the same registered domain (RFC 7489, 3.1); else a signature in the sender's name has to.
fn judge_alignment(from: &str, envelope: &str, signer: Option<&str>) -> Finding {
    const CHECK: &str = "dns: DMARC alignment";
    let registered = |domain: &str| psl::domain_str(domain).unwrap_or(domain).to_ascii_lowercase();
    if registered(from) == registered(envelope) {
        return Finding::ok(
            CHECK,
            format!("{envelope} and {from} are of one registered domain: SPF counts for DMARC"),
        );
    }
    if signer.is_some_and(|signer| registered(signer) == registered(from)) {
        return Finding::ok(
            CHECK,
            format!("{envelope} is not below {from}: DMARC holds by the signatures alone"),
        );
    }
    Finding::warn(
        CHECK,
        format!("SPF vouches for {envelope} (mail.bounce), not for {from}: for DMARC a signature of {from} has to"),
        format!("have mail signed for {from} (mail.dkim_key, or your mail server), or take a mail.bounce below {from}"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::{Found, judge_alignment, judge_dmarc, judge_spf};

    #[test]
    fn records_that_protect_nobody_are_told_from_those_that_do() {
        let texts = |records: &[&str]| records.iter().map(|record| (*record).to_owned()).collect::<Vec<_>>();
        let spf =
            |records: &[&str]| judge_spf("s", "example.org", "smtp.example.org", Found::Some(texts(records))).verdict;
        for fine in [
            "v=spf1 mx -all",
            "V=SPF1 MX -ALL",
            "v=spf1 redirect=_spf.example.net",
            "v=spf1 +a:b.example ~all",
        ] {
            assert_eq!(spf(&[fine, "unrelated"]), Verdict::Ok, "{fine}");
        }
        // Everybody, nobody, none, and what is none.
        for wrong in [
            "v=spf1 +all",
            "v=spf1 mx ALL",
            "v=spf1 -all",
            "v=spf1 ?mx exp=e.example -all",
            "unrelated",
            "v=spf10 mx -all",
        ] {
            assert_eq!(spf(&[wrong]), Verdict::Fail, "{wrong}");
        }
        for open in ["v=spf1 mx ?all", "v=spf1 mx", "v=spf1 include:-all.example"] {
            assert_eq!(spf(&[open]), Verdict::Warn, "{open}");
        }
        assert_eq!(spf(&["v=spf1 mx -all", "v=spf1 a -all"]), Verdict::Fail);

        let dmarc = |is_own, records: &[&str]| {
            judge_dmarc("d", "example.org", is_own, &texts(records)).map(|finding| finding.verdict)
        };
        assert_eq!(dmarc(true, &["v=DMARC1; p=reject", "unrelated"]), Some(Verdict::Ok));
        assert_eq!(
            dmarc(true, &["v=DMARC1; p=none; rua=mailto:x@example.org"]),
            Some(Verdict::Warn)
        );
        assert_eq!(dmarc(true, &["v=DMARC1; p=reject; pct=0"]), Some(Verdict::Warn));
        assert_eq!(dmarc(true, &["v=DMARC1"]), Some(Verdict::Fail));
        assert_eq!(
            dmarc(true, &["v=DMARC1; p=reject", "v=DMARC1; p=reject"]),
            Some(Verdict::Fail)
        );
        assert_eq!(dmarc(true, &["v=DMARC12; p=reject"]), None);
        let above = ["v=DMARC1; p=reject; sp=none"];
        assert_eq!(
            (dmarc(true, &above), dmarc(false, &above)),
            (Some(Verdict::Ok), Some(Verdict::Warn))
        );

        let aligned = |envelope, signer| judge_alignment("petitions.example.org", envelope, signer).verdict;
        assert_eq!(aligned("bounces.example.org", None), Verdict::Ok);
        assert_eq!(aligned("bounces.example.net", Some("example.org")), Verdict::Ok);
        assert_eq!(aligned("bounces.example.net", Some("example.net")), Verdict::Warn);
        assert_eq!(aligned("bounces.example.net", None), Verdict::Warn);
    }
}
