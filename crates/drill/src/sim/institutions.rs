//! Honest institutions: people with one mail domain, one line, one kind of computer, or one list, for a good reason.

use super::crowd::{MINUTE, Where, one_place};
use super::night::Draft;
use super::world::{CLIENTS, HOME, World};
use super::{Act, Contribution, DAY, HOUR, Line, Moment, Place, Truth};

/// One line for a school, computers from one image, one sentence on the blackboard, mailboxes of the school.
pub(super) fn school(draft: &mut Draft, world: &mut World) {
    let group = draft.group("school");
    let (line, school_mail, sentence) = (
        if world.chance.yes(0.5) {
            Line::Access
        } else {
            Line::Unknown
        },
        world.chance.yes(0.6),
        world.chance.yes(0.5),
    );
    let place = one_place(world, line);
    let (image, comment) = (1 + world.chance.number(0, CLIENTS), world.fresh());
    let (domain, mx, shape) = (
        world.fresh(),
        200 + world.chance.number(0, 14),
        world.chance.number(1, 60),
    );
    let start = u64::from(world.chance.number(1, 8)) * DAY + 9 * HOUR;
    let slow = world.chance.between(0.3, 0.55);
    for _ in 0..world.chance.number(40, 180) {
        // Classes come one after another.
        let lesson = u64::from(world.chance.number(0, 4)) * HOUR;
        let at = start + lesson + (world.chance.between(0.0, 25.0) * MINUTE as f64) as Moment;
        let mut pupil = world.person(at);
        pupil.place = place;
        if world.chance.yes(0.85) {
            pupil.client = image;
        }
        if school_mail {
            (pupil.domain, pupil.mx, pupil.common_mail, pupil.shape) = (domain, mx, false, shape);
            pupil.stem = world.fresh() | 1 << 31;
        }
        if sentence && world.chance.yes(0.8) {
            pupil.comment = comment;
        }
        pupil.fill_ms = world.chance.about(60_000.0, slow) as u64;
        draft.person(world, group, pupil, Where::There(0.7));
    }
}

/// A firm whose traffic leaves through a rented proxy: one client, one mail domain, in the lunch hour.
pub(super) fn firm(draft: &mut Draft, world: &mut World) {
    let group = draft.group("firm");
    let place = one_place(world, Line::Hosting);
    let (image, domain, shape) = (
        1 + world.chance.number(0, CLIENTS),
        world.fresh(),
        world.chance.number(1, 60),
    );
    let start = u64::from(world.chance.number(1, 8)) * DAY + 11 * HOUR;
    for _ in 0..world.chance.number(30, 200) {
        let at = start + (world.chance.wait(50.0) * MINUTE as f64) as Moment;
        let mut person = world.person(at);
        (person.place, person.client) = (place, image);
        if world.chance.yes(0.9) {
            (person.domain, person.mx, person.common_mail, person.shape) = (domain, domain, false, shape);
            person.stem = world.fresh() | 1 << 31;
        }
        draft.person(world, group, person, Where::There(0.85));
    }
}

/// A campus: an unlisted network, managed computers, a letter of the student union.
pub(super) fn campus(draft: &mut Draft, world: &mut World) {
    let group = draft.group("campus");
    let network = world.fresh();
    let prefixes: Vec<u32> = (0..world.chance.number(1, 4)).map(|_| world.fresh()).collect();
    let (image, domain, letter) = (1 + world.chance.number(0, CLIENTS), world.fresh(), world.fresh());
    let (managed, own_mail, copied) = (
        world.chance.between(0.2, 0.8),
        world.chance.between(0.2, 0.9),
        world.chance.between(0.0, 0.9),
    );
    for _ in 0..world.chance.number(200, 700) {
        let at = world.chance.by_day(3 * DAY, 6 * DAY, 0);
        let mut person = world.person(at);
        person.place = Place {
            prefix: world.chance.pick(&prefixes).unwrap_or_default(),
            network,
            line: Line::Unknown,
            country: HOME,
        };
        if world.chance.yes(managed) {
            person.client = image;
        }
        if world.chance.yes(own_mail) {
            (person.domain, person.mx, person.common_mail) = (domain, domain, false);
        }
        if world.chance.yes(copied) {
            person.comment = letter;
        }
        draft.person(world, group, person, Where::There(0.6));
    }
}

/// A university or an authority that numbers its mailboxes: three addresses of an unlisted network, a managed room, one
/// pattern, within the hour. A number is a person there.
pub(super) fn numbered(draft: &mut Draft, world: &mut World) {
    let group = draft.group("numbered");
    let (network, domain) = (world.fresh(), world.fresh());
    let prefixes = [world.fresh(), world.fresh(), world.fresh()];
    let (image, shape) = (1 + world.chance.number(0, CLIENTS), world.chance.number(1, 60));
    let managed = world.chance.between(0.3, 0.9);
    let start = u64::from(world.chance.number(1, 8)) * DAY + 14 * HOUR;
    for _ in 0..world.chance.number(60, 250) {
        let at = start + (world.chance.between(0.0, 60.0) * MINUTE as f64) as Moment;
        let mut person = world.person(at);
        person.place = Place {
            prefix: world.chance.pick(&prefixes).unwrap_or_default(),
            network,
            line: Line::Unknown,
            country: HOME,
        };
        if world.chance.yes(managed) {
            person.client = image;
        }
        (person.domain, person.mx, person.common_mail, person.shape) = (domain, domain, false, shape);
        person.stem = world.fresh() | 1 << 31;
        draft.person(world, group, person, Where::There(0.7));
    }
}

