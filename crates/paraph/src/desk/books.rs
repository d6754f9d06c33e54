//! What the desk reads of the store, over connections of its own: pages of the public side cannot use them up.

use std::collections::BTreeMap;

use paraph_tally::{Millis, PetitionId};

use super::command::{MemberId, TokenHash};
use super::role::Role;
use crate::incident::log::ShiftLine;
use crate::journal::integer;
use crate::ledger::{petition_id, shift};
use crate::store::db::{DbError, Row, Value};
use crate::store::reader::Reader;

/// Reads the tables of the desk.
#[derive(Clone)]
pub struct Books(Reader);

/// A member, as others see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Name in the store.
    pub id: MemberId,
    /// As shown.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Since when.
    pub made_at: Millis,
}

/// What a login is compared with.
pub struct Credentials {
    /// The member.
    pub member: Member,
    /// Hash of the password.
    pub password: Vec<u8>,
    /// Secret of the code generator, sealed.
    pub totp: Vec<u8>,
}

/// A session that is open.
#[derive(Clone, Debug)]
pub struct Open {
    /// Hash of its token.
    pub token: TokenHash,
    /// Whose it is.
    pub member: Member,
    /// Since when.
    pub made_at: Millis,
    /// Last use, to the minute.
    pub seen_at: Millis,
}

/// A passkey of a member.
#[derive(Clone, Debug)]
pub struct Passkey {
    /// Its name at the authenticator.
    pub id: Vec<u8>,
    /// Whose it is.
    pub member: MemberId,
    /// As its member calls it.
    pub name: String,
    /// Its public key (COSE_Key).
    pub public_key: Vec<u8>,
    /// Since when.
    pub made_at: Millis,
    /// Last use; 0 if it was never used.
    pub used_at: Millis,
    /// Whether it lets nobody in any more, as there may be a copy of it.
    pub is_stopped: bool,
}

/// A link that was not used yet.
#[derive(Clone, Debug)]
pub struct Link {
    /// Hash of its token.
    pub token: TokenHash,
    /// What who uses it becomes.
    pub role: Role,
    /// Name of the member whom it is for, if there is one already.
    pub member: Option<Member>,
    /// Until when.
    pub expires: Millis,
}

/// Where a draft stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Review {
    /// With its author.
    Author,
    /// To be reviewed.
    Waiting,
    /// Sent back.
    SentBack,
}

/// What the desk knows of a petition.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Who wrote it, if a member did.
    pub author: Option<MemberId>,
    /// Where its draft stands.
    pub review: Review,
    /// Why it was sent back.
    pub note: String,
    /// Since when.
    pub since: Millis,
}

/// A line of the audit log.
#[derive(Clone, Debug)]
pub struct Line {
    /// When.
    pub at: Millis,
    /// Who, if a member.
    pub member: Option<MemberId>,
    /// What.
    pub act: String,
    /// About what.
    pub subject: String,
}

/// Lines of the audit log that a page shows.
const LINES: u64 = 200;

fn member(row: &Row, from: usize) -> Result<Member, DbError> {
    Ok(Member {
        id: row.array(from)?,
        name: row.text(from + 1)?.to_owned(),
        role: Role::from_code(row.int(from + 2)?).ok_or(DbError::Shape("a role"))?,
        made_at: Millis(row.unsigned(from + 3)?),
    })
}

