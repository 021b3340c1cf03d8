//! Shards and slices: who may touch a tenant's data, when, and how cores talk to each other.

mod bell;
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
    DoorError, Gated, Refused, SliceState, TenantSlices, gated, retire, try_with_slices,
    whole_tenant, with_slices,
};
pub use held::{MAX_SHARDS, Slices, shards_of};
pub use mailbox::{Inbox, Mailbox, MailboxLimits, WakeLane};
pub use slice_lock::Breath;
pub use task::{TaskNode, TaskRef};
