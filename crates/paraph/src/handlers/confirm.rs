//! What a signatory does with the links of a mail: look, confirm, withdraw, "it wasn't me", fetch the receipt.
//!
//! A GET changes nothing, so that a scanner that opens every link of a mail does no harm.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use paraph_tally::{End, Millis, PetitionId, SignatureId, SignatureState, WithdrawnBy};
use serde_json::{Value, json};

use super::shelf::{Displayed, Shelf};
use super::{Body, count};
use crate::admit::Admitter;
use crate::admit::email::Email;
use crate::admit::lane::{Permit, Rank, Turn};
use crate::admit::source::Source;
use crate::admit::upload;
use crate::clock::{self, rfc3339};
use crate::intake::Intake;
use crate::intake::command::{ConfirmAnswer, DisownAnswer, Keeping, WithdrawAnswer};
use crate::ledger::query::LedgerReader;
use crate::ledger::record::Personal;
use crate::mail::stop::{AddressTags, Kind};
use crate::respond::{self, Answer, Asked};
use crate::scrutiny::features::Observer;
use crate::store::db::DbError;
use crate::token::{Purpose, Tokens};
use crate::views::{
    self, ConfirmPage, Confirmation, ConfirmedPage, DisownedPage, Disowning, Links, ManagePage, Others, Refusal, Shown,
    WithdrawnPage,
};

/// What a signatory's pages need.
pub struct Signatory {
    /// Lanes, and the budget of guesses at tokens.
    pub admitter: Arc<Admitter>,
    /// The way to the writer.
    pub intake: Intake,
    /// Reads records.
    pub ledger: LedgerReader,
    /// Reads and issues tokens.
    pub tokens: Arc<Tokens>,
    /// The petitions.
    pub shelf: Arc<Shelf>,
    /// Names the address behind a mailbox.
    pub addresses: AddressTags,
    /// Observes where a confirmation comes from.
    pub observer: Arc<Observer>,
    /// Contributions that one page shows.
    pub waiting_shown: u64,
}

/// A contribution that a link was good for.
pub(super) struct Found {
    pub(super) id: SignatureId,
    pub(super) state: SignatureState,
    pub(super) displayed: Arc<Displayed>,
    /// `None` once it has been erased.
    pub(super) personal: Option<Personal>,
}

/// Why a link shows nothing.
pub(super) enum Missed {
    /// Unknown, garbled or of another purpose.
    Unknown,
    /// The source asks for too many unknown links.
    SlowDown(u64),
    /// No place in the lane.
    Busy(u64),
    /// The ledger does not answer.
    Broken,
}

impl Found {
    /// The title that was signed, while there is a record to know it by.
    fn title(&self) -> &str {
        let signed = self.personal.as_ref().map(|personal| personal.text_version);
        signed.map_or(&self.displayed.view.title, |version| self.displayed.title_of(version))
    }
}

impl From<DbError> for Missed {
    fn from(error: DbError) -> Self {
        tracing::error!(%error, "the ledger does not answer");
        Self::Broken
    }
}

impl Signatory {
    /// `GET /confirm/{token}`
    pub async fn look(&self, source: Source, asked: Asked<'_>, token: &str, before: Option<&str>) -> Answer {
        match self.confirm_page(source, &asked, token, before).await {
            Ok(answer) => answer,
            Err(missed) => missing(&asked, "confirm_page", &missed),
        }
    }

    async fn confirm_page(
        &self,
        source: Source,
        asked: &Asked<'_>,
        token: &str,
        before: Option<&str>,
    ) -> Result<Answer, Missed> {
        let _place = enter(&self.admitter, Rank::Confirm, &source).await?;
        let found = self.find(source, Purpose::Confirm, token).await?;
        let mailbox = self.ledger.beside(found.state.mailbox).await?;
        let Some(personal) = found.personal.as_ref().filter(|_| found.state.axes.end == End::None) else {
            return Ok(ended(asked, &found, mailbox.told_of(found.state.axes.end)));
        };
        if let Some(at) = found.state.confirmed_at {
            count("confirm_page", "receipt");
            let before = before.and_then(|token| self.tokens.read(Purpose::Confirm, token));
            let others = self.others(self.put_off(&found, personal, before).await?).await?;
            return Ok(self.confirmed_page(asked, &found, personal, (Confirmation::Again, at), &others));
        }
        let before = before.and_then(|token| self.tokens.read(Purpose::Confirm, token));
        let beside = self
            .ledger
            .waiting(found.state.mailbox, before, self.waiting_shown + 2)
            .await?;
        let mut others: Vec<_> = beside.into_iter().map(|id| (id, found.state.petition)).collect();
        others.retain(|(id, _)| *id != found.id);
        others.extend(self.put_off(&found, personal, before).await?);
        let contribution = self.shown(found.id, &found.displayed, personal);
        let page = ConfirmPage {
            contribution: &contribution,
            others: &self.others(others).await?,
            stands: mailbox.standing().next().is_some(),
        };
        count("confirm_page", "shown");
        Ok(respond::page(
            asked,
            StatusCode::OK,
            views::confirm(&asked.frame(), &page),
        ))
    }

