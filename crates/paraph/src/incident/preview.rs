//! What a verdict would do, before it is given: whom it judges, how they stand, who of them may be honest, and samples.

use paraph_scrutiny::{NetworkKind, Observation, Tag};
use paraph_tally::{Axes, Millis, PetitionId, SignatureId, Standing, VerdictKind};
use serde::{Deserialize, Serialize};

use super::condition::{Asked, Condition};
use crate::journal::integer;
use crate::ledger::query::LedgerReader;
use crate::ledger::signature_state;
use crate::scrutiny::features::{Observer, month_of};
use crate::scrutiny::rows::Features;
use crate::store::db::{Cell, DbError, Row, Value};
use crate::store::id;

/// Samples of a preview.
const SAMPLES: usize = 5;
/// Rows read at once: a reader that lingers holds up the write-ahead log.
const AT_ONCE: u64 = 4096;
/// Confirmed for so long and still counted: nobody has found anything against it in a day.
const DAY: u64 = 24 * 3600 * 1000;

/// What a verdict would do. For whoever decides only: it holds names and comments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Signatures that the condition means.
    pub matched: u64,
    /// Of these, those whose standing allows the verdict: whom it would judge.
    pub judged: u64,
    /// There are more than one verdict takes; the rest is left for another.
    pub more: bool,
    /// Of a condition that names a finding of which fewer members are known than it spoke of.
    #[serde(default)]
    pub forgotten: Option<Forgotten>,
    /// Of those judged: counted now.
    pub counted: u64,
    /// Previously counted, or confirmed and not settled.
    pub confirmed: u64,
    /// Never confirmed.
    pub unconfirmed: u64,
    /// Expired, withdrawn or disowned: the verdict changes nothing about them.
    pub ended: u64,
    /// Held once the verdict stands, because they were held before what it takes back.
    #[serde(default)]
    pub held_again: u64,
    /// Confirmed and clear once the verdict stands: they count, unless another one counts for the mailbox.
    #[serde(default)]
    pub would_count: u64,
    /// Of a hold or an invalidation, how many of them may be honest people: all whom no finding speaks of, and of those the
    /// ones who show signs of a person ([`shows_a_person`]). Whoever is left, scrutiny binds together and nothing speaks for.
    pub honest: u64,
    /// Some of them, spread over the whole.
    pub samples: Vec<Sample>,
}

/// A finding that spoke of more contributions than can be named now: of one that only asks, no more are known than were looked at, and
/// scrutiny remembers ten days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// How many it spoke of.
    pub said: u64,
    /// How many of them are known.
    pub known: u64,
}

/// One of those judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When it was signed, milliseconds UTC.
    pub at: u64,
    /// Name as given; empty if the record has been erased.
    pub name: String,
    /// Comment, possibly empty.
    pub comment: String,
    /// How it stands now.
    pub stands: Stands,
}

/// How a signature stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// In the count.
    Counted,
    /// Confirmed, and waits: to be counted, or for another of its mailbox that counts.
    Waiting,
    /// Nobody has confirmed it.
    Unconfirmed,
    /// Held.
    Held,
    /// Invalidated.
    Invalidated,
    /// Withdrawn, disowned or expired.
    Ended,
}

impl Stands {
    fn of(axes: Axes) -> Self {
        match axes.verdict {
            _ if axes.is_ended() => Self::Ended,
            Standing::Held => Self::Held,
            Standing::Invalidated | Standing::InvalidatedWhileHeld => Self::Invalidated,
            Standing::Clear if axes.is_counted() => Self::Counted,
            Standing::Clear if axes.is_confirmed() => Self::Waiting,
            Standing::Clear => Self::Unconfirmed,
        }
    }

    /// Its name in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Waiting => "waiting",
            Self::Unconfirmed => "unconfirmed",
            Self::Held => "held",
            Self::Invalidated => "invalidated",
            Self::Ended => "ended",
        }
    }
}

/// A preview, and whom it is about.
pub(super) struct Selected {
    pub(super) preview: Preview,
    pub(super) set: Vec<SignatureId>,
    /// The first who is meant and stands so that nothing changes.
    pub(super) left_out: Option<SignatureId>,
    /// Those of the set whose records are there to be shown.
    shown: Vec<SignatureId>,
}

