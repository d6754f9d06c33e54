//! Drills against the real server: what a scenario is there to show is shown.

use std::collections::BTreeSet;
use std::time::Duration;

use paraph_drill::{ForgedRate, Options, Report, Scenario, Sink, Stop, Strength, Target};

use crate::server::Site;

/// Forgers who solve puzzles enter three victims on every petition of a site, for some seconds.
fn mail_bomb(petitions: &[&str]) -> (Site, Report) {
    let runtime = paraph_drill::runtime().expect("threads");
    let sink = runtime.block_on(Sink::start()).expect("a sink");
    let mut site = Site::new();
    site.set("mail.from", "petitions@site.example");
    site.set("mail.smtp", format!("smtp://{}", sink.smtp_addr()));
    site.set("listen.trusted_proxies", "127.0.0.0/8");
    site.set("listen.proxy_protocol", "optional");
    // Invented people differ as people do; what they sign settles after scrutiny had time to look.
    site.set("scrutiny.enabled", true);
    site.set("limits.settle_after_seconds", 2);
    for slug in petitions {
        site.petition(slug);
    }
    let server = site.start();
    let target = Target::check(&format!("http://{}", server.address)).expect("loopback");
    let options = Options {
        honest_rate: 3.0,
        forged_rate: ForgedRate::InAll(25.0),
        strengths: BTreeSet::from([Strength::Solving]),
        compression: 600.0,
        ..Options::new(Scenario::MailBomb, 7).with_duration(Duration::from_secs(5))
    };
    let drill = paraph_drill::run(options, target, petitions[0], sink, Stop::default(), |_| {});
    let report = runtime.block_on(drill).expect("it runs");
    server.stop();
    (site, report)
}

#[test]
fn a_mail_bomb_sends_a_victim_three_mails_and_keeps_nobody_from_signing() {
    let (site, report) = mail_bomb(&["fountain", "bus", "market", "school", "trees"]);
    let (forged, victims) = (&report.forged, report.victims.as_ref().expect("victims"));
    assert!(report.passed(), "{report:#?}");
    // 75 forgeries, each of them admitted, each of another spelling.
    assert!(forged.admitted > 50, "{forged:?}");
    assert_eq!((victims.people, victims.petitions), (3, 5));
    assert_eq!((victims.max_mails, victims.mails_allowed), (3, 3));
    assert!(forged.mailed <= 9, "{forged:?}");
    assert_eq!(forged.max_mails_per_address, 3);
    // The victims' own contributions, made after all that, are in the count.
    assert_eq!(victims.signed, 3);
    assert_eq!(site.recount()["fountain"], report.count.truth);
}

#[test]
fn a_mail_bomb_on_one_petition_sends_a_victim_one_mail() {
    let (_site, report) = mail_bomb(&["fountain"]);
    let victims = report.victims.as_ref().expect("victims");
    assert!(report.passed(), "{report:#?}");
    assert_eq!((victims.petitions, victims.max_mails, victims.signed), (1, 1, 3));
    assert_eq!(report.forged.mailed, 3, "{:?}", report.forged);
}