impl Books {
    /// Over a pool of its own.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        Self(reader)
    }

    /// Closes the file.
    pub async fn close(&self) {
        self.0.close().await;
    }

    async fn rows<const N: usize>(&self, sql: &'static str, values: [Held; N]) -> Result<Vec<Row>, DbError> {
        let work = move |db: crate::store::reader::Reading<'_>| {
            let values: Vec<Value<'_>> = values.iter().map(Held::as_value).collect();
            db.query(sql, &values)
        };
        self.0.with(work).await
    }

    /// Whether somebody can invite others.
    ///
    /// # Errors
    /// The store refused.
    pub async fn has_operator(&self) -> Result<bool, DbError> {
        let sql = "SELECT 1 FROM desk_member WHERE role = ?1 AND removed_at IS NULL LIMIT 1";
        Ok(!self.rows(sql, [Held::Int(Role::Operator.code())]).await?.is_empty())
    }

    /// Members, in the order in which they joined.
    ///
    /// # Errors
    /// The store refused.
    pub async fn members(&self) -> Result<Vec<Member>, DbError> {
        let sql = "SELECT id, name, role, made_at FROM desk_member WHERE removed_at IS NULL ORDER BY made_at, id";
        self.rows(sql, []).await?.iter().map(|row| member(row, 0)).collect()
    }

    /// Those who were removed, in that order.
    ///
    /// # Errors
    /// The store refused.
    pub async fn former(&self) -> Result<Vec<MemberId>, DbError> {
        let sql = "SELECT id FROM desk_member WHERE removed_at IS NOT NULL ORDER BY removed_at, id";
        self.rows(sql, []).await?.iter().map(|row| row.array(0)).collect()
    }

    /// What a login is compared with; `login` as [`super::names::login`] makes it.
    ///
    /// # Errors
    /// The store refused.
    pub async fn credentials(&self, login: String) -> Result<Option<Credentials>, DbError> {
        let sql = "SELECT id, name, role, made_at, password, totp FROM desk_member \
                   WHERE login = ?1 AND removed_at IS NULL";
        let rows = self.rows(sql, [Held::Text(login)]).await?;
        let read = |row: &Row| {
            Ok(Credentials {
                member: member(row, 0)?,
                password: row.blob(4)?.to_vec(),
                totp: row.blob(5)?.to_vec(),
            })
        };
        rows.first().map(read).transpose()
    }

    /// An open session, however old: [`super::Desk`] decides whether it still is good.
    ///
    /// # Errors
    /// The store refused.
    pub async fn session(&self, token: TokenHash) -> Result<Option<Open>, DbError> {
        let sql = "SELECT m.id, m.name, m.role, m.made_at, s.token, s.made_at, s.seen_at FROM desk_session s \
                   JOIN desk_member m ON m.id = s.member WHERE s.token = ?1 AND m.removed_at IS NULL";
        let rows = self.rows(sql, [Held::Blob(token.to_vec())]).await?;
        rows.first().map(open).transpose()
    }

    /// Sessions of a member, the latest used first.
    ///
    /// # Errors
    /// The store refused.
    pub async fn sessions(&self, of: MemberId) -> Result<Vec<Open>, DbError> {
        let sql = "SELECT m.id, m.name, m.role, m.made_at, s.token, s.made_at, s.seen_at FROM desk_session s \
                   JOIN desk_member m ON m.id = s.member WHERE s.member = ?1 ORDER BY s.seen_at DESC";
        self.rows(sql, [Held::Blob(of.to_vec())])
            .await?
            .iter()
            .map(open)
            .collect()
    }

    /// Recovery codes that a member has left.
    ///
    /// # Errors
    /// The store refused.
    pub async fn recovery_left(&self, of: MemberId) -> Result<u64, DbError> {
        let sql = "SELECT COUNT(*) FROM desk_recovery WHERE member = ?1";
        let rows = self.rows(sql, [Held::Blob(of.to_vec())]).await?;
        rows.first().map_or(Ok(0), |row| row.unsigned(0))
    }

    /// A passkey, by its name at the authenticator.
    ///
    /// # Errors
    /// The store refused.
    pub async fn passkey(&self, id: Vec<u8>) -> Result<Option<Passkey>, DbError> {
        let sql = "SELECT id, member, name, public_key, made_at, COALESCE(used_at, 0), COALESCE(stopped_at, 0) \
                   FROM desk_passkey WHERE id = ?1";
        let rows = self.rows(sql, [Held::Blob(id)]).await?;
        rows.first().map(passkey).transpose()
    }

    /// Passkeys of a member, the oldest first.
    ///
    /// # Errors
    /// The store refused.
    pub async fn passkeys(&self, of: MemberId) -> Result<Vec<Passkey>, DbError> {
        let sql = "SELECT id, member, name, public_key, made_at, COALESCE(used_at, 0), COALESCE(stopped_at, 0) \
                   FROM desk_passkey WHERE member = ?1 ORDER BY made_at, id";
        let rows = self.rows(sql, [Held::Blob(of.to_vec())]).await?;
        rows.iter().map(passkey).collect()
    }

    /// A link that can still be used.
    ///
    /// # Errors
    /// The store refused.
    pub async fn link(&self, token: TokenHash, now: Millis) -> Result<Option<Link>, DbError> {
        let sql = "SELECT i.role, i.expires, m.id, m.name, m.role, m.made_at, i.token FROM desk_invitation i \
                   LEFT JOIN desk_member m ON m.id = i.member WHERE i.token = ?1 AND i.expires > ?2";
        let rows = self.rows(sql, [Held::Blob(token.to_vec()), Held::at(now)]).await?;
        rows.first().map(link).transpose()
    }

    /// Links that nobody has used yet.
    ///
    /// # Errors
    /// The store refused.
    pub async fn links(&self, now: Millis) -> Result<Vec<Link>, DbError> {
        let sql = "SELECT i.role, i.expires, m.id, m.name, m.role, m.made_at, i.token FROM desk_invitation i \
                   LEFT JOIN desk_member m ON m.id = i.member WHERE i.expires > ?1 ORDER BY i.expires";
        self.rows(sql, [Held::at(now)]).await?.iter().map(link).collect()
    }

    /// Where every petition stands that the desk knows of.
    ///
    /// # Errors
    /// The store refused.
    pub async fn standings(&self) -> Result<BTreeMap<PetitionId, Standing>, DbError> {
        let sql = "SELECT petition, author, review, note, since FROM desk_petition";
        let read = |row: &Row| {
            let review = match row.int(2)? {
                1 => Review::Waiting,
                2 => Review::SentBack,
                _ => Review::Author,
            };
            let standing = Standing {
                author: row.maybe_array(1)?,
                review,
                note: row.text(3)?.to_owned(),
                since: Millis(row.unsigned(4)?),
            };
            Ok((petition_id(row, 0)?, standing))
        };
        self.rows(sql, []).await?.iter().map(read).collect()
    }

    /// The latest lines of the audit log.
    ///
    /// # Errors
    /// The store refused.
    pub async fn audit(&self) -> Result<Vec<Line>, DbError> {
        let sql = "SELECT at, member, act, subject FROM desk_audit ORDER BY id DESC LIMIT ?1";
        let most = Held::Int(i64::try_from(LINES).unwrap_or(i64::MAX));
        let read = |row: &Row| {
            Ok(Line {
                at: Millis(row.unsigned(0)?),
                member: row.maybe_array(1)?,
                act: row.text(2)?.to_owned(),
                subject: row.text(3)?.to_owned(),
            })
        };
        self.rows(sql, [most]).await?.iter().map(read).collect()
    }
}

