//! The plan of a seed: the same every time, within the reserved ranges, with the shares that were promised.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::time::Duration;

use paraph_drill::forgeries::{Confirms, Method};
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
fn a_scenario_says_whether_strengths_change_its_forgers() {
    for scenario in Scenario::ALL {
        let plan = |strength| {
            let options = Options::new(scenario, 7);
            let strengths = [strength].into();
            Plan::new(&Options { strengths, ..options })
        };
        let differ = plan(Strength::NoPuzzle) != plan(Strength::Solving);
        assert_eq!(differ, scenario.takes_strengths(), "{}", scenario.name());
    }
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

const DRAWN: [Scenario; 5] = [
    Scenario::LowAndSlow,
    Scenario::BrowserFarm,
    Scenario::StoredUp,
    Scenario::StolenIdentities,
    Scenario::Noel2020,
];

#[test]
fn campaigns_that_are_drawn_differ_by_seed_and_come_from_reserved_addresses() {
    for scenario in DRAWN {
        let plan = |seed| {
            Plan::new(&Options {
                scenario,
                ..options(seed)
            })
        };
        let one = plan(7);
        assert_eq!(one, plan(7), "{scenario:?}");
        let other = plan(8);
        let domains = |plan: &Plan| {
            let domain =
                |forgery: &paraph_drill::forgeries::Forgery| forgery.address().rsplit('@').next().map(str::to_owned);
            plan.forgeries.iter().filter_map(domain).collect::<HashSet<_>>()
        };
        let sources = |plan: &Plan| {
            plan.forgeries
                .iter()
                .map(|forgery| forgery.source)
                .collect::<HashSet<_>>()
        };
        assert_ne!(sources(&one), sources(&other), "{scenario:?}");
        assert!(one.stands_for.is_some_and(|whole| whole.forged > 1000), "{scenario:?}");
        assert_eq!(one.honest.len(), 10_000, "{scenario:?}");
        let honest: HashSet<&str> = one.honest.iter().map(|person| person.mailbox.as_str()).collect();
        assert!(
            one.forgeries.len() > 100 && one.forgeries.is_sorted_by_key(|forgery| forgery.at),
            "{scenario:?}"
        );
        for forgery in &one.forgeries {
            // Documentation (RFC 5737) and shared address space (RFC 6598).
            let [a, b, c, _] = forgery.source.octets();
            let is_documentation = [(192, 0, 2), (198, 51, 100), (203, 0, 113)].contains(&(a, b, c));
            assert!(is_documentation || (a == 100 && (64..128).contains(&b)), "{forgery:?}");
            assert!(!honest.contains(forgery.address().as_str()), "{forgery:?}");
            assert!(one.waves[forgery.wave].from <= forgery.at && forgery.at <= one.waves[forgery.wave].to);
        }
        assert!(domains(&one).iter().all(|domain| {
            domain.ends_with(".example") || ["example.org", "example.com", "example.net"].contains(&domain.as_str())
        }));
    }
}

fn drawn(scenario: Scenario, seed: u64) -> Plan {
    Plan::new(&Options {
        scenario,
        ..options(seed)
    })
}

/// How many prefixes of 256 addresses a plan's forgeries come through.
fn prefixes(plan: &Plan) -> usize {
    let of = |forgery: &paraph_drill::forgeries::Forgery| forgery.source.to_bits() >> 8;
    plan.forgeries.iter().map(of).collect::<HashSet<_>>().len()
}

#[test]
fn what_is_low_and_slow_keeps_one_pace_through_few_prefixes() {
    for seed in 1..=8 {
        let plan = drawn(Scenario::LowAndSlow, seed);
        assert!((1..=6).contains(&prefixes(&plan)), "{seed}");
        let (many, length) = (plan.forgeries.len(), plan.attack_to - plan.attack_from);
        for (nth, forgery) in plan.forgeries.iter().enumerate() {
            let step = length.as_secs_f64() / many as f64;
            let late = (forgery.at - plan.attack_from).as_secs_f64() / step - nth as f64;
            assert!((-0.01..1.0).contains(&late), "{seed}: {nth} is {late} steps late");
        }
    }
}

#[test]
fn a_farm_of_browsers_fills_in_at_one_pace_on_many_lines() {
    let dwell = |plan: &Plan| {
        let mut dwell: Vec<f64> = plan
            .forgeries
            .iter()
            .filter_map(|forgery| Some(forgery.dress.as_ref()?.dwell.as_secs_f64()))
            .collect();
        dwell.sort_unstable_by(f64::total_cmp);
        (dwell[dwell.len() / 10], dwell[dwell.len() * 9 / 10])
    };
    let pace = |plan: &Plan| dwell(plan).1 / dwell(plan).0;
    for seed in 1..=8 {
        let plan = drawn(Scenario::BrowserFarm, seed);
        assert!(prefixes(&plan) > 100, "{seed}: {}", prefixes(&plan));
        assert!(pace(&plan) < 1.8, "{seed}: {}", pace(&plan));
        // Seconds, although the rest is compressed: what a puzzle and a busy machine add is little beside them.
        assert!(dwell(&plan).0 > 3.0, "{seed}: {:?}", dwell(&plan));
        // As other forgers do, and people.
        assert!(pace(&drawn(Scenario::StoredUp, seed)) > 3.0, "{seed}");
    }
}

#[test]
fn stolen_identities_come_each_midnight_and_mostly_as_they_are_written() {
    let (mut sorted, mut capitals) = (0, 0);
    for seed in 1..=12 {
        let plan = drawn(Scenario::StolenIdentities, seed);
        let whole = plan.stands_for.expect("it stands for more").seconds;
        let nights = usize::try_from(whole / 86_400).expect("a few");
        let length = (plan.attack_to - plan.attack_from).as_secs_f64();
        let mut lists = vec![Vec::new(); nights];
        for forgery in &plan.forgeries {
            let place = (forgery.at - plan.attack_from).as_secs_f64() / length * nights as f64;
            assert!(place.fract() < 0.51, "{seed}: by day, {place}");
            let last = forgery.name().rsplit(' ').next().unwrap_or_default().to_lowercase();
            lists[place as usize].push(last);
        }
        assert!(lists.iter().all(|list| list.len() > 10), "{seed}: a part each night");
        let is_written_large = |name: &str| name == name.to_uppercase();
        capitals += usize::from(plan.forgeries.iter().all(|forgery| is_written_large(&forgery.name())));
        sorted += usize::from(lists.iter().all(|list| list.is_sorted()));
    }
    assert!((5..12).contains(&sorted), "{sorted} of 12 lists are sorted");
    assert!((1..12).contains(&capitals), "{capitals} of 12 are in capitals");
}

#[test]
fn what_is_stored_up_is_confirmed_after_the_last_of_it_was_signed() {
    let plan = Plan::new(&Options {
        scenario: Scenario::StoredUp,
        ..options(7)
    });
    let last = plan.forgeries.last().expect("forgeries").at;
    let confirms = plan.forgeries.iter().filter_map(|forgery| forgery.dress.as_ref());
    let at = confirms.filter_map(|dress| match dress.confirms {
        Confirms::At(moment) => Some(moment),
        Confirms::After(_) => None,
    });
    let at: Vec<Duration> = at.collect();
    assert_eq!(at.len(), plan.forgeries.len());
    assert!(at.iter().all(|moment| *moment > last && *moment <= plan.attack_to));
}

#[test]
fn the_three_waves_lie_apart_and_each_is_of_its_kind() {
    let plan = Plan::new(&Options::new(Scenario::Noel2020, 7));
    assert_eq!(plan.end, Duration::from_secs(480));
    let names: Vec<&str> = plan.waves.iter().map(|wave| wave.name).collect();
    assert_eq!(names, ["forged-signatures", "request-flood", "officials"]);
    // An incident closes after a quiet minute, and is pressed for a minute after the flood has ended.
    for pair in plan.waves.windows(2) {
        assert!(pair[1].from - pair[0].to > Duration::from_secs(75), "{pair:?}");
    }
    let of = |wave| plan.forgeries.iter().filter(move |forgery| forgery.wave == wave);
    assert_eq!((of(1).count(), plan.abuse), (0, Some(1)), "a flood completes no form");
    assert!(of(0).all(|forgery| forgery.method == Method::SolveAndConfirm));
    assert!(
        of(2).all(|forgery| forgery.method == Method::Solve),
        "nobody confirms for an official"
    );
    let shown: HashSet<_> = of(0).map(|forgery| (forgery.name(), forgery.comment())).collect();
    assert_eq!(shown.len(), 1, "one name and one comment");
    let servers: HashSet<_> = of(0).map(|forgery| forgery.source).collect();
    assert!((216..=218).contains(&servers.len()), "{}", servers.len());
    let lasts: Vec<String> = of(2)
        .filter_map(|forgery| forgery.name().rsplit(' ').next().map(str::to_owned))
        .collect();
    assert!(lasts.is_sorted(), "from A to Z");
    assert_eq!(plan.stands_for.and_then(|whole| whole.honest), Some(34_000));
}

#[test]
fn a_hostile_crowd_is_of_real_people_and_changes_no_other() {
    let brigade = Plan::new(&Options {
        scenario: Scenario::Brigade,
        ..options(7)
    });
    let (hostile, others): (Vec<_>, Vec<_>) = brigade.honest.iter().cloned().partition(|person| person.hostile);
    assert_eq!(others, Plan::new(&options(7)).honest);
    assert!(hostile.len() > others.len() && brigade.forgeries.is_empty());
    let mailboxes: HashSet<&str> = hostile
        .iter()
        .chain(&others)
        .map(|person| person.mailbox.as_str())
        .collect();
    assert_eq!(mailboxes.len(), hostile.len() + others.len());
    // They pass few sentences on, which honest people never write.
    let said = |people: &[paraph_drill::scenario::Person]| -> HashSet<&str> {
        people.iter().filter_map(|person| person.comment).collect()
    };
    let many = hostile.iter().filter(|person| person.comment.is_some()).count();
    assert!(many * 10 > hostile.len() && said(&hostile).difference(&said(&others)).count() < 40);
    assert!(!said(&hostile).is_subset(&said(&others)));
    let at_once = |people: &[paraph_drill::scenario::Person]| {
        let quarter = (brigade.attack_to - brigade.attack_from) / 4;
        let early = people
            .iter()
            .filter(|person| person.at < brigade.attack_from + quarter && person.at >= brigade.attack_from);
        early.count() * 2 > people.len()
    };
    assert!(at_once(&hostile) && !at_once(&others), "most come early");
    let browsers: HashSet<u16> = hostile.iter().map(|person| person.browser).collect();
    assert!(browsers.len() > 100, "programs of their own");
}
