//! Users and what each of them may do.
//!
//! A [`User`] is a value: a change makes a new one, raises the epoch, and every session takes over its user's new value
//! before its next batch. A session whose user may do everything, as nearly all do, pays one test of a flag a command
//! ([`Access`]); for others, [`check`] looks the command up in a set of bits and matches keys and channels against
//! patterns, without allocating.
//!
//! Nothing here knows sockets. Who must be disconnected because of a change is found in the table of clients, and the
//! kill is that table's.

use std::fmt;

mod access;
mod catalog;
pub mod category;
mod check;
mod commands;
mod describe;
mod file;
mod log;
mod password;
mod revoke;
mod selector;
mod user;
mod users;

#[cfg(test)]
mod tests;

pub use access::Access;
pub use check::Denial;
pub(crate) use commands::{COMMANDS, disconnect as disconnect_users};
pub use log::{Context, Reason};
pub use revoke::{Revocation, disconnect};
pub use selector::NewChannels;
pub use user::{Identity, User};
pub use users::{Acl, UserLine};

/// The user of connections that have not logged in.
pub const DEFAULT_USER: &str = "default";

/// Why a rule is refused. `Display` is the text behind the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// No such command or category.
    #[error("Unknown command or category name in ACL")]
    UnknownCommand,
    /// Not a rule.
    #[error("Syntax error")]
    Syntax,
    /// A key pattern although all keys are allowed.
    #[error(
        "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns"
    )]
    KeysAfterAll,
    /// A channel pattern although all channels are allowed.
    #[error(
        "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels"
    )]
    ChannelsAfterAll,
    /// A password to remove that is not there.
    #[error("The password you are trying to remove from the user does not exist")]
    NoSuchPassword,
    /// Not a digest.
    #[error(
        "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
    )]
    BadHash,
    /// A tenant that is not there.
    #[error("No such tenant")]
    NoSuchTenant,
    /// Another tenant for the default user.
    #[error("The 'default' user belongs to the default tenant")]
    TenantOfDefaultUser,
    /// `+config|get|x`
    #[error("Allowing first-arg of a subcommand is not supported")]
    FirstArgOfSubcommand,
}

/// Why a user could not be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetUserError {
    /// The name has spaces.
    Name,
    /// A parenthesis is not closed; the word it stands in.
    Unmatched(Box<[u8]>),
    /// A rule was refused.
    Rule {
        /// Which.
        rule: Box<[u8]>,
        /// Why.
        reason: RuleError,
    },
}

impl fmt::Display for SetUserError {
    /// The text without the error code, for whom the quoted bytes are text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SetUserError::Name => f.write_str("Usernames can't contain spaces or null characters"),
            SetUserError::Unmatched(word) => {
                let word = String::from_utf8_lossy(word);
                write!(
                    f,
                    "Unmatched parenthesis in acl selector starting at '{word}'."
                )
            }
            SetUserError::Rule { rule, reason } => {
                let rule = String::from_utf8_lossy(rule);
                write!(f, "Error in ACL SETUSER modifier '{rule}': {reason}")
            }
        }
    }
}