/// A firm whose people leave through two clouds, each on a computer of their own: one mail domain.
pub(super) fn cloud(draft: &mut Draft, world: &mut World) {
    let group = draft.group("cloud");
    let places = [one_place(world, Line::Hosting), one_place(world, Line::Hosting)];
    let domain = world.fresh();
    let start = u64::from(world.chance.number(1, 8)) * DAY + 9 * HOUR;
    for _ in 0..world.chance.number(30, 200) {
        let at = start + (world.chance.between(0.0, 8.0) * HOUR as f64) as Moment;
        let mut person = world.person(at);
        person.place = world.chance.pick(&places).unwrap_or(person.place);
        if world.chance.yes(0.9) {
            (person.domain, person.mx, person.common_mail) = (domain, domain, false);
            person.stem = world.fresh() | 1 << 31;
        }
        draft.person(world, group, person, Where::There(0.7));
    }
}

/// An office on a line of its own, within the hour after a mail to all: one domain, one kind of computer, and in some offices
/// names as the directory has them, in capitals.
pub(super) fn office(draft: &mut Draft, world: &mut World) {
    let group = draft.group("office");
    let line = if world.chance.yes(0.5) {
        Line::Access
    } else {
        Line::Unknown
    };
    let place = one_place(world, line);
    let (image, domain, shape) = (
        1 + world.chance.number(0, CLIENTS),
        world.fresh(),
        world.chance.number(1, 60),
    );
    let capitals = if world.chance.yes(0.3) { 0.9 } else { 0.05 };
    let start = u64::from(world.chance.number(1, 8)) * DAY + 10 * HOUR;
    for _ in 0..world.chance.number(40, 290) {
        let at = start + (world.chance.wait(15.0) * MINUTE as f64) as Moment;
        let mut person = world.person(at);
        person.place = place;
        person.name_upper = world.chance.yes(capitals);
        if world.chance.yes(0.9) {
            person.client = image;
        }
        if world.chance.yes(0.95) {
            (person.domain, person.mx, person.common_mail, person.shape) = (domain, domain, false, shape);
            person.stem = world.fresh() | 1 << 31;
        }
        draft.person(world, group, person, Where::There(0.9));
    }
}

/// A class or a home where people are called up one after another, to one device; often in the order of a list.
pub(super) fn called_up(draft: &mut Draft, world: &mut World) {
    let group = draft.group("called up");
    let line = if world.chance.yes(0.5) {
        Line::Access
    } else {
        Line::Unknown
    };
    let (place, device, domain) = (one_place(world, line), world.phone(), world.fresh());
    let (school, listed, capitals) = (
        world.chance.yes(0.5),
        world.chance.yes(0.6),
        if world.chance.yes(0.3) { 0.9 } else { 0.05 },
    );
    let mut at = u64::from(world.chance.number(1, 8)) * DAY + 10 * HOUR;
    let mut people: Vec<Contribution> = (0..world.chance.number(20, 60)).map(|_| world.person(at)).collect();
    if listed {
        people.sort_by_key(|person| person.name_order);
    }
    let pace = world.chance.between(60_000.0, 200_000.0);
    for mut person in people {
        at += world.chance.about(pace, 0.3) as Moment;
        (person.at, person.place, person.client, person.comment) = (at, place, device, 0);
        person.name_upper = world.chance.yes(capitals);
        person.fill_ms = world.chance.about(45_000.0, 0.35) as u64;
        if school {
            (person.domain, person.mx, person.common_mail, person.shape) = (domain, domain, false, 7);
            person.stem = world.fresh() | 1 << 31;
        }
        draft.person(world, group, person, Where::There(0.4));
    }
}

/// The staff of an office sign at home from Friday evening on, with mailboxes that most of them open in the office on Monday.
pub(super) fn weekend(draft: &mut Draft, world: &mut World) {
    let group = draft.group("weekend");
    let line = if world.chance.yes(0.5) {
        Line::Access
    } else {
        Line::Unknown
    };
    let (office, domain, shape) = (one_place(world, line), world.fresh(), world.chance.number(1, 60));
    let friday = u64::from(world.chance.number(0, 6)) * DAY;
    for _ in 0..world.chance.number(40, 250) {
        let at = world.chance.by_day(friday + 18 * HOUR, friday + 2 * DAY + 23 * HOUR, 0);
        let mut person = world.person(at);
        (person.domain, person.mx, person.common_mail, person.shape) = (domain, domain, false, shape);
        person.stem = world.fresh() | 1 << 31;
        if world.chance.yes(0.2) {
            draft.person(world, group, person, Where::There(0.6));
            continue;
        }
        let index = draft.sign(person, Truth::Honest(group));
        let monday = friday + 3 * DAY + 8 * HOUR + (world.chance.wait(40.0) * MINUTE as f64) as Moment;
        draft.step(monday, index, Act::Confirm(office));
    }
}
