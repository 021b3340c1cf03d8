//! What a request is answered that a function or script makes and that may not run: one wording for every host.

use store::command::CommandError;

/// There is no such command.
pub const UNKNOWN: CommandError =
    CommandError::text("ERR Unknown Redis command called from script");
/// It has too few arguments, or too many.
pub const WRONG_ARITY: CommandError =
    CommandError::text("ERR Wrong number of args calling Redis command from script");
/// It is for clients only.
pub const NOT_FROM_SCRIPT: CommandError =
    CommandError::text("ERR This Redis command is not allowed from script");
/// It writes, and the function has said that it does not.
pub const READ_ONLY: CommandError =
    CommandError::text("ERR Write commands are not allowed from read-only scripts.");
/// Its key is not one of those that the call was given.
pub const UNDECLARED: CommandError =
    CommandError::text("ERR the function accesses a key that it did not declare");