    /// What waits for the same address about other petitions, since its mails of the day were spent: also on these, by
    /// somebody who meant to keep its reader from signing.
    async fn put_off(
        &self,
        found: &Found,
        personal: &Personal,
        before: Option<SignatureId>,
    ) -> Result<Vec<(SignatureId, PetitionId)>, Missed> {
        let Ok(email) = Email::parse(&personal.email) else {
            return Ok(Vec::new());
        };
        let address = self.addresses.of(&email.canonical);
        let most = self.waiting_shown + 1;
        Ok(self.ledger.put_off(address, found.state.mailbox, before, most).await?)
    }

    /// The newest of them as a page shows them, and whether there are more.
    async fn others(&self, mut ids: Vec<(SignatureId, PetitionId)>) -> Result<Others, Missed> {
        ids.sort_unstable_by(|one, other| other.cmp(one));
        let shown = usize::try_from(self.waiting_shown).unwrap_or(usize::MAX);
        let more = ids.len() > shown;
        let older = ids
            .get(shown - 1)
            .filter(|_| more)
            .map(|(last, _)| self.tokens.issue(Purpose::Confirm, *last));
        ids.truncate(shown);
        let mut others = Others {
            shown: Vec::with_capacity(ids.len()),
            older,
        };
        for (id, petition) in ids {
            let (Some(displayed), Some(personal)) =
                (self.shelf.petition_by_id(petition), self.ledger.record(id).await?)
            else {
                continue;
            };
            others.shown.push(self.shown(id, &displayed, &personal));
        }
        Ok(others)
    }

    /// `POST /confirm/{token}`
    pub async fn confirm(&self, source: Source, asked: Asked<'_>, token: &str) -> Answer {
        let asked = asked.without_path();
        match self.confirmed(source, &asked, token).await {
            Ok(answer) => answer,
            Err(missed) => missing(&asked, "confirm", &missed),
        }
    }

    async fn confirmed(&self, source: Source, asked: &Asked<'_>, token: &str) -> Result<Answer, Missed> {
        let _place = enter(&self.admitter, Rank::Confirm, &source).await?;
        let found = self.find(source, Purpose::Confirm, token).await?;
        let before = found.state.confirmed_at;
        let from = self.observer.confirmed_from(source.addr, clock::now());
        let (at, already) = match self.intake.confirm_from(found.id, from.to_bytes()).await {
            Ok(ConfirmAnswer::Confirmed { at, already }) => (at, already),
            Ok(ConfirmAnswer::Ended(end)) => return Ok(ended(asked, &found, end)),
            Ok(ConfirmAnswer::Unknown) => return Err(Missed::Unknown),
            Err(_) => return Err(Missed::Busy(5)),
        };
        let Some(personal) = &found.personal else {
            return Ok(ended(asked, &found, found.state.axes.end));
        };
        let outcome = match (already, before) {
            (true, _) => Confirmation::SignedBefore,
            (false, Some(_)) => Confirmation::Again,
            (false, None) => Confirmation::New,
        };
        if before.is_none() {
            self.learn(&source, &found, personal);
        }
        count("confirm", if before.is_some() { "again" } else { "confirmed" });
        if asked.json {
            let receipt = self.receipt_of(asked.site, &found, personal, at);
            let value = json!({
                "status": "confirmed", "already": already, "confirmed_at": rfc3339(at), "receipt": receipt,
                "withdraw": self.tokens.issue(Purpose::Withdraw, found.id),
            });
            return Ok(respond::done(StatusCode::OK, &value));
        }
        let others = self.others(self.put_off(&found, personal, None).await?).await?;
        Ok(self.confirmed_page(asked, &found, personal, (outcome, at), &others))
    }

