//! How people stand without one verdict: what taking it back comes down to.
//!
//! Two facts make up a standing, whether somebody is held and whether somebody is invalidated, and the latest verdict about a
//! fact says it. So a verdict is taken back by asking, of each of its members, what the verdicts say that still stand without
//! it. Whoever stands otherwise is moved, and nobody else.
//!
//! A hold or an invalidation that was taken back stands for nobody any more, also where that moved nobody at the time: it does
//! not come back with a release or an invalidation that is taken back later. A release or a reinstatement that was taken back
//! still stands for whom that did not move, because something was decided about them since. So two holds of one person never
//! stand without a release between them, and as long as somebody is held or invalidated, one verdict can be taken back that
//! frees them.

use std::collections::{BTreeMap, VecDeque};

use paraph_tally::{Event, PetitionId, SignatureId, VerdictKind};

use super::judged::seen;
use super::query::LedgerReader;
use super::signature_state;
use super::verdicts::Verdict;
use crate::journal::{integer, kind_of};
use crate::store::db::{DbError, Row, Value};

/// Every verdict of a petition, the first first.
pub(crate) const GIVEN: &str = "SELECT position, kind, undoes FROM verdict WHERE petition = ?1 ORDER BY position";
/// The event of one.
pub(crate) const EVENT: &str = "SELECT event FROM journal WHERE position = ?1";
/// Rows looked at in one read: a reader that lingers holds up the write-ahead log.
const AT_ONCE: usize = 1024;
/// Members of one verdict are looked up one by one where the others are so many times as many; else both are passed through.
const SPARSE: usize = 32;

/// Belongs to the verdict that is taken back.
const MEMBER: u8 = 1;
/// The fact is so without it.
const SO: u8 = 2;
/// The next release stands for them no more.
const MOVED_BACK: u8 = 4;

/// The verdicts that take back one of a kind, each about one of its facts.
#[must_use]
pub fn ways_back(kind: VerdictKind) -> &'static [VerdictKind] {
    match kind {
        VerdictKind::Held => &[VerdictKind::Released],
        VerdictKind::Invalidated => &[VerdictKind::Restored],
        VerdictKind::Released => &[VerdictKind::Held],
        // It had ended both. The first of the two takes them out of the count.
        VerdictKind::Reinstated => &[VerdictKind::Invalidated, VerdictKind::Held],
        VerdictKind::Restored => &[],
    }
}

/// What the fact that `back` is about becomes by a verdict; `None` if it says nothing about it.
fn says(kind: VerdictKind, back: VerdictKind) -> Option<bool> {
    let is_about_holding = matches!(back, VerdictKind::Held | VerdictKind::Released);
    match kind {
        VerdictKind::Held => is_about_holding.then_some(true),
        VerdictKind::Released => is_about_holding.then_some(false),
        VerdictKind::Invalidated => (!is_about_holding).then_some(true),
        VerdictKind::Restored => (!is_about_holding).then_some(false),
        VerdictKind::Reinstated => Some(false),
    }
}

/// What an event says about the fact in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// It is the verdict that is taken back.
    Undone,
    /// It took the next one back, for those whom it moved.
    MovesBack,
    /// It is so for them from here on, or not.
    Says(bool),
}

/// What stands without a verdict, found out an event at a time.
#[derive(Debug)]
pub(crate) struct Without {
    back: VerdictKind,
    /// Events still to be looked at, in order.
    events: VecDeque<(u64, Part)>,
    /// Of each member asked about.
    marks: Vec<u8>,
}

impl Without {
    /// From the rows of [`GIVEN`]: what `back` would do to `members` people as it takes `undone` back. Nobody is meant if that
    /// verdict is not taken back so.
    pub(crate) fn of(rows: &[Row], undone: u64, back: VerdictKind, members: usize) -> Result<Self, DbError> {
        let (mut given, mut taken_back) = (
            Vec::with_capacity(rows.len()),
            BTreeMap::<u64, Vec<(u64, VerdictKind)>>::new(),
        );
        for row in rows {
            let kind = kind_of(row.int(1)?).ok_or(DbError::Shape("a kind of verdict"))?;
            let verdict = (row.unsigned(0)?, kind);
            match row.maybe_int(2)? {
                Some(position) => taken_back.entry(position.unsigned_abs()).or_default().push(verdict),
                None => given.push(verdict),
            }
        }
        let is_way = |(position, kind): &(u64, VerdictKind)| *position == undone && ways_back(*kind).contains(&back);
        if !given.iter().any(is_way) {
            given.clear();
        }
        let mut events = VecDeque::new();
        for (position, kind) in given {
            let backs = taken_back.remove(&position).unwrap_or_default();
            match says(kind, back) {
                _ if position == undone => events.push_back((position, Part::Undone)),
                None => {}
                Some(true) if !backs.is_empty() => {}
                Some(so) => {
                    let about_it = backs.iter().filter(|(_, kind)| says(*kind, back).is_some());
                    events.extend(about_it.map(|(position, _)| (*position, Part::MovesBack)));
                    events.push_back((position, Part::Says(so)));
                }
            }
        }
        Ok(Self {
            back,
            events,
            marks: vec![0; members],
        })
    }

