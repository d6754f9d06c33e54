//! Held people are asked, once, by mail: whom a person offers that to, and what has come of it.
//!
//! A press behind such a mail releases nobody: it says that a mailbox is read, which a forger of mailboxes can say of his own.
//! It puts the signature before a person, who releases all answers of an incident, or those apart, in one step.

use std::collections::{BTreeMap, BTreeSet};

use paraph_tally::{Millis, SignatureId};
use serde::{Deserialize, Serialize};

use super::answers::{Answers, sorted};
use super::book::What;
use super::departures::{Left, Mail, foretold};
use super::log::Entry;
use super::preview::Sample;
use super::{Direction, IncidentAnswer, Office, Refused};
use crate::admit::email::Email;
use crate::clock;
use crate::intake::command::Offer;
use crate::intake::second_way::begins;
use crate::ledger::second_way::Held;

/// Offers that go to the writer at once: who signs waits for no more.
const AT_ONCE: usize = 256;
/// The drip is one of hours.
const HOUR: u64 = 3_600_000;
/// Samples of a preview.
const SAMPLES: usize = 5;

/// Whom the second way is to be offered to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// The incident.
    pub incident: u64,
    /// Held by these verdicts; with neither these nor a finding, by all that were given in the incident.
    pub verdicts: Vec<u64>,
    /// Held for this finding.
    pub finding: Option<String>,
}

/// What offering it would do. For whoever decides only: it holds names and comments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskPreview {
    /// Signatures that are held and stand.
    pub held: u64,
    /// Of these, whose mailbox was asked before: nobody is asked twice.
    pub asked: u64,
    /// Of these, whose mailbox has said "it wasn't me", or taken a signature back.
    pub taken_back: u64,
    /// Mailboxes that would get a mail.
    pub would: u64,
    /// When the first of those leaves, milliseconds UTC, as long as nothing else is sent to the same people; `None` if none does.
    pub first_at: Option<u64>,
    /// When the last does.
    pub last_at: Option<u64>,
    /// Of these, whose mailbox has had its mails of the day: they wait until that is over.
    pub had_today: u64,
    /// Mailboxes that are left alone, because their readers want that or mail came back: theirs leave when that has ended.
    pub left_alone: u64,
    /// Some of them, spread over the whole.
    pub samples: Vec<Sample>,
}

/// Held people of an incident who were asked, and what they answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedSoFar {
    /// Mailboxes that are to be asked, or were.
    pub offered: u64,
    /// Of these, whose mail has left.
    pub left: u64,
    /// Of these, who answered.
    pub answered: u64,
    /// Answers that wait for a person, by slug of the petition.
    pub to_decide: BTreeMap<String, ToDecide>,
}

/// Answers about one petition that wait for a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToDecide {
    /// How many.
    pub answered: u64,
    /// Of these, alike.
    pub alike: u64,
}

impl Office {
    /// Whom offering the second way would reach.
    ///
    /// # Errors
    /// There is no such incident, verdict or finding, or the store refused.
    pub async fn ask_preview(&self, ask: &Ask) -> Result<AskPreview, Refused> {
        let held = self.to_be_asked(ask).await?;
        let would = held.to_ask.len() as u64;
        let mut preview = AskPreview {
            held: held.held,
            asked: held.asked,
            taken_back: held.taken_back,
            would,
            ..self.departures(ask.incident, &held).await?
        };
        let many = held.to_ask.len();
        let mut places: Vec<usize> = (0..SAMPLES).map(|which| which * many / SAMPLES).collect();
        places.dedup();
        for place in places.into_iter().filter(|place| *place < many) {
            preview.samples.extend(self.ledger.sample(held.to_ask[place].0).await?);
        }
        Ok(preview)
    }

    /// When the mails to those who would be asked leave: what the writer would do with them.
    async fn departures(&self, incident: u64, held: &Held) -> Result<AskPreview, Refused> {
        let mut mails = Vec::with_capacity(held.to_ask.len());
        for (signature, petition) in &held.to_ask {
            mails.extend(self.offer(*signature).await?.map(|offer| Mail {
                address: offer.address,
                domain: offer.domain,
                petition: *petition,
            }));
        }
        let now = clock::now();
        let addresses: Vec<[u8; 16]> = mails.iter().map(|mail| mail.address).collect();
        let written = self.ledger.written_to(&addresses, now).await?;
        let many = mails.len();
        let mut left_alone = written.iter().map(|written| written.left_alone);
        mails.retain(|_| !left_alone.next().unwrap_or(false));
        let domains: BTreeSet<[u8; 16]> = mails.iter().map(|mail| mail.domain).collect();
        let dripped = self.ledger.dripped(
            incident,
            domains.into_iter().collect(),
            Millis(now.0.saturating_sub(HOUR)),
        );
        let dripped = dripped.await?;
        let (per_hour, domain_per_hour) = {
            let bounds = self.bounds.borrow();
            (bounds.second_way_per_hour, bounds.second_way_domain_per_hour)
        };
        let left = Left {
            to: addresses
                .into_iter()
                .zip(written.into_iter().map(|written| written.sent))
                .collect(),
            of_incident: dripped.of_incident,
            to_domain: dripped.to_domain,
            begins: begins(dripped.last_due, per_hour, now),
            per_hour,
            domain_per_hour,
        };
        let departures = foretold(&mails, &left);
        Ok(AskPreview {
            first_at: departures.first.map(|at| at.0),
            last_at: departures.last.map(|at| at.0),
            had_today: departures.had_today,
            left_alone: (many - mails.len()) as u64,
            ..AskPreview::default()
        })
    }

