//! FUNCTION LIST and STATS.

use std::sync::Arc;

use resp::Args;
use store::command::CommandError;
use store::glob;
use udf::library::Library;
use udf::lua;

use super::loader::ENGINES;
use crate::command::ServerCtx;

/// What LIST was asked for.
#[derive(Default)]
struct Wanted<'a> {
    pattern: Option<&'a [u8]>,
    with_code: bool,
}

impl<'a> Wanted<'a> {
    fn parse(args: Args<'a>) -> Result<Self, CommandError> {
        let mut wanted = Wanted::default();
        let mut words = args.iter().skip(2);
        while let Some(word) = words.next() {
            if !wanted.with_code && word.eq_ignore_ascii_case(b"withcode") {
                wanted.with_code = true;
            } else if wanted.pattern.is_none() && word.eq_ignore_ascii_case(b"libraryname") {
                let pattern = words.next().ok_or(CommandError::text(
                    "ERR library name argument was not given",
                ))?;
                wanted.pattern = Some(pattern);
            } else {
                return Err(CommandError::quoting("ERR Unknown argument ", word, ""));
            }
        }
        Ok(wanted)
    }
}

pub(super) fn list(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let wanted = Wanted::parse(args)?;
    let libraries = ctx.session.tenant.functions.get();
    let fits = |library: &&Arc<Library>| {
        wanted
            .pattern
            .is_none_or(|pattern| glob::glob_match_ignore_case(pattern, library.name.as_bytes()))
    };
    ctx.reply.array(libraries.iter().filter(fits).count());
    for library in libraries.iter().filter(fits) {
        describe(ctx, library, wanted.with_code);
    }
    Ok(())
}

fn describe(ctx: &mut ServerCtx<'_>, library: &Library, with_code: bool) {
    let reply = &mut ctx.reply;
    reply.map(if with_code { 4 } else { 3 });
    reply.bulk(b"library_name");
    reply.bulk(library.name.as_bytes());
    reply.bulk(b"engine");
    reply.bulk(library.engine.as_bytes());
    reply.bulk(b"functions");
    reply.array(library.functions.len());
    for function in &library.functions {
        reply.map(3);
        reply.bulk(b"name");
        reply.bulk(function.name.as_bytes());
        reply.bulk(b"description");
        match &function.description {
            Some(text) => reply.bulk(text.as_bytes()),
            None => reply.null(),
        }
        reply.bulk(b"flags");
        reply.set(function.flags.names().count());
        function.flags.names().for_each(|name| reply.simple(name));
    }
    if with_code {
        reply.bulk(b"library_code");
        reply.bulk(&library.code);
    }
}

pub(super) fn stats(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let tenant = &ctx.session.tenant;
    if tenant.scripts.is_busy() {
        tenant.scripts.refuse_kill_of_function()?;
    }
    let functions = &tenant.functions;
    let libraries = functions.get();
    let longest = functions.running().first().cloned();
    let reply = &mut ctx.reply;
    reply.map(2);
    reply.bulk(b"running_script");
    match longest {
        None => reply.null(),
        Some(running) => {
            reply.map(3);
            reply.bulk(b"name");
            reply.bulk(running.name.as_bytes());
            reply.bulk(b"command");
            reply.array(running.request.len());
            running.request.iter().for_each(|word| reply.bulk(word));
            reply.bulk(b"duration_ms");
            reply.integer(running.since.elapsed().as_millis() as i64);
        }
    }
    reply.bulk(b"engines");
    let of = |engine: &'static str| {
        let is_of = move |library: &&Arc<Library>| library.engine == engine;
        libraries.iter().filter(is_of)
    };
    // Redis has one engine, and its clients expect to find that one; another is named when it has something.
    let is_shown = |engine: &&'static str| *engine == lua::NAME || of(engine).next().is_some();
    let shown: Vec<&'static str> = ENGINES.iter().copied().filter(is_shown).collect();
    reply.map(shown.len());
    for engine in shown {
        reply.bulk(engine.as_bytes());
        reply.map(2);
        reply.bulk(b"libraries_count");
        reply.integer(of(engine).count() as i64);
        reply.bulk(b"functions_count");
        let functions = of(engine).map(|library| library.functions.len());
        reply.integer(functions.sum::<usize>() as i64);
    }
    Ok(())
}
