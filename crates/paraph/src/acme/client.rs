//! How the authority is asked: every answer within a time and a size, over TLS only, wherever it says that its orders are.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use paraph_tally::Millis;
use rustls::RootCertStore;

use crate::clock;
use crate::outbound;

/// When the authority wants to be asked again, if it said so; kept outside the client, which the library owns.
pub(super) type Later = Arc<Mutex<Option<Millis>>>;

/// The library asks through this.
pub(super) struct Client {
    /// What the authority's certificate must lead to; `None` for the roots of this machine.
    pub(super) roots: Option<Arc<RootCertStore>>,
    /// For one answer.
    pub(super) limit: Duration,
    pub(super) later: Later,
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let (roots, limit, later) = (self.roots.clone(), self.limit, Arc::clone(&self.later));
        Box::pin(async move {
            let (head, body) = request.into_parts();
            if head.uri.scheme_str() != Some("https") {
                return Err(other("the authority names an address that is not https"));
            }
            let body = match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(never) => match never {},
            };
            let answered = outbound::ask_under(roots, Request::from_parts(head, body), limit)
                .await
                .map_err(|error| Error::Other(Box::new(error)))?;
            if matches!(
                answered.status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
            ) {
                *later.lock().unwrap_or_else(PoisonError::into_inner) = retry_after(&answered.headers);
            }
            let body = answered
                .body
                .ok_or_else(|| other("the authority's answer is too long, or cut short"))?;
            let mut response = Response::new(Full::new(body));
            *response.status_mut() = answered.status;
            *response.headers_mut() = answered.headers;
            Ok(BytesResponse::from(response))
        })
    }
}

fn other(what: &'static str) -> Error {
    Error::Other(what.into())
}

/// `Retry-After`, in seconds or as a date (RFC 9110 section 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Millis> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let now = clock::now().0;
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Millis(now.saturating_add(seconds.saturating_mul(1000))));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Millis(u64::try_from(date.as_millisecond()).ok()?))
}
