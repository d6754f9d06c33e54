//! Honest people of every kind, each kind with what could make it look like a forger's work.

use super::chance::local_hour;
use super::institutions::{called_up, campus, cloud, firm, numbered, office, school, weekend};
use super::night::Draft;
use super::world::{ABROAD, CLIENTS, HOME, World};
use super::{Act, Contribution, DAY, HOUR, Line, Moment, Place, Truth};

/// Minute, in milliseconds.
pub(super) const MINUTE: Moment = 60_000;

/// How an honest group confirms.
#[derive(Clone, Copy)]
pub(super) enum Where {
    /// Mostly where they signed, else on the telephone.
    AsUsual,
    /// Where they signed, with this probability, else at home.
    There(f64),
}

impl Draft {
    /// A person signs, and does with the mail what people do.
    pub(super) fn person(&mut self, world: &mut World, group: u8, person: Contribution, place: Where) -> u32 {
        let index = self.sign(person, Truth::Honest(group));
        if !world.chance.yes(0.89) {
            return index;
        }
        let stays = match place {
            Where::AsUsual => 0.7,
            Where::There(share) => share,
        };
        let at = person.at + world.gap();
        let from = if world.chance.yes(stays) {
            person.place
        } else if world.chance.yes(0.5) {
            world.mobile()
        } else {
            world.home()
        };
        self.step(at, index, Act::Confirm(from));
        if world.chance.yes(0.01) {
            self.step(at + world.gap() + HOUR, index, Act::Withdraw);
        }
        index
    }
}

/// The crowd that every night has: one petition that spreads over ten days, and the groups within it.
pub(super) fn everybody(draft: &mut Draft, world: &mut World, people: u32) {
    spread(draft, world, people);
    for group in [
        television,
        school,
        library,
        carrier,
        form_letter,
        diaspora,
        shared_wifi,
        mailing,
        small_town,
        firm,
        campus,
        hiding,
        stand,
        numbered,
        cloud,
        office,
        called_up,
        weekend,
        relayed,
        expatriates,
        story,
    ] {
        group(draft, world);
    }
}

/// Friends tell friends: half of the days at least, with good days and bad ones, by the curve of a day.
fn spread(draft: &mut Draft, world: &mut World, people: u32) {
    let group = draft.group("spread");
    let days: Vec<f64> = (0..10)
        .map(|day| world.chance.about(1.0 / f64::from(day + 2), 0.5))
        .collect();
    let all: f64 = days.iter().sum();
    for (day, share) in days.iter().enumerate() {
        for _ in 0..(f64::from(people) * share / all) as u32 {
            let at = world.chance.by_day(day as u64 * DAY, (day as u64 + 1) * DAY, 0);
            let person = world.person(at);
            draft.person(world, group, person, Where::AsUsual);
        }
    }
}

/// It is on television: thousands within half an hour, on telephones, in the evening or late at night.
fn television(draft: &mut Draft, world: &mut World) {
    let group = draft.group("television");
    let hour = if world.chance.yes(0.3) { 23.4 } else { 20.5 };
    let start = ((f64::from(world.chance.number(1, 8)) * 24.0 + hour) * HOUR as f64) as Moment;
    for _ in 0..world.chance.number(1200, 3000) {
        let at = start + (world.chance.wait(12.0) * MINUTE as f64) as Moment;
        let mut person = world.person(at);
        if world.chance.yes(0.6) {
            person.place = world.mobile();
            person.client = world.phone();
        }
        draft.person(world, group, person, Where::AsUsual);
    }
}

/// Four public computers, all week.
fn library(draft: &mut Draft, world: &mut World) {
    let group = draft.group("library");
    let place = one_place(world, Line::Unknown);
    let image = 1 + world.chance.number(0, CLIENTS);
    for _ in 0..world.chance.number(40, 160) {
        let at = open_hours(world, 0, 9);
        let mut reader = world.person(at);
        (reader.place, reader.client) = (place, image);
        draft.person(world, group, reader, Where::There(0.8));
    }
}