    /// People are behind the address that it was confirmed from, and, once it settles, behind the one that it was sent from.
    fn learn(&self, source: &Source, found: &Found, personal: &Personal) {
        let now = clock::now();
        self.admitter.confirmed(source, now);
        if let Ok(email) = Email::parse(&personal.email) {
            let sent_from = Source::direct(SocketAddr::new(personal.request.address, personal.request.port));
            let rooms = &self.admitter.budgets.rooms;
            rooms.confirmed(found.id, sent_from.narrow(), &email.canonical, now);
        }
    }

    fn confirmed_page(
        &self,
        asked: &Asked<'_>,
        found: &Found,
        personal: &Personal,
        (outcome, at): (Confirmation, Millis),
        others: &Others,
    ) -> Answer {
        let receipt = self.receipt_of(asked.site, found, personal, at);
        let text = serde_json::to_string_pretty(&receipt).unwrap_or_default();
        let contribution = self.shown(found.id, &found.displayed, personal);
        let page = ConfirmedPage {
            contribution: &contribution,
            outcome,
            confirmed_at: at.0,
            receipt: &text,
            others,
        };
        let mut answer = respond::page(asked, StatusCode::OK, views::confirmed(&asked.frame(), &page));
        // The browser may keep it for its own "back": it would otherwise show an error there instead of the receipt.
        answer
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        answer
    }

    /// `GET /receipt/{token}`
    pub async fn receipt(&self, source: Source, asked: Asked<'_>, token: &str) -> Answer {
        match self.receipt_file(source, &asked, token).await {
            Ok(answer) => answer,
            Err(missed) => missing(&asked, "receipt", &missed),
        }
    }

    async fn receipt_file(&self, source: Source, asked: &Asked<'_>, token: &str) -> Result<Answer, Missed> {
        let _place = enter(&self.admitter, Rank::Manage, &source).await?;
        let found = self.find(source, Purpose::Receipt, token).await?;
        let (Some(personal), Some(at)) = (&found.personal, found.state.confirmed_at) else {
            return Err(Missed::Unknown);
        };
        let value = self.receipt_of(asked.site, &found, personal, at);
        let mut answer = respond::done(StatusCode::OK, &value);
        answer
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let name = format!(
            "attachment; filename=\"receipt-{}.json\"",
            found.displayed.petition.slug
        );
        if let Ok(name) = HeaderValue::try_from(name) {
            answer.headers_mut().insert(CONTENT_DISPOSITION, name);
        }
        Ok(answer)
    }

    /// `GET /withdraw/{token}` and `GET /not-me/{token}`
    pub async fn manage(&self, source: Source, asked: Asked<'_>, purpose: Purpose, token: &str) -> Answer {
        match self.manage_page(source, &asked, purpose, token).await {
            Ok(answer) => answer,
            Err(missed) => missing(&asked, "manage_page", &missed),
        }
    }

    async fn manage_page(
        &self,
        source: Source,
        asked: &Asked<'_>,
        purpose: Purpose,
        token: &str,
    ) -> Result<Answer, Missed> {
        let _place = enter(&self.admitter, Rank::Manage, &source).await?;
        let found = self.find(source, purpose, token).await?;
        let mailbox = self.ledger.beside(found.state.mailbox).await?;
        let own = (found.state.axes.end == End::None).then_some(found.id);
        let standing = mailbox.standing().next();
        // Shown is what the button is about.
        let about = match purpose {
            Purpose::NotMe => own.or(mailbox.kept).or(mailbox.waiting),
            _ => standing.or(own),
        };
        let personal = match about {
            Some(about) => self.ledger.record(about).await?,
            None => None,
        };
        let Some(personal) = personal else {
            return Ok(ended(asked, &found, mailbox.told_of(found.state.axes.end)));
        };
        let contribution = self.shown(found.id, &found.displayed, &personal);
        let page = ManagePage {
            contribution: &contribution,
            confirmed: own.is_some() && found.state.axes.is_confirmed(),
            standing: mailbox.standing().count() as u64,
            kept: own.is_none() && mailbox.kept.is_some(),
            is_open: found.displayed.is_open(),
        };
        let html = match purpose {
            Purpose::NotMe => views::not_me(&asked.frame(), &page),
            _ => views::withdraw(&asked.frame(), &page),
        };
        Ok(respond::page(asked, StatusCode::OK, html))
    }

