//! Letters that are signed, that come back, and that a domain does not take now.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::mail::{Mood, Sink};
use crate::server::{Site, until};

/// Somebody else's verifier: python3-dkim, which scripts/setup installs.
const VERIFY: &str = "
import dkim, sys
key, message = open(sys.argv[1], 'rb').read(), sys.stdin.buffer.read()
sys.exit(0 if dkim.verify(message, dnsfunc=lambda name, timeout=5: key) else 1)
";

fn verifies(record: &Path, message: &[u8]) -> bool {
    let python = std::env::var("PARAPH_TEST_PYTHON").unwrap_or_else(|_| "/usr/bin/python3".to_owned());
    let mut child = Command::new(python)
        .args(["-c", VERIFY])
        .arg(record)
        .stdin(Stdio::piped())
        .spawn()
        .expect("python3");
    child.stdin.take().expect("piped").write_all(message).expect("written");
    let status = child.wait().expect("ended");
    assert!(
        matches!(status.code(), Some(0 | 1)),
        "python3 with python3-dkim and python3-nacl (scripts/setup)"
    );
    status.success()
}

fn openssl(arguments: &[&str]) -> Vec<u8> {
    let ran = Command::new("openssl").args(arguments).output().expect("openssl");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    ran.stdout
}

#[test]
fn a_signature_of_either_kind_satisfies_somebody_elses_verifier() {
    for (kind, options) in [
        ("rsa", &["RSA", "-pkeyopt", "rsa_keygen_bits:2048"][..]),
        ("ed25519", &["ed25519"][..]),
    ] {
        let mut site = Site::new();
        let key = site.place().join("dkim.pem");
        let path = key.to_str().expect("a path");
        openssl(&[&["genpkey", "-out", path, "-algorithm"], options].concat());
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("mode");
        let public = openssl(&["pkey", "-in", path, "-pubout", "-outform", "DER"]);
        // RFC 8463 publishes the bare key, the last 32 bytes of its DER.
        let published = if kind == "rsa" {
            &public[..]
        } else {
            &public[public.len() - 32..]
        };
        let record = site.place().join("record");
        let text = format!("v=DKIM1; k={kind}; p={}", data_encoding::BASE64.encode(published));
        std::fs::write(&record, text).expect("written");

        site.set("mail.from", "petitions@site.example");
        site.set("mail.dkim_key", path);
        site.set("mail.dkim_selector", "s1");
        site.set("site.base_url", "https://site.example");
        site.petition("fountain");
        let server = site.start();
        server.client().sign("fountain", "Zoé  Example", "ada@people.example");
        site.mail_to("ada@people.example");
        let file = std::fs::read_dir(site.data().join("mail/new"))
            .expect("a directory")
            .next();
        let letter = std::fs::read(file.expect("one").expect("a file").path()).expect("read");
        assert!(verifies(&record, &letter), "{}", String::from_utf8_lossy(&letter));
        let head = String::from_utf8_lossy(&letter).replace("\r\n ", " ");
        let signed = head
            .lines()
            .find(|line| line.starts_with("DKIM-Signature"))
            .expect("signed")
            .to_owned();
        assert!(
            signed.contains("list-unsubscribe:list-unsubscribe-post") && signed.contains("d=site.example"),
            "{signed}"
        );
        // Some verifiers take the sender that is signed and show the other; this one happens to refuse two of them by itself.
        let fields = signed
            .split("; ")
            .find_map(|tag| tag.strip_prefix("h="))
            .expect("a list");
        assert_eq!(fields.split(':').filter(|name| *name == "from").count(), 2, "{signed}");

        for (from, to) in [
            ("people.example", "peoplf.example"),
            ("One-Click", "One-Clack"),
            ("stop-mail", "stop-mall"),
        ] {
            let changed = String::from_utf8_lossy(&letter).replacen(from, to, 1);
            assert!(!verifies(&record, changed.as_bytes()), "{from} is not signed");
        }
        let second = String::from_utf8_lossy(&letter).replacen("From: ", "From: evil@example.net\r\nFrom: ", 1);
        assert!(!verifies(&record, second.as_bytes()), "a second sender above ours");
        server.stop();
    }
}

