use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use paraph_tally::Millis;
use proptest::prelude::*;

use super::evidence::Cause;
use super::{Shield, ShieldAnswer, ShieldCommand};
use crate::admit::Refusal;
use crate::admit::source::{Source, Via};
use crate::limits::Limits;
use crate::trace::networks::Known;

const START: u64 = 1_790_000_000_000;
const MINUTE: u64 = 60_000;

fn at(milliseconds: u64) -> Millis {
    Millis(START + milliseconds)
}

/// On the invented networks of a drill: 198.51.100.0/24 rents out servers, 198.18.0.0/17 connects homes.
fn shield() -> Shield {
    let proxies = ["192.0.2.200/32".parse().expect("a network")];
    Shield::new(&Limits::default(), &proxies, Arc::new(Known::of_drill()))
}

fn source(address: &str) -> Source {
    Source::direct(SocketAddr::new(address.parse().expect("an address"), 4242))
}

fn forge(shield: &Shield, source: &Source, times: usize, now: Millis) {
    for _ in 0..times {
        shield.refused(source, &Refusal::ClearanceRefused("signature"), false, now);
    }
}

fn seconds_left(shield: &Shield, source: &Source, now: Millis) -> Option<u64> {
    shield.is_banned(source, now).map(|until| (until.0 - now.0) / 1000)
}

#[test]
fn many_forgeries_earn_a_ban_and_less_does_not() {
    let shield = shield();
    let forger = source("198.18.0.7");
    forge(&shield, &forger, 19, at(0));
    assert_eq!(shield.is_banned(&forger, at(0)), None);
    // Ten minutes later the count starts anew.
    forge(&shield, &forger, 19, at(10 * MINUTE));
    assert_eq!(shield.is_banned(&forger, at(10 * MINUTE)), None);
    forge(&shield, &forger, 1, at(10 * MINUTE));
    assert_eq!(seconds_left(&shield, &forger, at(10 * MINUTE)), Some(60));
    assert_eq!(shield.is_banned(&source("198.18.0.8"), at(10 * MINUTE)), None);
    // With the hidden field filled, a quarter is enough. A /64 is one source.
    for host in 1..=5 {
        let bot = source(&format!("2001:db8:1000:7::{host}"));
        shield.refused(&bot, &Refusal::ClearanceRefused("malformed"), true, at(0));
    }
    assert!(shield.is_banned(&source("2001:db8:1000:7:ffff::"), at(0)).is_some());
    assert_eq!(shield.is_banned(&source("2001:db8:1000:8::1"), at(0)), None);
}

#[test]
fn what_a_browser_may_do_by_itself_is_no_evidence() {
    let shield = shield();
    let person = source("198.18.0.7");
    let harmless = [
        Refusal::ClearanceRefused("missing"),
        Refusal::ClearanceRefused("solution"),
        Refusal::ClearanceRefused("spent"),
        Refusal::ClearanceRefused("binding"),
        Refusal::TicketExpired,
        Refusal::TooEarly { wait_seconds: 3 },
        Refusal::InvalidForm(Vec::new()),
        Refusal::SlowDown { retry_after: 10 },
        Refusal::Busy { retry_after: 10 },
    ];
    for refusal in &harmless {
        for _ in 0..1000 {
            shield.refused(&person, refusal, true, at(0));
        }
    }
    assert_eq!(shield.is_banned(&person, at(0)), None);
}

#[test]
fn used_up_budgets_ban_rented_servers_only() {
    let shield = shield();
    for minute in 0..5 {
        for address in ["198.51.100.7", "198.18.0.7", "100.64.0.7", "9.9.9.9"] {
            // Many refusals in one minute are one minute.
            for _ in 0..100 {
                shield.exceeded(&source(address), at(minute * MINUTE));
            }
        }
        let is_banned = shield.is_banned(&source("198.51.100.7"), at(minute * MINUTE)).is_some();
        assert_eq!(is_banned, minute == 4, "minute {minute}");
    }
    for shared in ["198.18.0.7", "100.64.0.7", "9.9.9.9"] {
        assert_eq!(shield.is_banned(&source(shared), at(4 * MINUTE)), None, "{shared}");
    }
}

