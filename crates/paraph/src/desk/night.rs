//! The incident room as pages: looked at live or without script, and what is written down there.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use jiff::tz::TimeZone;
use paraph_shield::net::Net;
use paraph_tally::{Millis, PetitionId, Phase};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::command::Wish;
use super::form::Form;
use super::room::chart::{Minutes, Totals};
use super::room::{Room, Seen, statement};
use super::{Desk, No, Outcome, Parts, Visit};
use crate::admit::contribution::without_invisible;
use crate::clock;
use crate::incident::book::Incident;
use crate::incident::log::ShiftLine;
use crate::incident::log::{self, Entry};
use crate::incident::second_way::AskedSoFar;
use crate::incident::sources::HeldSources;
use crate::ledger::catalogue::Catalogue;
use crate::respond::{Body, SECURITY};
use crate::views::Refusal;
use crate::views::desk::DeskFrame;
use crate::views::incident::{FoundCard, RunningClock};
use crate::views::room::{
    Charts, CopyPage, FindingCard, LinePage, LogPage, Noting, RoomPage, desk_copy, desk_line, desk_log, desk_room,
};
use crate::views::statement::{StatementPage, desk_statement};

/// Between two looks of a page that is watched.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A watched page asks again after so long, and its session is looked at again.
const WATCHED: Duration = Duration::from_secs(300);
/// A comment now and then finds out who has gone.
const SIGN_OF_LIFE: u32 = 10;
/// Between two points of a chart.
const MINUTE: Duration = Duration::from_secs(60);
/// Holders of banned networks that are remembered, for the statement.
const HOLDERS: usize = 1000;
/// Networks that the room shows.
const NETWORKS: usize = 12;
/// Verdicts that the room shows, and findings.
const FINDINGS: usize = 20;
/// Incidents that the room shows; the others have a page.
const INCIDENTS: usize = 5;
/// Incidents whose clocks are looked at.
const CLOCKS: usize = 20;
/// Lines of the shift log that the room shows; each incident has all of its own.
const SHIFT_LINES: usize = 50;
/// Characters of a line of the shift log.
const LOG_CHARS: usize = 1000;
/// Fields of the statement that take a whole number.
const NUMBERS: [&str; 3] = ["set_aside", "before", "after"];
/// Characters of what the statement says is not known.
const STATEMENT_CHARS: usize = 2000;

/// Whom to call, as configured.
#[derive(Clone, Debug)]
pub struct Night {
    /// At the host: name and number.
    pub call: Option<String>,
    /// Number of the contract with the host.
    pub contract: Option<String>,
    /// Who decides about complaints and notices.
    pub decides: Option<String>,
    /// Time zone of who is woken.
    pub zone: TimeZone,
}

impl Parts {
    /// What the room is made from, now.
    fn seen(&self, now: Millis) -> Seen {
        let on = self.alerts.on();
        let catalogue = Arc::clone(&self.published.shown.borrow());
        let total = totals(&catalogue);
        Seen {
            now,
            acknowledged: on.iter().all(|(_, _, acknowledged)| *acknowledged),
            alarms: on.into_iter().map(|(alarm, since, _)| (alarm, since)).collect(),
            read_only: self.admitter.is_read_only(),
            counted: total.0,
            held: total.1,
            as_of: catalogue.as_of,
            settle_every_seconds: self.limits.settle_every_seconds,
        }
    }

    /// Another one when there is something new to see in the room: lamps, incidents with what was decided in them, what waits
    /// beyond the limit, findings, the latest line of the shift log. What only the clock moves is no news.
    async fn pulse(&self) -> [u8; 32] {
        let mut seen = self.seen(clock::now());
        (seen.now, seen.as_of) = (Millis(0), Millis(0));
        let incidents = self.office.incidents.list();
        let board = self.board.as_ref().map(|board| (board.over_cap(), board.findings()));
        // A store that does not answer has nothing new to say; the lamps say why.
        let line = self.books.shift().await.ok().and_then(|shift| shift.into_iter().next());
        Sha256::digest(format!("{seen:?}{incidents:?}{board:?}{line:?}")).into()
    }

