//! Shards and slices: who may touch a tenant's data, when, and how cores talk to each other.
//!
//! A **slice** is one tenant's part of one shard, and the unit of locking. A command runs on the core that read it: that core locks the slices its keys belong to,
//! runs to completion, and unlocks. [`with_slices`] is the only way in.
//!
//! ```text
//! door.rs        with_slices, try_with_slices, gated, whole_tenant, retire        who may wait for what
//!   held.rs      a set of locked slices: look over, run a closure, unlock all
//!   gate.rs      the tenant's gate, handed over first come, first served
//!   slice_lock.rs  one slice's word and its two lists of waiting tasks
//!     task.rs    tasks as others see them: wake, kill
//!       mailbox.rs  one mailbox per core: a lane of wakes, a lane of messages     inbox.rs  the core's side      bell.rs  what a sleeping core waits for
//!         sync.rs   atomics and leaf locks: std's, or the model checker's
//! ```
//!
//! # The protocol
//!
//! One idea: of one tenant's tasks at most one, the gate's holder, ever waits for a slice while holding one. Everybody else waits holding nothing. So there is no
//! deadlock; and whoever has been refused a few times queues for a hand-over, so nobody starves.
//!
//! ```text
//! word(slice)   0 | LOCKED | LOCKED+PARKED, hint BREATHING          lists (a leaf mutex): plain = set of tasks, fair = queue of tasks
//! try           exchange 0 → LOCKED, spinning shortly unless BREATHING
//! unlock        exchange LOCKED → 0; if that fails, under the lists' mutex:
//!                 fair has a first: it is granted the slice, the word stays LOCKED (+PARKED if more wait), wake it
//!                 else: take plain, word = 0, wake them all
//! park          under the mutex: LOCKED → set PARKED, join plain; free → try again at once
//! acquire       holding nothing, or holding the gate. Under the mutex: free → take it; else set PARKED, join fair, await the grant
//!
//! with_slices(mask)
//!   try all of mask, ascending; one refused → give back those taken
//!   refused 3 times: one slice → acquire it; several → queue for the gate, and go on trying while queued
//!   gate granted → acquire slice after slice, the refused one first
//!   else park at the refused slice until it is free, and try again
//!   all locked → out of service? poisoned? more slices needed for waiters' destinations? → run the closure → unlock → pass the gate on
//! ```
//!
//! The order of locks is: gate, slices, leaf locks (lists, the gate's queue, outbox, mailbox, budget). Nothing awaits or panics inside a leaf.
//!
//! # What must hold
//!
//! 1. At most one task of a tenant waits for a slice while holding one, and it holds the gate. *(Only `Holding::lock` can, and asks for the gate: `Held` is otherwise built by trying.)*
//! 2. Nobody waits for the gate while holding a slice. *(`gated` and the door queue before they hold anything.)*
//! 3. The fair queue is empty unless the slice is LOCKED, and PARKED is set only with LOCKED. *(Asserted at unlock.)*
//! 4. Every queued task is granted, woken or taken off the list; a granted one owns the slice until it unlocks. *(Guards take themselves off; asserted at grant.)*
//! 5. Wakes never fail, and none is unsent when a core parks: they are sent as the slice is unlocked, not collected.
//! 6. Nothing holds two tenants' locks. *(Asserted: a closure under locks opens no other door.)*
//! 7. What a change tells others (key events, invalidations, pub/sub) is put into mailboxes under the locks, by the closure. *(The callers' part.)*
//! 8. A future inside `with_slices` is never dropped. **To stop a task, kill it: a flag and a wake, and it gives back its locks itself.** *(The guards survive a drop
//!    all the same, because a runtime that shuts down drops everything.)*
//! 9. A snapshot epoch changes only under the gate and is read once, under all locks. *(The callers' part.)*
//!
//! `checks/model.rs` runs this code through its interleavings with loom, and plants the mistakes that it must see.
//!
//! # When a closure panics
//!
//! Its locks are released and its caller gets [`DoorError::Panicked`]. A slice whose [`SliceState::write_begun`] says that a change was under way is not used again
//! before [`SliceState::repair`] has looked at it; one that cannot be repaired answers [`DoorError::Poisoned`], and its neighbours go on. A panic while unlocking ends
//! the process.

mod bell;
#[cfg(test)]
mod checks;
mod door;
mod gate;
mod held;
#[cfg(not(all(test, loom)))]
mod inbox;
mod mailbox;
mod slice_lock;
mod sync;
mod task;

pub use door::{
    DoorError, Holding, Refused, SliceState, TenantSlices, gated, hold, hold_all, retire,
    try_with_slices, whole_tenant, with_slices,
};
pub(crate) use door::{inside_again, outside};
pub use held::{MAX_SHARDS, Slices, payload_text, shards_of};
pub use mailbox::{Inbox, Mailbox, MailboxLimits, RuntimeScope, WakeLane};
pub use task::{TaskNode, TaskRef};
