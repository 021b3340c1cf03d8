//! Huge pages: not while the process is small, but as soon as it has grown.
//!
//! The allocator asks for huge pages wherever it can, which makes lookups in large tables faster but costs an empty server several
//! megabytes, 2 MiB at a time. So the kernel is told to give none until there is something to put on them; from then on new memory comes on
//! huge pages and the kernel merges the old. Neither call can fail in a way that matters.

use std::fs;

/// Resident memory from which huge pages are worth it.
const GROWN_BYTES: usize = 64 << 20;
const PAGE_BYTES: usize = 4096;

/// Whether this process gets huge pages.
#[derive(Debug)]
pub struct HugePages {
    allowed: bool,
}

impl HugePages {
    /// Forbids them to this process. Call it once, before it allocates much.
    pub fn forbid() {
        set_disabled(true);
    }

    /// As [`forbid`](Self::forbid) left it.
    pub fn forbidden() -> Self {
        Self { allowed: false }
    }

    /// Allows them once the process has grown. Reads one file until then, nothing after.
    pub fn look(&mut self) {
        if !self.allowed && resident_bytes() >= GROWN_BYTES {
            self.allowed = true;
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
