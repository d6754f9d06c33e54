//! The address of a video: where it would be loaded from, and how it plays on the page once somebody asks for it.

use http::Uri;

/// A video elsewhere. Nothing of it is asked for before a click, and the page says where the click leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    /// Its address as the author gave it: a page, or a file.
    pub page: String,
    /// Host that the click leads to, as shown.
    pub host: String,
    /// How it plays within our page; `None`: only on its own.
    pub player: Option<Player>,
}

/// What the page puts in the place of the button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Player {
    /// A file: the browser's own player.
    File(String),
    /// A player of that host in a frame.
    Frame(String),
}

/// Longest address that is taken, in bytes.
const BYTES: usize = 500;

impl Video {
    /// Reads an address. `None` if it is not one of a web page or file, holds a password, or could not stand in a header.
    #[must_use]
    pub fn read(address: &str) -> Option<Self> {
        if address.len() > BYTES || !address.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let uri: Uri = address.parse().ok()?;
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        let host = authority.host();
        let is_plain = host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        // `Uri` takes nearly anything behind a colon for a port, and this stands in a header in which a semicolon means something.
        let behind = authority.as_str().strip_prefix(host)?;
        let is_port = behind.is_empty() || authority.port_u16().is_some_and(|port| behind == format!(":{port}"));
        if !matches!(scheme, "https" | "http") || host.is_empty() || !is_plain || !is_port {
            return None;
        }
        Some(Self {
            page: address.to_owned(),
            host: host.trim_start_matches("www.").to_owned(),
            player: player(&uri, scheme, host),
        })
    }

    /// What a page with this video may load besides its own: the one origin of the player, and only for it.
    #[must_use]
    pub fn policy(&self) -> Option<String> {
        let (directive, address) = match self.player.as_ref()? {
            Player::File(address) => ("media-src", address),
            Player::Frame(address) => ("frame-src", address),
        };
        let uri: Uri = address.parse().ok()?;
        Some(format!("; {directive} {}://{}", uri.scheme_str()?, uri.authority()?))
    }
}

fn player(uri: &Uri, scheme: &str, host: &str) -> Option<Player> {
    let path: Vec<&str> = uri.path().split('/').skip(1).collect();
    let is_name = |name: &&str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !name.is_empty() && name.bytes().all(fits)
    };
    let site = host.strip_prefix("www.").or(host.strip_prefix("m.")).unwrap_or(host);
    // A page over TLS loads nothing without, but from the machine that the browser runs on (W3C Secure Contexts, section 3.1): the
    // link beside still leads there. `[::1]` is not among them: a policy cannot name an address of IPv6 (W3C CSP 3, grammar of
    // host-part), so no browser would play it, and `read` takes none.
    if scheme != "https" && !matches!(host, "127.0.0.1" | "localhost") {
        return None;
    }
    let file = uri.path().to_ascii_lowercase();
    if file.ends_with(".mp4") || file.ends_with(".webm") {
        return Some(Player::File(uri.to_string()));
    }
    let of_query = || uri.query()?.split('&').find_map(|pair| pair.strip_prefix("v="));
    // The hosts that set no cookie before the video plays.
    let youtube = |name: &str| Player::Frame(format!("https://www.youtube-nocookie.com/embed/{name}"));
    match (site, &path[..]) {
        ("youtube.com", ["watch"]) => of_query().filter(is_name).map(youtube),
        ("youtube.com", ["embed" | "shorts" | "live", name]) | ("youtu.be", [name]) if is_name(name) => {
            Some(youtube(name))
        }
        ("vimeo.com", [name]) if is_name(name) => {
            Some(Player::Frame(format!("https://player.vimeo.com/video/{name}?dnt=1")))
        }
        // PeerTube, on whatever host; elsewhere such a path is a page that cannot be framed, and the link beside still leads there.
        (_, ["w", name] | ["videos", "watch" | "embed", name]) if is_name(name) => {
            let authority = uri.authority()?;
            Some(Player::Frame(format!(
                "{scheme}://{authority}/videos/embed/{name}?p2p=0"
            )))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Player, Video};

    #[test]
    fn an_address_tells_its_host_its_player_and_the_one_origin_that_it_may_load_from() {
        let check = |address: &str, host: &str, policy: Option<&str>| {
            let video = Video::read(address).expect(address);
            assert_eq!(
                (video.host.as_str(), video.policy().as_deref()),
                (host, policy),
                "{address}"
            );
        };
        let peertube = Some("; frame-src https://video.example.org");
        check("https://video.example.org/w/aB3-x", "video.example.org", peertube);
        check(
            "https://video.example.org/videos/watch/0-1",
            "video.example.org",
            peertube,
        );
        let youtube = Some("; frame-src https://www.youtube-nocookie.com");
        check("https://www.youtube.com/watch?t=3&v=abc_D-1", "youtube.com", youtube);
        check("https://youtu.be/abc_D-1", "youtu.be", youtube);
        check(
            "https://vimeo.com/123",
            "vimeo.com",
            Some("; frame-src https://player.vimeo.com"),
        );
        let file = Some("; media-src https://media.example.org:8443");
        check("https://media.example.org:8443/a/film.mp4", "media.example.org", file);
        check("https://media.example.org:8443/FILM.MP4?x=1", "media.example.org", file);
        check("https://example.org/film", "example.org", None);
        check("http://example.org/film.mp4", "example.org", None);
        check("http://video.example.org/w/aB3-x", "video.example.org", None);
        let here = Some("; frame-src http://127.0.0.1:8090");
        check("http://127.0.0.1:8090/w/aB3-x", "127.0.0.1", here);
        let framed = Video::read("https://video.example.org/w/aB3")
            .expect("an address")
            .player;
        let player = "https://video.example.org/videos/embed/aB3?p2p=0";
        assert_eq!(framed, Some(Player::Frame(player.to_owned())));
    }

    #[test]
    fn what_could_escape_from_an_attribute_or_a_header_is_no_address() {
        for address in [
            "javascript:alert(1)",
            "http://[::1]:8090/w/aB3-x",
            "//example.org/film",
            "/film.mp4",
            "ftp://example.org/film.mp4",
            "https://user:secret@example.org/film.mp4",
            "https://example.org;script-src/film.mp4",
            "https://example.org:443;script-src/film.mp4",
            "https://example.org:/film.mp4",
            "https://example.org/a film.mp4",
            "https://example.org/\u{202e}film.mp4",
            "",
        ] {
            assert_eq!(Video::read(address), None, "{address}");
        }
    }
}
