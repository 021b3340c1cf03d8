//! Errors of native functions: described while Rust's values still live, raised when they no longer do.

use std::ffi::{CStr, c_int};

use mlua_sys as ffi;

use super::frame::Frame;
use super::number::to_integer;

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
                match $run(crate::lua::frame::Frame::new(raw)) {
                    Ok(results) => results,
                    Err(raise) => raise.throw(raw),
                }
            }
        }
    )*};
}
pub(super) use natives;

impl Frame<'_> {
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
