//! Carries bans to where packets are: the packet filter for sources with connections of their own, the proxy for the others.
//!
//! Every change goes out within a second, and once a minute everything is told again: a helper or proxy that was started anew
//! learns what holds, and one that was away catches up. None of them is needed: the process holds every ban itself. At its end
//! what cannot end a ban by itself is emptied.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use paraph_shield::client;
use paraph_shield::net::Net;
use tokio::sync::watch;

use super::book::Ban;
use super::files::{self, Form};
use super::{Shield, haproxy};
use crate::clock;

const EVERY: Duration = Duration::from_secs(60);
const TOGETHER: Duration = Duration::from_millis(500);

/// Where bans go. `None` is nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlets {
    /// The socket of `paraph-shield`, for direct sources.
    pub helper: Option<PathBuf>,
    /// An HAProxy map, for forwarded sources.
    pub haproxy_map: Option<PathBuf>,
    /// HAProxy's runtime socket, through which the map takes effect without a reload.
    pub haproxy_socket: Option<PathBuf>,
    /// A file for a `geo` block of nginx, for forwarded sources.
    pub nginx_geo: Option<PathBuf>,
    /// A list of all bans.
    pub cidr_list: Option<PathBuf>,
}

impl Outlets {
    /// The files that are written, each by its key.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files = [
            ("shield.haproxy_map", &self.haproxy_map),
            ("shield.nginx_geo", &self.nginx_geo),
            ("shield.cidr_list", &self.cidr_list),
        ];
        files
            .into_iter()
            .filter_map(|(key, path)| Some((key, path.as_deref()?)))
    }

    /// The sockets that are spoken to, each by its key.
    pub fn sockets(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let sockets = [
            ("shield.helper", &self.helper),
            ("shield.haproxy_socket", &self.haproxy_socket),
        ];
        sockets
            .into_iter()
            .filter_map(|(key, path)| Some((key, path.as_deref()?)))
    }
}

/// Carries bans out until `stop` turns true. They end with this process: files and maps, which know no time, are emptied then.
/// The packet filter ends each by itself.
pub async fn run(shield: Arc<Shield>, outlets: Outlets, mut stop: watch::Receiver<bool>) {
    if outlets == Outlets::default() {
        return;
    }
    let mut changes = shield.changes();
    let mut failing = BTreeSet::new();
    while !*stop.borrow() {
        let now = clock::now();
        let bans = shield.bans(now);
        let to = outlets.clone();
        let told = tokio::task::spawn_blocking(move || tell(&to, &bans, now.0)).await;
        note(&mut failing, told.unwrap_or_default());
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => {}
        }
        // A flood makes bans by the hundred: they go out together.
        tokio::time::sleep(TOGETHER).await;
        changes.mark_unchanged();
    }
    let timeless = Outlets {
        helper: None,
        ..outlets
    };
    let told = tokio::task::spawn_blocking(move || tell(&timeless, &[], 0)).await;
    for (outlet, error) in told.unwrap_or_default() {
        tracing::warn!(outlet, %error, "bans stay there: it could not be emptied");
    }
}

/// Tells every outlet; which of them failed, and why.
fn tell(outlets: &Outlets, bans: &[(Net, Ban)], now: u64) -> Vec<(&'static str, io::Error)> {
    let nets = |which: fn(&Ban) -> bool| -> Vec<Net> {
        bans.iter().filter(|(_, ban)| which(ban)).map(|(net, _)| *net).collect()
    };
    let forwarded = nets(|ban| ban.ways.forwarded);
    let mut failed = Vec::new();
    let mut attempt = |name, done: io::Result<()>| failed.extend(done.err().map(|error| (name, error)));
    if let Some(socket) = &outlets.helper {
        let left = |ban: &Ban| u32::try_from(ban.until.0.saturating_sub(now).div_ceil(1000)).unwrap_or(u32::MAX);
        let direct = bans.iter().filter(|(_, ban)| ban.ways.direct);
        let wanted: HashMap<Net, u32> = direct.map(|(net, ban)| (*net, left(ban))).collect();
        attempt("paraph-shield", client::hold(socket, &wanted));
    }
    if let Some(path) = &outlets.haproxy_map {
        let text = files::text(Form::Haproxy, &forwarded);
        attempt("shield.haproxy_map", files::replace(path, &text));
        if let Some(socket) = &outlets.haproxy_socket {
            attempt("shield.haproxy_socket", haproxy::replace_map(socket, path, &text));
        }
    }
    if let Some(path) = &outlets.nginx_geo {
        attempt(
            "shield.nginx_geo",
            files::replace(path, &files::text(Form::Nginx, &forwarded)),
        );
    }
    if let Some(path) = &outlets.cidr_list {
        attempt(
            "shield.cidr_list",
            files::replace(path, &files::text(Form::Cidr, &nets(|_| true))),
        );
    }
    failed
}

/// Says once when an outlet fails, and once when it works again.
fn note(failing: &mut BTreeSet<&'static str>, failed: Vec<(&'static str, io::Error)>) {
    let mut still = BTreeSet::new();
    for (outlet, error) in failed {
        if !failing.contains(outlet) {
            tracing::warn!(outlet, %error, "bans are held by this process alone there");
        }
        still.insert(outlet);
    }
    for outlet in failing.difference(&still) {
        tracing::info!(outlet, "bans are carried out there again");
    }
    *failing = still;
}
