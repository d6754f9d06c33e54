//! One running server: its parts, started in order and stopped in the opposite one. What a reload replaces is in `live`.

pub mod apart;
mod live;
mod loops;
mod rooms;
mod settling;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use paraph_tally::Millis;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::admit::certificate::Certificates;
use crate::admit::challenge::Price;
use crate::admit::listener;
use crate::admit::{Admitter, Secrets, Way};
use crate::alerts::watch::Sensors;
use crate::alerts::{Alerts, Setup};
use crate::clock;
use crate::config::Config;
use crate::control;
use crate::descriptors;
use crate::desk::books::Books;
use crate::desk::{Around, Parts, link_path};
use crate::failure::Failure;
use crate::front::{self, Front, bind, local};
use crate::handlers::Request;
use crate::handlers::mail_status::MailStatus;
use crate::handlers::operations::Operations;
use crate::handlers::shelf::Published;
use crate::incident::watch::Incidents;
use crate::incident::{self, Office};
use crate::intake::{Intake, Writer, WriterSettings, replay};
use crate::journal::integer;
use crate::keys::Keys;
use crate::ledger::query::LedgerReader;
use crate::ledger::vault::Vault;
use crate::limits::Limits;
use crate::mail::inbox::{Inbox, Lmtp};
use crate::mail::pace::Pace;
use crate::mail::stop::AddressTags;
use crate::mail::transport::Transport;
use crate::router;
use crate::scrutiny::board::Board;
use crate::scrutiny::features::Observer;
use crate::shield::crowdsec::{self, Sharing};
use crate::shield::{Shield, export};
use crate::store::db::{Db, DbError, Value};
use crate::store::id;
use crate::store::reader::Reader;
use crate::store::schema::{self, SchemaError};
use crate::store::{self, Connections, Directory};
use crate::telemetry;
use crate::token::Tokens;
use crate::trace::networks::Known;
use crate::views::{Lang, Site};
use apart::Threads;
use live::{Addresses, Live};

/// A server that answers.
pub struct Server {
    /// Where pages and forms are.
    pub address: SocketAddr,
    /// Where they are over TLS.
    pub https: Option<SocketAddr>,
    /// Where health and metrics are.
    pub operations: SocketAddr,
    /// Where the desk is, if it has an address of its own.
    pub desk: Option<SocketAddr>,
    /// What links start with.
    pub base_url: String,
    /// The way to the writer, for commands given from inside.
    pub intake: Intake,
    certificates: Option<Arc<Certificates>>,
    live: Arc<Live>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    _behind: Threads,
    writer: Writer,
    // Let go of last: whoever takes the directory next finds everything written.
    directory: Directory,
}

/// The parts that everything else is made of.
struct Core {
    intake: Intake,
    published: Published,
    ledger: LedgerReader,
    tokens: Arc<Tokens>,
    vault: Arc<Vault>,
    admitter: Arc<Admitter>,
    shield: Arc<Shield>,
    networks: Arc<Known>,
    observer: Arc<Observer>,
    pace: Arc<Mutex<Pace>>,
}

