//! What Lua calls between instructions: lets the host breathe, and ends a function that was killed.

use std::time::Instant;

use mlua_sys as ffi;

use super::error::fail;
use super::frame::Frame;
use crate::Pulse;

/// Instructions between two calls: some microseconds' worth.
const PERIOD: i32 = 1000;

/// The error of a function that was killed.
pub(super) const KILLED: &str = "Script killed by user with SCRIPT KILL...";

/// Calls the hook every [`PERIOD`] instructions.
pub(super) fn set_hook(frame: Frame<'_>) {
    // SAFETY: the state is alive; coroutines take the hook over when they are made.
    unsafe {
        ffi::lua_sethook(frame.raw(), Some(hook), ffi::LUA_MASKCOUNT, PERIOD);
    }
}

unsafe extern "C-unwind" fn hook(raw: *mut ffi::lua_State, _: *mut ffi::lua_Debug) {
    // SAFETY: the hook is set on this crate's states only, and runs between two instructions: nothing is borrowed, nothing lives here that a
    // jump would lose.
    unsafe {
        let frame = Frame::new(raw);
        if is_over(frame) {
            // `pcall` catches the error below, so it is raised again at the next line, wherever that is.
            ffi::lua_sethook(raw, Some(hook), ffi::LUA_MASKLINE, 0);
            fail(frame, KILLED).throw(raw);
        }
    }
}

fn is_over(frame: Frame<'_>) -> bool {
    let context = frame.context();
    let is_late = || {
        let deadline = context.deadline.get();
        deadline.is_some_and(|deadline| Instant::now() >= deadline)
    };
    let is_killed = || context.breathe() == Pulse::Killed;
    if !context.is_killed.get() && (is_killed() || is_late()) {
        context.is_killed.set(true);
    }
    context.is_killed.get()
}
