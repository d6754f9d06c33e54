//! What a held person does with the link of the mail that asks them: look, and answer. A person decides afterwards.

use http::StatusCode;
use paraph_tally::End;
use serde_json::json;

use super::confirm::{Found, Missed, Signatory, ended, enter, missing};
use super::count;
use crate::admit::lane::Rank;
use crate::admit::source::Source;
use crate::clock;
use crate::intake::command::SecondWayAnswer;
use crate::respond::{self, Answer, Asked};
use crate::token::Purpose;
use crate::views::{self, AnsweredPage, SecondWayPage};

impl Signatory {
    /// `GET /second-way/{token}`
    pub async fn look_held(&self, source: Source, asked: Asked<'_>, token: &str) -> Answer {
        match self.second_way_page(source, &asked, token).await {
            Ok(answer) => answer,
            Err(missed) => missing(&asked, "second_way_page", &missed),
        }
    }

    async fn second_way_page(&self, source: Source, asked: &Asked<'_>, token: &str) -> Result<Answer, Missed> {
        let _place = enter(&self.admitter, Rank::Confirm, &source).await?;
        let found = self.find(source, Purpose::SecondWay, token).await?;
        let Some(personal) = found.personal.as_ref().filter(|_| found.state.axes.end == End::None) else {
            return Ok(ended(asked, &found, found.state.axes.end));
        };
        if found.state.axes.is_clear() {
            // Nothing is held against it any more: its own page says how it stands.
            let confirm = self.tokens.issue(Purpose::Confirm, found.id);
            return Ok(respond::see_other(asked, &format!("/confirm/{confirm}")));
        }
        if self.ledger.has_answered(found.id).await? {
            // Nobody is asked twice: it waits for a person.
            count("second_way_page", "answered");
            return Ok(self.answered_page(asked, &found, true));
        }
        let contribution = self.shown(found.id, &found.displayed, personal);
        let page = SecondWayPage {
            contribution: &contribution,
            token,
        };
        count("second_way_page", "shown");
        let html = views::second_way(&asked.frame(), &page);
        Ok(respond::page(asked, StatusCode::OK, html))
    }

    /// `POST /second-way/{token}`
    pub async fn answer_held(&self, source: Source, asked: Asked<'_>, token: &str) -> Answer {
        let asked = asked.without_path();
        match self.answered(source, &asked, token).await {
            Ok(answer) => answer,
            Err(missed) => missing(&asked, "second_way", &missed),
        }
    }

    async fn answered(&self, source: Source, asked: &Asked<'_>, token: &str) -> Result<Answer, Missed> {
        let _place = enter(&self.admitter, Rank::Confirm, &source).await?;
        let found = self.find(source, Purpose::SecondWay, token).await?;
        let from = self.observer.confirmed_from(source.addr, clock::now());
        match self.intake.answer_second_way(found.id, from.to_bytes()).await {
            Ok(SecondWayAnswer::Answered) => {}
            Ok(SecondWayAnswer::Ended(end)) => return Ok(ended(asked, &found, end)),
            Ok(SecondWayAnswer::Unknown) => return Err(Missed::Unknown),
            Err(_) => return Err(Missed::Busy(5)),
        }
        count("second_way", "answered");
        if asked.json {
            return Ok(respond::done(StatusCode::OK, &json!({ "status": "answered" })));
        }
        Ok(self.answered_page(asked, &found, false))
    }

    fn answered_page(&self, asked: &Asked<'_>, found: &Found, before: bool) -> Answer {
        let view = &found.displayed.view;
        let page = AnsweredPage {
            slug: &view.slug,
            title: &view.title,
            withdraw: &self.tokens.issue(Purpose::Withdraw, found.id),
            before,
        };
        let html = views::answered(&asked.frame(), &page);
        respond::page(asked, StatusCode::OK, html)
    }
}
