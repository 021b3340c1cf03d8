//! The Lua stack as native functions see it: the part of the C API they use, with Rust's types.
//!
//! # Why the calls are sound
//!
//! A [`Frame`] is made only from the state that Lua passes to a function, or from one that this crate owns, and lives no longer than that
//! call. Its users keep the discipline of the C API: they name arguments or values they pushed, and ask for room ([`Frame::reserve`]) beyond
//! the 20 slots that every function has. An index without a value reads as nil; writes name tables that were checked or made.
//!
//! # Errors are jumps
//!
//! A Lua error is a `longjmp`. So no value with a destructor may live across a call that can raise one; functions return their error
//! ([`super::raise::Raise`]) and it is raised when they are left. Pushing raises only where memory is refused, and what lives then is leaked,
//! not freed twice: working memory is taken out of the [`Context`] and put back.

use std::ffi::{CStr, c_int, c_void};
use std::marker::PhantomData;
use std::ptr;

use mlua_sys as ffi;

use super::context::Context;

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    None,
    Nil,
    Bool,
    Light,
    Number,
    Text,
    Table,
    Function,
    Other,
}

/// One function's view of the stack.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    raw: *mut ffi::lua_State,
    context: &'a Context,
    _not_send: PhantomData<*mut ()>,
}

/// Writes a method that is one call of the C API.
macro_rules! passes_on {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)? = $call:expr;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub(super) fn $name(self $(, $arg: $type)*) $(-> $result)? {
            let call = $call;
            // SAFETY: the state is alive and the indexes are the caller's own, as the module says.
            unsafe { call(self.raw $(, $arg)*) }
        }
    )*};
}

impl<'a> Frame<'a> {
    /// The frame of the function that `raw` was passed to.
    ///
    /// # Safety
    /// `raw` is a live state made by this crate, and the caller is what runs on it.
    #[inline]
    pub(super) unsafe fn new(raw: *mut ffi::lua_State) -> Self {
        let mut context = ptr::null_mut();
        // SAFETY: the state is alive. Every state of this crate has its context as its allocator's user data, and the context outlives it.
        let context = unsafe {
            ffi::lua_getallocf(raw, &mut context);
            &*context.cast::<Context>()
        };
        Frame {
            raw,
            context,
            _not_send: PhantomData,
        }
    }

