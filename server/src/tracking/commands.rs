//! CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO.

use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use resp::Args;
use store::command::{ArgCursor, CommandError, parse_i64};

use super::client::Options;
use crate::command::ServerCtx;

/// What a call of CLIENT TRACKING asks for.
struct TrackingArgs {
    is_on: bool,
    options: Options,
    redirect: u64,
    prefixes: Vec<Box<[u8]>>,
}

type Run = fn(&mut ServerCtx<'_>, Args<'_>) -> Result<(), CommandError>;

pub(crate) const TRACKING: Run = tracking;
pub(crate) const CACHING: Run = caching;
pub(crate) const GETREDIR: Run = getredir;
pub(crate) const TRACKINGINFO: Run = trackinginfo;

impl TrackingArgs {
    fn parse(ctx: &ServerCtx<'_>, args: Args<'_>) -> Result<Self, CommandError> {
        let mut parsed = TrackingArgs {
            is_on: false,
            options: Options::empty(),
            redirect: 0,
            prefixes: Vec::new(),
        };
        let mut cursor = ArgCursor::new(args, 3);
        while let Some(option) = cursor.next_arg() {
            let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
            if is("redirect") && cursor.remaining() > 0 {
                parsed.read_redirect(ctx, cursor.expect()?)?;
            } else if is("prefix") && cursor.remaining() > 0 {
                parsed.prefixes.push(cursor.expect()?.into());
            } else if is("bcast") {
                parsed.options |= Options::BCAST;
            } else if is("optin") {
                parsed.options |= Options::OPTIN;
            } else if is("optout") {
                parsed.options |= Options::OPTOUT;
            } else if is("noloop") {
                parsed.options |= Options::NOLOOP;
            } else {
                return Err(CommandError::Syntax);
            }
        }
        let word = args.get(2);
        parsed.is_on = word.eq_ignore_ascii_case(b"on");
        match parsed.is_on || word.eq_ignore_ascii_case(b"off") {
            true => Ok(parsed),
            false => Err(CommandError::Syntax),
        }
    }

    fn read_redirect(&mut self, ctx: &ServerCtx<'_>, id: &[u8]) -> Result<(), CommandError> {
        if self.redirect != 0 {
            return Err(CommandError::text(
                "ERR A client can only redirect to a single other client",
            ));
        }
        let id = u64::try_from(parse_i64(id)?).unwrap_or(0);
        let tenant = ctx.session.tenant.id();
        let target = ctx.core.server.clients.get(id);
        if target.is_none_or(|client| client.tenant.load(Relaxed) != tenant) {
            return Err(CommandError::text(
                "ERR The client ID you want redirect to does not exist",
            ));
        }
        self.redirect = id;
        Ok(())
    }

    /// Whether the options go together, and with what the client has asked for before.
    fn check(&self, ctx: &ServerCtx<'_>) -> Result<(), CommandError> {
        let has = |option| self.options.contains(option);
        let text = |text| Err(CommandError::text(text));
        if !has(Options::BCAST) && !self.prefixes.is_empty() {
            return text("ERR PREFIX option requires BCAST mode to be enabled");
        }
        let before = ctx.session.tracking.as_ref();
        let had = |option| before.is_some_and(|known| known.options.get().contains(option));
        if before.is_some() && had(Options::BCAST) != has(Options::BCAST) {
            return text(
                "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
            );
        }
        if has(Options::BCAST) && (has(Options::OPTIN) || has(Options::OPTOUT)) {
            return text("ERR OPTIN and OPTOUT are not compatible with BCAST");
        }
        if has(Options::OPTIN) && has(Options::OPTOUT) {
            return text("ERR You can't specify both OPTIN mode and OPTOUT mode");
        }
        if (has(Options::OPTIN) && had(Options::OPTOUT))
            || (has(Options::OPTOUT) && had(Options::OPTIN))
        {
            return text(
                "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
            );
        }
        self.check_prefixes(ctx)
    }

