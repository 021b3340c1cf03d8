//! What a session may do, in the form that every command asks: one flag when it may do everything, else its user.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use resp::Args;
use store::command::{CommandError, Flags};

use super::check::Denial;
use super::log::{Context, Denied, Reason};
use super::user::User;
use super::{Acl, DEFAULT_USER};
use crate::client::ClientInfo;
use crate::command::describe_client;
use crate::core::{Core, now_ms};
use crate::registry::Command;
use crate::session::Session;
use crate::tenant::Scope;
use crate::transaction::InMulti;

const NOAUTH: CommandError = CommandError::text("NOAUTH Authentication required.");

/// The rights of a session, as of an epoch of the users.
#[derive(Debug)]
pub struct Access {
    user: Arc<User>,
    /// It logged in, or came when the default user needed no password.
    authenticated: bool,
    /// It must log in before anything else.
    locked: bool,
    /// Its session belongs to the default tenant, whose users administer the server.
    administers: bool,
    /// It may do everything: the one thing that most commands look at.
    unrestricted: bool,
    epoch: u64,
}

impl Access {
    /// A new connection's: the default user, logged in if that needs no password.
    pub fn new(acl: &Acl) -> Self {
        let epoch = acl.epoch();
        let mut access = Access {
            user: acl.default_user(),
            authenticated: acl.is_open(),
            locked: false,
            administers: true,
            unrestricted: false,
            epoch,
        };
        access.settle(acl);
        access
    }

    /// The same of a connection whose tenant is given by its socket, and may be another than the default one.
    pub fn of_connection(acl: &Acl, administers: bool) -> Self {
        let mut access = Access::new(acl);
        access.administers = administers;
        access.settle(acl);
        access
    }

    /// Whether it may do everything.
    #[inline]
    pub fn is_unrestricted(&self) -> bool {
        self.unrestricted
    }

    /// Whether it must log in before anything else.
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// Its user.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// Derives the flags from user and standing.
    fn settle(&mut self, acl: &Acl) {
        self.locked = !self.authenticated && !acl.is_open();
        self.unrestricted = !self.locked && self.administers && self.user.is_unrestricted();
    }

    /// Takes over what its user is now; false when the user is gone.
    fn renew(&mut self, acl: &Acl) -> bool {
        self.epoch = acl.epoch();
        match acl.get(self.user.name()) {
            Some(user) if user.identity == self.user.identity => {
                self.user = user;
                self.settle(acl);
                true
            }
            _ => {
                *self = Access {
                    authenticated: false,
                    administers: self.administers,
                    ..Access::new(acl)
                };
                self.settle(acl);
                false
            }
        }
    }
}

impl Session {
    /// Takes over what has changed about its user since the last call. One load when nothing has.
    #[inline]
    pub fn refresh_user(&mut self, core: &Core) {
        if core.server.acl.epoch() != self.access.epoch {
            self.renew_user(core);
        }
    }

    /// A session whose user was deleted ends.
    #[cold]
    fn renew_user(&mut self, core: &Core) {
        self.closing |= !self.access.renew(&core.server.acl) || !self.is_at_home();
    }

    /// Logs in; a failure is logged with the command as it was spelled.
    pub fn log_in(
        &mut self,
        core: &Core,
        name: &[u8],
        password: &[u8],
        command: &[u8],
    ) -> Result<(), CommandError> {
        let acl = &core.server.acl;
        // Before the user, so that a change in between is seen at the next batch.
        let epoch = acl.epoch();
        let Some(user) = acl.authenticate(name, password) else {
            let context = match self.is_queueing() {
                true => Context::Multi,
                false => Context::TopLevel,
            };
            self.note_denied(
                core,
                Denied {
                    reason: Reason::Auth,
                    context,
                    object: command.into(),
                    user: name.into(),
                },
            );
            return Err(CommandError::text(
                "WRONGPASS invalid username-password pair or user is disabled.",
            ));
        };
        let administers = self.move_to_tenant_of(core, &user)?;
        self.access = Access {
            user,
            authenticated: true,
            locked: false,
            administers,
            unrestricted: false,
            epoch,
        };
        self.access.settle(acl);
        show_user(&self.client, &self.access.user);
        Ok(())
    }

