//! An instance of a module, and how it is driven through one call.
//!
//! Guest code runs on a stack of its own that wasmtime keeps with the store. It yields at every tick of the clock; between two turns the host may let
//! others use the core, the function may be killed, and its time may be over.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use resp::OutputBuffer;
use wasmtime::{Memory, Store, StoreLimitsBuilder, Trap, TypedFunc};

use super::guest::{Guest, Stop, View};
use super::hint::with_hint;
use super::lent::Loan;
use super::limits::{PAGE_BYTES, TABLE_ELEMENTS_MAX, TABLES_MAX};
use super::program::Code;
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

/// How a turn of guest code ended before its time.
enum End {
    Failed(wasmtime::Error),
    TimeLimit,
    Killed,
}

impl WasmInstance {
    /// Starts a module; `names` are the functions that will be called.
    pub(super) fn start<'n>(
        code: &Arc<Code>,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<Self, String> {
        let mut store = code.new_store();
        let instance = code.instantiate(&mut store)?;
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
    fn pass(&mut self, call: &Call<'_>, loan: &mut Loan<'_>) -> Result<u32, End> {
        let words = || call.keys.iter().chain(call.args);
        let head = 8 * (call.keys.len() + call.args.len());
        let total = head + words().map(|word| word.len()).sum::<usize>();
        let wanted = u32::try_from(total).unwrap_or(u32::MAX);
        if wanted > self.arena.bytes {
            self.grow_arena(wanted, call.time_limit_ms, loan)?;
        }
        let mut view = View::of(self.memory.data_mut(&mut self.store));
        let at = self.arena.at;
        let (mut pair, mut free) = (at, at.wrapping_add(head as u32));
        for word in words() {
            let len = word.len() as u32;
            let (to, size) = (free.to_le_bytes(), len.to_le_bytes());
            let place = [
                to[0], to[1], to[2], to[3], size[0], size[1], size[2], size[3],
            ];
            view.write(pair, &place)?;
            view.write(free, word)?;
            pair += 8;
            free += len;
        }
        Ok(at)
    }

    fn grow_arena(
        &mut self,
        wanted: u32,
        time_limit_ms: u64,
        loan: &mut Loan<'_>,
    ) -> Result<(), End> {
        let Some(alloc) = self.arena.alloc.clone() else {
            return Err(
                Stop::Trap("its arguments do not fit a page: export redox_alloc".into()).into(),
            );
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
    fn run(&mut self, call: &Call<'_>, loan: &mut Loan<'_>) -> Result<i32, End> {
        let at = self.pass(call, loan)?;
        let counts = (call.keys.len() as u32, call.args.len() as u32);
        let entry = &self.entries[call.function];
        self.store.set_epoch_deadline(1);
        self.code.clock.keep_going();
        let ran = entry.call_async(&mut self.store, (at, counts.0, counts.1));
        drive(
            &self.code,
            call.time_limit_ms,
            || loan.host().breathe(),
            ran,
        )
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
            Err(End::TimeLimit) => Err(trapped(format!(
                "time limit of {} ms exceeded",
                call.time_limit_ms
            ))),
            Err(End::Killed) => Err(trapped("killed by FUNCTION KILL".into())),
            Err(End::Failed(error)) => Err(match error.downcast::<Stop>() {
                Ok(Stop::Raised(text)) => CallError::Raised(text),
                Ok(Stop::Trap(kind)) => trapped(kind.into()),
                Err(error) => trapped(kind_of(&error)),
            }),
        }
    }

    fn used_bytes(&self) -> usize {
        self.memory.data_size(&self.store)
    }
}

fn ended_with(ended: &Result<i32, End>, status: i32) -> bool {
    matches!(ended, Ok(ended) if *ended == status)
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        End::Failed(wasmtime::Error::new(stop))
    }
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

/// Polls guest code to its end. Every time it yields the clock has ticked: then `pulse` says whether it goes on.
fn drive<R>(
    code: &Code,
    time_limit_ms: u64,
    mut pulse: impl FnMut() -> Pulse,
    ran: impl Future<Output = wasmtime::Result<R>>,
) -> Result<R, End> {
    let mut ran = pin!(ran);
    let mut context = Context::from_waker(Waker::noop());
    // Time is counted from the first tick, so that a call which sees none reads no clock.
    let mut run_time = Duration::ZERO;
    let mut resumed: Option<Instant> = None;
    loop {
        if let Poll::Ready(done) = ran.as_mut().poll(&mut context) {
            return done.map_err(End::Failed);
        }
        code.clock.keep_going();
        let now = Instant::now();
        run_time += resumed.map_or(Duration::ZERO, |resumed| now - resumed);
        if time_limit_ms > 0 && run_time >= Duration::from_millis(time_limit_ms) {
            return Err(End::TimeLimit);
        }
        if pulse() == Pulse::Killed {
            return Err(End::Killed);
        }
        resumed = Some(Instant::now());
    }
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
        store.epoch_deadline_async_yield_and_update(1);
        store.set_epoch_deadline(1);
        store
    }

    /// Instantiates the module, its start function included, within [`START_LIMIT_MS`].
    pub(super) fn instantiate(
        &self,
        store: &mut Store<Guest>,
    ) -> Result<wasmtime::Instance, String> {
        self.clock.keep_going();
        let started = self.module.instantiate_async(store);
        drive(self, START_LIMIT_MS, || Pulse::Alive, started).map_err(|end| end.at_start())
    }

    /// Calls an export that takes and gives nothing but a status.
    pub(super) fn call_hook(
        &self,
        store: &mut Store<Guest>,
        hook: &TypedFunc<(), i32>,
    ) -> Result<i32, String> {
        let ran = hook.call_async(store, ());
        drive(self, START_LIMIT_MS, || Pulse::Alive, ran).map_err(|end| end.at_start())
    }
}

/// How long a library may take to start.
const START_LIMIT_MS: u64 = 100;

impl End {
    fn at_start(&self) -> String {
        match self {
            End::Failed(error) => kind_of(error),
            End::TimeLimit => format!("time limit of {START_LIMIT_MS} ms exceeded"),
            End::Killed => "killed".into(),
        }
    }
}
