//! Reads what the server costs from `/proc`: processor seconds and resident memory.

use std::collections::HashMap;
use std::fs;

/// Kernel ticks a second in `/proc/*/stat`: fixed at 100 for programs on every Linux that this runs on.
const TICKS_A_SECOND: f64 = 100.0;

/// Where the server's cost is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerProbe {
    /// Not at all: the report says null.
    None,
    /// A process of its own, by its id.
    Process(u32),
    /// Threads of this process whose name starts so. Memory is the whole process's then, the drill's with the server's.
    Threads(String),
}

/// Cost since the meter was made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Processor seconds, if known.
    pub cpu_seconds: Option<f64>,
    /// Largest resident memory seen, MiB, if known.
    pub rss_mib_max: Option<f64>,
    /// Whether the drill's own is part of that, as they are one process.
    pub rss_with_drill: Option<bool>,
}

/// Follows one [`ServerProbe`]; sample it about once a second.
#[derive(Debug)]
pub(crate) struct Meter {
    probe: ServerProbe,
    start: HashMap<u32, u64>,
    // Threads end; what they used until then stays counted.
    latest: HashMap<u32, u64>,
    rss_kib_max: Option<u64>,
}

impl Meter {
    pub(crate) fn new(probe: ServerProbe) -> Self {
        let start = ticks(&probe);
        Self {
            probe,
            latest: start.clone(),
            start,
            rss_kib_max: None,
        }
    }

    pub(crate) fn sample(&mut self) -> Cost {
        self.latest.extend(ticks(&self.probe));
        let (pid, with_drill) = match self.probe {
            ServerProbe::None => (None, false),
            ServerProbe::Process(pid) => (Some(pid), false),
            ServerProbe::Threads(_) => (Some(std::process::id()), true),
        };
        self.rss_kib_max = self.rss_kib_max.max(pid.and_then(resident_kib));
        let used: u64 = self
            .latest
            .iter()
            .map(|(id, ticks)| ticks.saturating_sub(self.start.get(id).copied().unwrap_or_default()))
            .sum();
        Cost {
            cpu_seconds: (!self.latest.is_empty()).then(|| used as f64 / TICKS_A_SECOND),
            rss_mib_max: self.rss_kib_max.map(|kib| kib as f64 / 1024.0),
            rss_with_drill: self.rss_kib_max.map(|_| with_drill),
        }
    }
}

fn ticks(probe: &ServerProbe) -> HashMap<u32, u64> {
    match probe {
        ServerProbe::None => HashMap::new(),
        ServerProbe::Process(pid) => fs::read_to_string(format!("/proc/{pid}/stat"))
            .ok()
            .and_then(|stat| parse_stat(&stat))
            .into_iter()
            .map(|(_, ticks)| (*pid, ticks))
            .collect(),
        ServerProbe::Threads(prefix) => {
            let Ok(tasks) = fs::read_dir("/proc/self/task") else {
                return HashMap::new();
            };
            tasks
                .filter_map(|task| {
                    let task = task.ok()?;
                    let id = task.file_name().to_str()?.parse().ok()?;
                    let (name, ticks) = parse_stat(&fs::read_to_string(task.path().join("stat")).ok()?)?;
                    name.starts_with(prefix.as_str()).then_some((id, ticks))
                })
                .collect()
        }
    }
}

/// Name and user + system ticks of a `/proc/*/stat` line. The name is in parentheses and may itself hold some.
fn parse_stat(stat: &str) -> Option<(String, u64)> {
    let (open, close) = (stat.find('(')?, stat.rfind(')')?);
    let fields: Vec<&str> = stat.get(close + 1..)?.split_ascii_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some((stat.get(open + 1..close)?.to_owned(), ticks))
}

fn resident_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Meter, ServerProbe, parse_stat};

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let stat = "7 (a) (b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0 5 0 0";
        assert_eq!(parse_stat(stat), Some(("a) (b".to_owned(), 300)));
    }

    #[test]
    fn nothing_is_invented_where_nothing_is_measured() {
        assert_eq!(Meter::new(ServerProbe::None).sample(), super::Cost::default());
        let own = Meter::new(ServerProbe::Process(std::process::id())).sample();
        assert!(own.cpu_seconds.is_some() && own.rss_mib_max.is_some_and(|mib| mib > 0.1));
        assert_eq!(own.rss_with_drill, Some(false));
    }

    #[test]
    fn threads_are_told_apart_by_name_and_stay_counted_when_they_end() {
        let mut meter = Meter::new(ServerProbe::Threads("meter-test".to_owned()));
        let (ready, measured) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
        let busy = || {
            let started = std::time::Instant::now();
            while started.elapsed() < std::time::Duration::from_millis(200) {
                std::hint::spin_loop();
            }
            ready.wait();
            measured.wait();
        };
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .name("meter-test-1".to_owned())
                .spawn_scoped(scope, busy)
                .expect("starts");
            ready.wait();
            assert!(meter.sample().cpu_seconds.is_some_and(|seconds| seconds > 0.02));
            measured.wait();
        });
        let after = meter.sample();
        assert!(after.cpu_seconds.is_some_and(|seconds| seconds > 0.02));
        // Memory has no threads: it is that of both, and says so.
        assert!(after.rss_mib_max.is_some_and(|mib| mib > 0.1) && after.rss_with_drill == Some(true));
    }
}
