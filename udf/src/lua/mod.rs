//! Lua 5.1: what EVAL and `FUNCTION LOAD "#!lua …"` run.
//!
//! Bound against the raw C API, because a safe layer above it costs more than the scripts do. `unsafe` is confined to this folder: [`frame`] has
//! the stack, [`raise`] the errors, which are jumps.
//!
//! ```text
//! state.rs     a state: compile, run       sandbox.rs   what scripts find and cannot change
//!   context.rs   what belongs to it          redis.rs     redis.call and the rest of that table
//!   hook.rs      breathing, killing            reply.rs    replies of commands → values
//!   result.rs    values → reply                json/ msgpack.rs structs.rs bits.rs random.rs
//!   error.rs     errors as tables and texts    number.rs   numbers as C prints them
//!   source.rs    texts for the compiler          pattern/ tables.rs   what Lua's library does in one go, with breaths
//! shebang.rs   the first line of a script
//!
//! engine.rs    libraries, as all engines have them
//!   functions.rs   a library's state: load, call   register.rs   redis.register_function
//! ```

mod bits;
mod context;
mod engine;
mod error;
mod frame;
mod functions;
mod hook;
mod json;
mod msgpack;
mod number;
mod pattern;
mod raise;
mod random;
mod redis;
mod register;
mod reply;
mod result;
mod sandbox;
pub mod shebang;
mod source;
mod state;
mod structs;
mod tables;

pub use context::MemoryAccount;
pub use engine::{LuaEngine, MEMORY_BYTES_USUAL, NAME};
pub use redis::REDIS_VERSION;
pub use sandbox::Dialect;
pub use state::{Call, Chunk, CompileError, State};

/// The SHA-1 digest of a text, in hexadecimal.
pub fn sha1_hex(text: &[u8]) -> [u8; 40] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digest = sha1_smol::Sha1::from(text).digest().bytes();
    let mut hex = [0; 40];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(digest) {
        pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
    hex
}
