//! The control socket: how `paraph petition`, `paraph alert` and `paraph incident` reach a server that holds the data directory.
//!
//! A Unix socket in the data directory, for its owner only. One JSON request a connection, one JSON answer.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

use crate::admit::Admitter;
use crate::admit::state::DoorState;
use crate::alerts::{Alerts, Listed, Tried};
use crate::clock;
use crate::desk::command::Wish;
use crate::desk::role::Role;
use crate::desk::{Desk, link_path};
use crate::failure::Failure;
use crate::handlers::shelf::Published;
use crate::incident::{IncidentAnswer, IncidentCommand, Office};
use crate::intake::Intake;
use crate::intake::command::{PetitionAnswer, PetitionCommand};
use crate::shield::crowdsec::Sharing;
use crate::shield::{Shield, ShieldAnswer, ShieldCommand};
use crate::trace::networks::day;

/// Bytes of a request: a petition's text is at most 64 KiB, and JSON may escape every byte of it.
const REQUEST_BYTES: u64 = 1 << 20;
/// Longer than the slowest channel of an alert.
const PATIENCE: Duration = Duration::from_secs(12);
/// Looking at a million signatures, and judging them.
const PATIENCE_OF_JUDGES: Duration = Duration::from_secs(180);

/// What can be asked; each command under the name of whom it is for.
#[derive(Debug, Deserialize)]
enum Request {
    Petition(PetitionCommand),
    Shield(ShieldCommand),
    Incident(IncidentCommand),
    Alert(AlertCommand),
    Door(DoorCommand),
    Desk(DeskLine),
    Register(RegisterLine),
}

impl Request {
    /// How long whoever asks waits.
    fn patience(name: &str) -> Duration {
        if name == "Incident" {
            PATIENCE_OF_JUDGES
        } else {
            PATIENCE
        }
    }
}

/// Whom commands are for.
pub struct Ways {
    /// Petitions.
    pub intake: Intake,
    /// What the writer publishes, and up to when the pages show it.
    pub published: Published,
    /// Bans.
    pub shield: Arc<Shield>,
    /// Whether they are told to CrowdSec; `None` where none is configured.
    pub sharing: Option<Arc<Sharing>>,
    /// Alerts.
    pub alerts: Arc<Alerts>,
    /// Incidents and verdicts, given in the name of this account.
    pub office: (Office, [u8; 16]),
    /// The front door.
    pub admitter: Arc<Admitter>,
    /// The desk.
    pub desk: Arc<ArcSwap<Desk>>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Answered(PetitionAnswer),
    Shielded(ShieldAnswer),
    Incident(IncidentAnswer),
    Status(Status),
    Door(DoorState),
    Linked(Option<String>),
    Registered,
    Unavailable,
    Unreadable,
}

/// What is asked about alerts.
#[derive(Debug, Serialize, Deserialize)]
pub enum AlertCommand {
    /// What is open.
    Status,
    /// One is acknowledged, or all are.
    Acknowledge(Option<String>),
    /// Every channel is tried.
    TestAlert,
    /// A check of the ledger came out sound, or not.
    LedgerChecked(bool),
}

/// What is asked of the front door.
#[derive(Debug, Serialize, Deserialize)]
pub enum DoorCommand {
    /// How does it stand?
    Door,
    /// Pages only from now on, or no longer.
    ReadOnly(bool),
}

/// What is asked of the desk.
#[derive(Debug, Serialize, Deserialize)]
pub enum DeskLine {
    /// A link to join by, as what; or for the member with this name to choose password and code generator anew.
    Link(Role, Option<String>),
}

/// What a command did by itself, and the register of the desk is to have.
#[derive(Debug, Serialize, Deserialize)]
pub enum RegisterLine {
    /// Another table of networks lies in the data directory, of this day: 20260617.
    NetworksUpdated(u32),
}

/// What a server says of its alerts.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Status {
    /// Open alerts that nobody has acknowledged.
    pub open_alerts: usize,
    /// All that are open.
    pub alerts: Vec<Listed>,
    /// How many were acknowledged just now.
    pub acknowledged: usize,
    /// What became of each channel that was tried.
    pub tried: Vec<Tried>,
    /// Why the last reload was refused, until one succeeds.
    pub reload_refused: Option<String>,
}

/// Where the socket of a data directory is.
#[must_use]
pub fn socket(directory: &Path) -> PathBuf {
    directory.join("control.sock")
}

/// Opens the socket, and returns the loop that answers on it until `stop` turns true.
///
/// # Errors
/// The socket cannot be made.
pub fn serve(
    path: PathBuf,
    ways: Ways,
    mut stop: watch::Receiver<bool>,
) -> Result<impl Future<Output = ()> + use<>, Failure> {
    // What lies there is left over: this process holds the directory's lock.
    let _ = fs::remove_file(&path);
    let at = |error: &io::Error| Failure::io(format!("control socket {}", path.display()), error);
    let listener = UnixListener::bind(&path).map_err(|error| at(&error))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(|error| at(&error))?;
    Ok(async move {
        loop {
            let accepted = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = listener.accept() => accepted,
            };
            // One at a time: these are commands that a person types.
            let Ok((stream, _)) = accepted else { continue };
            let (read, write) = stream.into_split();
            let Ok(Ok(line)) = tokio::time::timeout(PATIENCE, line(read)).await else {
                continue;
            };
            let answered = tokio::time::timeout(PATIENCE_OF_JUDGES, answer(write, &line, &ways)).await;
            if answered.is_err() {
                tracing::debug!("a control connection took too long");
            }
        }
        let _ = fs::remove_file(&path);
    })
}

