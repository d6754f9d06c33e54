use std::net::SocketAddr;
use std::time::{Duration, Instant};

use lettre::Message;
use lettre::message::Mailbox;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::{DeliveryError, Transport, enhanced_code};
use crate::config::{Config, without_file};
use crate::limits::Limits;
use crate::mail::Millis;
use crate::mail::compose::{Letter, MessageId, Post, compose, recipient};

/// Answers a mail server gives before it takes a letter.
#[derive(Clone, Copy)]
struct Replies {
    greeting: &'static str,
    ehlo: &'static str,
    mail: &'static str,
    rcpt: &'static str,
    /// To the first letter of a connection, and to later ones.
    data: [&'static str; 2],
    /// Before the answer to the first letter of a connection.
    pause: Duration,
}

const FRIENDLY: Replies = Replies {
    greeting: "220 test ESMTP",
    ehlo: "250-test\r\n250 8BITMIME",
    mail: "250 ok",
    rcpt: "250 2.1.5 ok",
    data: ["250 2.0.0 taken"; 2],
    pause: Duration::ZERO,
};

/// A mail server of a few lines; what it took arrives on the channel, transparency dots removed.
async fn server(replies: Replies) -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("bound");
    let (taken, letters) = mpsc::channel(8);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, replies, taken.clone()));
        }
    });
    (address, letters)
}

async fn converse(stream: TcpStream, replies: Replies, taken: mpsc::Sender<String>) -> Option<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut letters = 0;
    let greeting = format!("{}\r\n", replies.greeting);
    write.write_all(greeting.as_bytes()).await.ok()?;
    while let Ok(Some(line)) = lines.next_line().await {
        let reply = match line.split([' ', ':']).next().unwrap_or("") {
            "EHLO" => replies.ehlo,
            "MAIL" => replies.mail,
            "RCPT" => replies.rcpt,
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                let mut letter = String::new();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line == "." {
                        break;
                    }
                    letter += line.strip_prefix('.').unwrap_or(&line);
                    letter += "\r\n";
                }
                taken.send(letter).await.ok()?;
                letters += 1;
                if letters == 1 {
                    tokio::time::sleep(replies.pause).await;
                }
                replies.data[usize::from(letters > 1)]
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        write.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
    }
    None
}

fn config(key: &str, value: &str) -> Config {
    let environment =
        [("PARAPH__MAIL__FROM", "petitions@example.org"), (key, value)].map(|(k, v)| (k.to_owned(), v.to_owned()));
    without_file(&environment, &["en"]).expect("valid")
}

fn smtp(address: SocketAddr) -> Transport {
    let config = config("PARAPH__MAIL__SMTP", &format!("smtp://{address}"));
    let limits = Limits {
        mail_seconds: 2,
        ..Limits::default()
    };
    Transport::open(&config.mail.delivery, &limits).expect("opens")
}

fn letter(to: &str) -> Message {
    let to = recipient(to).expect("valid");
    let letter = Letter {
        kind: crate::intake::command::MailKind::Confirmation,
        to: &to,
        lang: "fr",
        site_name: "Pétitions",
        base_url: "http://127.0.0.1:8080",
        title: "Gardons la halte-garderie",
        name: "Zoé",
        button_token: "AbCdEfGhIjKlMnOpQrStUv-_",
        withdraw_token: "QwErTyUiOpAsDfGhJkLzXcVb",
        not_me_token: "ZyXwVuTsRqPoNmLkJiHgFe_-",
        stop_token: "StOpStOpStOpStOpStOpStOpStOpStOpStOp",
        waiting: 0,
        days: 14,
        stop_days: 180,
    };
    let from = Mailbox::new(None, "petitions@example.org".parse().expect("valid"));
    let post = Post {
        from: &from,
        returns_to: None,
        id: id(),
        written: Millis(0),
    };
    compose(&letter, &post).expect("written")
}

impl Transport {
    pub(super) async fn hand_over(&self, to: &str) -> Result<(), DeliveryError> {
        let message = letter(to);
        self.deliver(message.envelope(), message.formatted(), id()).await
    }
}

fn id() -> MessageId {
    MessageId::derive(&[1; 32], [1; 16])
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let (address, mut letters) = server(FRIENDLY).await;
    let (transport, message) = (smtp(address), letter("anna@example.org"));
    for _ in 0..2 {
        transport
            .deliver(message.envelope(), message.formatted(), id())
            .await
            .expect("delivered");
        let raw = String::from_utf8(message.formatted()).expect("ASCII");
        assert_eq!(letters.recv().await.expect("taken").trim_end(), raw.trim_end());
    }
}

