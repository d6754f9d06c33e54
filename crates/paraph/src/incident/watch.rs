//! Keeps the book of incidents beside a running server: reads what was judged, looks at the door, and has it recorded.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paraph_tally::{Author, Standing, VerdictKind};
use tokio::sync::watch;

use super::book::{Book, Given, Incident, Pressure, RaisedCap};
use super::log::Entry;
use crate::clock;
use crate::intake::{Intake, Unavailable};
use crate::ledger::query::LedgerReader;
use crate::limits::Limits;
use crate::scrutiny::board::Board;
use crate::shield::Shield;
use crate::store::db::DbError;

/// How often everything is looked at.
const EVERY: Duration = Duration::from_secs(2);
/// Verdicts read at once.
const AT_ONCE: u64 = 100;

/// The incidents of this site. Of a change that could not be recorded the next one takes care.
pub struct Incidents {
    book: Mutex<Book>,
    intake: Intake,
    ledger: LedgerReader,
    limits: Limits,
    /// Where scrutiny reads how many holds a person allows.
    board: Option<Arc<Board>>,
}

impl Incidents {
    /// With what the store has kept.
    ///
    /// # Errors
    /// The store refused.
    pub async fn read(
        intake: Intake,
        ledger: LedgerReader,
        limits: Limits,
        board: Option<Arc<Board>>,
    ) -> Result<Self, DbError> {
        let kept = ledger.incidents().await?;
        for id in kept.damaged {
            let hint = "`paraph fsck` says so too; its row stays as it is, and its place is not taken by another";
            tracing::error!(incident = id, hint, "an incident cannot be read: it is left out");
        }
        let book = Mutex::new(Book::new(kept.incidents, kept.last.unsigned_abs()));
        let incidents = Self {
            book,
            intake,
            ledger,
            limits,
            board,
        };
        incidents.show_cap();
        Ok(incidents)
    }

    /// All of them, the latest first.
    #[must_use]
    pub fn list(&self) -> Vec<Incident> {
        self.book().incidents().iter().rev().cloned().collect()
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<Incident> {
        self.book()
            .incidents()
            .iter()
            .find(|incident| incident.id == id)
            .cloned()
    }

    /// Whether one is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.book().open().is_some()
    }

    /// The incident to which what a person does now belongs: the open one.
    #[must_use]
    pub fn current(&self) -> Option<u64> {
        self.book().open().map(|incident| incident.id)
    }

    /// Whether an incident still takes lines: it is the latest, the others are history.
    #[must_use]
    pub fn is_latest(&self, id: u64) -> bool {
        self.book().incidents().last().is_some_and(|last| last.id == id)
    }

    /// A person allows more holds than usual for a while, or takes that back; it stands in the shift log with the same
    /// commit. Whether the incident is the open one.
    ///
    /// # Errors
    /// It could not be recorded; nothing is changed then.
    pub async fn set_cap(&self, id: u64, by: Option<[u8; 16]>, cap: Option<RaisedCap>) -> Result<bool, Unavailable> {
        let before = self.book().cap();
        let Some(incident) = self.book().set_cap(id, cap) else {
            return Ok(false);
        };
        let (entry, text) = match cap {
            Some(cap) => (Entry::CapRaised, format!("{} {}", cap.to, cap.until)),
            None => (Entry::CapLowered, String::new()),
        };
        let kept = self.intake.keep_incident(incident, Some((by, entry, text))).await;
        if kept.is_err() {
            self.book().set_cap(id, before);
        }
        self.show_cap();
        kept.map(|()| true)
    }

    fn show_cap(&self) {
        if let Some(board) = &self.board {
            board.raise_cap(self.book().cap().map(|cap| (cap.to, cap.until)));
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn keep(&self) -> Result<(), Unavailable> {
        let changed = self.book().take_changed();
        let Some(incident) = changed else { return Ok(()) };
        let kept = self.intake.keep_incident(incident, None).await;
        if kept.is_err() {
            self.book().to_be_kept();
        }
        kept
    }

    async fn look(&self, pressure: Pressure) -> Result<(), DbError> {
        loop {
            let after = self.book().verdicts_to();
            let verdicts = self.ledger.verdicts_after(after, AT_ONCE).await?;
            let is_last = (verdicts.len() as u64) < AT_ONCE;
            for verdict in verdicts {
                let set_aside = match verdict.kind {
                    // A release that is taken back sets nobody aside anew.
                    _ if verdict.undoes.is_some() => 0,
                    VerdictKind::Held => verdict.judged,
                    VerdictKind::Invalidated if self.book().open().is_some() => {
                        self.taken_out(verdict.position).await?
                    }
                    _ => 0,
                };
                let given = Given {
                    set_aside,
                    position: verdict.position,
                    at: verdict.at,
                    by: match verdict.author {
                        Author::Scrutiny => None,
                        Author::Person(account) => Some(account),
                    },
                    direction: verdict.kind.into(),
                    judged: verdict.judged,
                };
                self.book().judged(&given, &self.limits);
            }
            if is_last {
                break;
            }
        }
        self.book().look(pressure, clock::now(), &self.limits);
        self.show_cap();
        Ok(())
    }
}

impl Incidents {
    /// How many an invalidation took out of the count or kept from it: who was held before had been set aside already.
    async fn taken_out(&self, position: u64) -> Result<u64, DbError> {
        let judged = self.ledger.judged_by(position).await?.unwrap_or_default();
        let standings = self.ledger.standings(&judged).await?;
        let from_clear = standings
            .iter()
            .filter(|(axes, _)| axes.verdict == Standing::Invalidated);
        Ok(from_clear.map(|(_, many)| many).sum())
    }
}

/// Watches until `stop` turns true.
pub async fn run(
    incidents: Arc<Incidents>,
    shield: Arc<Shield>,
    board: Option<Arc<Board>>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let pressure = Pressure {
            refused: shield.refusals(),
            bans: shield.bans(clock::now()).len() as u64,
            over_cap: board.as_ref().map_or(0, |board| board.over_cap()),
        };
        if let Err(error) = incidents.look(pressure).await {
            tracing::error!(%error, "verdicts cannot be read; incidents wait");
        }
        if incidents.keep().await.is_err() {
            tracing::warn!("an incident could not be recorded; it is tried again");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}