impl Server {
    /// Starts a server on the configuration: takes its ports and the data directory, starts the writer, then serves.
    ///
    /// # Errors
    /// Anything of that cannot be done; nothing keeps running then.
    pub async fn start(config: &Config, metrics: Option<telemetry::Handle>) -> Result<Self, Failure> {
        let places = descriptors::take(config)?;
        // The ports first: a start that fails for want of one leaves no directory behind.
        let front = Front::bind(config)?;
        let operations_listener = bind(config.listen.operations, "listen.operations")?;
        let desk_listener = match config.listen.desk {
            Some(address) => Some(bind(address, "listen.desk")?),
            None => None,
        };
        let lmtp = match config.mail.bounce.as_ref().and_then(|bounce| bounce.lmtp.as_ref()) {
            Some(address) => Some(Lmtp::bind(address).await?),
            None => None,
        };
        let directory = Directory::open(&config.directory, Some(&config.key_file), true)?;
        let (address, https) = (front.http()?, front.https()?);
        let operations = local(&operations_listener)?;
        let desk = desk_listener.as_ref().map(local).transpose()?;
        let base_url = config.site.base_url_for(address);

        let settings = WriterSettings {
            limits: config.limits.clone(),
            now: clock::now,
            board: config.scrutiny.enabled.then(|| Arc::new(Board::new())),
        };
        let mut connections = replay::connect(&directory, &settings).await?;
        let spent = unexpired_nonces(&mut connections).await.map_err(store_failure)?;
        let board = settings.board.clone();
        let (writer, intake, shown) = Writer::start(connections, settings)
            .await
            .map_err(|error| Failure::failed(format!("the writer cannot start: {error}"), DOCTOR))?;
        let transport = Transport::open(&config.mail.delivery, &config.limits)?;
        let alerts = Alerts::open(
            directory.path(),
            directory.keys().derive("alert v1"),
            Setup::new(config, transport, operations, &live::desk_url(&base_url, desk)),
        );
        let alerts = Arc::new(alerts.map_err(|error| Failure::io("alerts.json in the data directory", &error))?);
        let (turned, published) = Published::of(shown);
        let core = Core::new(config, &directory, places, intake.clone(), published, &spent)?;
        drop(spent);
        let shield = Arc::clone(&core.shield);
        let incidents = Incidents::read(
            intake.clone(),
            core.ledger.clone(),
            config.limits.clone(),
            board.clone(),
        )
        .await;
        let incidents = Arc::new(incidents.map_err(store_failure)?);
        let watched = Arc::clone(&incidents);
        let watching = (
            Arc::clone(&incidents),
            Arc::clone(&shield),
            board.clone(),
            core.published.shown.clone(),
        );
        let sensors = Sensors {
            intake: intake.clone(),
            admitter: Arc::clone(&core.admitter),
            ledger: core.ledger.clone(),
            board: board.clone(),
            incidents: Arc::clone(&incidents),
            shown: core.published.shown.clone(),
            certificates: front.certificates(),
        };
        let (stop, stopped) = watch::channel(false);
        let followed = board.clone().map(|board| core.followed(&directory, board, &stopped));
        let admitter = Arc::clone(&core.admitter);
        let shown = core.published.shown.clone();
        let published = core.published.clone();
        let ledger = core.ledger.clone();
        let mail = MailStatus {
            ledger: core.ledger.clone(),
            pace: Arc::clone(&core.pace),
        };
        let limits = watch::Sender::new(config.limits.clone());
        let office = core.office(limits.subscribe(), &directory, incidents, board.clone());
        let desk_parts = core.desk_parts(config, &directory, Arc::clone(&alerts), office.clone(), &board);
        let minutes = Arc::clone(&desk_parts);
        let inboxes = core.inboxes(config, lmtp, &stopped);
        let live = Arc::new(Live::new(
            (core, desk_parts),
            (config, limits),
            &directory,
            Arc::clone(&alerts),
            Addresses {
                http: address,
                operations,
                desk,
            },
        )?);

        let lapi = config.shield.crowdsec.clone();
        let sharing = lapi.as_ref().map(|_| Arc::new(Sharing::open(directory.path())));
        let telling = lapi
            .zip(sharing.clone())
            .map(|(lapi, sharing)| tokio::spawn(crowdsec::run(Arc::clone(&shield), lapi, sharing, stopped.clone())));

        // Budgets of whole networks begin when it has been read; nobody waits for that.
        let networks = Arc::clone(&shield);
        let (scrutineer, scrutiny) = followed
            .map(|parts| settling::follow(parts, live.limits()))
            .transpose()?
            .unzip();

        let mut tasks = vec![
            tokio::task::spawn_blocking(move || networks.read_networks()),
            tokio::spawn(settling::tick(
                intake.clone(),
                scrutineer,
                live.limits(),
                stopped.clone(),
            )),
            tokio::spawn(rooms::teach(
                Arc::clone(&admitter),
                ledger.clone(),
                live.limits(),
                stopped.clone(),
            )),
            tokio::spawn(loops::show(Arc::clone(&live), ledger, shown, turned, stopped.clone())),
            tokio::spawn(loops::watch_disk(intake.clone(), live.limits(), stopped.clone())),
            tokio::spawn(control::serve(
                control::socket(directory.path()),
                control::Ways {
                    intake: intake.clone(),
                    published,
                    shield: Arc::clone(&shield),
                    sharing: sharing.clone(),
                    alerts: Arc::clone(&alerts),
                    office: (office, operator(directory.keys())),
                    admitter: Arc::clone(&admitter),
                    desk: live.desk(),
                },
                stopped.clone(),
            )?),
            tokio::spawn(incident::watch::run(
                watching.0,
                watching.1,
                watching.2,
                watching.3,
                stopped.clone(),
            )),
            tokio::spawn(crate::alerts::watch::run(Arc::clone(&alerts), sensors, stopped.clone())),
            tokio::spawn(minutes.keep_minutes(stopped.clone())),
            tokio::spawn(export::run(shield, config.shield.outlets.clone(), stopped.clone())),
        ];
        tasks.extend(inboxes);
        tasks.extend(telling);
        tasks.extend(scrutiny);
        if let Some(metrics) = metrics.clone() {
            tasks.push(tokio::spawn(loops::fold_metrics(metrics, stopped.clone())));
        }
        let operations_answers = Arc::new(Operations {
            intake: intake.clone(),
            admitter,
            limits: live.limits(),
            mail,
            public: live.public(),
            alerts,
            incidents: watched,
            metrics,
        });
        let listening = front::apart(&config.limits, 0);
        let answer = move |_, request: Request| {
            let operations = Arc::clone(&operations_answers);
            async move {
                let (method, uri, headers) = (request.method(), request.uri(), request.headers());
                operations.answer(method, uri, headers).await
            }
        };
        let stop_operations = stopped.clone();
        let operations_loop = operations_listener.into_std()?;
        tasks.push(apart::run("operations", move || {
            let listener = TcpListener::from_std(operations_loop)?;
            Ok(listener::serve(listener, listening, answer, stop_operations))
        })?);
        if let Some(listener) = desk_listener {
            tasks.push(serve_desk(listener, &config.limits, &live, &stopped)?);
        }
        let certificates = front.certificates();
        let behind = Threads::behind()?;
        tasks.extend(front.serve(&live.public(), live.trusted(), behind.handle(), &stopped));
        tracing::info!(%address, %operations, "serving");
        Ok(Self {
            address,
            https,
            operations,
            desk,
            certificates,
            base_url,
            intake,
            live,
            stop,
            tasks,
            _behind: behind,
            writer,
            directory,
        })
    }

