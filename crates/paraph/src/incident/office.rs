//! Previews, verdicts and their way back, for the desk and the command line alike.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::HEXLOWER;
use paraph_tally::{Author, PetitionId, SignatureId, VerdictKind};
use serde_json::json;
use tokio::sync::watch;

use super::book::RaisedCap;
use super::condition::Condition;
use super::log::{self, Entry, Who};
use super::preview::{Forgotten, Selected, Wanted};
use super::watch::Incidents;
use super::{Direction, IncidentAnswer, IncidentCommand, Listed, Motion, Refused, Shown};
use crate::clock;
use crate::desk::command::Wish;
use crate::intake::Intake;
use crate::intake::command::{JudgeAnswer, Judgement};
use crate::intake::verdict::reason::Reason;
use crate::ledger::catalogue::Catalogue;
use crate::ledger::query::LedgerReader;
use crate::ledger::taking_back;
use crate::ledger::verdicts::Verdict;
use crate::limits::Limits;
use crate::mail::stop::AddressTags;
use crate::scrutiny::board::Board;
use crate::scrutiny::features::Observer;
use crate::store::db::DbError;

/// Verdicts that one list shows.
const LISTED: u64 = 200;
/// Milliseconds for which it is known that a verdict can be taken back, unless another one is given.
const LOOKED_AT_FOR: u64 = 60_000;
/// Characters of a line in a shift log.
const LINE_CHARS: usize = 2000;

/// By the position of a verdict: as of which latest one it was looked at, when, and whether it can be taken back.
pub type WaysBack = HashMap<u64, (u64, u64, bool)>;

/// Where motions are previewed and carried out.
#[derive(Clone)]
pub struct Office {
    /// Reads whom a motion is about.
    pub ledger: LedgerReader,
    /// Records the verdict.
    pub intake: Intake,
    /// Knows the tags of what a person names.
    pub observer: Arc<Observer>,
    /// Petitions as of now.
    pub shown: watch::Receiver<Arc<Catalogue>>,
    /// Attacks and their timelines.
    pub incidents: Arc<Incidents>,
    /// What scrutiny says now; `None` where it is off.
    pub board: Option<Arc<Board>>,
    /// Names the address behind a mailbox.
    pub addresses: AddressTags,
    /// The bounds in force.
    pub bounds: watch::Receiver<Limits>,
    /// Which verdicts can be taken back.
    pub ways: Arc<Mutex<WaysBack>>,
    /// The account in whose name is done what is typed on this machine: nobody at the desk.
    pub machine: [u8; 16],
}

/// Members of the desk by account, in hexadecimal.
type Members = HashMap<String, Who>;

/// The verdicts that take this one back. One that took another back has none: whoever regrets it judges once more.
fn ways_back(verdict: &Verdict) -> &'static [VerdictKind] {
    match verdict.undoes {
        None => taking_back::ways_back(verdict.kind),
        Some(_) => &[],
    }
}

/// Who an account is: one that is no member's works at the machine.
fn who(account: &str, members: &Members) -> Who {
    members.get(account).cloned().unwrap_or(Who::CommandLine)
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        tracing::error!(%error, "verdicts cannot be read");
        Self::Unavailable
    }
}

