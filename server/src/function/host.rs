//! The server as a running function sees it.
//!
//! Every access borrows the data for itself: between two of them nothing is held but the locks.

use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;

use arrayvec::ArrayVec;
use resp::{Args, OutputBuffer, Protocol, ReplyWriter};
use store::command::{CommandError, Ctx, Flags, Key, KeyFlags, Patience, Routing, key_positions};
use udf::refusal::{NOT_FROM_SCRIPT, READ_ONLY, UNDECLARED, UNKNOWN, WRONG_ARITY};
use udf::{Denied, Function, FunctionFlags, Host, Intent, LogLevel, Pulse};

use super::running::Seen;
use crate::acl::Context;
use crate::breathing::{breathe_at_tick, holding_breath};
use crate::core::Core;
use crate::memory::OOM;
use crate::registry::{Command, Run};
use crate::script::FIRST_KEY;
use crate::session::{ReplyMode, Session};
use crate::tenant::Membership;

/// What a function reaches during one call.
pub(super) struct FunctionHost<'a, 'k> {
    session: &'a mut Session,
    core: &'a Core,
    tenant: Rc<Membership>,
    /// What accesses are done with; replies of theirs go nowhere.
    ctx: &'a mut Ctx<'k>,
    function: &'a Function,
    request: Args<'a>,
    declared: Declared<'a>,
    outer: Outer,
    /// The user may do everything.
    unrestricted: bool,
    wrote: bool,
    seen: Option<Seen>,
}

/// Who calls, and what.
pub(super) struct Caller<'a> {
    pub(super) session: &'a mut Session,
    pub(super) core: &'a Core,
    pub(super) function: &'a Function,
    pub(super) request: Args<'a>,
    pub(super) key_count: usize,
}

/// What of the session is otherwise while a function runs.
struct Outer {
    protocol: Protocol,
    reply_mode: ReplyMode,
    denies_waiting: bool,
}

/// Declared keys up to which one is looked for by comparing with each.
const FEW_KEYS: usize = 4;

