//! How urgently a thread gets a processor: the clock that interrupts running code comes before it, compilers come behind everybody.
//!
//! Where the kernel does not know what is asked for, or does not permit it, a thread stays what it is.

use nix::libc;

/// Time after which the kernel may have a thread give way to another, ns: the least there is. Those who ask for less are let in sooner.
const SHORT_SLICE_NS: u64 = 100_000;
/// Steps of niceness by which an urgent thread comes before those it was started by, if that is permitted.
const URGENCY: i32 = 10;
/// The niceness of threads that give way: a tenth of what others get when all want the processor at once.
const PATIENCE: i32 = 10;
/// The least nice there is, and the nicest.
const NICENESS: std::ops::RangeInclusive<i32> = -20..=19;

/// Makes the calling thread one that sleeps mostly and is to run as soon as it wakes.
pub(crate) fn be_urgent() {
    let usual = niceness();
    let urgent = (usual - URGENCY).max(*NICENESS.start());
    if !set(urgent) {
        set(usual);
    }
}

/// Makes the calling thread, and the processes that it starts, give way to all others: it is not in their way when they wake, and gets on when they
/// sleep.
pub fn give_way() {
    set((niceness() + PATIENCE).clamp(PATIENCE, *NICENESS.end()));
}

/// The calling thread's.
fn niceness() -> i32 {
    // SAFETY: a system call on plain numbers.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

/// Takes over a niceness, with short slices; whether it was permitted.
fn set(niceness: i32) -> bool {
    let attributes = libc::sched_attr {
        size: size_of::<libc::sched_attr>() as u32,
        sched_policy: libc::SCHED_OTHER as u32,
        sched_flags: 0,
        sched_nice: niceness,
        sched_priority: 0,
        sched_runtime: SHORT_SLICE_NS,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the kernel reads the structure, of the size that it says, and changes nothing but the calling thread's class.
    let done = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    done == 0
}

#[cfg(test)]
mod tests {
    use super::{PATIENCE, be_urgent, give_way, niceness};

    /// Threads of their own, as what they are stays with them.
    #[test]
    fn threads_are_as_urgent_as_they_ask_to_be() {
        let usual = niceness();
        let of = |ask: fn()| {
            let thread = std::thread::spawn(move || {
                ask();
                niceness()
            });
            thread.join().expect("it does not panic")
        };
        assert!(of(be_urgent) <= usual);
        assert!(of(give_way) >= usual.max(PATIENCE));
        assert_eq!(niceness(), usual);
    }
}
