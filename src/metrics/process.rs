//! What the kernel says of this process.
//!
//! Comes in: `/proc` of Linux (proc(5)). Goes out: [`ProcessUsage`]; nothing where there is no such file system.
//! It never reads a clock.

use std::fs;

/// Clock ticks a second in `/proc`: USER_HZ, which is 100 on every architecture that we build for (time(7)).
const TICKS_PER_SECOND: f64 = 100.0;

/// Resources of this process.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct ProcessUsage {
    /// User and system time.
    pub(crate) cpu_seconds: f64,
    /// Resident memory.
    pub(crate) resident_bytes: u64,
    /// Virtual memory.
    pub(crate) virtual_bytes: u64,
    /// Open file descriptors.
    pub(crate) open_fds: u64,
    /// The soft limit of file descriptors; `u64::MAX` without one.
    pub(crate) max_fds: u64,
    /// Start, in seconds since 1970.
    pub(crate) start_seconds: Option<f64>,
}

impl ProcessUsage {
    /// Reads the files of this process.
    pub(crate) fn read() -> Option<Self> {
        let (user, system, start) = times(&fs::read_to_string("/proc/self/stat").ok()?)?;
        let status = fs::read_to_string("/proc/self/status").ok()?;
        // Hidden from a service with `ProcSubset=pid`.
        let boot = fs::read_to_string("/proc/stat").ok().and_then(|stat| boot_seconds(&stat));
        let limits = fs::read_to_string("/proc/self/limits").ok()?;
        // The folder that counts is open itself while it is read.
        let open = fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1);
        Some(Self {
            cpu_seconds: (user + system) / TICKS_PER_SECOND,
            resident_bytes: kibibytes(&status, "VmRSS:")?,
            virtual_bytes: kibibytes(&status, "VmSize:")?,
            open_fds: u64::try_from(open).ok()?,
            max_fds: max_fds(&limits)?,
            start_seconds: boot.map(|boot| boot + start / TICKS_PER_SECOND),
        })
    }
}

/// User time, system time and start in ticks: fields 14, 15 and 22, counted behind the command's closing bracket,
/// since a command may contain blanks.
fn times(stat: &str) -> Option<(f64, f64, f64)> {
    let (_, rest) = stat.rsplit_once(')')?;
    let field = |number: usize| rest.split_ascii_whitespace().nth(number - 3)?.parse().ok();
    Some((field(14)?, field(15)?, field(22)?))
}

fn boot_seconds(stat: &str) -> Option<f64> {
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn kibibytes(status: &str, key: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix(key))?;
    let number: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    number.checked_mul(1024)
}

fn max_fds(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_ascii_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_blanks_and_brackets_moves_no_field() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 4 0 12345 1 2 3";

        assert_eq!(times(stat), Some((250.0, 50.0, 12345.0)));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_something() {
        let usage = ProcessUsage::read().unwrap();

        assert!(usage.resident_bytes > 0 && usage.virtual_bytes >= usage.resident_bytes);
        assert!(usage.open_fds >= 3 && usage.open_fds <= usage.max_fds);
        assert!(usage.start_seconds.is_none_or(|start| start > 1e9));
    }
}
