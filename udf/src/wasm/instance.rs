//! An instance of a module, and how it is driven through one call.
//!
//! At every tick of the clock guest code stops for a moment: the host may let others use the core, the function may be killed, and its time may be
//! over. Mostly it runs on its caller's stack, see [`super::direct`]; when that is not possible, on one of its own that wasmtime keeps with the
//! store, and yields at every tick.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use resp::OutputBuffer;
use wasmtime::{Memory, Store, StoreLimitsBuilder, Trap, TypedFunc, UpdateDeadline};

use super::clock::Clock;
use super::direct;
use super::guest::{Guest, Stop, View};
use super::hint::with_hint;
use super::lent::Loan;
use super::limits::{PAGE_BYTES, TABLE_ELEMENTS_MAX, TABLES_MAX};
use super::program::Code;
use super::turns::Turns;
use crate::{Call, CallError, Host, Instance, Pulse};

/// The signature of functions: where the arguments are, how many of them keys, how many others.
pub(super) type Entry = TypedFunc<(u32, u32, u32), i32>;

/// What a function answers when all went well.
const OK: i32 = 0;
/// It has set its error, or asks for one to be passed on.
const FAILED: i32 = -1;
/// It does not take that many arguments.
const WRONG_ARITY: i32 = -2;

/// A module in memory.
pub(super) struct WasmInstance {
    code: Arc<Code>,
    store: Store<Guest>,
    memory: Memory,
    entries: Vec<Entry>,
    arena: Arena,
}

/// Where arguments are put.
struct Arena {
    at: u32,
    bytes: u32,
    /// Gives a larger one.
    alloc: Option<TypedFunc<u32, u32>>,
}

