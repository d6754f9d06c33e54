//! The plan of a seed: the same every time, within the reserved ranges, with the shares that were promised.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::Duration;

use paraph_drill::forgeries::Method;
use paraph_drill::networks::{self, Kind};
use paraph_drill::scenario::{Fate, Habit, Phase, Way};
use paraph_drill::{ForgedRate, Options, Plan, Scenario, Strength};

fn options(seed: u64) -> Options {
    let options = Options::new(Scenario::Lockstep218, seed).with_duration(Duration::from_secs(1000));
    Options {
        honest_rate: 10.0,
        ..options
    }
}

#[test]
fn a_seed_gives_one_plan_and_forgers_change_no_honest_person() {
    let plan = Plan::new(&options(7));
    assert_eq!(plan, Plan::new(&options(7)));
    assert_ne!(plan.honest, Plan::new(&options(8)).honest);
    let mailboxes = |seed| {
        Plan::new(&options(seed))
            .honest
            .into_iter()
            .map(|person| person.mailbox)
            .collect::<HashSet<_>>()
    };
    assert!(
        mailboxes(7).is_disjoint(&mailboxes(8)),
        "another seed can sign the same petition"
    );
    let quiet = Plan::new(&Options {
        strengths: [].into(),
        ..options(7)
    });
    assert!(quiet.forgeries.is_empty());
    assert_eq!(plan.honest, quiet.honest);
}

#[test]
fn every_source_and_every_address_is_reserved() {
    let plan = Plan::new(&options(7));
    for person in &plan.honest {
        let network = networks::lookup(person.source).expect("in the table");
        assert_ne!(network.kind, Kind::Hosting);
        for address in [&person.email, &person.mailbox] {
            let domain = address.rsplit('@').next().expect("domain");
            let reserved =
                domain.ends_with(".example") || ["example.org", "example.com", "example.net"].contains(&domain);
            assert!(reserved, "{address}");
        }
        assert!(person.mailbox.is_ascii(), "{}", person.mailbox);
        assert!(!person.name.trim().is_empty());
    }
    let honest: HashSet<&str> = plan.honest.iter().map(|person| person.mailbox.as_str()).collect();
    assert_eq!(honest.len(), plan.honest.len(), "one mailbox each");
    for forgery in &plan.forgeries {
        let network = networks::lookup(IpAddr::V4(forgery.source)).expect("in the table");
        assert_eq!(network.kind, Kind::Hosting);
        let address = forgery.address();
        assert!(
            address.ends_with(".example") && !honest.contains(address.as_str()),
            "{address}"
        );
    }
}

#[test]
fn the_crowd_has_the_shares_it_promises() {
    let plan = Plan::new(&options(7));
    let people = plan.honest.len();
    assert_eq!(people, 10_000);
    let share = |matching: usize| matching as f64 / people as f64;
    let near = |found: f64, promised: f64| assert!((found - promised).abs() < 0.015, "{found} is not near {promised}");
    let count = |test: &dyn Fn(&paraph_drill::scenario::Person) -> bool| plan.honest.iter().filter(|p| test(p)).count();
    near(share(count(&|p| p.fate == Fate::NeverConfirms)), 0.10);
    near(share(count(&|p| matches!(p.fate, Fate::Withdraws(_)))), 0.03);
    near(share(count(&|p| p.habit == Habit::SignsAgain)), 0.04);
    near(share(count(&|p| p.habit == Habit::PressesTwice)), 0.04);
    near(share(count(&|p| p.way == Way::Ticket)), 0.05);
    near(share(count(&|p| p.email.contains('+'))), 0.05);
    near(share(count(&|p| p.email.ends_with("@mail-a.example"))), 0.40);
    near(share(count(&|p| p.source.is_ipv6())), 0.20);
    let mut by_source: HashMap<IpAddr, usize> = HashMap::new();
    plan.honest
        .iter()
        .for_each(|person| *by_source.entry(person.source).or_default() += 1);
    let kind = |person: &paraph_drill::scenario::Person| networks::lookup(person.source).map(|network| network.kind);
    near(share(count(&|p| kind(p) == Some(Kind::Carrier))), 0.15);
    assert_eq!(count(&|p| kind(p) == Some(Kind::Shared)), 60);
    let carrier = by_source
        .iter()
        .filter(|(source, _)| networks::lookup(**source).is_some_and(|n| n.kind == Kind::Carrier));
    assert!(
        carrier
            .map(|(_, people)| *people)
            .min()
            .is_some_and(|people| people > 100),
        "hundreds behind one address"
    );
    // Rising: the last fifth brings several times the first.
    let arrivals = |from: u64, to: u64| count(&|p| p.at >= Duration::from_secs(from) && p.at < Duration::from_secs(to));
    assert!(arrivals(800, 1000) > 3 * arrivals(0, 200));
}

