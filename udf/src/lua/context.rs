//! What belongs to a state besides what Lua keeps in it: its memory's account and limit, the host of the function that runs, room to work in.
//!
//! # The limit
//!
//! Lua raises an error where memory is refused, which is a jump, and outside of protected calls ends the process. So memory is refused only while
//! Lua's own code runs, below a protected call ([`Context::limited`]). Native functions get what they ask for ([`Context::unlimited`]), look at the
//! limit now and then when they make much ([`Frame::step`](super::frame::Frame::step)), and pay at their end ([`Context::settle`]).

use std::any::Any;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use resp::{OutputBuffer, Protocol};

use mlua_sys as ffi;

use super::json::JsonConfig;
use super::random::Rand48;
use super::register::Registered;
use crate::{Host, Pulse};

/// How many bytes a state takes: others may read it.
pub type MemoryAccount = Arc<AtomicUsize>;

/// Steps of a native function, each some hundred nanoseconds of work, between two looks at the clock and at the limit.
const STEPS_PER_LOOK: u32 = 64;
/// Blocks that are freed between two looks at the clock.
const FREED_PER_LOOK: u32 = 256;

/// A buffer larger than this is not kept.
const BUFFER_BYTES_KEPT: usize = 1 << 20;

/// A state's belongings. It stays at one address, which is the user data of the state's allocator.
///
/// Everything is in cells: native functions, Lua's allocator and its hook all reach it through shared references.
pub(super) struct Context {
    account: MemoryAccount,
    /// What the state may take.
    limit: Cell<usize>,
    /// What it may take at the moment.
    ceiling: Cell<usize>,
    /// Lets others have a turn where no host does; what is called may stand still for a while.
    pulse: fn() -> Pulse,
    /// Much is being freed, by nobody who could not stand still: that many blocks so far.
    freed: Cell<Option<u32>>,
    steps: Cell<u32>,
    /// The host of the function that runs.
    host: Cell<Option<NonNull<dyn Host>>>,
    /// The protocol in which replies are asked for.
    pub(super) protocol: Cell<Protocol>,
    /// The function that runs was killed; it gets no further.
    pub(super) is_killed: Cell<bool>,
    /// A command panicked within Lua; the panic goes on when Lua has been left.
    pub(super) panic: Cell<Option<Box<dyn Any + Send>>>,
    /// What the library that is being loaded has registered.
    pub(super) registered: Cell<Option<Vec<Registered>>>,
    /// When what runs must have ended.
    pub(super) deadline: Cell<Option<Instant>>,
    pub(super) random: Cell<Rand48>,
    pub(super) json: JsonConfig,
    /// Room for texts that functions build.
    buffer: Cell<Vec<u8>>,
    /// Room for replies of commands.
    pub(super) reply: Cell<OutputBuffer>,
    /// Room for arguments of commands. The lifetime is not what it says: it is emptied where it was filled.
    pub(super) args: Cell<Vec<&'static [u8]>>,
    /// Room for numbers among them.
    pub(super) digits: Cell<Vec<u8>>,
}

impl Context {
    pub(super) fn new(account: MemoryAccount, pulse: fn() -> Pulse) -> Self {
        Context {
            account,
            limit: Cell::new(usize::MAX),
            ceiling: Cell::new(usize::MAX),
            pulse,
            freed: Cell::new(None),
            steps: Cell::new(0),
            host: Cell::new(None),
            protocol: Cell::new(Protocol::Resp2),
            is_killed: Cell::new(false),
            panic: Cell::new(None),
            registered: Cell::new(None),
            deadline: Cell::new(None),
            random: Cell::default(),
            json: JsonConfig::default(),
            buffer: Cell::default(),
            reply: Cell::default(),
            args: Cell::default(),
            digits: Cell::default(),
        }
    }