/// A thousand telephones behind two prefixes of a carrier.
fn carrier(draft: &mut Draft, world: &mut World) {
    let group = draft.group("carrier");
    let prefixes = [world.fresh(), world.fresh()];
    for _ in 0..world.chance.number(600, 1500) {
        let at = world.chance.by_day(0, 10 * DAY, 0);
        let mut person = world.person(at);
        person.client = world.phone();
        person.place = Place {
            prefix: world.chance.pick(&prefixes).unwrap_or_default(),
            network: 25,
            line: Line::Access,
            country: HOME,
        };
        draft.person(world, group, person, Where::AsUsual);
    }
}

/// An association gives its members a text to copy.
fn form_letter(draft: &mut Draft, world: &mut World) {
    let group = draft.group("form letter");
    let (text, start) = (world.fresh(), u64::from(world.chance.number(0, 6)) * DAY);
    for _ in 0..world.chance.number(400, 1500) {
        let at = world.chance.by_day(start, start + 2 * DAY, 0);
        let mut person = world.person(at);
        if world.chance.yes(0.9) {
            person.comment = text;
        }
        draft.person(world, group, person, Where::AsUsual);
    }
}

/// Two communities abroad: other networks, other hours, another language, and perhaps a letter of their own.
fn diaspora(draft: &mut Draft, world: &mut World) {
    let group = draft.group("diaspora");
    for _ in 0..2 {
        let Some(there) = world.chance.pick(&ABROAD) else {
            return;
        };
        let (text, letter) = (world.fresh(), world.chance.yes(0.4));
        let start = u64::from(world.chance.number(1, 6)) * DAY;
        for _ in 0..world.chance.number(80, 400) {
            let at = world.chance.by_day(start, start + 3 * DAY, there.1);
            let mut person = world.person(at);
            person.place = world.away(there);
            person.language = if world.chance.yes(0.6) { 3 } else { person.language };
            person.declared = if world.chance.yes(0.7) { there.0 } else { HOME };
            if letter && world.chance.yes(0.8) {
                person.comment = text;
            }
            let index = draft.sign(person, Truth::Honest(group));
            if world.chance.yes(0.9) {
                let at = at + world.gap();
                let from = if world.chance.yes(0.7) {
                    person.place
                } else {
                    world.away(there)
                };
                draft.step(at, index, Act::Confirm(from));
            }
        }
    }
}

/// A festival: one line, every telephone its own.
fn shared_wifi(draft: &mut Draft, world: &mut World) {
    let group = draft.group("shared wifi");
    let place = one_place(world, Line::Access);
    let start = u64::from(world.chance.number(2, 8)) * DAY + 14 * HOUR;
    for _ in 0..world.chance.number(80, 300) {
        let at = start + (world.chance.between(0.0, 6.0) * HOUR as f64) as Moment;
        let mut person = world.person(at);
        (person.place, person.client) = (place, world.phone());
        draft.person(world, group, person, Where::There(0.5));
    }
}

/// An association writes to its members, who all click within the hour, on a form that is filled in.
fn mailing(draft: &mut Draft, world: &mut World) {
    let group = draft.group("mailing");
    let texts = [world.fresh(), world.fresh(), world.fresh()];
    let start = u64::from(world.chance.number(1, 8)) * DAY + u64::from(world.chance.number(8, 19)) * HOUR;
    for _ in 0..world.chance.number(500, 1800) {
        let at = start + (world.chance.wait(20.0) * MINUTE as f64) as Moment;
        let mut person = world.person(at);
        person.fill_ms = world.chance.about(18_000.0, 0.5).max(4_000.0) as u64;
        if world.chance.yes(0.6) {
            person.comment = world.chance.pick(&texts).unwrap_or_default();
        }
        draft.person(world, group, person, Where::AsUsual);
    }
}