    /// Takes over what of another configuration can change while the server runs, all of it or nothing. Logs what changed
    /// and what needs a restart.
    ///
    /// # Errors
    /// Nothing was changed, and why.
    pub async fn reload(&self, new: &Config) -> Result<(), Failure> {
        if let Some(certificates) = &self.certificates {
            front::reload(certificates, true)
                .await
                .map_err(|error| Failure::usage(format!("listen.https: {error}"), error.hint()))?;
        }
        self.live.reload(new, &self.directory).await
    }

    /// Tells that a reload was refused before it came this far: the log, a metric, the alerts and `paraph doctor` know.
    pub fn reload_refused(&self, failure: &Failure) {
        tracing::error!(
            error = failure.what,
            hint = failure.hint,
            "reload refused, nothing was changed"
        );
        metrics::counter!(telemetry::RELOADS, "outcome" => "refused").increment(1);
        self.live.alerts().reload_refused(&failure.what);
    }

    /// The link by which the first operator joins the desk, as long as there is none; those made before are void.
    ///
    /// # Errors
    /// It could not be recorded.
    pub async fn first_link(&self) -> Result<Option<String>, Failure> {
        let desk = self.live.desk().load_full();
        let token = desk.parts.first_link().await;
        let token =
            token.map_err(|error| Failure::failed(format!("the link of the first operator: {error}"), DOCTOR))?;
        Ok(token.map(|token| format!("{}{}", desk.url, link_path(&token))))
    }

