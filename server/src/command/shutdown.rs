//! SHUTDOWN: asks the process to end as a SIGTERM would.

use resp::Args;
use store::command::{ArgCursor, CommandError, Flags, Group, Spec};

use super::{ServerCommand, ServerCtx};
use crate::blocking::{Blocked, Urgency};
use crate::runtime;

pub(super) static COMMANDS: &[&ServerCommand] = &[&SHUTDOWN];

static SHUTDOWN: ServerCommand = ServerCommand {
    spec: Spec {
        name: "shutdown",
        summary: "Ends the server once what clients have sent is answered.",
        since: "1.0.0",
        complexity: "O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)",
        group: Group::Server,
        arity: -1,
        flags: Flags::ADMIN
            .union(Flags::NOSCRIPT)
            .union(Flags::LOADING)
            .union(Flags::STALE)
            .union(Flags::NO_MULTI)
            .union(Flags::ALLOW_BUSY),
        syntax: "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
        ..Spec::DEFAULT
    },
    run: shutdown,
    subcommands: &[],
};

/// What SHUTDOWN was told.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request {
    save: bool,
    no_save: bool,
    abort: bool,
    /// NOW: nothing to skip, but ABORT does not take it.
    now: bool,
    /// FORCE: though the data cannot be saved.
    force: bool,
}

impl Request {
    fn parse(mut args: ArgCursor<'_>) -> Result<Self, CommandError> {
        let mut request = Request::default();
        while let Some(word) = args.next_arg() {
            match word.to_ascii_lowercase().as_slice() {
                b"save" => request.save = true,
                b"nosave" => request.no_save = true,
                b"abort" => request.abort = true,
                b"now" => request.now = true,
                b"force" => request.force = true,
                _ => return Err(CommandError::Syntax),
            }
        }
        let others = request.save || request.no_save || request.now || request.force;
        match (request.save && request.no_save) || (request.abort && others) {
            true => Err(CommandError::Syntax),
            false => Ok(request),
        }
    }
}

fn shutdown(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let request = Request::parse(ArgCursor::new(args, 1))?;
    if request.abort {
        // A shutdown that has begun does not run commands any more.
        return Err(CommandError::text("ERR No shutdown in progress."));
    }
    tracing::warn!("User requested shutdown...");
    if request.save {
        let urgency = match request.force {
            true => Urgency::Force,
            false => Urgency::Normal,
        };
        let saves = Blocked::SavesToEnd(&SHUTDOWN.spec, urgency);
        ctx.session.blocked = Some(Box::new(saves));
        return Ok(());
    }
    runtime::request_shutdown();
    // There is no reply: the connection closes.
    ctx.session.closing = true;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Request, CommandError> {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        Request::parse(ArgCursor::new(Args::from_slices(&words), 0))
    }

    #[test]
    fn words_that_contradict_are_refused() {
        assert_eq!(parse(&[]), Ok(Request::default()));
        assert!(parse(&["NOSAVE", "now", "FORCE"]).is_ok());
        for wrong in [
            &["save", "nosave"] as &[&str],
            &["abort", "now"],
            &["abort", "save"],
            &["soon"],
        ] {
            assert_eq!(parse(wrong), Err(CommandError::Syntax), "{wrong:?}");
        }
    }
}
