//! How SINTERSTORE, SUNIONSTORE and SDIFFSTORE end.

use crate::command::{Ctx, EventClass, Key};
use crate::types::Set;
use crate::value::Value;

/// Puts `result` at `destination` with `event`, or deletes what is there when it is empty; replies with its size.
pub(super) fn store(ctx: &mut Ctx<'_>, destination: Key<'_>, result: Set, event: &'static str) {
    let len = result.len();
    if len > 0 {
        ctx.keys.put(destination, Value::Set(result), None);
        ctx.keys.changed(EventClass::SET, event, destination);
    } else if ctx.keys.delete_destination(destination) {
        ctx.keys.changed(EventClass::GENERIC, "del", destination);
    }
    ctx.reply.integer(len as i64);
}