impl Office {
    /// Carries a command out in the name of an account.
    pub async fn carry_out(&self, command: IncidentCommand, account: [u8; 16]) -> IncidentAnswer {
        let outcome = match command {
            IncidentCommand::IncidentList => {
                if let Err(error) = self.incidents.catch_up().await {
                    return IncidentAnswer::Refused(error.into());
                }
                let waiting = self.waiting_findings().await;
                let verdicts = self.list().await;
                let both = verdicts.and_then(|verdicts| Ok((verdicts, waiting?)));
                both.map(|(verdicts, waiting)| IncidentAnswer::List(self.incidents.list(), verdicts, waiting))
            }
            IncidentCommand::IncidentShow(id) => {
                let shown = self.show(id).await;
                shown.map(|shown| IncidentAnswer::Incident(Box::new(shown)))
            }
            IncidentCommand::IncidentNote(id, text) => self.note(id, account, text).await,
            IncidentCommand::IncidentVerdict(position) => {
                let shown = self.show_verdict(position).await;
                shown.map(|listed| IncidentAnswer::Shown(Box::new(listed)))
            }
            IncidentCommand::IncidentPreview(motion) => {
                let selected = self.select(&motion).await;
                selected.map(|selected| IncidentAnswer::Preview(Box::new(selected.preview)))
            }
            IncidentCommand::IncidentJudge(motion) => self.judge_whole(motion, Author::Person(account)).await,
            IncidentCommand::IncidentUndo(position) => {
                let motion = self.undoing(position).await;
                motion.map(|motion| IncidentAnswer::Motion(Box::new(motion)))
            }
            IncidentCommand::IncidentAskPreview(ask) => {
                let preview = self.ask_preview(&ask).await;
                preview.map(|preview| IncidentAnswer::Asking(Box::new(preview)))
            }
            IncidentCommand::IncidentAsk(ask) => self.ask(&ask, self.member(account)).await,
            IncidentCommand::IncidentCallBack(id) => self.call_back(id, self.member(account)).await,
            IncidentCommand::IncidentRaiseCap(id, to, minutes) => {
                self.raise_cap(id, to, minutes, self.member(account)).await
            }
            IncidentCommand::IncidentLowerCap(id) => self.set_cap(id, None, self.member(account)).await,
        };
        outcome.unwrap_or_else(IncidentAnswer::Refused)
    }

    /// The member behind an account; nobody behind the one of the command line.
    fn member(&self, account: [u8; 16]) -> Option<[u8; 16]> {
        (account != self.machine).then_some(account)
    }

    /// An incident with its story, its findings and its answers.
    ///
    /// # Errors
    /// There is none, or the store refused.
    pub async fn show(&self, id: u64) -> Result<Shown, Refused> {
        self.incidents.catch_up().await?;
        let incident = self.incidents.get(id).ok_or(Refused::Incident)?;
        let shift = self.ledger.shift(Some(id)).await?;
        let members = self.ledger.members().await?;
        let name = |account: &str| who(account, &members);
        Ok(Shown {
            story: log::story(&incident, &shift, name),
            aware_at: log::aware(Some(&incident), &shift).map(|at| at.0),
            findings: self.findings(Some(&incident)).await?,
            now: self.stand_now_in(&incident).await?,
            second_way: self.asked_so_far(id).await?,
            incident,
        })
    }

    /// Writes a line of a person into the shift log of the latest incident.
    ///
    /// # Errors
    /// It is none, it is not the latest, or nothing can be recorded.
    pub async fn note(&self, id: u64, account: [u8; 16], text: String) -> Result<IncidentAnswer, Refused> {
        if self.incidents.get(id).is_none() {
            return Err(Refused::Incident);
        }
        if !(1..=LINE_CHARS).contains(&text.trim().chars().count()) {
            return Err(Refused::Line);
        }
        // Only the latest can still be written to: the others are history.
        if !self.incidents.is_latest(id) {
            return Err(Refused::NotLatest);
        }
        self.log(self.member(account), Entry::Note, text.trim().to_owned(), id)
            .await?;
        Ok(IncidentAnswer::Noted)
    }

    /// Somebody acknowledged so many alerts: the shift log says who.
    ///
    /// # Errors
    /// Nothing can be recorded.
    pub async fn acknowledged(&self, by: Option<[u8; 16]>, alerts: usize) -> Result<(), Refused> {
        let wish = Wish::Shift(Entry::Acknowledged, alerts.to_string(), self.incidents.current());
        let logged = self.intake.desk(by, wish).await;
        logged.map(|_| ()).map_err(|_| Refused::Unavailable)
    }

    /// Signing was paused, or goes on: shift log and register say who.
    ///
    /// # Errors
    /// Nothing can be recorded.
    pub async fn read_only(&self, read_only: bool, by: Option<[u8; 16]>) -> Result<(), Refused> {
        let entry = Entry::of_read_only(read_only);
        let wish = Wish::Shift(entry, String::new(), self.incidents.current());
        let logged = self.intake.desk(by, wish).await;
        logged.map(|_| ()).map_err(|_| Refused::Unavailable)
    }

    pub(super) async fn log(&self, by: Option<[u8; 16]>, entry: Entry, text: String, id: u64) -> Result<(), Refused> {
        let wish = Wish::Shift(entry, text, Some(id));
        let logged = self.intake.desk(by, wish).await;
        logged.map(|_| ()).map_err(|_| Refused::Unavailable)
    }

