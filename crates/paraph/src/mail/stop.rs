//! Who wants no more mail, and of which kind.
//!
//! A stop is made by whoever reads the mailbox, through a link of a mail, and by nobody else: no attack can keep a person
//! from signing by stopping their mail. It names the address by its keyed tag only, withdraws nothing, and tells nothing
//! about signatures. It can be lifted through any link of any mail.
//!
//! - A stop of *confirmations* holds for every petition of the site, until it is lifted or `limits.mail_stop_days` are
//!   over: a mailbox may change hands, and who reads it next must be able to sign. While it stands, mail is put off, not
//!   dropped: lifted in time, the mail goes out.
//! - A stop of *news* has no end, but it holds only for what was asked for before it: who ticks the box again, and confirms
//!   it, wants news again.
//!
//! A mailbox that does not exist (see [`super::bounce`]) is left alone for a while in the same way.

use lettre::message::MessageBuilder;
use lettre::message::header::{HeaderName, HeaderValue};
use paraph_tally::{Millis, PetitionId};

use crate::admit::email::Email;
use crate::journal::integer;
use crate::keys::{Keys, tag};
use crate::store::db::{Db, DbError, Row, Value};

/// What a mail is for. Each kind is stopped by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Asks to confirm a signature.
    Confirmation,
    /// News of a petition, for those who asked.
    News,
}

impl Kind {
    /// As the store writes it.
    #[must_use]
    pub fn code(self) -> i64 {
        match self {
            Self::Confirmation => 1,
            Self::News => 2,
        }
    }
}

/// Turns addresses into the tags by which outbox, budgets and stops know them.
#[derive(Clone)]
pub struct AddressTags([u8; 32]);

impl AddressTags {
    /// Takes the subkey.
    #[must_use]
    pub fn new(keys: &Keys) -> Self {
        Self(keys.derive("address v1"))
    }

    /// The tag of a canonical address ([`crate::admit::email::Email::canonical`]), over all petitions.
    #[must_use]
    pub fn of(&self, canonical: &str) -> [u8; 16] {
        tag(&self.0, &[canonical.as_bytes()])
    }

    /// The tag of an address as somebody spelt it: that of its mailbox, unless it has more or other than the mailbox's own
    /// name ([`Email::spelt`]). Not every mail server knows every such spelling of its mailboxes.
    #[must_use]
    pub fn spelt(&self, typed: &str) -> Option<[u8; 16]> {
        let email = Email::parse(typed).ok()?;
        Some(self.of(&email.spelt()))
    }
}

/// Why an address is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// Its reader wants no mail of this kind.
    Stopped {
        /// When that ends by itself; `None`: it does not.
        until: Option<Millis>,
    },
    /// Mail to it came back for good.
    Bounced {
        /// When it is worth another try.
        until: Millis,
    },
}

/// Whether an address is to be left alone: the one question to ask before any mail. `asked_at` is when the mail was asked
/// for (for news: when the wish was confirmed); a stop of news older than that wish does not stand against it.
///
/// # Errors
/// The store refused.
pub async fn is_stopped(
    db: &mut Db,
    kind: Kind,
    address: [u8; 16],
    asked_at: Millis,
    now: Millis,
) -> Result<Option<Quiet>, DbError> {
    let rows = db.query(QUIET, &[Value::Blob(&address)]).await?;
    judge(&rows, kind, asked_at, now)
}

/// For [`judge`]: everything that is known about one address.
pub(crate) const QUIET: &str = "SELECT kind, at, until FROM mail_stop WHERE address = ?1 \
     UNION ALL SELECT 0, last_at, until FROM mail_bounce WHERE address = ?1";

pub(crate) fn judge(rows: &[Row], kind: Kind, asked_at: Millis, now: Millis) -> Result<Option<Quiet>, DbError> {
    let mut quiet = None;
    for row in rows {
        let (code, at) = (row.int(0)?, Millis(row.unsigned(1)?));
        let until = row.maybe_int(2)?.map(|until| Millis(u64::try_from(until).unwrap_or(0)));
        if until.is_some_and(|until| until.0 <= now.0) {
            continue;
        }
        match (code, until) {
            (0, Some(until)) => quiet = quiet.or(Some(Quiet::Bounced { until })),
            (0, None) => {}
            // What its reader said comes before what its mail server said.
            (code, until) if code == kind.code() && (kind == Kind::Confirmation || asked_at.0 <= at.0) => {
                quiet = Some(Quiet::Stopped { until });
            }
            _ => {}
        }
    }
    Ok(quiet)
}

