//! The errors of requests that never get to run.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use resp::Args;
use store::command::{CommandError, c_string};
use tracing::warn;

use super::plan::Verdict;
use crate::command::absent;
use crate::core::now_ms;
use crate::registry::Command;

/// Least time between two warnings of HTTP.
const HTTP_WARNING_PERIOD_MS: u64 = 60_000;

/// Most bytes of the arguments that the unknown-command error quotes.
const QUOTED_MAX: usize = 128;

/// The error for a request whose verdict is not [`Verdict::Run`]; `command` is what it names.
pub fn error_of(verdict: Verdict, command: Option<&Command>, args: Args<'_>) -> CommandError {
    let full_name = || command.map_or("", |command| command.full_name.as_str());
    match verdict {
        Verdict::Run => unreachable!("a request to run is not an error"),
        Verdict::WrongArity => CommandError::Arity(full_name().to_owned().into()),
        Verdict::UnknownSubcommand => {
            let container = full_name().to_ascii_uppercase();
            let after = format!("'. Try {container} HELP.");
            CommandError::quoting("ERR unknown subcommand '", clip(args.get(1)), &after)
        }
        Verdict::UnknownCommand => {
            absent::explain(args.get(0)).unwrap_or_else(|| unknown_command(args))
        }
    }
}

/// The error for an EXEC that is refused for a reason of its own.
pub fn exec_aborted(error: &CommandError) -> CommandError {
    let text = error.to_string();
    let reason = text.strip_prefix("ERR ").unwrap_or(&text);
    CommandError::Text(format!("EXECABORT Transaction discarded because of: {reason}").into())
}

/// Whether a request looks like a line of HTTP: a browser was made to send something to this port.
pub fn is_http(args: Args<'_>) -> bool {
    let name = args.get(0);
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}

/// Logs the attempt, once a minute at most.
pub fn warn_of_http(addr: &str) {
    static WARNED_AT_MS: AtomicU64 = AtomicU64::new(0);
    let now = now_ms();
    let last = WARNED_AT_MS.load(Relaxed);
    if now.saturating_sub(last) >= HTTP_WARNING_PERIOD_MS {
        WARNED_AT_MS.store(now, Relaxed);
        warn!(
            "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis. This is \
             likely due to an attacker attempting to use Cross Protocol Scripting to compromise your Redis instance. \
             Connection from {addr} aborted."
        );
    }
}

/// Quotes as many arguments as fit into the limit, each followed by a space, as Redis does.
fn unknown_command(args: Args<'_>) -> CommandError {
    let mut text = b"ERR unknown command '".to_vec();
    text.extend_from_slice(c_string(clip(args.get(0))));
    text.extend_from_slice(b"', with args beginning with: ");
    let quoted_from = text.len();
    for arg in args.iter().skip(1) {
        let quoted = text.len() - quoted_from;
        if quoted >= QUOTED_MAX {
            break;
        }
        text.push(b'\'');
        text.extend_from_slice(c_string(&arg[..arg.len().min(QUOTED_MAX - quoted)]));
        text.extend_from_slice(b"' ");
    }
    CommandError::Quoting(text.into())
}

fn clip(text: &[u8]) -> &[u8] {
    &text[..text.len().min(QUOTED_MAX)]
}
