//! The server as a running script sees it. All slices are held; each command borrows them for itself.

use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use resp::{Args, OutputBuffer, Protocol, ReplyWriter};
use store::command::{CommandError, Ctx, Flags, Key, Patience};
use udf::refusal::{NOT_FROM_SCRIPT, READ_ONLY, UNKNOWN, WRONG_ARITY};
use udf::{Denied, Host, Intent, LogLevel, Pulse};

use super::Scripts;
use super::busy::Listed;
use super::call::{FIRST_KEY, LuaCall};
use crate::acl::{Context, Denial};
use crate::breathing;
use crate::core::Core;
use crate::function::Seen;
use crate::memory::OOM;
use crate::registry::{Command, Run};
use crate::session::{ReplyMode, Session};

/// Breaths between two looks at the clock and at who wants the script to end.
const BREATHS_PER_LOOK: u32 = 16;

/// What a script may do, by its flags and by how it was called.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Licence {
    /// It may not write.
    pub(crate) read_only: bool,
    /// It says that it can do without memory.
    pub(crate) copes_without_memory: bool,
}

/// What a script reaches during one call.
pub(crate) struct ScriptHost<'a, 'k> {
    session: &'a mut Session,
    core: &'a Core,
    scripts: &'a Scripts,
    ctx: Ctx<'k>,
    call: &'a LuaCall<'a>,
    outer: Outer,
    wrote: bool,
    failed: bool,
    breaths: u32,
    begun: u64,
    listed: Option<Listed<'a>>,
    seen: Option<Seen>,
}

/// What of the session is otherwise while a script runs.
struct Outer {
    protocol: Protocol,
    reply_mode: ReplyMode,
    denies_waiting: bool,
    db: usize,
}

/// Who calls, and what.
pub(super) struct Caller<'a> {
    pub(super) session: &'a mut Session,
    pub(super) core: &'a Core,
    pub(super) scripts: &'a Scripts,
    /// When the call began, as the meter counts.
    pub(super) begun: u64,
    /// What is called: a client that tracks is told of its keys once the script reads anything.
    pub(super) call: &'a LuaCall<'a>,
}

impl<'a, 'k> ScriptHost<'a, 'k> {
    /// A host for one call; `ctx` is what data commands are run with.
    pub(super) fn new(caller: Caller<'a>, ctx: Ctx<'k>) -> Self {
        let Caller {
            session,
            core,
            scripts,
            begun,
            call,
        } = caller;
        let outer = Outer {
            protocol: session.protocol,
            reply_mode: std::mem::take(&mut session.reply_mode),
            denies_waiting: std::mem::replace(&mut session.denies_waiting, true),
            db: session.db,
        };
        session.in_script = true;
        ScriptHost {
            session,
            core,
            scripts,
            ctx,
            call,
            outer,
            wrote: false,
            failed: false,
            breaths: 0,
            begun,
            listed: None,
            seen: None,
        }
    }

