//! The mailer of updates: what an author has posted, to those who asked for news. It never stands in the way of mail that
//! confirms: it has a pace, a connection and a budget of its own, and nothing is claimed while other mail is due.

use std::sync::Arc;
use std::time::Duration;

use lettre::Address;
use lettre::message::Mailbox;
use paraph_tally::{End, Millis};
use tokio::sync::watch;
use tokio::time::Instant;

use super::bounce;
use super::compose::{self, MessageId, Outgoing, Post};
use super::dkim::Signer;
use super::pace::{self, Handed, Next, Pace};
use super::page::{Head, Page, plain};
use super::rest::Rest;
use super::stop::{self, AddressTags, Kind};
use super::texts::{Said, Texts};
use super::transport::{DeliveryError, Transport};
use crate::clock;
use crate::handlers::shelf::Shelf;
use crate::intake::Intake;
use crate::intake::command::{ClaimedNews, MailOutcome};
use crate::ledger::content::Update;
use crate::ledger::query::LedgerReader;
use crate::limits::Limits;
use crate::store::db::DbError;
use crate::store::id;
use crate::telemetry;
use crate::token::Tokens;

/// How often it is looked for updates while there are none.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Characters of names and titles in a mail, and of the title in its subject.
const NAME_CHARS: usize = 60;
const TITLE_CHARS: usize = 200;
const SUBJECT_CHARS: usize = 90;
/// Characters of a paragraph; the command line takes no longer text.
const PARAGRAPH_CHARS: usize = 16 * 1024;

/// What the mailer of updates needs.
pub struct NewsMailer {
    /// Claims mails and records outcomes.
    pub intake: Intake,
    /// Reads whom to write to.
    pub ledger: LedgerReader,
    /// Makes the link that stops news.
    pub tokens: Arc<Tokens>,
    /// Tells spellings of one mailbox apart.
    pub addresses: AddressTags,
    /// The updates.
    pub shelf: Arc<Shelf>,
    /// Where mail goes; not the one of confirmations, so that its connections stay free.
    pub transport: Transport,
    /// Sender.
    pub from: Mailbox,
    /// Signs mails.
    pub dkim: Option<Arc<Signer>>,
    /// Where mails come back to, without the token.
    pub bounce: Option<Address>,
    /// Name of the site.
    pub site_name: String,
    /// Address of the site, without a slash at the end.
    pub base_url: String,
    /// Key of the names of mails.
    pub message_key: [u8; 32],
    /// The bounds in force.
    pub limits: Limits,
}

/// What a mail of an update says.
#[derive(Clone, Copy, Debug)]
pub struct News<'a> {
    /// Recipient.
    pub to: &'a Address,
    /// Language of the signature; English if there is no text for it.
    pub lang: &'a str,
    /// Name of the site.
    pub site_name: &'a str,
    /// Address of the site.
    pub base_url: &'a str,
    /// Slug of the petition.
    pub slug: &'a str,
    /// Title of the petition.
    pub petition: &'a str,
    /// Its author.
    pub author: &'a str,
    /// What was posted.
    pub update: &'a Update,
    /// Token of the link that stops news.
    pub stop_token: &'a str,
}

