//! The commands that cases and functions may run in a trial: those on data.

use resp::Args;
use store::command::{CommandError, DataCommand, tables};

/// The data command of a request, its subcommand if it has any.
///
/// # Errors
/// When there is none, or the request has too few or too many arguments.
pub(super) fn find(args: Args<'_>) -> Result<&'static DataCommand, CommandError> {
    let named = |command: &&DataCommand, name: &[u8]| {
        command.spec.name.as_bytes().eq_ignore_ascii_case(name)
    };
    let name = args.try_get(0).unwrap_or_default();
    let unknown = || {
        let name = String::from_utf8_lossy(name);
        CommandError::Text(format!("ERR '{name}' is no command on data: cases run those only, a server runs the others too").into())
    };
    let mut command = tables()
        .find(|command| named(command, name))
        .ok_or_else(unknown)?;
    if let Some(sub) = args.try_get(1)
        && !command.subcommands.is_empty()
    {
        command = command
            .subcommands
            .iter()
            .find(|command| named(command, sub))
            .ok_or_else(unknown)?;
    }
    match command.spec.arity_allows(args.len()) {
        true => Ok(command),
        false => Err(CommandError::Text(
            format!("ERR wrong number of arguments for '{}'", command.spec.name).into(),
        )),
    }
}