impl WasmInstance {
    /// Starts a module; `names` are the functions that will be called. `pulse` is asked at every tick of its start.
    pub(super) fn start<'n>(
        code: &Arc<Code>,
        names: impl Iterator<Item = &'n str>,
        pulse: fn() -> Pulse,
    ) -> Result<Self, String> {
        let mut store = code.new_store();
        let instance = code.instantiate(&mut store, pulse)?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .ok_or("the module exports no memory named 'memory'")?;
        store.data_mut().memory = Some(memory);
        let entries = names
            .map(|name| {
                instance.get_typed_func(&mut store, name).map_err(|_| {
                    format!(
                        "the module exports no function '{name}' of type (i32, i32, i32) -> i32"
                    )
                })
            })
            .collect::<Result<_, _>>()?;
        let alloc = instance
            .get_typed_func::<u32, u32>(&mut store, "redox_alloc")
            .ok();
        let mut arena = Arena {
            at: 0,
            bytes: 0,
            alloc,
        };
        if arena.alloc.is_none() {
            arena.at = memory.data_size(&store) as u32;
            memory
                .grow(&mut store, 1)
                .map_err(|_| "wasm-memory-max has no room for a page of arguments")?;
            arena.bytes = PAGE_BYTES as u32;
        }
        Ok(WasmInstance {
            code: Arc::clone(code),
            store,
            memory,
            entries,
            arena,
        })
    }

    /// Puts the arguments into the arena: pointers and lengths, then the bytes; where that is.
    fn pass(&mut self, call: &Call<'_>, loan: &mut Loan<'_>) -> wasmtime::Result<u32> {
        let bytes = |words: &[&[u8]]| words.iter().map(|word| word.len()).sum::<usize>();
        let head = 8 * (call.keys.len() + call.args.len());
        let total = head + bytes(call.keys) + bytes(call.args);
        let wanted = u32::try_from(total).unwrap_or(u32::MAX);
        if wanted > self.arena.bytes {
            self.grow_arena(wanted, call.time_limit_ms, loan)?;
        }
        let mut view = View::of(self.memory.data_mut(&mut self.store));
        let at = self.arena.at;
        // No more than the arena holds, so it is no longer than 32 bits can say.
        let (pairs, mut room) = view.room((at, wanted))?.split_at_mut(head);
        let mut free = at.wrapping_add(head as u32);
        let (pairs, _) = pairs.as_chunks_mut::<8>();
        let (keys, args) = pairs.split_at_mut(call.keys.len());
        for (pairs, words) in [(keys, call.keys), (args, call.args)] {
            for (pair, word) in pairs.iter_mut().zip(words) {
                let len = word.len() as u32;
                // The address, then the length.
                *pair = (u64::from(len) << 32 | u64::from(free)).to_le_bytes();
                let (place, rest) = room.split_at_mut(word.len());
                place.copy_from_slice(word);
                room = rest;
                free = free.wrapping_add(len);
            }
        }
        Ok(at)
    }

    fn grow_arena(
        &mut self,
        wanted: u32,
        time_limit_ms: u64,
        loan: &mut Loan<'_>,
    ) -> wasmtime::Result<()> {
        let Some(alloc) = self.arena.alloc.clone() else {
            let kind = "its arguments do not fit a page: export redox_alloc";
            return Err(Stop::Trap(kind.into()).into());
        };
        let bytes = wanted
            .checked_next_power_of_two()
            .unwrap_or(wanted)
            .max(4096);
        let ran = alloc.call_async(&mut self.store, bytes);
        let at = drive(&self.code, time_limit_ms, || loan.host().breathe(), ran)?;
        let mut view = View::of(self.memory.data_mut(&mut self.store));
        view.apart([], (at, bytes))?;
        self.arena.at = at;
        self.arena.bytes = bytes;
        Ok(())
    }

    /// Runs the function with the host in place; its status.
    fn run(&mut self, call: &Call<'_>, loan: &mut Loan<'_>) -> wasmtime::Result<i32> {
        let at = self.pass(call, loan)?;
        let arguments = (at, call.keys.len() as u32, call.args.len() as u32);
        let entry = &self.entries[call.function];
        self.store.set_epoch_deadline(1);
        self.code.clock.keep_going();
        if let Some(_entered) = direct::enter() {
            self.store.data_mut().direct = Some(Turns::limited(call.time_limit_ms));
            let ended = entry.call(&mut self.store, arguments);
            self.store.data_mut().direct = None;
            return ended;
        }
        let ran = entry.call_async(&mut self.store, arguments);
        let breathe = || loan.host().breathe();
        drive(&self.code, call.time_limit_ms, breathe, ran)
    }
}

impl Instance for WasmInstance {
    fn call(
        &mut self,
        call: &Call<'_>,
        host: &mut dyn Host,
        out: &mut OutputBuffer,
    ) -> Result<(), CallError> {
        let mut loan = Loan::new(host);
        let guest = self.store.data_mut();
        guest.reply.begin(call.protocol);
        guest.lent.set(Some(&loan));
        let ended = self.run(call, &mut loan);
        let guest = self.store.data_mut();
        guest.lent.set(None);
        guest.replies.clear();
        let trapped = |kind: String| CallError::Trapped {
            function: self.code.names[call.function].clone(),
            kind: with_hint(kind),
        };
        match ended {
            Ok(OK | FAILED) => match guest.reply.finish(out) {
                Ok(None) if ended_with(&ended, FAILED) => {
                    Err(trapped("it fails without an error".into()))
                }
                Ok(None) => Ok(()),
                Ok(Some(error)) => Err(CallError::Error(error)),
                Err(stop) => Err(trapped(stop.to_string())),
            },
            Ok(WRONG_ARITY) => Err(CallError::Arity(self.code.names[call.function].clone())),
            Ok(status) => Err(trapped(format!("it returns the unknown status {status}"))),
            Err(error) => Err(match error.downcast::<Stop>() {
                Ok(Stop::Raised(text)) => CallError::Raised(text),
                Ok(Stop::TimeLimit) => {
                    trapped(format!("time limit of {} ms exceeded", call.time_limit_ms))
                }
                Ok(stop) => trapped(stop.to_string()),
                Err(error) => trapped(kind_of(&error)),
            }),
        }
    }