#[test]
fn forgers_keep_an_even_share_and_a_flat_rate() {
    let all = [Strength::NoPuzzle, Strength::Solving, Strength::SelfConfirming];
    let plan = Plan::new(&Options {
        strengths: all.into(),
        ..options(7)
    });
    assert_eq!(plan.forgeries.len(), 3000, "5 a second for 600 s");
    let mut by_source: HashMap<_, usize> = HashMap::new();
    let mut by_method: HashMap<String, usize> = HashMap::new();
    for forgery in &plan.forgeries {
        assert_eq!(plan.phase(forgery.at), Phase::During);
        *by_source.entry(forgery.source).or_default() += 1;
        *by_method.entry(format!("{:?}", forgery.method)).or_default() += 1;
    }
    assert_eq!(by_source.len(), 218);
    assert!(by_source.values().all(|&n| n == 13 || n == 14), "even share");
    let near = |method: &str, share: usize| assert!(by_method[method].abs_diff(share) <= 10, "{method}: {by_method:?}");
    ["Solve", "SolveAndConfirm"]
        .iter()
        .for_each(|method| near(method, 1000));
    ["NoClearance", "ForgedClearance", "Replay", "Ticket"]
        .iter()
        .for_each(|method| near(method, 250));
    let ways: HashSet<_> = plan
        .forgeries
        .iter()
        .filter(|f| f.source == plan.forgeries[0].source)
        .map(|f| format!("{:?}", f.method))
        .collect();
    assert!(ways.len() > 2, "a server does not keep to one method: {ways:?}");
    let gaps: Vec<u128> = plan
        .forgeries
        .windows(2)
        .map(|pair| (pair[1].at - pair[0].at).as_millis())
        .collect();
    assert!(gaps.iter().all(|&gap| (199..=201).contains(&gap)));

    let each = Plan::new(&Options {
        forged_rate: ForgedRate::PerSource(5.0),
        max_forgeries: 50_000,
        ..options(7)
    });
    assert_eq!(each.forgeries.len(), 50_000, "bounded");
    assert!(
        each.forgeries
            .iter()
            .all(|forgery| forgery.method != Method::SolveAndConfirm)
    );
}

#[test]
fn a_surge_is_honest_only_and_highest_in_the_middle() {
    let plan = Plan::new(&Options {
        scenario: Scenario::HonestSurge,
        ..options(7)
    });
    assert!(plan.forgeries.is_empty());
    let within = |from: u64, to: u64| {
        plan.honest
            .iter()
            .filter(|p| (from..to).contains(&p.at.as_secs()))
            .count()
    };
    assert!(within(400, 600) > 3 * within(0, 200));
    let behind_one = plan.honest.iter().filter(|p| p.source == networks::SHARED).count();
    assert_eq!(behind_one, 1000);
}

#[test]
fn floods_come_from_4000_addresses_and_a_million_64_that_are_nobody_elses() {
    let flood: HashSet<IpAddr> = (0..10_000).map(|index| networks::flood_address(index).into()).collect();
    assert_eq!(flood.len(), 4000);
    let rotating = |index| networks::rotating_address(index).segments();
    let prefixes: HashSet<[u16; 4]> = (0..1_000_000)
        .map(|index| rotating(index)[..4].try_into().expect("four"))
        .collect();
    assert_eq!(prefixes.len(), 1_000_000);
    assert!(prefixes.iter().all(|prefix| prefix[..2] == [0x2001, 0xdb8]));
    let plan = Plan::new(&options(7));
    let honest = |person: &paraph_drill::scenario::Person| match person.source {
        IpAddr::V4(_) => !flood.contains(&person.source),
        IpAddr::V6(v6) => !prefixes.contains(&v6.segments()[..4]),
    };
    assert!(plan.honest.iter().all(honest));
}