    fn check_prefixes(&self, ctx: &ServerCtx<'_>) -> Result<(), CommandError> {
        let overlap = |one: &[u8], other: &[u8]| one.starts_with(other) || other.starts_with(one);
        for (index, prefix) in self.prefixes.iter().enumerate() {
            if let Some(tracking) = &ctx.session.tracking {
                let known = tracking.prefixes.borrow();
                if let Some(other) = known.iter().find(|known| overlap(known, prefix)) {
                    return Err(overlapping(prefix, "an existing", other));
                }
            }
            let mut later = self.prefixes[index + 1..].iter();
            if let Some(other) = later.find(|later| overlap(later, prefix)) {
                return Err(overlapping(prefix, "another provided", other));
            }
        }
        Ok(())
    }
}

fn overlapping(prefix: &[u8], which: &str, other: &[u8]) -> CommandError {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let text = format!(
        "ERR Prefix '{}' overlaps with {which} prefix '{}'. Prefixes for a single client must not overlap.",
        text(prefix),
        text(other)
    );
    CommandError::Text(text.into())
}

fn tracking(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mut parsed = TrackingArgs::parse(ctx, args)?;
    if !parsed.is_on {
        ctx.session.tracking = None;
        ctx.reply.ok();
        return Ok(());
    }
    parsed.check(ctx)?;
    if parsed.options.contains(Options::BCAST) && parsed.prefixes.is_empty() {
        parsed.prefixes.push(Box::default());
    }
    let core = ctx.core;
    let Some(link) = core.links.get(ctx.session.client.id) else {
        return Ok(());
    };
    let tenant = ctx.session.tenant.share();
    let tracking = ctx
        .session
        .tracking
        .get_or_insert_with(|| Box::new(core.tracking.enter(tenant, Rc::clone(&link))));
    tracking.set(parsed.options, parsed.redirect, parsed.prefixes);
    ctx.reply.ok();
    Ok(())
}

fn caching(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let Some(tracking) = &ctx.session.tracking else {
        return Err(CommandError::text(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
        ));
    };
    let has = |option| tracking.options.get().contains(option);
    let word = args.get(2);
    if word.eq_ignore_ascii_case(b"yes") {
        if !has(Options::OPTIN) {
            return Err(CommandError::text(
                "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
            ));
        }
    } else if word.eq_ignore_ascii_case(b"no") {
        if !has(Options::OPTOUT) {
            return Err(CommandError::text(
                "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
            ));
        }
    } else {
        return Err(CommandError::Syntax);
    }
    tracking.caching.set(true);
    ctx.reply.ok();
    Ok(())
}

/// Where its messages go: 0 to itself, -1 without tracking.
fn redirect_of(ctx: &ServerCtx<'_>) -> i64 {
    let tracking = ctx.session.tracking.as_ref();
    tracking.map_or(-1, |tracking| tracking.redirect.get() as i64)
}

fn getredir(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let redirect = redirect_of(ctx);
    ctx.reply.integer(redirect);
    Ok(())
}

fn trackinginfo(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let redirect = redirect_of(ctx);
    let mut flags = Vec::new();
    let mut prefixes = Vec::new();
    match &ctx.session.tracking {
        None => flags.push("off"),
        Some(tracking) => {
            let (options, caching) = (tracking.options.get(), tracking.caching.get());
            let states = [
                (true, "on"),
                (options.contains(Options::BCAST), "bcast"),
                (options.contains(Options::OPTIN), "optin"),
                (options.contains(Options::OPTIN) && caching, "caching-yes"),
                (options.contains(Options::OPTOUT), "optout"),
                (options.contains(Options::OPTOUT) && caching, "caching-no"),
                (options.contains(Options::NOLOOP), "noloop"),
                (tracking.is_broken.get(), "broken_redirect"),
            ];
            flags.extend(states.iter().filter(|(is, _)| *is).map(|(_, name)| *name));
            prefixes.extend(tracking.prefixes.borrow().iter().cloned());
        }
    }
    let reply = &mut ctx.reply;
    reply.map(3);
    reply.bulk(b"flags");
    reply.set(flags.len());
    flags.iter().for_each(|flag| reply.bulk(flag.as_bytes()));
    reply.bulk(b"redirect");
    reply.integer(redirect);
    reply.bulk(b"prefixes");
    reply.array(prefixes.len());
    prefixes.iter().for_each(|prefix| reply.bulk(prefix));
    Ok(())
}
