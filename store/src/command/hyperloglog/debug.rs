//! PFDEBUG: a look inside.

use resp::Args;

use super::{HYPERLOGLOG, store};
use crate::command::{CommandError, Ctx, DataCommand, Flags, KeyFlags, KeySpec, Spec};
use crate::types::hyperloglog::{Encoding, Hll, REGISTERS};

pub(super) static PFDEBUG: DataCommand = DataCommand {
    spec: Spec {
        name: "pfdebug",
        summary: "Shows a HyperLogLog's registers, opcodes or encoding, or makes it dense.",
        complexity: "N/A",
        arity: 3,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::ADMIN),
        keys: &[KeySpec::at(2, KeyFlags::RW.union(KeyFlags::ACCESS))],
        syntax: "subcommand key",
        ..HYPERLOGLOG
    },
    run: pfdebug,
    subcommands: &[],
};

fn pfdebug(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 2);
    let Some(hll) = super::edit(&mut ctx.keys, key)? else {
        return Err(CommandError::text("ERR The specified key does not exist"));
    };
    let subcommand = args.get(1);
    let is = |name: &str| subcommand.eq_ignore_ascii_case(name.as_bytes());
    if is("GETREG") {
        make_dense(ctx, args)?;
        reply_registers(ctx, args)
    } else if is("DECODE") {
        let text = hll
            .describe()
            .ok_or(CommandError::text("ERR HLL encoding is not sparse"))?;
        ctx.reply.bulk(text.as_bytes());
        Ok(())
    } else if is("ENCODING") {
        ctx.reply.simple(match hll.encoding() {
            Encoding::Dense => "dense",
            Encoding::Sparse => "sparse",
        });
        Ok(())
    } else if is("TODENSE") {
        let changed = make_dense(ctx, args)?;
        ctx.reply.integer(i64::from(changed));
        Ok(())
    } else {
        let name = String::from_utf8_lossy(subcommand);
        let text = format!("ERR Unknown PFDEBUG subcommand '{name}'");
        Err(CommandError::Text(text.into()))
    }
}

/// Makes the key's HyperLogLog dense, without an event; whether it was not yet.
fn make_dense(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<bool, CommandError> {
    let key = ctx.keys.arg(args, 2);
    let hll = match super::edit(&mut ctx.keys, key)? {
        Some(hll) if hll.encoding() == Encoding::Sparse => hll,
        Some(_) | None => return Ok(false),
    };
    let mut hll = Hll::check(hll.bytes().to_vec())?;
    hll.make_dense()?;
    store(&mut ctx.keys, key, hll)?;
    ctx.keys.add_dirty(1);
    Ok(true)
}

fn reply_registers(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 2);
    let mut registers = [0; REGISTERS];
    if let Some(hll) = super::edit(&mut ctx.keys, key)? {
        hll.merge_into(&mut registers)?;
    }
    ctx.reply.array(REGISTERS);
    registers
        .iter()
        .for_each(|&value| ctx.reply.integer(i64::from(value)));
    Ok(())
}
