//! The contributions of the last ten days, in order, and where each one is.

use std::collections::VecDeque;

use paraph_tally::SignatureId;

use crate::bounds::{CHUNK, MAX_RECORDS, WINDOW_SECONDS};
use crate::record::{Record, Time};

/// Number of a contribution since the engine began.
pub(crate) type Seq = u32;

/// Records in chunks; whole chunks are forgotten, so that forgetting costs nothing for the single record.
pub(crate) struct Window {
    chunks: VecDeque<Vec<Record>>,
    /// Number of the first record of the first chunk.
    first: Seq,
    next: Seq,
    index: Index,
}

impl Window {
    pub(crate) fn new() -> Self {
        Self {
            chunks: VecDeque::new(),
            first: 0,
            next: 0,
            index: Index::default(),
        }
    }

    /// Adds a record; `None` if its name is there already.
    pub(crate) fn push(&mut self, record: Record) -> Option<Seq> {
        if self.find(record.id).is_some() {
            return None;
        }
        if self.chunks.back().is_none_or(|chunk| chunk.len() == CHUNK) {
            // Small petitions do not pay for a whole chunk.
            let room = if self.chunks.is_empty() { 0 } else { CHUNK };
            self.chunks.push_back(Vec::with_capacity(room));
        }
        let seq = self.next;
        self.next += 1;
        self.chunks.back_mut()?.push(record);
        let Self {
            chunks, first, index, ..
        } = self;
        index.insert(hash(record.id), seq, |seq| {
            at(chunks, *first, seq).map(|record| hash(record.id))
        });
        Some(seq)
    }

    /// Forgets what is older than the window, and the oldest of what is too much.
    pub(crate) fn forget(&mut self, now: Time) {
        while let Some(chunk) = self.chunks.front() {
            let old = chunk
                .last()
                .is_some_and(|last| now.seconds_since(last.signed) > WINDOW_SECONDS as f64);
            if !(chunk.len() == CHUNK && (old || self.len() > MAX_RECORDS)) {
                break;
            }
            for (offset, record) in chunk.iter().enumerate() {
                self.index.remove(hash(record.id), self.first + offset as Seq, |seq| {
                    at(&self.chunks, self.first, seq).map(|record| hash(record.id))
                });
            }
            self.chunks.pop_front();
            self.first += CHUNK as Seq;
        }
    }

    pub(crate) fn find(&self, id: SignatureId) -> Option<Seq> {
        self.index
            .find(hash(id), |seq| self.get(seq).is_some_and(|record| record.id == id))
    }

    pub(crate) fn get(&self, seq: Seq) -> Option<&Record> {
        at(&self.chunks, self.first, seq)
    }

    pub(crate) fn get_mut(&mut self, seq: Seq) -> Option<&mut Record> {
        let offset = seq.checked_sub(self.first)? as usize;
        self.chunks.get_mut(offset / CHUNK)?.get_mut(offset % CHUNK)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Record> {
        self.chunks.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (Seq, &mut Record)> {
        let first = self.first;
        self.chunks
            .iter_mut()
            .flatten()
            .enumerate()
            .map(move |(offset, record)| (first + offset as Seq, record))
    }

    pub(crate) fn len(&self) -> usize {
        (self.next - self.first) as usize
    }

    pub(crate) fn bytes(&self) -> usize {
        let records: usize = self.chunks.iter().map(Vec::capacity).sum();
        records * size_of::<Record>() + self.index.slots.capacity() * size_of::<u32>()
    }
}

fn at(chunks: &VecDeque<Vec<Record>>, first: Seq, seq: Seq) -> Option<&Record> {
    let offset = seq.checked_sub(first)? as usize;
    chunks.get(offset / CHUNK)?.get(offset % CHUNK)
}

/// Ids are random in their last ten bytes.
fn hash(id: SignatureId) -> u64 {
    let [.., a, b, c, d, e, f, g, h] = id.0;
    u64::from_be_bytes([a, b, c, d, e, f, g, h]).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Open addressing with linear probing over numbers alone: the names are in the records. A quarter of the memory of a map
/// that holds the names again.
#[derive(Default)]
struct Index {
    /// 1 + number, 0 where free.
    slots: Vec<u32>,
    used: usize,
}

impl Index {
    fn slot(&self, hash: u64) -> usize {
        (hash >> 32) as usize & (self.slots.len() - 1)
    }

    fn find(&self, hash: u64, is: impl Fn(Seq) -> bool) -> Option<Seq> {
        if self.slots.is_empty() {
            return None;
        }
        let mut slot = self.slot(hash);
        loop {
            let seq = self.slots[slot].checked_sub(1)?;
            if is(seq) {
                return Some(seq);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    fn insert(&mut self, hash: u64, seq: Seq, hash_of: impl Fn(Seq) -> Option<u64>) {
        if (self.used + 1) * 4 > self.slots.len() * 3 {
            let larger = vec![0; (self.slots.len() * 2).max(1024)];
            let smaller = std::mem::replace(&mut self.slots, larger);
            for slot in smaller {
                if let Some((seq, hash)) = slot.checked_sub(1).and_then(|seq| Some((seq, hash_of(seq)?))) {
                    self.place(hash, seq);
                }
            }
        }
        self.place(hash, seq);
        self.used += 1;
    }

    fn place(&mut self, hash: u64, seq: Seq) {
        let mut slot = self.slot(hash);
        while self.slots[slot] != 0 {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        self.slots[slot] = seq + 1;
    }

    /// Frees a slot and moves up what had to step aside for it.
    fn remove(&mut self, hash: u64, seq: Seq, hash_of: impl Fn(Seq) -> Option<u64>) {
        if self.slots.is_empty() {
            return;
        }
        let mask = self.slots.len() - 1;
        let mut hole = self.slot(hash);
        while self.slots[hole] != seq + 1 {
            if self.slots[hole] == 0 {
                return;
            }
            hole = (hole + 1) & mask;
        }
        self.used -= 1;
        let mut probe = hole;
        loop {
            self.slots[hole] = 0;
            loop {
                probe = (probe + 1) & mask;
                let Some(other) = self.slots[probe].checked_sub(1) else {
                    return;
                };
                let home = hash_of(other).map_or(probe, |hash| self.slot(hash));
                // It may move if its home is not between the hole and where it stands.
                if probe.wrapping_sub(home) & mask >= probe.wrapping_sub(hole) & mask {
                    break;
                }
            }
            self.slots[hole] = self.slots[probe];
            hole = probe;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Index;

    #[test]
    fn an_index_that_crosses_its_end_finds_what_was_not_removed() {
        let hash = |seq: u32| u64::from(seq % 7) << 32 | 0x0000_03fe_0000_0000;
        let mut index = Index::default();
        for seq in 0..600 {
            index.insert(hash(seq), seq, |seq| Some(hash(seq)));
        }
        for seq in (0..600).step_by(3) {
            index.remove(hash(seq), seq, |seq| Some(hash(seq)));
        }
        for seq in 0..600 {
            assert_eq!(
                index.find(hash(seq), |found| found == seq).is_some(),
                seq % 3 != 0,
                "{seq}"
            );
        }
    }
}