    async fn to_be_asked(&self, ask: &Ask) -> Result<Held, Refused> {
        let set = self.held_in(ask).await?;
        let mut held = self.ledger.held_of(&set).await?;
        let most = usize::try_from(self.bounds.borrow().second_way_offered).unwrap_or(usize::MAX);
        held.to_ask.truncate(most);
        Ok(held)
    }

    async fn held_in(&self, ask: &Ask) -> Result<Vec<SignatureId>, Refused> {
        let incident = self.incidents.get(ask.incident).ok_or(Refused::Incident)?;
        if let Some(finding) = &ask.finding {
            return Ok(self.members_of(finding).await?.ids);
        }
        let holds = incident.timeline.iter().filter_map(|line| match line.what {
            What::Verdict {
                position,
                direction: Direction::Hold,
                ..
            } => Some(position),
            _ => None,
        });
        let verdicts = match &ask.verdicts[..] {
            [] => holds.collect(),
            named => named.to_vec(),
        };
        self.judged_by_any(&verdicts).await
    }

    /// Offers it: mails leave one after another, and can be called back as long as they have not.
    ///
    /// # Errors
    /// There is no such incident, verdict or finding, or nothing can be recorded.
    pub async fn ask(&self, ask: &Ask, by: Option<[u8; 16]>) -> Result<IncidentAnswer, Refused> {
        let held = self.to_be_asked(ask).await?;
        let mut asked = 0;
        for ids in held.to_ask.chunks(AT_ONCE) {
            let mut offers = Vec::with_capacity(ids.len());
            for (id, _) in ids {
                offers.extend(self.offer(*id).await?);
            }
            let offered = self.intake.offer_second_way(ask.incident, offers).await;
            asked += offered.map_err(|_| Refused::Unavailable)?;
        }
        if asked == 0 {
            return Ok(IncidentAnswer::Nobody);
        }
        self.log(by, Entry::SecondWay, asked.to_string(), ask.incident).await?;
        Ok(IncidentAnswer::Asked(asked))
    }

    /// By what the outbox knows the mailbox of a signature; `None` if its record is gone.
    async fn offer(&self, signature: SignatureId) -> Result<Option<Offer>, Refused> {
        let Some(personal) = self.ledger.record(signature).await? else {
            return Ok(None);
        };
        let Ok(email) = Email::parse(&personal.email) else {
            return Ok(None);
        };
        let domain = email.canonical.rsplit_once('@').map_or("", |(_, domain)| domain);
        Ok(Some(Offer {
            signature,
            address: self.addresses.of(&email.canonical),
            // No address begins like this.
            domain: self.addresses.of(&format!("@{domain}")),
            common: self.observer.is_common(domain),
        }))
    }

    /// Calls the mails of an incident back that have not left.
    ///
    /// # Errors
    /// There is no such incident, or nothing can be recorded.
    pub async fn call_back(&self, incident: u64, by: Option<[u8; 16]>) -> Result<IncidentAnswer, Refused> {
        self.incidents.get(incident).ok_or(Refused::Incident)?;
        let called = self.intake.call_back_second_way(incident).await;
        let called = called.map_err(|_| Refused::Unavailable)?;
        // What was not done is not told.
        if called > 0 {
            self.log(by, Entry::CalledBack, String::new(), incident).await?;
        }
        Ok(IncidentAnswer::CalledBack(called))
    }

    /// What has come of it in an incident.
    ///
    /// # Errors
    /// The store refused.
    pub async fn asked_so_far(&self, incident: u64) -> Result<AskedSoFar, Refused> {
        let asked = self.ledger.asked_in(incident).await?;
        let mut so_far = AskedSoFar {
            offered: asked.offered,
            left: asked.left,
            answered: asked.answered,
            to_decide: BTreeMap::new(),
        };
        for answer in sorted(&self.ledger.answers(incident).await?) {
            let here = so_far.to_decide.entry(self.slug(answer.petition)).or_default();
            here.answered += 1;
            here.alike += u64::from(answer.alike);
        }
        Ok(so_far)
    }

    /// Whose answers a person means.
    pub(super) async fn answered(&self, wanted: Answers) -> Result<Vec<SignatureId>, Refused> {
        let answers = sorted(&self.ledger.answers(wanted.incident).await?);
        let meant = answers.iter().filter(|answer| !(wanted.apart && answer.alike));
        let mut ids: Vec<SignatureId> = meant.map(|answer| answer.signature).collect();
        ids.sort_unstable();
        Ok(ids)
    }
}