async fn line(read: OwnedReadHalf) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    tokio::io::BufReader::new(read.take(REQUEST_BYTES))
        .read_until(b'\n', &mut line)
        .await?;
    Ok(line)
}

fn read(line: &[u8]) -> serde_json::Result<Request> {
    serde_json::from_slice(line)
}

/// Whether a line is a request.
#[cfg(any(test, fuzzing))]
pub(crate) fn is_request(line: &[u8]) -> bool {
    read(line).is_ok()
}

async fn answer(write: OwnedWriteHalf, line: &[u8], ways: &Ways) -> io::Result<()> {
    let answer = match read(line) {
        Ok(Request::Petition(command)) => {
            let answered = ways.intake.petition(command).await;
            ways.published.until_shown().await;
            answered.map_or(Answer::Unavailable, Answer::Answered)
        }
        Ok(Request::Shield(ShieldCommand::ShieldShare(wanted))) => Answer::Shielded(share(ways, wanted).await),
        Ok(Request::Shield(command)) => {
            let answer = ways.shield.carry_out(&command, clock::now());
            if let Some(act) = act_of(&command, &answer) {
                // The ban is in force, or is not: that the register says so comes after it. An address is nothing that stands there.
                let _ = ways.intake.desk(None, Wish::Did(act, String::new())).await;
            }
            Answer::Shielded(answer)
        }
        Ok(Request::Incident(command)) => {
            let (office, account) = &ways.office;
            Answer::Incident(office.carry_out(command, *account).await)
        }
        Ok(Request::Alert(command)) => {
            let status = on_alerts(&ways.alerts, command).await;
            if status.acknowledged > 0 {
                // Nobody is woken again for want of a line.
                let _ = ways.office.0.acknowledged(None, status.acknowledged).await;
            }
            Answer::Status(status)
        }
        Ok(Request::Door(command)) => {
            if let DoorCommand::ReadOnly(read_only) = command {
                // What was so before, nobody has done.
                if ways.admitter.set_read_only(read_only) {
                    // Signing is paused also where nothing can be recorded; that may be why.
                    let _ = ways.office.0.read_only(read_only, None).await;
                }
            }
            Answer::Door(ways.admitter.state(clock::now()))
        }
        Ok(Request::Desk(DeskLine::Link(role, name))) => {
            let desk = ways.desk.load_full();
            let made = desk.parts.link(role, name.as_deref()).await;
            let whole = |token| format!("{}{}", desk.url, link_path(&token));
            made.map_or(Answer::Unavailable, |token| Answer::Linked(token.map(whole)))
        }
        Ok(Request::Register(RegisterLine::NetworksUpdated(date))) => {
            let wish = Wish::Did("networks-updated", day(date));
            let noted = ways.intake.desk(None, wish).await;
            noted.map_or(Answer::Unavailable, |_| Answer::Registered)
        }
        Err(_) => Answer::Unreadable,
    };
    say(write, &answer).await
}

/// What the register says of a command about bans, if it changed something.
fn act_of(command: &ShieldCommand, answer: &ShieldAnswer) -> Option<&'static str> {
    match (command, answer) {
        (_, ShieldAnswer::Banned(_)) => Some("banned"),
        (ShieldCommand::ShieldFlush, ShieldAnswer::Unbanned { count: 1.., .. }) => Some("bans-lifted"),
        (_, ShieldAnswer::Unbanned { count: 1.., .. }) => Some("unbanned"),
        _ => None,
    }
}

async fn share(ways: &Ways, wanted: Option<bool>) -> ShieldAnswer {
    let Some(sharing) = &ways.sharing else {
        return ShieldAnswer::Refused("no CrowdSec is configured (shield.crowdsec)".to_owned());
    };
    match wanted {
        Some(on) if sharing.decide(on, &ways.intake).await.is_err() => {
            let told = if on {
                "nothing is told"
            } else {
                "nothing is told any more"
            };
            ShieldAnswer::Refused(format!("the decision could not be recorded; {told}"))
        }
        _ => ShieldAnswer::Sharing(sharing.is_on()),
    }
}

async fn say(mut write: OwnedWriteHalf, answer: &Answer) -> io::Result<()> {
    write.write_all(&serde_json::to_vec(answer)?).await?;
    write.write_all(b"\n").await
}

async fn on_alerts(alerts: &Alerts, command: AlertCommand) -> Status {
    let mut status = Status::default();
    match command {
        AlertCommand::Status => {}
        AlertCommand::Acknowledge(id) => status.acknowledged = alerts.acknowledge(id.as_deref()),
        AlertCommand::TestAlert => status.tried = alerts.test().await,
        AlertCommand::LedgerChecked(is_sound) => alerts.ledger_checked(is_sound),
    }
    status.alerts = alerts.list();
    status.open_alerts = status
        .alerts
        .iter()
        .filter(|alert| !alert.acknowledged && !alert.over)
        .count();
    status.reload_refused = alerts.refusal();
    status
}

