//! Mail that comes back.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use lettre::Address;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{KEYS, NOW};
use crate::intake::Intake;
use crate::limits::Limits;
use crate::mail::bounce;
use crate::mail::inbox::Inbox;
use crate::mail::pace::Pace;
use crate::token::Tokens;

static BOUNCE: LazyLock<Address> = LazyLock::new(|| "bounce@site.example".parse().expect("an address"));

/// A report is read, and none names an address of ours by chance.
pub(super) fn bounce(bytes: &[u8]) {
    let _ = bounce::read(bytes);
    if let Some(domain) = bounce::domain(bytes) {
        assert!(!domain.contains('@'));
    }
    let tokens = Tokens::new(&KEYS);
    assert_eq!(bounce::recipient_in_head(&tokens, &BOUNCE, bytes, NOW), None);
}

thread_local! {
    static RUNTIME: RefCell<tokio::runtime::Runtime> = RefCell::new(
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"),
    );
}

/// Bytes as a mail server says them; `TOKEN` in them becomes a token of ours, so that a recipient can be known. The
/// conversation ends with its connection, every answer is a line of its own, and nothing is promised that nobody recorded.
pub(super) fn lmtp(bytes: &[u8]) {
    let tokens = Arc::new(Tokens::new(&KEYS));
    let token = tokens.issue_bounce([4; 16], crate::clock::now());
    let mut said = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(5).position(|window| window == b"TOKEN") {
        said.extend_from_slice(&rest[..at]);
        said.extend_from_slice(token.as_bytes());
        rest = &rest[at + 5..];
    }
    said.extend_from_slice(rest);
    let limits = Limits::default();
    let inbox = Inbox {
        tokens,
        address: BOUNCE.clone(),
        intake: Intake::to_nobody(),
        pace: Arc::new(Pace::new(&limits).into()),
        limits,
    };
    RUNTIME.with_borrow(|runtime| {
        runtime.block_on(async {
            let (near, far) = tokio::io::duplex(1 << 14);
            let (mut hears, mut says) = tokio::io::split(far);
            let client = async move {
                // The other end may be gone by then.
                drop(says.write_all(&said).await);
                drop(says.shutdown().await);
            };
            let listener = async {
                let mut heard = Vec::new();
                drop(hears.read_to_end(&mut heard).await);
                heard
            };
            let all = async { tokio::join!(inbox.converse(near), client, listener) };
            let (_, (), heard) = tokio::time::timeout(Duration::from_secs(10), all)
                .await
                .expect("it ends");
            let heard = String::from_utf8(heard).expect("ASCII");
            for line in heard.split_inclusive("\r\n") {
                let code = line.get(..3).unwrap_or_default();
                assert!(
                    line.ends_with("\r\n") && code.bytes().all(|byte| byte.is_ascii_digit()),
                    "{line:?}"
                );
            }
        });
    });
}
