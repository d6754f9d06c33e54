//! Where a drill may go: this machine, and nowhere else.
//!
//! The refusal is code, not advice. It happens when the address is written and again on every connected socket.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};

use tokio::net::{TcpSocket, TcpStream};

/// A server on this machine that a drill is allowed to rehearse on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    address: SocketAddr,
    authority: String,
}

/// Why a target was refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedTarget {
    /// Not an address that can be read.
    #[error("`{0}` is not an address of the form http://127.0.0.1:8080")]
    Unreadable(String),
    /// Another scheme than plain http.
    #[error("a drill speaks plain http to this machine only, not `{0}`")]
    Scheme(String),
    /// Credentials, a path or a query where only host and port belong.
    #[error("`{0}` holds more than a host and a port")]
    NotABase(String),
    /// A host that is not this machine.
    #[error("`{0}` is not this machine: a drill attacks loopback addresses only")]
    Elsewhere(String),
    /// `localhost` that does not lead to this machine.
    #[error("`localhost` resolves to {0}, which is not a loopback address")]
    StrangeLocalhost(IpAddr),
}

impl RefusedTarget {
    /// How to mend it, one line.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::NotABase(_) => "give scheme, host and port only, such as http://127.0.0.1:8080",
            Self::Scheme(_) => "point the drill at the server's http listener on loopback, behind any proxy",
            Self::Elsewhere(_) => "run the drill on the machine of the server, against http://127.0.0.1 and its port",
            Self::StrangeLocalhost(_) => "write 127.0.0.1 instead of localhost, and look at /etc/hosts",
        }
    }
}

impl Target {
    /// Accepts `http://` to a loopback address, refuses everything else.
    ///
    /// # Errors
    /// The address cannot be read, is not plain http, or is not this machine.
    pub fn check(url: &str) -> Result<Self, RefusedTarget> {
        let uri: http::Uri = url.parse().map_err(|_| RefusedTarget::Unreadable(url.to_owned()))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some(other) => return Err(RefusedTarget::Scheme(other.to_owned())),
            None => return Err(RefusedTarget::Unreadable(url.to_owned())),
        }
        let authority = uri
            .authority()
            .ok_or_else(|| RefusedTarget::Unreadable(url.to_owned()))?;
        if authority.as_str().contains('@') || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(RefusedTarget::NotABase(url.to_owned()));
        }
        let address = SocketAddr::new(loopback(authority.host())?, authority.port_u16().unwrap_or(80));
        Ok(Self {
            address,
            authority: authority.as_str().to_owned(),
        })
    }

    /// Address that connections go to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Value of the `Host` header.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Opens a connection and checks once more that it ends on this machine. `from` is a local address to leave from.
    pub(crate) async fn connect(&self, from: Option<Ipv4Addr>) -> io::Result<TcpStream> {
        let stream = match (self.address, from) {
            (SocketAddr::V4(_), Some(local)) => {
                let socket = TcpSocket::new_v4()?;
                socket.bind(SocketAddr::new(IpAddr::V4(local), 0))?;
                socket.connect(self.address).await?
            }
            _ => TcpStream::connect(self.address).await?,
        };
        let peer = stream.peer_addr()?;
        if !peer.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("{peer} is not this machine"),
            ));
        }
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

fn loopback(host: &str) -> Result<IpAddr, RefusedTarget> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return if address.is_loopback() {
            Ok(address)
        } else {
            Err(RefusedTarget::Elsewhere(host.to_owned()))
        };
    }
    // No other name is even looked up: asking would already tell a resolver about the drill.
    if !bare.eq_ignore_ascii_case("localhost") {
        return Err(RefusedTarget::Elsewhere(host.to_owned()));
    }
    let found: Vec<IpAddr> = (bare, 0)
        .to_socket_addrs()
        .map(|list| list.map(|found| found.ip()).collect())
        .unwrap_or_default();
    match found.iter().find(|address| !address.is_loopback()) {
        Some(strange) => Err(RefusedTarget::StrangeLocalhost(*strange)),
        None => Ok(found
            .iter()
            .copied()
            .find(IpAddr::is_ipv4)
            .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))),
    }
}

#[cfg(test)]
mod tests {
    use super::{RefusedTarget, Target};

    #[test]
    fn only_this_machine_is_a_target() {
        for good in [
            "http://127.0.0.1:8080",
            "http://127.9.8.7/",
            "http://[::1]:8080",
            "http://localhost:8080",
        ] {
            assert!(
                Target::check(good).is_ok_and(|target| target.address().ip().is_loopback()),
                "{good}"
            );
        }
        for elsewhere in [
            "http://192.0.2.1:80",
            "http://0.0.0.0:80",
            "http://10.0.0.1",
            "http://petition.example",
            "http://127.0.0.1.petition.example",
            "http://[::ffff:127.0.0.1]:80",
            "http://[::ffff:192.0.2.1]:80",
            "http://2130706433:80",
        ] {
            let refused = Target::check(elsewhere);
            assert!(
                matches!(refused, Err(RefusedTarget::Elsewhere(_))),
                "{elsewhere}: {refused:?}"
            );
        }
        assert!(matches!(
            Target::check("https://127.0.0.1"),
            Err(RefusedTarget::Scheme(_))
        ));
        assert!(matches!(
            Target::check("http://127.0.0.1@192.0.2.1/"),
            Err(RefusedTarget::NotABase(_))
        ));
        assert!(matches!(
            Target::check("http://127.0.0.1/p/x?y=1"),
            Err(RefusedTarget::NotABase(_))
        ));
        assert!(matches!(
            Target::check("127.0.0.1:8080"),
            Err(RefusedTarget::Unreadable(_))
        ));
    }
}
