//! What each address does. A handler holds what it needs and nothing else; the router knows them all.

pub mod card;
pub mod confirm;
pub mod events;
pub mod mail_status;
pub mod operations;
mod second_way;
pub mod shelf;
mod side;
pub mod sign;
pub mod stop;
pub mod turned_away;

use crate::admit::source::Source;

/// A body that is still on its way.
pub type Body = crate::admit::upload::Upload;

/// A request whose body is still on its way.
pub type Request = http::Request<Body>;

/// Who asks and what for, counted once per answer.
pub(crate) fn count(route: &'static str, outcome: &'static str) {
    metrics::counter!(crate::telemetry::REQUESTS, "route" => route, "outcome" => outcome).increment(1);
}

/// Headers as they came, without what would be a secret; for the sealed record.
pub(crate) fn captured(headers: &http::HeaderMap) -> Vec<(String, String)> {
    const MOST: usize = 40;
    const VALUE_BYTES: usize = 400;
    headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "cookie" | "authorization"))
        .take(MOST)
        .map(|(name, value)| {
            let mut value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            value.truncate(value.floor_char_boundary(VALUE_BYTES));
            (name.as_str().to_owned(), value)
        })
        .collect()
}

/// The proxy that told us the address, if one did.
pub(crate) fn forwarded_by(source: &Source) -> Option<std::net::IpAddr> {
    match source.via {
        crate::admit::source::Via::Direct => None,
        crate::admit::source::Via::Forwarded(by) => Some(by),
    }
}
