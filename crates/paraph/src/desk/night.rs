//! The incident room as pages: looked at live or without script, and what is written down there.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use jiff::tz::TimeZone;
use paraph_shield::net::Net;
use paraph_tally::{Millis, Phase};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::command::Wish;
use super::form::Form;
use super::room::chart::{Minutes, Totals};
use super::room::{Entry, Room, Seen, statement};
use super::{Desk, No, Outcome, Parts, Visit};
use crate::clock;
use crate::ledger::catalogue::Catalogue;
use crate::respond::{Body, SECURITY};
use crate::views::Refusal;
use crate::views::desk::DeskFrame;
use crate::views::room::{
    Charts, ClockPage, CopyPage, FindingCard, LinePage, RoomPage, StatementPage, desk_copy, desk_line, desk_room,
    desk_statement,
};

/// Between two looks of a page that is watched.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A watched page asks again after so long, and its session is looked at again.
const WATCHED: Duration = Duration::from_secs(300);
/// A comment now and then finds out who has gone.
const SIGN_OF_LIFE: u32 = 10;
/// Between two points of a chart.
const MINUTE: Duration = Duration::from_secs(60);
/// Networks that the room shows.
const NETWORKS: usize = 12;
/// Verdicts that the room shows.
const FINDINGS: usize = 20;
/// Characters of a line of the shift log.
const LOG_CHARS: usize = 1000;
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
        let catalogue = Arc::clone(&self.shown.borrow());
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

    /// Keeps the totals of each minute, for the charts, until `stop` turns true.
    pub async fn keep_minutes(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let catalogue = Arc::clone(&self.shown.borrow());
            let counts = || catalogue.petitions.values().map(|petition| petition.state.counts);
            let totals = Totals {
                at: clock::now(),
                admitted: counts().map(|counts| counts.all_signed).sum(),
                settled: counts().map(|counts| counts.settled).sum(),
                held: counts().map(|counts| counts.all_held).sum(),
                sent_away: self.admitter.lanes.shed(),
            };
            self.minutes().note(totals);
            tokio::select! {
                () = tokio::time::sleep(MINUTE) => {}
                _ = stop.changed() => {}
            }
        }
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
        let seen = self.parts.seen(visit.now);
        let shift = self.parts.books.shift().await?;
        let aware = aware(&shift);
        let charts = Charts::of(&self.parts.minutes());
        let bans = self.parts.by_network(visit.now);
        let listed = self.parts.office.list().await.map_err(|_| No::Broken)?;
        let lang = visit.asked.lang;
        let findings: Vec<FindingCard> = listed
            .iter()
            .take(FINDINGS)
            .map(|listed| FindingCard::of(listed, lang))
            .collect();
        let over_cap = self.parts.board.as_ref().map_or(0, |board| board.over_cap());
        let cap = self.parts.limits.holds_per_hour;
        let night = Arc::clone(&self.night);
        Ok(move |frame: &DeskFrame<'_>| {
            let page = RoomPage {
                room: &Room::of(&seen),
                seen: &seen,
                charts: &charts,
                bans: &bans,
                findings: &findings,
                cap,
                over_cap,
                shift: &shift,
                clock: ClockPage { aware, night: &night },
            };
            desk_room(frame, &page)
        })
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

    pub(super) fn acknowledge(&self, visit: &Visit<'_>) -> Outcome {
        self.parts.alerts.acknowledge(None);
        Ok(self.go_to(visit, "/desk/incident", Some("acknowledged")))
    }

    /// A line of the shift log.
    pub(super) async fn log_shift(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let text = form.get("text").trim();
        if text.is_empty() || text.chars().count() > LOG_CHARS {
            return Err(No::Refusal(Refusal::BadRequest));
        }
        let wish = Wish::Shift(Entry::Note, text.to_owned());
        self.parts.intake.desk(Some(visit.by()?), wish).await?;
        Ok(self.go_to(visit, "/desk/incident", Some("noted")))
    }

    /// Starts the clocks, or stops them.
    pub(super) async fn set_clock(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let entry = match form.get("do") {
            "aware" => Entry::Aware,
            "over" => Entry::Over,
            _ => return Err(No::Refusal(Refusal::BadRequest)),
        };
        let wish = Wish::Shift(entry, String::new());
        self.parts.intake.desk(Some(visit.by()?), wish).await?;
        Ok(self.go_to(visit, "/desk/incident", Some("noted")))
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
        self.parts.admitter.set_read_only(read_only);
        let said = visit.asked.lang.text(&format!("desk-done-{done}"));
        self.parts
            .intake
            .desk(Some(visit.by()?), Wish::Shift(Entry::Note, said))
            .await?;
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
        let (counted, _) = totals(&self.catalogue());
        let page = StatementPage {
            set_aside: "",
            before: "",
            after: &counted.to_string(),
            unknown: "",
            complaint: false,
            refused: None,
            made: false,
        };
        Ok(self.page(visit, StatusCode::OK, |frame| desk_statement(frame, &page)))
    }

    pub(super) fn make_statement(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let holders: Vec<String> = self
            .parts
            .by_network(visit.now)
            .into_iter()
            .filter_map(|(holder, _)| Some(holder.split(" (AS").next()?.to_owned()))
            .collect();
        let unknown = form.get("unknown").trim();
        let numbers = ["set_aside", "before", "after"].map(|name| form.get(name).trim());
        let are_numbers = numbers.iter().all(|number| number.parse::<u64>().is_ok());
        let refused = if !are_numbers {
            Some("desk-statement-no-number")
        } else if unknown.chars().count() > STATEMENT_CHARS {
            Some("desk-statement-no-length")
        } else {
            statement::check(unknown, &holders)
                .err()
                .map(statement::Refused::message)
        };
        let page = StatementPage {
            set_aside: numbers[0],
            before: numbers[1],
            after: numbers[2],
            unknown,
            complaint: form.get("complaint") == "on",
            refused,
            made: refused.is_none(),
        };
        let status = if refused.is_some() {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::OK
        };
        Ok(self.page(visit, status, |frame| desk_statement(frame, &page)))
    }
}

/// The moment from which the clocks run, if they do.
fn aware(shift: &[super::books::ShiftLine]) -> Option<Millis> {
    let last = shift.iter().find(|line| line.kind != Entry::Note.name())?;
    (last.kind == Entry::Aware.name()).then_some(last.at)
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
            let mut seen = self.parts.seen(clock::now());
            // What only the clock moves is no news.
            (seen.now, seen.as_of) = (Millis(0), Millis(0));
            let digest: [u8; 32] = Sha256::digest(format!("{seen:?}")).into();
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
