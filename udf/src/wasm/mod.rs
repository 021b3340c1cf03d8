//! WebAssembly libraries: core modules that talk to the server through the imports of `redox1`.
//!
//! ```text
//! source ─ text ─▶ binary ─ scan ─▶ looked over ─ compile ─▶ artefact ─▶ program ─▶ instances
//!          wat                limits               a child process        shared      one a core and library
//! ```
//! | file | what it does |
//! | --- | --- |
//! | `text` | turns WAT into a binary module |
//! | `scan` | refuses what is too large, or wants what there is not |
//! | `inspect`, `hint` | name mistakes, and what to change |
//! | `compile`, `cache` | machine code, made in a process that can be killed, kept by the hash of its module |
//! | `program`, `instance`, `turns`, `direct` | what runs, and its one call at a time |
//! | `guest`, `abi`, `reply`, `replies`, `lent` | what the guest sees: its host, its imports, the reply it writes, those it reads |
//! | `clock`, `runtime` | the engine's configuration and the ticks by which running code is interrupted |
//!
//! A guest never gets a pointer of the host, and the host trusts no number of a guest.

mod abi;
mod cache;
mod clock;
mod compile;
mod direct;
mod guest;
mod hint;
mod inspect;
mod instance;
mod lent;
mod limits;
mod program;
mod replies;
mod reply;
mod runtime;
mod scan;
mod text;
mod turns;

pub use compile::{Compiler, child};
pub use inspect::check_exports;
pub use limits::Limits;
pub use program::{NAME, WasmEngine, Within};
