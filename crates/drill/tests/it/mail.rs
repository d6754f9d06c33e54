//! The sink speaks SMTP, and the sample mailbox shows its mails.

use std::time::Duration;

use paraph_drill::{Camp, Mailbox, Sink};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn talk(sink: &Sink, script: &str) -> String {
    let mut stream = TcpStream::connect(sink.smtp_addr()).await.expect("connects");
    stream.write_all(script.as_bytes()).await.expect("writes");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.expect("reads");
    answers
}

fn codes(answers: &str) -> Vec<&str> {
    answers
        .lines()
        .filter(|line| line.as_bytes().get(3) == Some(&b' '))
        .map(|line| &line[..3])
        .collect()
}

const TOKEN: &str = "abcdefghijklmnopqrstuv_-";

#[tokio::test]
async fn a_pipelined_mail_with_dots_and_long_lines_arrives_whole() {
    let sink = Sink::start().await.expect("starts");
    sink.expect(Camp::Honest, ["zoé@town.example".to_owned()]);
    let long = "x".repeat(20_000);
    let script = format!(
        "EHLO test.example\r\nMAIL FROM:<a@example.org> SIZE=100 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<Zoé@town.example>\r\nDATA\r\n\
         Subject: =?utf-8?Q?Confirmez_=C3=A0_?=\r\n =?utf-8?B?bCfDqXTDqQ==?=\r\nFrom: P <p@example.org>\r\n\r\n\
         ..hidden dot\r\n{long}\r\nhttp://h/confirm/{TOKEN}\r\n...\r\n.\r\nNOOP\r\nRSET\r\nQUIT\r\n"
    );
    let answers = talk(&sink, &script).await;
    assert_eq!(
        codes(&answers),
        ["220", "250", "250", "250", "354", "250", "250", "250", "221"],
        "{answers}"
    );
    for extension in ["PIPELINING", "8BITMIME", "SMTPUTF8"] {
        assert!(answers.contains(extension));
    }
    let arrival = sink
        .wait_for("zoé@TOWN.example", 1, Duration::from_secs(1))
        .await
        .expect("arrived");
    assert_eq!(arrival.confirm.as_deref(), Some(TOKEN));
    let letter = &sink.letters()[0].letter;
    assert_eq!(letter.subject, "Confirmez à l'été");
    assert_eq!(
        letter.text,
        format!(".hidden dot\n{long}\nhttp://h/confirm/{TOKEN}\n..\n")
    );
    assert_eq!((sink.seen(Camp::Honest).mails, sink.seen(Camp::Forged).mails), (1, 0));
}

#[tokio::test]
async fn wrong_order_and_oversize_are_refused_and_the_connection_goes_on() {
    let sink = Sink::start().await.expect("starts");
    let (line, block) = ("y".repeat(70_000), format!("{}\r\n", "z".repeat(60_000)).repeat(20));
    let script = format!(
        "RCPT TO:<a@b.example>\r\nDATA\r\nMAIL FROM:x\r\nVRFY a\r\n{}\r\nHELO t\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n{line}\r\n.\r\n\
         MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n{block}.\r\nQUIT\r\n",
        "N".repeat(9000)
    );
    let answers = talk(&sink, &script).await;
    let expected = [
        "220", "503", "503", "501", "502", "500", "250", "250", "250", "354", "552", "250", "250", "354", "552", "221",
    ];
    assert_eq!(codes(&answers), expected, "{answers}");
    assert!(sink.letters().is_empty());
    assert_eq!(sink.wait_for("a@b.example", 1, Duration::from_millis(20)).await, None);
}

#[tokio::test]
async fn someone_who_waits_is_told_when_the_mail_comes() {
    let sink = Sink::start().await.expect("starts");
    let waiting = tokio::spawn({
        let sink = sink.clone();
        async move { sink.wait_for("b@c.example", 2, Duration::from_secs(5)).await }
    });
    for _ in 0..2 {
        talk(
            &sink,
            "HELO t\r\nMAIL FROM:<>\r\nRCPT TO:<b@c.example>\r\nDATA\r\n\r\nhello\r\n.\r\nQUIT\r\n",
        )
        .await;
    }
    assert!(waiting.await.expect("ends").is_some());
    assert_eq!(sink.mails_to("B@c.example"), 2);
}

async fn get(mailbox: &Mailbox, path: &str, host: Option<&str>) -> String {
    let address = mailbox
        .url()
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let mut stream = TcpStream::connect(&address).await.expect("connects");
    let host = host.unwrap_or(&address);
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept-Language: fr\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("writes");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("reads");
    answer
}

#[tokio::test]
async fn the_sample_mailbox_shows_a_guests_mail_apart_from_the_crowd() {
    let sink = Sink::start().await.expect("starts");
    sink.expect(Camp::Honest, ["crowd@mail-a.example".to_owned()]);
    let mailbox = Mailbox::start(sink.clone()).await.expect("starts");
    assert!(get(&mailbox, "/", None).await.contains("se recharge toute seule"));
    for to in ["crowd@mail-a.example", "me@example.org"] {
        let mail = format!("Subject: <b>Hi {to}</b>\r\n\r\n<script>1</script> http://127.0.0.1:9/confirm/{TOKEN}.\r\n");
        talk(
            &sink,
            &format!("HELO t\r\nMAIL FROM:<>\r\nRCPT TO:<{to}>\r\nDATA\r\n{mail}.\r\nQUIT\r\n"),
        )
        .await;
    }
    let list = get(&mailbox, "/", None).await;
    assert!(
        list.contains("me@example.org") && !list.contains("crowd@mail-a.example"),
        "{list}"
    );
    assert!(list.contains("default-src 'none'") && !list.contains("<b>Hi"));
    assert!(get(&mailbox, "/?all=1", None).await.contains("crowd@mail-a.example"));
    assert!(get(&mailbox, "/?q=CROWD", None).await.contains("crowd@mail-a.example"));
    let one = get(&mailbox, "/mail/2?lang=en", None).await;
    assert!(
        one.contains(&format!("<a href=\"http://127.0.0.1:9/confirm/{TOKEN}\">")) && !one.contains("<script>"),
        "{one}"
    );
    assert!(get(&mailbox, "/mail/99", None).await.starts_with("HTTP/1.1 404"));
    assert!(
        get(&mailbox, "/", Some("rebound.example"))
            .await
            .starts_with("HTTP/1.1 421")
    );
}