#[test]
fn where_people_confirm_the_address_is_priced_and_not_banned() {
    let shield = shield();
    let shared = source("100.64.0.7");
    shield.confirmed(&shared, at(0));
    forge(&shield, &shared, 500, at(23 * 60 * MINUTE));
    assert_eq!(shield.is_banned(&shared, at(23 * 60 * MINUTE)), None);
    assert!(shield.is_priced(&shared, at(23 * 60 * MINUTE)));
    assert!(!shield.is_priced(&shared, at(23 * 60 * MINUTE + 11 * MINUTE)));
    assert!(!shield.is_priced(&source("100.64.0.8"), at(23 * 60 * MINUTE)));
    // Two days without anybody: nobody speaks for it any longer.
    forge(&shield, &shared, 20, at(3 * 24 * 60 * MINUTE));
    assert!(shield.is_banned(&shared, at(3 * 24 * 60 * MINUTE)).is_some());
}

#[test]
fn where_people_sign_the_address_is_priced_and_not_banned_unless_servers_are_rented_out_there() {
    let shield = shield();
    for (address, is_banned) in [("100.64.0.7", false), ("9.9.9.9", false), ("198.51.100.7", true)] {
        let shared = source(address);
        shield.signed(&shared, at(0));
        forge(&shield, &shared, 500, at(9 * MINUTE));
        assert_eq!(
            shield.is_banned(&shared, at(9 * MINUTE)).is_some(),
            is_banned,
            "{address}"
        );
        assert_eq!(shield.is_priced(&shared, at(9 * MINUTE)), !is_banned, "{address}");
    }
    // Ten minutes without anybody: nobody speaks for it any longer.
    let shared = source("100.64.0.7");
    forge(&shield, &shared, 20, at(30 * MINUTE));
    assert!(shield.is_banned(&shared, at(30 * MINUTE)).is_some());
}

#[test]
fn each_further_ban_lasts_twice_as_long_up_to_the_ceiling_and_a_quiet_week_starts_anew() {
    let shield = shield();
    let forger = source("198.51.100.7");
    let mut now = 0;
    let mut lasted = Vec::new();
    for _ in 0..10 {
        forge(&shield, &forger, 20, at(now));
        let seconds = seconds_left(&shield, &forger, at(now)).expect("banned");
        lasted.push(seconds);
        now += 1000 * seconds;
        assert_eq!(shield.is_banned(&forger, at(now)), None);
    }
    assert_eq!(
        lasted,
        [600, 1200, 2400, 4800, 9600, 19_200, 38_400, 76_800, 86_400, 86_400]
    );
    now += 7 * 24 * 60 * MINUTE;
    forge(&shield, &forger, 20, at(now));
    assert_eq!(seconds_left(&shield, &forger, at(now)), Some(600));
}

/// Nobody has signed behind a carrier's NAT today, and a forger comes first. Whoever comes next waits a minute; from then on
/// there is time for one person to sign, and one is enough.
#[test]
fn a_forger_who_comes_first_at_a_shared_address_keeps_nobody_from_signing_for_long() {
    for address in ["100.64.0.7", "198.18.0.7", "9.9.9.9", "2001:db8:1000:7::1"] {
        let shield = shield();
        let shared = source(address);
        let (mut longest, mut spared) = (0, Vec::new());
        let (mut since, mut was_banned) = (0, false);
        // A forger who never rests, for three hours, while nobody signs.
        for second in 0..3 * 3600 {
            let now = at(second * 1000);
            let is_banned = shield.is_banned(&shared, now).is_some();
            if !is_banned {
                forge(&shield, &shared, 20, now);
                assert!(shield.is_banned(&shared, now).is_some() || shield.is_priced(&shared, now));
            }
            if is_banned != was_banned {
                if is_banned {
                    spared.push(second - since);
                } else {
                    longest = longest.max(second - since);
                    if spared.len() == 1 {
                        assert!(second <= 61, "{address}: the first ban ended after {second} s");
                    }
                }
                (since, was_banned) = (second, is_banned);
            }
        }
        assert!(longest <= 601, "{address}: shut for {longest} s");
        assert!(
            spared[1..].iter().all(|open| *open >= 299),
            "{address}: open for {spared:?}"
        );
        // In such a while somebody signs, and then somebody every nine minutes.
        let mut second = 3 * 3600;
        while shield.is_banned(&shared, at(second * 1000)).is_some() {
            second += 1;
        }
        for _ in 0..5 {
            shield.signed(&shared, at(second * 1000));
            for _ in 0..9 * 60 {
                second += 1;
                forge(&shield, &shared, 20, at(second * 1000));
                assert_eq!(shield.is_banned(&shared, at(second * 1000)), None, "{address}");
            }
            assert!(shield.is_priced(&shared, at(second * 1000)), "{address}");
        }
    }
}