    /// Keeps the totals of each minute, for the charts, until `stop` turns true.
    pub async fn keep_minutes(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let catalogue = Arc::clone(&self.published.shown.borrow());
            let counts = || catalogue.petitions.values().map(|petition| petition.state.counts);
            let totals = Totals {
                at: clock::now(),
                admitted: counts().map(|counts| counts.all_signed).sum(),
                settled: counts().map(|counts| counts.settled).sum(),
                held: counts().map(|counts| counts.all_held).sum(),
                sent_away: self.admitter.lanes.shed(),
                refused: self.shield.refusals(),
            };
            self.minutes().note(totals);
            self.note_holders(totals.at);
            tokio::select! {
                () = tokio::time::sleep(MINUTE) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Remembers who holds the networks of what is banned: by the morning no ban may be in force any more.
    fn note_holders(&self, now: Millis) {
        let banned = self.by_network(now);
        let mut holders = self.holders();
        for (name, _) in banned {
            if holders.len() < HOLDERS
                && let Some((holder, _)) = name.rsplit_once(" (AS")
            {
                holders.insert(holder.to_owned());
            }
        }
    }

    fn holders(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.holders.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Banned sources by the registered holder of the network that announces them, the most first.
    fn by_network(&self, now: Millis) -> Vec<(String, u64)> {
        let known = self.networks.get();
        let mut counted: BTreeMap<String, u64> = BTreeMap::new();
        for (net, _) in self.shield.bans(now) {
            let address = match net {
                Net::Host4(address) | Net::Wide4(address) => IpAddr::V4(address),
                Net::Host6(address) | Net::Wide6(address) => IpAddr::V6(address),
            };
            let origin = known.lookup(address);
            let name = origin.map_or_else(
                || "?".to_owned(),
                |origin| format!("{} (AS{})", origin.holder, origin.asn),
            );
            *counted.entry(name).or_default() += 1;
        }
        let mut counted: Vec<(String, u64)> = counted.into_iter().collect();
        counted.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
        counted.truncate(NETWORKS);
        counted
    }

    fn minutes(&self) -> std::sync::MutexGuard<'_, Minutes> {
        self.minutes.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Counted and held, over all petitions.
fn totals(catalogue: &Catalogue) -> (u64, u64) {
    let counts = || catalogue.petitions.values().map(|petition| petition.state.counts);
    (
        counts().map(|counts| counts.counted).sum(),
        counts().map(|counts| counts.held).sum(),
    )
}

impl Desk {
    pub(super) async fn room_page(&self, visit: &Visit<'_>) -> Outcome {
        let html = self.render_room(visit).await?;
        Ok(self.page(visit, StatusCode::OK, html))
    }

    async fn render_room(&self, visit: &Visit<'_>) -> Result<impl FnOnce(&DeskFrame<'_>) -> String, No> {
        self.parts.office.incidents.catch_up().await?;
        let seen = self.parts.seen(visit.now);
        let shift = self.parts.books.shift().await?;
        let incidents = self.parts.office.incidents.list();
        let clocks = clocks(&incidents, &shift);
        let charts = Charts::of(&self.parts.minutes());
        let bans = self.parts.by_network(visit.now);
        let listed = self.parts.office.list_with_ways_back(FINDINGS).await;
        let listed = listed.map_err(|_| No::Broken)?;
        let lang = visit.asked.lang;
        let findings: Vec<FindingCard> = listed
            .iter()
            .take(FINDINGS)
            .map(|listed| FindingCard::of(listed, lang, &self.night.zone))
            .collect();
        let open = incidents.first().filter(|incident| incident.closed_at.is_none());
        let found = self.parts.office.findings(open).await.map_err(|_| No::Broken)?;
        let standing: Vec<FoundCard> = found
            .iter()
            .take(FINDINGS)
            .map(|found| FoundCard::of(found, lang, &self.night.zone))
            .collect();
        let asked = match incidents.first() {
            Some(latest) => self
                .parts
                .office
                .asked_so_far(latest.id)
                .await
                .map_err(|_| No::Broken)?,
            None => AskedSoFar::default(),
        };
        let limit = self.limit(open, visit.now);
        let held = self.held_sources().await?;
        let night = Arc::clone(&self.night);
        Ok(move |frame: &DeskFrame<'_>| {
            let page = RoomPage {
                room: &Room::of(&seen),
                seen: &seen,
                charts: &charts,
                bans: &bans,
                held: &held,
                findings: &findings,
                standing: &standing,
                limit: &limit,
                incidents: &incidents[..incidents.len().min(INCIDENTS)],
                more_incidents: incidents.len() > INCIDENTS,
                asked: &asked,
                shift: &shift[..shift.len().min(SHIFT_LINES)],
                clocks: &clocks,
                night: &night,
            };
            desk_room(frame, &page)
        })
    }

    /// Networks of what is held, looked at once after each verdict, whoever watches.
    async fn held_sources(&self) -> Result<HeldSources, No> {
        let mut known = self.parts.held.lock().await;
        let looked = self.parts.office.held_sources(&known).await;
        *known = looked.map_err(|_| No::Broken)?;
        Ok(known.clone())
    }

    /// Tells a page that is open when there is something new to see: never what, so that the page is the one place
    /// where it is worded.
    pub(super) fn watch_room(&self, visit: &Visit<'_>) -> Outcome {
        visit.by()?;
        let places = Arc::clone(&self.parts.watchers);
        let Ok(place) = places.try_acquire_owned() else {
            return Err(No::Busy);
        };
        let watching = Watching {
            parts: Arc::clone(&self.parts),
            last: None,
            until: tokio::time::Instant::now() + WATCHED,
            silent: 0,
            _place: place,
        };
        let events = stream::unfold(watching, |mut watching| async move {
            let event = watching.next().await?;
            Some((event, watching))
        });
        let mut answer = Response::new(Body::Events(Box::pin(events)));
        let headers = answer.headers_mut();
        headers.extend(SECURITY.map(|(name, value)| (Some(name), value)));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(answer)
    }

    pub(super) async fn acknowledge(&self, visit: &Visit<'_>) -> Outcome {
        let by = visit.by()?;
        let acknowledged = self.parts.alerts.acknowledge(None);
        if acknowledged > 0 {
            // Nobody is woken again for want of a line.
            let _ = self.parts.office.acknowledged(Some(by), acknowledged).await;
        }
        Ok(self.go_to(visit, "/desk/incident", Some("acknowledged")))
    }

    pub(super) async fn log_page(&self, visit: &Visit<'_>) -> Outcome {
        self.noting(visit, StatusCode::OK, Noting::default()).await
    }

    async fn noting(&self, visit: &Visit<'_>, status: StatusCode, noting: Noting<'_>) -> Outcome {
        let shift = self.parts.books.shift().await?;
        let page = LogPage {
            shift: &shift[..shift.len().min(SHIFT_LINES)],
            noting,
            night: &self.night,
        };
        Ok(self.page(visit, status, |frame| desk_log(frame, &page)))
    }

    /// A line of the shift log.
    pub(super) async fn log_shift(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        // What nobody sees would print a line in another order to whoever reads the story later.
        let text = without_invisible(form.get("text"));
        let text = text.trim();
        let wrong = match text.chars().count() {
            0 => Some("desk-problem-shift-empty"),
            1..=LOG_CHARS => None,
            _ => Some("desk-problem-shift-long"),
        };
        if wrong.is_some() {
            let typed = form.get("text");
            let noting = Noting { typed, wrong };
            return match form.get("incident") {
                "" => self.noting(visit, StatusCode::BAD_REQUEST, noting).await,
                number => self.one_incident(visit, StatusCode::BAD_REQUEST, number, noting).await,
            };
        }
        self.write_shift(visit, form, Entry::Note, text).await?;
        Ok(self.go_to(visit, &page_of(form), Some("noted")))
    }

    /// Starts the clocks, or stops them.
    pub(super) async fn set_clock(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let entry = match form.get("do") {
            "aware" => Entry::Aware,
            "over" => Entry::Over,
            _ => return Err(No::Refusal(Refusal::BadRequest)),
        };
        let incident = self.incident_of(form)?;
        let shift = self.parts.books.shift().await?;
        let runs = log::aware(incident.as_ref(), &shift).is_some();
        // Pressed twice, it is known since the first time, and written down once.
        if runs == (entry == Entry::Over) {
            self.write_shift(visit, form, entry, "").await?;
        }
        Ok(self.go_to(visit, &page_of(form), Some("noted")))
    }

    /// The incident that a form names, or what is going on now.
    fn incident_of(&self, form: &Form) -> Result<Option<Incident>, No> {
        let incidents = &self.parts.office.incidents;
        match form.get("incident") {
            "" => Ok(incidents.current().and_then(|id| incidents.get(id))),
            named => {
                let id = named.parse().map_err(|_| No::Page)?;
                Ok(Some(incidents.get(id).ok_or(No::Page)?))
            }
        }
    }

    async fn write_shift(&self, visit: &Visit<'_>, form: &Form, entry: Entry, text: &str) -> Result<(), No> {
        let incident = self.incident_of(form)?.map(|incident| incident.id);
        let wish = Wish::Shift(entry, text.to_owned(), incident);
        self.parts.intake.desk(Some(visit.by()?), wish).await?;
        Ok(())
    }

    /// "The line is full": what software cannot mend.
    pub(super) fn line_page(&self, visit: &Visit<'_>) -> Outcome {
        let catalogue = self.catalogue();
        let open = catalogue
            .petitions
            .values()
            .filter(|petition| petition.state.phase == Phase::Open);
        let petitions: Vec<(String, String)> = open
            .map(|petition| (petition.slug.clone(), petition.title.clone()))
            .collect();
        let page = LinePage {
            night: &self.night,
            petitions: &petitions,
            read_only: self.parts.admitter.is_read_only(),
        };
        Ok(self.page(visit, StatusCode::OK, |frame| desk_line(frame, &page)))
    }

    /// Pages only, until somebody lets people sign again; a line of the shift log says who did it.
    pub(super) async fn set_read_only(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let (read_only, done) = match form.get("do") {
            "pause" => (true, "paused"),
            "resume" => (false, "resumed"),
            _ => return Err(No::Refusal(Refusal::BadRequest)),
        };
        // What was so before, nobody has done.
        if self.parts.admitter.set_read_only(read_only) {
            let noted = self.parts.office.read_only(read_only, Some(visit.by()?)).await;
            noted.map_err(|_| No::Busy)?;
        }
        Ok(self.go_to(visit, "/desk/incident", Some(done)))
    }

    /// One file to put elsewhere while the line is full.
    pub(super) fn copy_page(&self, visit: &Visit<'_>, slug: &str) -> Outcome {
        let catalogue = self.catalogue();
        let petition = catalogue
            .petitions
            .get(slug)
            .filter(|petition| petition.state.phase != Phase::Draft);
        let petition = petition.ok_or(No::Page)?;
        let page = CopyPage {
            title: &petition.title,
            owner: &petition.owner,
            body: &petition.body,
            language: &petition.language,
            counted: petition.state.counts.counted,
            as_of: catalogue.as_of.0,
            address: &format!("{}/p/{slug}", self.site.base_url),
        };
        let mut answer = self.page(visit, StatusCode::OK, |frame| desk_copy(&frame.f, &page));
        let name = format!("attachment; filename=\"{slug}.html\"");
        if let Ok(name) = HeaderValue::try_from(name) {
            answer.headers_mut().insert(CONTENT_DISPOSITION, name);
        }
        Ok(answer)
    }

    pub(super) fn statement_page(&self, visit: &Visit<'_>) -> Outcome {
        let latest = self.parts.office.incidents.list().into_iter().next();
        let set_aside = latest.as_ref().map(|latest| set_aside(latest).to_string());
        let (attacked, counted) = self.attacked(latest.as_ref());
        let known = latest.as_ref().and_then(Incident::counted_before);
        let before = known.map(|(_, counted)| counted.to_string());
        let page = StatementPage {
            set_aside: set_aside.as_deref().unwrap_or_default(),
            before: before.as_deref().unwrap_or_default(),
            before_at: known.map(|(as_of, _)| as_of),
            zone: &self.night.zone,
            after: &counted.to_string(),
            attacked: &attacked,
            unknown: "",
            complaint: false,
            wrong: &[],
            in_question: "",
            made: false,
        };
        Ok(self.page(visit, StatusCode::OK, |frame| desk_statement(frame, &page)))
    }

    /// Titles of the petitions that an incident attacked, and how many are counted of them now; without one, of all.
    fn attacked(&self, incident: Option<&Incident>) -> (String, u64) {
        let catalogue = self.catalogue();
        let of_it = |id: PetitionId| incident.is_none_or(|incident| was_attacked(incident, id));
        let attacked = || catalogue.petitions.values().filter(|petition| of_it(petition.id));
        let titles: Vec<&str> = attacked().map(|petition| petition.title.as_str()).collect();
        let counted = attacked().map(|petition| petition.state.counts.counted).sum();
        let is_named = incident.is_some_and(|incident| !incident.petitions.is_empty());
        (if is_named { titles.join(", ") } else { String::new() }, counted)
    }

    pub(super) fn make_statement(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        self.parts.note_holders(visit.now);
        let holders: Vec<String> = self.parts.holders().iter().cloned().collect();
        // What nobody sees would print a text in another order, or hide a name from the check.
        let unknown = without_invisible(form.get("unknown"));
        let unknown = unknown.trim();
        let numbers = NUMBERS.map(|name| form.get(name).trim());
        let mut wrong: Vec<(&'static str, &'static str)> = Vec::new();
        for (field, number) in NUMBERS.into_iter().zip(numbers) {
            if statement::whole_number(number).is_none() {
                let is_empty = number.is_empty();
                wrong.push((
                    field,
                    if is_empty {
                        "desk-statement-empty-number"
                    } else {
                        "desk-statement-no-number"
                    },
                ));
            }
        }
        let checked = if unknown.chars().count() > STATEMENT_CHARS {
            Err("desk-statement-no-length")
        } else {
            let checked = statement::check(unknown, &holders, self.parts.networks.get().holders());
            checked.map_err(statement::Refused::message)
        };
        wrong.extend(checked.as_ref().err().map(|message| ("unknown", *message)));
        // Said of these words; others that came since are asked about again.
        let in_question = checked.unwrap_or_default().join(", ");
        let made = wrong.is_empty() && (in_question.is_empty() || form.get("no_names") == in_question);
        let latest = self.parts.office.incidents.list().into_iter().next();
        let known = latest.as_ref().and_then(Incident::counted_before);
        let page = StatementPage {
            set_aside: numbers[0],
            before: numbers[1],
            before_at: known.map(|(as_of, _)| as_of),
            zone: &self.night.zone,
            after: numbers[2],
            attacked: &self.attacked(latest.as_ref()).0,
            unknown,
            complaint: form.get("complaint") == "on",
            wrong: &wrong,
            in_question: &in_question,
            made,
        };
        let status = if made { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        Ok(self.page(visit, status, |frame| desk_statement(frame, &page)))
    }
}

/// Attempts to sign that stand set aside by an incident, for the statement, whose author looks at it first. A request refused at the
/// door is no attempt to sign, and a flood must not print a large number.
fn set_aside(incident: &Incident) -> u64 {
    incident.held
}

/// Whether an incident's verdicts were about a petition. One that only refused requests was about none in particular.
fn was_attacked(incident: &Incident, petition: PetitionId) -> bool {
    incident.petitions.is_empty() || incident.petitions.contains(&petition.0)
}

/// Clocks that run: of each incident whose awareness nobody has taken back, as long as its terms do, and outside of any.
fn clocks(incidents: &[Incident], shift: &[ShiftLine]) -> Vec<RunningClock> {
    let of = |incident: Option<&Incident>| {
        let aware = log::aware(incident, shift)?;
        let incident = incident.map(|incident| incident.id);
        Some(RunningClock { incident, aware })
    };
    let latest = incidents.iter().take(CLOCKS).map(Some);
    latest.chain([None]).filter_map(of).collect()
}

/// Where a form of the shift log came from.
fn page_of(form: &Form) -> String {
    match form.get("incident") {
        "" => "/desk/incident".to_owned(),
        incident => format!("/desk/incidents/{incident}"),
    }
}

/// One page that is watched.
struct Watching {
    parts: Arc<Parts>,
    last: Option<[u8; 32]>,
    until: tokio::time::Instant,
    silent: u32,
    _place: OwnedSemaphorePermit,
}

impl Watching {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if tokio::time::Instant::now() > self.until || self.parts.intake.is_stopped() {
                return None;
            }
            let digest = self.parts.pulse().await;
            if self.last != Some(digest) {
                let is_first = self.last.is_none();
                self.last = Some(digest);
                self.silent = 0;
                let event: &'static [u8] = if is_first {
                    b": here\n\n"
                } else {
                    b"event: room\ndata: new\n\n"
                };
                return Some(Bytes::from_static(event));
            }
            self.silent += 1;
            if self.silent >= SIGN_OF_LIFE {
                self.silent = 0;
                return Some(Bytes::from_static(b": still here\n\n"));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use paraph_tally::PetitionId;

    use super::{set_aside, was_attacked};
    use crate::incident::book::Incident;

    fn incident(petitions: &[u32]) -> Incident {
        serde_json::from_value(serde_json::json!({
            "id": 1, "opened_at": 0, "seen_at": 0, "aware_at": null, "closed_at": null, "held": 7, "refused": 505_221,
            "timeline": [], "left_out": 0, "verdicts_to": 0, "petitions": petitions,
        }))
        .expect("an incident")
    }

    #[test]
    fn a_flood_that_completed_no_form_prints_no_number() {
        assert_eq!(set_aside(&incident(&[])), 7);
    }

    #[test]
    fn the_statement_counts_the_petitions_that_were_attacked() {
        let of = |petitions: &[u32]| [1, 2].map(|id| was_attacked(&incident(petitions), PetitionId(id)));
        assert_eq!(of(&[2]), [false, true]);
        assert_eq!(of(&[]), [true, true], "only refusals: of all");
    }
}
