//! What is remembered of a contribution, as it is worked with. In memory it lies as `packed.rs` has it.

use paraph_tally::{Millis, PetitionId, SignatureId};

use crate::finding::ClusterId;
use crate::observe::{Country, NetworkKind, Observation, Source};

/// Facts of yes or no.
pub(crate) mod flag {
    pub(crate) const HOSTING: u16 = 1;
    pub(crate) const ACCESS: u16 = 1 << 1;
    pub(crate) const SCRIPT: u16 = 1 << 2;
    pub(crate) const UPPER: u16 = 1 << 3;
    pub(crate) const COMMON_MAIL: u16 = 1 << 4;
    pub(crate) const ELSEWHERE: u16 = 1 << 5;
    pub(crate) const NIGHT: u16 = 1 << 6;
    pub(crate) const HOUR_KNOWN: u16 = 1 << 7;
    pub(crate) const CONFIRMED: u16 = 1 << 8;
    pub(crate) const CONFIRM_HOSTING: u16 = 1 << 9;
    pub(crate) const SETTLED: u16 = 1 << 10;
    pub(crate) const ENDED: u16 = 1 << 11;
    pub(crate) const DISOWNED: u16 = 1 << 12;
    pub(crate) const WATCHED: u16 = 1 << 13;
    pub(crate) const INNOCENT: u16 = 1 << 14;
    /// The hold was handed out.
    pub(crate) const HELD: u16 = 1 << 15;
}

/// Hundredths of a second since the engine's first moment; differences are right over 497 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) u32);

impl Time {
    pub(crate) fn of(at: Millis, base: Millis) -> Self {
        Self((at.0.saturating_sub(base.0) / 10) as u32)
    }

    pub(crate) fn millis(self, base: Millis) -> Millis {
        Millis(base.0 + u64::from(self.0) * 10)
    }

    /// Seconds from an earlier time to this one; 0 if it is not earlier.
    pub(crate) fn seconds_since(self, earlier: Self) -> f64 {
        let hundredths = self.0.wrapping_sub(earlier.0);
        if hundredths > u32::MAX / 2 {
            0.0
        } else {
            f64::from(hundredths) / 100.0
        }
    }
}

/// One contribution. Tags are 0 where there is no value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) id: SignatureId,
    pub(crate) petition: PetitionId,
    pub(crate) signed: Time,
    pub(crate) confirmed: Time,
    pub(crate) near: u32,
    pub(crate) origin: u32,
    pub(crate) client: u32,
    pub(crate) name: u32,
    pub(crate) comment: u32,
    pub(crate) shape: u32,
    pub(crate) stem: u32,
    pub(crate) domain: u32,
    pub(crate) confirm_near: u32,
    pub(crate) language: u16,
    pub(crate) country: u16,
    pub(crate) name_order: u16,
    /// Natural logarithm of the milliseconds, in 1/2048; 0 if unknown.
    pub(crate) fill: u16,
    pub(crate) flags: u16,
    /// 1 + the cluster's number; 0 for none.
    pub(crate) cluster: u16,
}

const LOG_SCALE: f64 = 2048.0;

fn log_scaled(milliseconds: u64) -> u16 {
    if milliseconds == 0 {
        return 0;
    }
    ((milliseconds as f64).ln() * LOG_SCALE).clamp(1.0, f64::from(u16::MAX)) as u16
}

/// Logarithm of the milliseconds behind a scaled one.
pub(crate) fn log_of(scaled: u16) -> Option<f64> {
    (scaled > 0).then(|| f64::from(scaled) / LOG_SCALE)
}

impl Record {
    /// Whoever declares no country is taken for one of the petition's audience.
    pub(crate) fn new(seen: &Observation, audience: Country, base: Millis) -> Self {
        let mut flags = match seen.source.kind {
            NetworkKind::Unknown => 0,
            NetworkKind::Access => flag::ACCESS,
            NetworkKind::Hosting => flag::HOSTING,
        };
        let from = seen.source.country;
        let home = if seen.declared == Country::UNKNOWN {
            audience
        } else {
            seen.declared
        };
        let elsewhere = from != Country::UNKNOWN && home != Country::UNKNOWN && from != home;
        // Where a registry errs by a continent, a whole campus would work by night: its clock is believed where it says what
        // people say.
        let at_home = from != Country::UNKNOWN && from == home;
        for (holds, bit) in [
            (seen.script, flag::SCRIPT),
            (seen.name_upper, flag::UPPER),
            (seen.common_mail, flag::COMMON_MAIL),
            (elsewhere, flag::ELSEWHERE),
            (at_home && seen.local_hour < 6, flag::NIGHT),
            (at_home && seen.local_hour < 24, flag::HOUR_KNOWN),
        ] {
            if holds {
                flags |= bit;
            }
        }
        Self {
            id: seen.id,
            petition: seen.petition,
            signed: Time::of(seen.at, base),
            confirmed: Time::default(),
            near: seen.source.near.0,
            origin: seen.source.origin.0,
            client: seen.client.0,
            name: seen.name.0,
            comment: seen.comment.0,
            shape: seen.local_shape.0,
            stem: seen.local_stem.0,
            domain: seen.domain.0,
            confirm_near: 0,
            language: seen.language.0 as u16,
            country: from.0,
            name_order: seen.name_order,
            fill: log_scaled(seen.fill_ms),
            flags,
            cluster: 0,
        }
    }

    pub(crate) fn confirm(&mut self, at: Time, source: &Source) {
        self.confirmed = at;
        self.confirm_near = source.near.0;
        self.flags |= flag::CONFIRMED;
        if source.kind == NetworkKind::Hosting {
            self.flags |= flag::CONFIRM_HOSTING;
        }
    }

    pub(crate) fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    pub(crate) fn set(&mut self, flag: u16) {
        self.flags |= flag;
    }

    /// A person called it innocent.
    pub(crate) fn pardon(&mut self) {
        self.cluster = 0;
        self.flags = self.flags & !flag::HELD | flag::INNOCENT;
    }

    /// Forgets everything but name, petition, times and place in a cluster.
    pub(crate) fn wipe(&mut self) {
        *self = Self {
            near: 0,
            origin: 0,
            client: 0,
            name: 0,
            comment: 0,
            shape: 0,
            stem: 0,
            domain: 0,
            confirm_near: 0,
            language: 0,
            country: 0,
            name_order: 0,
            fill: 0,
            flags: self.flags & (flag::HELD | flag::SETTLED | flag::INNOCENT) | flag::ENDED | flag::SCRIPT,
            ..*self
        };
    }

    /// Seconds from the form to the button of the mail.
    pub(crate) fn gap(&self) -> Option<f64> {
        self.is(flag::CONFIRMED)
            .then(|| self.confirmed.seconds_since(self.signed))
    }

    pub(crate) fn cluster(&self) -> Option<ClusterId> {
        self.cluster.checked_sub(1).map(ClusterId)
    }
}
