//! How the server speaks to the helper.

use std::collections::HashMap;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::net::Net;
use crate::protocol::{Answer, BATCH, Ban, ReadError, Request, SECONDS, Status};

const PATIENCE: Duration = Duration::from_secs(15);
/// A time that differs by less is the same: the two clocks are asked one after the other.
const NEAR: u32 = 5;

/// Makes the packet filter hold these bans and no others. The helper is asked what it holds first: it may have been started
/// anew since.
///
/// # Errors
/// It is not there, does not serve this user, or could not do it.
pub fn hold(socket: &Path, wanted: &HashMap<Net, u32>) -> io::Result<()> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
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
