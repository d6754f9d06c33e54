//! Times that have not come yet: written down while the clock was ahead, and then it was set right.
//!
//! Within a process the journal's time never runs back, and mail lives by it. But mail that was only put off or sent leaves no
//! event behind; so a start by a right clock finds mails that wait for the old future, and addresses whose share of the day was
//! spent there. What is further away than any rule could have put it is taken for now. Nothing of it bears on the count.

use paraph_tally::Millis;

use super::tick::DAY;
use crate::journal::integer;
use crate::limits::Limits;
use crate::store::db::{Db, DbError};

/// The longest that mail is put off, a spent budget being a day; beyond it are only mails of addresses that are left alone.
const FARTHEST: u64 = 2 * DAY;
const HOUR: u64 = DAY / 24;

/// How many times were put right. `now` is the journal's.
pub(super) async fn put_right(db: &mut Db, limits: &Limits, now: Millis) -> Result<u64, DbError> {
    let alone = FARTHEST + limits.unconfirmed_days * DAY;
    let dripping = FARTHEST + 2 * HOUR * (limits.second_way_offered / limits.second_way_per_hour);
    let (stopped, bounced) = (limits.mail_stop_days * DAY, limits.mail_bounce_days * DAY);
    let mut right = 0;
    for (sql, becomes, beyond) in [
        (
            "UPDATE outbox SET due_at = ?1 WHERE due_at > ?2 AND held <> 1",
            0,
            FARTHEST,
        ),
        ("UPDATE outbox SET due_at = ?1 WHERE due_at > ?2", 0, alone),
        ("UPDATE news_outbox SET due_at = ?1 WHERE due_at > ?2", 0, FARTHEST),
        ("UPDATE second_way SET due_at = ?1 WHERE due_at > ?2", 0, dripping),
        ("UPDATE mail_stop SET at = ?1 WHERE at > ?2", 0, DAY),
        (
            "UPDATE mail_stop SET until = ?1 WHERE until > ?2",
            stopped,
            stopped + DAY,
        ),
        ("UPDATE mail_bounce SET last_at = ?1 WHERE last_at > ?2", 0, DAY),
        (
            "UPDATE mail_bounce SET until = ?1 WHERE until > ?2",
            bounced,
            bounced + DAY,
        ),
    ] {
        right += db
            .execute(sql, &[integer(now.0 + becomes), integer(now.0 + beyond)])
            .await?;
    }
    for (latest, sql) in [
        (
            "SELECT MAX(at) FROM mail_sent WHERE at > ?1",
            "UPDATE mail_sent SET at = at - ?1 WHERE at > ?2",
        ),
        (
            "SELECT MAX(at) FROM news_sent WHERE at > ?1",
            "UPDATE news_sent SET at = at - ?1 WHERE at > ?2",
        ),
        (
            "SELECT MAX(counted_at) FROM second_way WHERE counted_at > ?1",
            "UPDATE second_way SET counted_at = counted_at - ?1 WHERE counted_at > ?2",
        ),
    ] {
        // When mails left: the last of them just now, all others as long before it as they did.
        let ahead = integer(now.0 + DAY);
        let latest = match db.query_one(latest, &[ahead]).await? {
            Some(row) => row.maybe_int(0)?,
            None => None,
        };
        if let Some(latest) = latest {
            let by = u64::try_from(latest).unwrap_or(0).saturating_sub(now.0);
            right += db.execute(sql, &[integer(by), ahead]).await?;
        }
    }
    if right > 0 {
        tracing::warn!(
            times = right,
            "mail waited for a time to which only a wrong clock can have put it; that is put right"
        );
    }
    Ok(right)
}
