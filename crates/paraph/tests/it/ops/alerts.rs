//! An alert from the first message to "it is over", over real mail and real HTTP, and a kill in the middle of it.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::world::{Receiver, letters_to};
use crate::client::Client;
use crate::mail::{Mood, Sink};
use crate::server::{Server, Site, until};

const DUTY: &str = "duty@example.org";

fn with_floor(mib: u64) -> String {
    format!("[site]\nname = \"Pétitions\"\n[limits]\ndisk_floor_mib = {mib}\n")
}

fn site(receiver: &Receiver, sink: &Sink) -> Site {
    let mut site = Site::new();
    let at = receiver.address;
    site.set("mail.from", "petitions@example.org");
    site.set("mail.smtp", format!("smtp://{}", sink.address));
    site.set(
        "alerts.first",
        format!("fr mailto:{DUTY},webhook+http://{at}/hook,en push+http://{at}/push"),
    );
    site.set("alerts.second", format!("webhook+http://{at}/second"));
    site.set("alerts.webhook_secret", "a-secret");
    site.set("alerts.webhook_bearer", "a-token");
    site.set("limits.alert_repeat_seconds", 1);
    site.set("limits.alert_repeat_most_seconds", 1);
    site.set("limits.alert_escalate_after", 2);
    site.set("limits.alert_quiet_seconds", 1);
    site
}

fn hooks(receiver: &Receiver, path: &str) -> Vec<Value> {
    let read = |received: &super::world::Received| serde_json::from_str(&received.body).expect("JSON");
    receiver.at(path).iter().map(read).collect()
}