    /// What belongs to the state besides its stack.
    #[inline]
    pub(super) fn context(self) -> &'a Context {
        self.context
    }

    /// The state itself.
    #[inline]
    pub(super) fn raw(self) -> *mut ffi::lua_State {
        self.raw
    }

    passes_on! {
        /// Number of values on the stack: at first, of arguments.
        top() -> c_int = ffi::lua_gettop;
        /// Cuts or extends the stack.
        set_top(top: c_int) = ffi::lua_settop;
        /// Drops values from the top.
        pop(count: c_int) = ffi::lua_pop;
        push_copy(index: c_int) = ffi::lua_pushvalue;
        /// Takes a value out of the stack.
        remove(index: c_int) = ffi::lua_remove;
        /// Moves the top below `index`.
        insert(index: c_int) = ffi::lua_insert;
        /// Moves the top into `index`.
        replace(index: c_int) = ffi::lua_replace;
        push_nil() = ffi::lua_pushnil;
        push_number(number: f64) = ffi::lua_pushnumber;
        /// An empty table with room for so many elements and fields.
        push_table(elements: c_int, fields: c_int) = ffi::lua_createtable;
        /// Replaces the key on top by its value in the table; no metamethods.
        raw_get(table: c_int) = ffi::lua_rawget_;
        /// Sets the value on top under the key below it; no metamethods.
        raw_set(table: c_int) = ffi::lua_rawset;
        raw_get_at(table: c_int, n: c_int) = ffi::lua_rawgeti_;
        raw_set_at(table: c_int, n: c_int) = ffi::lua_rawseti_;
        /// A number, or what a text says as one; else 0.
        number(index: c_int) -> f64 = ffi::lua_tonumber;
        /// The length of a text, or a border of a table.
        length(index: c_int) -> usize = ffi::lua_objlen;
        /// Joins so many values on top into one text.
        concat(count: c_int) = ffi::lua_concat;
    }

    #[inline]
    pub(super) fn kind(self, index: c_int) -> Kind {
        // SAFETY: as the module says.
        match unsafe { ffi::lua_type(self.raw, index) } {
            ffi::LUA_TNONE => Kind::None,
            ffi::LUA_TNIL => Kind::Nil,
            ffi::LUA_TBOOLEAN => Kind::Bool,
            ffi::LUA_TLIGHTUSERDATA => Kind::Light,
            ffi::LUA_TNUMBER => Kind::Number,
            ffi::LUA_TSTRING => Kind::Text,
            ffi::LUA_TTABLE => Kind::Table,
            ffi::LUA_TFUNCTION => Kind::Function,
            _ => Kind::Other,
        }
    }

    /// The type's name in messages.
    pub(super) fn type_name(self, index: c_int) -> &'static CStr {
        // SAFETY: the names are constants of the library.
        unsafe { CStr::from_ptr(ffi::lua_typename(self.raw, ffi::lua_type(self.raw, index))) }
    }

    /// Whether a number, or a text that says one.
    #[inline]
    pub(super) fn is_number(self, index: c_int) -> bool {
        // SAFETY: as the module says.
        unsafe { ffi::lua_isnumber(self.raw, index) != 0 }
    }

    /// Whether anything but nil and false.
    #[inline]
    pub(super) fn truth(self, index: c_int) -> bool {
        // SAFETY: as the module says.
        unsafe { ffi::lua_toboolean(self.raw, index) != 0 }
    }

    /// The bytes of a text; a number becomes text in place. They stay where they are as long as the value is on the stack, which is for the
    /// caller to see to; a byte 0 follows them.
    #[inline]
    pub(super) fn bytes(self, index: c_int) -> Option<&'a [u8]> {
        let mut len = 0;
        // SAFETY: as the module says; Lua's texts do not move, and live while they are reachable.
        unsafe {
            let start = ffi::lua_tolstring(self.raw, index, &mut len);
            (!start.is_null()).then(|| std::slice::from_raw_parts(start.cast(), len))
        }
    }

    /// [`bytes`](Self::bytes) as C sees them: up to the first zero.
    pub(super) fn c_bytes(self, index: c_int) -> Option<&'a [u8]> {
        let bytes = self.bytes(index)?;
        bytes.split(|&byte| byte == 0).next()
    }

    #[inline]
    pub(super) fn push_bytes(self, bytes: &[u8]) {
        // SAFETY: as the module says; the bytes are copied.
        unsafe { ffi::lua_pushlstring_(self.raw, bytes.as_ptr().cast(), bytes.len()) }
    }

    pub(super) fn push_integer(self, integer: i64) {
        self.push_number(integer as f64);
    }

    #[inline]
    pub(super) fn push_bool(self, value: bool) {
        // SAFETY: as the module says.
        unsafe { ffi::lua_pushboolean(self.raw, c_int::from(value)) }
    }

    /// An address as a value; the null address is JSON's null.
    pub(super) fn push_light(self, address: *const c_void) {
        // SAFETY: as the module says; nobody reads through it.
        unsafe { ffi::lua_pushlightuserdata(self.raw, address.cast_mut()) }
    }

    pub(super) fn light(self, index: c_int) -> *const c_void {
        // SAFETY: as the module says.
        unsafe { ffi::lua_touserdata(self.raw, index) }
    }

    pub(super) fn push_function(self, function: ffi::lua_CFunction) {
        // SAFETY: as the module says.
        unsafe { ffi::lua_pushcfunction(self.raw, function) }
    }

    /// Makes a function of the value on top and `function`, which finds it at `lua_upvalueindex(1)`.
    pub(super) fn wrap_top(self, function: ffi::lua_CFunction) {
        // SAFETY: as the module says.
        unsafe { ffi::lua_pushcclosure(self.raw, function, 1) }
    }

    /// Pushes a field of a table that has no metamethods for it.
    pub(super) fn field(self, table: c_int, name: &CStr) {
        // SAFETY: as the module says.
        unsafe { ffi::lua_getfield_(self.raw, table, name.as_ptr()) }
    }

    /// Sets the value on top as a field of a table that has no metamethods for it.
    pub(super) fn set_field(self, table: c_int, name: &CStr) {
        // SAFETY: as the module says.
        unsafe { ffi::lua_setfield(self.raw, table, name.as_ptr()) }
    }

    /// Replaces the key on top by the next key of the table and its value; false, and neither, after the last. The key came from here.
    #[inline]
    pub(super) fn next(self, table: c_int) -> bool {
        // SAFETY: as the module says.
        unsafe { ffi::lua_next(self.raw, table) != 0 }
    }

    /// Frees what nobody can reach any more; others may have turns meanwhile.
    pub(super) fn collect_garbage(self) {
        // SAFETY: as the module says; the collector runs no code of scripts, as none of their values has a finalizer.
        let collect = || unsafe { ffi::lua_gc(self.raw, ffi::LUA_GCCOLLECT, 0) };
        self.context.freeing(collect);
    }

    /// Asks for so many more slots.
    #[inline]
    #[must_use]
    pub(super) fn reserve(self, slots: c_int) -> bool {
        // SAFETY: as the module says.
        unsafe { ffi::lua_checkstack(self.raw, slots) != 0 }
    }

    /// Pushes the metatable, if there is one.
    pub(super) fn metatable(self, index: c_int) -> bool {
        // SAFETY: as the module says.
        unsafe { ffi::lua_getmetatable(self.raw, index) != 0 }
    }

    /// Takes the table on top as metatable.
    pub(super) fn set_metatable(self, index: c_int) {
        // SAFETY: as the module says.
        unsafe {
            ffi::lua_setmetatable(self.raw, index);
        }
    }
}
