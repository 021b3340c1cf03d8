//! How sessions come to their tenants: by their user, or by the socket they came over.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use store::command::CommandError;

use super::{EntryError, Membership, Tenant};
use crate::acl::{DEFAULT_USER, User};
use crate::client::ClientInfo;
use crate::command::stop_monitoring;
use crate::core::Core;
use crate::session::Session;

const IN_TRANSACTION: CommandError =
    CommandError::text("ERR a transaction cannot change to a user of another tenant");

const OTHER_SOCKET: CommandError =
    CommandError::text("ERR this socket is for users of another tenant");

impl From<EntryError> for CommandError {
    fn from(error: EntryError) -> Self {
        CommandError::Text(error.to_string().into())
    }
}

impl Session {
    /// Whether it is where its user belongs. The default user, as who has not logged in, is wherever the socket says.
    pub fn is_at_home(&self) -> bool {
        let user = self.access.user();
        self.tenant.account.name == user.tenant
            || (self.is_bound && user.name() == DEFAULT_USER.as_bytes())
    }

    /// Goes to the tenant of a user who logs in. True when that is the default tenant.
    pub(crate) fn move_to_tenant_of(
        &mut self,
        core: &Core,
        user: &User,
    ) -> Result<bool, CommandError> {
        if self.tenant.account.name != user.tenant {
            if self.is_bound {
                return Err(OTHER_SOCKET);
            }
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
        if !self.is_bound && !self.tenant.is_default() {
            let tenant = core.server.tenants.enter_default();
            self.move_to(core, tenant);
        }
        !self.is_bound
    }

    /// Leaves its tenant with nothing left there: no subscription, no watched key, no monitor.
    fn move_to(&mut self, core: &Core, tenant: Membership) {
        stop_monitoring(core, self);
        self.subscriptions = None;
        self.tracking = None;
        if let Some(transaction) = &mut self.transaction {
            transaction.discard(&self.client);
        }
        tenant.show_on(&self.client);
        // Whoever closes the tenant ends the sessions it sees there.
        self.closing |= tenant.account.is_closed();
        self.tenant = Rc::new(tenant);
        self.allowance = 0;
    }
}

impl Tenant {
    /// Lets others see that a connection is its.
    pub(crate) fn show_on(&self, client: &ClientInfo) {
        let shown = (!self.is_default()).then(|| Arc::clone(&self.account));
        client.edit_names(|names| names.tenant = shown);
        client.tenant.store(self.id(), Relaxed);
    }
}
