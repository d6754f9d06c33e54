//! Honest people who look alike for a good reason. None of them is ever held.

use paraph_scrutiny::{Advice, Country, Fact, Finding, Innocent, NetworkKind, Observation, Scrutiny, Standing, Tag};
use paraph_tally::Millis;

use crate::crowd::{BEGIN, DAY, Draw, HOUR, MINUTE, minutes, ordinary_day, person, replay, tag};

/// Replays them beside an ordinary day, and says what was told.
fn nobody_is_held(draw: &mut Draw, group: Vec<Observation>) -> Vec<Finding> {
    let mut people = ordinary_day(draw);
    people.extend(group);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held.len(), 0, "{:?}", replayed.told);
    replayed.told
}

/// One line, computers from one image, mailboxes of the school, one sentence on the blackboard.
#[test]
fn school() {
    let mut draw = Draw(11);
    let pupils = (0..150)
        .map(|nth| {
            let at = BEGIN + (9 + nth % 3) * HOUR + draw.below(25 * MINUTE);
            let mut pupil = person(&mut draw, at);
            (pupil.source.near, pupil.source.origin) = (tag(1, 80_000), tag(2, 80));
            pupil.source.kind = NetworkKind::Unknown;
            (pupil.client, pupil.comment, pupil.local_shape) = (tag(3, 4000), Tag(5), tag(7, 3));
            (pupil.domain, pupil.common_mail) = (tag(9, 800), false);
            pupil
        })
        .collect();
    nobody_is_held(&mut draw, pupils);
}

/// A firm behind a proxy in a rented network: network, client and content agree, and a person is told why that may be.
#[test]
fn firm_behind_a_rented_proxy() {
    let mut draw = Draw(12);
    let staff = (0..120)
        .map(|_| {
            let at = BEGIN + 12 * HOUR + draw.below(2 * HOUR);
            let mut one = person(&mut draw, at);
            (one.source.near, one.source.origin) = (tag(1, 81_000), tag(2, 81));
            one.source.kind = NetworkKind::Hosting;
            one.client = tag(3, 4001);
            (one.domain, one.common_mail) = (tag(9, 801), false);
            one
        })
        .collect();
    let told = nobody_is_held(&mut draw, staff);
    assert!(
        told.iter()
            .any(|one| one.advice == Advice::Ask && one.innocent == Innocent::Organisation)
    );
}

/// Two thousand within half an hour.
#[test]
fn television_show() {
    let mut draw = Draw(13);
    let viewers = (0..2000)
        .map(|_| {
            let at = BEGIN + 20 * HOUR + 30 * MINUTE + draw.below(30 * MINUTE);
            let mut viewer = person(&mut draw, at);
            viewer.source.near = tag(1, 60_000 + draw.below(8));
            viewer
        })
        .collect();
    nobody_is_held(&mut draw, viewers);
}

/// People behind one address of a network that no table knows, and a forger who numbers one mailbox behind the same address.
/// His spellings are the group's, the address is everybody's: nobody but him waits.
#[test]
fn a_carrier_nat_with_a_forger_behind_it() {
    let mut draw = Draw(27);
    let mut all: Vec<(Observation, bool)> = Vec::new();
    for nth in 0..200 {
        let mut one = person(&mut draw, BEGIN + 12 * HOUR + nth * 3000);
        (one.source.near, one.source.origin) = (tag(1, 62_000), tag(2, 62));
        one.source.kind = NetworkKind::Unknown;
        let forged = nth % 3 != 0;
        if forged {
            (one.client, one.name, one.local_stem) = (tag(3, 4100), tag(5, 9), tag(8, 9));
            (one.domain, one.common_mail) = (tag(9, 802), false);
        }
        all.push((one, forged));
    }
    let mut engine = Scrutiny::new();
    let (mut kept, mut held) = (0, 0);
    for (one, forged) in &all {
        engine.observe(one);
        engine.confirm(one.id, Millis(one.at.0 + 1000), &one.source);
        held += engine
            .tick(Millis(one.at.0 + 2000))
            .iter()
            .map(|told| told.to_hold.len())
            .sum::<usize>();
        for (before, before_forged) in all.iter().filter(|(before, _)| before.at <= one.at) {
            let passes = engine.standing(before.id, Millis(one.at.0 + 2000)) == Standing::Pass;
            assert!(passes || *before_forged, "{before:?} after {one:?}");
            kept += usize::from(*forged && !passes);
        }
    }
    let forged = all.iter().filter(|(_, forged)| *forged).count();
    assert!(kept > 0 && held == forged, "{kept} {held} of {forged}");
}

