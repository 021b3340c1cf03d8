//! Texts on their way to Lua's compiler: in pieces, between which others have a turn.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use mlua_sys as ffi;

use super::context::Context;
use super::frame::Frame;

/// Bytes that are compiled at a time: some microseconds' worth.
const PIECE_BYTES: usize = 1024;

/// What is left of a text.
struct Pieces<'a> {
    rest: &'a [u8],
    context: &'a Context,
}

/// Compiles a text, called `name`, and pushes the function; or an error, and gives its status.
pub(super) fn load_pieces(frame: Frame<'_>, text: &[u8], name: &CStr) -> c_int {
    let context = frame.context();
    let mut pieces = Pieces {
        rest: text,
        context,
    };
    let data = (&raw mut pieces).cast::<c_void>();
    // SAFETY: the compiler runs protected and asks for pieces until it is done; they and the name live until then.
    context.limited(|| unsafe { ffi::lua_load(frame.raw(), next_piece, data, name.as_ptr()) })
}

/// # Safety
/// As `lua_Reader` says: `data` are the [`Pieces`], which nobody else uses meanwhile.
unsafe extern "C-unwind" fn next_piece(
    _: *mut ffi::lua_State,
    data: *mut c_void,
    size: *mut usize,
) -> *const c_char {
    // SAFETY: as the caller promises.
    let (pieces, size) = unsafe { (&mut *data.cast::<Pieces<'_>>(), &mut *size) };
    // A text ends by itself: it is compiled to its end even if what wants it was killed.
    let _ = pieces.context.breathe();
    let (piece, rest) = pieces.rest.split_at(pieces.rest.len().min(PIECE_BYTES));
    pieces.rest = rest;
    *size = piece.len();
    match piece {
        [] => ptr::null(),
        piece => piece.as_ptr().cast(),
    }
}
