//! Stores for tests, and contributions to put into them.

use std::path::Path;

use paraph::clock;
use paraph::intake::command::{Choices, Details, PetitionAnswer, PetitionCommand, Sign};
use paraph::intake::{Intake, Writer, WriterSettings};
use paraph::ledger::catalogue::Catalogue;
use paraph::limits::Limits;
use paraph::store::db::Db;
use paraph::store::{Connections, Directory, id, schema};
use paraph_tally::{Millis, PetitionId, SignatureId};
use tempfile::TempDir;

/// The two stores that one SQL text serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub(crate) const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

/// A store of a test's own, gone with it.
pub(crate) struct Store {
    kind: Kind,
    directory: Directory,
    postgres_schema: String,
    _place: TempDir,
}

impl Store {
    pub(crate) fn new(kind: Kind) -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let directory = Directory::open(&place.path().join("data"), None, true).expect("a data directory");
        let postgres_schema = format!("test_{:032x}", u128::from_be_bytes(id::random()));
        Self {
            kind,
            directory,
            postgres_schema,
            _place: place,
        }
    }

    /// One on SQLite that another process can open too.
    pub(crate) fn at(path: &Path) -> Self {
        Self {
            kind: Kind::Sqlite,
            directory: Directory::open(path, None, true).expect("a data directory"),
            postgres_schema: String::new(),
            _place: tempfile::tempdir().expect("a directory"),
        }
    }

    pub(crate) async fn connect(&self) -> Connections {
        let connections = self.directory.connect().await.expect("the files open");
        match self.kind {
            Kind::Sqlite => connections,
            Kind::Postgres => Connections {
                main: self.postgres().await,
                ..connections
            },
        }
    }

    async fn postgres(&self) -> Db {
        let url = std::env::var("PARAPH_TEST_POSTGRES")
            .expect("PARAPH_TEST_POSTGRES names a PostgreSQL server for tests; scripts/test starts one");
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
            .await
            .expect("it answers");
        tokio::spawn(connection);
        let mut db = Db::postgres(client);
        let schema = &self.postgres_schema;
        db.run(&format!(
            "CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path TO {schema};"
        ))
        .await
        .expect("a schema");
        schema::prepare(&mut db, schema::MAIN).await.expect("tables");
        db
    }

    /// Starts a writer, and creates the petition that tests sign when the store is new.
    pub(crate) async fn start(&self, settle_after_seconds: u32) -> Running {
        self.start_by(clock::now, settle_after_seconds).await
    }

    /// The same by another clock.
    pub(crate) async fn start_by(&self, now: fn() -> Millis, settle_after_seconds: u32) -> Running {
        self.start_with(Limits::default(), now, settle_after_seconds).await
    }

    /// The same within other bounds.
    pub(crate) async fn start_with(&self, limits: Limits, now: fn() -> Millis, settle_after_seconds: u32) -> Running {
        let settings = WriterSettings {
            limits,
            now,
            board: None,
        };
        let (writer, intake, shown) = Writer::start(self.connect().await, settings).await.expect("a writer");
        if shown.borrow().petitions.is_empty() {
            let answer = intake.petition(petition("fountain", settle_after_seconds)).await;
            assert_eq!(answer, Ok(PetitionAnswer::Done));
        }
        Running { writer, intake, shown }
    }
}

/// A running writer and the ways to it.
pub(crate) struct Running {
    writer: Writer,
    pub(crate) intake: Intake,
    pub(crate) shown: tokio::sync::watch::Receiver<std::sync::Arc<Catalogue>>,
}

impl Running {
    /// Stops the writer as a shutdown does: what was asked is done first.
    pub(crate) fn stop(self) {
        drop(self.intake);
        self.writer.join();
    }

    pub(crate) async fn sign(&self, sign: Sign) -> paraph::intake::command::SignAnswer {
        self.intake
            .reserve()
            .expect("a place")
            .sign(Box::new(sign))
            .await
            .expect("recorded")
    }

    pub(crate) fn counted(&self) -> u64 {
        self.shown.borrow().petitions["fountain"].state.counts.counted
    }
}

pub(crate) fn petition(slug: &str, settle_after_seconds: u32) -> PetitionCommand {
    PetitionCommand::Create {
        slug: slug.to_owned(),
        owner: "Friends of the fountain".to_owned(),
        language: "en".to_owned(),
        goal: Some(1000),
        title: "Repair the fountain".to_owned(),
        body: "It has been dry for two years.".to_owned(),
        consent_hash: [1; 32],
        publish: true,
        settle_after_seconds,
        details: Details::default(),
    }
}

/// A contribution from the mailbox numbered `mailbox`, with a clearance of its own.
pub(crate) fn contribution(mailbox: u32) -> Sign {
    let tag = |kind: u8| {
        let mut tag = [kind; 16];
        tag[..4].copy_from_slice(&mailbox.to_be_bytes());
        tag
    };
    Sign {
        id: SignatureId(id::time_ordered(clock::now())),
        petition: PetitionId(1),
        nonce: id::random(),
        body_mac: [3; 16],
        nonce_expires: Millis(clock::now().0 + 3_600_000),
        mailbox_tag: tag(1),
        address_tag: tag(2),
        otherwise: false,
        text_version: 1,
        choices: Choices::default(),
        sealed: vec![0xAA; 600],
        wrapped: vec![0xBB; 73],
        features: vec![0xCC; 300],
    }
}