    /// Position of the event to look at next; `None` once all is known.
    pub(crate) fn next(&self) -> Option<u64> {
        self.events.front().map(|(position, _)| *position)
    }

    /// Looks at that event: how many it judged. `members` ascends.
    pub(crate) fn note(&mut self, members: &[SignatureId], row: Option<&Row>) -> Result<usize, DbError> {
        let Some((_, part)) = self.events.pop_front() else {
            return Ok(0);
        };
        let event = row.ok_or(DbError::Shape("the event of a verdict"))?;
        let event = Event::decode(event.blob(0)?).map_err(|_| DbError::Shape("an event"))?;
        let Event::Verdict { mut signatures, .. } = event else {
            return Err(DbError::Shape("a verdict"));
        };
        signatures.sort_unstable();
        let marks = &mut self.marks;
        let mut mark = |index: usize| {
            let mark = &mut marks[index];
            match part {
                Part::Undone => *mark |= MEMBER,
                Part::MovesBack => *mark |= MOVED_BACK,
                Part::Says(_) if *mark & MOVED_BACK != 0 => *mark &= !MOVED_BACK,
                Part::Says(true) => *mark |= SO,
                Part::Says(false) => *mark &= !SO,
            }
        };
        if signatures.len() * SPARSE < members.len() {
            let found = signatures.iter().filter_map(|id| members.binary_search(id).ok());
            found.for_each(&mut mark);
        } else {
            let mut rest = signatures.iter().peekable();
            for (index, id) in members.iter().enumerate() {
                while rest.next_if(|judged| *judged < id).is_some() {}
                if rest.peek() == Some(&id) {
                    mark(index);
                }
            }
        }
        Ok(signatures.len())
    }

    /// Whether the member at this place stands otherwise without it, as far as verdicts say: the row says whether it does.
    pub(crate) fn means(&self, index: usize) -> bool {
        let becomes = matches!(self.back, VerdictKind::Held | VerdictKind::Invalidated);
        self.marks
            .get(index)
            .is_some_and(|mark| mark & MEMBER != 0 && (mark & SO != 0) == becomes)
    }
}

impl LedgerReader {
    /// Those of `members` whom taking the verdict at a position back by `back` is about. `members` ascends.
    ///
    /// # Errors
    /// The store refused.
    pub async fn meant(
        &self,
        (petition, undone): (PetitionId, u64),
        back: VerdictKind,
        members: &[SignatureId],
    ) -> Result<Vec<SignatureId>, DbError> {
        let rows = self
            .main
            .with(move |db| db.query(GIVEN, &[Value::Int(petition.0.into())]));
        let mut without = Without::of(&rows.await?, undone, back, members.len())?;
        while let Some(position) = without.next() {
            let row = self.main.with(move |db| db.query_one(EVENT, &[integer(position)]));
            without.note(members, row.await?.as_ref())?;
        }
        let meant = members.iter().enumerate().filter(|(index, _)| without.means(*index));
        Ok(meant.map(|(_, id)| *id).collect())
    }

    /// Whether taking a verdict back by `back` would change anything for anybody now.
    ///
    /// # Errors
    /// The store refused.
    pub async fn would_change(&self, verdict: &Verdict, back: VerdictKind) -> Result<bool, DbError> {
        const ROW: &str = "SELECT s.petition, s.mailbox, s.signed_at, s.confirmed_at, s.axes, m.counted \
                           FROM signature s LEFT JOIN mailbox m ON m.id = s.mailbox WHERE s.id = ?1";
        let members = self.judged_by(verdict.position).await?.unwrap_or_default();
        let meant = self.meant((verdict.petition, verdict.position), back, &members).await?;
        for ids in meant.chunks(AT_ONCE) {
            let (pending, ids) = (self.judged.now(), ids.to_vec());
            let read = self.main.with(move |db| {
                for id in ids {
                    let Some(row) = db.query_one(ROW, &[Value::Blob(&id.0)])? else {
                        continue;
                    };
                    let axes = seen(pending.as_deref(), id, signature_state(&row, 0)?).axes;
                    let is_place_taken = row.maybe_array::<16>(5)?.is_some();
                    let changes = axes.take_back(back);
                    if changes.is_ok_and(|after| !after.is_counted() || !is_place_taken) {
                        return Ok(true);
                    }
                }
                Ok::<_, DbError>(false)
            });
            if read.await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