/// How many mailboxes a mail of news about a petition goes to: those that asked, and that [`is_stopped`] does not leave alone.
///
/// # Errors
/// The store refused.
pub async fn readers_of_news(db: &mut Db, petition: PetitionId, now: Millis) -> Result<u64, DbError> {
    let sql = "SELECT COUNT(*) FROM news n WHERE n.petition = ?1 \
               AND NOT EXISTS (SELECT 1 FROM mail_stop s WHERE s.address = n.address AND s.kind = ?2 AND s.at >= n.since \
                               AND (s.until IS NULL OR s.until > ?3)) \
               AND NOT EXISTS (SELECT 1 FROM mail_bounce b WHERE b.address = n.address AND b.until > ?3)";
    let values = [
        Value::Int(petition.0.into()),
        Value::Int(Kind::News.code()),
        integer(now.0),
    ];
    let row = db.query_one(sql, &values).await?;
    row.map_or(Ok(0), |row| row.unsigned(0))
}

/// A wish of whoever reads a mailbox: on its way to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Which mail.
    pub kind: Kind,
    /// Tag of the address.
    pub address: [u8; 16],
    /// No more of it, or again.
    pub stop: bool,
}

/// Address of the page where mail of a kind is stopped and allowed again.
#[must_use]
pub fn link(base_url: &str, token: &str, lang: &str) -> String {
    format!("{base_url}/stop-mail/{token}?lang={lang}")
}

/// The header fields of RFC 2369 and RFC 8058 for a link made by [`link`]. The second, which lets a mail program stop the
/// mail with one press, needs https; where there is none it is left out.
#[must_use]
pub fn headers(message: MessageBuilder, link: &str) -> MessageBuilder {
    // Written out as they are: an encoder might fold an address, and a folded one is none.
    let field = |name, value: String| HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value);
    let list = HeaderName::new_from_ascii_str("List-Unsubscribe");
    let message = message.raw_header(field(list, format!("<{link}>")));
    if !link.starts_with("https://") {
        return message;
    }
    let post = HeaderName::new_from_ascii_str("List-Unsubscribe-Post");
    message.raw_header(field(post, "List-Unsubscribe=One-Click".to_owned()))
}

#[cfg(test)]
mod tests {
    use paraph_tally::Millis;

    use super::{Kind, Quiet, judge};
    use crate::store::db::{Cell, Row};

    fn row(kind: i64, at: i64, until: Option<i64>) -> Row {
        Row(vec![
            Cell::Int(kind),
            Cell::Int(at),
            until.map_or(Cell::Null, Cell::Int),
        ])
    }

    #[test]
    fn a_stop_is_for_its_kind_and_news_asked_for_later_are_wanted() {
        let check = |rows: &[Row], kind, asked_at, expect| {
            let quiet = judge(rows, kind, Millis(asked_at), Millis(100)).expect("rows of ours");
            assert_eq!(quiet, expect, "{rows:?} {kind:?} {asked_at}");
        };
        let (confirmation, news) = (row(1, 50, Some(200)), row(2, 50, None));
        let stopped = |until: Option<u64>| {
            Some(Quiet::Stopped {
                until: until.map(Millis),
            })
        };
        check(&[], Kind::News, 10, None);
        check(std::slice::from_ref(&confirmation), Kind::News, 10, None);
        check(
            std::slice::from_ref(&confirmation),
            Kind::Confirmation,
            99,
            stopped(Some(200)),
        );
        check(&[row(1, 50, Some(100))], Kind::Confirmation, 10, None);
        check(std::slice::from_ref(&news), Kind::News, 10, stopped(None));
        check(std::slice::from_ref(&news), Kind::News, 51, None);
        let bounced = Some(Quiet::Bounced { until: Millis(300) });
        check(&[news, row(0, 60, Some(300))], Kind::Confirmation, 10, bounced);
        check(&[row(0, 60, Some(90))], Kind::Confirmation, 10, None);
        check(
            &[confirmation, row(0, 60, Some(300))],
            Kind::Confirmation,
            10,
            stopped(Some(200)),
        );
    }
}