fn report(to: &str, status: &str) -> String {
    format!(
        "From: <MAILER-DAEMON@mx.example>\r\nTo: <{to}>\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n \
         boundary=\"b\"\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; somebody@people.example\r\nAction: failed\r\nStatus: {status}\r\n\r\n--b--\r\n"
    )
}

/// A mail server hands over by LMTP; what it was answered to the recipient and to the letter.
fn hand_over(address: &str, to: &str, message: &str) -> (String, Option<String>) {
    let stream = TcpStream::connect(address).expect("connected");
    let mut answers = BufReader::new(stream.try_clone().expect("cloned")).lines();
    let mut write = &stream;
    let mut answer = || loop {
        let line = answers.next().expect("an answer").expect("read");
        if line.as_bytes().get(3) == Some(&b' ') {
            return line;
        }
    };
    answer();
    for line in ["LHLO mx.example", "MAIL FROM:<>"] {
        write!(write, "{line}\r\n").expect("written");
        answer();
    }
    write!(write, "RCPT TO:<{to}>\r\n").expect("written");
    let recipient = answer();
    if !recipient.starts_with("250") {
        return (recipient, None);
    }
    write!(write, "DATA\r\n").expect("written");
    answer();
    write!(write, "{}.\r\n", message.replace("\r\n.", "\r\n..")).expect("written");
    (recipient, Some(answer()))
}

#[test]
fn what_comes_back_for_good_leaves_the_address_alone_and_touches_no_signature() {
    let sink = Sink::start(Sink::free(), Mood::Well);
    let mut site = Site::new();
    let returned = site.place().join("returned");
    std::fs::create_dir_all(returned.join("new")).expect("a directory");
    let nobody = std::net::TcpListener::bind(Sink::free()).expect("a port");
    let lmtp = nobody.local_addr().expect("bound").to_string();
    drop(nobody);
    site.set("mail.smtp", format!("smtp://{}", sink.address));
    site.set("mail.from", "petitions@site.example");
    site.set("mail.bounce", "bounce@site.example");
    site.set("mail.bounce_lmtp", &lmtp);
    site.set("mail.bounce_maildir", returned.display());
    for slug in ["fountain", "river"] {
        site.petition(slug);
    }
    let server = site.start();
    let mut client = server.client();
    let sign = |client: &mut crate::client::Client, slug: &str, email: &str| {
        client.sign(slug, "Ada Example", email);
    };
    sign(&mut client, "fountain", "ada@people.example");
    sign(&mut client, "fountain", "bob@people.example");
    until("two letters", || (sink.letters().len() == 2).then_some(()));
    let from = |name: &str| {
        let letters = sink.letters();
        let letter = letters
            .iter()
            .find(|letter| letter.to.starts_with(name))
            .expect("a letter");
        (letter.clone(), letter.from.clone().expect("a return address"))
    };
    let ((ada, ada_return), (_, bob_return)) = (from("ada"), from("bob"));
    assert_ne!(ada_return, bob_return);
    client.post_json(&ada.link("confirm"), "");

    // Without a token of ours nothing is taken.
    let forged = ada_return.replacen("bounce+a", "bounce+b", 1);
    for stranger in [
        forged.as_str(),
        "bounce@site.example",
        "bounce+x@site.example",
        "ada@people.example",
    ] {
        let (answer, _) = hand_over(&lmtp, stranger, &report(stranger, "5.1.1"));
        assert!(answer.starts_with("550 5.1.1"), "{stranger}: {answer}");
    }
    let (_, answer) = hand_over(&lmtp, &ada_return, &report(&ada_return, "4.4.7"));
    assert!(answer.is_some_and(|answer| answer.starts_with("250")));
    let (_, answer) = hand_over(
        &lmtp,
        &ada_return,
        "Subject: away\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n",
    );
    assert!(answer.is_some_and(|answer| answer.starts_with("250")));
    assert_eq!(
        site.number("SELECT COUNT(*) FROM mail_bounce WHERE hard = 0 AND soft = 1 AND until IS NULL"),
        1
    );

    // By LMTP for one, through the directory for the other; with a forged one beside it.
    let (_, answer) = hand_over(&lmtp, &ada_return, &report(&ada_return, "5.1.1"));
    assert!(answer.is_some_and(|answer| answer.starts_with("250")));
    for (name, to) in [("1", &bob_return), ("2", &forged)] {
        std::fs::write(returned.join("new").join(name), report(to, "5.1.1")).expect("written");
    }
    until("both are known", || {
        (site.number("SELECT COUNT(*) FROM mail_bounce WHERE hard = 1 AND until > 0") == 2).then_some(())
    });
    until("nothing is kept", || {
        let left = std::fs::read_dir(returned.join("new")).expect("a directory").count();
        (left == 0).then_some(())
    });
    assert_eq!(
        server.settled("fountain")["counted"],
        1,
        "a signature stands whatever comes back"
    );

    sign(&mut client, "river", "bob@people.example");
    until("it waits", || {
        (site.number("SELECT COUNT(*) FROM outbox WHERE held = 1") == 1).then_some(())
    });
    site.store()
        .execute("UPDATE mail_bounce SET until = 1", [])
        .expect("its days pass");
    site.store()
        .execute("UPDATE outbox SET due_at = 0", [])
        .expect("time passes");
    until("another try", || (sink.letters().len() == 3).then_some(()));

    // A mail server that knows no such spelling: whoever typed it has used up nothing of the mailbox's.
    sign(&mut client, "river", "ida+none@people.example");
    until("its letter", || (sink.letters().len() == 4).then_some(()));
    sign(&mut client, "river", "ida+mail@people.example");
    until("hers waits", || {
        (site.number("SELECT COUNT(*) FROM outbox WHERE held = 2") == 1).then_some(())
    });
    let (_, ida_return) = from("ida+none");
    let (_, answer) = hand_over(&lmtp, &ida_return, &report(&ida_return, "5.1.1"));
    assert!(answer.is_some_and(|answer| answer.starts_with("250")));
    until("hers", || (sink.letters().len() == 5).then_some(()));
    assert_eq!(from("ida+mail").0.to, "ida+mail@people.example");
    server.stop();
}

