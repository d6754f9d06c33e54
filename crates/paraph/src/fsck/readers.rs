//! What a start reads, read by the same functions: what they refuse keeps a site from starting.

use super::{INCIDENTS, Report, Weight};
use crate::intake::start::Start;
use crate::ledger::verdicts;
use crate::limits::Limits;
use crate::store::db::Db;

impl Report {
    pub(super) async fn readers(&mut self, db: &mut Db) {
        let start = Start::read(db, Limits::default().names_shown).await;
        self.attempt(
            "start",
            start.map_err(|error| format!("no server starts with these data: {error}")),
        );
        let incidents = db.query(verdicts::INCIDENTS, &[]).await;
        // That the table cannot be read at all says something of the whole file.
        let rows = self.attempt("files", incidents).unwrap_or_default();
        let damaged = rows.iter().filter(|row| verdicts::incident(row).is_err()).count();
        if damaged > 0 {
            let what = format!(
                "incidents that cannot be read: {damaged}; a server goes on without them, and docs/operator.md, \"Check\", says how \
                 they are mended"
            );
            self.add(Weight::Fault, INCIDENTS, what);
        }
    }
}