    /// Lets more be held without a person, until some minutes have passed or the incident is over.
    async fn raise_cap(
        &self,
        id: u64,
        to: u64,
        minutes: Option<u64>,
        by: Option<[u8; 16]>,
    ) -> Result<IncidentAnswer, Refused> {
        let bounds = self.bounds.borrow().clone();
        let minutes = minutes.unwrap_or(bounds.cap_raised_minutes);
        let mut wanted = bounds.clone();
        let is_within = wanted.set("holds_per_hour", to).is_ok() && wanted.set("cap_raised_minutes", minutes).is_ok();
        if !is_within || to <= bounds.holds_per_hour {
            return Err(Refused::Cap);
        }
        let until = clock::now().0 + minutes * 60_000;
        self.set_cap(id, Some(RaisedCap { to, until }), by).await
    }

    async fn set_cap(&self, id: u64, cap: Option<RaisedCap>, by: Option<[u8; 16]>) -> Result<IncidentAnswer, Refused> {
        if self.board.is_none() {
            return Err(Refused::NoScrutiny);
        }
        if self.incidents.get(id).is_none() {
            return Err(Refused::Incident);
        }
        match self.incidents.set_cap(id, by, cap).await {
            Ok(true) => Ok(IncidentAnswer::Cap(cap.map(|cap| (cap.to, cap.until)))),
            Ok(false) => Err(Refused::Over),
            Err(_) => Err(Refused::Unavailable),
        }
    }

    /// The latest verdicts.
    ///
    /// # Errors
    /// The store refused.
    pub async fn list(&self) -> Result<Vec<Listed>, Refused> {
        let verdicts = self.ledger.verdicts(i64::MAX.unsigned_abs(), LISTED).await?;
        let members = self.ledger.members().await?;
        let listed = |verdict| self.listed(verdict, &members);
        Ok(verdicts.into_iter().map(listed).collect())
    }

    /// The latest verdicts; of the first `most` of them, whether taking them back would change anything.
    ///
    /// # Errors
    /// The store refused.
    pub async fn list_with_ways_back(&self, most: usize) -> Result<Vec<Listed>, Refused> {
        let verdicts = self.ledger.verdicts(i64::MAX.unsigned_abs(), LISTED).await?;
        let members = self.ledger.members().await?;
        let latest = verdicts.first().map_or(0, |verdict| verdict.position);
        let now = clock::now().0;
        let mut listed = Vec::with_capacity(verdicts.len());
        for (at, verdict) in verdicts.into_iter().enumerate() {
            let can_undo = at < most && self.can_undo(&verdict, latest, now).await?;
            listed.push(Listed {
                can_undo,
                ..self.listed(verdict, &members)
            });
        }
        Ok(listed)
    }

    /// Looked at once after each verdict, and again after a while: people end, and places of mailboxes become free.
    async fn can_undo(&self, verdict: &Verdict, latest: u64, now: u64) -> Result<bool, Refused> {
        let known = || self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = known().get(&verdict.position).copied();
        if let Some((_, _, can)) = seen.filter(|(of, at, _)| *of == latest && now < at + LOOKED_AT_FOR) {
            return Ok(can);
        }
        let can = self.way_back(verdict).await?.is_some();
        // While rows follow, the places of mailboxes are not what they will be.
        if self.ledger.judged.now().is_none() {
            let mut known = known();
            known.retain(|_, (of, ..)| *of == latest);
            known.insert(verdict.position, (latest, now, can));
        }
        Ok(can)
    }

    /// The motion that takes a verdict back, for whoever looks at its preview first.
    ///
    /// # Errors
    /// There is none, it is none that can be taken back, or it has been.
    pub async fn undoing(&self, position: u64) -> Result<Motion, Refused> {
        let verdict = self.verdict(position).await?;
        let ways = ways_back(&verdict);
        if ways.is_empty() {
            return Err(Refused::NotUndone);
        }
        let kind = self.way_back(&verdict).await?.ok_or(match verdict.undone_by {
            Some(_) => Refused::Undone,
            None => Refused::NoEffect,
        })?;
        Ok(Motion {
            petition: self.slug(verdict.petition),
            direction: kind.into(),
            condition: Condition {
                verdicts: vec![position],
                ..Condition::default()
            },
            reason: Reason::Mistake.name().to_owned(),
            note: String::new(),
            undoes: Some(position),
            previewed: None,
        })
    }

