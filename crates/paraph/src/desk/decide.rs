//! Verdicts by hand: whom a person means, what it would do, then one button; and the way back, in one.

use http::StatusCode;
use jiff::tz::TimeZone;
use paraph_scrutiny::FindingName;
use paraph_tally::{PetitionId, Phase, VerdictKind};

use super::form::Form;
use super::incidents::no;
use super::moment::{self, Wrong};
use super::room::statement::whole_number;
use super::{Desk, No, Outcome, Visit};
use crate::incident::answers::Answers;
use crate::incident::condition::{Condition, Network, mail_domain};
use crate::incident::preview::Preview;
use crate::incident::{Direction, IncidentAnswer, IncidentCommand, Listed, Motion, Previewed, Refused};
use crate::intake::verdict::reason::Reason;
use crate::ledger::catalogue::Catalogue;
use crate::respond::Answer;
use crate::views::decide::{DecidePage, Deciding, WrongField, desk_decide};

/// Characters of what is said about a verdict.
const NOTE_CHARS: usize = 500;

/// Directions that a form offers.
pub const DIRECTIONS: [Direction; 4] = [
    Direction::Hold,
    Direction::Invalidate,
    Direction::Release,
    Direction::Reinstate,
];

impl Deciding {
    /// What a form holds.
    fn of(form: &Form) -> Self {
        let get = |name| form.get(name).trim().to_owned();
        Self {
            petition: get("petition"),
            direction: get("direction"),
            from: get("from"),
            to: get("to"),
            network: get("network"),
            domain: get("domain").to_lowercase(),
            comment: get("comment"),
            verdict: get("verdict"),
            finding: get("finding").to_lowercase(),
            answered: get("answered"),
            apart: form.get("apart") == "on",
            reason: Some(get("reason"))
                .filter(|reason| !reason.is_empty())
                .unwrap_or_else(|| usual_reason(form).to_owned()),
            note: get("note"),
            until: get("until"),
            previewed: get("previewed"),
        }
    }

    /// The motion that was typed, or the field that is wrong.
    fn motion(&self, zone: &TimeZone, most_comment: u64) -> Result<Motion, &'static str> {
        let direction = DIRECTIONS.iter().find(|direction| direction.name() == self.direction);
        let direction = direction.ok_or("direction")?;
        let moment = |typed: &str, [none, lost, twice]: [&'static str; 3]| match typed {
            "" => Ok(None),
            typed => moment::read(typed, zone).map(Some).map_err(|wrong| match wrong {
                Wrong::NoTime => none,
                Wrong::Lost => lost,
                Wrong::Twice => twice,
            }),
        };
        let network = match &*self.network {
            "" => None,
            typed => Some(read_network(typed).ok_or("network")?),
        };
        let domain = match &*self.domain {
            "" => None,
            typed => Some(mail_domain(typed).ok_or("domain")?),
        };
        let verdicts = match &*self.verdict {
            "" => Vec::new(),
            typed => vec![read_number(typed).ok_or("verdict")?],
        };
        let finding = match &*self.finding {
            "" => None,
            typed if FindingName::read(typed).is_some() => Some(typed.to_owned()),
            _ => return Err("finding"),
        };
        let answered = match &*self.answered {
            "" => None,
            typed => Some(Answers {
                incident: typed.parse().map_err(|_| "verdict")?,
                apart: self.apart,
            }),
        };
        let condition = Condition {
            from: moment(&self.from, ["from", "from-lost", "from-twice"])?,
            to: moment(&self.to, ["to", "to-lost", "to-twice"])?,
            network,
            domain,
            comment: Some(self.comment.clone()).filter(|comment| !comment.is_empty()),
            verdicts,
            finding,
            answered,
        };
        if condition.is_backwards() {
            return Err("order");
        }
        if self.comment.chars().count() as u64 > most_comment {
            return Err("comment");
        }
        // "Everybody" is never what a tired person means.
        if condition == Condition::default() {
            return Err("whom");
        }
        let kind = VerdictKind::from(*direction);
        Reason::from_name(&self.reason)
            .filter(|reason| reason.is_for(kind, false))
            .ok_or("reason")?;
        if self.note.chars().count() > NOTE_CHARS {
            return Err("note");
        }
        Ok(Motion {
            petition: self.petition.clone(),
            direction: *direction,
            condition,
            reason: self.reason.clone(),
            note: self.note.clone(),
            undoes: None,
            previewed: None,
        })
    }
}

