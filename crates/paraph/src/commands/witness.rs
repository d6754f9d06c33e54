//! What a drill asks of the store of the server under rehearsal, beside the server: who is held, in which cluster, in which
//! incident, and whether mail is on its way.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use paraph_drill::Witness;
use paraph_drill::witness::{Cluster, Standing, Testimony};
use paraph_tally::{Axes, Event, SignatureId, Standing as Verdict, VerdictKind};
use rusqlite::{Connection, OpenFlags};

use crate::incident::Direction;
use crate::incident::book::{Incident, What};
use crate::journal::{decoded, integer, verdict::kind_code};
use crate::keys::{KeyError, Keys};
use crate::store::db::{DbError, Value, sqlite_query};
use crate::token::{Purpose, Tokens};

/// A witness that reads the data directory of a server on this machine.
///
/// # Errors
/// The key file cannot be read: without it nobody can tell whose token a token is.
pub fn of(directory: &Path, key_file: &Path) -> Result<Witness, KeyError> {
    let tokens = Arc::new(Tokens::new(&Keys::open(key_file, false)?));
    let store = directory.join("paraph.db");
    Ok(Witness::new(move |asked, since| {
        testimony(&store, &tokens, asked, since).ok()
    }))
}

fn testimony(store: &Path, tokens: &Tokens, asked: &[String], since: i64) -> Result<Testimony, DbError> {
    let db = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let ids: Vec<Option<SignatureId>> = asked.iter().map(|token| tokens.read(Purpose::Confirm, token)).collect();
    let standing = |id: &Option<SignatureId>| id.map_or(Ok(None), |id| standing(&db, id));
    let sql = "SELECT MIN(at) FROM verdict WHERE kind = ?1 AND author IS NULL AND at >= ?2";
    let since = integer(u64::try_from(since).unwrap_or_default());
    let first = sqlite_query(&db, sql, &[Value::Int(kind_code(VerdictKind::Held)), since])?;
    // Kept back are those that wait for a verdict or for another day.
    let mails = sqlite_query(&db, "SELECT COUNT(*) FROM outbox WHERE held = 0", &[])?;
    // The column knows of who came after one of the same mailbox, and waits for nothing.
    let waiting = sqlite_query(&db, "SELECT COUNT(*) FROM signature WHERE unsettled = 1", &[])?;
    Ok(Testimony {
        of: ids.iter().map(standing).collect::<Result<_, _>>()?,
        first_hold_at: first.first().map_or(Ok(None), |row| row.maybe_int(0))?,
        clusters: clusters(&db, &ids, since)?,
        incidents: incidents(&db, since)?,
        mails_on_their_way: mails.first().map_or(Ok(0), |row| row.unsigned(0))?,
        waiting: waiting.first().map_or(Ok(0), |row| row.unsigned(0))?,
    })
}

/// What scrutiny has bound together: the evidence of its verdicts names the cluster, their events name the members.
fn clusters(db: &Connection, asked: &[Option<SignatureId>], since: Value<'_>) -> Result<Vec<Cluster>, DbError> {
    let places: HashMap<SignatureId, usize> = asked
        .iter()
        .enumerate()
        .filter_map(|(place, id)| Some(((*id)?, place)))
        .collect();
    let sql = "SELECT v.position, v.at, j.event, v.evidence FROM verdict v JOIN journal j ON j.position = v.position \
               WHERE v.kind = ?1 AND v.author IS NULL AND v.at >= ?2 ORDER BY v.position";
    let mut clusters: BTreeMap<u64, Cluster> = BTreeMap::new();
    for row in sqlite_query(db, sql, &[Value::Int(kind_code(VerdictKind::Held)), since])? {
        let entry = decoded(&row).map_err(|_| DbError::Shape("an entry of the journal"))?;
        let Event::Verdict { signatures, .. } = entry.event else {
            continue;
        };
        let evidence: serde_json::Value = serde_json::from_slice(row.blob(3)?).unwrap_or_default();
        let number = evidence["cluster"].as_u64().unwrap_or_default();
        let cluster = clusters.entry(number).or_insert_with(|| Cluster {
            number,
            families: families(&evidence),
            ..Cluster::default()
        });
        cluster.signatures += signatures.len() as u64;
        cluster.of.extend(signatures.iter().filter_map(|id| places.get(id)));
    }
    Ok(clusters.into_values().collect())
}

fn families(evidence: &serde_json::Value) -> Vec<String> {
    let families = evidence["families"].as_array().into_iter().flatten();
    let names = families.filter_map(|family| family.as_str()?.strip_prefix("scrutiny-family-"));
    names.map(str::to_owned).collect()
}

fn incidents(db: &Connection, since: Value<'_>) -> Result<Vec<paraph_drill::witness::Incident>, DbError> {
    let rows = sqlite_query(
        db,
        "SELECT body FROM incident WHERE opened_at >= ?1 ORDER BY id",
        &[since],
    )?;
    let bodies = rows.iter().map(|row| row.text(0));
    let told = bodies.map(|body| {
        let incident: Incident = serde_json::from_str(body?).map_err(|_| DbError::Shape("an incident"))?;
        Ok(seen(&incident))
    });
    told.collect()
}

fn seen(incident: &Incident) -> paraph_drill::witness::Incident {
    let at = |moment: u64| i64::try_from(moment).unwrap_or(i64::MAX);
    let lines = |is: fn(&What) -> bool| {
        let lines = incident.timeline.iter().filter(move |line| is(&line.what));
        lines.map(|line| at(line.at)).collect()
    };
    paraph_drill::witness::Incident {
        id: incident.id,
        opened_at: at(incident.opened_at),
        closed_at: incident.closed_at.map(at),
        held_at: lines(|what| {
            matches!(
                what,
                What::Verdict {
                    direction: Direction::Hold,
                    ..
                }
            )
        }),
        pressed_at: lines(|what| matches!(what, What::Refused { .. })),
    }
}

fn standing(db: &Connection, id: SignatureId) -> Result<Option<Standing>, DbError> {
    let sql = "SELECT axes, unsettled FROM signature WHERE id = ?1";
    let rows = sqlite_query(db, sql, &[Value::Blob(&id.0)])?;
    let Some(row) = rows.first() else { return Ok(None) };
    let waits = row.int(1)? == 1;
    let axes = u16::try_from(row.int(0)?).ok().and_then(Axes::from_bits);
    Ok(axes.map(|axes| Standing {
        held: axes.verdict == Verdict::Held,
        invalidated: axes.verdict == Verdict::Invalidated,
        waits,
    }))
}
