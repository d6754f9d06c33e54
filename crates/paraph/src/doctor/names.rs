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
use crate::mail::dkim::Signer;
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
        let (exchange, texts, dkim, dmarc) = tokio::join!(
            self.exchange(checks[0], domain),
            self.texts(domain),
            self.dkim(checks[2], config.mail.dkim.as_deref()),
            self.dmarc(checks[3], domain),
        );
        vec![
            exchange,
            judge_spf(checks[1], domain, server.host(), texts),
            dkim,
            dmarc,
        ]
    }

    async fn exchange(&self, check: &'static str, domain: &str) -> Finding {
        match self.has_exchange(domain).await {
            Found::Some(_) => Finding::ok(check, format!("{domain} takes mail: bounces and answers arrive")),
            Found::None => Finding::warn(
                check,
                format!(
                    "{domain} takes no mail: bounces and answers to mail.from are lost, and some receivers refuse it"
                ),
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
            Found::Some(texts) if texts.iter().any(|text| signer.is_in(text)) => {
                Finding::ok(check, format!("{name} holds the other half of mail.dkim_key"))
            }
            Found::Some(_) => Finding::fail(
                check,
                format!("{name} holds another key than mail.dkim_key: every signature fails"),
                publish,
            ),
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
                    if let Some(policy) = texts.iter().find(|text| text.starts_with("v=DMARC1")) {
                        return judge_dmarc(check, at, policy);
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
    let is_spf = |text: &&String| *text == "v=spf1" || text.starts_with("v=spf1 ");
    let records: Vec<&String> = texts.iter().filter(is_spf).collect();
    match records[..] {
        [] => Finding::fail(check, format!("{domain} does not say who may send for it"), publish),
        [record] if record.contains("+all") || record.ends_with(" all") => {
            Finding::fail(check, format!("{domain} lets everybody send for it: {record}"), publish)
        }
        [record] if !record.contains("-all") && !record.contains("~all") && !record.contains("redirect=") => {
            Finding::warn(check, format!("{domain} does not exclude anybody: {record}"), publish)
        }
        [record] => Finding::ok(check, record.clone()),
        _ => Finding::fail(
            check,
            format!(
                "{domain} has {} SPF records; receivers then ignore all of them",
                records.len()
            ),
            "keep one of them, with everything in it",
        ),
    }
}

fn judge_dmarc(check: &'static str, at: &str, policy: &str) -> Finding {
    let tag = |name: &str| {
        policy.split(';').find_map(|tag| {
            let (key, value) = tag.split_once('=')?;
            (key.trim() == name).then(|| value.trim().to_owned())
        })
    };
    match tag("p").as_deref() {
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
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::{Found, judge_dmarc, judge_spf};

    #[test]
    fn records_that_protect_nobody_are_told_from_those_that_do() {
        let spf = |records: &[&str]| {
            let records = records.iter().map(|record| (*record).to_owned()).collect();
            judge_spf("s", "example.org", "smtp.example.org", Found::Some(records)).verdict
        };
        assert_eq!(spf(&["v=spf1 mx -all", "unrelated"]), Verdict::Ok);
        assert_eq!(spf(&["unrelated"]), Verdict::Fail);
        assert_eq!(spf(&["v=spf1 +all"]), Verdict::Fail);
        assert_eq!(spf(&["v=spf1 mx ?all"]), Verdict::Warn);
        assert_eq!(spf(&["v=spf1 mx -all", "v=spf1 a -all"]), Verdict::Fail);
        let dmarc = |policy: &str| judge_dmarc("d", "example.org", policy).verdict;
        assert_eq!(dmarc("v=DMARC1; p=reject"), Verdict::Ok);
        assert_eq!(dmarc("v=DMARC1; p=none; rua=mailto:x@example.org"), Verdict::Warn);
        assert_eq!(dmarc("v=DMARC1"), Verdict::Fail);
    }
}
