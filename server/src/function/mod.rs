//! Functions: FUNCTION keeps a tenant's libraries, FCALL runs what is in them.
//!
//! ```text
//! FUNCTION LOAD ──▶ prepare: the loader's thread has the engine take the code in        no core waits, only the session
//!                   ──▶ the tenant's table of libraries is replaced by one with it
//! FCALL ──▶ planned like any command: the slices of its declared keys
//!           ──▶ the function is found on the core's shelf, or looked up; an instance is taken from there too
//!           ──▶ the instance runs with a host that reaches those slices and no others
//! ```
//! Engines are the crate `udf`'s; what they may ask of the server is answered by [`host`]. An instance belongs to one core and one library, so to one
//! tenant; after a trap it is dropped.

mod commands;
mod fcall;
mod figures;
mod host;
mod line;
mod list;
mod loader;
mod lua;
mod prepare;
mod restore;
mod running;
mod shelf;
mod table;

pub(crate) use commands::COMMANDS;
pub use figures::Figures;
pub(crate) use loader::COMPILE;
pub use loader::{Loader, compiler};
pub(crate) use lua::calls_functions;
pub(crate) use prepare::is_prepared;
pub use prepare::{Prepared, restore_at_start};
pub(crate) use restore::Policy;
pub(crate) use running::Seen;
pub use shelf::Shelf;
pub use table::LibraryTable;