/// One domain answers "later" to everything, and slowly. The others do not wait for it; it is asked less and less.
#[test]
fn a_domain_that_takes_nothing_now_is_left_alone_and_delays_no_other() {
    let sink = Sink::start(Sink::free(), Mood::Defers("slow.example"));
    let mut site = Site::new();
    site.set("mail.smtp", format!("smtp://{}", sink.address));
    site.set("mail.from", "petitions@site.example");
    site.petition("fountain");
    let server = site.start();
    let mut client = server.client();
    for person in 0..40 {
        client.sign("fountain", "Ada Example", &format!("ada{person}@slow.example"));
    }
    until("it was asked", || (sink.deferred() > 0).then_some(()));
    let began = std::time::Instant::now();
    for person in 0..20 {
        client.sign("fountain", "Ada Example", &format!("bob{person}@people.example"));
    }
    until("the others have theirs", || (sink.letters().len() == 20).then_some(()));
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    until("all of its mail is put off", || {
        let ready = "SELECT COUNT(*) FROM outbox WHERE due_at <= CAST(unixepoch('subsec') * 1000 AS INTEGER) + 20000";
        (site.number(ready) == 0).then_some(())
    });
    assert!(sink.deferred() < 10, "asked {} times", sink.deferred());
    until("all of it, and only that, is kept", || {
        (site.number("SELECT COUNT(*) FROM outbox") == 40).then_some(())
    });
    let page = server.operations_page("/mail", "fr");
    assert!(
        page.contains("lang=\"fr\"") && page.contains("people.example"),
        "{page}"
    );
    assert!(
        !page.contains("slow.example"),
        "two addresses were tried: it may be a person's own"
    );
    assert!(server.metrics().contains("paraph_mail_domains_backing_off 1"));
    server.stop();
}