/// Whom a verdict is to be given on.
pub(super) struct Wanted<'a> {
    pub(super) petition: PetitionId,
    pub(super) kind: VerdictKind,
    pub(super) condition: &'a Condition,
    /// Members of the verdicts that the condition names.
    pub(super) among: Option<Vec<SignatureId>>,
    /// Of a verdict that takes another back, whom that is about, ascending.
    pub(super) meant: Option<Vec<SignatureId>>,
    /// Of whom findings speak, ascending.
    pub(super) spoken_of: Vec<SignatureId>,
    /// Most that one verdict takes.
    pub(super) most: u64,
    pub(super) now: Millis,
}

struct Candidate {
    id: SignatureId,
    at: Millis,
    confirmed_at: Option<Millis>,
    axes: Axes,
    seen: Option<Observation>,
    mail_host: Tag,
}

impl LedgerReader {
    /// Looks for everybody who is meant, a few thousand rows at a time.
    pub(super) async fn select(&self, mut wanted: Wanted<'_>, observer: &Observer) -> Result<Selected, DbError> {
        let mut asked = Asked::new(wanted.condition, observer, wanted.among.take());
        let first = wanted
            .condition
            .from
            .map_or([0; 16], |from| id::first_at(Millis(from.saturating_sub(SKEW))));
        let last = wanted
            .condition
            .to
            .map_or([0xff; 16], |to| id::first_at(Millis(to.saturating_add(SKEW))));
        let (least, most) = asked.bounds();
        let mut after = SignatureId(least.map_or(first, |id| first.max(before(id))));
        let last = most.map_or(last, |id| last.min(id.0));
        let mut selected = Selected {
            preview: Preview::default(),
            set: Vec::new(),
            left_out: None,
            shown: Vec::new(),
        };
        loop {
            let rows = self.candidates(wanted.petition, after, SignatureId(last)).await?;
            let Some(end) = rows.last() else { break };
            after = end.id;
            for candidate in rows {
                if !asked.matches(candidate.id, candidate.at, candidate.seen.as_ref(), candidate.mail_host) {
                    continue;
                }
                selected.preview.matched += 1;
                let meant = wanted.meant.as_ref();
                if meant.is_some_and(|meant| meant.binary_search(&candidate.id).is_err()) {
                    continue;
                }
                let Ok(after) = candidate.axes.judged(wanted.kind, meant.is_some()) else {
                    selected.left_out.get_or_insert(candidate.id);
                    continue;
                };
                if selected.set.len() as u64 >= wanted.most {
                    selected.preview.more = true;
                    return self.with_samples(selected).await;
                }
                selected.preview.add(&candidate, after, &wanted);
                selected.set.push(candidate.id);
                if !candidate.axes.is_ended() {
                    selected.shown.push(candidate.id);
                }
            }
        }
        self.with_samples(selected).await
    }

    async fn candidates(
        &self,
        petition: PetitionId,
        after: SignatureId,
        last: SignatureId,
    ) -> Result<Vec<Candidate>, DbError> {
        let pending = self.judged.now();
        let read = self.main.with(move |db| {
            let sql = "SELECT s.id, s.petition, s.mailbox, s.signed_at, s.confirmed_at, s.axes, f.observed \
                       FROM signature s LEFT JOIN features f ON f.id = s.id \
                       WHERE s.id > ?1 AND s.id <= ?2 AND s.petition = ?3 ORDER BY s.id LIMIT ?4";
            let (after, last) = (Value::Blob(&after.0), Value::Blob(&last.0));
            let rows = db.query(sql, &[after, last, Value::Int(petition.0.into()), integer(AT_ONCE)])?;
            rows.iter().map(candidate).collect::<Result<Vec<_>, _>>()
        });
        let mut read = read.await?;
        if let Some(pending) = pending {
            for candidate in &mut read {
                candidate.axes = pending.axes(candidate.id, candidate.axes);
            }
        }
        Ok(read)
    }

