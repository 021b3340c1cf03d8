//! Errors of native functions: described while Rust's values still live, raised when they no longer do.

use std::ffi::{CStr, c_int};

use mlua_sys as ffi;

use super::error::fail;
use super::frame::Frame;
use super::hook::KILLED;
use super::number::to_integer;
use crate::Pulse;

/// An error to raise. Plain data, so that nothing is lost in the jump.
#[derive(Clone, Copy, Debug)]
pub(super) enum Raise {
    /// The value on top of the stack.
    Top,
    /// The text on top of the stack, behind the place in the script.
    Located,
    /// A fixed text, behind the place in the script.
    Text(&'static CStr),
    /// An argument that does not fit, and why.
    Arg(c_int, &'static CStr),
    /// An argument that does not fit; why is the text on top of the stack.
    ArgTop(c_int),
    /// An argument of the wrong type, and what was expected.
    Type(c_int, &'static CStr),
}

/// What Lua itself says when memory is refused.
const NO_MEMORY: Raise = Raise::Text(c"not enough memory");

/// How a native function ends: the number of results on top of the stack, or an error.
pub(super) type Results = Result<c_int, Raise>;

impl Raise {
    /// The text as an error, behind the place in the script.
    pub(super) fn text(frame: Frame<'_>, text: &str) -> Raise {
        frame.push_bytes(text.as_bytes());
        Raise::Located
    }

    /// Raises it.
    ///
    /// # Safety
    /// No frame between here and Lua's catch holds a value with a destructor.
    pub(super) unsafe fn throw(self, raw: *mut ffi::lua_State) -> c_int {
        // SAFETY: the state is alive; the jump is the caller's to allow. Formats name their arguments' types.
        unsafe {
            match self {
                Raise::Top => ffi::lua_error(raw),
                Raise::Located => {
                    ffi::luaL_where(raw, 1);
                    ffi::lua_insert(raw, -2);
                    ffi::lua_concat(raw, 2);
                    ffi::lua_error(raw)
                }
                Raise::Text(text) => ffi::luaL_error(raw, c"%s".as_ptr(), text.as_ptr()),
                Raise::Arg(arg, why) => ffi::luaL_argerror(raw, arg, why.as_ptr()),
                Raise::ArgTop(arg) => ffi::luaL_argerror(raw, arg, ffi::lua_tostring(raw, -1)),
                Raise::Type(arg, expected) => ffi::luaL_typerror(raw, arg, expected.as_ptr()),
            }
        }
    }
}

/// Makes C functions of functions from a frame to [`Results`].
macro_rules! natives {
    ($($(#[$doc:meta])* $name:ident = $run:path;)*) => {$(
        $(#[$doc])*
        pub(super) unsafe extern "C-unwind" fn $name(raw: *mut mlua_sys::lua_State) -> std::ffi::c_int {
            // SAFETY: Lua passes the state that it runs; it is one of this crate's, as the function was registered in no other. Nothing
            // of the call is left when an error is raised.
            unsafe {
                let frame = crate::lua::frame::Frame::new(raw);
                let context = frame.context();
                match context.unlimited(|| $run(frame)) {
                    Ok(results) => {
                        context.settle(raw);
                        results
                    }
                    Err(raise) => raise.throw(raw),
                }
            }
        }
    )*};
}
pub(super) use natives;

impl Frame<'_> {
    /// Between two steps of a native function that has built so many bytes outside of Lua: others may have a turn.
    ///
    /// # Errors
    /// When what runs was killed, or has no memory left.
    #[inline]
    pub(super) fn step(self, built: usize) -> Result<(), Raise> {
        match self.context().step() {
            true => self.look(built),
            false => Ok(()),
        }
    }

    #[cold]
    fn look(self, built: usize) -> Result<(), Raise> {
        /// What an error takes while it is built.
        const SLOTS: c_int = 4;
        let context = self.context();
        if !context.has_room(built) || !self.reserve(SLOTS) {
            return Err(NO_MEMORY);
        }
        if context.breathe() == Pulse::Killed {
            context.is_killed.set(true);
        }
        match context.is_killed.get() {
            true => Err(fail(self, KILLED)),
            false => Ok(()),
        }
    }

    /// Whether so many bytes may be built outside of Lua.
    ///
    /// # Errors
    /// When there is no memory left for them.
    #[inline]
    pub(super) fn check_room(self, bytes: usize) -> Result<(), Raise> {
        /// What is not worth a look.
        const LITTLE: usize = 1 << 16;
        match bytes <= LITTLE || self.context().has_room(bytes) {
            true => Ok(()),
            false => Err(NO_MEMORY),
        }
    }

    /// Pushes the text that `build` writes, into room that is used again.
    ///
    /// # Errors
    /// Those of `build`; nothing is pushed then.
    pub(super) fn push_built<T>(
        self,
        build: impl FnOnce(&mut Vec<u8>) -> Result<T, Raise>,
    ) -> Result<T, Raise> {
        self.context().with_buffer(|text| {
            let built = build(text)?;
            self.push_bytes(text);
            Ok(built)
        })
    }

    /// Argument `index` as bytes, as functions of Lua's library take it.
    pub(super) fn check_bytes(&self, index: c_int) -> Result<&[u8], Raise> {
        self.bytes(index).ok_or(Raise::Type(index, c"string"))
    }

    /// Argument `index` as a number.
    pub(super) fn check_number(&self, index: c_int) -> Result<f64, Raise> {
        let number = self.number(index);
        match number == 0.0 && !self.is_number(index) {
            true => Err(Raise::Type(index, c"number")),
            false => Ok(number),
        }
    }

    /// Argument `index` as an integer, as C casts it.
    pub(super) fn check_integer(&self, index: c_int) -> Result<i64, Raise> {
        self.check_number(index).map(to_integer)
    }

    /// Argument `index` as an integer, or what it is when there is none.
    pub(super) fn integer_or(&self, index: c_int, default: i64) -> Result<i64, Raise> {
        use super::frame::Kind;
        match self.kind(index) {
            Kind::None | Kind::Nil => Ok(default),
            _ => self.check_integer(index),
        }
    }
}
