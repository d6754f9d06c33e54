//! What the writer and the pages begin with. `fsck` reads the same: what is refused here keeps a site from starting.

use super::StartError;
use super::time::Kept;
use crate::journal::{self, End};
use crate::ledger::catalogue::{self, Catalogue};
use crate::ledger::judged::{self, Unfinished};
use crate::store::db::{Db, DbError};

/// Read from the store.
pub(crate) struct Start {
    pub(super) end: End,
    /// Unconfirmed contributions.
    pub(super) waiting: u64,
    pub(super) kept: Option<Kept>,
    /// The verdict whose rows still follow.
    pub(super) unfinished: Option<Unfinished>,
    pub(super) catalogue: Catalogue,
}

impl Start {
    /// Reads it, with up to `names` shown names of each petition.
    ///
    /// # Errors
    /// The store refused, or a row is spoilt.
    pub(crate) async fn read(main: &mut Db, names: u64) -> Result<Self, StartError> {
        let end = journal::end(main).await?;
        let unfinished = judged::unfinished(main).await?;
        let pending = unfinished.as_ref().map(|unfinished| &unfinished.pending);
        let catalogue = catalogue::read(main, end.at, names, &Catalogue::default(), pending).await?;
        Ok(Self {
            waiting: waiting(main).await?,
            kept: Kept::read(main).await?,
            end,
            unfinished,
            catalogue,
        })
    }
}

pub(super) async fn waiting(main: &mut Db) -> Result<u64, DbError> {
    let sql = "SELECT COUNT(*) FROM signature WHERE waiting = 1";
    main.query_one(sql, &[]).await?.map_or(Ok(0), |row| row.unsigned(0))
}
