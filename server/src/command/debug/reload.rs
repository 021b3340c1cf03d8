//! DEBUG RELOAD: the data set written to the snapshot file and read back.

use resp::Args;
use store::command::{ArgCursor, CommandError};
use store::snapshot::decode::Build;
use tracing::warn;

use super::super::snapshot::save_to_file;
use super::{ServerCtx, check_allowed};
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
}

impl ReloadOptions {
    /// MERGE lets a key of the file stand over one that is there, which is what happens here to all of them.
    fn parse(mut args: ArgCursor<'_>) -> Result<Self, CommandError> {
        let mut options = ReloadOptions::default();
        while !args.is_done() {
            if args.keyword("NOSAVE") {
                options.no_save = true;
            } else if args.keyword("NOFLUSH") {
                options.no_flush = true;
            } else if !args.keyword("MERGE") {
                return Err(UNKNOWN_OPTION);
            }
        }
        Ok(options)
    }
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
    if let Err(error) = loaded {
        warn!("Failed loading the data set: {error}");
        return Err(NOT_LOADED);
    }
    ctx.reply.ok();
    Ok(())
}