    /// The verdict that would take this one back for somebody, as everybody stands now.
    async fn way_back(&self, verdict: &Verdict) -> Result<Option<VerdictKind>, Refused> {
        for kind in ways_back(verdict) {
            if self.ledger.would_change(verdict, *kind).await? {
                return Ok(Some(*kind));
            }
        }
        Ok(None)
    }

    /// What a motion would do, and whom it is about.
    pub(super) async fn select(&self, motion: &Motion) -> Result<Selected, Refused> {
        let petition = self
            .shown
            .borrow()
            .petitions
            .get(&motion.petition)
            .map(|petition| petition.id);
        let (petition, kind) = (petition.ok_or(Refused::Petition)?, motion.direction.into());
        let spoken_of = match kind {
            VerdictKind::Held | VerdictKind::Invalidated => self.spoken_of(petition).await?,
            _ => Vec::new(),
        };
        let (among, forgotten) = self.among(&motion.condition).await?;
        let meant = match motion.undoes {
            Some(undone) => {
                let among = among.as_deref().unwrap_or_default();
                Some(self.ledger.meant((petition, undone), kind, among).await?)
            }
            None => None,
        };
        let wanted = Wanted {
            petition,
            kind,
            condition: &motion.condition,
            among,
            meant,
            spoken_of,
            most: self.bounds.borrow().verdict_signatures,
            now: clock::now(),
        };
        let mut selected = self.ledger.select(wanted, &self.observer).await?;
        selected.preview.forgotten = forgotten;
        Ok(selected)
    }

    /// Who is judged by one of its verdicts, member of its finding, and among its answers; `None` if it names none of these. And whether
    /// its finding spoke of more.
    async fn among(&self, condition: &Condition) -> Result<(Option<Vec<SignatureId>>, Option<Forgotten>), Refused> {
        let (mut parts, mut forgotten) = (Vec::new(), None);
        if !condition.verdicts.is_empty() {
            parts.push(self.judged_by_any(&condition.verdicts).await?);
        }
        if let Some(finding) = &condition.finding {
            let members = self.members_of(finding).await?;
            forgotten = members.forgotten;
            parts.push(members.ids);
        }
        if let Some(answers) = condition.answered {
            parts.push(self.answered(answers).await?);
        }
        let in_both = |one: Vec<SignatureId>, other: Vec<SignatureId>| {
            one.into_iter().filter(|id| other.binary_search(id).is_ok()).collect()
        };
        Ok((parts.into_iter().reduce(in_both), forgotten))
    }

    /// Whom any of these verdicts judged, ascending.
    pub(super) async fn judged_by_any(&self, verdicts: &[u64]) -> Result<Vec<SignatureId>, Refused> {
        let mut among = Vec::new();
        for position in verdicts {
            among.extend(self.ledger.judged_by(*position).await?.ok_or(Refused::Verdict)?);
        }
        among.sort_unstable();
        among.dedup();
        Ok(among)
    }

    /// Gives the verdict. A reinstatement ended two facts, and is taken back by two verdicts: who is out of the count by the first is
    /// held beneath it by the second, as far as they were. Should the second fail, its way back is still shown.
    async fn judge_whole(&self, motion: Motion, author: Author) -> Result<IncidentAnswer, Refused> {
        let has_rest = motion.undoes.is_some() && motion.direction == Direction::Invalidate;
        let rest = has_rest.then(|| Motion {
            direction: Direction::Hold,
            previewed: None,
            ..motion.clone()
        });
        let answer = self.judge(motion, author).await?;
        if let (IncidentAnswer::Judged { .. }, Some(rest)) = (&answer, rest) {
            self.judge(rest, author).await?;
        }
        Ok(answer)
    }

