//! Who is on the same petition as a group. Most of them are the same from look to look, and are unpacked once.

use paraph_tally::PetitionId;

use crate::baseline::Surroundings;
use crate::bounds::AROUND;
use crate::packed::Row;
use crate::record::Record;
use crate::window::{Seq, Window};

/// The latest on a petition, some of all its life, and the latest who confirmed at home.
pub(crate) struct Neighbours<T> {
    pub(crate) latest: Vec<T>,
    pub(crate) life: Vec<T>,
    pub(crate) at_home: Vec<T>,
}

impl<T> Neighbours<T> {
    pub(crate) const NOBODY: Self = Self {
        latest: Vec::new(),
        life: Vec::new(),
        at_home: Vec::new(),
    };
}

impl Neighbours<Record> {
    pub(crate) fn of(here: &Surroundings, window: &Window) -> Self {
        Self {
            latest: window.all(&here.latest),
            life: window.all(&here.life),
            at_home: window.all(&here.at_home),
        }
    }

    pub(crate) fn those(&self, are: impl Fn(&&Record) -> bool) -> Neighbours<&Record> {
        Neighbours {
            latest: those(&self.latest, &are),
            life: those(&self.life, &are),
            at_home: those(&self.at_home, &are),
        }
    }
}

/// Those of some records. Room is made for all of them at once.
pub(crate) fn those(records: &[Record], are: impl Fn(&&Record) -> bool) -> Vec<&Record> {
    let mut those = Vec::with_capacity(records.len());
    those.extend(records.iter().filter(are));
    those
}

/// The neighbours of one petition as they were when they were looked at last, and the rows that they were unpacked from.
struct Kept {
    petition: PetitionId,
    /// Number of the tick.
    tick: u64,
    records: Neighbours<Record>,
    rows: Neighbours<(Seq, Row)>,
}

/// The neighbours of some petitions. During a tick they stay the same.
#[derive(Default)]
pub(crate) struct Around {
    kept: Vec<Kept>,
    hand: usize,
    tick: u64,
}

impl Around {
    /// What was unpacked may have changed since.
    pub(crate) fn next_tick(&mut self) {
        self.tick += 1;
    }

    pub(crate) fn of(&mut self, petition: PetitionId, here: &Surroundings, window: &Window) -> &Neighbours<Record> {
        let place = self.place(petition);
        let kept = &mut self.kept[place];
        if kept.tick != self.tick {
            kept.tick = self.tick;
            let (records, rows) = (&mut kept.records, &mut kept.rows);
            window.again(&here.latest, &mut rows.latest, &mut records.latest);
            window.again(&here.life, &mut rows.life, &mut records.life);
            window.again(&here.at_home, &mut rows.at_home, &mut records.at_home);
        }
        &kept.records
    }

    /// Where a petition's are, or are to be: with no room left, in the place of another's.
    fn place(&mut self, petition: PetitionId) -> usize {
        if let Some(place) = self.kept.iter().position(|kept| kept.petition == petition) {
            return place;
        }
        if self.kept.len() < AROUND {
            self.kept.push(Kept {
                petition,
                tick: 0,
                records: Neighbours::NOBODY,
                rows: Neighbours::NOBODY,
            });
            return self.kept.len() - 1;
        }
        self.hand = (self.hand + 1) % AROUND;
        let kept = &mut self.kept[self.hand];
        (kept.petition, kept.tick) = (petition, 0);
        self.hand
    }

    pub(crate) fn bytes(&self) -> usize {
        let of = |kept: &Kept| {
            let records = &kept.records;
            records.latest.capacity() + records.life.capacity() + records.at_home.capacity()
        };
        self.kept.iter().map(of).sum::<usize>() * (size_of::<Record>() + size_of::<(Seq, Row)>())
    }
}