#[test]
fn a_network_is_banned_as_a_whole_only_where_it_rents_out_servers() {
    let shield = shield();
    for (network, kind) in [
        ("198.51.100", "hosting"),
        ("198.18.0", "access"),
        ("9.9.9", "unknown"),
        ("198.19.7", "other"),
    ] {
        for host in 1..=8 {
            assert_eq!(
                shield.is_banned(&source(&format!("{network}.99")), at(0)),
                None,
                "{kind}"
            );
            forge(&shield, &source(&format!("{network}.{host}")), 20, at(0));
        }
        let is_banned = shield.is_banned(&source(&format!("{network}.99")), at(0)).is_some();
        assert_eq!(is_banned, kind == "hosting", "{kind}");
    }
    let causes: Vec<Cause> = shield.bans(at(0)).into_iter().map(|(_, ban)| ban.cause).collect();
    assert_eq!(causes.iter().filter(|cause| **cause == Cause::Widened).count(), 1);
}

#[test]
fn trusted_proxies_and_this_machine_are_never_banned() {
    let shield = shield();
    let gateways = paraph_shield::protected::gateways();
    let gateways = gateways.iter().map(IpAddr::to_string);
    let named = ["192.0.2.200", "127.0.0.1", "::1"].map(str::to_owned);
    for address in named.into_iter().chain(gateways) {
        let address = address.as_str();
        shield.confirmed(&source(address), at(0));
        forge(&shield, &source(address), 1000, at(0));
        assert_eq!(shield.is_banned(&source(address), at(0)), None, "{address}");
        assert!(!shield.is_priced(&source(address), at(0)), "{address}");
        let net = address.to_owned();
        let answer = shield.carry_out(&ShieldCommand::ShieldBan { net, seconds: None }, at(0));
        assert!(matches!(answer, ShieldAnswer::Refused(_)), "{answer:?}");
    }
}

#[test]
fn what_a_reload_protects_is_let_go_and_never_banned_again() {
    let shield = shield();
    let ban = |net: &str| {
        let net = net.to_owned();
        shield.carry_out(&ShieldCommand::ShieldBan { net, seconds: None }, at(0))
    };
    shield.protect(&["198.18.7.200/32".parse().expect("a network")], at(0));
    for net in ["198.18.7.61", "198.18.7.0/24", "198.18.7.62"] {
        let is_banned = matches!(ban(net), ShieldAnswer::Banned(_));
        assert_eq!(
            is_banned,
            net != "198.18.7.0/24",
            "{net}: one of it is protected already"
        );
    }
    shield.protect(&[], at(0));
    assert!(
        matches!(ban("198.18.7.0/24"), ShieldAnswer::Banned(_)),
        "nobody there is protected any longer"
    );
    let changes = *shield.changes().borrow();
    shield.protect(&["198.18.7.61/32".parse().expect("a network")], at(0));
    assert_ne!(*shield.changes().borrow(), changes, "outlets are told");
    let banned: Vec<String> = shield.bans(at(0)).iter().map(|(net, _)| net.to_string()).collect();
    assert_eq!(banned, ["198.18.7.62/32"]);
    forge(&shield, &source("198.18.7.61"), 1000, at(0));
    assert_eq!(shield.is_banned(&source("198.18.7.61"), at(0)), None);
    assert!(matches!(ban("198.18.7.61"), ShieldAnswer::Refused(_)));
}

