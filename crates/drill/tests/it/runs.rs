//! Whole runs against the server of these tests, right and wrong ones: a check that cannot fail shows nothing.

use std::net::IpAddr;
use std::time::Duration;

use paraph_drill::networks::{self, Kind};
use paraph_drill::witness::{Standing, Testimony};
use paraph_drill::{
    ForgedRate, Lang, Options, Report, RunError, Scenario, ServerProbe, Sink, Stop, Strength, Target, Witness, run,
};

use crate::fake::{self, Fault};

fn options(strengths: &[Strength]) -> Options {
    Options {
        honest_rate: 20.0,
        forged_rate: ForgedRate::InAll(10.0),
        strengths: strengths.iter().copied().collect(),
        compression: 600.0,
        final_wait: Duration::from_secs(20),
        mail_wait: Duration::from_secs(5),
        probe: ServerProbe::Process(std::process::id()),
        ..Options::new(Scenario::Lockstep218, 4).with_duration(Duration::from_secs(3))
    }
}

async fn drill(fault: Fault, strengths: &[Strength]) -> Report {
    drill_with(fault, options(strengths)).await
}

async fn drill_with(fault: Fault, options: Options) -> Report {
    let are_forgers = !options.strengths.is_empty();
    let sink = Sink::start().await.expect("sink");
    let (url, server) = fake::start(sink.smtp_addr(), fault).await;
    let target = Target::check(&url).expect("loopback");
    let report = run(options, target, "sample", sink, Stop::default(), |_| {})
        .await
        .expect("runs");
    let sources = server.sources();
    let hosting = |source: &IpAddr| networks::lookup(*source).is_some_and(|network| network.kind == Kind::Hosting);
    assert_eq!(sources.iter().any(hosting), are_forgers);
    assert!(sources.iter().any(IpAddr::is_ipv6) && sources.len() > 20, "{sources:?}");
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_count_is_reported_as_right() {
    let report = drill(Fault::None, &[Strength::NoPuzzle, Strength::Solving]).await;
    let (honest, forged, count) = (&report.honest, &report.forged, &report.count);
    assert!(report.passed(), "{report:#?}");
    assert_eq!((honest.sent, honest.accepted, honest.mailed), (60, 60, 60));
    assert_eq!(honest.gave_up.len(), 0, "{honest:?}");
    assert!(
        honest.confirmed > 45 && honest.confirmed < 60 && honest.withdrawn > 0,
        "{honest:?}"
    );
    assert_eq!(honest.counted, Some(honest.confirmed - honest.withdrawn));
    assert_eq!((count.r#final, count.error_max, count.unanswered), (count.truth, 0, 0));
    assert_eq!(count.truth, honest.confirmed - honest.withdrawn);
    assert!(count.checks.len() > 5 && count.checks_lost == 0);
    assert_eq!(forged.sent, 18);
    // Solved ones and tickets get in and are mailed; without a clearance, with a forged or a used one nobody does.
    assert!(
        forged.admitted >= 9 && forged.admitted < 18 && forged.refused["clearance_refused"] >= 3,
        "{forged:?}"
    );
    assert_eq!((forged.mailed, forged.max_mails_per_address), (forged.admitted, 1));
    assert_eq!((forged.confirmed, forged.counted_peak), (0, 0));
    assert!(report.puzzle.price.is_some_and(|price| price > 15.9));
    assert!(honest.p50_ms.during.is_some() && report.server.rss_mib_max.is_some());
    let json = serde_json::to_value(&report).expect("JSON");
    assert!(json["verdicts"]["recall"].is_null() && json["log"]["size"].is_null() && json["forged"]["held"].is_null());
    assert!(json["count"]["checks"][0].is_array() && json["count"]["final"].is_u64());
    let mut table = Vec::new();
    report.print(&mut table, Lang::Fr).expect("prints");
    let table = String::from_utf8_lossy(&table);
    assert!(table.contains("est resté exact à chaque vérification"));
    // Whoever adds up the column finds why fewer are counted than confirmed.
    let row = |label: &str| {
        let line = table.lines().find(|line| line.trim_start().starts_with(label));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
    };
    let shown = [row("confirmées"), row("retirées"), row("comptées")];
    assert_eq!(shown, [Some(honest.confirmed), Some(honest.withdrawn), honest.counted]);
}

#[tokio::test(flavor = "multi_thread")]
async fn forgers_who_are_counted_without_confirming_are_reported() {
    let report = drill(Fault::CountsUnconfirmed, &[Strength::Solving]).await;
    assert!(!report.passed());
    assert!(
        report.count.error_max >= report.forged.admitted && report.count.error_seconds > 1.0,
        "{report:#?}"
    );
    assert!(report.forged.counted_peak > 0 && report.count.unexplained_max == report.forged.counted_peak);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_withdrawal_is_reported() {
    let report = drill(Fault::ForgetsWithdrawals, &[]).await;
    assert!(report.honest.withdrawn > 0);
    assert_eq!(report.count.r#final - report.count.truth, report.honest.withdrawn);
    assert!(report.count.error_max >= report.honest.withdrawn && !report.passed());
    assert_eq!(report.forged.counted_peak, 0, "nobody else to blame");
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_are_asked_again_and_leave_no_doubt() {
    let report = drill(Fault::LosesAnswers, &[]).await;
    assert!(report.passed(), "{report:#?}");
    assert_eq!((report.count.unanswered, report.count.truth), (0, report.count.r#final));
}

fn closing_table(report: &Report) -> String {
    let mut table = Vec::new();
    report.print(&mut table, Lang::En).expect("prints");
    String::from_utf8_lossy(&table).into_owned()
}

/// Seven honest minutes in the count's way once ended a drill as a wrong count, and forgeries that waited as kept out.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_waits_for_those_whom_scrutiny_makes_wait_and_says_who_waits_even_then() {
    let waits = |seconds| Options {
        suspect_wait: Duration::from_secs(seconds),
        ..options(&[])
    };
    let report = drill_with(Fault::MakesWait, waits(fake::WATCHED_SECONDS + 1)).await;
    let count = &report.count;
    assert!(count.error_max > 0 && report.passed(), "{report:#?}");
    assert_eq!((count.overdue_max, count.above_max, count.waiting), (0, 0, None));
    assert_eq!((count.r#final, count.off_seconds), (count.truth, 0.0));
    assert!(closing_table(&report).contains("Scrutiny made signatures wait; the count shown is right."));

    // Who may be made to wait for less has a place in the count earlier.
    let report = drill_with(Fault::MakesWait, waits(1)).await;
    assert!(report.count.overdue_max > 0 && !report.passed(), "{report:#?}");

    let one_waits = Witness::new(|tokens, _| {
        let standing = |place| Standing {
            waits: place == 0,
            ..Standing::default()
        };
        Some(Testimony {
            of: (0..tokens.len()).map(|place| Some(standing(place))).collect(),
            waiting: 1,
            ..Testimony::default()
        })
    });
    let options = Options {
        witness: Some(one_waits),
        ..waits(1)
    };
    let report = drill_with(Fault::None, options).await;
    assert_eq!((report.complete, report.count.error_max), (true, 0));
    assert_eq!((report.count.waiting, report.passed()), (Some(1), false), "{report:#?}");
    assert!(closing_table(&report).contains("Signatures still wait for scrutiny: the count shown is not final."));
}

/// What the drill's own bound costs is said, and is no time of the server's.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_connection_of_the_drill_is_told_apart() {
    let options = Options {
        connections: 1,
        ..options(&[])
    };
    let report = drill_with(Fault::None, options).await;
    assert!(
        report.honest.crowded > 0 && report.honest.gave_up.is_empty(),
        "{:?}",
        report.honest
    );
    assert!(closing_table(&report).contains("waits that the drill alone caused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn forgers_who_confirm_themselves_are_told_apart() {
    let report = drill(Fault::None, &[Strength::SelfConfirming]).await;
    let forged = &report.forged;
    assert!(
        forged.confirmed > 0 && forged.counted_final == forged.confirmed,
        "{report:#?}"
    );
    assert_eq!((report.count.unexplained_max, report.passed()), (0, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_proxy_header_sources_still_differ() {
    let sink = Sink::start().await.expect("sink");
    let (url, server) = fake::start(sink.smtp_addr(), Fault::None).await;
    let options = Options {
        proxy_protocol: false,
        ..options(&[Strength::NoPuzzle])
    };
    let target = Target::check(&url).expect("loopback");
    let report = run(options, target, "sample", sink, Stop::default(), |_| {})
        .await
        .expect("runs");
    assert!(report.passed(), "{report:#?}");
    let sources = server.sources();
    assert!(
        sources.iter().all(IpAddr::is_loopback) && sources.len() > 60,
        "{sources:?}"
    );
}

/// This server mails every spelling of an address, and its pages lead nobody to their own contribution.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_lets_itself_be_used_as_a_mail_bomb_is_reported() {
    let sink = Sink::start().await.expect("sink");
    let (url, _server) = fake::start(sink.smtp_addr(), Fault::None).await;
    let options = Options {
        scenario: Scenario::MailBomb,
        also: vec!["sample".to_owned()],
        mail_wait: Duration::from_secs(2),
        ..options(&[Strength::Solving])
    };
    let target = Target::check(&url).expect("loopback");
    let report = run(options, target, "sample", sink, Stop::default(), |_| {}).await;
    let report = report.expect("runs");
    let victims = report.victims.as_ref().expect("victims");
    assert_eq!((victims.people, victims.signed), (3, 0), "{report:#?}");
    assert!(victims.max_mails > victims.mails_allowed, "{victims:?}");
    assert_eq!(report.forged.max_mails_per_address, victims.max_mails);
    assert!(!report.passed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_ends_when_asked_and_refuses_what_it_cannot_audit() {
    let sink = Sink::start().await.expect("sink");
    let (url, _server) = fake::start(sink.smtp_addr(), Fault::None).await;
    let target = Target::check(&url).expect("loopback");
    let unknown = run(
        options(&[]),
        target.clone(),
        "other",
        sink.clone(),
        Stop::default(),
        |_| {},
    )
    .await;
    assert!(matches!(unknown, Err(RunError::NoPetition(_))), "{unknown:?}");
    let slug = run(
        options(&[]),
        target.clone(),
        "../x",
        sink.clone(),
        Stop::default(),
        |_| {},
    )
    .await;
    assert!(matches!(slug, Err(RunError::BadSlug(_))));
    let nobody = Target::check("http://127.0.0.1:1").expect("loopback");
    assert!(matches!(
        run(options(&[]), nobody, "sample", sink, Stop::default(), |_| {}).await,
        Err(RunError::NoAnswer(..))
    ));

    let stop = Stop::default();
    let started = std::time::Instant::now();
    let asked = stop.clone();
    let report = run(
        options(&[]),
        target,
        "sample",
        Sink::start().await.expect("sink"),
        stop,
        move |progress| {
            if progress.elapsed > Duration::from_millis(800) {
                asked.request();
            }
        },
    );
    let report = report.await.expect("runs");
    assert!(!report.complete && !report.passed() && started.elapsed() < Duration::from_millis(2500));
}
