//! Programs of this host that carry bans out: `paraph-shield`, and HAProxy by its runtime socket.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use paraph_shield::net::Net;
use paraph_shield::protocol::{Answer, BATCH, Ban, ReadError, Request, SECONDS, Status};

const PATIENCE: Duration = Duration::from_secs(15);
/// A time that differs by less is the same: the two clocks are asked one after the other.
const NEAR: u32 = 5;

/// Makes the packet filter hold these bans and no others. The helper is asked what it holds first: it may have been started
/// anew since.
///
/// # Errors
/// It is not there, does not serve this user, or could not do it.
pub fn tell_helper(socket: &Path, wanted: &HashMap<Net, u32>) -> io::Result<()> {
    let mut stream = connect(socket)?;
    let mut ask = |request: &Request| -> io::Result<Answer> {
        let sent = request.write(&mut stream);
        let answer = Answer::read(&mut stream).map_err(|error| match error {
            ReadError::Io(error) => error,
            ReadError::Malformed => io::Error::other("it speaks another version of the protocol"),
        });
        let answer = sent.and(answer)?;
        match answer.status {
            Status::Done => Ok(answer),
            Status::NotYou => Err(io::Error::other("it serves another user: see its --user")),
            Status::Full => Err(io::Error::other("it holds as many bans as it can")),
            Status::Failed => Err(io::Error::other("the packet filter said no: see its log")),
            Status::Malformed => Err(io::Error::other("it speaks another version of the protocol")),
        }
    };
    let held: HashMap<Net, u32> = ask(&Request::List)?
        .bans
        .into_iter()
        .map(|ban| (ban.net, ban.seconds))
        .collect();
    let gone: Vec<Net> = held.keys().filter(|net| !wanted.contains_key(net)).copied().collect();
    for batch in gone.chunks(BATCH) {
        ask(&Request::Delete(batch.to_vec()))?;
    }
    let differs = |net: &Net, seconds: u32| held.get(net).is_none_or(|held| held.abs_diff(seconds) > NEAR);
    let fresh: Vec<Ban> = wanted
        .iter()
        .map(|(net, seconds)| (*net, (*seconds).clamp(1, SECONDS)))
        .filter(|(net, seconds)| differs(net, *seconds))
        .map(|(net, seconds)| Ban { net, seconds })
        .collect();
    for batch in fresh.chunks(BATCH) {
        ask(&Request::Add(batch.to_vec()))?;
    }
    Ok(())
}

/// Gives HAProxy the map as it lies in `map`, as one change (HAProxy 2.4 or later: `prepare map`, `commit map`).
///
/// # Errors
/// It is not there, does not know the map, or said no.
pub fn tell_haproxy(socket: &Path, map: &Path, text: &str) -> io::Result<()> {
    let map = map.display();
    let prepared = haproxy(socket, &format!("prepare map {map}\n"))?;
    let version = prepared
        .trim()
        .rsplit(' ')
        .next()
        .and_then(|version| version.parse::<u32>().ok());
    let version = version.ok_or_else(|| io::Error::other("it does not know the map"))?;
    if !text.is_empty() {
        let added = haproxy(socket, &format!("add map @{version} {map} <<\n{text}\n"))?;
        if !added.trim().is_empty() {
            return Err(io::Error::other("it did not take the map"));
        }
    }
    let committed = haproxy(socket, &format!("commit map @{version} {map}\n"))?;
    if committed.trim().is_empty() {
        Ok(())
    } else {
        Err(io::Error::other("it did not change the map"))
    }
}

/// One command, one answer of at most 64 KiB.
fn haproxy(socket: &Path, command: &str) -> io::Result<String> {
    let mut stream = connect(socket)?;
    stream.write_all(command.as_bytes())?;
    let mut answer = String::new();
    let mut reader = BufReader::new(stream.take(1 << 16));
    while reader.read_line(&mut answer)? > 0 {}
    Ok(answer)
}

fn connect(socket: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}