    /// Waits until the page of a petition can be looked at.
    pub async fn until_shown(&self, slug: &str) {
        while self.live.shelf().petition(slug).is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Stops: no new connections, open ones finish, claimed mail is sent, the writer does what was asked.
    pub async fn stop(self) {
        let Self {
            intake,
            live,
            stop,
            tasks,
            writer,
            ..
        } = self;
        stop.send_replace(true);
        live.stop().await;
        for task in tasks {
            if task.await.is_err() {
                tracing::error!("a task panicked");
            }
        }
        live.close().await;
        drop((intake, live));
        if tokio::task::spawn_blocking(move || writer.join()).await.is_err() {
            tracing::error!("the writer could not be waited for");
        }
    }
}

/// Connections by which the desk reads the store: pages of the public side cannot use them up.
pub(crate) const DESK_CONNECTIONS: u64 = 2;

const DOCTOR: &str = "the message says which file or setting; nothing was changed";

fn store_failure(error: DbError) -> Failure {
    Failure::failed(format!("the store does not answer: {error}"), DOCTOR)
}

/// Who gives the verdicts that are typed on this machine: one account, without a name.
fn operator(keys: &Keys) -> [u8; 16] {
    let mut account = [0; 16];
    account.copy_from_slice(&keys.derive("operator of the command line v1")[..16]);
    account
}

impl Core {
    fn new(
        config: &Config,
        directory: &Directory,
        places: u64,
        intake: Intake,
        published: Published,
        spent: &[SpentNonce],
    ) -> Result<Self, Failure> {
        let keys = directory.keys();
        let vault = Arc::new(Vault::new(keys));
        let readers = config.limits.read_connections;
        let ledger = LedgerReader::new(
            Reader::new(&directory.main_file(), readers),
            Reader::new(&directory.keys_file(), readers),
            Arc::clone(&vault),
            intake.judged(),
        );
        let secrets = Secrets {
            challenge: keys.derive("challenge v1"),
            ticket: keys.derive("ticket v1"),
            body: keys.derive("body v1"),
        };
        let price = if config.drill_price.is_some() {
            Price::Drill
        } else {
            Price::Real
        };
        let admitter = Admitter::new(&secrets, price, &config.limits)
            .map_err(|error| Failure::usage(error.to_string(), "put the right key file back from its backup"))?;
        let admitter = admitter.with_places(places);
        admitter.set_read_only(config.site.read_only);
        let networks = Arc::new(networks(config, directory));
        let observer = Observer::new(keys, Arc::clone(&networks), config.drill_networks);
        let shield = Shield::new(&config.limits, &config.never_banned(), Arc::clone(&networks));
        let shield = Arc::new(shield);
        let pace = Arc::new(Mutex::new(Pace::new(&config.limits)));
        let now = clock::now();
        for way in [Way::Script, Way::Plain] {
            let of_this_way = spent.iter().filter(|spent| way_of(spent, &config.limits) == way);
            admitter.preload(way, of_this_way.copied(), now);
        }
        Ok(Self {
            intake,
            published,
            ledger,
            tokens: Arc::new(Tokens::new(keys)),
            vault,
            admitter: Arc::new(admitter.behind(Arc::clone(&shield))),
            shield,
            networks,
            observer: Arc::new(observer),
            pace,
        })
    }

    /// What the desk works with.
    fn desk_parts(
        &self,
        config: &Config,
        directory: &Directory,
        alerts: Arc<Alerts>,
        office: Office,
        board: &Option<Arc<Board>>,
    ) -> Arc<Parts> {
        let around = Around {
            intake: self.intake.clone(),
            books: Books::new(Reader::new(&directory.main_file(), DESK_CONNECTIONS)),
            published: self.published.clone(),
            mail: MailStatus {
                ledger: self.ledger.clone(),
                pace: Arc::clone(&self.pace),
            },
            alerts,
            admitter: Arc::clone(&self.admitter),
            shield: Arc::clone(&self.shield),
            networks: Arc::clone(&self.networks),
            office,
            board: board.clone(),
        };
        // Browsers reach a desk of its own over plain HTTP, through a tunnel or a private network.
        let url = config.site.base_url.as_deref().filter(|_| config.listen.desk.is_none());
        let is_secure = url.is_some_and(|url| url.starts_with("https://"));
        Arc::new(Parts::new(directory.keys(), &config.limits, is_secure, around))
    }

    /// Where verdicts are previewed and given.
    fn office(
        &self,
        bounds: watch::Receiver<Limits>,
        directory: &Directory,
        incidents: Arc<Incidents>,
        board: Option<Arc<Board>>,
    ) -> Office {
        Office {
            ledger: self.ledger.clone(),
            intake: self.intake.clone(),
            observer: Arc::clone(&self.observer),
            shown: self.published.shown.clone(),
            incidents,
            board,
            addresses: AddressTags::new(directory.keys()),
            bounds,
            ways: Arc::default(),
            machine: operator(directory.keys()),
        }
    }

