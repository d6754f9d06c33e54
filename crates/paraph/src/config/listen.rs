//! `[listen]`: where the server is reached, with which certificate, and whom it believes.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use http::uri::Authority;
use ipnet::IpNet;

use super::acme::{self, Acme};
use super::value::{Reader, Taken, networks};
use crate::admit::certificate::{Certificates, Files};
use crate::clock;
use crate::failure::Failure;

/// `[listen]`.
#[derive(Clone, Debug)]
pub struct Listen {
    /// Pages and forms.
    pub http: SocketAddr,
    /// The same over TLS.
    pub https: Option<Https>,
    /// `/healthz /readyz /metrics`; loopback or private, never public.
    pub operations: SocketAddr,
    /// The desk, where it has an address of its own; loopback or private, as it speaks plain HTTP.
    pub desk: Option<SocketAddr>,
    /// Peers whose PROXY header, Forwarded and X-Forwarded-For are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether those peers send a PROXY header.
    pub proxy_protocol: ProxyProtocol,
}

/// `listen.https`, with its certificate.
#[derive(Clone, Debug)]
pub struct Https {
    /// Where TLS is spoken.
    pub address: SocketAddr,
    /// `listen.certificate`, `listen.certificate_key`, and the host that they must be good for; or the file in the data
    /// directory that holds both.
    pub files: Files,
    /// Who is asked for the certificate, where it is not given.
    pub acme: Option<Acme>,
}

impl Https {
    /// Reads and checks the certificate. One that is still to be fetched is no error.
    ///
    /// # Errors
    /// It cannot serve visitors now.
    pub fn certificates(&self) -> Result<Arc<Certificates>, Failure> {
        if self.acme.is_some() {
            let (certificates, wrong) = Certificates::awaited(self.files.clone(), clock::now());
            if let Some(error) = wrong {
                tracing::warn!(%error, "the certificate that was fetched before cannot be used, another one is asked for");
            }
            return Ok(certificates);
        }
        Certificates::open(self.files.clone(), clock::now())
            .map_err(|error| Failure::usage(format!("listen.https: {error}"), error.hint()))
    }
}

/// `listen.proxy_protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// Never read.
    Off,
    /// Read when a trusted peer sends it.
    Optional,
    /// A trusted peer that does not send it is cut off.
    Required,
}

pub(super) fn read(reader: &mut Reader<'_>, base_url: Option<&str>) -> Result<Listen, Failure> {
    let http = reader.text("listen.http", "127.0.0.1:8080").address()?;
    let https = https(reader, http, base_url)?;
    let taken = reader.text("listen.operations", "127.0.0.1:9090");
    let operations = taken.address()?;
    if !is_loopback_or_private(operations.ip()) {
        let hint = "health and metrics are never public: use 127.0.0.1:9090, or an address of a private network";
        return Err(taken.refuse("can be reached from anywhere", hint));
    }
    let hint = "give the operations listener a port of its own";
    if collide(operations, http) {
        return Err(taken.refuse("is also listen.http", hint));
    }
    let tls = https.as_ref().map(|https| https.address);
    if tls.is_some_and(|tls| collide(operations, tls)) {
        return Err(taken.refuse("is also listen.https", hint));
    }
    let desk = desk(reader, &[Some(http), tls, Some(operations)])?;
    let proxies = reader.list("listen.trusted_proxies", &[]);
    let trusted_proxies = networks(
        &proxies,
        "would trust everybody",
        "name the proxies' own addresses: whoever is trusted can claim to be anyone",
    )?;
    let protocol = reader.text("listen.proxy_protocol", "off");
    let proxy_protocol = match protocol.text.as_str() {
        "off" => ProxyProtocol::Off,
        "optional" => ProxyProtocol::Optional,
        "required" => ProxyProtocol::Required,
        _ => {
            return Err(protocol.refuse(
                "is not one of off, optional, required",
                "write one of the three in quotes",
            ));
        }
    };
    if proxy_protocol != ProxyProtocol::Off && trusted_proxies.is_empty() {
        let hint = "name the proxy's address in listen.trusted_proxies, or write \"off\"";
        return Err(protocol.refuse("has no peer to believe: listen.trusted_proxies is empty", hint));
    }
    Ok(Listen {
        http,
        https,
        operations,
        desk,
        trusted_proxies,
        proxy_protocol,
    })
}

