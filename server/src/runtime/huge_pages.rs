//! Huge pages: memory moves to them once the process has grown and stopped growing.
//!
//! They make lookups in large tables a third cheaper, since these miss the TLB less. But the
//! kernel must not give them when memory is first touched: it clears 2 MiB while a client
//! waits (4 to 10 ms were measured on a virtual machine), and an empty server would hold
//! several megabytes. So they are forbidden to begin with, and chunks of 2 MiB that have
//! filled up are moved to huge pages afterwards, by a thread of its own.
//!
//! While a chunk moves, whoever needs it waits: half a millisecond, for the copy. To get the huge page may take
//! ten times as long, where the machine is a virtual one and its host has to find memory for it. So the thread has the
//! kernel make one first, which nobody waits for, and gives it back; the kernel takes the page that it got last for the
//! move. Both keep a processor from whoever else wants it, so the thread works only while nobody asks the
//! server for anything, and ends when somebody does.
//! `disable-thp yes` leaves it at small pages. Nothing here can fail in a way that
//! matters: what the kernel refuses stays as it is.

use super::rate::Totals;
use crate::server::Server;
use std::fs;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Resident memory from which huge pages are worth it.
const GROWN_BYTES: usize = 64 << 20;
/// Growth between two looks, as a share of what is resident, that counts as none: 1 / 256.
const STILL_SHARE: usize = 256;
/// New memory that is worth another pass, as a share of what is resident: 1 / 8.
const WORTHWHILE_SHARE: usize = 8;
/// Time and commands after which another pass is worth it without growth: what is freed goes back in small pages, and returns as such.
const WORTHWHILE_TIME: Duration = Duration::from_secs(60);
const WORTHWHILE_COMMANDS: u64 = 100_000;
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
    pass: Option<JoinHandle<Option<Last>>>,
    last: Option<Last>,
}

/// The pass that came to its end last.
#[derive(Debug)]
struct Last {
    ended_at: Instant,
    /// Altogether, when it began.
    commands: u64,
    resident_bytes: usize,
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
            pass: None,
            last: None,
        }
    }

    /// Starts a pass when the process has grown, or was used for some time, and stands still now, and nobody asks it for anything. Reads
    /// one small file.
    pub fn look(&mut self, server: &Arc<Server>) {
        if !self.wanted {
            return;
        }
        let commands = Totals::of(server).commands;
        let idle = commands - self.commands_at_last_look.min(commands) <= COMMANDS_WHEN_IDLE_MAX;
        self.commands_at_last_look = commands;
        let resident_bytes = resident_bytes();
        let moved = resident_bytes.abs_diff(self.resident_at_last_look);
        self.resident_at_last_look = resident_bytes;
        let still = idle && moved <= resident_bytes / STILL_SHARE;
        match self.pass.take_if(|pass| pass.is_finished()) {
            Some(pass) => self.last = pass.join().ok().flatten().or(self.last.take()),
            None if self.pass.is_some() => return,
            None => {}
        }
        let last = self.last.as_ref();
        let worthwhile = last.is_none_or(|last| last.is_outdated(commands, resident_bytes));
        if resident_bytes < GROWN_BYTES || !still || !worthwhile {
            return;
        }
        let server = Arc::downgrade(server);
        let is_idle = move || {
            server.upgrade().is_some_and(|server| {
                Totals::of(&server).commands <= commands + COMMANDS_WHEN_IDLE_MAX
            })
        };
        let pass = move || {
            move_filled_chunks(is_idle).then(|| Last {
                ended_at: Instant::now(),
                commands,
                resident_bytes,
            })
        };
        let thread = thread::Builder::new().name("redox-pages".to_owned());
        // Without a thread there is no pass; the next one may have more luck.
        self.pass = thread.spawn(pass).ok();
    }
}

impl Last {
    /// Whether another pass would find much to do.
    fn is_outdated(&self, commands: u64, resident_bytes: usize) -> bool {
        let has_grown = resident_bytes > self.resident_bytes + resident_bytes / WORTHWHILE_SHARE;
        let was_used = commands >= self.commands + WORTHWHILE_COMMANDS;
        has_grown || was_used && self.ended_at.elapsed() >= WORTHWHILE_TIME
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
    make_huge_page();
    // SAFETY: MADV_COLLAPSE changes how the kernel backs the range, not what is in it; it
    // fails where nothing is mapped and where the kernel does not know it.
    unsafe { libc::madvise(address as *mut _, HUGE_PAGE_BYTES, libc::MADV_COLLAPSE) };
    set_disabled(true);
}

/// Has the kernel get a huge page and takes nothing of it: it is the one that the kernel has at hand then.
fn make_huge_page() {
    // Somewhere in it lies a whole chunk.
    let bytes = 2 * HUGE_PAGE_BYTES;
    let (access, kind) = (
        libc::PROT_READ | libc::PROT_WRITE,
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
    );
    // SAFETY: a new mapping, of which nobody else knows. The one byte that is written lies within it, and it is unmapped whole.
    unsafe {
        let mapping = libc::mmap(std::ptr::null_mut(), bytes, access, kind, -1, 0);
        if mapping == libc::MAP_FAILED {
            return;
        }
        let chunk = mapping.byte_add(mapping.align_offset(HUGE_PAGE_BYTES));
        libc::madvise(chunk, HUGE_PAGE_BYTES, libc::MADV_HUGEPAGE);
        chunk.cast::<u8>().write_volatile(0);
        libc::munmap(mapping, bytes);
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
    fn growth_and_use_are_worth_another_pass() {
        let mut last = Last {
            ended_at: Instant::now(),
            commands: 1000,
            resident_bytes: GROWN_BYTES,
        };
        let used = last.commands + WORTHWHILE_COMMANDS;
        assert!(!last.is_outdated(used, GROWN_BYTES));
        assert!(last.is_outdated(1000, GROWN_BYTES * 5 / 4));
        last.ended_at = Instant::now().checked_sub(WORTHWHILE_TIME).expect("a past");
        assert!(last.is_outdated(used, GROWN_BYTES));
        assert!(!last.is_outdated(used - 1, GROWN_BYTES));
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
