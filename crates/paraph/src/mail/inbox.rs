//! Where mail that came back reaches us: a directory in Maildir form that a mail server delivers to, or LMTP (RFC 2033)
//! spoken by it to us, on loopback or a socket of the file system.
//!
//! Reports hold addresses, so they are kept nowhere: a file is removed once it is read, whatever it was.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::Address;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Semaphore, watch};

use super::bounce::{self, Bounced, Report};
use super::pace::Pace;
use crate::clock;
use crate::config::LmtpAddress;
use crate::failure::Failure;
use crate::intake::Intake;
use crate::limits::Limits;
use crate::telemetry;
use crate::token::Tokens;

/// How often the directory is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// Files read at one look; the rest wait for the next.
const FILES_AT_ONCE: usize = 200;
/// Bytes of a command line; RFC 5321 allows 512, and more for extensions.
const LINE_BYTES: u64 = 2048;
/// Recipients of one transaction; a report has one.
const RECIPIENTS: usize = 16;
/// Bytes of a report that are read past, as many times what is looked at, before the connection is closed.
const PAST: u64 = 64;

/// What reading returned mail needs.
#[derive(Clone)]
pub struct Inbox {
    /// Knows our tokens.
    pub tokens: Arc<Tokens>,
    /// `mail.bounce`.
    pub address: Address,
    /// Records what came back.
    pub intake: Intake,
    /// Counts by domain.
    pub pace: Arc<Mutex<Pace>>,
    /// The bounds in force.
    pub limits: Limits,
}

/// A listener for LMTP, bound and not yet serving.
pub enum Lmtp {
    /// On loopback.
    Tcp(TcpListener),
    /// In the file system.
    Unix(UnixListener),
}

impl Lmtp {
    /// Takes the port or the socket. A socket left behind by a process that died is replaced.
    ///
    /// # Errors
    /// It is taken, or cannot be made.
    pub async fn bind(address: &LmtpAddress) -> Result<Self, Failure> {
        let failed = |what: String| {
            move |error: io::Error| Failure::io(format!("cannot listen on {what} (mail.bounce_lmtp)"), &error)
        };
        match address {
            LmtpAddress::Tcp(address) => {
                let listener = TcpListener::bind(address).await;
                listener.map(Self::Tcp).map_err(failed(address.to_string()))
            }
            LmtpAddress::Unix(path) => {
                if std::os::unix::net::UnixStream::connect(path).is_err() {
                    let _ = std::fs::remove_file(path);
                }
                let listener = UnixListener::bind(path);
                listener.map(Self::Unix).map_err(failed(path.display().to_string()))
            }
        }
    }
}

impl Inbox {
    /// Serves LMTP until `stop` turns true.
    pub async fn listen(self, listener: Lmtp, mut stop: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(
            usize::try_from(self.limits.bounce_connections).unwrap_or(1),
        ));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let inbox = self.clone();
            let accepted = tokio::select! {
                accepted = accept(&listener) => accepted,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let Ok(stream) = accepted else {
                // Out of descriptors: the next one may be free in a moment.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let mut stop = stop.clone();
            tokio::spawn(async move {
                tokio::select! {
                    _ = inbox.converse(stream) => {}
                    _ = stop.wait_for(|stop| *stop) => {}
                }
                drop(place);
            });
        }
    }

