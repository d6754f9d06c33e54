//! `[shield]`: who is never banned, where bans are carried out, and whom they may be told to.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Config;
use super::mail::secret_of;
use super::value::{Reader, networks};
use crate::failure::Failure;
use crate::shield::crowdsec::Lapi;
use crate::shield::export::Outlets;

/// `[shield]`.
#[derive(Clone, Debug)]
pub struct Shield {
    /// Never banned, beside the trusted proxies.
    pub protect: Vec<IpNet>,
    /// Where bans are carried out.
    pub outlets: Outlets,
    /// Whom they may be told to, once a person has decided so.
    pub crowdsec: Option<Lapi>,
}

impl Config {
    /// Who is never banned, as far as the operator says.
    #[must_use]
    pub fn never_banned(&self) -> Vec<IpNet> {
        [&self.listen.trusted_proxies[..], &self.shield.protect].concat()
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Shield, Failure> {
    let protect = reader.list("shield.protect", &[]);
    let protect = networks(
        &protect,
        "would protect everybody",
        "name the networks that must never be banned; to ban nobody, name no shield.helper, map or list",
    )?;
    let mut path = |key| reader.optional(key, "none").map(|taken| taken.path()).transpose();
    let outlets = Outlets {
        helper: path("shield.helper")?,
        haproxy_map: path("shield.haproxy_map")?,
        haproxy_socket: path("shield.haproxy_socket")?,
        nginx_geo: path("shield.nginx_geo")?,
        cidr_list: path("shield.cidr_list")?,
    };
    if outlets.haproxy_socket.is_some() && outlets.haproxy_map.is_none() {
        let hint = "name the map file that HAProxy's configuration names, in shield.haproxy_map";
        return Err(Failure::usage(
            "shield.haproxy_socket is set and shield.haproxy_map is not",
            hint,
        ));
    }
    let named: Vec<_> = outlets.files().chain(outlets.sockets()).collect();
    for (index, (key, path)) in named.iter().enumerate() {
        if let Some((before, _)) = named[..index].iter().find(|(_, taken)| taken == path) {
            return Err(Failure::usage(
                format!("{before} and {key} name the same file"),
                "each is written in a form of its own: give each a name of its own",
            ));
        }
    }
    Ok(Shield {
        protect,
        outlets,
        crowdsec: crowdsec(reader)?,
    })
}

/// Naming it tells nobody anything: that takes a decision of its own (`paraph shield crowdsec on`).
fn crowdsec(reader: &mut Reader<'_>) -> Result<Option<Lapi>, Failure> {
    let url = reader.optional("shield.crowdsec", "bans are told to nobody");
    let machine = reader.optional("shield.crowdsec_machine", "none");
    let password = secret_of(reader, "shield.crowdsec_password")?;
    let Some(taken) = url else {
        return match machine {
            Some(lone) => Err(lone.refuse(
                "stands without shield.crowdsec",
                "set that to the local API, or remove it",
            )),
            None => Ok(None),
        };
    };
    let url = taken.base_url()?;
    let host = url
        .parse::<http::Uri>()
        .ok()
        .and_then(|uri| Some(uri.host()?.to_owned()));
    let is_here = host.is_some_and(|host| {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    });
    if url.starts_with("http://") && !is_here {
        let hint = "use https://, or the local API of this machine";
        return Err(taken.refuse("would send addresses and a password readable over the network", hint));
    }
    let (Some(machine), Some(password)) = (machine, password) else {
        let hint = "make both with `cscli machines add paraph`, then set shield.crowdsec_machine and \
                    shield.crowdsec_password_file";
        return Err(taken.refuse("has no machine, or no password for it", hint));
    };
    Ok(Some(Lapi {
        url,
        machine: machine.text,
        password,
    }))
}