/// A motion about nobody who signed at that moment or later.
fn until_then(motion: &Motion, until: u64) -> Motion {
    let mut motion = motion.clone();
    motion.condition.to = Some(motion.condition.to.map_or(until, |to| to.min(until)));
    motion
}

/// The reason of a button that names none: what scrutiny says speaks against them, and who was looked at for them.
fn usual_reason(form: &Form) -> &'static str {
    match (form.get("direction"), form.get("answered")) {
        ("hold" | "invalidate", _) => Reason::Lockstep.name(),
        (_, "") => Reason::Reviewed.name(),
        _ => Reason::Answered.name(),
    }
}

/// An address, or the number of a network.
fn read_network(typed: &str) -> Option<Network> {
    Network::read(typed).or_else(|| typed.parse().ok().map(Network::Origin))
}

/// The number of a verdict, also as people write it: "n° 362", "No. 362", "#362".
fn read_number(typed: &str) -> Option<u64> {
    let typed = typed.to_lowercase();
    let sign = ["n°", "nº", "no.", "no", "#"]
        .into_iter()
        .find_map(|sign| typed.strip_prefix(sign));
    whole_number(sign.unwrap_or(&typed).trim())
}

impl Desk {
    pub(super) fn decide_page(&self, visit: &Visit<'_>) -> Outcome {
        let attacked = self.parts.board.as_ref().and_then(|board| {
            let findings = board.findings();
            Some(findings.first()?.petition)
        });
        let deciding = Deciding {
            petition: likely(&self.catalogue(), attacked),
            direction: "hold".to_owned(),
            reason: Reason::Machine.name().to_owned(),
            ..Deciding::default()
        };
        Ok(self.deciding(visit, StatusCode::OK, &deciding, None, None, None))
    }

    fn deciding(
        &self,
        visit: &Visit<'_>,
        status: StatusCode,
        deciding: &Deciding,
        preview: Option<&Preview>,
        wrong: Option<&WrongField>,
        already: Option<&Listed>,
    ) -> Answer {
        let catalogue = self.catalogue();
        // Nobody can have signed a draft.
        let signed = catalogue
            .petitions
            .values()
            .filter(|petition| petition.state.phase != Phase::Draft);
        let petitions: Vec<(String, String)> = signed
            .map(|petition| (petition.slug.clone(), petition.title.clone()))
            .collect();
        let page = DecidePage {
            deciding,
            petitions: &petitions,
            preview,
            wrong,
            already,
            zone: &self.night.zone,
        };
        self.page(visit, status, |frame| desk_decide(frame, &page))
    }

    /// A preview first; the verdict with another press, on nobody whom the preview has not shown.
    pub(super) async fn decide(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let deciding = Deciding::of(form);
        let motion = match deciding.motion(&self.night.zone, self.parts.limits.comment_chars) {
            Ok(motion) => motion,
            Err(field) => return Ok(self.wrong(visit, &deciding, &wrong_field(field))),
        };
        if let Some(wrong) = self.wrong_verdict(visit, &motion).await? {
            return Ok(self.wrong(visit, &deciding, &wrong));
        }
        let seen = (deciding.until.parse::<u64>(), deciding.previewed.parse::<u64>());
        let (Ok(until), Ok(previewed), "judge") = (seen.0, seen.1, form.get("do")) else {
            return self.preview(visit, &deciding, &motion, None).await;
        };
        if motion.note.is_empty() {
            let why = (StatusCode::BAD_REQUEST, wrong_field("note"));
            return self.preview(visit, &deciding, &motion, Some(&why)).await;
        }
        let motion_then = Motion {
            previewed: Some(Previewed::AtMost(previewed)),
            ..until_then(&motion, until)
        };
        let command = IncidentCommand::IncidentJudge(motion_then);
        match self.parts.office.carry_out(command, visit.by()?).await {
            IncidentAnswer::Judged { .. } => Ok(self.go_to(visit, "/desk/incident", Some("judged"))),
            IncidentAnswer::Nobody => self.nobody(visit, &deciding, &motion).await,
            IncidentAnswer::Refused(Refused::Changed) => {
                let why = (StatusCode::CONFLICT, whole("desk-decide-changed"));
                self.preview(visit, &deciding, &motion, Some(&why)).await
            }
            IncidentAnswer::Refused(refused) => self.refused(visit, &deciding, refused),
            _ => Err(No::Broken),
        }
    }

