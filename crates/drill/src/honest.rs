//! One honest person: page, reading, puzzle or ticket, form, mail, confirmation, perhaps a change of mind.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::{sleep, timeout};

use crate::auditor::{Auditor, Mailbox};
use crate::client::{Answer, Browser, Lost, Voice};
use crate::progress::Stage;
use crate::scenario::{Fate, Habit, Person, Way};
use crate::victim::{self, Victim};
use crate::world::{World, form, patience, ticket};
use crate::{browsers, clock, mime};

/// How long a connection is kept that nothing is asked on.
const KEPT: Duration = Duration::from_secs(2);

/// Lives through one person's part of the plan.
pub(crate) async fn live(world: Arc<World>, index: usize) {
    let person = &world.plan.honest[index];
    let mut visitor = Visitor {
        browser: Browser::new(
            world.honest_road.clone(),
            SocketAddr::new(person.source, person.port),
            Voice {
                lang: person.lang,
                agent: browsers::agent(person.browser),
            },
        ),
        world: &world,
        person,
        mailbox: Mailbox::Honest(index),
        // Spreads retries; any fixed number between 0 and 1 that differs between people will do.
        share: (index as f64 * 0.618_033_988_749_895).fract(),
    };
    if let Err(why) = visitor.sign(true).await {
        world.honest.gave_up.add(why);
        return;
    }
    visitor.browser.leave();
    let mut second = visitor.again();
    let again = async {
        if person.habit == Habit::SignsAgain {
            sleep(person.mail_delay / 2).await;
            // Refused or not: it must never make a second count, nor take the first away.
            drop(second.sign(false).await);
        }
    };
    let ((), outcome) = tokio::join!(again, visitor.follow_mail());
    if let Err(why) = outcome {
        world.honest.gave_up.add(why);
    }
}

struct Visitor<'a> {
    browser: Browser,
    world: &'a World,
    person: &'a Person,
    mailbox: Mailbox,
    share: f64,
}

/// Which of the two acts behind a mail's link.
#[derive(Clone, Copy)]
enum Act {
    Confirm,
    Withdraw,
}

