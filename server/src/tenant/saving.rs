//! SAVE beyond the default tenant: the others follow, one after the other, each under its own locks and into its own file.

use store::command::{CommandError, Effects, Keys, SliceSet};
use store::keyspace::Slice;

use crate::core::{Core, now_ms};
use crate::session::Session;
use crate::shard::{self, Slices, TaskNode};
use crate::snapshot;

impl Session {
    /// Writes the data of every tenant but the default one. The task holds no slice.
    pub(crate) async fn save_tenants(
        &self,
        core: &Core,
        task: &TaskNode,
    ) -> Result<(), CommandError> {
        let dbfilename = core.settings().dbfilename.clone();
        let tenants = core.tenants();
        for tenant in tenants.iter().filter(|tenant| !tenant.is_default()) {
            let path = snapshot::file_of(&dbfilename, &tenant.account);
            let now_ms = now_ms();
            let save = |held: &mut Slices<'_, Slice>| {
                let mut effects = Effects::default();
                let env = self.keys_env(core, held.mask(), now_ms);
                let keys = Keys::new(SliceSet::new(held), env, &mut effects);
                snapshot::save(&keys, &path, now_ms)
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
