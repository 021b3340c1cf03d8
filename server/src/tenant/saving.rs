//! SAVE beyond the default tenant: the others follow, one after the other, each under its own locks and into its own file.
//! And SHUTDOWN SAVE, which saves everybody's data so before the server ends.

use store::command::{CommandError, Effects, Keys, SliceSet};
use store::keyspace::Slice;

use crate::blocking::{PauseScope, Urgency};
use crate::core::{Core, now_ms};
use crate::runtime;
use crate::session::Session;
use crate::shard::{self, Slices, TaskNode};
use crate::snapshot;

/// How long nothing may change while the data is saved for the last time.
const LAST_PAUSE_MS: u64 = 24 * 3600 * 1000;

const NOT_SAVED: CommandError = CommandError::text("ERR Errors trying to SHUTDOWN. Check logs.");

/// Whose data is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// That of all tenants.
    All,
    /// That of all but the default one.
    Others,
}

impl Session {
    /// Saves everybody's data and asks the server to end. Nothing changes from here on, unless it fails.
    pub(crate) async fn save_to_end(
        &mut self,
        core: &Core,
        task: &TaskNode,
        urgency: Urgency,
    ) -> Result<(), CommandError> {
        let pause = &core.server.pause;
        pause.begin(now_ms() + LAST_PAUSE_MS, PauseScope::Writes);
        let saved = self.save_tenants(core, task, Whose::All).await;
        if saved.is_err() && urgency == Urgency::Normal {
            pause.end();
            return Err(NOT_SAVED);
        }
        runtime::request_shutdown();
        // There is no reply: the connection closes.
        self.closing = true;
        Ok(())
    }

    /// Writes the data of these tenants. The task holds no slice.
    pub(crate) async fn save_tenants(
        &self,
        core: &Core,
        task: &TaskNode,
        whose: Whose,
    ) -> Result<(), CommandError> {
        let dbfilename = core.settings().dbfilename.clone();
        let tenants = core.tenants();
        for tenant in tenants.iter() {
            if tenant.is_default() && whose == Whose::Others {
                continue;
            }
            let path = snapshot::file_of(&dbfilename, &tenant.account);
            let now_ms = now_ms();
            let save = |held: &mut Slices<'_, Slice>| {
                let mut effects = Effects::default();
                let env = self.keys_env(core, held.mask(), now_ms);
                let keys = Keys::new(SliceSet::new(held), env, &mut effects);
                snapshot::save(&keys, &tenant.functions.get(), &path, now_ms)
            };
            match shard::whole_tenant(&tenant.slices, task, save).await {
                // One that was removed meanwhile has nothing to save.
                Ok(Ok(())) | Err(shard::DoorError::Dead) => {}
                Ok(Err(error)) => {
                    tracing::warn!("Failed saving the data set to {}: {error}", path.display());
                    return Err(CommandError::text("ERR"));
                }
                Err(error) => return Err(CommandError::Text(error.to_string().into())),
            }
        }
        Ok(())
    }
}