impl Visitor<'_> {
    /// The same person in another visit.
    fn again(&self) -> Self {
        let source = SocketAddr::new(self.person.source, self.person.port.checked_add(99).unwrap_or(2048));
        let voice = Voice {
            lang: self.person.lang,
            agent: browsers::agent(0),
        };
        Self {
            browser: Browser::new(self.world.honest_road.clone(), source, voice),
            ..*self
        }
    }

    /// Signs; the error is what the person was told last. Only a `first` visit is counted and timed.
    async fn sign(&mut self, first: bool) -> Result<(), String> {
        let page = self.get(&self.world.path("")).await.map_err(|lost| lost.to_string())?;
        if first {
            let phase = self.world.plan.phase(self.world.elapsed());
            self.world.times.add(Stage::Page, phase, page.took);
        }
        // The puzzle is fetched when the form is touched, and solved while people type: a third of the time is reading.
        let typing = self.person.dwell * 2 / 3;
        self.dwell(self.person.dwell - typing).await;
        let mut sent_at: Option<Instant> = None;
        let mut answered = false;
        let mut told = String::new();
        let mut body: Option<Bytes> = None;
        for _ in 0..self.world.options.tries {
            let current = match body.take() {
                Some(body) => body,
                None => match self
                    .fill_in(if told.is_empty() { typing } else { Duration::ZERO })
                    .await
                {
                    Ok(filled) => filled,
                    Err(why) => {
                        told = why;
                        patience(None, self.share).await;
                        continue;
                    }
                },
            };
            if first && sent_at.is_none() {
                self.world.honest.sent.one();
            }
            let started = *sent_at.get_or_insert_with(Instant::now);
            let phase = self.world.plan.phase(started.duration_since(self.world.started));
            match self.browser.post(&self.world.path("/sign"), current.clone()).await {
                Ok(answer) => {
                    if first && !std::mem::replace(&mut answered, true) {
                        self.world.times.add(Stage::FirstAnswer, phase, answer.took);
                    }
                    match answer.status {
                        202 | 303 => {
                            if first {
                                self.world.honest.accepted.one();
                                self.world.times.add(Stage::Accepted, phase, started.elapsed());
                            }
                            if self.person.habit == Habit::PressesTwice {
                                drop(self.browser.post(&self.world.path("/sign"), current).await);
                            }
                            return Ok(());
                        }
                        // A fresh puzzle or ticket is needed: the next round fills in again.
                        403 => told = answer.reason(),
                        429 | 503 => {
                            told = answer.reason();
                            self.wait(&answer).await;
                            body = Some(current);
                        }
                        _ => return Err(answer.reason()),
                    }
                }
                // Nobody knows whether it arrived: the same body again gets the same answer.
                Err(lost) => {
                    told = lost.to_string();
                    body = Some(current);
                    patience(None, self.share).await;
                }
            }
        }
        Err(told)
    }

    /// The body of the form, with a puzzle solved or a ticket that has waited, after so much typing.
    async fn fill_in(&mut self, typing: Duration) -> Result<Bytes, String> {
        let person = self.person;
        let (proof, value) = match person.way {
            Way::Puzzle => {
                let path = self.world.path("/challenge");
                let answer = self.browser.json(&path).await.map_err(|lost| lost.to_string())?;
                if answer.status != 200 {
                    self.wait(&answer).await;
                    return Err(format!("challenge: {}", answer.reason()));
                }
                let solved = self.world.solve(&answer, &self.world.honest_solvers);
                let filled = async { tokio::join!(sleep(typing), solved) };
                tokio::pin!(filled);
                // Whoever waits long, for themselves or for a core of this machine, keeps no place of others meanwhile.
                let at_once = timeout(KEPT, &mut filled).await;
                let ((), solved) = match at_once {
                    Ok(filled) => filled,
                    Err(_) => {
                        self.browser.leave();
                        filled.await
                    }
                };
                ("altcha", solved.map_err(|why| why.to_string())?)
            }
            Way::Ticket => {
                let answer = self
                    .get(&self.world.path("/sign"))
                    .await
                    .map_err(|lost| lost.to_string())?;
                let (ticket, wait) = ticket(&answer.text()).ok_or("page without a ticket")?;
                // The plan's people read faster than people do; a ticket's age is not compressed with them.
                self.dwell(typing.max(wait + Duration::from_millis(300))).await;
                ("ticket", ticket)
            }
        };
        let mut fields = vec![
            ("name", person.name.as_str()),
            ("email", person.email.as_str()),
            ("postcode", ""),
            ("country", ""),
            ("comment", person.comment.unwrap_or_default()),
            ("website", ""),
        ];
        if person.show_name {
            fields.push(("show_name", "1"));
        }
        fields.push((proof, value.as_str()));
        Ok(form(&fields))
    }

    /// Waits for the mail and does with it what the plan says.
    async fn follow_mail(&mut self) -> Result<(), String> {
        let (world, person) = (self.world, self.person);
        if let Some(victim) = person.victim {
            return self.follow_any_mail(victim).await;
        }
        let arrival = world.sink.wait_for(&person.mailbox, 1, world.options.mail_wait).await;
        let arrival = arrival.ok_or("no mail came")?;
        world.honest.mailed.one();
        if person.fate == Fate::NeverConfirms {
            return Ok(());
        }
        let token = arrival.confirm.ok_or("mail without a link")?;
        sleep(person.mail_delay).await;
        let page = self
            .get(&format!("/confirm/{token}"))
            .await
            .map_err(|lost| lost.to_string())?;
        if page.status != 200 {
            return Err(format!("confirmation page: {}", page.reason()));
        }
        let answer = self.act(Act::Confirm, &token).await?;
        world.honest.confirmed.one();
        if let Fate::Withdraws(after) = person.fate {
            self.browser.leave();
            sleep(after).await;
            let token = withdraw_token(&answer).ok_or("no way to withdraw in the confirmation's answer")?;
            self.act(Act::Withdraw, &token).await?;
            world.honest.withdrawn.one();
        }
        Ok(())
    }

    /// Looks for their own contribution behind whatever mail has come, and confirms it.
    async fn follow_any_mail(&mut self, victim: Victim) -> Result<(), String> {
        let world = self.world;
        let until = Instant::now() + world.options.mail_wait;
        let token = loop {
            if let Some(token) = self.own_token(victim).await {
                break token;
            }
            if Instant::now() > until {
                return Err("no mail led to their own contribution".to_owned());
            }
            sleep(Duration::from_millis(500)).await;
        };
        world.honest.mailed.one();
        self.act(Act::Confirm, &token).await?;
        world.honest.confirmed.one();
        world.victims_signed.one();
        Ok(())
    }

    /// The token of the button below their own name, behind the mails that have come so far.
    async fn own_token(&mut self, victim: Victim) -> Option<String> {
        let letters = self.world.sink.letters();
        let mine = letters.iter().filter(|mail| victim.receives(&mail.to));
        for token in mine.filter_map(|mail| mime::token(&mail.letter.text, "confirm")) {
            let mut path = format!("/confirm/{token}");
            for _ in 0..victim::PAGES {
                let page = self.get(&path).await.ok().filter(|page| page.status == 200)?;
                let html = page.text();
                if let Some(own) = victim::button(&html, &self.person.name) {
                    return Some(own);
                }
                match victim::older(&html) {
                    Some(next) => path = next,
                    None => break,
                }
            }
        }
        None
    }

    /// Presses the button behind a link until there is an answer, and lets the auditor know all of it.
    async fn act(&mut self, act: Act, token: &str) -> Result<Answer, String> {
        let (kind, time) = match act {
            Act::Confirm => ("confirm", "confirmed_at"),
            Act::Withdraw => ("withdraw", "at"),
        };
        let path = format!("/{kind}/{token}");
        let mut told = String::new();
        for _ in 0..self.world.options.tries {
            self.audit(|auditor, mailbox| match act {
                Act::Confirm => auditor.confirm_sent(mailbox, clock::now()),
                Act::Withdraw => auditor.withdraw_sent(mailbox, clock::now()),
            });
            let answer = match self.browser.post(&path, Bytes::new()).await {
                Ok(answer) => answer,
                Err(lost) => {
                    told = lost.to_string();
                    self.audit(|auditor, mailbox| match act {
                        Act::Confirm => auditor.confirm_lost(mailbox),
                        Act::Withdraw => auditor.withdraw_lost(mailbox),
                    });
                    patience(None, self.share).await;
                    continue;
                }
            };
            let at = answer.json().and_then(|json| clock::parse(json.get(time)?.as_str()?));
            if let (200, Some(at)) = (answer.status, at) {
                self.audit(|auditor, mailbox| match act {
                    Act::Confirm => auditor.confirm_acknowledged(mailbox, at, clock::now()),
                    Act::Withdraw => auditor.withdraw_acknowledged(mailbox, at, clock::now()),
                });
                if matches!(act, Act::Confirm) {
                    let phase = self.world.plan.phase(self.world.elapsed());
                    self.world.times.add(Stage::Confirm, phase, answer.took);
                }
                self.world.changed.notify_one();
                return Ok(answer);
            }
            told = format!("{kind}: {}", answer.reason());
            if (200..300).contains(&answer.status) {
                // A yes without a time: it happened, but when is unknown. The auditor keeps it a range.
                return Err(format!("{kind}: answer without {time}"));
            }
            self.audit(|auditor, mailbox| match act {
                Act::Confirm => auditor.confirm_refused(mailbox),
                Act::Withdraw => auditor.withdraw_refused(mailbox),
            });
            if !answer.wants_patience() {
                break;
            }
            self.wait(&answer).await;
        }
        Err(told)
    }

    fn audit(&self, note: impl FnOnce(&mut Auditor, Mailbox)) {
        note(&mut self.world.auditor(), self.mailbox);
    }

    /// A page, with a person's patience.
    async fn get(&mut self, path: &str) -> Result<Answer, Lost> {
        let mut tries = self.world.options.tries;
        loop {
            tries = tries.saturating_sub(1);
            match self.browser.page(path).await {
                Ok(answer) if answer.wants_patience() && tries > 0 => self.wait(&answer).await,
                Err(_) if tries > 0 => patience(None, self.share).await,
                outcome => return outcome,
            }
        }
    }

    async fn wait(&mut self, answer: &Answer) {
        self.world.honest.asked_to_wait.one();
        self.browser.leave();
        patience(answer.retry_after, self.share).await;
    }

    /// Reads; a connection is not kept for long meanwhile.
    async fn dwell(&mut self, time: Duration) {
        if time > KEPT {
            self.browser.leave();
        }
        sleep(time).await;
    }
}

/// The token to withdraw with, from the answer to a confirmation.
fn withdraw_token(answer: &Answer) -> Option<String> {
    let token = answer.json()?.get("withdraw")?.as_str()?.to_owned();
    let well_formed = token.len() == 24
        && token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    well_formed.then_some(token)
}