impl Books {
    /// The latest lines of the shift log, the latest first.
    ///
    /// # Errors
    /// The store refused.
    pub async fn shift(&self) -> Result<Vec<ShiftLine>, DbError> {
        let most = Held::Int(i64::try_from(shift::LINES).unwrap_or(i64::MAX));
        self.rows(shift::OF_ALL, [most])
            .await?
            .iter()
            .map(shift::line)
            .collect()
    }
}

fn link(row: &Row) -> Result<Link, DbError> {
    let known: Option<[u8; 16]> = row.maybe_array(2)?;
    Ok(Link {
        role: Role::from_code(row.int(0)?).ok_or(DbError::Shape("a role"))?,
        member: known.map(|_| member(row, 2)).transpose()?,
        expires: Millis(row.unsigned(1)?),
        token: row.array(6)?,
    })
}

fn passkey(row: &Row) -> Result<Passkey, DbError> {
    Ok(Passkey {
        id: row.blob(0)?.to_vec(),
        member: row.array(1)?,
        name: row.text(2)?.to_owned(),
        public_key: row.blob(3)?.to_vec(),
        made_at: Millis(row.unsigned(4)?),
        used_at: Millis(row.unsigned(5)?),
        is_stopped: row.unsigned(6)? > 0,
    })
}

fn open(row: &Row) -> Result<Open, DbError> {
    Ok(Open {
        member: member(row, 0)?,
        token: row.array(4)?,
        made_at: Millis(row.unsigned(5)?),
        seen_at: Millis(row.unsigned(6)?),
    })
}

/// A value that a query on another thread holds.
enum Held {
    Int(i64),
    Blob(Vec<u8>),
    Text(String),
}

impl Held {
    fn at(at: Millis) -> Self {
        match integer(at.0) {
            Value::Int(at) => Self::Int(at),
            _ => Self::Int(i64::MAX),
        }
    }

    fn as_value(&self) -> Value<'_> {
        match self {
            Self::Int(value) => Value::Int(*value),
            Self::Blob(value) => Value::Blob(value),
            Self::Text(value) => Value::Text(value),
        }
    }
}
