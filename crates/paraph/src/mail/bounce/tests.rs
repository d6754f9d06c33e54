use paraph_tally::Millis;
use proptest::prelude::*;

use super::{LONGEST_BOUNCE_LOCAL, Report, read, recipient, recipient_in_head, return_address};
use crate::keys::Keys;
use crate::token::Tokens;

const DAY: u64 = 86_400_000;

fn report(kind: &str, status: &str) -> Vec<u8> {
    let text = format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: <bounce+x@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: {kind};\r\n \
         report-type=delivery-status; boundary=\"B/1\"\r\n\r\n--B/1\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
         --B/1\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n{status}\r\n\
         --B/1\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n--B/1--\r\n"
    );
    text.into_bytes()
}

#[test]
fn only_a_mailbox_that_does_not_exist_is_hard() {
    for (status, expect) in [
        (
            "Final-Recipient: rfc822; a@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n",
            Report::Hard,
        ),
        ("action: Failed\r\nstatus: 5.1.1 (bad mailbox)\r\n", Report::Hard),
        ("Action: failed\r\nStatus: 5.2.1\r\n", Report::Hard),
        (
            "Action: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; 550\r\n #5.1.1 no such user\r\n",
            Report::Hard,
        ),
        ("Action: failed\r\nStatus: 5.2.2\r\n", Report::Soft),
        (
            "Action: failed\r\nStatus: 5.7.1\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n",
            Report::Soft,
        ),
        ("Action: failed\r\nStatus: 4.4.7\r\n", Report::Soft),
        ("Action: delayed\r\nStatus: 4.2.2\r\n", Report::Nothing),
        ("Action: delivered\r\nStatus: 2.0.0\r\n", Report::Nothing),
        ("Status: 5.1.1\r\n", Report::Nothing),
        ("", Report::Nothing),
    ] {
        assert_eq!(read(&report("multipart/report", status)), expect, "{status}");
        let bare = String::from_utf8(report("multipart/report", status))
            .expect("ASCII")
            .replace('\r', "");
        assert_eq!(read(bare.as_bytes()), expect, "bare line feeds: {status}");
    }
    let failed = "Action: failed\r\nStatus: 5.1.1\r\n";
    assert_eq!(read(&report("multipart/mixed", failed)), Report::Nothing);
    assert_eq!(
        read(b"Subject: I am on holiday\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n"),
        Report::Nothing
    );
}

#[test]
fn a_return_address_is_ours_for_ten_days_and_in_any_case() {
    let (tokens, now) = (Tokens::new(&Keys::random()), Millis(1_795_000_000_000));
    let bounce = format!("{}@bounces.example.org", "b".repeat(LONGEST_BOUNCE_LOCAL))
        .parse()
        .expect("valid");
    let address = return_address(&bounce, &tokens.issue_bounce([7; 16], now)).expect("valid");
    assert!(address.user().len() <= 64, "{address}");
    let text = address.to_string();
    assert_eq!(recipient(&tokens, &bounce, &text, now), Some([7; 16]));
    assert_eq!(recipient(&tokens, &bounce, &text.to_uppercase(), now), Some([7; 16]));
    let head = format!("Received: by x\r\n for <{text}>; today\r\nSubject: undelivered\r\n\r\nbody");
    assert_eq!(recipient_in_head(&tokens, &bounce, head.as_bytes(), now), Some([7; 16]));
    let body = format!("Subject: x\r\n\r\n{text}");
    assert_eq!(recipient_in_head(&tokens, &bounce, body.as_bytes(), now), None);

    assert_eq!(
        recipient(&tokens, &bounce, &text, Millis(now.0 + 9 * DAY)),
        Some([7; 16])
    );
    assert_eq!(
        recipient(&tokens, &bounce, &text, Millis(now.0 + 12 * DAY)),
        None,
        "too old"
    );
    assert_eq!(
        recipient(&Tokens::new(&Keys::random()), &bounce, &text, now),
        None,
        "forged"
    );
    let at = text.find('+').expect("a token") + 5;
    let changed = [
        &text[..at],
        if text.as_bytes()[at] == b'a' { "b" } else { "a" },
        &text[at + 1..],
    ]
    .concat();
    assert_eq!(recipient(&tokens, &bounce, &changed, now), None, "changed");
    assert_eq!(
        recipient(&tokens, &bounce, &text.replace("bounces.", ""), now),
        None,
        "of another domain"
    );
}

proptest! {
    /// Whatever arrives: an answer, no panic. Bytes, and reports with something broken in them.
    #[test]
    fn no_bytes_panic_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0usize..600, at in 0usize..600) {
        let tokens = Tokens::new(&Keys::random());
        let bounce = "bounce@example.org".parse().expect("valid");
        let mut spoilt = report("multipart/report", "Action: failed\r\nStatus: 5.1.1\r\n");
        spoilt.truncate(cut.max(1));
        let at = at % spoilt.len();
        spoilt.splice(at..at, bytes.iter().copied());
        for message in [bytes, spoilt] {
            let _ = read(&message);
            let _ = recipient_in_head(&tokens, &bounce, &message, Millis(1));
            let _ = recipient(&tokens, &bounce, &String::from_utf8_lossy(&message), Millis(1));
        }
    }
}
