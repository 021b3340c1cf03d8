//! Commands on data: one declaration and one handler each, a folder per group.
//!
//! A handler parses its arguments into typed values once, acts on the keyspace
//! through [`Ctx`], and writes its reply. It never sees a socket, a lock, the
//! clock, or how keys are spread over shards.

// mod args;
// mod context;
mod effects;
mod error;
// mod keys;
mod spec;

// pub use args::{ArgCursor, parse_f64, parse_i64};
// pub use context::{Ctx, DataConfig};
pub use effects::{Effects, EventClass};
pub use error::CommandError;
// pub use keys::{Key, Keys, ShardMap};
pub use spec::{Begin, Categories, Find, Flags, Group, KeyFlags, KeySpec, Routing, Spec};

// use resp::Args;