    /// Why the verdict that a motion names is none of its petition.
    async fn wrong_verdict(&self, visit: &Visit<'_>, motion: &Motion) -> Result<Option<WrongField>, No> {
        let Some(position) = motion.condition.verdicts.first().copied() else {
            return Ok(None);
        };
        let number = || ("verdict", position.to_string());
        let wrong = |message, words| WrongField {
            field: "verdict",
            message,
            words,
        };
        let command = IncidentCommand::IncidentVerdict(position);
        match self.parts.office.carry_out(command, visit.by()?).await {
            IncidentAnswer::Shown(listed) if listed.petition == motion.petition => Ok(None),
            IncidentAnswer::Shown(listed) => {
                let about = self.title(&listed.petition);
                let words = vec![number(), ("petition", about)];
                Ok(Some(wrong("desk-decide-verdict-elsewhere", words)))
            }
            IncidentAnswer::Refused(Refused::Verdict) => Ok(Some(wrong("desk-decide-verdict-unknown", vec![number()]))),
            IncidentAnswer::Refused(Refused::Unavailable) => Err(No::Busy),
            _ => Err(No::Broken),
        }
    }

    /// Why the finding that a motion names is none of its petition.
    async fn wrong_finding(&self, motion: &Motion) -> Result<Option<WrongField>, Refused> {
        let Some(name) = &motion.condition.finding else {
            return Ok(None);
        };
        let found = self.parts.office.findings(None).await?;
        let elsewhere = found
            .iter()
            .find(|found| found.name == *name && found.petition != motion.petition);
        Ok(elsewhere.map(|found| WrongField {
            field: "finding",
            message: "desk-decide-finding-elsewhere",
            words: vec![("finding", name.clone()), ("petition", self.title(&found.petition))],
        }))
    }

    fn title(&self, slug: &str) -> String {
        let catalogue = self.catalogue();
        let petition = catalogue.petitions.get(slug);
        petition.map_or_else(String::new, |petition| petition.title.clone())
    }

    /// What it would do to those who have signed by now. `why` it is shown again instead of being done.
    async fn preview(
        &self,
        visit: &Visit<'_>,
        deciding: &Deciding,
        motion: &Motion,
        why: Option<&(StatusCode, WrongField)>,
    ) -> Outcome {
        let until = visit.now.0;
        let command = IncidentCommand::IncidentPreview(until_then(motion, until));
        match self.parts.office.carry_out(command, visit.by()?).await {
            IncidentAnswer::Preview(preview) if preview.judged == 0 => self.nobody(visit, deciding, motion).await,
            IncidentAnswer::Preview(preview) => {
                let deciding = Deciding {
                    until: until.to_string(),
                    ..deciding.clone()
                };
                let (status, why) = why.map_or((StatusCode::OK, None), |(status, why)| (*status, Some(why)));
                Ok(self.deciding(visit, status, &deciding, Some(&preview), why, None))
            }
            IncidentAnswer::Refused(refused) => self.refused(visit, deciding, refused),
            _ => Err(No::Broken),
        }
    }

    /// It judges nobody: because it has been decided already, by whom and when, or because nobody is meant.
    async fn nobody(&self, visit: &Visit<'_>, deciding: &Deciding, motion: &Motion) -> Outcome {
        match self.parts.office.decided_already(motion).await {
            Ok(Some(already)) => Ok(self.deciding(visit, StatusCode::CONFLICT, deciding, None, None, Some(&already))),
            Ok(None) => match self.wrong_finding(motion).await {
                Ok(wrong) => Ok(self.wrong(visit, deciding, &wrong.unwrap_or_else(|| whole("desk-decide-nobody")))),
                Err(refused) => self.refused(visit, deciding, refused),
            },
            Err(refused) => self.refused(visit, deciding, refused),
        }
    }