    /// Opens a few of the records, spread over the whole. What has ended has none, or one that is another's to show.
    async fn with_samples(&self, mut selected: Selected) -> Result<Selected, DbError> {
        let many = selected.shown.len();
        let mut at: Vec<usize> = (0..SAMPLES).map(|which| which * many / SAMPLES).collect();
        at.dedup();
        for index in at.into_iter().filter(|index| *index < many) {
            selected
                .preview
                .samples
                .extend(self.sample(selected.shown[index]).await?);
        }
        Ok(selected)
    }

    /// What a person looks at of one signature; `None` if there is none.
    pub(super) async fn sample(&self, id: SignatureId) -> Result<Option<Sample>, DbError> {
        let Some(state) = self.state(id).await? else {
            return Ok(None);
        };
        let personal = self.record(id).await?;
        let (name, comment) = personal.map_or_else(Default::default, |personal| (personal.name, personal.comment));
        Ok(Some(Sample {
            at: state.signed_at.0,
            name,
            comment,
            stands: Stands::of(state.axes),
        }))
    }
}

/// Ids are made a moment before the event that carries the time of signing.
const SKEW: u64 = 3_600_000;

fn before(id: SignatureId) -> [u8; 16] {
    u128::from_be_bytes(id.0).saturating_sub(1).to_be_bytes()
}

fn candidate(row: &Row) -> Result<Candidate, DbError> {
    let id = SignatureId(row.array(0)?);
    let state = signature_state(row, 1)?;
    let at = state.signed_at;
    let (month, features) = match row.0.get(6) {
        Some(Cell::Blob(stored)) => (month_of(at), Features::read(stored)),
        _ => (month_of(at), None),
    };
    Ok(Candidate {
        id,
        at,
        confirmed_at: state.confirmed_at,
        axes: state.axes,
        seen: features
            .as_ref()
            .map(|features| features.told(month, (id, state.petition, at))),
        mail_host: features.map_or(Tag::NONE, |features| features.mail_host(month)),
    })
}

impl Preview {
    fn add(&mut self, candidate: &Candidate, after: Axes, wanted: &Wanted<'_>) {
        let axes = candidate.axes;
        self.judged += 1;
        let part = match axes {
            _ if axes.is_ended() => &mut self.ended,
            _ if axes.is_counted() => &mut self.counted,
            _ if axes.is_confirmed() => &mut self.confirmed,
            _ => &mut self.unconfirmed,
        };
        *part += 1;
        let would_count = after.is_confirmed() && after.is_clear() && !after.is_ended();
        self.would_count += u64::from(would_count);
        self.held_again += u64::from(wanted.kind == VerdictKind::Restored && after.verdict == Standing::Held);
        let speaks_against = matches!(wanted.kind, VerdictKind::Held | VerdictKind::Invalidated);
        let is_spoken_of = || wanted.spoken_of.binary_search(&candidate.id).is_ok();
        let may_be_honest = || !axes.is_ended() && (!is_spoken_of() || shows_a_person(candidate, wanted.now));
        self.honest += u64::from(speaks_against && may_be_honest());
    }
}

/// Confirmed, and either counted and confirmed more than a day ago, or from an access network with a mailbox at a large
/// provider.
fn shows_a_person(candidate: &Candidate, now: Millis) -> bool {
    let Some(confirmed_at) = candidate.confirmed_at.filter(|_| !candidate.axes.is_ended()) else {
        return false;
    };
    let stood_a_day = candidate.axes.is_counted() && confirmed_at.0 + DAY <= now.0;
    let looks_common = |seen: &Observation| seen.source.kind == NetworkKind::Access && seen.common_mail;
    stood_a_day || candidate.seen.as_ref().is_some_and(looks_common)
}

#[cfg(test)]
mod tests {
    use paraph_tally::{End, Mailbox};

    use super::*;

