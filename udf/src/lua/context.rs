//! What belongs to a state besides what Lua keeps in it: its memory's account, the host of the function that runs, room to work in.

use std::any::Any;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use resp::{OutputBuffer, Protocol};

use super::json::JsonConfig;
use super::random::Rand48;
use super::register::Registered;
use crate::Host;

/// How many bytes a state takes: others may read it.
pub type MemoryAccount = Arc<AtomicUsize>;

/// A buffer larger than this is not kept.
const BUFFER_BYTES_KEPT: usize = 1 << 20;

/// A state's belongings. It stays at one address, which is the user data of the state's allocator.
///
/// Everything is in cells: native functions, Lua's allocator and its hook all reach it through shared references.
pub(super) struct Context {
    account: MemoryAccount,
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
    pub(super) buffer: Cell<Vec<u8>>,
    /// Room for replies of commands.
    pub(super) reply: Cell<OutputBuffer>,
    /// Room for arguments of commands. The lifetime is not what it says: it is emptied where it was filled.
    pub(super) args: Cell<Vec<&'static [u8]>>,
    /// Room for numbers among them.
    pub(super) digits: Cell<Vec<u8>>,
}

impl Context {
    pub(super) fn new(account: MemoryAccount) -> Self {
        Context {
            account,
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

    /// Gives the room for texts back, unless it has grown out of all proportion.
    pub(super) fn give_back(&self, buffer: Vec<u8>) {
        if buffer.capacity() <= BUFFER_BYTES_KEPT {
            self.buffer.set(buffer);
        }
    }

    /// The bytes that the state's memory takes.
    pub(super) fn used_bytes(&self) -> usize {
        self.account.load(Relaxed)
    }

    /// Only the state's own thread writes.
    fn charge(&self, old: usize, new: usize) {
        let used = self.account.load(Relaxed).wrapping_add(new);
        self.account.store(used.wrapping_sub(old), Relaxed);
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
    // SAFETY: blocks of 0 bytes are never made, others are given back with the layout they were made with.
    let given = unsafe {
        match (old, new) {
            (_, 0) => {
                if old != 0 {
                    dealloc(block.cast(), had);
                }
                std::ptr::null_mut()
            }
            (0, _) => alloc(wanted),
            _ => realloc(block.cast(), had, new),
        }
    };
    if new == 0 || !given.is_null() {
        context.charge(old, new);
    }
    given.cast()
}