    /// `POST /withdraw/{token}`
    pub async fn withdraw(&self, source: Source, asked: Asked<'_>, token: &str) -> Answer {
        let asked = asked.without_path();
        match self.withdrawn(source, &asked, token).await {
            Ok(answer) => answer,
            Err(missed) => missing(&asked, "withdraw", &missed),
        }
    }

    async fn withdrawn(&self, source: Source, asked: &Asked<'_>, token: &str) -> Result<Answer, Missed> {
        let _place = enter(&self.admitter, Rank::Manage, &source).await?;
        let found = self.find(source, Purpose::Withdraw, token).await?;
        let (at, unconfirmed) = match self.intake.withdraw(found.id, WithdrawnBy::Mail).await {
            Ok(WithdrawAnswer::Withdrawn { at }) => (at, false),
            Ok(WithdrawAnswer::Erased) => (None, true),
            Ok(WithdrawAnswer::Disowned) => return Ok(ended(asked, &found, End::Disowned)),
            Ok(WithdrawAnswer::Unknown) => return Err(Missed::Unknown),
            Err(_) => return Err(Missed::Busy(5)),
        };
        let status = if unconfirmed { "erased" } else { "withdrawn" };
        count("withdraw", status);
        if asked.json {
            let mut said = json!({ "status": status });
            if let Some(at) = at {
                said["at"] = rfc3339(at).into();
            }
            return Ok(respond::done(StatusCode::OK, &said));
        }
        let page = WithdrawnPage {
            slug: &found.displayed.view.slug,
            title: found.title(),
            withdrawn_at: at.map(|at| at.0),
            unconfirmed,
            is_open: found.displayed.is_open(),
        };
        Ok(respond::page(
            asked,
            StatusCode::OK,
            views::withdrawn(&asked.frame(), &page),
        ))
    }

    /// `POST /not-me/{token}`
    pub async fn disown(&self, source: Source, asked: Asked<'_>, token: &str, body: Body) -> Answer {
        const CHOICE_BYTES: usize = 256;
        const PATIENCE: Duration = Duration::from_secs(10);
        let asked = asked.without_path();
        let read = upload::read(body, CHOICE_BYTES, PATIENCE).await;
        let chosen = match read.as_deref() {
            Ok(b"choice=erase") => Ok((Disowning::Erase, Keeping::Erase)),
            Ok(b"choice=keep") => Ok((Disowning::Keep, Keeping::KeepForComplaint)),
            Ok(_) => Err(Refusal::BadRequest),
            Err(unread) => Err(Refusal::from(*unread)),
        };
        let (choice, keeping) = match chosen {
            Ok(chosen) => chosen,
            Err(refusal) => {
                count("not_me", refusal.code());
                return respond::refused(&asked, refusal, None, None);
            }
        };
        match self.disowned(source, &asked, token, choice, keeping).await {
            Ok(answer) => answer,
            Err(missed) => missing(&asked, "not_me", &missed),
        }
    }

    async fn disowned(
        &self,
        source: Source,
        asked: &Asked<'_>,
        token: &str,
        choice: Disowning,
        keeping: Keeping,
    ) -> Result<Answer, Missed> {
        let _place = enter(&self.admitter, Rank::Manage, &source).await?;
        let found = self.find(source, Purpose::NotMe, token).await?;
        let disowned = match self.intake.disown(found.id, keeping).await {
            Ok(DisownAnswer::Disowned(disowned)) => disowned,
            Ok(DisownAnswer::Unknown) => return Err(Missed::Unknown),
            Err(_) => return Err(Missed::Busy(5)),
        };
        count("not_me", if keeping == Keeping::Erase { "erase" } else { "keep" });
        if asked.json {
            let said = json!({ "status": "disowned", "kept": disowned.kept });
            return Ok(respond::done(StatusCode::OK, &said));
        }
        let choice = match choice {
            Disowning::Keep if !disowned.kept => Disowning::Gone,
            choice => choice,
        };
        let withdraw = self.tokens.issue(Purpose::Withdraw, found.id);
        let page = DisownedPage {
            title: found.title(),
            choice,
            disowned_at: (disowned.ended > 0).then(|| clock::now().0),
            confirmed: disowned.confirmed,
            withdraw: disowned.stands.then_some(&withdraw),
        };
        Ok(respond::page(
            asked,
            StatusCode::OK,
            views::disowned(&asked.frame(), &page),
        ))
    }