    /// Back to how a new connection stands.
    pub fn log_out(&mut self, core: &Core) {
        self.access = Access::new(&core.server.acl);
        self.access.administers = self.return_home(core);
        self.access.settle(&core.server.acl);
        show_user(&self.client, &self.access.user);
    }

    /// Why a request of a restricted session may not run, if so; that is logged. Whoever asks has looked at
    /// [`Access::is_unrestricted`].
    #[cold]
    pub fn forbids(&self, core: &Core, command: &Command, args: Args<'_>) -> Option<CommandError> {
        if self.access.locked {
            return match command.spec.flags.contains(Flags::NO_AUTH) {
                true => None,
                false => Some(NOAUTH),
            };
        }
        let queueing = self.is_queueing();
        if queueing && command.in_multi == InMulti::Refused {
            return None;
        }
        let context = match queueing {
            true => Context::Multi,
            false => Context::TopLevel,
        };
        match self.permits(core, command, args, context) {
            Err(denial) => Some(denial.error(command)),
            Ok(()) if queueing => None,
            Ok(()) => self.forbids_hidden_reads(command, args),
        }
    }

    /// Why a request with a subcommand that is not there is refused before that is said, if so: DEBUG's subcommands are
    /// none to Redis, which asks about the user's rights first.
    pub fn forbids_unknown(
        &self,
        core: &Core,
        container: Option<&Command>,
        args: Args<'_>,
    ) -> Option<CommandError> {
        let container = container.filter(|_| !self.access.unrestricted)?;
        match core.server.acl.catalog.get(container.id).takes_first_args {
            true => self.forbids(core, container, args),
            false => None,
        }
    }

    /// Whether its user may run a request; a denial is logged.
    pub fn permits(
        &self,
        core: &Core,
        command: &Command,
        args: Args<'_>,
        context: Context,
    ) -> Result<(), Denial> {
        let checked = match self.access.administers || command.scope == Scope::Tenant {
            true => self.access.user.check(command, args),
            false => Err(Denial::Tenant),
        };
        if let Err(denial) = checked {
            self.client.last_command.store(command.id as u32, Relaxed);
            let (reason, object) = match denial {
                Denial::Command | Denial::Tenant => (Reason::Command, command.full_name.as_bytes()),
                Denial::Key(index) => (Reason::Key, args.get(index)),
                Denial::Channel(index) => (Reason::Channel, args.get(index)),
            };
            self.note_denied(
                core,
                Denied {
                    reason,
                    context,
                    object: object.into(),
                    user: self.access.user.name().into(),
                },
            );
        }
        checked
    }

    /// Whether a request of a restricted session may run behind another without being asked about again.
    pub fn may_follow(&self, command: &Command, args: Args<'_>) -> bool {
        !self.access.locked
            && self.access.user.check(command, args).is_ok()
            && self.forbids_hidden_reads(command, args).is_none()
    }

    /// The error of EXEC for a queued request that its user may not run any more; that is logged.
    #[cold]
    pub fn forbids_in_exec(
        &self,
        core: &Core,
        command: &Command,
        args: Args<'_>,
    ) -> Option<CommandError> {
        match self.permits(core, command, args, Context::Multi) {
            Err(denial) => Some(denial.error_in_exec()),
            Ok(()) => self.forbids_hidden_reads(command, args),
        }
    }

    fn forbids_hidden_reads(&self, command: &Command, args: Args<'_>) -> Option<CommandError> {
        let option = command.spec.hidden_reads?(args)?;
        if self.access.user.may_read_every_key(command, args) {
            return None;
        }
        let name = command
            .spec
            .name
            .trim_end_matches("_ro")
            .to_ascii_uppercase();
        let text =
            format!("ERR {option} option of {name} denied due to insufficient ACL permissions.");
        Some(CommandError::Text(text.into()))
    }

    fn note_denied(&self, core: &Core, denied: Denied) {
        let acl = &core.server.acl;
        acl.count_denied(denied.reason);
        let now_ms = now_ms();
        let client = describe_client(&self.client, &core.server.registry, now_ms);
        let len_max = core.settings().acllog_max_len;
        acl.log(|log| log.add(denied, client.into(), now_ms, len_max));
    }
}

/// Lets others see who it is.
fn show_user(client: &ClientInfo, user: &User) {
    let is_default = user.name() == DEFAULT_USER.as_bytes();
    client.edit_names(|names| names.user = (!is_default).then(|| Arc::clone(&user.identity)));
}
