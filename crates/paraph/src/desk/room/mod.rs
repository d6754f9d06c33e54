//! The incident room: what whoever is woken sees first. Pure: from what was seen to three lamps and one next action.
//!
//! The rule behind it: doing nothing is safe. What is not settled is not counted, what is not recorded was never
//! acknowledged, and nothing that a machine did by itself cannot be undone in the morning.

pub mod chart;
pub mod statement;

use paraph_tally::Millis;

use crate::alerts::book::Alarm;

/// What the room is made from.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The moment.
    pub now: Millis,
    /// Alarms that are on, and since when.
    pub alarms: Vec<(Alarm, Millis)>,
    /// Whether somebody has said that they are at work on all of them.
    pub acknowledged: bool,
    /// Somebody has paused signing: pages only.
    pub read_only: bool,
    /// Signatures in the displayed counts.
    pub counted: u64,
    /// Previously counted, now held.
    pub held: u64,
    /// When the displayed counts were brought up to date.
    pub as_of: Millis,
    /// Seconds between two updates of the displayed counts.
    pub settle_every_seconds: u64,
}

/// A lamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Light {
    /// All is well.
    Good,
    /// Not known for sure.
    Unsure,
    /// It is not so.
    Bad,
}

/// What a lamp is about, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lamp {
    /// People can sign.
    Signing,
    /// The displayed count can be trusted.
    Count,
    /// What happens is kept, for whoever has to prove it.
    Evidence,
}

/// The one thing to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// See to an alarm: the one that matters most.
    Alarm(Alarm),
    /// Let people sign again: somebody has paused it, and nothing else ends that.
    OpenSigning,
    /// Nothing; sleep.
    Nothing,
}

/// The top of the room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Signing, count, evidence.
    pub lamps: [(Lamp, Light, Option<Millis>); 3],
    /// What to do.
    pub next: Next,
    /// Whether that has to be done now, and not in the morning.
    pub act_now: bool,
    /// Until when what happens by itself is foreseen: half an hour on, to the minute.
    pub foreseen: Millis,
}

/// Alarms in the order in which they are seen to, among those that cannot wait and among those that can.
const ORDER: [Alarm; 14] = [
    Alarm::LedgerDiffers,
    Alarm::StoreRefuses,
    Alarm::DiskLow,
    Alarm::CertificateOver,
    Alarm::SigningShed,
    Alarm::ScrutinyBehind,
    Alarm::HoldsAtCap,
    Alarm::Incident,
    Alarm::ClockStepped,
    Alarm::MailStuck,
    Alarm::ErasuresWait,
    Alarm::IncidentUnreadable,
    Alarm::CertificateEnds,
    Alarm::ReloadRefused,
];

/// Displayed counts that are this many updates old are not known to be up to date.
const MISSED_UPDATES: u64 = 5;
const HALF_AN_HOUR: u64 = 30 * 60_000;

impl Room {
    /// What the room shows.
    #[must_use]
    pub fn of(seen: &Seen) -> Self {
        let since = |wrong: fn(Alarm) -> bool| {
            let wrong = seen.alarms.iter().filter(|(alarm, _)| wrong(*alarm));
            wrong.map(|(_, since)| *since).min()
        };
        let stale = seen.now.0.saturating_sub(seen.as_of.0) > MISSED_UPDATES * seen.settle_every_seconds * 1000;
        let signing = since(|alarm| !alarm.people_can_sign());
        let count = since(|alarm| !alarm.count_is_safe());
        let evidence = since(|alarm| matches!(alarm, Alarm::StoreRefuses | Alarm::DiskLow));
        let times = since(|alarm| alarm == Alarm::ClockStepped);
        let lamps = [
            (
                Lamp::Signing,
                if signing.is_some() || seen.read_only {
                    Light::Bad
                } else {
                    Light::Good
                },
                signing,
            ),
            match (count, stale) {
                (Some(since), _) => (Lamp::Count, Light::Bad, Some(since)),
                (None, true) => (Lamp::Count, Light::Unsure, Some(seen.as_of)),
                (None, false) => (Lamp::Count, Light::Good, None),
            },
            match (evidence, times) {
                (Some(since), _) => (Lamp::Evidence, Light::Bad, Some(since)),
                (None, Some(since)) => (Lamp::Evidence, Light::Unsure, Some(since)),
                (None, None) => (Lamp::Evidence, Light::Good, None),
            },
        ];
        // What cannot wait comes before what can, so that "now" is said of the one thing that is shown.
        let first = |now: bool| {
            let on = |wanted: &Alarm| seen.alarms.iter().any(|(alarm, _)| alarm == wanted);
            let mut of = ORDER.into_iter().filter(|alarm| alarm.act_now() == now && on(alarm));
            of.next().map(Next::Alarm)
        };
        let paused = seen.read_only.then_some(Next::OpenSigning);
        let now = first(true).or(paused);
        Self {
            lamps,
            next: now.or_else(|| first(false)).unwrap_or(Next::Nothing),
            act_now: now.is_some(),
            foreseen: Millis((seen.now.0 + HALF_AN_HOUR) / 60_000 * 60_000),
        }
    }
}