fn listed(site: &Site) -> Vec<Value> {
    let ran = site.run(&["alert", "list", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.json()["alerts"].as_array().expect("a list").clone()
}

/// The path of an alert's link, and a client of the listener that it leads to.
fn link(server: &Server, hook: &Value) -> (Client, String) {
    let link = hook["link"].as_str().expect("a link");
    let start = format!("http://{}", server.operations);
    let path = link
        .strip_prefix(&start)
        .unwrap_or_else(|| panic!("{link} does not lead to {start}"));
    (Client::new(server.operations), path.to_owned())
}

#[test]
fn an_alert_fires_repeats_survives_a_kill_is_acknowledged_and_resolves() {
    let (receiver, sink) = (Receiver::start(), Sink::start(Sink::free(), Mood::Well));
    let site = site(&receiver, &sink);
    site.write_config(&with_floor(1_048_576));
    site.petition("fountain");
    let server = site.start();

    // Fires: on every channel, in the language of each, signed.
    let hook = until("the webhook", || receiver.at("/hook").into_iter().next());
    let mut mac = Hmac::<Sha256>::new_from_slice(b"a-secret").expect("a key");
    mac.update(hook.body.as_bytes());
    let signature = format!("sha256={}", HEXLOWER.encode(&mac.finalize().into_bytes()));
    assert_eq!(hook.headers.get("x-paraph-signature"), Some(&signature));
    assert_eq!(
        hook.headers.get("authorization").map(String::as_str),
        Some("Bearer a-token")
    );
    let first: Value = serde_json::from_str(&hook.body).expect("JSON");
    let lamps = (
        &first["alarm"],
        &first["state"],
        &first["count_is_safe"],
        &first["people_can_sign"],
        &first["act_now"],
    );
    assert_eq!(
        lamps,
        (
            &"disk-low".into(),
            &"open".into(),
            &true.into(),
            &false.into(),
            &true.into()
        )
    );
    let push = until("the push", || receiver.at("/push").into_iter().next());
    assert!(
        push.body.starts_with("Count safe. People can sign: no, since "),
        "{push:?}"
    );
    assert_eq!(push.headers.get("priority").map(String::as_str), Some("urgent"));
    assert!(
        push.headers["title"].starts_with("=?UTF-8?B?") && push.headers["click"].contains("/alerts/"),
        "{push:?}"
    );
    let mail = until("the mail", || letters_to(&sink, DUTY).into_iter().next());
    assert!(
        mail.contains("Compte sûr.") && mail.contains("Agir maintenant"),
        "{mail}"
    );

    // Repeats, and the second list is told.
    until("repeats", || (receiver.at("/hook").len() >= 3).then_some(()));
    until("the second list", || (!receiver.at("/second").is_empty()).then_some(()));

    // Killed, it goes on with the same alert.
    server.kill();
    let before = receiver.at("/hook").len();
    let server = site.start();
    let again = until("a repeat after the kill", || {
        hooks(&receiver, "/hook").get(before).cloned()
    });
    assert_eq!((&again["alert"], &again["since"]), (&first["alert"], &first["since"]));

    // Looking changes nothing; a wrong proof is nobody; the button does.
    let (mut client, path) = link(&server, &again);
    let page = client.get(&path);
    assert_eq!(page.status, 200, "{page:?}");
    assert!(
        page.text().contains("Je m’en occupe") && page.text().contains("lang=\"fr\""),
        "{}",
        page.text()
    );
    assert_eq!(listed(&site)[0]["acknowledged"], false);
    let id = again["alert"].as_str().expect("a name");
    assert_eq!(client.post(&format!("/alerts/{id}/wrong"), "").status, 404);
    assert_eq!(listed(&site)[0]["acknowledged"], false);
    // The log says whose link it was, by its place in the configuration, and once.
    assert_eq!(client.post(&path, "").status, 200);
    assert_eq!(client.post(&path, "").status, 200);
    assert_eq!(listed(&site)[0]["acknowledged"], true);
    let pressed = "SELECT COUNT(*) FROM desk_shift WHERE kind = 'link-pressed' AND text = 'alerts.first[1] (webhook)' AND member IS NULL";
    assert_eq!(site.number(pressed), 1);
    assert_eq!(site.number("SELECT COUNT(*) FROM desk_shift"), 1);
    let other = path.replace("first-1-webhook", "first-0-mail");
    assert!(
        other != path && client.post(&other, "").status == 404,
        "a link says what it was made for"
    );
    let told = |receiver: &Receiver| {
        hooks(receiver, "/hook")
            .iter()
            .filter(|hook| hook["state"] == "open")
            .count()
    };
    let by_then = told(&receiver);

    // Over: told once, then gone; nothing was told between.
    site.write_config(&with_floor(1));
    server.hang_up();
    let over = until("its end", || {
        hooks(&receiver, "/hook")
            .into_iter()
            .find(|hook| hook["state"] == "over")
    });
    assert_eq!((&over["alert"], &over["link"]), (&first["alert"], &Value::Null));
    until("nothing open", || listed(&site).is_empty().then_some(()));
    let gone = client.get(&path).text();
    assert!(
        gone.contains("Cette alerte est terminée.") && gone.contains("/desk/incident?lang=fr"),
        "an old link leads on: {gone}"
    );
    // One may have been on its way when the button was pressed.
    assert!(told(&receiver) <= by_then + 1, "told after it was acknowledged");
    let everything = receiver
        .at("/hook")
        .iter()
        .map(|hook| hook.body.clone())
        .collect::<String>();
    assert!(!everything.contains("people.example"), "nothing of a signatory");
    server.stop();
}

#[test]
fn a_mail_server_that_is_away_is_told_on_the_other_channels_and_every_channel_can_be_tried() {
    let (receiver, sink) = (Receiver::start(), Sink::start(Sink::free(), Mood::DiesAfter(1)));
    let mut site = site(&receiver, &sink);
    site.set("limits.alert_mail_seconds", 1);
    site.petition("fountain");
    let server = site.start();
    let tested = site.run(&["alert", "test"]);
    assert_eq!(tested.code, 0, "{}{}", tested.stdout, tested.stderr);
    assert_eq!(tested.stdout.matches(": sent").count(), 4, "{}", tested.stdout);
    assert_eq!(hooks(&receiver, "/hook")[0]["state"], "test");

    // Its first letter was its last.
    let tested = site.run(&["alert", "test"]);
    assert!(
        tested.code == 1 && tested.stdout.contains("alerts.first[0] (mail): "),
        "{}",
        tested.stdout
    );
    server.client().sign("fountain", "Ada Example", "ada@people.example");
    let stuck = until("the alert", || {
        hooks(&receiver, "/hook")
            .into_iter()
            .find(|hook| hook["state"] == "open")
    });
    assert_eq!(
        (&stuck["alarm"], &stuck["people_can_sign"], &stuck["act_now"]),
        (&"mail-stuck".into(), &true.into(), &false.into())
    );
    let id = stuck["alert"].as_str().expect("a name");
    assert_eq!(site.run(&["alert", "ack", id]).code, 0);
    assert_eq!(listed(&site)[0]["acknowledged"], true);
    assert_eq!(site.run(&["alert", "ack", "nothing"]).code, 1);
    server.stop();
    assert_eq!(site.run(&["alert", "list"]).code, 1, "nobody to ask");
}

#[test]
fn a_ledger_that_differs_wakes_somebody() {
    let (receiver, sink) = (Receiver::start(), Sink::start(Sink::free(), Mood::Well));
    let site = site(&receiver, &sink);
    site.petition("fountain");
    let server = site.start();
    server.client().sign("fountain", "Ada Example", "ada@people.example");
    let tamper = |axes: i64| {
        site.store()
            .execute("UPDATE signature SET axes = axes + ?1", [axes])
            .expect("tampered")
    };
    tamper(1);
    assert_eq!(site.run(&["recount"]).code, 1);
    let hook = until("the alert", || hooks(&receiver, "/hook").into_iter().next());
    assert_eq!(
        (&hook["alarm"], &hook["count_is_safe"]),
        (&"ledger-differs".into(), &false.into())
    );
    tamper(-1);
    assert_eq!(site.run(&["recount"]).code, 0);
    until("its end", || {
        hooks(&receiver, "/hook")
            .into_iter()
            .find(|hook| hook["state"] == "over")
    });
    server.stop();
}

/// Of a spoilt incident nobody would learn before the next backup is refused. It says nothing against the count.
#[test]
fn an_incident_that_cannot_be_read_wakes_somebody_and_is_mended_as_the_guide_says() {
    let (receiver, sink) = (Receiver::start(), Sink::start(Sink::free(), Mood::Well));
    let mut site = site(&receiver, &sink);
    site.set("limits.alert_repeat_seconds", 3600);
    site.set("limits.alert_repeat_most_seconds", 3600);
    site.petition("fountain");
    let whole = r#"{"id":4,"opened_at":1000,"seen_at":2000,"aware_at":null,"closed_at":3000,"held":7,"refused":0,"timeline":[],
        "left_out":0,"verdicts_to":0}"#;
    let insert = "INSERT INTO incident (id, opened_at, body) VALUES (4, 1000, ?1)";
    site.store().execute(insert, [whole]).expect("kept");
    let copy = site.place().join("backup");
    let copied = copy.to_string_lossy().into_owned();
    assert_eq!(site.run(&["backup", "--out", &copied]).code, 0);

    let guide = include_str!("../../../../../docs/operator.md");
    let ways: Vec<&str> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("UPDATE incident SET ")?.strip_suffix('"'))
        .collect();
    let [from_backup, anew] = ways[..] else {
        panic!("two ways to mend it in the guide: {ways:?}");
    };
    for way in [from_backup, anew] {
        let spoil = "UPDATE incident SET body = '{\"id\":4' WHERE id = 4";
        site.store().execute_batch(spoil).expect("spoilt");
        let before = hooks(&receiver, "/hook").len();
        let server = site.start();
        let hook = until("the alert", || hooks(&receiver, "/hook").into_iter().nth(before));
        assert_eq!(
            (
                &hook["alarm"],
                &hook["count_is_safe"],
                &hook["people_can_sign"],
                &hook["act_now"]
            ),
            (&"incident-unreadable".into(), &true.into(), &true.into(), &false.into())
        );
        // Looked at from outside, it is still no doubt about the count.
        assert_eq!(site.run(&["fsck"]).code, 1);
        let id = hook["alert"].as_str().expect("a name");
        assert_eq!(site.run(&["alert", "ack", id]).code, 0);
        let alerts = listed(&site);
        assert_eq!(
            (alerts.len(), &alerts[0]["acknowledged"]),
            (1, &true.into()),
            "{alerts:?}"
        );
        server.stop();
        let refused = site.place().join("refused").to_string_lossy().into_owned();
        assert_eq!(site.run(&["backup", "--out", &refused]).code, 1);
        std::fs::remove_dir_all(refused).expect("removed");

        let store = site.store();
        let attach = format!("ATTACH '{copied}/data/paraph.db' AS old");
        store.execute_batch(&attach).expect("attached");
        let mend = format!("UPDATE incident SET {way}");
        store.execute_batch(&mend).expect("mended");
        drop(store);
        let server = site.start();
        until("its end", || {
            let mut since = hooks(&receiver, "/hook").into_iter().skip(before);
            since.find(|hook| hook["state"] == "over")
        });
        server.stop();
        let sound = site.run(&["fsck"]);
        assert_eq!(sound.code, 0, "{}", sound.stderr);
    }
    assert_eq!(
        site.number("SELECT json_extract(body, '$.closed_at') FROM incident"),
        1000
    );
}
