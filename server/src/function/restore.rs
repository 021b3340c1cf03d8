//! FUNCTION DUMP and RESTORE, and libraries out of snapshots, which are restored in the same way.

use std::borrow::Borrow;
use std::sync::Arc;

use resp::Args;
use store::command::CommandError;
use store::snapshot::libraries;
use udf::library::{Libraries, Library, LibraryError};

use super::commands::{changed, check_room, wire};
use super::loader::Outcome;
use super::table::LibraryTable;
use crate::command::{ServerCtx, syntax_of_subcommand};

/// What becomes of the libraries there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// They go.
    Flush,
    /// They stay, and none may come again.
    Append,
    /// They stay unless they come again.
    Replace,
}

pub(super) fn dump(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let loaded = ctx.session.tenant.functions.get();
    let payload = libraries::dump(loaded.iter().map(|library| &*library.code));
    ctx.reply.bulk(&payload);
    Ok(())
}

pub(super) fn restore(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    if args.len() > 4 {
        return Err(syntax_of_subcommand(args));
    }
    let policy = match args.try_get(3) {
        None => Policy::Append,
        Some(word) if word.eq_ignore_ascii_case(b"append") => Policy::Append,
        Some(word) if word.eq_ignore_ascii_case(b"replace") => Policy::Replace,
        Some(word) if word.eq_ignore_ascii_case(b"flush") => Policy::Flush,
        Some(_) => {
            return Err(CommandError::text(
                "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
            ));
        }
    };
    let codes = libraries::parse(args.get(2)).map_err(wire)?;
    if policy != Policy::Flush {
        check_room(ctx, codes.iter().map(Borrow::borrow))?;
    }
    ctx.session.restore_prepared(&codes, policy).map_err(wire)?;
    changed(ctx);
    ctx.reply.ok();
    Ok(())
}

/// Takes the libraries with this code into a table: all of them, or none and an error.
pub(super) fn restore_all(
    table: &LibraryTable,
    codes: &[impl Borrow<[u8]>],
    policy: Policy,
    mut take_in: impl FnMut(&[u8]) -> Outcome,
) -> Result<(), LibraryError> {
    let mut new = Libraries::default();
    let mut restored = Vec::new();
    for code in codes {
        let library = take_in(code.borrow())?;
        if new.get(library.name.as_bytes()).is_some() {
            return Err(LibraryError::Exists(library.name.clone()));
        }
        new.put(Arc::clone(&library))?;
        restored.push(library);
    }
    table.change(|libraries| join(libraries, restored, policy))
}

fn join(
    libraries: &mut Libraries,
    restored: Vec<Arc<Library>>,
    policy: Policy,
) -> Result<(), LibraryError> {
    if policy == Policy::Flush {
        *libraries = Libraries::default();
    }
    for library in &restored {
        let is_known = libraries.get(library.name.as_bytes()).is_some();
        if is_known && policy == Policy::Append {
            return Err(LibraryError::ExistsAlready(library.name.clone()));
        }
        // What is replaced does not stand in the way of another library's functions.
        libraries.remove(library.name.as_bytes());
    }
    restored
        .into_iter()
        .try_for_each(|library| libraries.put(library))
}