/// A thousand telephones of few models behind two prefixes, day and evening.
#[test]
fn carrier_nat() {
    let mut draw = Draw(14);
    let callers = (0..1000)
        .map(|_| {
            let at = BEGIN + 7 * HOUR + draw.below(16 * HOUR);
            let mut caller = person(&mut draw, at);
            (caller.source.near, caller.source.origin) = (tag(1, 61_000 + draw.below(2)), tag(2, 61));
            caller.client = tag(3, 2000 + draw.frequent(60));
            caller
        })
        .collect();
    nobody_is_held(&mut draw, callers);
}

/// Eight hundred copies of one text, written on many machines.
#[test]
fn form_letter() {
    let mut draw = Draw(15);
    let members = (0..800)
        .map(|_| {
            let at = BEGIN + 8 * HOUR + draw.below(12 * HOUR);
            Observation {
                comment: Tag(6),
                ..person(&mut draw, at)
            }
        })
        .collect();
    nobody_is_held(&mut draw, members);
}

/// Abroad: other networks, another language, their own letter, and their own hours.
#[test]
fn diaspora() {
    let mut draw = Draw(16);
    let community = (0..300)
        .map(|_| {
            let at = BEGIN + draw.below(DAY);
            let mut one = person(&mut draw, at);
            (one.source.near, one.source.origin) = (tag(1, 70_000 + draw.below(400)), tag(2, 70));
            one.source.country = Country::from_code("QD");
            one.local_hour = 8 + draw.below(14) as u8;
            (one.language, one.comment) = (tag(4, 7), Tag(8));
            one
        })
        .collect();
    nobody_is_held(&mut draw, community);
}

/// Real people who mock: many of them copy one comment, some come from abroad. They are counted.
#[test]
fn brigade() {
    let mut draw = Draw(17);
    let crowd = (0..1500)
        .map(|nth| {
            let at = BEGIN + 13 * HOUR + draw.below(6 * HOUR);
            let mut one = person(&mut draw, at);
            if nth % 3 > 0 {
                one.comment = Tag(9);
            }
            if nth % 4 == 0 {
                one.source.country = Country::from_code("QB");
                one.source.origin = tag(2, 71);
            }
            one
        })
        .collect();
    nobody_is_held(&mut draw, crowd);
}

/// The same, where nobody says in the form where they live: the petition's audience does. A person is shown who they are. Fails when
/// only what is declared says what is elsewhere.
#[test]
fn a_crowd_from_abroad_is_shown_though_nobody_declares_a_country() {
    let mut draw = Draw(17);
    let mut people = ordinary_day(&mut draw);
    let crowd: Vec<Observation> = (0..1500)
        .map(|nth| {
            let at = BEGIN + 13 * HOUR + draw.below(6 * HOUR);
            let mut one = person(&mut draw, at);
            if nth % 3 > 0 {
                one.comment = Tag(9);
            }
            if nth % 4 == 0 {
                (one.source.country, one.source.origin) = (Country::from_code("QB"), tag(2, 71 + nth % 20));
            }
            one
        })
        .collect();
    people.extend(&crowd);
    for one in &mut people {
        one.declared = Country::UNKNOWN;
    }
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held.len(), 0, "{:?}", replayed.told);
    let elsewhere = |told: &&Finding| told.evidence.iter().any(|one| one.fact == Fact::Elsewhere);
    let told = replayed.told.iter().find(elsewhere).expect("somebody is told");
    let theirs = told
        .looked_at
        .iter()
        .filter(|id| crowd.iter().any(|one| one.id == **id));
    assert!(theirs.count() * 10 >= told.looked_at.len() * 9, "{told:?}");
}

/// On a petition that one in seven signs from abroad and one in fifteen through rented servers, twice as many of a crowd that copies
/// do each. A person is shown who they are. Fails when each has to say it alone.
#[test]
fn a_crowd_that_is_from_abroad_and_rents_a_little_is_shown_for_both() {
    let mut draw = Draw(18);
    let mut people = ordinary_day(&mut draw);
    let place = |one: &mut Observation, abroad: bool, rents: bool, nth: u64| {
        if abroad {
            (one.source.country, one.source.origin) = (Country::from_code("QB"), tag(2, 71 + nth % 20));
        }
        if rents {
            (one.source.kind, one.source.near) = (NetworkKind::Hosting, tag(1, 80_000 + nth % 90));
        }
    };
    for (nth, one) in (0..).zip(&mut people) {
        place(one, nth % 7 == 0, nth % 15 == 0, nth);
    }
    let crowd: Vec<Observation> = (0..600)
        .map(|nth| {
            let at = BEGIN + 13 * HOUR + draw.below(6 * HOUR);
            let mut one = person(&mut draw, at);
            place(&mut one, nth % 7 < 2, nth % 15 < 2, nth);
            if nth % 3 > 0 {
                one.comment = Tag(9);
            }
            one
        })
        .collect();
    people.extend(&crowd);
    let replayed = replay(&people, minutes);
    assert_eq!(replayed.held.len(), 0, "{:?}", replayed.told);
    let facts =
        |told: &&Finding| [Fact::Elsewhere, Fact::Hosting].map(|fact| told.evidence.iter().any(|one| one.fact == fact));
    let told = replayed.told.iter().find(|told| facts(told) == [true, true]);
    let told = told.expect("somebody is told");
    assert!(
        told.looked_at.iter().all(|id| crowd.iter().any(|one| one.id == *id)),
        "{told:?}"
    );
}