    /// Whether its reply has an error.
    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    /// The command that a request names.
    #[inline]
    fn find(&self, args: Args<'_>) -> Option<&'a Command> {
        let registry = &self.core.server.registry;
        let command = registry.find(args.get(0))?;
        match args.try_get(1) {
            Some(sub) if !command.subcommands.is_empty() => registry.find_sub(command, sub),
            _ => Some(command),
        }
    }

    /// Why a request may not run, if so.
    #[inline]
    fn check(&self, command: &Command, args: Args<'_>) -> Result<(), CommandError> {
        let flags = command.spec.flags;
        if !command.spec.arity_allows(args.len()) {
            return Err(WRONG_ARITY);
        }
        if flags.contains(Flags::NOSCRIPT) && !self.may_debug(flags) {
            return Err(NOT_FROM_SCRIPT);
        }
        if !self.session.access.is_unrestricted() {
            let permitted = self.session.permits(self.core, command, args, Context::Lua);
            permitted.map_err(denial_text)?;
        }
        if flags.contains(Flags::BLOCKING) && waits_for_streams(args) {
            let name = &command.full_name;
            let text = format!("ERR {name} command is not allowed with BLOCK option from scripts");
            return Err(CommandError::Text(text.into()));
        }
        if self.call.licence.read_only && flags.intersects(Flags::WRITE | Flags::MAY_REPLICATE) {
            return Err(READ_ONLY);
        }
        let needs_memory =
            flags.contains(Flags::DENYOOM) && !self.call.licence.copes_without_memory;
        if needs_memory && !self.wrote && self.is_out_of_memory(args) {
            return Err(OOM);
        }
        Ok(())
    }

    /// Whether it is DEBUG, and scripts may call that.
    #[cold]
    fn may_debug(&self, flags: Flags) -> bool {
        flags.contains(Flags::PROTECTED) && self.core.server.scripts_debug.load(Relaxed)
    }

    /// Whether there is no memory for a request that may add some.
    fn is_out_of_memory(&self, args: Args<'_>) -> bool {
        let memory = &self.session.tenant.memory;
        memory.is_set() && memory.excess(args.iter().map(<[u8]>::len).sum()) > 0
    }

    #[cold]
    fn refuse(
        &self,
        command: Option<&Command>,
        error: &CommandError,
        protocol: Protocol,
        out: &mut OutputBuffer,
    ) {
        let stats = self.core.stats();
        if let Some(command) = command {
            stats.rejected_calls[command.id].add(1);
        }
        stats.count_error(error);
        error.reply(&mut ReplyWriter::new(out, protocol));
    }

    #[inline]
    fn run(
        &mut self,
        command: &Command,
        args: Args<'_>,
        protocol: Protocol,
        out: &mut OutputBuffer,
    ) {
        let (core, ctx) = (self.core, &mut self.ctx);
        self.session.protocol = protocol;
        match command.run {
            Run::Data(_) => {
                ctx.keys.select(self.session.db);
                ctx.reply.set_protocol(protocol);
                ctx.patience = Patience::Never;
                let mark = ctx.reply.output().mark();
                self.session.run_data(core, command, ctx, args, mark);
                std::mem::swap(ctx.reply.output(), out);
                if self.session.tracking.is_some() {
                    let session = &self.session;
                    let declared = (self.call.request.tail(FIRST_KEY), self.call.keys);
                    session.note_reads_of_script(core, command, &mut ctx.keys, declared);
                }
            }
            Run::Server(_) => {
                let mut keys = ctx.keys.reborrow();
                keys.select(self.session.db);
                let now_ms = ctx.now_ms;
                self.session
                    .run_server(core, command, args, Some(keys), now_ms, out);
            }
        }
        core.stats().commands.add(1);
    }

    #[cold]
    fn look(&mut self) -> Pulse {
        let (scripts, call) = (self.scripts, self.call);
        let listed = self
            .listed
            .get_or_insert_with(|| Listed::new(scripts, call.is_function));
        let elapsed_ms = self.core.meter.nanos_since(self.begun) / 1_000_000;
        let threshold_ms = self.core.settings().busy_reply_threshold_ms;
        if threshold_ms > 0 && elapsed_ms >= threshold_ms {
            listed.become_busy(elapsed_ms, call.name);
        }
        let mut killed = listed.look(self.wrote);
        if call.is_function {
            let seen = self.seen.get_or_insert_with(|| {
                let name = String::from_utf8_lossy(call.name);
                Seen::enter(Rc::clone(&self.session.tenant), &name, call.request)
            });
            killed |= seen.look(self.wrote);
        }
        let is_gone = self.session.client.killed.load(Relaxed) && !self.wrote;
        match killed || is_gone {
            true => Pulse::Killed,
            false => Pulse::Alive,
        }
    }
}

/// Whether XREAD or XREADGROUP would wait.
fn waits_for_streams(args: Args<'_>) -> bool {
    let mut options = args
        .iter()
        .take_while(|word| !word.eq_ignore_ascii_case(b"streams"));
    options.any(|word| word.eq_ignore_ascii_case(b"block"))
}

/// What a script hears of a denial.
fn denial_text(denial: Denial) -> CommandError {
    CommandError::text(match denial {
        Denial::Command | Denial::Tenant => {
            "ERR The user executing the script can't run this command or subcommand"
        }
        Denial::Key(_) => {
            "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments"
        }
        Denial::Channel(_) => {
            "ERR The user executing the script can't publish to the channel mentioned in the command"
        }
    })
}

impl Host for ScriptHost<'_, '_> {
    fn call(&mut self, args: &[&[u8]], protocol: Protocol, out: &mut OutputBuffer) {
        let args = Args::from_slices(args);
        let Some(command) = self.find(args) else {
            return self.refuse(None, &UNKNOWN, protocol, out);
        };
        if let Err(error) = self.check(command, args) {
            return self.refuse(Some(command), &error, protocol, out);
        }
        self.wrote |= command.spec.flags.contains(Flags::WRITE);
        self.run(command, args, protocol, out);
    }

    fn data(
        &mut self,
        _: &'static str,
        _: Intent,
        _: &[u8],
        _: &mut dyn FnMut(&mut Ctx<'_>, Key<'_>),
    ) -> Result<(), Denied> {
        // Scripts have commands only.
        Err(Denied::Forbidden)
    }

    fn note_error(&mut self, text: &[u8], counted: bool) {
        self.failed = true;
        if counted {
            return;
        }
        let error = CommandError::Quoting(text.into());
        self.core.stats().count_error(&error);
    }

    fn breathe(&mut self) -> Pulse {
        breathing::breathe();
        self.breaths += 1;
        match self.breaths.is_multiple_of(BREATHS_PER_LOOK) {
            true => self.look(),
            false => Pulse::Alive,
        }
    }

    fn now_ms(&self) -> u64 {
        self.ctx.now_ms
    }

    fn random(&mut self) -> u64 {
        self.ctx.rng.next_u64()
    }

    fn log_level(&self) -> LogLevel {
        self.core.settings().loglevel.into()
    }

    fn log(&mut self, level: LogLevel, text: &[u8]) {
        level.write(None, text);
    }

    fn permits(&self, args: &[&[u8]]) -> Option<bool> {
        let args = Args::from_slices(args);
        let command = self.find(args)?;
        let access = &self.session.access;
        Some(access.is_unrestricted() || access.user().check(command, args).is_ok())
    }
}

impl Drop for ScriptHost<'_, '_> {
    fn drop(&mut self) {
        let (session, outer) = (&mut *self.session, &self.outer);
        session.protocol = outer.protocol;
        session.reply_mode = outer.reply_mode;
        session.denies_waiting = outer.denies_waiting;
        session.in_script = false;
        if session.db != outer.db {
            session.select(outer.db);
        }
    }
}
