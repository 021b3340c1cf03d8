//! DEBUG POPULATE, HTSTATS and PANIC: many keys, the tables they are in, and a command that fails halfway.

use resp::Args;
use store::command::{CommandError, EventClass, parse_i64};
use store::keyspace::{Expiry, StringInput};

use super::{ServerCtx, check_allowed};

const NEGATIVE: CommandError = CommandError::text("ERR value is out of range, must be positive");

fn parse_count(text: &[u8]) -> Result<usize, CommandError> {
    usize::try_from(parse_i64(text)?).map_err(|_| NEGATIVE)
}

/// Values are `value:<n>`, cut or filled with zeroes to the size that was asked for.
pub(super) fn populate(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    if args.len() > 5 {
        return Err(CommandError::Syntax);
    }
    let count = parse_count(args.get(2))?;
    let prefix = args.try_get(3).unwrap_or(b"key");
    let size = args.try_get(4).map(parse_count).transpose()?;
    let keys = ctx.keys.as_mut().expect("the routing asks for all slices");
    for number in 0..count {
        let mut name = prefix.to_vec();
        name.extend_from_slice(format!(":{number}").as_bytes());
        let mut value = format!("value:{number}").into_bytes();
        if let Some(size @ 1..) = size {
            value.resize(size, 0);
        }
        let key = keys.key(&name);
        if !keys.exists(key) {
            keys.set_string(key, StringInput::Bytes(&value), Expiry::Clear);
            keys.modified(key);
        }
    }
    ctx.reply.ok();
    Ok(())
}

pub(super) fn htstats(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    let keys = ctx.keys.as_ref().expect("the routing asks for all slices");
    let index = usize::try_from(parse_i64(args.get(2))?).unwrap_or(usize::MAX);
    if index >= keys.db_count() {
        return Err(CommandError::text("ERR Out of range database"));
    }
    let (mut elements, mut expires, mut bytes) = (0, 0, 0);
    for db in keys.slices().filter_map(|slice| slice.db(index)) {
        elements += db.len();
        expires += db.expires();
        bytes += db.table_bytes();
    }
    let text = format!(
        "[Dictionary HT]\nHash table 0 stats (main hash table):\n number of elements: {elements}\n table bytes: {bytes}\n\
         [Expires HT]\nHash table 0 stats (main hash table):\n number of elements: {expires}\n"
    );
    ctx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// What a mistake in a command would do: some of its changes are made when it panics.
pub(super) fn panic(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    if let Some(keys) = &mut ctx.keys {
        for at in 2..args.len() {
            let key = keys.arg(args, at);
            keys.set_string(
                key,
                StringInput::Bytes(b"changed by DEBUG PANIC"),
                Expiry::Clear,
            );
            keys.changed(EventClass::STRING, "set", key);
        }
    }
    panic!("DEBUG PANIC was asked for")
}
