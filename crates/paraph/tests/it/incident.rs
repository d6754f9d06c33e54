//! Verdicts by a person, beside a running server: seen before they are given, given with reason and note, taken back at once.

use serde_json::Value;

use crate::server::{Ran, Server, Site, until};

const SLUG: &str = "fountain";

fn confirmed(site: &Site, server: &Server, name: &str, email: &str) {
    let mut client = server.client();
    client.sign(SLUG, name, email);
    let link = site.mail_to(email).link("confirm");
    let answer = client.post(&link, "");
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn counted(server: &Server, wanted: u64) {
    until(&format!("a count of {wanted}"), || {
        (server.counted(SLUG) == wanted).then_some(())
    });
}

fn said(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    ran.json()
}

#[test]
fn a_person_sees_what_a_verdict_would_do_gives_it_and_takes_it_back() {
    let site = Site::new();
    site.petition(SLUG);
    let server = site.start();
    // Whoever owns a domain has as many below it as they like.
    for who in ["ada@", "bea@", "cleo@below."] {
        let email = format!("{who}forger.example");
        confirmed(&site, &server, &format!("Forged {}", &who[..3]), &email);
    }
    confirmed(&site, &server, "Dora Honest", "dora@home.example");
    counted(&server, 4);
    let incident = |arguments: &[&str]| {
        let mut all = vec!["incident"];
        all.extend(arguments);
        all.push("--json");
        site.run(&all)
    };
    let forged = ["--petition", SLUG, "--domain", "Forger.example"];
    let with = |verb: &'static str, more: &[&'static str]| incident(&[&[verb][..], &forged, more].concat());

    let below = ["hold", "--petition", SLUG, "--domain", "below.forger.example"];
    assert_eq!(said(&incident(&below))["preview"]["matched"], 1);
    // Nothing happens without --yes.
    let preview = &said(&with("hold", &[]))["preview"];
    assert_eq!(
        (&preview["matched"], &preview["judged"], &preview["counted"]),
        (&3.into(), &3.into(), &3.into())
    );
    let names = preview["samples"]
        .as_array()
        .expect("samples")
        .iter()
        .map(|sample| sample["name"].to_string());
    let names: Vec<String> = names.collect();
    assert!(
        names.len() == 3 && names.iter().all(|name| name.contains("Forged")),
        "{names:?}"
    );
    assert_eq!(site.number("SELECT COUNT(*) FROM verdict"), 0);
    for (more, code) in [
        (&["--yes"][..], 2),
        (&["--yes", "--note", "Alike", "--reason", "answered"], 2),
        (&["--yes", "--note", "Alike", "--reason", "no-such"], 2),
        (&["--reason", "no-such"], 2),
    ] {
        let ran = with("hold", more);
        assert!(
            ran.code == code && ran.stderr.contains("hint: "),
            "{more:?}: {}",
            ran.stderr
        );
    }

    // Everybody is never meant.
    let everybody = site.run(&["incident", "hold", "--petition", SLUG]);
    assert!(
        everybody.code == 2 && everybody.stderr.contains("hint: "),
        "{}",
        everybody.stderr
    );

    let held = said(&with(
        "hold",
        &["--yes", "--reason", "machine", "--note", "One after another"],
    ));
    assert_eq!(held["judged"], 3);
    counted(&server, 1);
    assert_eq!(
        server.count(SLUG)["held"],
        3,
        "the page says that they were counted before"
    );
    let again = with("hold", &["--yes", "--reason", "machine", "--note", "Again"]);
    assert!(again.code == 1 && again.stderr.contains("nobody"), "{}", again.stderr);

    // Taken back whole by its number, once.
    let number = held["verdict"].to_string();
    let undo = ["release", "--undo", &number];
    assert_eq!(said(&incident(&undo))["preview"]["judged"], 3);
    let back = said(&incident(
        &[&undo[..], &["--yes", "--note", "They are a choir"]].concat(),
    ));
    assert_eq!(back["judged"], 3);
    counted(&server, 4);
    let twice = incident(&undo);
    assert!(
        twice.code == 1 && twice.stderr.contains("taken back"),
        "{}",
        twice.stderr
    );

    let listed = said(&incident(&["list"]));
    let verdicts = listed["verdicts"].as_array().expect("a list");
    assert_eq!(verdicts.len(), 2);
    assert_eq!(verdicts[0]["who"], "command_line", "{listed}");
    assert_eq!(
        (&verdicts[0]["undoes"], &verdicts[1]["undone_by"]),
        (&held["verdict"], &back["verdict"])
    );
    let shown = said(&incident(&["verdict", &number]));
    let evidence = shown["verdict"]["evidence"].to_string();
    assert!(
        evidence.contains("\"matched\":3") && !evidence.contains("forger"),
        "{evidence}"
    );

    // An invalidation taken back leaves everybody as they stood: who was held is held again.
    let one = ["--petition", SLUG, "--domain", "home.example"];
    let yes = ["--yes", "--reason", "machine", "--note", "Alike"];
    // Bound to a preview: if it would judge another number by now, somebody looks again.
    let expecting = |many| incident(&[&["hold"][..], &one, &yes, &["--expect", many]].concat());
    for stale in ["0", "2"] {
        let refused = expecting(stale);
        assert!(
            refused.code == 1 && refused.stderr.contains("hint: run it without --yes"),
            "{}",
            refused.stderr
        );
    }
    counted(&server, 4);
    said(&expecting("1"));
    counted(&server, 3);
    let everybody = ["--petition", SLUG, "--network", "127.0.0.0/24"];
    let invalidated = said(&incident(&[&["invalidate"][..], &everybody, &yes].concat()));
    assert_eq!(invalidated["judged"], 4);
    counted(&server, 0);
    let number_of = invalidated["verdict"].to_string();
    let undo = ["reinstate", "--undo", &number_of];
    let preview = &said(&incident(&undo))["preview"];
    assert_eq!((&preview["judged"], &preview["held_again"]), (&4.into(), &1.into()));
    said(&incident(&[&undo[..], &["--yes", "--note", "Too wide"]].concat()));
    counted(&server, 3);
    assert_eq!(server.count(SLUG)["held"], 1);
    let release = ["--yes", "--reason", "reviewed", "--note", "She is who she says"];
    said(&incident(&[&["release"][..], &one, &release].concat()));
    counted(&server, 4);

    // By time and by network: everybody came from this machine, nobody in the future.
    let later = ["invalidate", "--petition", SLUG, "--from", "2999-01-01T00:00:00Z"];
    assert_eq!(said(&incident(&later))["preview"]["matched"], 0);
    let here = ["invalidate", "--petition", SLUG, "--network", "127.0.0.0/24"];
    assert_eq!(said(&incident(&here))["preview"]["judged"], 4);
    let elsewhere = ["invalidate", "--petition", SLUG, "--network", "192.0.2.0/24"];
    assert_eq!(said(&incident(&elsewhere))["preview"]["matched"], 0);
    let wide = incident(&["invalidate", "--petition", SLUG, "--network", "127.0.0.0/8"]);
    assert!(wide.code == 2 && wide.stderr.contains("/24"), "{}", wide.stderr);

    // Who has withdrawn is told apart, and is no sample: there is nothing left to look at.
    let withdraw = site.mail_to("bea@forger.example").link("withdraw");
    assert_eq!(server.client().post(&withdraw, "").status, 200);
    counted(&server, 3);
    let since = ["hold", "--petition", SLUG, "--from", "2000-01-01T00:00:00Z"];
    let preview = &said(&incident(&since))["preview"];
    assert_eq!(
        (&preview["judged"], &preview["counted"], &preview["ended"]),
        (&4.into(), &3.into(), &1.into())
    );
    let samples = preview["samples"].as_array().expect("samples");
    assert!(
        samples.len() == 3 && samples.iter().all(|sample| sample["name"] != ""),
        "{samples:?}"
    );

    server.stop();
    assert_eq!(site.recount()[SLUG], 3);
    let alone = incident(&["list"]);
    assert!(
        alone.code == 1 && alone.stderr.contains("paraph serve"),
        "{}",
        alone.stderr
    );
    // A row that says something else than its event is found.
    site.store()
        .execute_batch("UPDATE verdict SET evidence = x'7b7d'")
        .expect("changed");
    let ran = site.run(&["recount"]);
    assert!(
        ran.code == 1 && ran.stderr.contains("6 rows of verdict"),
        "{}",
        ran.stderr
    );
}
