//! A contribution as it lies in memory: 52 bytes instead of the 78 that it is worked with. Nothing is lost.
//!
//! Values that many share (networks, browsers, mail domains, patterns) are numbers of a list of the chunk; what most do not
//! have (a comment, a confirmation from elsewhere) lies beside it; of a name that begins with the time, the time is kept
//! once.

use paraph_tally::{PetitionId, SignatureId};

use crate::bounds::CHUNK;
use crate::groups::mix;
use crate::lookup::{Index, Values};
use crate::record::{Record, Time};

/// Four bytes that may lie at any even place, so that a row has no gaps.
#[derive(Clone, Copy, PartialEq)]
struct Wide([u16; 2]);

impl Wide {
    fn of(value: u32) -> Self {
        Self([(value >> 16) as u16, value as u16])
    }

    fn get(self) -> u32 {
        u32::from(self.0[0]) << 16 | u32::from(self.0[1])
    }
}

/// One contribution, packed. What it refers to never changes: the same row of a chunk is the same contribution.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Row {
    /// The last ten bytes of its name.
    tail: [u8; TAIL],
    /// Milliseconds by which the time in its name is later than the chunk's clock says; [`ODD`] if there is no such time.
    late: i16,
    signed: Wide,
    confirmed: Wide,
    near: Wide,
    name: Wide,
    stem: Wide,
    /// Number of petition and cluster.
    standing: u16,
    /// Number of origin and country.
    network: u16,
    /// Number of client and language.
    client: u16,
    /// Numbers of domain and shape.
    domain: u16,
    shape: u16,
    /// 1 + place among the comments; 0 if there is none.
    comment: u16,
    /// Where it was confirmed: [`NOWHERE`], [`SAME`], or a place among those elsewhere.
    confirmed_in: u16,
    name_order: u16,
    fill: u16,
    flags: u16,
}

// A million of them are most of what scrutiny adds to a server.
const _: () = assert!(size_of::<Row>() == 52);

const TAIL: usize = 10;
const HEAD: usize = 16 - TAIL;
const ODD: i16 = i16::MIN;
/// Not confirmed, or from an unknown place.
const NOWHERE: u16 = 0;
/// Confirmed where it was signed.
const SAME: u16 = 1;
/// Further numbers are places among those elsewhere.
const ELSEWHERE: usize = 2;

// Numbers have 16 bits. Each row takes one of a kind at most; half of them are left for clusters.
const _: () = assert!(CHUNK <= 1 << 15);

/// Rows in the order in which they came, with what they refer to and what finds them.
#[derive(Default)]
pub(crate) struct Chunk {
    rows: Vec<Row>,
    index: Index,
    /// From a time of the engine to that in a name: what it is for the first row.
    clock: u64,
    /// Beginnings of names without such a time, in the order of their rows.
    odd: Vec<(u16, [u8; HEAD])>,
    standings: Values,
    networks: Values,
    clients: Values,
    domains: Values,
    shapes: Values,
    comments: Vec<u32>,
    elsewhere: Vec<u32>,
}

