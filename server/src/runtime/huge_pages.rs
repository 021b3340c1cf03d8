//! Huge pages: never, or (`disable-thp no`) as soon as the process has grown.
//!
//! The allocator asks for huge pages wherever it can, which makes lookups in large tables faster. But the first touch of each clears 2 MiB
//! while a client waits (4 to 10 ms were measured on a virtual machine), and an empty server would hold several megabytes. So the kernel is
//! told to give none; where the operator wants them, from the moment there is something to put on them. Neither call can fail in a way
//! that matters.

use std::fs;

/// Resident memory from which huge pages are worth it.
const GROWN_BYTES: usize = 64 << 20;
const PAGE_BYTES: usize = 4096;

/// Whether this process is still to get huge pages.
#[derive(Debug)]
pub struct HugePages {
    awaited: bool,
}

impl HugePages {
    /// Forbids them to this process. Call it once, before it allocates much.
    pub fn forbid() {
        set_disabled(true);
    }

    /// As [`forbid`](Self::forbid) left it; `wanted` from a certain size on.
    pub fn forbidden(wanted: bool) -> Self {
        Self { awaited: wanted }
    }

    /// Allows them, if wanted, once the process has grown. Reads one file until then, nothing after.
    pub fn look(&mut self) {
        if self.awaited && resident_bytes() >= GROWN_BYTES {
            self.awaited = false;
            set_disabled(false);
        }
    }
}

fn set_disabled(disabled: bool) {
    // SAFETY: the call takes numbers only and changes how the kernel backs memory, not what is in it.
    unsafe {
        libc::prctl(
            libc::PR_SET_THP_DISABLE,
            libc::c_ulong::from(disabled),
            0,
            0,
            0,
        )
    };
}

fn resident_bytes() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * PAGE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_known() {
        assert!(resident_bytes() > 100 * PAGE_BYTES);
    }
}