/// The keys that a call declares.
enum Declared<'a> {
    Few(ArrayVec<Key<'a>, FEW_KEYS>),
    /// By hash.
    Many(Vec<Key<'a>>),
}

impl<'a> Declared<'a> {
    fn new(keys: impl ExactSizeIterator<Item = Key<'a>>) -> Self {
        if keys.len() <= FEW_KEYS {
            return Declared::Few(keys.collect());
        }
        let mut keys: Vec<Key<'a>> = keys.collect();
        keys.sort_unstable_by_key(|key| key.hash);
        Declared::Many(keys)
    }
}

impl<'a, 'k> FunctionHost<'a, 'k> {
    /// A host for one call.
    #[inline]
    pub(super) fn new(caller: Caller<'a>, ctx: &'a mut Ctx<'k>) -> Self {
        let Caller {
            session,
            core,
            function,
            request,
            key_count,
        } = caller;
        let indices = FIRST_KEY..FIRST_KEY + key_count;
        let declared = Declared::new(indices.map(|index| ctx.keys.arg(request, index)));
        let outer = Outer {
            protocol: session.protocol,
            reply_mode: std::mem::take(&mut session.reply_mode),
            denies_waiting: std::mem::replace(&mut session.denies_waiting, true),
        };
        session.in_script = true;
        FunctionHost {
            tenant: Rc::clone(&session.tenant),
            unrestricted: session.access.is_unrestricted(),
            session,
            core,
            ctx,
            function,
            request,
            declared,
            outer,
            wrote: false,
            seen: None,
        }
    }

    /// The key, if it was declared.
    fn declared(&self, key: &[u8]) -> Result<Key<'a>, Denied> {
        let found = match &self.declared {
            Declared::Few(known) => known.iter().find(|known| known.bytes == key),
            Declared::Many(known) => {
                let hash = self.ctx.keys.key(key).hash;
                let from = known.partition_point(|known| known.hash < hash);
                let alike = known[from..].iter();
                alike
                    .take_while(|known| known.hash == hash)
                    .find(|known| known.bytes == key)
            }
        };
        found.copied().ok_or(Denied::Undeclared)
    }

    fn is_read_only(&self) -> bool {
        self.function.flags.contains(FunctionFlags::NO_WRITES)
    }

    /// Whether there is no memory for more.
    fn is_out_of_memory(&self) -> bool {
        let memory = &self.tenant.memory;
        memory.is_set()
            && !self.function.flags.contains(FunctionFlags::ALLOW_OOM)
            && memory.is_far_exceeded()
    }

    /// Whether the user may do to a key what `command` does.
    #[cold]
    fn user_may(&self, command: &str, key: &[u8]) -> bool {
        let Some(command) = self.core.server.registry.find(command.as_bytes()) else {
            return false;
        };
        let request = [command.spec.name.as_bytes(), key];
        let args = Args::from_slices(&request);
        let permitted = self.session.permits(self.core, command, args, Context::Lua);
        permitted.is_ok()
    }

    /// Lets the client be told when a key that was read here changes.
    #[cold]
    fn remember(&mut self, command: &str, key: Key<'_>) {
        if let Some(command) = self.core.server.registry.find(command.as_bytes()) {
            let request = [command.spec.name.as_bytes(), key.bytes];
            let args = Args::from_slices(&request);
            let mut keys = self.ctx.keys.only(key.shard);
            self.session.note_reads(self.core, command, &mut keys, args);
        }
    }

    /// The command of a request that may run.
    fn checked(&self, args: Args<'_>) -> Result<&'a Command, CommandError> {
        let registry = &self.core.server.registry;
        let named = args.try_get(0).and_then(|name| registry.find(name));
        let mut command = named.ok_or(UNKNOWN)?;
        if let Some(sub) = args.try_get(1)
            && !command.subcommands.is_empty()
        {
            command = registry.find_sub(command, sub).ok_or(UNKNOWN)?;
        }
        let flags = command.spec.flags;
        if !command.spec.arity_allows(args.len()) {
            return Err(WRONG_ARITY);
        }
        if flags.contains(Flags::NOSCRIPT) || command.spec.routing != Routing::Keys {
            return Err(NOT_FROM_SCRIPT);
        }
        if !self.unrestricted
            && let Err(denial) = self.session.permits(self.core, command, args, Context::Lua)
        {
            return Err(denial.error(command));
        }
        if flags.contains(Flags::WRITE) && self.is_read_only() {
            return Err(READ_ONLY);
        }
        if flags.contains(Flags::DENYOOM) && self.is_out_of_memory() {
            return Err(OOM);
        }
        let mut undeclared = false;
        let found = key_positions(command.spec, args, |index, flags| {
            undeclared |=
                !flags.contains(KeyFlags::NOT_KEY) && self.declared(args.get(index)).is_err();
        });
        match undeclared || found.is_err() {
            true => Err(UNDECLARED),
            false => Ok(command),
        }
    }

    fn run(
        &mut self,
        args: Args<'_>,
        protocol: Protocol,
        out: &mut OutputBuffer,
    ) -> Result<(), CommandError> {
        let command = self.checked(args)?;
        self.wrote |= command.spec.flags.contains(Flags::WRITE);
        let core = self.core;
        match command.run {
            Run::Data(_) => {
                let mark = out.mark();
                let mut ctx = Ctx {
                    keys: self.ctx.keys.reborrow(),
                    reply: ReplyWriter::new(out, protocol),
                    config: self.ctx.config,
                    now_ms: self.ctx.now_ms,
                    seed: core.server.seed,
                    rng: &mut core.fork_rng(),
                    patience: Patience::Never,
                };
                self.session.run_data(core, command, &mut ctx, args, mark);
                if self.session.tracking.is_some() {
                    self.session.note_reads(core, command, &mut ctx.keys, args);
                }
            }
            Run::Server(_) => {
                self.session.protocol = protocol;
                let keys = Some(self.ctx.keys.reborrow());
                self.session
                    .run_server(core, command, args, keys, self.ctx.now_ms, out);
                self.session.protocol = self.outer.protocol;
            }
        }
        Ok(())
    }
}

impl Host for FunctionHost<'_, '_> {
    fn call(&mut self, args: &[&[u8]], protocol: Protocol, out: &mut OutputBuffer) {
        if let Err(error) = self.run(Args::from_slices(args), protocol, out) {
            self.core.stats().count_error(&error);
            error.reply(&mut ReplyWriter::new(out, protocol));
        }
    }

    fn call_at_once(&mut self, args: &[&[u8]], protocol: Protocol, out: &mut OutputBuffer) {
        holding_breath(|| self.call(args, protocol, out));
    }

    #[inline]
    fn data(
        &mut self,
        command: &'static str,
        intent: Intent,
        key: &[u8],
        work: &mut dyn FnMut(&mut Ctx<'_>, Key<'_>),
    ) -> Result<(), Denied> {
        if intent != Intent::Read && self.is_read_only() {
            return Err(Denied::Forbidden);
        }
        let key = self.declared(key)?;
        if !self.unrestricted && !self.user_may(command, key.bytes) {
            return Err(Denied::Forbidden);
        }
        if intent == Intent::Grow && self.is_out_of_memory() {
            return Err(Denied::OutOfMemory);
        }
        self.wrote |= intent != Intent::Read;
        work(self.ctx, key);
        if intent == Intent::Read && self.session.tracking.is_some() {
            self.remember(command, key);
        }
        Ok(())
    }

    fn breathe(&mut self) -> Pulse {
        let seen = self.seen.get_or_insert_with(|| {
            Seen::enter(Rc::clone(&self.tenant), &self.function.name, self.request)
        });
        if seen.look(self.wrote) {
            return Pulse::Killed;
        }
        breathe_at_tick();
        match self.session.client.killed.load(Relaxed) && !self.wrote {
            true => Pulse::Killed,
            false => Pulse::Alive,
        }
    }

    fn now_ms(&self) -> u64 {
        self.ctx.now_ms
    }

    fn random(&mut self) -> u64 {
        self.core.rng.borrow_mut().next_u64()
    }

    fn log_level(&self) -> LogLevel {
        self.core.settings().loglevel.into()
    }

    fn log(&mut self, level: LogLevel, text: &[u8]) {
        level.write(Some(&self.function.name), text);
    }

    fn permits(&self, args: &[&[u8]]) -> Option<bool> {
        let args = Args::from_slices(args);
        let registry = &self.core.server.registry;
        let command = registry.find(args.try_get(0)?)?;
        let permitted = self.session.permits(self.core, command, args, Context::Lua);
        Some(self.unrestricted || permitted.is_ok())
    }
}

impl Drop for FunctionHost<'_, '_> {
    fn drop(&mut self) {
        self.session.protocol = self.outer.protocol;
        self.session.reply_mode = self.outer.reply_mode;
        self.session.denies_waiting = self.outer.denies_waiting;
        self.session.in_script = false;
    }
}