#[test]
fn a_person_bans_lists_and_lifts() {
    let shield = shield();
    let ban = |net: &str, seconds| {
        shield.carry_out(
            &ShieldCommand::ShieldBan {
                net: net.to_owned(),
                seconds,
            },
            at(0),
        )
    };
    assert!(matches!(ban("198.18.0.7", Some(60)), ShieldAnswer::Banned(_)));
    assert!(matches!(ban("2001:db8:5::/48", None), ShieldAnswer::Banned(_)));
    for wrong in ["198.18.0.0/16", "2001:db8::/32", "nobody", "198.18.0.7/24", ""] {
        assert!(matches!(ban(wrong, None), ShieldAnswer::Refused(_)), "{wrong}");
    }
    let ShieldAnswer::List(listed) = shield.carry_out(&ShieldCommand::ShieldList, at(0)) else {
        panic!("a list")
    };
    let listed: Vec<(&str, u64)> = listed.iter().map(|ban| (ban.net.as_str(), ban.seconds)).collect();
    assert_eq!(listed, [("198.18.0.7/32", 60), ("2001:db8:5::/48", 600)]);
    let unban = |net: &str| shield.carry_out(&ShieldCommand::ShieldUnban { net: net.to_owned() }, at(0));
    let unbanned = |count| ShieldAnswer::Unbanned { count, still: None };
    assert_eq!(unban("198.18.0.7"), unbanned(1));
    assert_eq!(unban("198.18.0.7"), unbanned(0));
    assert_eq!(shield.is_banned(&source("198.18.0.7"), at(0)), None);
    assert!(shield.is_banned(&source("2001:db8:5:9::1"), at(0)).is_some());
    assert_eq!(shield.carry_out(&ShieldCommand::ShieldFlush, at(0)), unbanned(1));
    assert_eq!(shield.bans(at(0)), []);
    // Of what a wider ban still holds, that is said; and of the wider one itself, nothing.
    for net in ["198.18.0.7", "198.18.0.0/24"] {
        assert!(matches!(ban(net, Some(60)), ShieldAnswer::Banned(_)));
    }
    for count in [1, 0] {
        let ShieldAnswer::Unbanned {
            count: told,
            still: Some(still),
        } = unban("198.18.0.7")
        else {
            panic!("the /24 still holds it")
        };
        assert_eq!((told, still.net.as_str(), still.seconds), (count, "198.18.0.0/24", 60));
    }
    assert_eq!(unban("198.18.0.0/24"), unbanned(1));
}

#[test]
fn a_ban_is_carried_out_where_its_source_came_from() {
    let shield = shield();
    let peer: IpAddr = "192.0.2.200".parse().expect("an address");
    let forwarded = Source {
        via: Via::Forwarded(peer),
        ..source("198.18.0.7")
    };
    forge(&shield, &forwarded, 20, at(0));
    let ways = |shield: &Shield| {
        shield
            .bans(at(0))
            .first()
            .map(|(_, ban)| (ban.ways.direct, ban.ways.forwarded))
    };
    assert_eq!(ways(&shield), Some((false, true)));
    forge(&shield, &source("198.18.0.7"), 20, at(0));
    assert_eq!(ways(&shield), Some((true, true)));
}

#[test]
fn a_million_sources_do_not_make_it_grow_and_a_busy_forger_is_not_forgotten_among_them() {
    let mut limits = Limits::default();
    limits.set("shield_suspects", 1024).expect("in range");
    limits.set("shield_bans", 64).expect("in range");
    let shield = Shield::new(&limits, &[], Arc::new(Known::of_drill()));
    let busy = source("198.18.0.7");
    for index in 0..20_000_u32 {
        let passing = Source::direct(SocketAddr::new(IpAddr::from((0xC613_0000 + index).to_be_bytes()), 1));
        forge(&shield, &passing, 1, at(0));
        if index % 400 == 0 {
            forge(&shield, &busy, 1, at(0));
        }
    }
    assert!(shield.is_banned(&busy, at(0)).is_some());
    for index in 0..200_u32 {
        let forger = Source::direct(SocketAddr::new(IpAddr::from((0x6440_0000 + index).to_be_bytes()), 1));
        forge(&shield, &forger, 20, at(0));
    }
    assert_eq!(shield.bans(at(0)).len(), 64);
}

proptest! {
    /// Whatever is done from homes, carriers and networks of which nothing is known: nobody is banned who did not forge
    /// twenty times, nor anybody beside them, and used-up budgets alone ban nobody.
    #[test]
    fn no_neighbour_is_ever_banned(acts in prop::collection::vec((0_u8..12, 0_usize..3, any::<bool>(), 0_u64..30), 0..400)) {
        let shield = shield();
        let networks = ["198.18.0", "100.64.0", "9.9.9"];
        let mut forged = std::collections::BTreeMap::new();
        for (host, network, forges, minute) in &acts {
            let address = format!("{}.{host}", networks[*network]);
            if *forges {
                forge(&shield, &source(&address), 4, at(minute * MINUTE));
                *forged.entry(address).or_insert(0) += 4;
            } else {
                shield.exceeded(&source(&address), at(minute * MINUTE));
            }
        }
        for network in networks {
            for host in 0..=255 {
                let address = format!("{network}.{host}");
                if shield.is_banned(&source(&address), at(30 * MINUTE)).is_some() {
                    prop_assert!(forged.get(&address).is_some_and(|times| *times >= 20), "{}", address);
                }
            }
        }
    }
}
