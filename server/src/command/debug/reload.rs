//! DEBUG RELOAD: the data set and the libraries of functions written to the snapshot file and read back.

use resp::Args;
use std::fmt::Display;
use store::command::{ArgCursor, CommandError};
use store::snapshot::decode::Build;
use tracing::warn;

use super::super::snapshot::save_to_file;
use super::{ServerCtx, check_allowed};
use crate::core::Core;
use crate::function::Policy;
use crate::session::Session;
use crate::snapshot::load;

const NOT_LOADED: CommandError =
    CommandError::text("ERR Error trying to load the RDB dump, check server logs.");
const UNKNOWN_OPTION: CommandError =
    CommandError::text("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");

/// What is left out.
#[derive(Clone, Copy, Debug, Default)]
struct ReloadOptions {
    no_save: bool,
    no_flush: bool,
    merge: bool,
}

impl ReloadOptions {
    /// MERGE lets what is in the file stand over what is there: a library, that is; a key does anyway.
    fn parse(mut args: ArgCursor<'_>) -> Result<Self, CommandError> {
        let mut options = ReloadOptions::default();
        while !args.is_done() {
            if args.keyword("NOSAVE") {
                options.no_save = true;
            } else if args.keyword("NOFLUSH") {
                options.no_flush = true;
            } else if args.keyword("MERGE") {
                options.merge = true;
            } else {
                return Err(UNKNOWN_OPTION);
            }
        }
        Ok(options)
    }
}

/// The code of the libraries that a reload will find in the file, so that they can be prepared before anything is locked.
pub(crate) fn reloaded_libraries(core: &Core, session: &Session, args: Args<'_>) -> Vec<Box<[u8]>> {
    let settings = core.settings();
    let options = ReloadOptions::parse(ArgCursor::new(args, 2));
    let (Ok(options), true) = (options, settings.enable_debug_command.allows(true)) else {
        return Vec::new();
    };
    if !options.no_save {
        let loaded = session.tenant.functions.get();
        return loaded
            .iter()
            .map(|library| library.code[..].into())
            .collect();
    }
    let build = Build {
        seed: &core.server.seed,
        limits: &settings.data.encoding,
    };
    let loaded = load(&settings.dbfilename, build, usize::MAX, 0, |_| {});
    // That it cannot be read the reload itself will say.
    loaded.map_or_else(|_| Vec::new(), |loaded| loaded.libraries)
}

pub(super) fn reload(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    let options = ReloadOptions::parse(ArgCursor::new(args, 2))?;
    if !options.no_save {
        save_to_file(ctx)?;
    }
    let settings = ctx.core.settings();
    let keys = ctx.keys.as_mut().expect("the routing asks for all slices");
    if !options.no_flush {
        keys.flush_all();
    }
    let (selected, databases, seed) = (keys.db(), keys.db_count(), keys.seed());
    let build = Build {
        seed: &seed,
        limits: &settings.data.encoding,
    };
    let loaded = load(
        &settings.dbfilename,
        build,
        databases,
        ctx.now_ms,
        |loaded| {
            keys.select(loaded.db);
            let key = keys.key(loaded.key);
            keys.put(key, loaded.value, loaded.expire_at_ms);
        },
    );
    keys.select(selected);
    let loaded = loaded.map_err(not_loaded)?;
    let policy = match (options.no_flush, options.merge) {
        (false, _) => Policy::Flush,
        (true, false) => Policy::Append,
        (true, true) => Policy::Replace,
    };
    ctx.session
        .restore_prepared(&loaded.libraries, policy)
        .map_err(not_loaded)?;
    ctx.reply.ok();
    Ok(())
}

fn not_loaded(error: impl Display) -> CommandError {
    warn!("Failed loading the data set: {error}");
    NOT_LOADED
}
