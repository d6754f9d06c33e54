//! The real program, started by its own command line in a directory of the test's own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::client::Client;

/// Longest wait for anything that is going to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Whether the long versions are wanted: `scripts/test` says so, and who says nothing gets them.
pub(crate) fn is_full() -> bool {
    std::env::var("PARAPH_TEST_TIER").map_or(true, |tier| tier != "quick")
}

/// Seconds in `PARAPH_TEST_PATIENCE`, for whoever expects to wait in vain (`scripts/removals`).
fn patience() -> Duration {
    let asked = std::env::var("PARAPH_TEST_PATIENCE").ok();
    let seconds = asked.map(|seconds| seconds.parse().expect("PARAPH_TEST_PATIENCE is a number"));
    seconds.map_or(PATIENCE, Duration::from_secs)
}

/// Looks again until there is something to see.
pub(crate) fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    let patience = patience();
    within(patience, look).unwrap_or_else(|| panic!("not within {patience:?}: {what}"))
}

/// The same for as long as the caller has patience; nothing if it does not happen.
pub(crate) fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(seen) = look() {
            return Some(seen);
        }
        if Instant::now() > deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Turns true when it is dropped, also by a test that fails: threads that go on until then would go on for ever.
pub(crate) struct Ends<'a>(pub(crate) &'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// An address that is given once, out of a range from which the system gives none by itself: no test and no connection takes it
/// before somebody listens there.
pub(crate) fn free() -> SocketAddr {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = (std::process::id() as u16).wrapping_mul(1031);
    loop {
        let port = 10_000 + first.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed)) % 20_000;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// A directory and a configuration; servers come and go in it.
pub(crate) struct Site {
    place: TempDir,
    environment: BTreeMap<String, String>,
    /// Mails read so far, by file name: a mail never changes.
    letters: Mutex<BTreeMap<OsString, Letter>>,
}

fn variable(key: &str) -> String {
    format!("PARAPH__{}", key.to_uppercase().replacen('.', "__", 1))
}