impl Chunk {
    /// Room for all of it at once, so that it never has to be copied.
    pub(crate) fn whole() -> Self {
        Self {
            rows: Vec::with_capacity(CHUNK),
            index: Index::with_room_for(CHUNK),
            ..Self::default()
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// When the last one was signed.
    pub(crate) fn last_signed(&self) -> Option<Time> {
        self.rows.last().map(|row| Time(row.signed.get()))
    }

    /// Which row has this name.
    pub(crate) fn find(&self, id: SignatureId) -> Option<usize> {
        let (_, tail) = parts(id);
        let is = |place: usize| self.rows[place].tail == tail && self.id(place) == Some(id);
        self.index.find(hash(tail), is)
    }

    /// Adds a row; `false` if there is no number left for one of its values.
    pub(crate) fn push(&mut self, record: &Record) -> bool {
        let place = self.rows.len();
        let Some(row) = self.packed(record) else { return false };
        let Self { rows, index, .. } = self;
        index.insert(hash(row.tail), place, |place| hash(rows[place].tail));
        rows.push(row);
        if rows.len() == CHUNK {
            for values in [
                &mut self.standings,
                &mut self.networks,
                &mut self.clients,
                &mut self.domains,
                &mut self.shapes,
            ] {
                values.close();
            }
            self.comments.shrink_to_fit();
            self.odd.shrink_to_fit();
        }
        true
    }

    fn packed(&mut self, record: &Record) -> Option<Row> {
        let place = self.rows.len();
        let (head, tail) = parts(record.id);
        let named = time_in(head);
        if place == 0 {
            self.clock = named.wrapping_sub(milliseconds(record.signed));
        }
        let late = named.wrapping_sub(milliseconds(record.signed)).wrapping_sub(self.clock) as i64;
        let late = i16::try_from(late).unwrap_or(ODD);
        let (standing, network) = (
            self.standings.number(standing(record))?,
            self.networks.number(network(record))?,
        );
        let row = Row {
            tail,
            late,
            signed: Wide::of(record.signed.0),
            confirmed: Wide::of(record.confirmed.0),
            near: Wide::of(record.near),
            name: Wide::of(record.name),
            stem: Wide::of(record.stem),
            standing,
            network,
            client: self.clients.number(client(record))?,
            domain: self.domains.number(record.domain.into())?,
            shape: self.shapes.number(record.shape.into())?,
            comment: self.comment(record.comment)?,
            confirmed_in: self.confirmed_in(record)?,
            name_order: record.name_order,
            fill: record.fill,
            flags: record.flags,
        };
        if late == ODD {
            self.odd.push((place as u16, head));
        }
        Some(row)
    }

    fn comment(&mut self, comment: u32) -> Option<u16> {
        if comment == 0 {
            return Some(0);
        }
        // A form letter fills minutes: the same again and again.
        if self.comments.last() != Some(&comment) {
            self.comments.push(comment);
        }
        u16::try_from(self.comments.len()).ok()
    }

    fn confirmed_in(&mut self, record: &Record) -> Option<u16> {
        match record.confirm_near {
            0 => Some(NOWHERE),
            near if near == record.near => Some(SAME),
            near => {
                let number = u16::try_from(self.elsewhere.len() + ELSEWHERE).ok()?;
                self.elsewhere.push(near);
                Some(number)
            }
        }
    }

    /// The name of a row.
    pub(crate) fn id(&self, place: usize) -> Option<SignatureId> {
        self.named(place, self.rows.get(place)?)
    }

    fn named(&self, place: usize, row: &Row) -> Option<SignatureId> {
        let head = if row.late == ODD {
            let found = self.odd.binary_search_by_key(&(place as u16), |(place, _)| *place);
            self.odd[found.ok()?].1
        } else {
            let named = milliseconds(Time(row.signed.get())).wrapping_add(self.clock);
            let [_, _, head @ ..] = named.wrapping_add_signed(row.late.into()).to_be_bytes();
            head
        };
        let mut id = [0; 16];
        id[..HEAD].copy_from_slice(&head);
        id[HEAD..].copy_from_slice(&row.tail);
        Some(SignatureId(id))
    }

    /// A row as it lies.
    pub(crate) fn row(&self, place: usize) -> Option<Row> {
        self.rows.get(place).copied()
    }

    /// A row, unpacked.
    pub(crate) fn get(&self, place: usize) -> Option<Record> {
        self.unpacked(place, self.rows.get(place)?)
    }

    /// The same of a row that was fetched.
    pub(crate) fn unpacked(&self, place: usize, row: &Row) -> Option<Record> {
        let near = row.near.get();
        let [standing, network] = [self.standings.get(row.standing), self.networks.get(row.network)];
        let client = self.clients.get(row.client);
        Some(Record {
            id: self.named(place, row)?,
            petition: PetitionId((standing >> 16) as u32),
            signed: Time(row.signed.get()),
            confirmed: Time(row.confirmed.get()),
            near,
            origin: (network >> 16) as u32,
            client: (client >> 16) as u32,
            name: row.name.get(),
            comment: usize::from(row.comment)
                .checked_sub(1)
                .map_or(0, |place| self.comments[place]),
            shape: self.shapes.get(row.shape) as u32,
            stem: row.stem.get(),
            domain: self.domains.get(row.domain) as u32,
            confirm_near: match row.confirmed_in {
                NOWHERE => 0,
                SAME => near,
                other => self.elsewhere[usize::from(other) - ELSEWHERE],
            },
            language: client as u16,
            country: network as u16,
            name_order: row.name_order,
            fill: row.fill,
            flags: row.flags,
            cluster: standing as u16,
        })
    }

    /// Changes a row in what differs between `before`, which it is, and `after`; `None`, and nothing is changed, if there is
    /// no number left. Its name and when it was signed stay as they are.
    pub(crate) fn change(&mut self, place: usize, before: &Record, after: &Record) -> Option<()> {
        let mut row = *self.rows.get(place)?;
        if standing(before) != standing(after) {
            // Whoever is to come has a number.
            if self.standings.all().len() > CHUNK && after.cluster != 0 {
                return None;
            }
            row.standing = self.standings.number(standing(after))?;
        }
        if network(before) != network(after) {
            row.network = self.networks.number(network(after))?;
        }
        if client(before) != client(after) {
            row.client = self.clients.number(client(after))?;
        }
        if before.domain != after.domain {
            row.domain = self.domains.number(after.domain.into())?;
        }
        if before.shape != after.shape {
            row.shape = self.shapes.number(after.shape.into())?;
        }
        if before.comment != after.comment {
            row.comment = self.comment(after.comment)?;
        }
        if (before.near, before.confirm_near) != (after.near, after.confirm_near) {
            row.confirmed_in = self.confirmed_in(after)?;
        }
        row.confirmed = Wide::of(after.confirmed.0);
        (row.near, row.name, row.stem) = (Wide::of(after.near), Wide::of(after.name), Wide::of(after.stem));
        (row.name_order, row.fill) = (after.name_order, after.fill);
        row.flags = after.flags;
        self.rows[place] = row;
        Some(())
    }

    /// Facts of yes or no.
    pub(crate) fn flags(&self, place: usize) -> Option<u16> {
        self.rows.get(place).map(|row| row.flags)
    }

    pub(crate) fn set(&mut self, place: usize, flags: u16) {
        if let Some(row) = self.rows.get_mut(place) {
            row.flags |= flags;
        }
    }

    /// Rows of such a petition and cluster, 0 for none.
    pub(crate) fn of(&self, is: impl Fn(PetitionId, u16) -> bool) -> Vec<usize> {
        let standings = self.standings.all().iter();
        let wanted: Vec<bool> = standings
            .map(|standing| is(PetitionId((standing >> 16) as u32), *standing as u16))
            .collect();
        if !wanted.contains(&true) {
            return Vec::new();
        }
        let rows = self.rows.iter().enumerate();
        rows.filter(|(_, row)| wanted[usize::from(row.standing)])
            .map(|(place, _)| place)
            .collect()
    }

    pub(crate) fn bytes(&self) -> usize {
        let values = [
            &self.standings,
            &self.networks,
            &self.clients,
            &self.domains,
            &self.shapes,
        ];
        self.rows.capacity() * size_of::<Row>()
            + self.index.bytes()
            + self.odd.capacity() * size_of::<(u16, [u8; HEAD])>()
            + values.iter().map(|values| values.bytes()).sum::<usize>()
            + (self.comments.capacity() + self.elsewhere.capacity()) * 4
    }
}

fn parts(id: SignatureId) -> ([u8; HEAD], [u8; TAIL]) {
    (
        std::array::from_fn(|at| id.0[at]),
        std::array::from_fn(|at| id.0[HEAD + at]),
    )
}

/// The time that a name begins with, if it does.
fn time_in(head: [u8; HEAD]) -> u64 {
    head.iter().fold(0, |time, byte| time << 8 | u64::from(*byte))
}

fn milliseconds(time: Time) -> u64 {
    u64::from(time.0) * 10
}

/// Names are random in their last ten bytes.
fn hash([.., a, b, c, d, e, f, g, h]: [u8; TAIL]) -> u64 {
    mix(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

fn standing(record: &Record) -> u64 {
    u64::from(record.petition.0) << 16 | u64::from(record.cluster)
}

fn network(record: &Record) -> u64 {
    u64::from(record.origin) << 16 | u64::from(record.country)
}

fn client(record: &Record) -> u64 {
    u64::from(record.client) << 16 | u64::from(record.language)
}
