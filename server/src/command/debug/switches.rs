//! What DEBUG switches on and off: work that cores do by themselves, what scripts may call.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use resp::Args;
use store::command::{CommandError, parse_i64};

use super::super::ServerCtx;
use super::check_allowed;

const NO_PEAK: CommandError = CommandError::text(
    "ERR reply buffers belong to cores here and have no peak: only RESIZING can be switched",
);

/// Sets `flag` to whether argument `index` is a number other than 0, and answers.
fn switch(
    ctx: &mut ServerCtx<'_>,
    args: Args<'_>,
    index: usize,
    set: impl FnOnce(&ServerCtx<'_>, bool),
) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    let on = parse_i64(args.get(index))? != 0;
    set(ctx, on);
    ctx.reply.ok();
    Ok(())
}

fn store(flag: &AtomicBool, on: bool) {
    flag.store(on, Relaxed);
}

pub(super) fn set_active_expire(
    ctx: &mut ServerCtx<'_>,
    args: Args<'_>,
) -> Result<(), CommandError> {
    switch(ctx, args, 2, |ctx, on| {
        store(&ctx.core.server.active_expire, on);
    })
}

pub(super) fn set_disable_deny_scripts(
    ctx: &mut ServerCtx<'_>,
    args: Args<'_>,
) -> Result<(), CommandError> {
    switch(ctx, args, 2, |ctx, on| {
        store(&ctx.core.server.scripts_debug, on)
    })
}

pub(super) fn pause_cron(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    switch(ctx, args, 2, |ctx, on| {
        store(&ctx.core.server.cron_paused, on)
    })
}

pub(super) fn reply_buffer(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let option = args.get(2);
    if option.eq_ignore_ascii_case(b"peak-reset-time") {
        return Err(NO_PEAK);
    }
    if !option.eq_ignore_ascii_case(b"resizing") {
        return Err(CommandError::Syntax);
    }
    switch(ctx, args, 3, |ctx, on| {
        store(&ctx.core.server.keeps_spares, !on);
    })
}
