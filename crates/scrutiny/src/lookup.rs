//! What finds things in a chunk: rows by their hash, and values by themselves. Both hold numbers alone.

use crate::groups::mix;

/// Open addressing with linear probing over the rows of a chunk: two bytes for the row, one of its hash, so that other rows
/// are rarely looked at. At most four of five slots are taken.
#[derive(Default)]
pub(crate) struct Index {
    /// 1 + row, 0 where free; and the hash's last byte.
    slots: Vec<[u8; 3]>,
    used: usize,
}

/// Slots of the smallest index; doubled again and again it is just enough for a whole chunk.
const FEWEST: usize = 1280;

impl Index {
    /// One with room for so many.
    pub(crate) fn with_room_for(rows: usize) -> Self {
        Self {
            slots: vec![[0; 3]; (rows * 5).div_ceil(4).max(FEWEST)],
            used: 0,
        }
    }

    fn home(&self, hash: u64) -> usize {
        (((hash >> 32) * self.slots.len() as u64) >> 32) as usize
    }

    fn next(&self, slot: usize) -> usize {
        if slot + 1 == self.slots.len() { 0 } else { slot + 1 }
    }

    pub(crate) fn find(&self, hash: u64, is: impl Fn(usize) -> bool) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        let mut slot = self.home(hash);
        loop {
            let [high, low, print] = self.slots[slot];
            let row = usize::from(u16::from_be_bytes([high, low])).checked_sub(1)?;
            if print == hash as u8 && is(row) {
                return Some(row);
            }
            slot = self.next(slot);
        }
    }

    pub(crate) fn insert(&mut self, hash: u64, row: usize, hash_of: impl Fn(usize) -> u64) {
        if (self.used + 1) * 5 > self.slots.len() * 4 {
            let larger = vec![[0; 3]; (self.slots.len() * 2).max(FEWEST)];
            for [high, low, _] in std::mem::replace(&mut self.slots, larger) {
                if let Some(row) = usize::from(u16::from_be_bytes([high, low])).checked_sub(1) {
                    self.place(hash_of(row), row);
                }
            }
        }
        self.place(hash, row);
        self.used += 1;
    }

    fn place(&mut self, hash: u64, row: usize) {
        let mut slot = self.home(hash);
        while self.slots[slot][..2] != [0, 0] {
            slot = self.next(slot);
        }
        let [high, low] = (row as u16 + 1).to_be_bytes();
        self.slots[slot] = [high, low, hash as u8];
    }

    pub(crate) fn bytes(&self) -> usize {
        self.slots.capacity() * 3
    }
}

/// Different values of one kind, by number.
#[derive(Default)]
pub(crate) struct Values {
    list: Vec<u64>,
    /// 1 + number, 0 where free: by the value's hash. Empty once the list is closed; what is looked for then is mostly among
    /// the last.
    slots: Vec<u16>,
    closed: bool,
}

/// Numbers have 16 bits, and one is for free slots.
const MOST_VALUES: usize = u16::MAX as usize;

impl Values {
    pub(crate) fn get(&self, number: u16) -> u64 {
        self.list[usize::from(number)]
    }

    pub(crate) fn all(&self) -> &[u64] {
        &self.list
    }

    /// The number of a value, a new one if there is room.
    pub(crate) fn number(&mut self, value: u64) -> Option<u16> {
        if self.closed {
            if let Some(known) = self.list.iter().rposition(|known| *known == value) {
                return Some(known as u16);
            }
            return self.add(value);
        }
        if (self.list.len() + 1) * 4 > self.slots.len() * 3 {
            self.slots = vec![0; (self.slots.len() * 2).max(16)];
            for number in 0..self.list.len() {
                let slot = self.slot(self.list[number]);
                self.slots[slot] = number as u16 + 1;
            }
        }
        let slot = self.slot(value);
        if let Some(number) = self.slots[slot].checked_sub(1) {
            return Some(number);
        }
        let number = self.add(value)?;
        self.slots[slot] = number + 1;
        Some(number)
    }

    fn add(&mut self, value: u64) -> Option<u16> {
        let number = self.list.len();
        (number < MOST_VALUES).then(|| {
            self.list.push(value);
            number as u16
        })
    }

    /// Where the value is, or is to be.
    fn slot(&self, value: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = mix(value) as usize & mask;
        while self.slots[slot]
            .checked_sub(1)
            .is_some_and(|number| self.list[usize::from(number)] != value)
        {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// Few more will come.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.slots = Vec::new();
        self.list.shrink_to_fit();
    }

    pub(crate) fn bytes(&self) -> usize {
        self.list.capacity() * 8 + self.slots.capacity() * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_that_crosses_its_end_finds_what_is_in_it_and_nothing_else() {
        // All of them begin at seven slots near the end, and share their prints.
        let hash = |row: usize| (0xffff_ff00 + row as u64 % 7) << 32 | 0xab;
        let mut index = Index::default();
        for row in 0..3000 {
            index.insert(hash(row), row, hash);
        }
        for row in 0..3000 {
            assert_eq!(index.find(hash(row), |found| found == row), Some(row));
        }
        assert_eq!(index.find(hash(1), |_| false), None);
        assert_eq!(Index::default().find(7, |_| true), None);
    }

    #[test]
    fn a_value_keeps_its_number_when_the_list_grows_and_when_it_is_closed() {
        let mut values = Values::default();
        let numbers: Vec<_> = (0..5000).map(|value| values.number(value * value)).collect();
        values.close();
        assert_eq!(values.number(1 << 60), Some(5000));
        for (value, number) in (0..5000).zip(numbers) {
            assert_eq!(values.number(value * value), number);
            assert_eq!(number.map(|number| values.get(number)), Some(value * value));
        }
    }

    #[test]
    fn there_are_no_more_values_than_numbers() {
        let mut values = Values::default();
        let given = (0..70_000).filter(|value| values.number(*value).is_some()).count();
        assert_eq!(given, MOST_VALUES);
        assert_eq!(values.number(3), Some(3));
    }
}
