//! RENAME and RENAMENX: a value and its expiry move to another key.

use resp::Args;

use super::GENERIC;
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Keys, Spec,
};

const SOURCE: KeySpec = KeySpec::at(
    1,
    KeyFlags::RW.union(KeyFlags::ACCESS).union(KeyFlags::DELETE),
);

pub(super) static RENAME: DataCommand = DataCommand {
    spec: Spec {
        name: "rename",
        summary: "Gives a key another name, in place of whatever had that name.",
        arity: 3,
        flags: Flags::WRITE,
        keys: &[SOURCE, KeySpec::at(2, KeyFlags::OW.union(KeyFlags::UPDATE))],
        syntax: "key newkey",
        ..GENERIC
    },
    run: rename,
    subcommands: &[],
};

fn rename(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (source, destination) = source_and_destination(&mut ctx.keys, args)?;
    if source.bytes != destination.bytes {
        move_value(&mut ctx.keys, source, destination);
    }
    ctx.reply.ok();
    Ok(())
}

pub(super) static RENAMENX: DataCommand = DataCommand {
    spec: Spec {
        name: "renamenx",
        summary: "Gives a key another name unless a key has that name.",
        arity: 3,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: &[SOURCE, KeySpec::at(2, KeyFlags::OW.union(KeyFlags::INSERT))],
        syntax: "key newkey",
        ..GENERIC
    },
    run: renamenx,
    subcommands: &[],
};

fn renamenx(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (source, destination) = source_and_destination(&mut ctx.keys, args)?;
    let free = !ctx.keys.exists(destination);
    if free {
        move_value(&mut ctx.keys, source, destination);
    }
    ctx.reply.integer(i64::from(free));
    Ok(())
}

/// Both keys; the source is there.
fn source_and_destination<'k>(
    keys: &mut Keys<'_>,
    args: Args<'k>,
) -> Result<(Key<'k>, Key<'k>), CommandError> {
    let (source, destination) = (keys.arg(args, 1), keys.arg(args, 2));
    if !keys.exists(source) {
        return Err(CommandError::NoSuchKey);
    }
    Ok((source, destination))
}

fn move_value(keys: &mut Keys<'_>, source: Key<'_>, destination: Key<'_>) {
    // Deleted, not overwritten: to listeners the destination is a new key.
    keys.delete(destination);
    let (value, expire_at_ms) = keys.take(source).expect("the source exists");
    keys.put(destination, value, expire_at_ms);
    keys.changed(EventClass::GENERIC, "rename_from", source);
    keys.changed_too(EventClass::GENERIC, "rename_to", destination);
}
