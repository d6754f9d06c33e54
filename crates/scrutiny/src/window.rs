//! The contributions of the last ten days, in order, and where each one is.

use std::collections::VecDeque;

use paraph_tally::{PetitionId, SignatureId};

use crate::bounds::{CHUNK, MAX_RECORDS, MOST_BYTES, WINDOW_SECONDS};
use crate::packed::{Chunk, Row};
use crate::record::{Record, Time};

/// Number of a contribution since the engine began.
pub(crate) type Seq = u32;

/// Records in chunks; whole chunks are forgotten, so that forgetting costs nothing for the single record.
pub(crate) struct Window {
    chunks: VecDeque<Chunk>,
    /// Between which names those of each chunk lie: names begin with a time, so most are looked for in one chunk.
    spans: VecDeque<(u64, u64)>,
    /// Number of the first record of the first chunk.
    first: Seq,
    next: Seq,
}

impl Window {
    pub(crate) fn new() -> Self {
        Self {
            chunks: VecDeque::new(),
            spans: VecDeque::new(),
            first: 0,
            next: 0,
        }
    }

    /// Adds a record; `None` if its name is there already.
    pub(crate) fn push(&mut self, record: &Record) -> Option<Seq> {
        if self.find(record.id).is_some() {
            return None;
        }
        if self.chunks.back().is_none_or(|chunk| chunk.len() == CHUNK) {
            // Small petitions do not pay for a whole chunk.
            let chunk = if self.chunks.is_empty() {
                Chunk::default()
            } else {
                Chunk::whole()
            };
            self.chunks.push_back(chunk);
            self.spans.push_back((u64::MAX, 0));
        }
        if !self.chunks.back_mut()?.push(record) {
            return None;
        }
        let (low, high) = self.spans.back_mut()?;
        (*low, *high) = ((*low).min(begin(record.id)), (*high).max(begin(record.id)));
        self.next += 1;
        Some(self.next - 1)
    }

    /// Forgets what is older than the window, and the oldest of what is too much.
    pub(crate) fn forget(&mut self, now: Time) {
        while let Some(chunk) = self.chunks.front() {
            let old = chunk
                .last_signed()
                .is_some_and(|last| now.seconds_since(last) > WINDOW_SECONDS as f64);
            let too_much = self.len() > MAX_RECORDS || self.bytes() > MOST_BYTES;
            if !(chunk.len() == CHUNK && (old || too_much)) {
                break;
            }
            self.chunks.pop_front();
            self.spans.pop_front();
            self.first += CHUNK as Seq;
        }
    }

    pub(crate) fn find(&self, id: SignatureId) -> Option<Seq> {
        let name = begin(id);
        // What is asked for is mostly of the last minutes.
        let near = self.spans.iter().enumerate().rev();
        near.filter(|(_, (low, high))| (*low..=*high).contains(&name))
            .find_map(|(chunk, _)| Some((chunk, self.chunks[chunk].find(id)?)))
            .map(|(chunk, place)| self.first + (chunk * CHUNK + place) as Seq)
    }

    /// Chunk, and place in it.
    fn place(&self, seq: Seq) -> Option<(usize, usize)> {
        let offset = seq.checked_sub(self.first)? as usize;
        Some((offset / CHUNK, offset % CHUNK))
    }

    pub(crate) fn get(&self, seq: Seq) -> Option<Record> {
        let (chunk, place) = self.place(seq)?;
        self.chunks.get(chunk)?.get(place)
    }

    /// Those of these that are there. All rows are fetched before any is unpacked: the processor then waits for many at once.
    pub(crate) fn all(&self, seqs: &[Seq]) -> Vec<Record> {
        let fetched = self.fetched(seqs);
        let mut unpacked = Vec::with_capacity(fetched.len());
        let records = fetched
            .iter()
            .filter_map(|(_, chunk, place, row)| chunk.unpacked(*place, row));
        unpacked.extend(records);
        unpacked
    }

    /// The same, of whom most are known already: `records` were unpacked from `rows`, and what has not changed since stays.
    pub(crate) fn again(&self, seqs: &[Seq], rows: &mut Vec<(Seq, Row)>, records: &mut Vec<Record>) {
        let mut count = 0;
        for (seq, chunk, place, row) in self.fetched(seqs) {
            if rows.get(count) != Some(&(seq, row)) {
                let Some(record) = chunk.unpacked(place, &row) else {
                    continue;
                };
                put(rows, count, (seq, row));
                put(records, count, record);
            }
            count += 1;
        }
        rows.truncate(count);
        records.truncate(count);
    }

    fn fetched(&self, seqs: &[Seq]) -> Vec<(Seq, &Chunk, usize, Row)> {
        let mut fetched = Vec::with_capacity(seqs.len());
        fetched.extend(seqs.iter().filter_map(|seq| {
            let (chunk, place) = self.place(*seq)?;
            let chunk = self.chunks.get(chunk)?;
            Some((*seq, chunk, place, chunk.row(place)?))
        }));
        fetched
    }

    pub(crate) fn id(&self, seq: Seq) -> Option<SignatureId> {
        let (chunk, place) = self.place(seq)?;
        self.chunks.get(chunk)?.id(place)
    }

    pub(crate) fn flags(&self, seq: Seq) -> Option<u16> {
        let (chunk, place) = self.place(seq)?;
        self.chunks.get(chunk)?.flags(place)
    }

    /// Sets facts of yes or no, of a record that may be gone.
    pub(crate) fn set(&mut self, seq: Seq, flags: u16) {
        let place = self.place(seq);
        if let Some((chunk, place)) = place.and_then(|(chunk, place)| Some((self.chunks.get_mut(chunk)?, place))) {
            chunk.set(place, flags);
        }
    }

    /// Changes a record and says what it is now; `None` if it is gone, or there is no room for what it would be.
    pub(crate) fn change(&mut self, seq: Seq, change: impl FnOnce(&mut Record)) -> Option<Record> {
        let (chunk, place) = self.place(seq)?;
        let chunk = self.chunks.get_mut(chunk)?;
        let before = chunk.get(place)?;
        let mut after = before;
        change(&mut after);
        chunk.change(place, &before, &after)?;
        Some(after)
    }

    pub(crate) fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// Those of one chunk that are of such a petition and cluster, 0 for none.
    pub(crate) fn of(&self, chunk: usize, is: impl Fn(PetitionId, u16) -> bool) -> Vec<Seq> {
        let first = self.first + (chunk * CHUNK) as Seq;
        let places = self.chunks.get(chunk).map(|chunk| chunk.of(is)).unwrap_or_default();
        places.into_iter().map(|place| first + place as Seq).collect()
    }

    pub(crate) fn len(&self) -> usize {
        (self.next - self.first) as usize
    }

    pub(crate) fn bytes(&self) -> usize {
        self.chunks.iter().map(Chunk::bytes).sum()
    }
}

/// At a place that is there, or the next.
fn put<T>(all: &mut Vec<T>, place: usize, one: T) {
    match all.get_mut(place) {
        Some(known) => *known = one,
        None => all.push(one),
    }
}

/// The part of a name that is compared first.
fn begin(id: SignatureId) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = id.0;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}