/// Numbered mailboxes of a university, three addresses of its network, a room of one kind of browser. A number is a person there:
/// each has a stem of its own, and one pattern.
#[test]
fn a_campus_with_numbered_mailboxes() {
    let mut draw = Draw(28);
    let students = (0..123)
        .map(|nth| {
            let at = BEGIN + 14 * HOUR + draw.below(4 * MINUTE);
            let mut one = person(&mut draw, at);
            (one.source.near, one.source.origin) = (tag(1, 83_000 + nth % 3), tag(2, 83));
            one.source.kind = NetworkKind::Unknown;
            one.local_shape = tag(7, 90);
            (one.domain, one.common_mail) = (tag(9, 803), false);
            if nth % 4 > 0 {
                one.client = tag(3, 4002);
            }
            one
        })
        .collect();
    nobody_is_held(&mut draw, students);
}

/// Of a crowd one in so many comes from elsewhere, and one in nine of the others through rented servers.
fn called(draw: &mut Draw, at: u64, nth: u64, abroad: u64) -> Observation {
    let mut one = person(draw, at);
    if draw.below(abroad) == 0 {
        (one.source.country, one.source.origin) = (Country::from_code("QB"), tag(2, 71 + nth % 20));
    } else if draw.below(9) == 0 {
        (one.source.kind, one.source.near) = (NetworkKind::Hosting, tag(1, 80_000 + nth % 90));
    }
    one
}

/// Somebody is told that a crowd copies and comes from elsewhere, and nobody is held.
fn a_crowd_is_shown(people: &[Observation], crowd: &[Observation]) {
    let replayed = replay(people, minutes);
    assert_eq!(replayed.held.len(), 0, "{:?}", replayed.told);
    let about = |told: &&Finding| {
        let facts = [Fact::SameComments, Fact::Elsewhere];
        facts
            .iter()
            .all(|fact| told.evidence.iter().any(|one| one.fact == *fact))
    };
    let told = replayed.told.iter().find(about).expect("somebody is told");
    let theirs = told
        .looked_at
        .iter()
        .filter(|id| crowd.iter().any(|one| one.id == **id));
    assert!(theirs.count() * 10 >= told.looked_at.len() * 9, "{told:?}");
}

/// A crowd may choose from five texts, and most write words of their own: so few copy each that it says nothing by itself. Fails when each
/// text is looked at by itself.
#[test]
fn a_crowd_that_copies_five_texts_is_shown_for_all_together() {
    let mut draw = Draw(19);
    let mut people = ordinary_day(&mut draw);
    let crowd: Vec<Observation> = (0..900)
        .map(|nth| {
            let at = BEGIN + 13 * HOUR + draw.below(4 * HOUR);
            let one = called(&mut draw, at, nth, 5);
            let comment = if nth % 4 == 0 {
                Tag(9 + nth as u32 % 5)
            } else {
                draw.fresh()
            };
            Observation { comment, ..one }
        })
        .collect();
    people.extend(&crowd);
    a_crowd_is_shown(&people, &crowd);
}

/// Most of a crowd have come, with words of their own and more of them from elsewhere, before others of it copy a text. By then they are most of the petition. Fails when that
/// says what is usual on it.
#[test]
fn a_crowd_says_nothing_of_what_was_usual_before_it() {
    let mut draw = Draw(20);
    let mut people = Vec::new();
    for nth in 0..2000 {
        let at = BEGIN + nth % 2 * DAY + 7 * HOUR + draw.below(16 * HOUR);
        people.push(person(&mut draw, at));
    }
    let begin = BEGIN + 2 * DAY;
    let crowd: Vec<Observation> = (0..4800)
        .map(|nth| {
            let copies = nth % 8 == 0;
            let at = if copies {
                15 * HOUR + draw.below(2 * HOUR)
            } else {
                9 * HOUR + draw.below(6 * HOUR)
            };
            let one = called(&mut draw, begin + at, nth, if copies { 5 } else { 3 });
            let comment = if copies { Tag(9) } else { draw.fresh() };
            Observation { comment, ..one }
        })
        .collect();
    people.extend(&crowd);
    a_crowd_is_shown(&people, &crowd);
}