    fn wrong(&self, visit: &Visit<'_>, deciding: &Deciding, wrong: &WrongField) -> Answer {
        self.deciding(visit, StatusCode::BAD_REQUEST, deciding, None, Some(wrong), None)
    }

    fn refused(&self, visit: &Visit<'_>, deciding: &Deciding, refused: Refused) -> Outcome {
        let wrong = match refused {
            Refused::Unavailable => return Err(No::Busy),
            Refused::Petition => "petition",
            Refused::Reason => "reason",
            Refused::Note => "note",
            Refused::Finding => "finding",
            _ => "verdict",
        };
        let wrong = wrong_field(wrong);
        Ok(self.deciding(visit, StatusCode::CONFLICT, deciding, None, Some(&wrong), None))
    }

    /// One press: the verdict is taken back.
    pub(super) async fn undo(&self, visit: &Visit<'_>, form: &Form) -> Outcome {
        let position = form.get("verdict").parse().map_err(|_| No::Page)?;
        let account = visit.by()?;
        let office = &self.parts.office;
        let motion = match office.undoing(position).await {
            Ok(motion) => motion,
            Err(why) => return Err(no(why)),
        };
        // The reason says it all; a note is asked for where somebody judges.
        match office.carry_out(IncidentCommand::IncidentJudge(motion), account).await {
            IncidentAnswer::Judged { .. } => Ok(self.go_to(visit, "/desk/incident", Some("undone"))),
            IncidentAnswer::Nobody => Err(No::Stands("nobody")),
            IncidentAnswer::Refused(why) => Err(no(why)),
            _ => Err(No::Broken),
        }
    }
}

/// The petition that is meant if nobody says which: the one that a finding is about, or else the open one that most have
/// signed.
fn likely(catalogue: &Catalogue, attacked: Option<PetitionId>) -> String {
    let mut petitions: Vec<_> = catalogue
        .petitions
        .values()
        .filter(|petition| petition.state.phase != Phase::Draft)
        .collect();
    petitions.sort_by_key(|petition| {
        let is_open = petition.state.phase == Phase::Open;
        std::cmp::Reverse((Some(petition.id) == attacked, is_open, petition.state.counts.all_signed))
    });
    petitions
        .first()
        .map_or_else(String::new, |petition| petition.slug.clone())
}

/// What is wrong with the whole.
fn whole(message: &'static str) -> WrongField {
    WrongField {
        field: "",
        message,
        words: Vec::new(),
    }
}

/// What is wrong with a field, by what was wrong.
fn wrong_field(wrong: &str) -> WrongField {
    let (field, message) = match wrong {
        "from" => ("from", "desk-decide-wrong-from"),
        "from-lost" => ("from", "desk-decide-wrong-from-lost"),
        "from-twice" => ("from", "desk-decide-wrong-from-twice"),
        "to" => ("to", "desk-decide-wrong-to"),
        "to-lost" => ("to", "desk-decide-wrong-to-lost"),
        "to-twice" => ("to", "desk-decide-wrong-to-twice"),
        "order" => ("to", "desk-decide-wrong-order"),
        "network" => ("network", "desk-decide-wrong-network"),
        "domain" => ("domain", "desk-decide-wrong-domain"),
        "reason" => ("reason", "desk-decide-wrong-reason"),
        "note" => ("note", "desk-decide-wrong-note"),
        "verdict" => ("verdict", "desk-decide-wrong-verdict"),
        "finding" => ("finding", "desk-decide-wrong-finding"),
        "comment" => ("comment", "desk-decide-wrong-comment"),
        "whom" => ("whom", "desk-decide-wrong-whom"),
        "direction" => ("direction", "desk-decide-wrong-direction"),
        _ => ("petition", "desk-decide-wrong-petition"),
    };
    WrongField {
        field,
        message,
        words: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::read_number;

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for typed in [
            "362",
            " 362",
            "n° 362",
            "N°362",
            "nº 362",
            "No. 362",
            "no 362",
            "#362",
            "n°\u{a0}362",
        ] {
            assert_eq!(read_number(typed), Some(362), "{typed}");
        }
        for typed in ["", "n°", "incident 362", "362 and 363", "-1", "99999999999999999999"] {
            assert_eq!(read_number(typed), None, "{typed}");
        }
    }
}