    /// One connection; `None` once it is over.
    pub(crate) async fn converse(&self, stream: impl AsyncRead + AsyncWrite) -> Option<()> {
        let (read, mut write) = tokio::io::split(stream);
        let mut read = Box::pin(BufReader::new(read));
        let mut recipients: Vec<[u8; 16]> = Vec::new();
        let mut is_greeted = false;
        write
            .write_all(b"220 paraph LMTP, for mail that came back\r\n")
            .await
            .ok()?;
        loop {
            let line = self.line(&mut read).await?;
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            let verb = text.get(..4).unwrap_or_default().to_ascii_uppercase();
            let reply: String = match verb.as_str() {
                "LHLO" if text[4..].trim().is_empty() => "501 5.5.4 say who you are\r\n".into(),
                "LHLO" => {
                    is_greeted = true;
                    recipients.clear();
                    GREETING.into()
                }
                "MAIL" if !is_greeted => "503 5.5.1 LHLO first\r\n".into(),
                "MAIL" | "RSET" => {
                    recipients.clear();
                    "250 2.0.0 ok\r\n".into()
                }
                "RCPT" if recipients.len() >= RECIPIENTS => "452 4.5.3 too many recipients\r\n".into(),
                "RCPT" => match self.named(text) {
                    Some(address) => {
                        recipients.push(address);
                        "250 2.1.5 ok\r\n".into()
                    }
                    None => "550 5.1.1 nothing of ours came from there\r\n".into(),
                },
                "DATA" if recipients.is_empty() => "503 5.5.1 no recipient\r\n".into(),
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let message = self.data(&mut read).await?;
                    let mut addresses = std::mem::take(&mut recipients);
                    let count = addresses.len();
                    // Named twice, it came back once; each naming has its answer (RFC 2033, 4.2).
                    addresses.sort_unstable();
                    addresses.dedup();
                    let reply = match self.record(&message, addresses).await {
                        true => "250 2.0.0 read\r\n",
                        false => "451 4.3.0 cannot be recorded now\r\n",
                    };
                    reply.repeat(count)
                }
                "NOOP" => "250 2.0.0 ok\r\n".into(),
                "VRFY" => "252 2.5.0 not told\r\n".into(),
                "QUIT" => {
                    write.write_all(b"221 2.0.0 bye\r\n").await.ok()?;
                    return None;
                }
                _ => "500 5.5.2 not known here\r\n".into(),
            };
            write.write_all(reply.as_bytes()).await.ok()?;
        }
    }

    /// The tag behind `RCPT TO:<...>`.
    fn named(&self, command: &str) -> Option<[u8; 16]> {
        let (_, rest) = command.split_once('<')?;
        let (address, _) = rest.split_once('>')?;
        bounce::recipient(&self.tokens, &self.address, address, clock::now())
    }

    async fn line(&self, read: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        let patience = Duration::from_secs(self.limits.bounce_seconds);
        let mut bounded = read.take(LINE_BYTES);
        let got = tokio::time::timeout(patience, bounded.read_until(b'\n', &mut line)).await;
        (got.ok()?.ok()? > 0 && line.ends_with(b"\n")).then_some(line)
    }

    /// The message up to its lone dot; only its beginning is kept.
    async fn data(&self, read: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Vec<u8>> {
        let most = self.limits.bounce_bytes;
        let (mut message, mut taken, mut at_start) = (Vec::new(), 0, true);
        let patience = Duration::from_secs(self.limits.bounce_seconds);
        loop {
            let mut line = Vec::new();
            // A line may be longer than this: what follows is then not the beginning of one.
            let mut bounded = (&mut *read).take(LINE_BYTES);
            let got = tokio::time::timeout(patience, bounded.read_until(b'\n', &mut line)).await;
            taken += got.ok()?.ok().filter(|got| *got > 0)? as u64;
            if at_start && matches!(line.as_slice(), b".\r\n" | b".\n") {
                return Some(message);
            }
            if taken > most.saturating_mul(PAST) {
                return None;
            }
            let text = if at_start {
                line.strip_prefix(b".").unwrap_or(&line)
            } else {
                &line
            };
            let room = usize::try_from(most)
                .unwrap_or(usize::MAX)
                .saturating_sub(message.len());
            message.extend_from_slice(&text[..text.len().min(room)]);
            at_start = line.ends_with(b"\n");
        }
    }

    /// Whether it is recorded, or nothing was to be.
    async fn record(&self, message: &[u8], addresses: Vec<[u8; 16]>) -> bool {
        let (label, hard) = match bounce::read(message) {
            Report::Hard => ("hard", true),
            Report::Soft => ("soft", false),
            Report::Nothing => ("nothing", false),
        };
        let came = addresses.len() as u64;
        if label != "nothing" {
            let bounced = addresses.into_iter().map(|address| Bounced { address, hard }).collect();
            if self.intake.bounced(bounced).await.is_err() {
                return false;
            }
        }
        if label != "nothing"
            && let Some(domain) = bounce::domain(message)
        {
            self.pace
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .returned(&domain);
        }
        metrics::counter!(telemetry::BOUNCES, "report" => label).increment(came);
        true
    }

    /// Reads what lies in the directory, again and again, until `stop` turns true.
    pub async fn watch(self, directory: PathBuf, mut stop: watch::Receiver<bool>) {
        let mut complained = false;
        while !*stop.borrow() {
            let outcome = self.look(&directory.join("new")).await;
            if let Err(error) = &outcome
                && !complained
            {
                tracing::warn!(kind = %error.kind(), "mail.bounce_maildir cannot be read; mail that comes back is not seen");
            }
            complained = outcome.is_err();
            tokio::select! {
                () = tokio::time::sleep(LOOK_AGAIN) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn look(&self, directory: &Path) -> io::Result<()> {
        let (place, most) = (directory.to_owned(), self.limits.bounce_bytes);
        let read = tokio::task::spawn_blocking(move || beginnings(&place, most));
        for (path, message) in read.await.map_err(io::Error::other)?? {
            let address = bounce::recipient_in_head(&self.tokens, &self.address, &message, clock::now());
            let recorded = match address {
                Some(address) => self.record(&message, vec![address]).await,
                None => {
                    metrics::counter!(telemetry::BOUNCES, "report" => "not_ours").increment(1);
                    true
                }
            };
            if recorded {
                std::fs::remove_file(&path)?;
            }
        }
        Ok(())
    }
}

async fn accept(listener: &Lmtp) -> io::Result<Box<dyn Stream>> {
    Ok(match listener {
        Lmtp::Tcp(listener) => Box::new(listener.accept().await?.0),
        Lmtp::Unix(listener) => Box::new(listener.accept().await?.0),
    })
}

/// What is understood (RFC 2033, 5: pipelining and status codes have to be).
const GREETING: &str = "250-paraph\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";

/// A connection of either kind.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Files of a directory and how they begin.
fn beginnings(directory: &Path, most: u64) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)?.take(FILES_AT_ONCE) {
        let entry = entry?;
        if !entry.file_type()?.is_file() {
            continue;
        }
        let mut message = Vec::new();
        std::fs::File::open(entry.path())?
            .take(most)
            .read_to_end(&mut message)?;
        found.push((entry.path(), message));
    }
    Ok(found)
}