    fn seen(kind: &str, common_mail: bool) -> Option<Observation> {
        let tags = r#"{"near":1,"origin":1,"client":1,"name":1,"comment":0,"shape":1,"stem":1,"domain":1}"#;
        let stored = format!(
            r#"{{"version":3,"month":7,"tags":{tags},"kind":"{kind}","from":"","language":"fr","script":true,"fill_ms":1,
                "name_order":1,"name_upper":false,"common_mail":{common_mail},"country":""}}"#
        );
        let about = (SignatureId([1; 16]), PetitionId(1), Millis(1));
        Some(Features::observation(stored.as_bytes(), 7, about).expect("readable"))
    }

    #[test]
    fn a_sample_says_how_it_stands() {
        let confirmed = Axes {
            mailbox: Mailbox::Confirmed,
            ..Axes::default()
        };
        let counted = Axes {
            settled: true,
            ..confirmed
        };
        let judged = |axes, verdict| Axes { verdict, ..axes };
        let ended = Axes {
            end: End::Withdrawn,
            ..counted
        };
        for (axes, stands) in [
            (Axes::default(), Stands::Unconfirmed),
            (confirmed, Stands::Waiting),
            (counted, Stands::Counted),
            (judged(counted, Standing::Held), Stands::Held),
            (judged(confirmed, Standing::Held), Stands::Held),
            (judged(counted, Standing::Invalidated), Stands::Invalidated),
            (judged(counted, Standing::InvalidatedWhileHeld), Stands::Invalidated),
            (judged(ended, Standing::Held), Stands::Ended),
        ] {
            assert_eq!(Stands::of(axes), stands, "{axes:?}");
        }
    }

    #[test]
    fn who_shows_a_person_has_confirmed_and_stood_a_day_or_come_the_common_way() {
        let now = Millis(10 * DAY);
        let axes = Axes {
            mailbox: Mailbox::Confirmed,
            ..Axes::default()
        };
        let counted = Axes { settled: true, ..axes };
        let candidate = |axes, hours: u64, seen| Candidate {
            id: SignatureId([1; 16]),
            at: Millis(1),
            confirmed_at: Some(Millis(now.0 - hours * 3_600_000)),
            axes,
            seen,
            mail_host: Tag::NONE,
        };
        let ended = Axes {
            end: End::Withdrawn,
            ..counted
        };
        let unconfirmed = Candidate {
            confirmed_at: None,
            ..candidate(Axes::default(), 1, seen("access", true))
        };
        for (candidate, may_be) in [
            (candidate(counted, 24, None), true),
            (candidate(counted, 23, None), false),
            (candidate(axes, 48, None), false),
            (candidate(axes, 1, seen("access", true)), true),
            (candidate(axes, 1, seen("access", false)), false),
            (candidate(axes, 1, seen("hosting", true)), false),
            (candidate(ended, 48, seen("access", true)), false),
            (unconfirmed, false),
        ] {
            assert_eq!(shows_a_person(&candidate, now), may_be, "{:?}", candidate.axes);
        }
    }

    /// The number is a bound: only whom a finding speaks of can be left out of it, and of those nobody who shows a person.
    #[test]
    fn everybody_whom_no_finding_speaks_of_may_be_honest() {
        let axes = Axes {
            mailbox: Mailbox::Confirmed,
            ..Axes::default()
        };
        let candidate = |id: u8, axes, seen| Candidate {
            id: SignatureId([id; 16]),
            at: Millis(1),
            confirmed_at: Some(Millis(9 * DAY)),
            axes,
            seen,
            mail_host: Tag::NONE,
        };
        let unconfirmed = Candidate {
            confirmed_at: None,
            ..candidate(1, Axes::default(), None)
        };
        let ended = Axes {
            end: End::Withdrawn,
            ..axes
        };
        let all = [
            unconfirmed,
            candidate(2, axes, seen("hosting", false)),
            candidate(3, axes, seen("hosting", false)),
            candidate(4, axes, seen("access", true)),
            candidate(5, ended, seen("access", true)),
        ];
        let of = |kind, spoken_of: &[u8]| {
            let condition = Condition::default();
            let wanted = Wanted {
                petition: PetitionId(1),
                kind,
                condition: &condition,
                among: None,
                meant: None,
                spoken_of: spoken_of.iter().map(|id| SignatureId([*id; 16])).collect(),
                most: 10,
                now: Millis(10 * DAY),
            };
            let mut preview = Preview::default();
            all.iter().for_each(|one| preview.add(one, one.axes, &wanted));
            preview.honest
        };
        assert_eq!(of(VerdictKind::Held, &[]), 4, "all but who has ended");
        assert_eq!(
            of(VerdictKind::Invalidated, &[3, 4]),
            3,
            "who shows a person stays in it"
        );
        assert_eq!(of(VerdictKind::Released, &[]), 0, "a release catches nobody");
    }
}