/// Both legal clocks run so long from the moment of awareness: article 33 of the GDPR, and article L. 12-10-1 of the
/// French insurance code.
const CLOCK_MILLIS: u64 = 72 * 3_600_000;

/// When the clocks run out that began then.
#[must_use]
pub fn deadline(aware: Millis) -> Millis {
    Millis(aware.0 + CLOCK_MILLIS)
}

#[cfg(test)]
mod tests {
    use paraph_tally::Millis;

    use super::{Lamp, Light, Next, Room, Seen};
    use crate::alerts::book::Alarm;

    fn seen(alarms: &[Alarm]) -> Room {
        let since = Millis(1_795_375_000_000);
        Room::of(&Seen {
            now: Millis(1_795_375_402_123),
            alarms: alarms.iter().map(|alarm| (*alarm, since)).collect(),
            as_of: Millis(1_795_375_390_000),
            settle_every_seconds: 60,
            ..Seen::default()
        })
    }

    fn lights(room: &Room) -> [Light; 3] {
        room.lamps.map(|(_, light, _)| light)
    }

    #[test]
    fn a_quiet_night_asks_for_nothing() {
        let room = seen(&[]);
        assert_eq!(
            (lights(&room), room.next, room.act_now),
            ([Light::Good; 3], Next::Nothing, false)
        );
        assert_eq!(
            room.lamps.map(|(lamp, ..)| lamp),
            [Lamp::Signing, Lamp::Count, Lamp::Evidence]
        );
        assert_eq!(room.foreseen.0 % 60_000, 0);
    }

    #[test]
    fn the_worst_comes_first_and_alone() {
        use Light::{Bad, Good, Unsure};
        let check = |alarms: &[Alarm], lamps, next, now| {
            let room = seen(alarms);
            assert_eq!(
                (lights(&room), room.next, room.act_now),
                (lamps, Next::Alarm(next), now),
                "{alarms:?}"
            );
        };
        check(&[Alarm::SigningShed], [Bad, Good, Good], Alarm::SigningShed, true);
        check(&[Alarm::MailStuck], [Good; 3], Alarm::MailStuck, false);
        check(
            &[Alarm::MailStuck, Alarm::DiskLow],
            [Bad, Good, Bad],
            Alarm::DiskLow,
            true,
        );
        check(&[Alarm::ClockStepped], [Good, Good, Unsure], Alarm::ClockStepped, true);
        let all = [Alarm::StoreRefuses, Alarm::LedgerDiffers, Alarm::SigningShed];
        check(&all, [Bad, Bad, Bad], Alarm::LedgerDiffers, true);
    }

    #[test]
    fn now_is_said_of_what_is_shown() {
        let room = seen(&[Alarm::Incident, Alarm::HoldsAtCap, Alarm::ClockStepped]);
        assert_eq!((room.next, room.act_now), (Next::Alarm(Alarm::ClockStepped), true));
        let room = seen(&[Alarm::Incident, Alarm::MailStuck]);
        assert_eq!((room.next, room.act_now), (Next::Alarm(Alarm::Incident), false));
    }

    #[test]
    fn nobody_is_sent_to_bed_while_signing_is_paused() {
        let paused = |alarms: &[Alarm]| {
            let room = Room::of(&Seen {
                alarms: alarms.iter().map(|alarm| (*alarm, Millis(1))).collect(),
                read_only: true,
                ..Seen::default()
            });
            (room.next, room.act_now)
        };
        assert_eq!(paused(&[]), (Next::OpenSigning, true));
        assert_eq!(paused(&[Alarm::Incident]), (Next::OpenSigning, true));
        assert_eq!(paused(&[Alarm::DiskLow]), (Next::Alarm(Alarm::DiskLow), true));
    }

    #[test]
    fn a_count_that_stands_still_is_not_called_safe() {
        let room = Room::of(&Seen {
            now: Millis(1_795_375_402_123),
            as_of: Millis(1_795_375_002_123),
            settle_every_seconds: 60,
            ..Seen::default()
        });
        assert_eq!(lights(&room), [Light::Good, Light::Unsure, Light::Good]);
    }
}
