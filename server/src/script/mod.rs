//! EVAL and its kin: Lua scripts, by text and by digest.
//!
//! ```text
//! EVAL text ──▶ digest ──▶ Engine of this core: compiled? ── no ──▶ Scripts of the tenant: known? ── no ──▶ read its first line, compile, keep
//!                              │                                        (texts by digest, shared by all cores)
//!                              ▼
//!                          run on a fiber, all of the tenant's slices held ──▶ redis.call ──▶ ScriptHost ──▶ the command's own handler
//!                              └─ every 1000 instructions: breathe; killed? busy?
//! ```
//!
//! A script is atomic for its tenant, whatever keys it names: it holds the gate and all slices from its first command to its last. It breathes,
//! so other tenants, and commands that need no data, are served meanwhile. After `busy-reply-threshold` its tenant's other clients hear BUSY.
//!
//! States are made when a core first runs a script of a tenant, and all of them go with SCRIPT FLUSH.

mod busy;
mod call;
mod call_flags;
mod commands;
mod engine;
mod eval;
mod host;
mod scripts;

pub use busy::Running;
pub(crate) use call::{FIRST_KEY, LuaCall, Mode, check_flags, key_count, run_lua};
pub(crate) use commands::COMMANDS;
pub use engine::Engines;
pub(crate) use eval::dialect;
pub(crate) use host::Licence;
pub use scripts::{Script, Scripts, Sha};