    /// The contribution behind a token. Guessing costs the source its budget; a token that is right costs nothing.
    pub(super) async fn find(&self, source: Source, purpose: Purpose, token: &str) -> Result<Found, Missed> {
        let now = clock::now();
        let slow = |refusal: crate::admit::Refusal| Missed::SlowDown(refusal.retry_after().unwrap_or(60));
        let state = match self.tokens.read(purpose, token) {
            Some(id) => self.ledger.state(id).await?.map(|state| (id, state)),
            None => None,
        };
        let displayed = state.and_then(|(id, state)| {
            let displayed = self.shelf.petition_by_id(state.petition)?;
            Some((id, state, displayed))
        });
        let Some((id, state, displayed)) = displayed else {
            self.admitter.missed(&source, now).map_err(slow)?;
            return Err(Missed::Unknown);
        };
        Ok(Found {
            id,
            state,
            displayed,
            personal: self.ledger.record(id).await?,
        })
    }

    pub(super) fn shown(&self, id: SignatureId, displayed: &Displayed, personal: &Personal) -> Shown {
        Shown {
            links: Links {
                confirm: self.tokens.issue(Purpose::Confirm, id),
                withdraw: self.tokens.issue(Purpose::Withdraw, id),
                not_me: self.tokens.issue(Purpose::NotMe, id),
                receipt: self.tokens.issue(Purpose::Receipt, id),
                stop_mail: self.stop_token(personal),
            },
            slug: displayed.view.slug.clone(),
            title: displayed.title_of(personal.text_version).to_owned(),
            name: personal.name.clone(),
            comment: personal.comment.clone(),
            postcode: personal.postcode.clone(),
            country: personal.country.clone(),
            show_name: personal.show_name,
            news: personal.news,
            earlier_version: Some(u64::from(personal.text_version))
                .filter(|version| *version < displayed.view.text_version),
            sent_at: personal.request.at,
        }
    }

    fn stop_token(&self, personal: &Personal) -> Option<String> {
        let canonical = Email::parse(&personal.email).ok()?.canonical;
        Some(
            self.tokens
                .issue_stop(Kind::Confirmation, self.addresses.of(&canonical)),
        )
    }

    /// What the signatory keeps: everything that the commitment in the public log will be made of.
    fn receipt_of(&self, site: &views::Site, found: &Found, personal: &Personal, confirmed_at: Millis) -> Value {
        let host = site
            .base_url
            .split_once("://")
            .map_or(site.base_url.as_str(), |(_, host)| host);
        json!({
            "paraph_receipt": 1,
            "origin": format!("{host}/{}/1", found.displayed.petition.slug),
            "petition": found.displayed.petition.slug,
            "title": found.displayed.title_of(personal.text_version),
            "record": {
                "version": paraph_tally::RECORD_VERSION,
                "signed_at": rfc3339(found.state.signed_at),
                "text": personal.text_hash,
                "consent": personal.consent_hash,
                "language": personal.language,
                "address": personal.email,
                "name": personal.name,
            },
            "confirmed_at": rfc3339(confirmed_at),
            "receipt_secret": personal.receipt_secret,
            "withdrawal_secret": personal.withdrawal_secret,
            "withdraw": format!("{}/withdraw/{}", site.base_url, self.tokens.issue(Purpose::Withdraw, found.id)),
        })
    }
}

/// A place for who comes by a link, in the turn of their address.
pub(super) async fn enter(admitter: &Admitter, rank: Rank, source: &Source) -> Result<(Option<Turn>, Permit), Missed> {
    let entered = admitter.lanes.enter_in_turn(rank, source).await;
    entered.map_err(|busy| Missed::Busy(busy.retry_after))
}

/// A link to what has come to an end, in the words of that end.
pub(super) fn ended(asked: &Asked<'_>, found: &Found, end: End) -> Answer {
    let refusal = match end {
        End::Withdrawn => Refusal::LinkWithdrawn,
        End::Disowned => Refusal::LinkDisowned,
        End::None | End::Expired => Refusal::LinkExpired,
    };
    respond::refused(asked, refusal, None, Some(found.displayed.about()))
}

pub(super) fn missing(asked: &Asked<'_>, route: &'static str, missed: &Missed) -> Answer {
    let (refusal, retry_after) = match missed {
        Missed::Unknown => (Refusal::LinkUnknown, None),
        Missed::SlowDown(seconds) => (Refusal::SlowDown, Some(*seconds)),
        Missed::Busy(seconds) => (Refusal::Busy, Some(*seconds)),
        Missed::Broken => (Refusal::Broken, None),
    };
    count(route, refusal.code());
    respond::refused(asked, refusal, retry_after, None)
}
