//! Incidents at the desk: each with its story; the limit of holds raised for a while; held people asked by mail.

use http::StatusCode;
use paraph_tally::Millis;

use super::form::Form;
use super::{Desk, No, Outcome, Visit};
use crate::incident::book::Incident;
use crate::incident::second_way::Ask;
use crate::incident::{IncidentAnswer, IncidentCommand, Refused};
use crate::views::Refusal;
use crate::views::incident::{
    AskPage, FoundCard, IncidentPage, IncidentsPage, LimitPage, desk_ask, desk_incident, desk_incidents,
};
use crate::views::room::Noting;

/// By how much a press raises the limit of holds.
const TIMES: [u64; 3] = [2, 4, 10];
/// The most that it can be raised to; the range of `limits.holds_per_hour`.
const MOST: u64 = 1_000_000;

impl Desk {
    /// Holds an hour without a person: how many, who waits, and what a press would allow.
    pub(super) fn limit(&self, open: Option<&Incident>, now: Millis) -> LimitPage {
        let usual = self.parts.office.bounds.borrow().holds_per_hour;
        let board = self.parts.board.as_ref();
        let raised = open.and_then(|incident| incident.cap).filter(|cap| now.0 < cap.until);
        LimitPage {
            usual,
            over: board.map_or(0, |board| board.over_cap()),
            raised: raised.map(|cap| (cap.to, Millis(cap.until))),
            incident: open.map(|incident| incident.id),
            choices: TIMES.map(|times| (usual.max(100) * times).min(MOST)),
            minutes: self.parts.limits.cap_raised_minutes,
        }
    }

    pub(super) async fn incidents_page(&self, visit: &Visit<'_>) -> Outcome {
        let incidents = self.parts.office.incidents.list();
        let page = IncidentsPage {
            incidents: &incidents,
            zone: &self.night.zone,
        };
        Ok(self.page(visit, StatusCode::OK, |frame| desk_incidents(frame, &page)))
    }

    pub(super) async fn incident_page(&self, visit: &Visit<'_>, number: &str) -> Outcome {
        self.one_incident(visit, StatusCode::OK, number, Noting::default())
            .await
    }

    pub(super) async fn one_incident(
        &self,
        visit: &Visit<'_>,
        status: StatusCode,
        number: &str,
        noting: Noting<'_>,
    ) -> Outcome {
        let id = number.parse().map_err(|_| No::Page)?;
        let shown = self.parts.office.show(id).await.map_err(no)?;
        let lang = visit.asked.lang;
        let findings: Vec<FoundCard> = shown
            .findings
            .iter()
            .map(|found| FoundCard::of(found, lang, &self.night.zone))
            .collect();
        let page = IncidentPage {
            shown: &shown,
            findings: &findings,
            limit: &self.limit(
                Some(&shown.incident).filter(|incident| incident.closed_at.is_none()),
                visit.now,
            ),
            noting,
            night: &self.night,
            may_judge: visit.may(super::role::Act::Judge),
        };
        Ok(self.page(visit, status, |frame| desk_incident(frame, &page)))
    }

    /// Raises the limit of holds for a while, or lets the usual one be in force again.
    pub(super) async fn set_cap(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let incident = form.get("incident").parse().map_err(|_| No::Page)?;
        let command = match form.get("do") {
            "raise" => {
                let to = form.get("to").parse().map_err(|_| No::Refusal(Refusal::BadRequest))?;
                IncidentCommand::IncidentRaiseCap(incident, to, None)
            }
            "lower" => IncidentCommand::IncidentLowerCap(incident),
            _ => return Err(No::Refusal(Refusal::BadRequest)),
        };
        match self.parts.office.carry_out(command, visit.by()?).await {
            IncidentAnswer::Cap(Some(_)) => Ok(self.go_to(visit, "/desk/incident", Some("cap-raised"))),
            IncidentAnswer::Cap(None) => Ok(self.go_to(visit, "/desk/incident", Some("cap-lowered"))),
            IncidentAnswer::Refused(why) => Err(no(why)),
            _ => Err(No::Broken),
        }
    }

    /// A preview first; held people are asked with another press. Mails that have not left can be called back.
    pub(super) async fn second_way(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let incident: u64 = form.get("incident").parse().map_err(|_| No::Page)?;
        let finding = Some(form.get("finding").to_owned()).filter(|finding| !finding.is_empty());
        let ask = Ask {
            incident,
            verdicts: Vec::new(),
            finding,
        };
        let there = format!("/desk/incidents/{incident}");
        let command = match form.get("do") {
            "preview" => IncidentCommand::IncidentAskPreview(ask.clone()),
            "ask" => IncidentCommand::IncidentAsk(ask.clone()),
            "call-back" => IncidentCommand::IncidentCallBack(incident),
            _ => return Err(No::Refusal(Refusal::BadRequest)),
        };
        match self.parts.office.carry_out(command, visit.by()?).await {
            IncidentAnswer::Asking(preview) => {
                let page = AskPage {
                    ask: &ask,
                    preview: &preview,
                    zone: &self.night.zone,
                };
                Ok(self.page(visit, StatusCode::OK, |frame| desk_ask(frame, &page)))
            }
            IncidentAnswer::Asked(_) => Ok(self.go_to(visit, &there, Some("asked"))),
            IncidentAnswer::CalledBack(0) => Ok(self.go_to(visit, &there, Some("all-left"))),
            IncidentAnswer::CalledBack(_) => Ok(self.go_to(visit, &there, Some("called-back"))),
            // Whoever could be asked was asked meanwhile, or is held no more.
            IncidentAnswer::Nobody => Ok(self.go_to(visit, &there, Some("asked-already"))),
            IncidentAnswer::Refused(why) => Err(no(why)),
            _ => Err(No::Broken),
        }
    }
}

/// Why an incident or a verdict is not as its page said.
pub(super) fn no(why: Refused) -> No {
    match why {
        Refused::Incident | Refused::Finding | Refused::Verdict | Refused::Petition => No::Page,
        Refused::Cap | Refused::Line | Refused::Reason | Refused::Note => No::Refusal(Refusal::BadRequest),
        Refused::Unavailable => No::Busy,
        Refused::Undone | Refused::NotUndone => No::Stands("undone"),
        // A verdict at the desk shows a fresh preview instead; an undo has none.
        Refused::Changed | Refused::NoEffect => No::Stands("nobody"),
        Refused::Over | Refused::NotLatest => No::Stands("over"),
        Refused::NoScrutiny => No::Stands("no-scrutiny"),
        Refused::Malformed(_) => No::Stands("nobody"),
    }
}