impl NewsMailer {
    /// Sends mail until `stop` turns true; what was claimed by then is finished first.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut pace = Pace::new(&Limits {
            mail_per_minute: self.limits.news_per_minute,
            mail_provider_per_minute: self.limits.news_provider_per_minute,
            ..self.limits.clone()
        });
        let mut rest = Rest::new(self.limits.mail_rest_seconds);
        while !*stop.borrow() {
            let rests = rest.left(Instant::now());
            let claimed = match rests {
                Some(_) => Vec::new(),
                None => {
                    let most = if rest.is_on() { 1 } else { self.limits.news_claimed };
                    self.intake.claim_news(most).await.unwrap_or_default()
                }
            };
            if claimed.is_empty() {
                tokio::select! {
                    () = tokio::time::sleep(rests.unwrap_or(LOOK_AGAIN)) => {}
                    _ = stop.changed() => {}
                }
                continue;
            }
            let mut outcomes = Vec::with_capacity(claimed.len());
            for mail in claimed {
                // What was taken out with one that could not be prepared would fail alike.
                let outcome = if rest.left(Instant::now()).is_some() {
                    MailOutcome::Later(Duration::ZERO)
                } else {
                    self.send(mail, &mut pace, &mut rest).await
                };
                let label = match outcome {
                    MailOutcome::Sent | MailOutcome::SentTo(_) => "news_sent",
                    MailOutcome::Later(_) => "news_later",
                    MailOutcome::GivenUp => "news_given_up",
                };
                metrics::counter!(telemetry::MAILS, "outcome" => label).increment(1);
                outcomes.push((mail, outcome));
            }
            if self.intake.news_done(outcomes).await.is_err() {
                tracing::warn!("what became of some mails of an update was not recorded; they may be sent twice");
            }
        }
    }

    async fn send(&self, mail: ClaimedNews, pace: &mut Pace, rest: &mut Rest) -> MailOutcome {
        let now = clock::now();
        let done = self.try_to_send(mail, pace, now).await;
        rest.heard(done, Instant::now()).unwrap_or_else(|| later(mail, now))
    }

    async fn try_to_send(&self, mail: ClaimedNews, pace: &mut Pace, now: Millis) -> Result<MailOutcome, DbError> {
        // Nothing goes out to a signature that has ended, or that somebody is looking into.
        let state = self.ledger.state(mail.signature).await?;
        let stands = state
            .is_some_and(|state| state.confirmed_at.is_some() && state.axes.is_clear() && state.axes.end == End::None);
        if !stands {
            return Ok(MailOutcome::GivenUp);
        }
        let Some(personal) = self.ledger.record(mail.signature).await? else {
            return Ok(MailOutcome::GivenUp);
        };
        let Some(displayed) = self.shelf.petition_by_id(mail.petition) else {
            return Ok(later(mail, now));
        };
        // Posted a moment ago, and not on the shelf yet.
        let Some(update) = displayed.petition.content.update(mail.number) else {
            return Ok(later(mail, now));
        };
        let Ok(to) = compose::recipient(&personal.email) else {
            return Ok(MailOutcome::GivenUp);
        };
        let Some(spelt) = self
            .ledger
            .goes_to(&self.addresses, &personal.email, mail.address, now)
            .await?
        else {
            return Ok(MailOutcome::GivenUp);
        };
        if let Err(at) = pace.ready(to.domain(), now, jitter()) {
            return Ok(pace::wait(at, now));
        }
        let news = News {
            to: &to,
            lang: &personal.language,
            site_name: &self.site_name,
            base_url: &self.base_url,
            slug: &displayed.view.slug,
            petition: &displayed.view.title,
            author: &displayed.view.author,
            update,
            stop_token: &self.tokens.issue_stop(Kind::News, mail.address),
        };
        let id = self.name(mail);
        let returns_to = self
            .bounce
            .as_ref()
            .and_then(|bounce| bounce::return_address(bounce, &self.tokens.issue_bounce(spelt, now)));
        let post = Post {
            from: &self.from,
            returns_to: returns_to.as_ref(),
            id,
            written: mail.made_at,
        };
        let outcome = match compose(&news, &post) {
            Ok(message) => {
                let raw = match &self.dkim {
                    Some(signer) => signer.signed(&message.formatted(), now),
                    None => message.formatted(),
                };
                self.transport.deliver(message.envelope(), raw, id).await
            }
            Err(unwritable) => Err(DeliveryError::Permanent(unwritable.to_string())),
        };
        let handed = Handed::of(&outcome);
        pace.done(to.domain(), mail.address, handed, clock::now(), jitter());
        Ok(match outcome {
            Ok(()) => MailOutcome::Sent,
            Err(DeliveryError::Permanent(reason)) => {
                tracing::info!(reason, "a mail of an update was refused for good");
                MailOutcome::GivenUp
            }
            Err(DeliveryError::Temporary(reason) | DeliveryError::Deferred(reason)) => {
                tracing::info!(reason, "a mail of an update will be tried again");
                later(mail, now)
            }
        })
    }

    /// The same however often it is sent: a mail server or program that has it already can tell.
    fn name(&self, mail: ClaimedNews) -> MessageId {
        let mut of = mail.mailbox.0;
        let about = u64::from(mail.petition.0) << 32 | u64::from(mail.number);
        for (byte, more) in of.iter_mut().zip(about.to_be_bytes()) {
            *byte ^= more;
        }
        MessageId::derive(&self.message_key, of)
    }
}

fn jitter() -> u64 {
    u64::from_be_bytes(id::random())
}

fn later(mail: ClaimedNews, now: Millis) -> MailOutcome {
    match pace::after_failure(mail.made_at, mail.attempts + 1, jitter(), now) {
        Next::RetryAt(at) => pace::wait(at, now),
        Next::GiveUp => MailOutcome::GivenUp,
    }
}

