//! The errors of requests that never get to run.

use resp::Args;
use store::command::CommandError;

use super::plan::Plan;

/// Most bytes of the arguments that the unknown-command error quotes.
const QUOTED_MAX: usize = 128;

/// The error for a plan that is not [`Plan::Run`].
pub fn error_of(plan: &Plan<'_>, args: Args<'_>) -> CommandError {
    match plan {
        Plan::Run(_) => unreachable!("a plan to run is not an error"),
        Plan::WrongArity(command) => CommandError::Arity(command.full_name.clone().into()),
        Plan::UnknownSubcommand(container) => {
            let sub = String::from_utf8_lossy(clip(args.get(1)));
            CommandError::Text(
                format!(
                    "ERR unknown subcommand '{sub}'. Try {} HELP.",
                    container.full_name.to_ascii_uppercase()
                )
                .into(),
            )
        }
        Plan::UnknownCommand => CommandError::Text(unknown_command(args).into()),
    }
}

/// Redis quotes as many arguments as fit into its limit, each followed by a space.
fn unknown_command(args: Args<'_>) -> String {
    let mut quoted = String::new();
    for arg in args.iter().skip(1) {
        if quoted.len() >= QUOTED_MAX {
            break;
        }
        let room = QUOTED_MAX - quoted.len();
        quoted.push('\'');
        quoted.push_str(&String::from_utf8_lossy(&arg[..arg.len().min(room)]));
        quoted.push_str("' ");
    }
    format!(
        "ERR unknown command '{}', with args beginning with: {quoted}",
        String::from_utf8_lossy(clip(args.get(0)))
    )
}

fn clip(text: &[u8]) -> &[u8] {
    &text[..text.len().min(QUOTED_MAX)]
}
