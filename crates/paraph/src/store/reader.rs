//! Connections that answer pages: read only, few, each used for one short query at a time.
//!
//! A reader that lingers would keep the write-ahead log from being checkpointed, so nothing outside sees a connection.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::OpenFlags;
use tokio::sync::Semaphore;

use super::db::{DbError, Row, Value, sqlite_query};

/// A bounded pool of reading connections to one file.
#[derive(Clone)]
pub struct Reader {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    idle: Mutex<Vec<rusqlite::Connection>>,
    places: Arc<Semaphore>,
    connections: u32,
}

/// How long [`Reader::close`] waits for a query in work.
const PATIENCE: Duration = Duration::from_secs(5);

/// One connection, for the length of a closure.
pub struct Reading<'a>(&'a rusqlite::Connection);

impl Reading<'_> {
    /// Runs a query.
    ///
    /// # Errors
    /// SQLite refused, or a column is of a type that we never write.
    pub fn query(&self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        sqlite_query(self.0, sql, parameters)
    }

    /// Runs a query that returns at most one row.
    ///
    /// # Errors
    /// SQLite refused, or a column is of a type that we never write.
    pub fn query_one(&self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        Ok(self.query(sql, parameters)?.into_iter().next())
    }
}

impl Reader {
    /// A pool of at most `connections` to the file at `path`, opened as they are needed.
    #[must_use]
    pub fn new(path: &Path, connections: u64) -> Self {
        let connections = u32::try_from(connections).unwrap_or(1).max(1);
        let places = Arc::new(Semaphore::new(usize::try_from(connections).unwrap_or(1)));
        Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                idle: Mutex::new(Vec::new()),
                places,
                connections,
            }),
        }
    }

    /// Closes every connection, once the queries in work have ended; nothing can be asked afterwards. Whoever closes last
    /// writes the log back into the file, and only the writer may: it must be the last.
    pub async fn close(&self) {
        let all = self.inner.places.acquire_many(self.inner.connections);
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            tracing::warn!("a query does not end; its connection is left open");
        }
        self.inner.places.close();
        self.inner
            .idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clear();
    }

    /// Runs `work` on a connection, off the threads that serve requests.
    ///
    /// # Errors
    /// What `work` returned, or the file cannot be opened.
    pub async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(Reading<'_>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let place = Arc::clone(&self.inner.places)
            .acquire_owned()
            .await
            .map_err(|_| DbError::Shape("an open pool"))?;
        let inner = Arc::clone(&self.inner);
        let outcome = tokio::task::spawn_blocking(move || {
            // Held by the work itself, which goes on when nobody waits for it any more.
            let _place = place;
            let connection = match inner.take() {
                Some(connection) => connection,
                None => inner.open()?,
            };
            let result = work(Reading(&connection));
            inner.give_back(connection);
            result
        });
        outcome
            .await
            .map_err(|_| DbError::Shape("an answer: the query panicked"))?
    }
}

impl Inner {
    fn take(&self) -> Option<rusqlite::Connection> {
        self.idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .pop()
    }

    fn give_back(&self, connection: rusqlite::Connection) {
        self.idle
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(connection);
    }

    fn open(&self) -> Result<rusqlite::Connection, DbError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.execute_batch("PRAGMA cache_size = -2048; PRAGMA query_only = ON;")?;
        Ok(connection)
    }
}
