//! Whether a user may run a request. Nothing here allocates.

use resp::Args;
use store::command::{Channels, CommandError, Flags, KeyFlags, key_positions};

use super::selector::{KeyAccess, Selector};
use super::user::User;
use crate::registry::Command;
use crate::tenant::Scope;

/// Why a request may not run. Among several selectors the later variant counts, then the later argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denial {
    /// The command is not allowed.
    Command,
    /// The command is for users of the default tenant.
    Tenant,
    /// The key at this argument is not.
    Key(usize),
    /// The channel at this argument is not.
    Channel(usize),
}

impl Denial {
    /// The error that a client gets.
    pub fn error(self, command: &Command) -> CommandError {
        let text = match self {
            Denial::Command => {
                let name = &command.full_name;
                return CommandError::Text(
                    format!("NOPERM this user has no permissions to run the '{name}' command")
                        .into(),
                );
            }
            Denial::Tenant => {
                let name = &command.full_name;
                return CommandError::Text(
                    format!("NOPERM the '{name}' command is for users of the default tenant")
                        .into(),
                );
            }
            Denial::Key(_) => {
                "NOPERM this user has no permissions to access one of the keys used as arguments"
            }
            Denial::Channel(_) => {
                "NOPERM this user has no permissions to access one of the channels used as arguments"
            }
        };
        CommandError::text(text)
    }

    /// What EXEC says of a request that was allowed when it was queued.
    pub fn error_in_exec(self) -> CommandError {
        CommandError::text(match self {
            Denial::Command | Denial::Tenant => {
                "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: no permission to execute the command or subcommand"
            }
            Denial::Key(_) => {
                "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: no permission to touch the specified keys"
            }
            Denial::Channel(_) => {
                "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: no permission to access one of the channels used as arguments"
            }
        })
    }
}

impl User {
    /// Whether any one selector allows all of a request.
    pub fn check(&self, command: &Command, args: Args<'_>) -> Result<(), Denial> {
        if command.scope == Scope::Server && !self.is_of_default_tenant() {
            return Err(Denial::Tenant);
        }
        let mut denial = Denial::Command;
        for selector in &self.selectors {
            match selector.check(command, args) {
                Ok(()) => return Ok(()),
                Err(found) => denial = denial.max(found),
            }
        }
        Err(denial)
    }

    /// Whether a selector that allows the request also lets every key be read: what it reads depends on the data.
    pub fn may_read_every_key(&self, command: &Command, args: Args<'_>) -> bool {
        self.selectors.iter().any(|selector| {
            selector.allows_every_key(KeyAccess::READ) && selector.check(command, args).is_ok()
        })
    }
}

impl Selector {
    fn check(&self, command: &Command, args: Args<'_>) -> Result<(), Denial> {
        let spec = command.spec;
        let first = args.try_get(1);
        if !spec.flags.contains(Flags::NO_AUTH)
            && !self.allows_command(command.id, command.container, first)
        {
            return Err(Denial::Command);
        }
        if !self.all_keys && !spec.keys.is_empty() {
            self.check_keys(command, args)?;
        }
        if !self.all_channels && spec.channels != Channels::None {
            self.check_channels(spec.channels, args)?;
        }
        Ok(())
    }

    /// Arguments whose keys cannot be told are the command's to refuse: it touches no key then.
    fn check_keys(&self, command: &Command, args: Args<'_>) -> Result<(), Denial> {
        let mut denied = None;
        let found = key_positions(command.spec, args, |index, flags| {
            if denied.is_none()
                && !flags.contains(KeyFlags::NOT_KEY)
                && !self.allows_key(args.get(index), KeyAccess::needed(flags))
            {
                denied = Some(Denial::Key(index));
            }
        });
        match (found, denied) {
            (Ok(()), Some(denied)) => Err(denied),
            _ => Ok(()),
        }
    }

    fn check_channels(&self, channels: Channels, args: Args<'_>) -> Result<(), Denial> {
        let end = match channels {
            Channels::None => 1,
            Channels::First => args.len().min(2),
            Channels::All | Channels::Patterns => args.len(),
        };
        let allows = |index: &usize| match channels {
            Channels::Patterns => self.allows_channel_pattern(args.get(*index)),
            _ => self.allows_channel(args.get(*index)),
        };
        match (1..end).find(|index| !allows(index)) {
            Some(index) => Err(Denial::Channel(index)),
            None => Ok(()),
        }
    }
}