    /// Gives the verdict, on whoever the condition means at this moment.
    ///
    /// # Errors
    /// It cannot be given like this, or not recorded.
    pub async fn judge(&self, motion: Motion, author: Author) -> Result<IncidentAnswer, Refused> {
        let kind = VerdictKind::from(motion.direction);
        let reason = Reason::from_name(&motion.reason).filter(|reason| reason.is_for(kind, motion.undoes.is_some()));
        let reason = reason.ok_or(Refused::Reason)?;
        // One press at the desk takes a verdict back, and whoever reads that is told so in their own language.
        let is_one_press = motion.undoes.is_some() && author != Author::Person(self.machine);
        if motion.note.trim().is_empty() && !is_one_press {
            return Err(Refused::Note);
        }
        let Selected { preview, set, .. } = self.select(&motion).await?;
        if set.is_empty() {
            return Ok(IncidentAnswer::Nobody);
        }
        if motion
            .previewed
            .is_some_and(|previewed| !previewed.allows(preview.judged))
        {
            return Err(Refused::Changed);
        }
        let petition = self
            .shown
            .borrow()
            .petitions
            .get(&motion.petition)
            .map(|petition| petition.id);
        let evidence = json!({
            "version": 1, "condition": motion.condition.account(&self.observer, clock::now()),
            "matched": preview.matched, "counted": preview.counted, "confirmed": preview.confirmed,
            "unconfirmed": preview.unconfirmed, "ended": preview.ended, "may_be_honest": preview.honest,
        });
        let judgement = Judgement {
            petition: petition.ok_or(Refused::Petition)?,
            kind,
            reason: reason.code(),
            author,
            evidence: evidence.to_string().into_bytes(),
            note: motion.note,
            undoes: motion.undoes,
            set,
        };
        match self.intake.judge(judgement).await {
            Ok(JudgeAnswer::Judged { position, judged, .. }) => Ok(IncidentAnswer::Judged { position, judged }),
            Ok(JudgeAnswer::Nothing) => Ok(IncidentAnswer::Nobody),
            Ok(JudgeAnswer::Malformed(why)) => Err(Refused::Malformed(why)),
            Err(_) => Err(Refused::Unavailable),
        }
    }

    /// Where a motion judges nobody: the latest verdict about those whom it means, so that the later of two people reads what the
    /// other one has decided. `None` if nothing has been decided about them.
    ///
    /// # Errors
    /// The motion means nobody like this, or the store refused.
    pub async fn decided_already(&self, motion: &Motion) -> Result<Option<Listed>, Refused> {
        let Some(one) = self.select(motion).await?.left_out else {
            return Ok(None);
        };
        for verdict in self.ledger.verdicts(i64::MAX.unsigned_abs(), LISTED).await? {
            let judged = match self.slug(verdict.petition) == motion.petition {
                true => self.ledger.judged_by(verdict.position).await?.unwrap_or_default(),
                false => Vec::new(),
            };
            if judged.binary_search(&one).is_ok() {
                return Ok(Some(self.listed(verdict, &self.ledger.members().await?)));
            }
        }
        Ok(None)
    }

    async fn show_verdict(&self, position: u64) -> Result<Listed, Refused> {
        let verdict = self.verdict(position).await?;
        Ok(self.listed(verdict, &self.ledger.members().await?))
    }

    async fn verdict(&self, position: u64) -> Result<Verdict, Refused> {
        self.ledger.verdict(position).await?.ok_or(Refused::Verdict)
    }

    pub(super) fn slug(&self, id: PetitionId) -> String {
        let shown = self.shown.borrow();
        let petition = shown.petitions.values().find(|petition| petition.id == id);
        petition.map_or_else(String::new, |petition| petition.slug.clone())
    }

    fn listed(&self, verdict: Verdict, members: &Members) -> Listed {
        let who = match verdict.author {
            Author::Scrutiny => Who::Program,
            Author::Person(account) => who(&HEXLOWER.encode(&account), members),
        };
        Listed {
            position: verdict.position,
            petition: self.slug(verdict.petition),
            direction: verdict.kind.into(),
            reason: Reason::from_code(verdict.reason).map_or_else(String::new, |reason| reason.name().to_owned()),
            by_person: verdict.author != Author::Scrutiny,
            who,
            at: verdict.at.0,
            judged: verdict.judged,
            undoes: verdict.undoes,
            undone_by: verdict.undone_by,
            can_undo: false,
            note: verdict.note,
            evidence: serde_json::from_slice(&verdict.evidence).unwrap_or_default(),
        }
    }
}