/// A small town with a network of its own that no list knows, and mailboxes of the town.
fn small_town(draft: &mut Draft, world: &mut World) {
    let group = draft.group("small town");
    let network = world.fresh();
    let prefixes: Vec<u32> = (0..world.chance.number(2, 6)).map(|_| world.fresh()).collect();
    let domain = world.fresh();
    for _ in 0..world.chance.number(100, 400) {
        let at = world.chance.by_day(0, 10 * DAY, 0);
        let mut person = world.person(at);
        person.place = Place {
            prefix: world.chance.pick(&prefixes).unwrap_or_default(),
            network,
            line: Line::Unknown,
            country: HOME,
        };
        if world.chance.yes(0.4) {
            (person.domain, person.mx, person.common_mail) = (domain, domain, false);
        }
        draft.person(world, group, person, Where::There(0.7));
    }
}

/// Readers of a forum on privacy: one browser that looks the same for all by design, behind rented addresses, some without
/// script.
fn hiding(draft: &mut Draft, world: &mut World) {
    let group = draft.group("hiding");
    let client = 1 + world.chance.number(0, CLIENTS);
    let start = u64::from(world.chance.number(1, 7)) * DAY;
    for _ in 0..world.chance.number(60, 250) {
        // Two in three keep later hours than others.
        let ahead = -2 * i8::from(world.chance.yes(0.7));
        let at = world.chance.by_day(start, start + 2 * DAY, ahead);
        let mut person = world.person(at);
        person.place = world.rented(Line::Hosting);
        person.place.prefix = person.place.network * 1000 + world.chance.number(0, 20);
        // Where the exit stands says nothing of the time of day: clocks are taken from there all the same.
        person.client = client;
        person.script = world.chance.yes(0.7);
        let index = draft.sign(person, Truth::Honest(group));
        if world.chance.yes(0.85) {
            let at = at + world.gap();
            let mut from = world.rented(Line::Hosting);
            from.prefix = from.network * 1000 + world.chance.number(0, 20);
            draft.step(at, index, Act::Confirm(from));
        }
    }
}

/// Volunteers on a market, with one tablet; people confirm at home.
fn stand(draft: &mut Draft, world: &mut World) {
    let group = draft.group("stand");
    let (place, tablet) = (world.mobile(), world.phone());
    let mut at = u64::from(world.chance.number(2, 8)) * DAY + 9 * HOUR;
    for _ in 0..world.chance.number(30, 120) {
        at += (world.chance.wait(2.5) * MINUTE as f64) as Moment;
        let mut person = world.person(at);
        (person.place, person.client, person.comment) = (place, tablet, 0);
        person.fill_ms = world.chance.about(45_000.0, 0.35) as u64;
        draft.person(world, group, person, Where::There(0.02));
    }
}

/// Readers of a letter on privacy: mailboxes at a few services that relay mail, a browser that many of them have, and rented
/// exits for some.
fn relayed(draft: &mut Draft, world: &mut World) {
    let group = draft.group("relayed");
    let services: Vec<u32> = (0..world.chance.number(2, 5)).map(|_| world.fresh()).collect();
    let (client, hidden) = (1 + world.chance.number(0, CLIENTS), world.chance.between(0.1, 0.5));
    let start = u64::from(world.chance.number(1, 7)) * DAY;
    for _ in 0..world.chance.number(60, 250) {
        let at = world.chance.by_day(start, start + 2 * DAY, 0);
        let mut person = world.person(at);
        let hides = world.chance.yes(hidden);
        if hides {
            person.place = world.rented(Line::Hosting);
            person.place.prefix = person.place.network * 1000 + world.chance.number(0, 20);
        }
        if world.chance.yes(if hides { 0.7 } else { 0.3 }) {
            person.client = client;
        }
        if world.chance.yes(0.7)
            && let Some(service) = world.chance.pick(&services)
        {
            (person.domain, person.mx, person.common_mail, person.shape) = (service, service, false, 9);
            person.stem = world.fresh() | 1 << 31;
        }
        draft.person(world, group, person, Where::There(0.6));
    }
}