    /// Readers of mail that comes back, as many as there are ways for it.
    fn inboxes(&self, config: &Config, lmtp: Option<Lmtp>, stop: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
        let Some(bounce) = &config.mail.bounce else {
            return Vec::new();
        };
        let inbox = Inbox {
            tokens: Arc::clone(&self.tokens),
            address: bounce.address.clone(),
            intake: self.intake.clone(),
            pace: Arc::clone(&self.pace),
            limits: config.limits.clone(),
        };
        let watched = bounce.maildir.clone();
        let watched = watched.map(|directory| tokio::spawn(inbox.clone().watch(directory, stop.clone())));
        let listening = lmtp.map(|listener| tokio::spawn(inbox.listen(listener, stop.clone())));
        watched.into_iter().chain(listening).collect()
    }
}

/// The desk on an address of its own, with places of its own.
fn serve_desk(
    listener: tokio::net::TcpListener,
    limits: &Limits,
    live: &Live,
    stopped: &watch::Receiver<bool>,
) -> Result<JoinHandle<()>, Failure> {
    let desk = live.desk();
    let answer = move |source, request| {
        let desk = desk.load_full();
        async move { router::desk_alone(&desk, source, request).await }
    };
    let listening = front::apart(limits, limits.desk_watchers);
    let (listener, stopped) = (listener.into_std()?, stopped.clone());
    apart::run("desk", move || {
        let listener = TcpListener::from_std(listener)?;
        Ok(listener::serve(listener, listening, answer, stopped))
    })
}

/// A nonce that was spent, the MAC of what it was spent on, and when it expires.
type SpentNonce = ([u8; 16], [u8; 16], Millis);

/// Nonces that may still come again.
async fn unexpired_nonces(connections: &mut Connections) -> Result<Vec<SpentNonce>, DbError> {
    const AT_ONCE: u64 = 10_000;
    let sql = "SELECT nonce, body_mac, expires FROM nonce WHERE nonce > ?1 ORDER BY nonce LIMIT ?2";
    let (now, mut after, mut spent) = (clock::now(), [0; 16], Vec::new());
    loop {
        let rows = connections
            .main
            .query(sql, &[Value::Blob(&after), integer(AT_ONCE)])
            .await?;
        let Some(last) = rows.last() else {
            return Ok(spent);
        };
        after = last.array(0)?;
        for row in &rows {
            let (nonce, body_mac, expires) = (row.array(0)?, row.array(1)?, Millis(row.unsigned(2)?));
            if expires > now {
                spent.push((nonce, body_mac, expires));
            }
        }
    }
}

/// Which way a nonce was for, by how long it is valid. Taken for the other one it would be missed by the memory only: the
/// store knows it.
fn way_of((nonce, _, expires): &SpentNonce, limits: &Limits) -> Way {
    let valid = expires.0.saturating_sub(id::made_at(*nonce).0);
    if valid <= limits.challenge_seconds * 1000 + 1000 {
        Way::Script
    } else {
        Way::Plain
    }
}

/// In a drill only the drill's invented networks are known.
fn networks(config: &Config, directory: &Directory) -> Known {
    if config.drill_networks {
        Known::of_drill()
    } else {
        Known::in_directory(directory.path())
    }
}

/// What pages say of the site.
#[must_use]
pub fn site(config: &Config, base_url: &str) -> Site {
    let lines = |text: &Option<String>| text.iter().flat_map(|text| text.lines()).map(str::to_owned).collect();
    let from = config.mail.from.email.to_string();
    Site {
        name: config.site.name.clone(),
        base_url: base_url.to_owned(),
        languages: config
            .site
            .languages
            .iter()
            .filter_map(|code| Lang::from_code(code))
            .collect(),
        contact: config.site.contact.clone().unwrap_or_else(|| from.clone()),
        mail_from: from,
        publisher: lines(&config.site.publisher),
        host: lines(&config.site.hosting),
        country: None,
        settle_after_seconds: config.limits.settle_after_seconds,
        settle_every_seconds: config.limits.settle_every_seconds,
        unconfirmed_days: config.limits.unconfirmed_days,
        features_days: config.limits.features_days,
        name_chars: config.limits.name_chars,
        comment_chars: config.limits.comment_chars,
        postcode_chars: config.limits.postcode_chars,
    }
}

/// A connection for commands that only look, beside a running server or without one.
///
/// # Errors
/// There is no store, it cannot be opened, or it is of a newer version.
pub async fn look(directory: &Path) -> Result<Db, Failure> {
    let file = directory.join("paraph.db");
    let cannot = |why: &dyn std::fmt::Display, hint: &str| {
        Failure::failed(format!("cannot open {}: {why}", file.display()), hint)
    };
    store::whole(directory)?;
    let mut db = Db::Sqlite(store::look::open(&file, None)?);
    schema::check(&mut db, schema::MAIN).await.map_err(|error| {
        let hint = match error {
            SchemaError::Older { .. } => "start the server once: it brings the store to its own version",
            SchemaError::Db(_) => "`paraph fsck` says more",
            SchemaError::Newer { .. } => "use the version of paraph that wrote it, or a newer one",
        };
        cannot(&error, hint)
    })?;
    Ok(db)
}
