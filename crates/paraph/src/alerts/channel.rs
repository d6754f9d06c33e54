//! Ways to reach somebody: mail, a webhook, a push service that takes plain POSTs (as ntfy does).

use std::time::Duration;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue, Request, Uri};
use percent_encoding::percent_decode_str;
use sha2::Sha256;

use super::Setup;
use super::text::Told;
use crate::clock;
use crate::config::{Channel, Recipient};
use crate::mail::compose::{self, MessageId};
use crate::outbound;
use crate::store::id;

/// Longest wait for one channel. All are tried at once, so this is also the longest for all of them.
const PATIENCE: Duration = Duration::from_secs(8);
const PROGRAM: HeaderValue = HeaderValue::from_static(concat!("paraph/", env!("CARGO_PKG_VERSION")));
/// Hexadecimal HMAC-SHA256 of the body under `alerts.webhook_secret`, behind `sha256=`.
const SIGNATURE: HeaderName = HeaderName::from_static("x-paraph-signature");

/// Sends to one recipient.
///
/// # Errors
/// Why it did not get through, without saying to whom.
pub(super) async fn send(setup: &Setup, recipient: &Recipient, told: &Told) -> Result<(), String> {
    let sending = async {
        match &recipient.channel {
            Channel::Mail(to) => mail(setup, to, told).await,
            Channel::Webhook(url) => ask(webhook(setup, url, told)).await,
            Channel::Push(url) => ask(push(url, told)).await,
        }
    };
    tokio::time::timeout(PATIENCE, sending)
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {PATIENCE:?}")))
}

async fn mail(setup: &Setup, to: &lettre::Address, told: &Told) -> Result<(), String> {
    let name = MessageId::derive(&id::random(), id::random());
    let message = compose::note(&setup.from, to, &told.title, format!("{}\n", told.text), name)
        .map_err(|_| "the mail cannot be written".to_owned())?;
    let raw = message.formatted();
    let raw = setup
        .dkim
        .as_ref()
        .map_or_else(|| raw.clone(), |signer| signer.signed(&raw, clock::now()));
    setup
        .transport
        .deliver(message.envelope(), raw, name)
        .await
        .map_err(|error| error.to_string())
}

async fn ask(request: Result<Request<Bytes>, http::Error>) -> Result<(), String> {
    let request = request.map_err(|_| "the address of the channel cannot be used".to_owned())?;
    match outbound::ask(request, None, PATIENCE).await {
        Ok(answered) if answered.status.is_success() => Ok(()),
        Ok(answered) => Err(format!("answered {}", answered.status.as_u16())),
        Err(error) => Err(error.to_string()),
    }
}

fn webhook(setup: &Setup, url: &str, told: &Told) -> Result<Request<Bytes>, http::Error> {
    let body = serde_json::to_vec(told).unwrap_or_default();
    let mut request = Request::post(url)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, PROGRAM);
    if let Some(bearer) = &setup.settings.webhook_bearer {
        request = request.header(AUTHORIZATION, format!("Bearer {}", bearer.reveal()));
    } else if let Some(basic) = basic(url) {
        request = request.header(AUTHORIZATION, basic);
    }
    if let Some(secret) = &setup.settings.webhook_secret {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).expect("HMAC takes a key of any length");
        mac.update(&body);
        request = request.header(
            SIGNATURE,
            format!("sha256={}", HEXLOWER.encode(&mac.finalize().into_bytes())),
        );
    }
    request.body(Bytes::from(body))
}

fn push(url: &str, told: &Told) -> Result<Request<Bytes>, http::Error> {
    let priority = match (told.act_now, told.state) {
        (true, _) => "urgent",
        (false, "open") => "high",
        _ => "default",
    };
    let mut request = Request::post(url)
        .header(USER_AGENT, PROGRAM)
        .header("priority", priority);
    request = request
        .header("title", encoded(&told.title))
        .header(CONTENT_TYPE, "text/plain; charset=utf-8");
    if let Some(link) = &told.link {
        request = request.header("click", link);
    }
    if let Some(basic) = basic(url) {
        request = request.header(AUTHORIZATION, basic);
    }
    request.body(Bytes::from(told.text.clone()))
}

/// User and password of an address, as they are sent (RFC 7617).
fn basic(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let (user, _) = uri.authority()?.as_str().rsplit_once('@')?;
    let decoded: Vec<u8> = percent_decode_str(user).collect();
    Some(format!("Basic {}", data_encoding::BASE64.encode(&decoded)))
}

/// A header field is ASCII; whatever else goes in as an encoded word (RFC 2047), which push services read.
fn encoded(text: &str) -> String {
    if text.is_ascii() && !text.contains(char::is_control) {
        return text.to_owned();
    }
    format!("=?UTF-8?B?{}?=", data_encoding::BASE64.encode(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::basic;

    #[test]
    fn user_and_password_of_an_address_are_sent_as_they_are_meant() {
        let sent = basic("https://duty:p%40ss@push.example.org/topic");
        assert_eq!(sent.as_deref(), Some("Basic ZHV0eTpwQHNz"));
        assert_eq!(basic("https://push.example.org/@topic"), None);
    }
}
