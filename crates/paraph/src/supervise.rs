//! What a service manager is told: ready, reloading, stopping, alive. sd_notify(3) in a few lines: datagrams to the
//! socket that `NOTIFY_SOCKET` names. Without one, nothing is said.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The way to the service manager, if there is one.
pub struct Supervisor {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// What the environment names. A name that begins with `@` is in the abstract name space.
    #[must_use]
    pub fn of_environment() -> Self {
        let address = std::env::var("NOTIFY_SOCKET")
            .ok()
            .and_then(|name| match name.strip_prefix('@') {
                Some(name) => SocketAddr::from_abstract_name(name).ok(),
                None => SocketAddr::from_pathname(name).ok(),
            });
        let socket = address.and_then(|address| Some((UnixDatagram::unbound().ok()?, address)));
        let meant = std::env::var("WATCHDOG_PID").map_or(true, |id| id == std::process::id().to_string());
        let micros = std::env::var("WATCHDOG_USEC")
            .ok()
            .and_then(|micros| micros.parse().ok());
        Self {
            socket,
            watchdog: micros.filter(|micros| *micros > 0 && meant).map(Duration::from_micros),
        }
    }

    /// How often [`Self::alive`] is wanted: half of what the manager waits for.
    #[must_use]
    pub fn watchdog(&self) -> Option<Duration> {
        self.watchdog.map(|watchdog| watchdog / 2)
    }

    /// Connections are taken.
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// The configuration is read again; [`Self::ready`] ends it, however it came out.
    pub fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
        self.tell(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// What the manager shows beside the service.
    pub fn status(&self, text: &str) {
        self.tell(&format!("STATUS={text}"));
    }

    /// No more connections are taken.
    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// Still at work.
    pub fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    fn tell(&self, message: &str) {
        if let Some((socket, address)) = &self.socket
            && let Err(error) = socket.send_to_addr(message.as_bytes(), address)
        {
            tracing::debug!(%error, "the service manager was not told");
        }
    }
}
