//! The control socket: how `paraph petition create` reaches a server that holds the data directory.
//!
//! A Unix socket in the data directory, for its owner only. One JSON request a connection, one JSON answer.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::sync::watch;

use crate::clock;
use crate::failure::Failure;
use crate::intake::Intake;
use crate::intake::command::{PetitionAnswer, PetitionCommand};
use crate::shield::{Shield, ShieldAnswer, ShieldCommand};

/// Bytes of a request: a petition's text is at most 64 KiB, and JSON may escape every byte of it.
const REQUEST_BYTES: u64 = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Answered(PetitionAnswer),
    Shielded(ShieldAnswer),
    Unavailable,
    Unreadable,
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
    intake: Intake,
    shield: Arc<Shield>,
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
            if let Ok((stream, _)) = accepted
                && tokio::time::timeout(PATIENCE, answer(stream, &intake, &shield))
                    .await
                    .is_err()
            {
                tracing::debug!("a control connection took too long");
            }
        }
        let _ = fs::remove_file(&path);
    })
}

async fn answer(stream: tokio::net::UnixStream, intake: &Intake, shield: &Shield) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = Vec::new();
    tokio::io::BufReader::new(read.take(REQUEST_BYTES))
        .read_until(b'\n', &mut line)
        .await?;
    let answer = if let Ok(command) = serde_json::from_slice::<PetitionCommand>(&line) {
        let answered = intake.petition(command).await;
        answered.map_or(Answer::Unavailable, Answer::Answered)
    } else if let Ok(command) = serde_json::from_slice::<ShieldCommand>(&line) {
        Answer::Shielded(shield.carry_out(&command, clock::now()))
    } else {
        Answer::Unreadable
    };
    write.write_all(&serde_json::to_vec(&answer)?).await?;
    write.write_all(b"\n").await
}

/// Asks the server that holds a data directory. `None` if none does.
///
/// # Errors
/// There is a server, but it does not answer or cannot record anything.
pub fn ask(directory: &Path, command: &PetitionCommand) -> Result<Option<PetitionAnswer>, Failure> {
    match exchange(directory, command)? {
        Some(Answer::Answered(answer)) => Ok(Some(answer)),
        Some(Answer::Unavailable) => Err(Failure::failed(
            "the running server cannot record anything at the moment",
            "see its log and its /readyz, then try again",
        )),
        Some(_) => Err(unreadable()),
        None => Ok(None),
    }
}

/// Asks the server that holds a data directory about bans. `None` if none does.
///
/// # Errors
/// There is a server, but it does not answer.
pub fn ask_shield(directory: &Path, command: &ShieldCommand) -> Result<Option<ShieldAnswer>, Failure> {
    match exchange(directory, command)? {
        Some(Answer::Shielded(answer)) => Ok(Some(answer)),
        Some(_) => Err(unreadable()),
        None => Ok(None),
    }
}

fn unreadable() -> Failure {
    Failure::failed(
        "the running server does not understand this command",
        "use the same version of paraph as the server",
    )
}

fn exchange(directory: &Path, command: &impl Serialize) -> Result<Option<Answer>, Failure> {
    let stream = match UnixStream::connect(socket(directory)) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(Failure::io("cannot reach the running server", &error)),
    };
    let asked = ask_on(stream, command).map_err(|error| Failure::io("the running server does not answer", &error))?;
    Ok(Some(asked))
}

fn ask_on(mut stream: UnixStream, command: &impl Serialize) -> io::Result<Answer> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(serde_json::from_str(&answer)?)
}
