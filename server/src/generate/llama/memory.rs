//! How much memory and how many cores this process may use. Linux; elsewhere nothing is known and nothing refused.
//!
//! Called by `load`.

/// Bytes that this process may use at most: the machine's memory, or less where a control group says so.
pub(super) fn limit() -> Option<u64> {
    let machine = fs_err::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let group = fs_err::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| text.trim().parse().ok());
    match (machine, group) {
        (Some(machine), Some(group)) => Some(machine.min(group)),
        (machine, group) => machine.or(group),
    }
}

/// Cores that this process may use, counting two hyper-threads of one core once: matrix products gain nothing from the second.
pub(super) fn usable_cores() -> usize {
    let logical = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let per_core =
        fs_err::read_to_string("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list")
            .map_or(1, |text| text.trim().split([',', '-']).count().max(1));
    (logical / per_core).max(1)
}

fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_in_bytes() {
        assert_eq!(total("MemTotal:       16384 kB\nMemFree: 1 kB\n"), Some(16 << 20));
        assert_eq!(total("nothing"), None);
    }

    #[test]
    fn there_is_at_least_one_core() {
        assert!(usable_cores() >= 1);
    }
}