/// An address of the desk's own: connections that no flood of visitors can take.
fn desk(reader: &mut Reader<'_>, others: &[Option<SocketAddr>]) -> Result<Option<SocketAddr>, Failure> {
    let Some(taken) = reader.optional("listen.desk", "with the pages, under /desk") else {
        return Ok(None);
    };
    let address = taken.address()?;
    if !is_loopback_or_private(address.ip()) {
        let hint = "it speaks plain HTTP: use 127.0.0.1:8081 and a tunnel, or an address of a private network";
        return Err(taken.refuse("can be reached from anywhere", hint));
    }
    if others.iter().flatten().any(|other| collide(address, *other)) {
        return Err(taken.refuse("is taken by another listener", "give the desk a port of its own"));
    }
    Ok(Some(address))
}

/// TLS needs an address, a certificate and its key, or none of the three. The files are looked at when they are needed.
fn https(reader: &mut Reader<'_>, http: SocketAddr, base_url: Option<&str>) -> Result<Option<Https>, Failure> {
    let address = reader.optional("listen.https", "no TLS; leave it to a proxy in front");
    let certificate = reader.optional("listen.certificate", "none");
    let key = reader.optional("listen.certificate_key", "none");
    let host = base_url.and_then(|url| url.strip_prefix("https://")?.parse::<Authority>().ok());
    let host = host.map(|authority| authority.host().to_owned());
    if let Some(given) = certificate
        .as_ref()
        .or(key.as_ref())
        .filter(|_| reader.has_section("listen.acme"))
    {
        let hint = "remove it, or remove [listen.acme]: one of both is the certificate";
        return Err(given.refuse("stands beside [listen.acme], which fetches a certificate", hint));
    }
    if let Some(acme) = acme::read(reader, host.as_deref())? {
        return fetched(address, acme, http).map(Some);
    }
    let (taken, certificate, key) = match (address, certificate, key) {
        (Some(address), Some(certificate), Some(key)) => (address, certificate, key),
        (None, None, None) => return Ok(None),
        (Some(address), ..) => {
            let hint = "set listen.certificate to the full chain and listen.certificate_key to its key, both PEM files; or \
                        listen.acme.directory to the authority that is to be asked for one";
            return Err(address.refuse("has no certificate, or no key for it", hint));
        }
        (None, Some(file), _) | (None, None, Some(file)) => {
            return Err(file.refuse(
                "stands without listen.https",
                "set listen.https, as in 0.0.0.0:443, or remove it",
            ));
        }
    };
    Ok(Some(Https {
        address: tls_address(&taken, http)?,
        files: Files {
            certificate: certificate.path()?,
            key: key.path()?,
            hosts: host.into_iter().collect(),
        },
        acme: None,
    }))
}

/// TLS with a certificate that an authority is asked for; its file follows from the data directory.
fn fetched(address: Option<Taken>, acme: Acme, http: SocketAddr) -> Result<Https, Failure> {
    let Some(taken) = address else {
        return Err(Failure::usage(
            "listen.acme.directory stands without listen.https",
            "set listen.https, as in 0.0.0.0:443, or remove [listen.acme]",
        ));
    };
    Ok(Https {
        address: tls_address(&taken, http)?,
        files: acme::files(Path::new("")),
        acme: Some(acme),
    })
}

fn tls_address(taken: &Taken, http: SocketAddr) -> Result<SocketAddr, Failure> {
    let address = taken.address()?;
    if collide(address, http) {
        return Err(taken.refuse("is also listen.http", "give TLS a port of its own, usually 443"));
    }
    Ok(address)
}

/// Whether two listeners would take the same port of the same address: all addresses of a machine hold each of them.
pub(super) fn collide(a: SocketAddr, b: SocketAddr) -> bool {
    let covers = |a: IpAddr, b: IpAddr| a == b || (a.is_unspecified() && (a.is_ipv6() || b.is_ipv4()));
    a.port() != 0 && a.port() == b.port() && (covers(a.ip(), b.ip()) || covers(b.ip(), a.ip()))
}

fn is_loopback_or_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}
