//! One authored SQL text on SQLite or PostgreSQL.
//!
//! Statements are written once, with `?1`, `?2` … in the order of their columns. SQLite runs them as they stand and
//! loops over a prepared statement; PostgreSQL gets `$1` and, for a batch, one statement whose `VALUES (?1, …)` has
//! become `SELECT * FROM unnest($1::type[], …)` with the types that the prepared one-row statement reports.
//! Values are integers, bytes and text: nothing else needs to be portable.

use std::collections::HashMap;

use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::{ToSql, Type};

/// A value bound to a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// BLOB or BYTEA.
    Blob(&'a [u8]),
    /// TEXT.
    Text(&'a str),
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(value),
            Self::Blob(value) => ValueRef::Blob(value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
        }))
    }
}

/// A value that a query returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// BLOB or BYTEA.
    Blob(Vec<u8>),
    /// TEXT.
    Text(String),
}

/// One row of a result; columns by position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row(pub Vec<Cell>);

impl Row {
    /// An integer column.
    ///
    /// # Errors
    /// The column is absent or of another type.
    pub fn int(&self, column: usize) -> Result<i64, DbError> {
        self.maybe_int(column)?.ok_or(DbError::Shape("an integer, not NULL"))
    }

    /// An integer column that may be NULL.
    ///
    /// # Errors
    /// The column is absent or of another type.
    pub fn maybe_int(&self, column: usize) -> Result<Option<i64>, DbError> {
        match self.0.get(column) {
            Some(Cell::Int(value)) => Ok(Some(*value)),
            Some(Cell::Null) => Ok(None),
            _ => Err(DbError::Shape("an integer")),
        }
    }

    /// A column of moments, sizes or positions, which are never negative.
    ///
    /// # Errors
    /// The column is absent, of another type or negative.
    pub fn unsigned(&self, column: usize) -> Result<u64, DbError> {
        u64::try_from(self.int(column)?).map_err(|_| DbError::Shape("an integer of at least 0"))
    }

    /// A column of bytes.
    ///
    /// # Errors
    /// The column is absent or of another type.
    pub fn blob(&self, column: usize) -> Result<&[u8], DbError> {
        match self.0.get(column) {
            Some(Cell::Blob(value)) => Ok(value),
            _ => Err(DbError::Shape("bytes")),
        }
    }

    /// A column of exactly `N` bytes.
    ///
    /// # Errors
    /// The column is absent, of another type or of another length.
    pub fn array<const N: usize>(&self, column: usize) -> Result<[u8; N], DbError> {
        self.blob(column)?
            .try_into()
            .map_err(|_| DbError::Shape("bytes of a fixed length"))
    }

    /// A column of exactly `N` bytes that may be NULL.
    ///
    /// # Errors
    /// The column is absent, of another type or of another length.
    pub fn maybe_array<const N: usize>(&self, column: usize) -> Result<Option<[u8; N]>, DbError> {
        match self.0.get(column) {
            Some(Cell::Null) => Ok(None),
            _ => self.array(column).map(Some),
        }
    }

    /// A column of text.
    ///
    /// # Errors
    /// The column is absent or of another type.
    pub fn text(&self, column: usize) -> Result<&str, DbError> {
        match self.0.get(column) {
            Some(Cell::Text(value)) => Ok(value),
            _ => Err(DbError::Shape("text")),
        }
    }
}

