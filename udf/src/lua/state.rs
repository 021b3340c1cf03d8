//! One Lua state: made, given scripts to compile, and run.

use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::fmt;
use std::ops::Range;
use std::panic::resume_unwind;
use std::ptr::{self, NonNull};

use mlua_sys as ffi;
use resp::{Args, OutputBuffer, Protocol, ReplyWriter};

use super::context::{Context, MemoryAccount, allocate};
use super::error::{handler_native, tell, trim};
use super::frame::{Frame, Kind};
use super::hook::set_hook;
use super::result::write_result;
use super::sandbox::{Dialect, REAL_GLOBALS, furnish};
use super::source::load_pieces;
use crate::{Host, Pulse};

/// What stays at the bottom of the stack of a state, by index.
const GLOBALS: c_int = 1;
const HANDLER: c_int = 2;
const KEYS: List = List { name: 3, table: 4 };
const ARGV: List = List { name: 5, table: 6 };
/// All of that.
pub(super) const BOTTOM: c_int = 6;

/// Elements of a list that is used for the next script too, if this one leaves it as it was. Looking takes as long as there are elements.
const REUSED_LEN_MAX: usize = 4;

/// Where the name of a list of parameters is, and the list.
#[derive(Clone, Copy)]
struct List {
    name: c_int,
    table: c_int,
}

/// What a state may keep of what it does not need any more, at least; and how many times what it needs.
const GARBAGE_BYTES: usize = 8 << 20;
const GARBAGE_SHARE: usize = 2;

/// Bytes of an error that is no error table's that clients are shown.
const SHOWN_MAX: usize = 100;

/// A script as compiled in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk(c_int);

/// Why a text is no script: Lua's message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", String::from_utf8_lossy(.0))]
pub struct CompileError(pub Box<[u8]>);

/// A call of a script.
pub struct Call<'a> {
    /// What the error messages call it.
    pub name: &'a [u8],
    /// Keys, then arguments.
    pub params: Args<'a>,
    /// How many of them are keys.
    pub keys: usize,
}

/// A Lua state with everything that scripts may use, and nothing else.
pub struct State {
    raw: NonNull<ffi::lua_State>,
    context: Box<Context>,
    /// Bytes above which garbage is collected between two calls.
    tolerated: Cell<usize>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "State({} bytes)", self.context.used_bytes())
    }
}

impl State {
    /// A new state whose memory is written to `account`, which is nobody else's. `pulse` is called now and then while something takes long and no
    /// host is there to ask.
    ///
    /// # Panics
    /// Where there is no memory for it.
    pub fn new(dialect: Dialect, account: MemoryAccount, pulse: fn() -> Pulse) -> Self {
        let context = Box::new(Context::new(account, pulse));
        // SAFETY: the context is boxed, so it stays where it is, and is dropped after the state has been closed.
        let raw =
            unsafe { ffi::lua_newstate(allocate, ptr::from_ref(&*context).cast_mut().cast()) };
        let state = State {
            raw: NonNull::new(raw).expect("there is memory for an empty Lua state"),
            context,
            tolerated: Cell::new(GARBAGE_BYTES),
        };
        // SAFETY: the state was just made.
        unsafe { ffi::lua_atpanic(raw, on_panic) };
        let frame = state.frame();
        furnish(frame, dialect);
        frame.set_top(0);
        frame.field(ffi::LUA_REGISTRYINDEX, REAL_GLOBALS);
        frame.push_function(handler_native);
        for name in [b"KEYS", b"ARGV"] {
            frame.push_bytes(name);
            frame.push_nil();
        }
        set_hook(frame);
        state
    }

    /// Refuses memory beyond so many bytes from now on: what runs then gets an error.
    #[inline]
    pub fn set_memory_limit(&self, bytes: usize) {
        self.context.set_limit(bytes);
    }