/// What a command came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self {
            code: output.status.code().expect("an exit code"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Site {
    /// Puzzles of one guess, tickets of no age, budgets that no test uses up, and a count that follows at once. The clients of
    /// most tests are one machine that signs in lockstep: scrutiny would hold them, and be right.
    pub(crate) fn new() -> Self {
        let mut site = Self {
            place: tempfile::tempdir().expect("a directory"),
            environment: BTreeMap::new(),
            letters: Mutex::default(),
        };
        for key in ["listen.http", "listen.operations"] {
            site.set(key, "127.0.0.1:0");
        }
        site.set("drill.price", 1);
        site.set("scrutiny.enabled", false);
        for bound in ["settle_after_seconds", "ticket_age_seconds", "ticket_moved_seconds"] {
            site.set(&format!("limits.{bound}"), 0);
        }
        site.set("limits.settle_every_seconds", 1);
        for budget in ["sign", "challenge", "ticket", "refused", "miss"] {
            site.set(&format!("limits.budget_{budget}"), 1_000_000);
            site.set(&format!("limits.budget_{budget}_wide"), 1_000_000);
        }
        site
    }

    /// Sets a key of the configuration, as in `limits.body_bytes`, for what is started from now on.
    pub(crate) fn set(&mut self, key: &str, value: impl ToString) {
        self.environment.insert(variable(key), value.to_string());
    }

    /// Leaves a key of the configuration as it is shipped.
    pub(crate) fn unset(&mut self, key: &str) {
        self.environment.remove(&variable(key));
    }

    /// Sets a variable of the environment.
    pub(crate) fn export(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// Takes back what [`Site::new`] changed: price, budgets, waits and scrutiny as an operator gets them.
    pub(crate) fn as_shipped(&mut self) {
        let is_where = |name: &str| name.starts_with("PARAPH__LISTEN__");
        self.environment.retain(|name, _| is_where(name));
    }

    pub(crate) fn place(&self) -> &Path {
        self.place.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.place().join("data")
    }

    /// What a key of the configuration was set to.
    pub(crate) fn get(&self, key: &str) -> &str {
        &self.environment[&variable(key)]
    }

    /// Writes the configuration file that every command reads.
    pub(crate) fn write_config(&self, text: &str) {
        fs::write(self.place().join("paraph.toml"), text).expect("written");
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_paraph"));
        command
            .args(arguments)
            .current_dir(self.place())
            .env_clear()
            .envs(&self.environment);
        command.env("PARAPH__STORE__DIRECTORY", self.data());
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().expect("it runs").into()
    }

    /// Creates a petition that is open.
    pub(crate) fn petition(&self, slug: &str) {
        let text = self.place().join("petition.txt");
        fs::write(&text, "The fountain has been dry for two years.\n\nRepair it.\n").expect("written");
        let ran = self.run(&[
            "petition",
            "create",
            "--slug",
            slug,
            "--title",
            "Repair the fountain",
            "--owner",
            "Friends of the fountain",
            "--text",
            "petition.txt",
            "--publish",
            "--json",
        ]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }

    /// Starts the server.
    pub(crate) fn begin(&self) -> Child {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .expect("a log");
        self.command(&["serve"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("it starts")
    }

    /// Starts the server and waits for its word that it serves.
    pub(crate) fn start(&self) -> Server {
        let mut child = self.begin();
        let mut said = String::new();
        let stdout = child.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut said).expect("its word");
        // The word names the site as the world knows it; the log says where it listens.
        let logged = self.logged();
        let address = |key: &str| {
            let (_, rest) = logged.rsplit_once(&format!("\"{key}\":\""))?;
            rest.split('"').next()?.parse().ok()
        };
        match (address("address"), address("operations")) {
            (Some(address), Some(operations)) => Server {
                child,
                address,
                operations,
            },
            _ => panic!("said {said:?}; log:\n{}", self.logged()),
        }
    }

    fn log(&self) -> PathBuf {
        self.place().join("server.log")
    }

    /// Everything that servers of this site have logged.
    pub(crate) fn logged(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Every mail in the mail directory: its recipient and its text.
    pub(crate) fn mails(&self) -> Vec<Letter> {
        let Ok(files) = fs::read_dir(self.data().join("mail/new")) else {
            return Vec::new();
        };
        let mut letters = self.letters.lock().expect("never poisoned");
        for file in files.map(|file| file.expect("a file")) {
            let read = || Letter::read(&fs::read(file.path()).expect("a mail"));
            letters.entry(file.file_name()).or_insert_with(read);
        }
        letters.values().cloned().collect()
    }

    /// The mail to an address, once it has come.
    pub(crate) fn mail_to(&self, address: &str) -> Letter {
        until(&format!("a mail to {address}"), || {
            self.mails().into_iter().find(|letter| letter.to == address)
        })
    }

    /// The store itself, to look from behind.
    pub(crate) fn store(&self) -> Connection {
        let store = Connection::open(self.data().join("paraph.db")).expect("the store");
        store.busy_timeout(PATIENCE).expect("set");
        store
    }

    /// A number that one statement reads from the store.
    pub(crate) fn number(&self, sql: &str) -> u64 {
        let number: i64 = self.store().query_row(sql, [], |row| row.get(0)).expect("a number");
        u64::try_from(number).expect("not negative")
    }

    /// Folds the journal again: it must agree with the ledger. Returns what is counted, by petition.
    pub(crate) fn recount(&self) -> BTreeMap<String, u64> {
        let ran = self.run(&["recount", "--json"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
        let value = ran.json();
        assert_eq!(value["agrees"], true, "{value}");
        let petitions = value["petitions"].as_array().expect("a list");
        let counted = |petition: &Value| {
            (
                petition["petition"].as_str().expect("a slug").to_owned(),
                petition["counted"].as_u64().expect("a number"),
            )
        };
        petitions.iter().map(counted).collect()
    }
}

/// A mail as its reader sees it.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) to: String,
    /// Of the envelope, where there was one.
    pub(crate) from: Option<String>,
    pub(crate) text: String,
}

impl Letter {
    pub(crate) fn read(raw: &[u8]) -> Self {
        let head = String::from_utf8_lossy(raw);
        let to = head
            .lines()
            .find_map(|line| line.strip_prefix("To: "))
            .expect("a recipient");
        Self {
            to: to.trim_matches(['<', '>']).to_owned(),
            from: None,
            text: paraph_drill::mime::read(raw).text,
        }
    }

    /// The path where such mail is stopped.
    pub(crate) fn stop_link(&self) -> String {
        let at = self.text.find("/stop-mail/").expect("a link");
        let rest = &self.text[at..];
        rest[..rest.find('?').expect("a language")].to_owned()
    }

    /// The path of its link, as in `/confirm/...`.
    pub(crate) fn link(&self, kind: &str) -> String {
        let token = paraph_drill::mime::token(&self.text, kind).expect("a link");
        format!("/{kind}/{token}")
    }
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) operations: SocketAddr,
}

impl Server {
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`: whatever it was doing.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// `kill -TERM`, without waiting.
    pub(crate) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// `kill -HUP`, without waiting: read the configuration again.
    pub(crate) fn hang_up(&self) {
        self.signal("-HUP");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill {signal}");
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> ExitStatus {
        until("the end of the server", || self.child.try_wait().expect("its state"))
    }

    /// Stops as an operator does.
    pub(crate) fn stop(self) {
        self.terminate();
        assert_eq!(self.ended().code(), Some(0));
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_none()
    }

    /// `count.json`.
    pub(crate) fn count(&self, slug: &str) -> Value {
        self.client().get(&format!("/p/{slug}/count.json")).json()
    }

    pub(crate) fn counted(&self, slug: &str) -> u64 {
        self.count(slug)["counted"].as_u64().expect("a number")
    }

    /// Waits until everything that happened before this call is in the displayed numbers.
    pub(crate) fn settled(&self, slug: &str) -> Value {
        let now = paraph::clock::rfc3339(paraph::clock::now());
        until("the count is as of now", || {
            let count = self.count(slug);
            // What is due at a tick settles in it; the tick after it publishes nothing else.
            (count["as_of"].as_str() > Some(&now)).then_some(count)
        })
    }

    /// A page for the operator, in a language.
    pub(crate) fn operations_page(&self, path: &str, language: &str) -> String {
        let mut client = Client::new(self.operations);
        client
            .ask("GET", path, &[("accept-language", language)], b"")
            .expect("an answer")
            .text()
    }

    pub(crate) fn metrics(&self) -> String {
        Client::new(self.operations).get("/metrics").text()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails when it has ended already, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
