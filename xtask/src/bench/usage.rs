//! What a process has used, from `/proc`; nothing where there is none.

use super::tools;

/// Processor time that the process has had so far, in user space and in the kernel, in microseconds.
pub(crate) fn cpu_micros(process: u32, ticks_per_second: u64) -> Option<u64> {
    ticks(&std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
        .map(|ticks| ticks * 1_000_000 / ticks_per_second)
}

/// The same of every process that this one has started and that has ended, with those that they had started in turn.
pub(crate) fn children_cpu_micros(ticks_per_second: u64) -> Option<u64> {
    children_ticks(&std::fs::read_to_string("/proc/self/stat").ok()?)
        .map(|ticks| ticks * 1_000_000 / ticks_per_second)
}

/// The unit of `/proc/PID/stat`, for each second.
pub(crate) fn ticks_per_second() -> u64 {
    tools::ask("getconf", &["CLK_TCK"]).trim().parse().unwrap_or(100)
}

/// `utime` and `stime` of `/proc/PID/stat`, see proc(5).
fn ticks(stat: &str) -> Option<u64> {
    two_fields(stat, 11)
}

/// `cutime` and `cstime`.
fn children_ticks(stat: &str) -> Option<u64> {
    two_fields(stat, 13)
}

/// The sum of two fields, the first so many after the process's name.
fn two_fields(stat: &str, skipped: usize) -> Option<u64> {
    // The name in parentheses may hold spaces and parentheses itself.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(skipped);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

/// The most memory that the process ever had, in KiB.
pub(crate) fn peak_memory(process: u32) -> Option<u64> {
    memory(process, "VmHWM:")
}

/// The memory that it has now, in KiB.
pub(crate) fn memory_now(process: u32) -> Option<u64> {
    memory(process, "VmRSS:")
}

/// The cores on which it may run, as `0-1`.
pub(crate) fn cores(process: u32) -> Option<String> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let cores = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    Some(cores.trim().to_owned())
}

/// Its name, without its path and cut to 15 bytes.
pub(crate) fn name(process: u32) -> Option<String> {
    Some(std::fs::read_to_string(format!("/proc/{process}/comm")).ok()?.trim().to_owned())
}

fn memory(process: u32, key: &str) -> Option<u64> {
    kibibytes(&std::fs::read_to_string(format!("/proc/{process}/status")).ok()?, key)
}

fn kibibytes(status: &str, key: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(key))?.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_processor_time_after_any_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 7 4 20 0 2 0 1 2 3";
        assert_eq!((ticks(stat), children_ticks(stat)), (Some(300), Some(11)));
        assert_eq!(ticks("42 (a) S 1"), None);
    }

    #[test]
    fn reads_memory() {
        let status = "Name:\tx\nVmHWM:\t    5120 kB\nVmRSS:\t    4096 kB\n";
        assert_eq!(kibibytes(status, "VmHWM:"), Some(5120));
        assert_eq!(kibibytes(status, "VmSwap:"), None);
    }
}
