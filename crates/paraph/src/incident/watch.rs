//! Keeps the book of incidents beside a running server: reads what was judged, looks at the door, and has it recorded.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paraph_tally::Author;
use tokio::sync::watch;

use super::book::{Book, Given, Incident, Pressure, RaisedCap, ShownCounts};
use super::log::Entry;
use super::{aside, concern};
use crate::clock;
use crate::intake::{Intake, Unavailable};
use crate::ledger::catalogue::Catalogue;
use crate::ledger::query::LedgerReader;
use crate::ledger::verdicts::Verdict;
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
    /// One reads what was judged at a time: nothing stands in a timeline twice.
    reading: tokio::sync::Mutex<()>,
    /// Where scrutiny reads how many holds a person allows.
    board: Option<Arc<Board>>,
    /// Some could not be read when this began. Nothing mends them beside a running server.
    has_unreadable: bool,
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
        let has_unreadable = !kept.damaged.is_empty();
        for id in kept.damaged {
            let hint = "its row stays as it is, and its place is not taken by another; docs/operator.md, \"Check\", says how it is mended";
            tracing::error!(incident = id, hint, "an incident cannot be read: it is left out");
        }
        let book = Mutex::new(Book::new(kept.incidents, kept.last.unsigned_abs()));
        let incidents = Self {
            book,
            intake,
            ledger,
            limits,
            reading: tokio::sync::Mutex::default(),
            board,
            has_unreadable,
        };
        incidents.complete().await?;
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

    /// Whether what was kept of one could not be read.
    #[must_use]
    pub fn has_unreadable(&self) -> bool {
        self.has_unreadable
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
        let is_usual = before.is_none_or(|raised| clock::now().0 >= raised.until);
        if cap.is_none() && is_usual && self.current() == Some(id) {
            // It is the usual one, and nothing is done.
            return Ok(true);
        }
        let Some(incident) = self.book().set_cap(id, cap) else {
            return Ok(false);
        };
        let (entry, text) = match cap {
            Some(cap) => (Entry::CapRaised, format!("{} {}", cap.to, cap.until)),
            None => (Entry::CapLowered, String::new()),
        };
        let kept = self
            .intake
            .keep_incidents(vec![incident], Some((by, entry, text)))
            .await;
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

    /// Has what changed recorded.
    ///
    /// # Errors
    /// It could not be; it is tried again with the next.
    pub async fn keep(&self) -> Result<(), Unavailable> {
        let changed = self.book().take_changed();
        if changed.is_empty() {
            return Ok(());
        }
        let ids: Vec<u64> = changed.iter().map(|incident| incident.id).collect();
        let kept = self.intake.keep_incidents(changed, None).await;
        if kept.is_err() {
            self.book().to_be_kept(ids);
        }
        kept
    }

    /// Reads what was judged since the last look: whoever looks at a story reads in it what stands beside it.
    ///
    /// # Errors
    /// The store refused.
    pub async fn catch_up(&self) -> Result<(), DbError> {
        let _alone = self.reading.lock().await;
        loop {
            let after = self.book().verdicts_to();
            let verdicts = self.ledger.verdicts_after(after, AT_ONCE).await?;
            let is_last = (verdicts.len() as u64) < AT_ONCE;
            for verdict in verdicts {
                let given = self.given(&verdict).await?;
                self.book().judged(&given, &self.limits);
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Reads what was judged since the last look, and sees what the server shows.
    ///
    /// # Errors
    /// The store refused.
    pub async fn look(&self, pressure: Pressure) -> Result<(), DbError> {
        self.catch_up().await?;
        self.book().look(pressure, clock::now(), &self.limits);
        self.book().note_before();
        self.show_cap();
        Ok(())
    }

    /// The pages show this now.
    pub fn shown(&self, catalogue: &Catalogue) {
        if self.book().has_shown(catalogue.as_of) {
            return;
        }
        let petitions = catalogue.petitions.values();
        let counts = ShownCounts {
            as_of: catalogue.as_of,
            of: petitions
                .map(|petition| (petition.id.0, petition.state.counts.counted))
                .collect(),
        };
        self.book().show(counts);
    }
}

impl Incidents {
    /// A verdict, with the incident that it concerns and what it changes of the numbers of incidents.
    async fn given(&self, verdict: &Verdict) -> Result<Given, DbError> {
        let mut given = Given {
            position: verdict.position,
            at: verdict.at,
            by: match verdict.author {
                Author::Scrutiny => None,
                Author::Person(account) => Some(account),
            },
            direction: verdict.kind.into(),
            judged: verdict.judged,
            petition: verdict.petition,
            concerns: None,
            set_aside: Vec::new(),
        };
        // What scrutiny holds goes on now, and was neither held nor invalidated before.
        if given.is_seen() {
            return Ok(given);
        }
        let incidents = self.book().incidents().to_vec();
        let open = incidents.last().filter(|incident| incident.closed_at.is_none());
        given.concerns = concern::of(&self.ledger, &incidents, verdict, self.quiet()).await?;
        let stands_in = given.concerns.or(open.map(|open| open.id));
        for incident in &incidents {
            let is_its_own = stands_in == Some(incident.id);
            if is_its_own || incident.petitions.contains(&verdict.petition.0) {
                let also = is_its_own.then_some(verdict);
                let many = aside::stands(&self.ledger, incident, also, verdict.position).await?;
                given.set_aside.push((incident.id, many));
            }
        }
        Ok(given)
    }

    /// Milliseconds without anything seen that close an incident.
    fn quiet(&self) -> u64 {
        self.limits.incident_quiet_minutes * 60_000
    }

    /// Incidents of an earlier version did not say whom they attacked, and added up again whoever was held again.
    async fn complete(&self) -> Result<(), DbError> {
        let incidents = self.book().incidents().to_vec();
        for incident in incidents.iter().filter(|incident| incident.petitions.is_empty()) {
            let petitions = aside::petitions(&self.ledger, incident).await?;
            if !petitions.is_empty() {
                let whole = Incident {
                    petitions: petitions.clone(),
                    ..incident.clone()
                };
                let up_to = self.book().verdicts_to();
                let many = aside::stands(&self.ledger, &whole, None, up_to).await?;
                self.book().complete(incident.id, petitions, many);
            }
        }
        Ok(())
    }
}

/// Watches until `stop` turns true.
pub async fn run(
    incidents: Arc<Incidents>,
    shield: Arc<Shield>,
    board: Option<Arc<Board>>,
    catalogue: watch::Receiver<Arc<Catalogue>>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let now_shown = Arc::clone(&catalogue.borrow());
        incidents.shown(&now_shown);
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
