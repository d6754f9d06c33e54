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

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::admit::source::Source;
use crate::telemetry;

/// A body that is still on its way.
pub type Body = crate::admit::upload::Upload;

/// A request whose body is still on its way.
pub type Request = http::Request<Body>;

/// Who asks and what for, counted once per answer.
pub(crate) fn count(route: &'static str, outcome: &'static str) {
    telemetry::count(telemetry::REQUESTS, [("route", route), ("outcome", outcome)]);
}

/// Headers as they came, without what would be a secret; for the sealed record.
pub(crate) fn captured(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    const MOST: usize = 40;
    headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "cookie" | "authorization"))
        .take(MOST)
        .map(|(name, value)| (name.clone(), kept(value)))
        .collect()
}

/// The value itself, as nearly all are; what is long or no UTF-8 is cut or mended.
fn kept(value: &HeaderValue) -> HeaderValue {
    const VALUE_BYTES: usize = 400;
    let text = String::from_utf8_lossy(value.as_bytes());
    let end = text.floor_char_boundary(VALUE_BYTES);
    match &text {
        Cow::Borrowed(text) if end == text.len() => value.clone(),
        // A part of a value, and the sign for what is no UTF-8, hold nothing that a value may not.
        _ => HeaderValue::from_bytes(&text.as_bytes()[..end]).unwrap_or_else(|_| HeaderValue::from_static("")),
    }
}

/// The proxy that told us the address, if one did.
pub(crate) fn forwarded_by(source: &Source) -> Option<std::net::IpAddr> {
    match source.via {
        crate::admit::source::Via::Direct => None,
        crate::admit::source::Via::Forwarded(by) => Some(by),
    }
}
