//! Huge pages: memory moves to them once the process has grown and stopped growing.
//!
//! They make lookups in large tables a third cheaper, since these miss the TLB less. But the
//! kernel must not give them when memory is first touched: it clears 2 MiB while a client
//! waits (4 to 10 ms were measured on a virtual machine), and an empty server would hold
//! several megabytes. So they are forbidden to begin with, and chunks of 2 MiB that have
//! filled up are moved to huge pages afterwards, by a thread of its own. Moving one chunk
//! takes some milliseconds as well, in which whoever needs it waits. So the thread works only
//! while nobody asks the server for anything, and ends when somebody does.
//! `disable-thp yes` leaves it at small pages. Nothing here can fail in a way that
//! matters: what the kernel refuses stays as it is.

use super::rate::Totals;
use crate::server::Server;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

/// Resident memory from which huge pages are worth it.
const GROWN_BYTES: usize = 64 << 20;
/// Growth between two looks, as a share of what is resident, that counts as none: 1 / 256.
const STILL_SHARE: usize = 256;
/// New memory that is worth another pass, as a share of what is resident: 1 / 8.
const WORTHWHILE_SHARE: usize = 8;
const PAGE_BYTES: usize = 4096;
const HUGE_PAGE_BYTES: usize = 2 << 20;
const PAGES_PER_CHUNK: usize = HUGE_PAGE_BYTES / PAGE_BYTES;
/// Small pages of a chunk that must be in use, so that moving it costs little memory.
const FILLED_PAGES_MIN: usize = PAGES_PER_CHUNK * 15 / 16;
/// Pause after each chunk, in which a request that has come meanwhile is noticed.
const CHUNK_PAUSE: Duration = Duration::from_millis(1);
/// Commands between two looks, or during a pass, that still count as none: somebody asks how the server is.
const COMMANDS_WHEN_IDLE_MAX: u64 = 8;

/// When memory is moved.
#[derive(Debug)]
pub struct HugePages {
    wanted: bool,
    resident_at_last_look: usize,
    commands_at_last_look: u64,
    pass: Arc<Pass>,
}

/// What the thread and the looks share.
#[derive(Debug, Default)]
struct Pass {
    running: AtomicBool,
    /// Resident memory when the last pass began that came to its end.
    resident_bytes: AtomicUsize,
}

impl HugePages {
    /// Forbids them on first touch. The allocator is built to do so before its own first page (`MI_DEFAULT_ALLOW_THP` in
    /// `.cargo/config.toml`); this is for a process that somebody built otherwise. Call it once, first thing.
    pub fn forbid() {
        set_disabled(true);
    }

    /// As [`forbid`](Self::forbid) left it; `wanted` once the process has grown.
    pub fn forbidden(wanted: bool) -> Self {
        Self {
            wanted,
            resident_at_last_look: 0,
            commands_at_last_look: 0,
            pass: Arc::default(),
        }
    }

    /// Starts a pass when the process has grown, stands still and nobody asks it for anything. Reads one small file.
    pub fn look(&mut self, server: &Arc<Server>) {
        if !self.wanted {
            return;
        }
        let commands = Totals::of(server).commands;
        let idle = commands - self.commands_at_last_look.min(commands) <= COMMANDS_WHEN_IDLE_MAX;
        self.commands_at_last_look = commands;
        let resident = resident_bytes();
        let moved = resident.abs_diff(self.resident_at_last_look);
        self.resident_at_last_look = resident;
        let grown_from = self.pass.resident_bytes.load(Relaxed);
        let worthwhile = resident > grown_from + resident / WORTHWHILE_SHARE;
        let still = idle && moved <= resident / STILL_SHARE;
        if resident < GROWN_BYTES || !still || !worthwhile {
            return;
        }
        if self.pass.running.swap(true, Relaxed) {
            return;
        }
        let (pass, server) = (Arc::clone(&self.pass), Arc::downgrade(server));
        let thread = thread::Builder::new().name("redox-pages".to_owned());
        let is_idle = move || {
            server.upgrade().is_some_and(|server| {
                Totals::of(&server).commands <= commands + COMMANDS_WHEN_IDLE_MAX
            })
        };
        // Without a thread there is no pass; the next one may have more luck.
        let _ = thread.spawn(move || {
            if move_filled_chunks(is_idle) {
                pass.resident_bytes.store(resident, Relaxed);
            }
            pass.running.store(false, Relaxed);
        });
    }
}