/// Writes the mail. The same arguments give the same bytes.
///
/// # Errors
/// As [`compose::message`].
pub fn compose(news: &News<'_>, post: &Post<'_>) -> Result<lettre::Message, compose::Unwritable> {
    let texts = Texts::of(news.lang);
    let subject = texts.say(
        "news-subject",
        &[("title", Said::Text(&plain(&news.update.title, SUBJECT_CHARS)))],
    );
    let (site, dir) = (plain(news.site_name, NAME_CHARS), texts.say("dir", &[]));
    compose::message(&Outgoing {
        to: news.to,
        from: post.from,
        returns_to: post.returns_to,
        head: Head {
            lang: texts.code,
            dir: &dir,
            subject: &subject,
            site: &site,
            base_url: news.base_url,
        },
        page: &page(texts, news, &site),
        stop_link: &stop::link(news.base_url, news.stop_token, news.lang),
        id: post.id,
        written: post.written,
    })
}

fn page(texts: &Texts, news: &News<'_>, site: &str) -> Page {
    let author = plain(news.author, TITLE_CHARS);
    let mut page = Page::default();
    page.paragraph(&texts.say(
        "news-who",
        &[("author", Said::Text(&author)), ("site", Said::Text(site))],
    ));
    page.quoted(&plain(news.petition, TITLE_CHARS));
    page.paragraph(&plain(&news.update.title, TITLE_CHARS));
    for paragraph in paragraphs(&news.update.body) {
        page.paragraph(&plain(&paragraph, PARAGRAPH_CHARS));
    }
    let address = format!(
        "{}/p/{}/updates/{}?lang={}",
        news.base_url, news.slug, news.update.number, news.lang
    );
    page.button(&texts.say("news-label", &[]), &address);
    page.paragraph(&texts.say("news-stop", &[]));
    page.link(
        &texts.say("news-stop-label", &[]),
        &stop::link(news.base_url, news.stop_token, news.lang),
    );
    page
}

/// The text without its little markup: a heading or an item of a list is a paragraph of its own.
fn paragraphs(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines().map(str::trim) {
        let heading = line.strip_prefix("## ");
        let stands_alone = heading.is_some() || line.starts_with("- ");
        let line = heading.unwrap_or(line);
        match found.last_mut().filter(|_| goes_on && !stands_alone) {
            Some(last) if !line.is_empty() => {
                last.push(' ');
                last.push_str(line);
            }
            _ if !line.is_empty() => found.push(line.to_owned()),
            _ => {}
        }
        goes_on = !line.is_empty() && heading.is_none();
    }
    found
}

#[cfg(test)]
mod tests {
    use lettre::Address;
    use lettre::message::Mailbox;
    use paraph_tally::Millis;

    use super::{News, Post, compose};
    use crate::ledger::content::Update;
    use crate::mail::compose::MessageId;

    #[test]
    fn the_mail_holds_the_update_and_a_link_that_ends_the_news_and_nothing_that_withdraws() {
        let to = Address::new("maelle", "people.example").expect("an address");
        let from: Mailbox = "petitions@site.example".parse().expect("a mailbox");
        let update = Update {
            number: 2,
            title: "The council\u{202e} votes".into(),
            body: "## At last\nThey vote\non Monday.\n\n- be there\n- bring friends".into(),
            posted_at: Millis(0),
        };
        for (lang, words) in [
            ("en", "It leaves your signature as it is"),
            ("fr", "Votre signature reste telle qu"),
        ] {
            let news = News {
                to: &to,
                lang,
                site_name: "Petitions",
                base_url: "https://site.example",
                slug: "fountain",
                petition: "Repair the fountain",
                author: "Friends",
                update: &update,
                stop_token: "c3RvcA",
            };
            let post = Post {
                from: &from,
                returns_to: None,
                id: MessageId::derive(&[1; 32], [2; 16]),
                written: Millis(7),
            };
            let mail = compose(&news, &post).expect("written").formatted();
            let again = compose(&news, &post).expect("written").formatted();
            assert_eq!(mail, again, "the same bytes");
            let head = String::from_utf8_lossy(&mail).into_owned();
            let text = paraph_drill::mime::read(&mail).text;
            assert!(head.contains("List-Unsubscribe: <https://site.example/stop-mail/c3RvcA?lang="));
            assert!(head.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
            let unbroken = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            assert!(unbroken.contains(words) && !text.contains("/withdraw/"), "{text}");
            assert!(
                text.contains(
                    "The council votes\n\nAt last\n\nThey vote on Monday.\n\n- be there\n\n- bring friends\n"
                )
            );
            assert!(text.contains(&format!("https://site.example/p/fountain/updates/2?lang={lang}\n")));
        }
    }
}
