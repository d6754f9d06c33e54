//! The machine: its clock, its disk, what it lets one process have.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Finding;
use crate::clock;
use crate::config::Config;
use crate::descriptors;
use crate::server;
use crate::store::Files;
use crate::store::db::Db;
use crate::store::room::room_mib;

/// Who can say whether the clock is kept right, and the answer that says yes. The kernel's own word (adjtimex) is what the
/// first one reports.
const TIMEKEEPERS: &[(&str, &[&str])] = &[
    ("timedatectl", &["show", "--property=NTPSynchronized", "--value"]),
    ("chronyc", &["-n", "tracking"]),
    ("ntpq", &["-c", "rv 0 leap"]),
];
const TIMEKEEPER_PATIENCE: Duration = Duration::from_secs(3);

/// Whether somebody keeps the clock right.
pub(super) async fn synchronised() -> Finding {
    const CHECK: &str = "clock: kept right";
    for (program, arguments) in TIMEKEEPERS {
        let Some(said) = told_by(program, arguments).await else {
            continue;
        };
        let yes = said == "yes" || said.contains("Leap status     : Normal") || said.contains("leap=00");
        return if yes {
            Finding::ok(CHECK, format!("{program} says that it is synchronised"))
        } else {
            let mend = "start a time service: `timedatectl set-ntp true`, or install chrony";
            Finding::warn(CHECK, format!("{program} says that it is not synchronised"), mend)
        };
    }
    Finding::skipped(
        CHECK,
        "no time service answers here (timedatectl, chronyc, ntpq); inside a container the host keeps the time",
    )
}