#[tokio::test]
async fn only_a_refusal_of_the_mailbox_is_final() {
    let rcpt = |rcpt| Replies { rcpt, ..FRIENDLY };
    let data = |data| Replies {
        data: [data; 2],
        ..FRIENDLY
    };
    let mail = |mail| Replies { mail, ..FRIENDLY };
    for (replies, last) in [
        (rcpt("550 5.1.1 <anna@example.org> unknown"), true),
        (rcpt("550 5.2.1 disabled"), true),
        (rcpt("550 no such user anna@example.org"), true),
        (rcpt("556 takes no mail"), true),
        (rcpt("550 relay not permitted"), false),
        (rcpt("550 unknown client host"), false),
        (rcpt("550 anna@example.org"), false),
        (rcpt("552 5.2.2 full"), false),
        (rcpt("553 5.1.8 sender's domain unknown"), false),
        (rcpt("451 4.7.1 later, anna@example.org"), false),
        (rcpt("550 5.7.1 relaying for anna@example.org denied"), false),
        (rcpt("530 5.7.0 log in first"), false),
        (mail("550 sender verify failed: no such user"), false),
        (mail("550 5.1.1 unknown"), false),
        (mail("552 5.2.1 too much"), false),
        (data("550 classified as spam, no such user"), false),
        (data("550 5.1.1 unknown"), false),
        (data("554 5.7.1 looks like spam"), false),
        (data("452 disk"), false),
        (
            Replies {
                greeting: "550 5.1.1 no such host here",
                ..FRIENDLY
            },
            false,
        ),
        (
            Replies {
                ehlo: "550 5.1.1 unknown",
                ..FRIENDLY
            },
            false,
        ),
    ] {
        let said = [
            replies.greeting,
            replies.ehlo,
            replies.mail,
            replies.rcpt,
            replies.data[0],
        ];
        let (address, _letters) = server(replies).await;
        let error = smtp(address).hand_over("anna@example.org").await.expect_err("refused");
        let is_final = matches!(error, DeliveryError::Permanent(_));
        assert_eq!(is_final, last, "{said:?} -> {error}");
        assert!(!error.to_string().contains("anna"), "{error}");
    }
}

#[tokio::test]
async fn a_local_part_beyond_ascii_needs_a_server_that_says_it_can() {
    let (address, _letters) = server(FRIENDLY).await;
    let error = smtp(address).hand_over("zoé@example.org").await.expect_err("refused");
    assert!(matches!(error, DeliveryError::Permanent(_)), "{error}");
}

#[tokio::test]
async fn a_dead_or_silent_mail_server_is_noticed_fast() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let silent = listener.local_addr().expect("bound");
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("bind")
        .local_addr()
        .expect("bound");
    for (address, longest) in [(closed, 1), (silent, 4)] {
        let started = Instant::now();
        let error = smtp(address)
            .hand_over("anna@example.org")
            .await
            .expect_err("nobody there");
        assert!(!matches!(error, DeliveryError::Permanent(_)), "{error}");
        assert!(started.elapsed().as_secs() < longest, "{:?}", started.elapsed());
    }
}

/// A letter given up half-way left its connection in the pool; the next letter read the late "250" as its own answer.
#[tokio::test]
async fn a_late_answer_is_never_taken_for_that_of_the_next_letter() {
    let replies = Replies {
        data: ["250 taken", "452 full"],
        pause: Duration::from_millis(2500),
        ..FRIENDLY
    };
    let (address, _letters) = server(replies).await;
    let transport = smtp(address);
    let error = transport.hand_over("anna@example.org").await.expect_err("too slow");
    assert!(error.to_string().contains("too long"), "{error}");
    // The pool takes its connection back in a task of its own.
    tokio::task::yield_now().await;
    let error = transport
        .hand_over("anna@example.org")
        .await
        .expect_err("a new connection, as slow");
    assert!(error.to_string().contains("too long"), "{error}");
}

#[tokio::test]
async fn a_repeat_into_a_mail_directory_replaces() {
    let directory = std::env::temp_dir().join(format!("paraph-mail-{}", std::process::id()));
    let config = config("PARAPH__MAIL__MAILDIR", &directory.display().to_string());
    let transport = Transport::open(&config.mail.delivery, &Limits::default()).expect("opens");
    let message = letter("anna@example.org");
    for _ in 0..3 {
        transport
            .deliver(message.envelope(), message.formatted(), id())
            .await
            .expect("written");
    }
    let files: Vec<_> = std::fs::read_dir(directory.join("new"))
        .expect("folder")
        .flatten()
        .collect();
    assert_eq!(files.len(), 1);
    assert_eq!(std::fs::read(files[0].path()).expect("readable"), message.formatted());
    assert_eq!(std::fs::read_dir(directory.join("tmp")).expect("folder").count(), 0);
    std::fs::remove_dir_all(directory).expect("removed");
}

#[test]
fn enhanced_codes_are_told_from_other_words() {
    assert_eq!(enhanced_code("5.1.1 <x@example.org>"), Some("5.1.1"));
    assert_eq!(enhanced_code("192.0.2.1 is blocked"), None);
    assert_eq!(enhanced_code("no such user"), None);
}