/// Why a statement failed.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// SQLite refused.
    #[error("sqlite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused or went away.
    #[error("postgres: {0}")]
    Postgres(#[from] tokio_postgres::Error),
    /// A file beside the store cannot be written.
    #[error("beside the store: {0}")]
    Io(#[from] std::io::Error),
    /// A row does not have the shape that this version writes.
    #[error("a stored row does not hold {0}")]
    Shape(&'static str),
    /// A statement's text cannot be used for a batch on PostgreSQL.
    #[error("this statement has no VALUES list to load rows through: {0}")]
    NotLoadable(&'static str),
}

impl DbError {
    /// Whether a key that must be unique was already there.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        match self {
            Self::Sqlite(error) => error.sqlite_error().is_some_and(|error| {
                matches!(
                    error.extended_code,
                    rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY | rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                )
            }),
            Self::Postgres(error) => error.code() == Some(&tokio_postgres::error::SqlState::UNIQUE_VIOLATION),
            Self::Shape(_) | Self::NotLoadable(_) | Self::Io(_) => false,
        }
    }
}

/// A connection to one of the two stores.
pub enum Db {
    /// A file of the data directory.
    Sqlite(rusqlite::Connection),
    /// A PostgreSQL server, with the statements prepared so far.
    Postgres(Postgres),
}

/// A PostgreSQL connection and its prepared statements, by authored text.
pub struct Postgres {
    client: tokio_postgres::Client,
    single: HashMap<&'static str, tokio_postgres::Statement>,
    batch: HashMap<&'static str, tokio_postgres::Statement>,
}

impl Db {
    /// Wraps a PostgreSQL client whose connection is driven by a task of the caller's.
    #[must_use]
    pub fn postgres(client: tokio_postgres::Client) -> Self {
        Self::Postgres(Postgres {
            client,
            single: HashMap::new(),
            batch: HashMap::new(),
        })
    }

    /// Runs statements that return nothing: schema, BEGIN, COMMIT. `{KEY}`, `{INT}`, `{BLOB}`, `{BY_KEY}` become the store's own words.
    ///
    /// # Errors
    /// The store refused.
    pub async fn run(&mut self, sql: &str) -> Result<(), DbError> {
        match self {
            Self::Sqlite(connection) => connection.execute_batch(&dialect(sql, &SQLITE))?,
            Self::Postgres(postgres) => postgres.client.batch_execute(&dialect(sql, &POSTGRES)).await?,
        }
        Ok(())
    }

    /// Opens the one transaction of a batch. On SQLite it takes the write lock at once, so that it cannot fail half-way.
    ///
    /// # Errors
    /// The store refused.
    pub async fn begin(&mut self) -> Result<(), DbError> {
        let sql = match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) => "BEGIN",
        };
        self.run(sql).await
    }

    /// Makes the transaction durable: SQLite in WAL mode with `synchronous=FULL` syncs the log before this returns.
    ///
    /// # Errors
    /// The store refused; nothing of the transaction may be assumed kept.
    pub async fn commit(&mut self) -> Result<(), DbError> {
        self.run("COMMIT").await
    }

    /// Takes the transaction back. A failure here means the connection is gone, and with it the transaction.
    pub async fn rollback(&mut self) {
        if let Err(error) = self.run("ROLLBACK").await {
            tracing::debug!(%error, "rollback");
        }
    }

    /// Lets the reads up to [`Self::end_reading`] see one state of the store. In SQLite each read by itself takes a lock of
    /// the file and gives it back, two calls of the kernel: a batch looks up several things for each of its commands.
    /// PostgreSQL has no such cost, and nobody else writes: there it would be a way to the server and back for nothing.
    ///
    /// # Errors
    /// The store refused.
    pub async fn begin_reading(&mut self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(_) => self.run("BEGIN").await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Ends what [`Self::begin_reading`] began, also when a read failed and SQLite has ended it already.
    ///
    /// # Errors
    /// The store refused.
    pub async fn end_reading(&mut self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(connection) if !connection.is_autocommit() => {
                let ended = self.run("COMMIT").await;
                if ended.is_err() {
                    // Left open it would let no batch begin.
                    self.rollback().await;
                }
                ended
            }
            _ => Ok(()),
        }
    }

    /// Runs one statement for every row.
    ///
    /// # Errors
    /// The store refused; inside a transaction the whole batch must then be given up.
    pub async fn load<const N: usize>(&mut self, sql: &'static str, rows: &[[Value<'_>; N]]) -> Result<(), DbError> {
        if rows.is_empty() {
            return Ok(());
        }
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                for row in rows {
                    statement.execute(rusqlite::params_from_iter(row))?;
                }
                Ok(())
            }
            Self::Postgres(postgres) => postgres.load(sql, rows).await,
        }
    }

    /// Runs one statement with one row of parameters and returns how many rows it touched.
    ///
    /// # Errors
    /// The store refused.
    pub async fn execute(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<u64, DbError> {
        match self {
            Self::Sqlite(connection) => Ok(connection
                .prepare_cached(sql)?
                .execute(rusqlite::params_from_iter(parameters))? as u64),
            Self::Postgres(postgres) => {
                let statement = postgres.prepare(sql).await?;
                let parameters: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|value| value as _).collect();
                Ok(postgres.client.execute(&statement, &parameters).await?)
            }
        }
    }

    /// Runs a query.
    ///
    /// # Errors
    /// The store refused, or a column is of a type that we never write.
    pub async fn query(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        match self {
            Self::Sqlite(connection) => sqlite_query(connection, sql, parameters),
            Self::Postgres(postgres) => postgres.query(sql, parameters).await,
        }
    }

    /// Runs a query that returns at most one row.
    ///
    /// # Errors
    /// The store refused, or a column is of a type that we never write.
    pub async fn query_one(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Option<Row>, DbError> {
        Ok(self.query(sql, parameters).await?.into_iter().next())
    }
}