/// What a program prints, if it is there, succeeds and is quick.
async fn told_by(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let deadline = Instant::now() + TIMEKEEPER_PATIENCE;
    while child.try_wait().ok()?.is_none() {
        if Instant::now() > deadline {
            // Gone or not, it is not waited for.
            let _ = child.kill();
            return None;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let output = child.wait_with_output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !said.is_empty()).then_some(said)
}

/// The journal's time never runs back: a clock behind it means that one of the two was wrong.
pub(super) async fn behind_the_journal(directory: &Path) -> Finding {
    const CHECK: &str = "clock: journal";
    if !directory.join("paraph.db").exists() {
        return Finding::skipped(CHECK, "there is no journal yet");
    }
    let last = match server::look(directory).await {
        Ok(mut db) => last_event(&mut db).await,
        Err(failure) => return Finding::fail(CHECK, failure.what, failure.hint),
    };
    let now = clock::now();
    match last {
        Some(at) if at > now.0 + 1000 => Finding::fail(
            CHECK,
            format!(
                "the last event is of {}, the clock says {}",
                clock::rfc3339(paraph_tally::Millis(at)),
                clock::rfc3339(now)
            ),
            "set the clock right before the server starts again; see `When the clock is wrong` in docs/operator.md",
        ),
        Some(_) => Finding::ok(CHECK, "ahead of the last event, as it should be"),
        None => Finding::skipped(CHECK, "the journal is empty"),
    }
}

async fn last_event(db: &mut Db) -> Option<u64> {
    let row = db
        .query_one("SELECT at FROM journal ORDER BY position DESC LIMIT 1", &[])
        .await;
    row.ok().flatten().and_then(|row| row.unsigned(0).ok())
}

/// Space, kind and truthfulness of the disk under the data directory.
pub(super) fn disk(directory: &Path, floor_mib: u64) -> Vec<Finding> {
    let Some(there) = directory.ancestors().find(|place| place.is_dir()).map(Path::to_owned) else {
        let what = format!("there is no {} and nothing above it", directory.display());
        return vec![Finding::fail(
            "disk: space",
            what,
            "name another directory: store.directory",
        )];
    };
    vec![space(&there, floor_mib), file_system(&there), fsync(&there)]
}

fn space(place: &Path, floor_mib: u64) -> Finding {
    const CHECK: &str = "disk: space";
    match room_mib(&Files::of(place)) {
        Ok(free) if free < floor_mib => Finding::fail(
            CHECK,
            format!("{free} MiB free, below limits.disk_floor_mib = {floor_mib}: signing is paused"),
            "free some space or give the data directory a larger disk",
        ),
        Ok(free) if free < 4 * floor_mib => Finding::warn(
            CHECK,
            format!("{free} MiB free; signing pauses below {floor_mib}"),
            "free some space or give the data directory a larger disk",
        ),
        Ok(free) => Finding::ok(CHECK, format!("{free} MiB free; signing pauses below {floor_mib}")),
        Err(error) => Finding::fail(
            CHECK,
            format!("free space is not known: {error}"),
            "check the path of store.directory",
        ),
    }
}

/// statfs(2)'s numbers of file systems on which a commit is worth less than it says, or that lock badly.
const DOUBTFUL: &[(u64, &str, &str)] = &[
    (
        0x0102_1994,
        "tmpfs",
        "it lives in memory and is gone after a restart of the machine",
    ),
    (
        0x8584_58f6,
        "ramfs",
        "it lives in memory and is gone after a restart of the machine",
    ),
    (
        0x794c_7630,
        "overlay",
        "inside a container it may be thrown away with it",
    ),
    (0x6969, "nfs", "locks and fsync depend on the server at the other end"),
    (
        0xff53_4d42,
        "cifs",
        "locks and fsync depend on the server at the other end",
    ),
    (
        0x6573_5546,
        "fuse",
        "fsync is worth what the program behind it makes of it",
    ),
];

fn file_system(place: &Path) -> Finding {
    const CHECK: &str = "disk: file system";
    let stat = match rustix::fs::statfs(place) {
        Ok(stat) => stat,
        Err(error) => {
            return Finding::fail(
                CHECK,
                format!("not known: {error}"),
                "check the path of store.directory",
            );
        }
    };
    let kind = u64::try_from(stat.f_type).unwrap_or_default() & 0xffff_ffff;
    match DOUBTFUL.iter().find(|(known, ..)| *known == kind) {
        Some((_, name, why)) => {
            let mend = "put store.directory on a local disk (ext4, xfs, btrfs, zfs), in a container on a volume";
            Finding::warn(CHECK, format!("{name}: {why}"), mend)
        }
        None => Finding::ok(CHECK, format!("a local one (kind {kind:#x})")),
    }
}

/// Writes whose time is taken.
const WRITES: usize = 100;
/// A write cache without protection answers faster than any disk that keeps its word.
const TOO_FAST: Duration = Duration::from_micros(15);
const SLOW: Duration = Duration::from_millis(100);

fn fsync(place: &Path) -> Finding {
    const CHECK: &str = "disk: fsync";
    let mut taken = match timed_writes(place) {
        Ok(taken) => taken,
        Err(error) => {
            let mend = "run as the user who owns the data directory; see whether the disk is full or read-only";
            return Finding::fail(CHECK, format!("cannot write in {}: {error}", place.display()), mend);
        }
    };
    taken.sort_unstable();
    let (half, most) = (taken[WRITES / 2], taken[WRITES * 99 / 100]);
    judge_fsync(CHECK, half, most)
}

fn judge_fsync(check: &'static str, half: Duration, most: Duration) -> Finding {
    let what = format!("p50 {half:.1?}, p99 {most:.1?} for 4 KiB and fdatasync");
    if half < TOO_FAST {
        let mend =
            "ask the host whether writes survive a power cut; without battery or capacitors they cannot at this speed";
        return Finding::warn(check, format!("{what}: too fast to have reached a disk"), mend);
    }
    if most > SLOW {
        let mend = "every signature waits for one: use a faster disk, or move what else writes there";
        return Finding::warn(check, format!("{what}: slow"), mend);
    }
    Finding::ok(check, what)
}

/// A file of our own, gone when the check ends.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left behind, it is a file of 400 KiB that the next doctor replaces.
        let _ = fs::remove_file(&self.0);
    }
}

fn timed_writes(place: &Path) -> io::Result<Vec<Duration>> {
    let scratch = Scratch(place.join(format!(".doctor-{}", std::process::id())));
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&scratch.0)?;
    let block = [0x5a; 4096];
    (0..WRITES)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&block)?;
            file.sync_data()?;
            Ok(began.elapsed())
        })
        .collect()
}

/// Memory of one connection (measured) and of everything else, in KiB.
const CONNECTION_KIB: u64 = 20;
const BASE_KIB: u64 = 150 * 1024;

/// What the machine lets one process have.
pub(super) fn bounds(config: &Config) -> Vec<Finding> {
    let (whose, allowed) = match of_the_server(&config.directory) {
        Some(allowed) => ("the running server", allowed),
        // A server raises what it was given.
        None => ("a server started here", descriptors::most()),
    };
    let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    vec![
        judge_descriptors(whose, allowed, config),
        memory(
            &fs::read_to_string("/proc/meminfo").unwrap_or_default(),
            config.limits.connections,
        ),
        judge_backlog(number("/proc/sys/net/core/somaxconn")),
        judge_syncookies(number("/proc/sys/net/ipv4/tcp_syncookies")),
    ]
}