/// Moves every chunk that has filled up, one at a time; false when it ended before its time. The chunks it moved
/// before it was disturbed cost the next pass little.
fn move_filled_chunks(is_idle: impl Fn() -> bool) -> bool {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    for (start, end) in maps.lines().filter_map(anonymous_range) {
        let first = start.next_multiple_of(HUGE_PAGE_BYTES);
        for chunk in (first..end).step_by(HUGE_PAGE_BYTES) {
            if !is_idle() {
                return false;
            }
            if chunk + HUGE_PAGE_BYTES <= end && filled_pages(chunk) >= FILLED_PAGES_MIN {
                move_chunk(chunk);
                thread::sleep(CHUNK_PAUSE);
            }
        }
    }
    true
}

/// Start and end of a line of the memory map that is private, writable, of no file.
fn anonymous_range(line: &str) -> Option<(usize, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (range, mode, _offset, _device, inode) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    let anonymous = mode == "rw-p" && inode == "0" && fields.next().is_none();
    let (start, end) = range.split_once('-')?;
    let parse = |text| usize::from_str_radix(text, 16).ok();
    anonymous.then_some((parse(start)?, parse(end)?))
}

/// How many small pages of the chunk at `address` are in memory; 0 when it is not mapped any more.
fn filled_pages(address: usize) -> usize {
    let mut resident = [0u8; PAGES_PER_CHUNK];
    // SAFETY: the kernel writes one byte for each page of the range into the array, which has
    // one for each; it reads nothing at the range itself and fails where nothing is mapped.
    let result =
        unsafe { libc::mincore(address as *mut _, HUGE_PAGE_BYTES, resident.as_mut_ptr()) };
    if result == 0 {
        resident.iter().filter(|&&page| page & 1 == 1).count()
    } else {
        0
    }
}

fn move_chunk(address: usize) {
    set_disabled(false);
    // SAFETY: MADV_COLLAPSE changes how the kernel backs the range, not what is in it; it
    // fails where nothing is mapped and where the kernel does not know it.
    unsafe { libc::madvise(address as *mut _, HUGE_PAGE_BYTES, libc::MADV_COLLAPSE) };
    set_disabled(true);
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

    #[test]
    fn only_anonymous_memory_is_moved() {
        let anonymous = "7f00c0000000-7f00c4000000 rw-p 00000000 00:00 0 ";
        assert_eq!(
            anonymous_range(anonymous),
            Some((0x7f00_c000_0000, 0x7f00_c400_0000))
        );
        for other in [
            "7f00c0000000-7f00c4000000 r--p 00000000 00:00 0 ",
            "55d0c0000000-55d0c4000000 rw-p 00001000 fe:00 4711 /usr/bin/x",
            "7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0 [stack]",
            "",
        ] {
            assert_eq!(anonymous_range(other), None, "{other}");
        }
    }

    #[test]
    fn moving_keeps_what_is_there() {
        let mut memory = vec![0u8; 4 * HUGE_PAGE_BYTES];
        for (at, byte) in memory.iter_mut().enumerate() {
            *byte = (at / 7) as u8;
        }
        let chunk = (memory.as_ptr() as usize).next_multiple_of(HUGE_PAGE_BYTES);
        assert_eq!(filled_pages(chunk), PAGES_PER_CHUNK);
        move_chunk(chunk);
        assert!(
            memory
                .iter()
                .enumerate()
                .all(|(at, &byte)| byte == (at / 7) as u8)
        );
    }
}
