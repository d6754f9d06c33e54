//! The machine that a figure was measured on, and which of its cores do what.

use std::process::Command;
use std::sync::OnceLock;

use crate::Outcome;

/// Ticks of `/proc/PID/stat` a second: part of Linux's interface, whatever the kernel's own clock does.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor, cores, memory, kernel, and how busy it was with other work.
pub(crate) fn describe() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let kib: u64 = memory
        .split_ascii_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse().ok())
        .unwrap_or(0);
    format!(
        "machine: {} x {model}, {} GiB, Linux {}, load average {}",
        cpu.matches("processor\t").count(),
        kib.div_ceil(1 << 20),
        read("/proc/sys/kernel/osrelease").trim(),
        read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" "),
    )
}

/// Whether a server and its loader can have a core each. The answer is that of the first time: later, this process may
/// have been moved to one core.
pub(crate) fn separates() -> bool {
    static SEPARATES: OnceLock<bool> = OnceLock::new();
    *SEPARATES.get_or_init(|| {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let taskset = Command::new("taskset").arg("--version").output();
        cores >= 2 && taskset.is_ok_and(|output| output.status.success())
    })
}

/// A program on the servers' core, if there is one to give.
pub(crate) fn on_servers_core(program: &str, separate: bool) -> Command {
    if !separate {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", "0", program]);
    command
}

/// Keeps this process, which makes the load, off the servers' core.
pub(crate) fn leave_servers_core() -> Outcome<()> {
    let me = std::process::id().to_string();
    let moved = Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", "1", &me])
        .output()?;
    if moved.status.success() {
        Ok(())
    } else {
        Err("taskset cannot move this process".into())
    }
}

/// How the cores are shared, for the notes.
pub(crate) fn sharing(separate: bool) -> &'static str {
    if separate {
        "servers on core 0, loader on core 1"
    } else {
        "servers and loader share the cores"
    }
}

/// CPU seconds that a process has used, in user and kernel mode, to a hundredth.
pub(crate) fn cpu_seconds(process: u32) -> Outcome<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in brackets, may hold anything; behind it come numbers, user time being the twelfth.
    let (_, numbers) = stat.rsplit_once(") ").ok_or("no process statistics")?;
    let mut numbers = numbers.split(' ').skip(11).map(str::parse::<f64>);
    let (Some(Ok(user)), Some(Ok(system))) = (numbers.next(), numbers.next()) else {
        return Err("no process times".into());
    };
    Ok((user + system) / TICKS_PER_SECOND)
}

/// Resident memory of a process in MiB: every page that it has in memory, its program's and its files' included.
pub(crate) fn resident_mib(process: u32) -> Outcome<f64> {
    let rollup = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let kib: f64 = rollup
        .lines()
        .find_map(|line| line.strip_prefix("Rss:")?.split_ascii_whitespace().next())
        .ok_or("no resident memory")?
        .parse()?;
    Ok(kib / 1024.0)
}