fn judge_descriptors(whose: &str, allowed: u64, config: &Config) -> Finding {
    const CHECK: &str = "limits: descriptors";
    let wanted = descriptors::wanted(config);
    if allowed >= wanted {
        return Finding::ok(CHECK, format!("{whose} may open {allowed} files, {wanted} are needed"));
    }
    let what = match descriptors::connections(config, allowed) {
        Ok(places) => format!(
            "{whose} may open {allowed} files, limits.connections needs {wanted}: it takes {places} connections"
        ),
        Err(refused) => format!("{whose} does not start: {}", refused.what),
    };
    Finding::fail(CHECK, what, descriptors::mend(config))
}

/// "Max open files" of the process that holds the data directory, from proc(5); the lock file names it.
fn of_the_server(directory: &Path) -> Option<u64> {
    let holder = fs::read_to_string(directory.join("lock")).ok()?;
    let id: u32 = holder.split_whitespace().nth(1)?.parse().ok()?;
    let limits = fs::read_to_string(format!("/proc/{id}/limits")).ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn memory(meminfo: &str, connections: u64) -> Finding {
    const CHECK: &str = "limits: memory";
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let Some(available) = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()) else {
        return Finding::skipped(CHECK, "/proc/meminfo does not say what is available");
    };
    let wanted = BASE_KIB + connections * CONNECTION_KIB;
    let what = format!(
        "{} MiB available, {} MiB with every connection open",
        available >> 10,
        wanted >> 10
    );
    if available < wanted {
        return Finding::warn(CHECK, what, "give the machine more memory, or lower limits.connections");
    }
    Finding::ok(CHECK, what)
}

fn judge_backlog(backlog: Option<u64>) -> Finding {
    const CHECK: &str = "limits: backlog";
    match backlog {
        None => Finding::skipped(CHECK, "net.core.somaxconn cannot be read here"),
        Some(most) if most < 1024 => Finding::warn(
            CHECK,
            format!("net.core.somaxconn = {most}: a crowd that comes at once is refused by the kernel"),
            "sysctl -w net.core.somaxconn=4096, and the same line in /etc/sysctl.d/",
        ),
        Some(most) => Finding::ok(CHECK, format!("net.core.somaxconn = {most}")),
    }
}

fn judge_syncookies(cookies: Option<u64>) -> Finding {
    const CHECK: &str = "limits: SYN cookies";
    match cookies {
        None => Finding::skipped(CHECK, "net.ipv4.tcp_syncookies cannot be read here"),
        Some(0) => Finding::warn(
            CHECK,
            "net.ipv4.tcp_syncookies = 0: half-open connections fill the backlog",
            "sysctl -w net.ipv4.tcp_syncookies=1, and the same line in /etc/sysctl.d/",
        ),
        Some(_) => Finding::ok(CHECK, "on"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Verdict;
    use super::{file_system, judge_backlog, judge_descriptors, judge_fsync, judge_syncookies, memory, space};

    #[test]
    fn each_thing_wrong_with_a_machine_is_said() {
        let fsync = |half, most| judge_fsync("f", Duration::from_micros(half), Duration::from_micros(most)).verdict;
        assert_eq!(
            (fsync(200, 300), fsync(2, 3), fsync(200, 300_000)),
            (Verdict::Ok, Verdict::Warn, Verdict::Warn)
        );
        let here = std::env::temp_dir();
        assert_eq!(space(&here, u64::MAX / 8).verdict, Verdict::Fail);
        assert_eq!(space(&here, 1).verdict, Verdict::Ok);
        let config = crate::config::without_file(&[], &["en"]).expect("defaults");
        let descriptors = |allowed| judge_descriptors("x", allowed, &config);
        for (few, said) in [(1024, "it takes 8"), (64, "does not start: only 64 files")] {
            let few = descriptors(few);
            assert!(few.verdict == Verdict::Fail && few.what.contains(said), "{}", few.what);
            assert!(few.mend.is_some_and(|mend| mend.contains("LimitNOFILE=8192")));
        }
        assert_eq!(descriptors(65536).verdict, Verdict::Ok);
        assert_eq!(memory("MemAvailable:  102400 kB\n", 4096).verdict, Verdict::Warn);
        assert_eq!(memory("MemAvailable: 4024000 kB\n", 4096).verdict, Verdict::Ok);
        assert_eq!(
            (judge_backlog(Some(128)).verdict, judge_backlog(Some(4096)).verdict),
            (Verdict::Warn, Verdict::Ok)
        );
        assert_eq!(
            (judge_syncookies(Some(0)).verdict, judge_syncookies(Some(1)).verdict),
            (Verdict::Warn, Verdict::Ok)
        );
        if let Ok(shared) = std::path::Path::new("/dev/shm").canonicalize() {
            assert_eq!(file_system(&shared).verdict, Verdict::Warn, "memory is no disk");
        }
    }
}
