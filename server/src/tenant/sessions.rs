//! How sessions come to their tenants: by their user, or by the socket they came over.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use store::command::CommandError;

use super::{EntryError, Membership};
use crate::acl::User;
use crate::command::stop_monitoring;
use crate::core::Core;
use crate::session::Session;

const IN_TRANSACTION: CommandError =
    CommandError::text("ERR a transaction cannot change to a user of another tenant");

impl From<EntryError> for CommandError {
    fn from(error: EntryError) -> Self {
        CommandError::Text(error.to_string().into())
    }
}

impl Session {
    /// Whether it is where its user belongs.
    pub fn is_at_home(&self) -> bool {
        self.tenant.account.name == self.access.user().tenant
    }

    /// Goes to the tenant of a user who logs in. True when that is the default tenant.
    pub(crate) fn move_to_tenant_of(
        &mut self,
        core: &Core,
        user: &User,
    ) -> Result<bool, CommandError> {
        if self.tenant.account.name != user.tenant {
            if self.is_queueing() || self.denies_waiting {
                return Err(IN_TRANSACTION);
            }
            let tenant = core.server.tenants.enter(&user.tenant)?;
            self.move_to(core, tenant);
        }
        Ok(self.tenant.is_default())
    }

    /// Goes back to the tenant of those who have not logged in. True when that is the default tenant.
    pub(crate) fn return_home(&mut self, core: &Core) -> bool {
        if !self.tenant.is_default() {
            let tenant = core.server.tenants.enter_default();
            self.move_to(core, tenant);
        }
        true
    }

    /// Leaves its tenant with nothing left there: no subscription, no watched key, no monitor.
    fn move_to(&mut self, core: &Core, tenant: Membership) {
        stop_monitoring(core, self);
        self.subscriptions = None;
        self.tracking = None;
        if let Some(transaction) = &mut self.transaction {
            transaction.discard(&self.client);
        }
        let shown = (!tenant.is_default()).then(|| Arc::clone(&tenant.account));
        self.client.edit_names(|names| names.tenant = shown);
        self.client.tenant.store(tenant.id(), Relaxed);
        // Whoever closes the tenant ends the sessions it sees there.
        self.closing |= tenant.account.is_closed();
        self.tenant = Rc::new(tenant);
    }
}
