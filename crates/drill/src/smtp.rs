//! The SMTP conversation of the sink: one connection, from greeting to `QUIT` (RFC 5321).

use std::io;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::sink::Sink;

/// Longest command line, in bytes; RFC 5321 asks for 512, SMTPUTF8 addresses need more.
const COMMAND_BYTES: usize = 4096;
/// Longest line of a mail; RFC 5321 says 1,000, senders exceed it.
const LINE_BYTES: usize = 64 * 1024;
/// Largest mail.
const MAIL_BYTES: usize = 1024 * 1024;
/// Recipients of one mail.
const RECIPIENTS: usize = 100;
/// Silence after which a connection is closed.
const SILENCE: Duration = Duration::from_secs(300);

enum Line {
    Text(Vec<u8>),
    TooLong,
    End,
}

#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

/// Serves one connection.
pub(crate) async fn serve(stream: TcpStream, sink: Sink, busy: bool) -> io::Result<()> {
    let (reader, writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut writer = BufWriter::new(writer);
    if busy {
        return say(&mut reader, &mut writer, "421 too many connections", true).await;
    }
    say(
        &mut reader,
        &mut writer,
        "220 sink.example ESMTP, keeps everything, delivers nothing",
        true,
    )
    .await?;
    let mut envelope = Envelope::default();
    loop {
        let line = match timeout(SILENCE, read_line(&mut reader, COMMAND_BYTES)).await {
            Ok(Ok(Line::Text(line))) => String::from_utf8_lossy(&line).trim_end().to_owned(),
            Ok(Ok(Line::TooLong)) => {
                say(&mut reader, &mut writer, "500 line too long", false).await?;
                continue;
            }
            Ok(Ok(Line::End)) | Err(_) => return Ok(()),
            Ok(Err(error)) => return Err(error),
        };
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                envelope = Envelope::default();
                "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 1048576"
            }
            "HELO" | "RSET" => {
                envelope = Envelope::default();
                "250 ok"
            }
            "MAIL" => mail_from(&mut envelope, rest),
            "RCPT" => rcpt_to(&mut envelope, rest),
            "DATA" if envelope.to.is_empty() => "503 no recipient",
            "DATA" => {
                say(&mut reader, &mut writer, "354 end with a line that holds one dot", true).await?;
                let recipients = std::mem::take(&mut envelope).to;
                match timeout(SILENCE, read_mail(&mut reader)).await {
                    Ok(Ok(Some(mail))) if recipients.iter().all(|to| sink.deliver(to, &mail)) => "250 kept",
                    Ok(Ok(Some(_))) => "452 no room for another address",
                    Ok(Ok(None)) => "552 too large",
                    Ok(Err(error)) => return Err(error),
                    Err(_) => return Ok(()),
                }
            }
            "NOOP" => "250 ok",
            "QUIT" => return say(&mut reader, &mut writer, "221 bye", true).await,
            _ => "502 not known here",
        };
        say(&mut reader, &mut writer, answer, false).await?;
    }
}

fn mail_from(envelope: &mut Envelope, rest: &str) -> &'static str {
    match path(rest, "FROM:") {
        Some(from) => {
            *envelope = Envelope {
                from: Some(from),
                to: Vec::new(),
            };
            "250 ok"
        }
        None => "501 MAIL FROM:<address>",
    }
}

fn rcpt_to(envelope: &mut Envelope, rest: &str) -> &'static str {
    match path(rest, "TO:") {
        _ if envelope.from.is_none() => "503 MAIL first",
        _ if envelope.to.len() >= RECIPIENTS => "452 too many recipients",
        Some(to) if to.contains('@') => {
            envelope.to.push(to);
            "250 ok"
        }
        _ => "501 RCPT TO:<address>",
    }
}

/// The address in `FROM:<...>`; parameters after it (`SIZE=`, `BODY=8BITMIME`, `SMTPUTF8`) are accepted unread.
fn path(rest: &str, keyword: &str) -> Option<String> {
    let start = rest
        .get(..keyword.len())
        .filter(|found| found.eq_ignore_ascii_case(keyword))?;
    let address = rest[start.len()..].trim_start().strip_prefix('<')?;
    Some(address[..address.find('>')?].to_owned())
}

/// Reads up to the lone dot and removes dot-stuffing. `None`: too large, read to its end all the same.
async fn read_mail(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut mail = Vec::new();
    let mut too_large = false;
    loop {
        match read_line(reader, LINE_BYTES).await? {
            Line::End => return Err(io::ErrorKind::UnexpectedEof.into()),
            Line::TooLong => too_large = true,
            Line::Text(line) => {
                if matches!(line.as_slice(), b".\r\n" | b".\n") {
                    return Ok((!too_large).then_some(mail));
                }
                let line = line.strip_prefix(b".").unwrap_or(&line);
                too_large |= mail.len() + line.len() > MAIL_BYTES;
                if !too_large {
                    mail.extend_from_slice(line);
                }
            }
        }
    }
}

/// Reads one line with its end. A line over the limit is read to its end and dropped, in bounded memory.
async fn read_line(reader: &mut (impl AsyncBufRead + Unpin), limit: usize) -> io::Result<Line> {
    let mut line = Vec::new();
    let mut too_long = false;
    loop {
        let read = (&mut *reader).take(limit as u64).read_until(b'\n', &mut line).await?;
        if read == 0 {
            return Ok(Line::End);
        }
        let ended = line.ends_with(b"\n");
        too_long |= line.len() > limit || !ended;
        match (ended, too_long) {
            (true, false) => return Ok(Line::Text(line)),
            (true, true) => return Ok(Line::TooLong),
            (false, _) => line.clear(),
        }
    }
}

/// Answers; while the client has already sent more, answers wait to leave together (PIPELINING).
async fn say<R, W>(reader: &mut BufReader<R>, writer: &mut W, answer: &str, now: bool) -> io::Result<()>
where
    R: tokio::io::AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    writer.write_all(answer.as_bytes()).await?;
    writer.write_all(b"\r\n").await?;
    if now || reader.buffer().is_empty() {
        writer.flush().await?;
    }
    Ok(())
}
