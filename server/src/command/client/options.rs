//! What a client sets on its own connection.

use std::sync::atomic::Ordering::Relaxed;

use resp::Args;
use store::command::CommandError;

use super::super::ServerCtx;
use super::super::connection::checked_name;
use crate::session::ReplyMode;

pub(super) fn setname(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let name = checked_name(args.get(2))?;
    ctx.session
        .client
        .edit_names(|names| names.name = name.to_vec());
    ctx.reply.ok();
    Ok(())
}

pub(super) fn setinfo(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (option, value) = (args.get(2), args.get(3));
    let is_name = option.eq_ignore_ascii_case(b"lib-name");
    if !is_name && !option.eq_ignore_ascii_case(b"lib-ver") {
        return Err(CommandError::quoting(
            "ERR Unrecognized option '",
            option,
            "'",
        ));
    }
    if !value.iter().all(u8::is_ascii_graphic) {
        let option = if is_name { "lib-name" } else { "lib-ver" };
        let text = format!("ERR {option} cannot contain spaces, newlines or special characters.");
        return Err(CommandError::Text(text.into()));
    }
    ctx.session.client.edit_names(|names| {
        *if is_name {
            &mut names.lib_name
        } else {
            &mut names.lib_version
        } = value.to_vec();
    });
    ctx.reply.ok();
    Ok(())
}

/// OFF and SKIP answer nothing, this command included.
pub(super) fn reply(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mode = args.get(2);
    if mode.eq_ignore_ascii_case(b"on") {
        ctx.session.reply_mode = ReplyMode::On;
        ctx.reply.ok();
    } else if mode.eq_ignore_ascii_case(b"off") {
        ctx.session.reply_mode = ReplyMode::Off;
    } else if mode.eq_ignore_ascii_case(b"skip") {
        if ctx.session.reply_mode != ReplyMode::Off {
            ctx.session.reply_mode = ReplyMode::SkipNext;
        }
    } else {
        return Err(CommandError::Syntax);
    }
    Ok(())
}

pub(super) fn no_evict(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let on = parse_on_off(args.get(2))?;
    ctx.session.client.no_evict.store(on, Relaxed);
    if !on {
        ctx.core.server.clients.note_evictable();
    }
    ctx.reply.ok();
    Ok(())
}

pub(super) fn no_touch(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let on = parse_on_off(args.get(2))?;
    ctx.session.no_touch = on;
    ctx.session.client.no_touch.store(on, Relaxed);
    ctx.reply.ok();
    Ok(())
}

fn parse_on_off(word: &[u8]) -> Result<bool, CommandError> {
    if word.eq_ignore_ascii_case(b"on") {
        Ok(true)
    } else if word.eq_ignore_ascii_case(b"off") {
        Ok(false)
    } else {
        Err(CommandError::Syntax)
    }
}