/// A community abroad with the one mail provider that is usual there and nowhere else.
fn expatriates(draft: &mut Draft, world: &mut World) {
    let group = draft.group("expatriates");
    let Some(there) = world.chance.pick(&ABROAD) else {
        return;
    };
    let (provider, text, letter) = (world.fresh(), world.fresh(), world.chance.yes(0.5));
    let start = u64::from(world.chance.number(1, 6)) * DAY;
    for _ in 0..world.chance.number(80, 300) {
        let at = world.chance.by_day(start, start + 2 * DAY, there.1);
        let mut person = world.person(at);
        (person.place, person.language) = (world.away(there), 3);
        person.declared = if world.chance.yes(0.7) { there.0 } else { HOME };
        if world.chance.yes(0.7) {
            (person.domain, person.mx, person.common_mail) = (provider, provider, false);
        }
        if letter && world.chance.yes(0.8) {
            person.comment = text;
        }
        draft.person(world, group, person, Where::There(0.9));
    }
}

/// Somebody with many followers shows the petition in an application: for a few hours one browser that is rare otherwise.
fn story(draft: &mut Draft, world: &mut World) {
    let group = draft.group("story");
    let browser = 100_000 + world.fresh();
    let start = u64::from(world.chance.number(1, 8)) * DAY + u64::from(world.chance.number(11, 20)) * HOUR;
    for _ in 0..world.chance.number(400, 1600) {
        let at = start + (world.chance.wait(40.0) * MINUTE as f64) as Moment;
        let mut person = world.person(at);
        if world.chance.yes(0.7) {
            person.client = browser;
        }
        if world.chance.yes(0.7) {
            person.place = world.mobile();
        }
        draft.person(world, group, person, Where::AsUsual);
    }
}

/// A hostile crowd of real people, called on a forum: mocking comments, many of them copied; some from abroad.
pub(super) fn brigade(draft: &mut Draft, world: &mut World) {
    let group = draft.group("brigade");
    let start = u64::from(world.chance.number(3, 7)) * DAY + u64::from(world.chance.number(8, 20)) * HOUR;
    let texts: Vec<u32> = (0..5).map(|_| world.fresh()).collect();
    let copies = world.chance.between(0.2, 0.7);
    for _ in 0..world.chance.number(1500, 4000) {
        let at = start + (world.chance.wait(4.0) * HOUR as f64) as Moment;
        let mut person = world.person(at);
        if world.chance.yes(0.08) {
            person.place = world.rented(Line::Hosting);
            person.place.prefix = person.place.network * 1000 + world.chance.number(0, 20);
        } else if world.chance.yes(0.2)
            && let Some(there) = world.chance.pick(&ABROAD)
        {
            person.place = world.away(there);
        }
        person.comment = if world.chance.yes(copies) {
            world.chance.pick(&texts).unwrap_or_default()
        } else {
            world.comment()
        };
        draft.person(world, group, person, Where::AsUsual);
    }
}

/// One line behind which many people sit.
pub(super) fn one_place(world: &mut World, line: Line) -> Place {
    let network = match line {
        Line::Access => 1 + world.chance.number(0, 4),
        Line::Unknown => world.fresh(),
        Line::Hosting => 9000 + world.chance.number(0, 60),
    };
    Place {
        prefix: world.fresh(),
        network,
        line,
        country: HOME,
    }
}

/// While a public house is open: ten in the morning to seven.
fn open_hours(world: &mut World, from: u64, to: u64) -> Moment {
    loop {
        let at = world.chance.by_day(from * DAY, to * DAY, 0);
        if (10..19).contains(&local_hour(at, 0)) {
            return at;
        }
    }
}
