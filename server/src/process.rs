//! What the operating system knows about this process and its machine.

use std::fs::{self, File};
use std::io::Read as _;
use std::sync::OnceLock;

use nix::sys::resource::{Usage, UsageWho, getrusage};

/// CPU time in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct CpuTimes {
    /// In the kernel.
    pub system: f64,
    /// Outside of it.
    pub user: f64,
}

/// CPU time of the process, or of the children it waited for.
pub fn cpu_times(who: UsageWho) -> CpuTimes {
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let of = |usage: Usage| CpuTimes {
        system: seconds(usage.system_time()),
        user: seconds(usage.user_time()),
    };
    getrusage(who).map(of).unwrap_or_default()
}

/// More than the kernel says about a process in front of its figures on memory.
const STATUS_BYTES_MAX: usize = 16 * 1024;

/// Resident memory in bytes.
pub fn resident_bytes() -> u64 {
    status_kib("VmRSS:").unwrap_or(0) * 1024
}

/// The most resident memory there ever was, in bytes.
pub fn resident_peak_bytes() -> u64 {
    status_kib("VmHWM:").unwrap_or(0) * 1024
}

fn status_kib(field: &str) -> Option<u64> {
    // In one read: cores ask for it at every tick.
    let mut status = [0; STATUS_BYTES_MAX];
    let mut file = File::open("/proc/self/status").ok()?;
    let length = file.read(&mut status).ok()?;
    kib_of(&String::from_utf8_lossy(&status[..length]), field)
}

/// The number of a line such as `VmRSS:     1234 kB`.
fn kib_of(text: &str, field: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(field))?;
    rest.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Memory of the machine in bytes.
pub fn system_memory_bytes() -> u64 {
    static BYTES: OnceLock<u64> = OnceLock::new();
    *BYTES.get_or_init(|| {
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        kib_of(&meminfo, "MemTotal:").unwrap_or(0) * 1024
    })
}

/// System, release and architecture.
pub fn os() -> &'static str {
    static OS: OnceLock<String> = OnceLock::new();
    OS.get_or_init(|| {
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        format!("Linux {} {}", release.trim(), std::env::consts::ARCH)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_answers() {
        assert!(resident_bytes() > 1 << 20);
        assert!(system_memory_bytes() > 1 << 20);
        assert!(os().starts_with("Linux "));
        assert_eq!(
            kib_of("VmPeak:\t  9 kB\nVmRSS:\t  12 kB\n", "VmRSS:"),
            Some(12)
        );
    }
}