    /// Lets the functions that `work` runs reach `host`.
    pub(super) fn with_host<R>(&self, host: &mut dyn Host, work: impl FnOnce() -> R) -> R {
        let host: NonNull<dyn Host + '_> = NonNull::from(host);
        // SAFETY: only the lifetime changes. The pointer is taken away below, before the borrow that it came from ends; `work` cannot unwind past
        // that, as it is Lua under `lua_pcall`, and native functions do not panic through Lua.
        let host =
            unsafe { std::mem::transmute::<NonNull<dyn Host + '_>, NonNull<dyn Host>>(host) };
        self.host.set(Some(host));
        self.protocol.set(Protocol::Resp2);
        self.is_killed.set(false);
        let result = work();
        self.host.set(None);
        result
    }

    /// Asks the host, if a function is running.
    #[inline]
    pub(super) fn host<R>(&self, ask: impl FnOnce(&mut dyn Host) -> R) -> Option<R> {
        let mut host = self.host.get()?;
        // SAFETY: it is there only while `with_host` holds the borrow. Hosts are asked one question at a time: none of them runs Lua.
        Some(ask(unsafe { host.as_mut() }))
    }

    /// Whether a function is running.
    #[inline]
    pub(super) fn has_host(&self) -> bool {
        self.host.get().is_some()
    }

    /// Lets others have a turn if it is time. Whether what runs may go on.
    pub(super) fn breathe(&self) -> Pulse {
        self.host(|host| host.breathe())
            .unwrap_or_else(|| (self.pulse)())
    }

    /// What the state may take from now on.
    #[inline]
    pub(super) fn set_limit(&self, bytes: usize) {
        self.limit.set(bytes);
    }

    /// Runs Lua's own code: an error for want of memory ends it, and `work` is what catches that.
    #[inline]
    pub(super) fn limited<R>(&self, work: impl FnOnce() -> R) -> R {
        let outer = self.ceiling.replace(self.limit.get());
        let result = work();
        self.ceiling.set(outer);
        result
    }

    /// Runs a native function, which no error of Lua's may end.
    #[inline]
    pub(super) fn unlimited<R>(&self, work: impl FnOnce() -> R) -> R {
        let outer = self.ceiling.replace(usize::MAX);
        let result = work();
        self.ceiling.set(outer);
        result
    }

    /// Whether the state takes more than it may at the moment.
    #[inline]
    fn is_over(&self) -> bool {
        self.account.load(Relaxed) > self.ceiling.get()
    }

    /// The end of a native function: raises Lua's own error for want of memory if the state takes too much.
    ///
    /// # Safety
    /// No frame between here and Lua's catch holds a value with a destructor; there is a free slot.
    #[inline]
    pub(super) unsafe fn settle(&self, raw: *mut ffi::lua_State) {
        if self.is_over() {
            // SAFETY: as the caller promises. The collector gets its chance; if that is not enough, the block is refused, and that raises the error.
            unsafe {
                ffi::lua_newuserdata(raw, 1);
                ffi::lua_pop(raw, 1);
            }
        }
    }

    /// Counts a step of a native function; whether it is time to look at the clock and at the limit.
    #[inline]
    pub(super) fn step(&self) -> bool {
        let steps = self.steps.get().wrapping_add(1);
        self.steps.set(steps);
        steps.is_multiple_of(STEPS_PER_LOOK)
    }

    /// Whether the state has room for so many bytes.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.used_bytes().saturating_add(bytes) <= self.limit.get()
    }

    /// Runs what frees much, pausing in between. Nothing of Rust's may be borrowed that others of this thread use.
    pub(super) fn freeing<R>(&self, work: impl FnOnce() -> R) -> R {
        self.freed.set(Some(0));
        let result = work();
        self.freed.set(None);
        result
    }

    #[inline]
    fn note_freed(&self) {
        if let Some(freed) = self.freed.get() {
            self.freed.set(Some(freed.wrapping_add(1)));
            if freed.is_multiple_of(FREED_PER_LOOK) {
                // Who frees is past being killed.
                let _ = (self.pulse)();
            }
        }
    }

    /// Lends the room for texts, which is empty and used again unless it grows out of all proportion.
    pub(super) fn with_buffer<R>(&self, work: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        let mut buffer = self.buffer.take();
        buffer.clear();
        let result = work(&mut buffer);
        if buffer.capacity() <= BUFFER_BYTES_KEPT {
            self.buffer.set(buffer);
        }
        result
    }

    /// The bytes that the state's memory takes.
    pub(super) fn used_bytes(&self) -> usize {
        self.account.load(Relaxed)
    }

    /// What the state would take with a block of `new` bytes in place of one of `old`; none when that is too much.
    #[inline]
    fn used_with(&self, old: usize, new: usize) -> Option<usize> {
        let used = self.account.load(Relaxed).wrapping_add(new);
        let used = used.wrapping_sub(old);
        (new <= old || used <= self.ceiling.get()).then_some(used)
    }

    /// Only the state's own thread writes.
    #[inline]
    fn charge(&self, used: usize) {
        self.account.store(used, Relaxed);
    }
}

/// Alignment that Lua expects of a block.
const ALIGN: usize = 8;

/// Lua's allocator: the process's, with an account.
///
/// # Safety
/// As `lua_Alloc` says: `user` is the state's [`Context`], `block` came from here with `old` bytes or is null.
pub(super) unsafe extern "C" fn allocate(
    user: *mut c_void,
    block: *mut c_void,
    old: usize,
    new: usize,
) -> *mut c_void {
    use std::alloc::{Layout, alloc, dealloc, realloc};
    // SAFETY: the context outlives the state.
    let context = unsafe { &*user.cast::<Context>() };
    let old = if block.is_null() { 0 } else { old };
    let layout = |bytes| Layout::from_size_align(bytes, ALIGN).ok();
    let Some((had, wanted)) = layout(old).zip(layout(new)) else {
        return std::ptr::null_mut();
    };
    let Some(used) = context.used_with(old, new) else {
        return std::ptr::null_mut();
    };
    // SAFETY: blocks of 0 bytes are never made, others are given back with the layout they were made with.
    let given = unsafe {
        match (old, new) {
            (_, 0) => {
                if old != 0 {
                    dealloc(block.cast(), had);
                    context.note_freed();
                }
                std::ptr::null_mut()
            }
            (0, _) => alloc(wanted),
            _ => realloc(block.cast(), had, new),
        }
    };
    if new == 0 || !given.is_null() {
        context.charge(used);
    }
    given.cast()
}