    /// Frees what nobody can reach any more after a call that left much: others may have turns meanwhile, and the memory is the tenant's again.
    #[cold]
    fn collect_garbage(&self) {
        self.frame().collect_garbage();
        let needed = self.context.used_bytes();
        self.tolerated
            .set(GARBAGE_BYTES.max(needed.saturating_mul(GARBAGE_SHARE)));
    }

    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    pub(super) fn frame(&self) -> Frame<'_> {
        // SAFETY: the state is this one's own, and nothing runs on it while it is borrowed here.
        unsafe { Frame::new(self.raw.as_ptr()) }
    }

    /// Compiles a script.
    ///
    /// # Errors
    /// Lua's message.
    pub fn compile(&mut self, text: &[u8]) -> Result<Chunk, CompileError> {
        let frame = self.frame();
        compile_text(frame, text, c"@user_script")?;
        // SAFETY: the function is on top; the registry is the engine's.
        Ok(Chunk(unsafe {
            ffi::luaL_ref(frame.raw(), ffi::LUA_REGISTRYINDEX)
        }))
    }

    /// Runs a script and writes its reply, or its error, to `out`.
    ///
    /// # Panics
    /// Goes on with the panic of a command that the script called.
    pub fn run(
        &mut self,
        chunk: Chunk,
        call: &Call<'_>,
        host: &mut dyn Host,
        protocol: Protocol,
        out: &mut OutputBuffer,
    ) {
        let frame = self.frame();
        KEYS.fill(frame, call.params, 0..call.keys);
        ARGV.fill(frame, call.params, call.keys..call.params.len());
        frame.raw_get_at(ffi::LUA_REGISTRYINDEX, chunk.0);
        self.call_pushed(0, call.name, host, protocol, out);
    }

    /// Calls the function that was pushed, and after it so many arguments. Writes its reply, or its error, to `out`.
    pub(super) fn call_pushed(
        &self,
        args: c_int,
        name: &[u8],
        host: &mut dyn Host,
        protocol: Protocol,
        out: &mut OutputBuffer,
    ) {
        let (frame, context) = (self.frame(), self.context());
        // SAFETY: the caller has pushed the function and its arguments; the handler is where it always is.
        let run = || unsafe { ffi::lua_pcall(frame.raw(), args, 1, HANDLER) };
        let status = context.with_host(host, || context.limited(run));
        if context.is_killed.get() {
            set_hook(frame);
        }
        if let Some(panic) = context.panic.take() {
            frame.set_top(BOTTOM);
            resume_unwind(panic);
        }
        let mut reply = ReplyWriter::new(out, protocol);
        match status {
            ffi::LUA_OK => write_result(frame, &mut reply, |text, counted| {
                host.note_error(text, counted)
            }),
            _ => write_failure(frame, name, &mut reply, host),
        }
        frame.set_top(BOTTOM);
        if context.used_bytes() > self.tolerated.get() {
            self.collect_garbage();
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: nothing runs on it; the context is still there.
        unsafe { ffi::lua_close(self.raw.as_ptr()) }
    }
}

/// Compiles a text and pushes the function.
pub(super) fn compile_text(frame: Frame<'_>, text: &[u8], name: &CStr) -> Result<(), CompileError> {
    if text.first() == ffi::LUA_SIGNATURE.first() {
        return Err(CompileError(b"compiled chunks are not accepted"[..].into()));
    }
    if load_pieces(frame, text, name) == ffi::LUA_OK {
        return Ok(());
    }
    let message = frame.bytes(-1).unwrap_or_default().into();
    frame.pop(1);
    Err(CompileError(message))
}

impl List {
    /// Puts parameters in, and nothing else.
    fn fill(self, frame: Frame<'_>, params: Args<'_>, range: Range<usize>) {
        let Some(had) = self.reusable_len(frame) else {
            push_list(frame, params, range);
            frame.replace(self.table);
            frame.push_copy(self.name);
            frame.push_copy(self.table);
            return frame.raw_set(GLOBALS);
        };
        let len = range.len();
        for (n, index) in (1..).zip(range) {
            frame.push_bytes(params.get(index));
            frame.raw_set_at(self.table, n);
        }
        for n in len..had {
            frame.push_nil();
            frame.raw_set_at(self.table, n as c_int + 1);
        }
    }

    /// The elements of the list that is there, if it is what this made: a few elements in order, no more, and no metatable.
    fn reusable_len(self, frame: Frame<'_>) -> Option<usize> {
        if frame.kind(self.table) != Kind::Table {
            return None;
        }
        if frame.metatable(self.table) {
            frame.pop(1);
            return None;
        }
        frame.push_nil();
        let mut len = 0;
        while frame.next(self.table) {
            frame.pop(1);
            len += 1;
            let is_element = frame.kind(-1) == Kind::Number && frame.number(-1) == len as f64;
            if len > REUSED_LEN_MAX || !is_element {
                frame.pop(1);
                return None;
            }
        }
        Some(len)
    }
}

/// Pushes a list of parameters.
pub(super) fn push_list(frame: Frame<'_>, params: Args<'_>, range: Range<usize>) {
    frame.push_table(range.len() as c_int, 0);
    for (n, index) in (1..).zip(range) {
        frame.push_bytes(params.get(index));
        frame.raw_set_at(-2, n);
    }
}

/// Answers with the error on top of the stack.
fn write_failure(frame: Frame<'_>, name: &[u8], reply: &mut ReplyWriter<'_>, host: &mut dyn Host) {
    frame.context().with_buffer(|text| {
        let counted = match frame.kind(-1) {
            Kind::Table => tell(frame, -1, Some(name), text).counted,
            _ => {
                let shown = frame.bytes(-1).unwrap_or(b"execution failure");
                text.extend_from_slice(b"ERR Error running script ");
                text.extend_from_slice(name);
                text.extend_from_slice(b", ");
                text.extend_from_slice(&shown[..shown.len().min(SHOWN_MAX)]);
                false
            }
        };
        let line = trim(text);
        host.note_error(line, counted);
        reply.error_bytes(line);
    });
}

/// An error outside of every protected call: only memory that was refused ends here.
unsafe extern "C-unwind" fn on_panic(_: *mut ffi::lua_State) -> c_int {
    tracing::error!("Lua ran out of memory where it cannot be told");
    std::process::abort()
}

#[cfg(test)]
#[path = "state_tests.rs"]
pub(super) mod tests;