    fn used_bytes(&self) -> usize {
        self.memory.data_size(&self.store)
    }
}

fn ended_with(ended: &wasmtime::Result<i32>, status: i32) -> bool {
    matches!(ended, Ok(ended) if *ended == status)
}

/// What a wasmtime error is in few words.
pub(super) fn kind_of(error: &wasmtime::Error) -> String {
    match (error.downcast_ref::<Trap>(), error.downcast_ref::<Stop>()) {
        (Some(trap), _) => {
            let text = trap.to_string();
            text.strip_prefix("wasm trap: ").unwrap_or(&text).to_owned()
        }
        (None, Some(stop)) => stop.to_string(),
        (None, None) => super::text::one_line(&format!("{error:#}")),
    }
}

/// Polls guest code on a fiber to its end. Every time it yields the clock has ticked: then `pulse` says whether it goes on.
fn drive<R>(
    code: &Code,
    time_limit_ms: u64,
    mut pulse: impl FnMut() -> Pulse,
    ran: impl Future<Output = wasmtime::Result<R>>,
) -> wasmtime::Result<R> {
    let mut ran = pin!(ran);
    let mut context = Context::from_waker(Waker::noop());
    let mut turns = Turns::limited(time_limit_ms);
    loop {
        if let Poll::Ready(done) = ran.as_mut().poll(&mut context) {
            return done;
        }
        turns.tick(&code.clock, &mut pulse)?;
    }
}

/// What happens to guest code when the clock has ticked.
fn tick(clock: &Clock, guest: &mut Guest) -> wasmtime::Result<UpdateDeadline> {
    let Guest { direct, lent, .. } = guest;
    let Some(turns) = direct else {
        return Ok(UpdateDeadline::Yield(1));
    };
    turns.tick(clock, || {
        lent.host().map_or(Pulse::Alive, |host| host.breathe())
    })?;
    Ok(UpdateDeadline::Continue(1))
}

impl Code {
    /// A store for one instance.
    pub(super) fn new_store(&self) -> Store<Guest> {
        let limits = StoreLimitsBuilder::new()
            .memory_size(self.memory_bytes_max)
            .memories(1)
            .tables(TABLES_MAX)
            .table_elements(TABLE_ELEMENTS_MAX)
            .instances(1)
            .build();
        let mut store = Store::new(self.module.module().engine(), Guest::new(limits));
        store.limiter(|guest| &mut guest.limits);
        let clock = Arc::clone(&self.clock);
        store.epoch_deadline_callback(move |mut store| tick(&clock, store.data_mut()));
        store.set_epoch_deadline(1);
        store
    }

    /// Instantiates the module, its start function included, within [`START_LIMIT_MS`].
    pub(super) fn instantiate(
        &self,
        store: &mut Store<Guest>,
        pulse: fn() -> Pulse,
    ) -> Result<wasmtime::Instance, String> {
        self.clock.keep_going();
        let started = self.module.instantiate_async(store);
        drive(self, START_LIMIT_MS, pulse, started).map_err(|error| at_start(&error))
    }

    /// Calls an export that takes and gives nothing but a status.
    pub(super) fn call_hook(
        &self,
        store: &mut Store<Guest>,
        hook: &TypedFunc<(), i32>,
    ) -> Result<i32, String> {
        let ran = hook.call_async(store, ());
        drive(self, START_LIMIT_MS, || Pulse::Alive, ran).map_err(|error| at_start(&error))
    }
}

/// How long a library may take to start.
const START_LIMIT_MS: u64 = 100;

fn at_start(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<Stop>() {
        Some(Stop::TimeLimit) => format!("time limit of {START_LIMIT_MS} ms exceeded"),
        _ => kind_of(error),
    }
}