/// A query on a SQLite connection, for readers that are not in a transaction.
///
/// # Errors
/// SQLite refused, or a column is of a type that we never write.
pub fn sqlite_query(
    connection: &rusqlite::Connection,
    sql: &str,
    parameters: &[Value<'_>],
) -> Result<Vec<Row>, DbError> {
    let mut statement = connection.prepare_cached(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let cells = (0..columns).map(|column| {
            Ok(match row.get_ref(column)? {
                ValueRef::Null => Cell::Null,
                ValueRef::Integer(value) => Cell::Int(value),
                ValueRef::Blob(value) => Cell::Blob(value.to_vec()),
                ValueRef::Text(value) => Cell::Text(String::from_utf8_lossy(value).into_owned()),
                ValueRef::Real(_) => return Err(DbError::Shape("an integer, bytes or text")),
            })
        });
        found.push(Row(cells.collect::<Result<_, _>>()?));
    }
    Ok(found)
}

struct Dialect {
    key: &'static str,
    int: &'static str,
    blob: &'static str,
    by_key: &'static str,
}

// A SQLite table WITHOUT ROWID lies in the order of its primary key, as one B-tree instead of two.
const SQLITE: Dialect = Dialect {
    key: "INTEGER",
    int: "INTEGER",
    blob: "BLOB",
    by_key: "WITHOUT ROWID",
};
const POSTGRES: Dialect = Dialect {
    key: "BIGINT",
    int: "BIGINT",
    blob: "BYTEA",
    by_key: "",
};

fn dialect(sql: &str, words: &Dialect) -> String {
    sql.replace("{KEY}", words.key)
        .replace("{INT}", words.int)
        .replace("{BLOB}", words.blob)
        .replace("{BY_KEY}", words.by_key)
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match *self {
            Self::Null => Ok(tokio_postgres::types::IsNull::Yes),
            Self::Int(value) => value.to_sql(ty, out),
            Self::Blob(value) => value.to_sql(ty, out),
            Self::Text(value) => value.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::BYTEA | Type::TEXT)
    }

    tokio_postgres::types::to_sql_checked!();
}

