//! What a call of a script counts as before it runs: for CLIENT PAUSE, and for transactions that hold one.

use resp::Args;
use store::command::Flags;
use udf::FunctionFlags;
use udf::lua::shebang;

use super::eval::digest;
use crate::registry::Command;
use crate::session::Session;

impl Session {
    /// The flags of a command as it is called: a script that says of itself that it writes nothing does not.
    pub(crate) fn call_flags(&self, command: &Command, args: Args<'_>) -> Flags {
        let flags = command.spec.flags;
        match flags.contains(Flags::MAY_REPLICATE) && self.is_read_only_script(command, args) {
            true => flags.difference(Flags::MAY_REPLICATE),
            false => flags,
        }
    }

    #[cold]
    fn is_read_only_script(&self, command: &Command, args: Args<'_>) -> bool {
        let text = || args.try_get(1).unwrap_or_default();
        if command.calls_functions {
            return self.calls_reader(args);
        }
        let said = match command.spec.name {
            "eval" => shebang::parse(text()).ok().and_then(|(said, _)| said),
            "evalsha" => digest(text())
                .and_then(|sha| self.tenant.scripts.get(&sha))
                .and_then(|script| script.flags),
            _ => None,
        };
        said.is_some_and(|said| said.contains(FunctionFlags::NO_WRITES))
    }
}