/// Asks the server that holds a data directory about a petition. `None` if none does.
///
/// # Errors
/// There is a server, but it does not answer or cannot record anything.
pub fn ask(directory: &Path, command: &PetitionCommand) -> Result<Option<PetitionAnswer>, Failure> {
    match exchange(directory, "Petition", command)? {
        Some(Answer::Answered(answer)) => Ok(Some(answer)),
        Some(Answer::Unavailable) => Err(cannot_record()),
        Some(_) => Err(unreadable()),
        None => Ok(None),
    }
}

/// Asks the server that holds a data directory for a link to its desk: `Some(None)` if no member has that name, or there
/// are as many links as may be. `None` if no server holds it.
///
/// # Errors
/// There is a server, but it does not answer or cannot record anything.
pub fn ask_desk(directory: &Path, line: &DeskLine) -> Result<Option<Option<String>>, Failure> {
    match exchange(directory, "Desk", line)? {
        Some(Answer::Linked(link)) => Ok(Some(link)),
        Some(Answer::Unavailable) => Err(cannot_record()),
        Some(_) => Err(unreadable()),
        None => Ok(None),
    }
}

/// Has the server that holds a data directory write a line into the register of its desk. `None` if none does.
///
/// # Errors
/// There is a server, but it does not answer or cannot record anything.
pub fn register(directory: &Path, line: &RegisterLine) -> Result<Option<()>, Failure> {
    match exchange(directory, "Register", line)? {
        Some(Answer::Registered) => Ok(Some(())),
        Some(Answer::Unavailable) => Err(cannot_record()),
        Some(_) => Err(unreadable()),
        None => Ok(None),
    }
}

/// Asks the server that holds a data directory about its alerts. `None` if none does.
///
/// # Errors
/// There is a server, but it does not answer.
pub fn ask_alerts(directory: &Path, command: &AlertCommand) -> Result<Option<Status>, Failure> {
    match exchange(directory, "Alert", command)? {
        Some(Answer::Status(status)) => Ok(Some(status)),
        Some(_) => Err(unreadable()),
        None => Ok(None),
    }
}

/// Asks the server that holds a data directory about bans. `None` if none does.
///
/// # Errors
/// There is a server, but it does not answer.
pub fn ask_shield(directory: &Path, command: &ShieldCommand) -> Result<Option<ShieldAnswer>, Failure> {
    match exchange(directory, "Shield", command)? {
        Some(Answer::Shielded(answer)) => Ok(Some(answer)),
        Some(_) => Err(unreadable()),
        None => Ok(None),
    }
}

/// Asks the server that holds a data directory about verdicts. `None` if none does.
///
/// # Errors
/// There is a server, but it does not answer.
pub fn ask_incident(directory: &Path, command: &IncidentCommand) -> Result<Option<IncidentAnswer>, Failure> {
    match exchange(directory, "Incident", command)? {
        Some(Answer::Incident(answer)) => Ok(Some(answer)),
        Some(_) => Err(unreadable()),
        None => Ok(None),
    }
}

/// Asks the server that holds a data directory about its front door. `None` if none does.
///
/// # Errors
/// There is a server, but it does not answer.
pub fn ask_door(directory: &Path, command: &DoorCommand) -> Result<Option<DoorState>, Failure> {
    match exchange(directory, "Door", command)? {
        Some(Answer::Door(state)) => Ok(Some(state)),
        Some(_) => Err(unreadable()),
        None => Ok(None),
    }
}

/// What the server that holds a data directory says of its alerts. `None` if none does.
///
/// # Errors
/// There is a server, but it does not answer.
pub fn status(directory: &Path) -> Result<Option<Status>, Failure> {
    ask_alerts(directory, &AlertCommand::Status)
}

fn cannot_record() -> Failure {
    Failure::failed(
        "the running server cannot record anything at the moment",
        "see its log and its /readyz, then try again",
    )
}

fn unreadable() -> Failure {
    Failure::failed(
        "the running server does not understand this command",
        "use the same version of paraph as the server",
    )
}

fn exchange(directory: &Path, to: &str, command: &impl Serialize) -> Result<Option<Answer>, Failure> {
    let stream = match UnixStream::connect(socket(directory)) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(Failure::io("cannot reach the running server", &error)),
    };
    let asked = ask_on(stream, &BTreeMap::from([(to, command)]), Request::patience(to)).map_err(|error| match error
        .kind()
    {
        // What it was told lies in its socket.
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Failure::failed(
            "the running server does not answer in time",
            "it may still do what it was told once it goes on: look whether it did, before you say it again",
        ),
        _ => Failure::io("the running server does not answer", &error),
    })?;
    Ok(Some(asked))
}

fn ask_on(mut stream: UnixStream, command: &impl Serialize, patience: Duration) -> io::Result<Answer> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}
