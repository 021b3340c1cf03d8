//! Whether a command may run, as far as memory goes.

use std::time::Duration;

use resp::Args;
use store::command::{CommandError, Flags};

use super::room::time_slice;
use super::{OVERSHOOT_SHARE, Room, make_room};
use crate::config::EvictionPolicy;
use crate::core::Core;
use crate::registry::Command;
use crate::session::Session;
use crate::shard::TaskNode;
use crate::transaction::InMulti;

/// The error of a command that would add memory where there is none.
pub const OOM: CommandError =
    CommandError::text("OOM command not allowed when used memory > 'maxmemory'.");

/// Requests smaller than this part of the limit are not counted on their own.
const SMALL_SHARE: usize = 512;
/// Part of the limit that clients may send before what they take is counted again.
const READ_SHARE: usize = 64;
/// Pause between two time slices of a command that waits for room.
const PAUSE: Duration = Duration::from_millis(1);

/// What a command may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Run, and others after it.
    Granted,
    /// Run, but ask again for the next one.
    Single,
    /// Run when room has been made.
    Waits,
    /// Not run.
    Refused,
}

impl Session {
    /// Asks for memory for a command, where there is a limit. The task holds no slice.
    pub fn admission(&self, core: &Core, command: &Command, args: Args<'_>) -> Admission {
        let memory = &self.tenant.memory;
        let limit = memory.tightest();
        let request = request_bytes(args);
        let more = match request > limit / SMALL_SHARE {
            true => request,
            false => 0,
        };
        core.recount_clients_after(limit / READ_SHARE);
        if memory.is_known_to_all() && memory.any_excess(more) == 0 {
            return Admission::Granted;
        }
        let adds = self.adds_memory(command);
        if adds && more > limit {
            // It would not fit if everything else went.
            return Admission::Refused;
        }
        let time = time_slice(core.settings().maxmemory_eviction_tenacity);
        let too_far = || memory.charged_excess(more) > limit / OVERSHOOT_SHARE;
        match make_room(core, &self.tenant, if adds { more } else { 0 }, time) {
            Room::Enough => Admission::Granted,
            Room::Crowded if adds && too_far() => Admission::Waits,
            Room::Full if adds && !self.only_clients_exceed(core, more) => Admission::Refused,
            Room::Crowded | Room::Full => Admission::Single,
        }
    }

    /// Whether data and code would fit, where data may be evicted, and only the clients' buffers are too much: these are
    /// counted now and then, and have limits of their own.
    fn only_clients_exceed(&self, core: &Core, more: usize) -> bool {
        let memory = &self.tenant.memory;
        let evicts = self.tenant.policy(&core.settings()) != EvictionPolicy::NoEviction;
        evicts && memory.charged_slices() + memory.charged_code() + more <= memory.tightest()
    }

    /// Asks until the answer is final; whether the command may run.
    pub async fn wait_for_memory(
        &self,
        core: &Core,
        task: &TaskNode,
        command: &Command,
        args: Args<'_>,
    ) -> bool {
        loop {
            match self.admission(core, command, args) {
                Admission::Granted | Admission::Single => return true,
                Admission::Refused => return false,
                Admission::Waits if task.is_killed() => return true,
                Admission::Waits => monoio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Whether a command may need more memory than there is: by its declaration, as part of a transaction, which keeps
    /// it, or as the end of one that holds such commands.
    fn adds_memory(&self, command: &Command) -> bool {
        let denied = command.spec.flags.contains(Flags::DENYOOM);
        match (&self.transaction, command.in_multi) {
            (Some(transaction), InMulti::Exec) => denied || transaction.adds_memory(),
            (Some(transaction), InMulti::Queued | InMulti::Refused) => {
                denied || transaction.is_open()
            }
            (_, InMulti::AtOnce) | (None, _) => denied,
        }
    }
}

fn request_bytes(args: Args<'_>) -> usize {
    args.iter().map(<[u8]>::len).sum()
}
