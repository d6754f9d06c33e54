//! Hops of forwarding headers, from the right.
//!
//! Each proxy appends on the right. What stands left of its element is the client's own invention and must not decide how the
//! element is read; so everything here is read backwards, and nothing is looked at before it is needed. That is no guess: in an
//! element that is well-formed (RFC 7239, section 4) a quotation mark inside a quoted value is escaped, so the first
//! unescaped one left of its end is where it begins.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Takes the last element off a line of `Forwarded`: the address of its `for`, or `None` within where it names none or is
/// malformed. `None`: nothing is left but empty elements (RFC 9110, section 5.6.1).
///
/// `unknown` and obfuscated names are not addresses.
pub(super) fn last_forwarded(line: &mut &[u8]) -> Option<Option<SocketAddr>> {
    let (mut is_empty, mut named, mut times) = (true, None, 0);
    loop {
        *line = line.trim_ascii_end();
        match line.split_last() {
            None | Some((b',', _)) => {
                let is_over = line.is_empty();
                *line = &line[..line.len().saturating_sub(1)];
                if !is_empty {
                    return Some(named.filter(|_| times == 1));
                }
                if is_over {
                    return None;
                }
            }
            // Between two pairs, or beside an empty one.
            Some((b';', rest)) => *line = rest,
            Some(_) => {
                let Some((name, value)) = last_pair(line).filter(|_| is_delimited(line)) else {
                    return Some(None);
                };
                is_empty = false;
                if name.eq_ignore_ascii_case(b"for") {
                    times += 1;
                    named = std::str::from_utf8(value).ok().and_then(address);
                }
            }
        }
    }
}

/// The same for `X-Forwarded-For`, which knows no quotes.
pub(super) fn last_listed(line: &mut &[u8]) -> Option<Option<SocketAddr>> {
    while !line.is_empty() {
        let (before, element) = match line.iter().rposition(|byte| *byte == b',') {
            Some(comma) => (&line[..comma], &line[comma + 1..]),
            None => (&line[..0], *line),
        };
        *line = before;
        let element = element.trim_ascii();
        if !element.is_empty() {
            return Some(std::str::from_utf8(element).ok().and_then(address));
        }
    }
    None
}

/// Takes `name=value` off the end, where the value is all of a token, or all of a quoted string.
fn last_pair<'l>(line: &mut &'l [u8]) -> Option<(&'l [u8], &'l [u8])> {
    let value = match line.split_last()? {
        (b'"', inner) => {
            if is_escaped(inner) {
                return None;
            }
            let opening = (0..inner.len()).rfind(|&at| inner[at] == b'"' && !is_escaped(&inner[..at]))?;
            *line = &inner[..opening];
            &inner[opening + 1..]
        }
        _ => last_token(line)?,
    };
    *line = line.strip_suffix(b"=")?;
    Some((last_token(line)?, value))
}

/// Whether what follows these bytes is escaped by them.
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

fn last_token<'l>(line: &mut &'l [u8]) -> Option<&'l [u8]> {
    // Ports and IPv6 addresses would have to be quoted; proxies that leave the quotes out mean nothing else by it.
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:[]".contains(byte);
    let start = line.iter().rposition(|byte| !is_token(byte)).map_or(0, |at| at + 1);
    let (before, token) = line.split_at(start);
    *line = before;
    (!token.is_empty()).then_some(token)
}

/// Whether a pair begins here.
fn is_delimited(before: &[u8]) -> bool {
    matches!(before.trim_ascii_end().last(), None | Some(b',' | b';'))
}

/// `a.b.c.d`, `a.b.c.d:port`, `x::y`, `[x::y]` or `[x::y]:port`; port 0 when there is none, or when the proxy keeps it to
/// itself (`:_name`, RFC 7239 section 6.3).
fn address(text: &str) -> Option<SocketAddr> {
    let text = match text.rsplit_once(":_") {
        Some((node, hidden)) if is_obfuscated(hidden) => node,
        _ => text,
    };
    if let Ok(addr) = text.parse::<IpAddr>() {
        return Some(SocketAddr::new(addr.to_canonical(), 0));
    }
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Some(SocketAddr::new(socket.ip().to_canonical(), socket.port()));
    }
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    Some(SocketAddr::new(inner.parse::<Ipv6Addr>().ok()?.to_canonical(), 0))
}

/// What follows the underscore of an obfuscated name.
fn is_obfuscated(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