impl Postgres {
    async fn prepare(&mut self, sql: &'static str) -> Result<tokio_postgres::Statement, DbError> {
        if let Some(statement) = self.single.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&sql.replace('?', "$")).await?;
        self.single.insert(sql, statement.clone());
        Ok(statement)
    }

    async fn prepare_batch(&mut self, sql: &'static str) -> Result<tokio_postgres::Statement, DbError> {
        if let Some(statement) = self.batch.get(sql) {
            return Ok(statement.clone());
        }
        let types = self.prepare(sql).await?;
        let text = unnested(sql, types.params()).ok_or(DbError::NotLoadable(sql))?;
        let statement = self.client.prepare(&text).await?;
        self.batch.insert(sql, statement.clone());
        Ok(statement)
    }

    async fn load<const N: usize>(&mut self, sql: &'static str, rows: &[[Value<'_>; N]]) -> Result<(), DbError> {
        let types = self.prepare(sql).await?.params().to_vec();
        let statement = self.prepare_batch(sql).await?;
        let columns: Vec<Box<dyn ToSql + Sync + Send + '_>> = types
            .iter()
            .enumerate()
            .map(|(column, ty)| -> Box<dyn ToSql + Sync + Send> {
                let cells = rows.iter().map(move |row| row[column]);
                match *ty {
                    Type::BYTEA => Box::new(
                        cells
                            .map(|cell| if let Value::Blob(v) = cell { Some(v) } else { None })
                            .collect::<Vec<_>>(),
                    ),
                    Type::TEXT => Box::new(
                        cells
                            .map(|cell| if let Value::Text(v) = cell { Some(v) } else { None })
                            .collect::<Vec<_>>(),
                    ),
                    _ => Box::new(
                        cells
                            .map(|cell| if let Value::Int(v) = cell { Some(v) } else { None })
                            .collect::<Vec<_>>(),
                    ),
                }
            })
            .collect();
        let parameters: Vec<&(dyn ToSql + Sync)> = columns.iter().map(|column| &**column as _).collect();
        self.client.execute(&statement, &parameters).await?;
        Ok(())
    }

    async fn query(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        let statement = self.prepare(sql).await?;
        let parameters: Vec<&(dyn ToSql + Sync)> = parameters.iter().map(|value| value as _).collect();
        let rows = self.client.query(&statement, &parameters).await?;
        rows.iter()
            .map(|row| {
                let cells = row.columns().iter().enumerate().map(|(column, described)| {
                    Ok(match *described.type_() {
                        Type::INT8 => row.try_get::<_, Option<i64>>(column)?.map_or(Cell::Null, Cell::Int),
                        Type::INT4 => row
                            .try_get::<_, Option<i32>>(column)?
                            .map_or(Cell::Null, |v| Cell::Int(v.into())),
                        Type::BYTEA => row
                            .try_get::<_, Option<Vec<u8>>>(column)?
                            .map_or(Cell::Null, Cell::Blob),
                        Type::TEXT => row.try_get::<_, Option<String>>(column)?.map_or(Cell::Null, Cell::Text),
                        _ => return Err(DbError::Shape("an integer, bytes or text")),
                    })
                });
                cells.collect::<Result<_, _>>().map(Row)
            })
            .collect()
    }
}

/// `INSERT … VALUES (?1, ?2) …` as `INSERT … SELECT * FROM unnest($1::bigint[], $2::bytea[]) …`.
fn unnested(sql: &str, types: &[Type]) -> Option<String> {
    let (head, rest) = sql.split_once("VALUES (")?;
    let (_, tail) = rest.split_once(')')?;
    let arrays: Vec<String> = types
        .iter()
        .enumerate()
        .map(|(index, ty)| {
            let name = match *ty {
                Type::BYTEA => "bytea",
                Type::TEXT => "text",
                _ => "bigint",
            };
            format!("${}::{name}[]", index + 1)
        })
        .collect();
    Some(format!(
        "{head}SELECT * FROM unnest({}){}",
        arrays.join(", "),
        tail.replace('?', "$")
    ))
}

#[cfg(test)]
mod tests {
    use tokio_postgres::types::Type;

    #[test]
    fn a_one_row_statement_becomes_one_that_takes_columns() {
        let sql = "INSERT INTO nonce (nonce, expires) VALUES (?1, ?2) ON CONFLICT (nonce) DO NOTHING";
        assert_eq!(
            super::unnested(sql, &[Type::BYTEA, Type::INT8]).as_deref(),
            Some(
                "INSERT INTO nonce (nonce, expires) SELECT * FROM unnest($1::bytea[], $2::bigint[]) ON CONFLICT (nonce) DO NOTHING"
            )
        );
        assert_eq!(super::unnested("UPDATE nonce SET expires = ?1", &[Type::INT8]), None);
    }
}
