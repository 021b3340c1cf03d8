//! Commands on data: one declaration and one handler each, a folder per group.
//!
//! A handler parses its arguments into typed values once, acts on the keyspace
//! through [`Ctx`], and writes its reply. It never sees a socket, a lock, the
//! clock, or how keys are spread over shards.

mod args;
mod bitmap;
mod breath;
mod context;
mod db_index;
pub mod direct;
mod effects;
mod error;
mod float;
mod generic;
mod geo;
mod hash;
mod hyperloglog;
mod key_positions;
mod keys;
mod list;
pub mod sampling;
pub mod scan_batch;
pub mod scan_options;
mod server_data;
mod set;
mod spec;
mod stream;
mod string;
#[cfg(test)]
pub(crate) mod testing;
mod waiting;
pub mod zset;

pub use args::{ArgCursor, parse_at_least, parse_f64, parse_f64_lenient, parse_i64};
pub use breath::{Breath, Pace};
pub use context::{Ctx, DataConfig};
pub use effects::{Effects, EventClass};
pub use error::{CommandError, c_string};
pub use key_positions::{InvalidKeys, key_positions};
pub use keys::{Key, Keys, KeysEnv, Lookups, SliceSet};
pub use spec::{
    Begin, Categories, Channels, Find, Flags, Group, HiddenReads, KeyFinder, KeyFlags, KeyFlagsOf,
    KeySpec, Routing, Spec,
};

pub use waiting::{
    Outcome, Patience, ReadyKey, Serve, Wait, WaitKind, Waiter, parse_timeout, parse_timeout_ms,
    serve_ready,
};

pub use crate::keyspace::{Edit, Expiry, StringInput};

use resp::Args;

/// A data command: its declaration and what runs it.
#[derive(Debug)]
pub struct DataCommand {
    /// The declaration.
    pub spec: Spec,
    /// What runs it. On `Err` the reply written so far is dropped and the error sent instead.
    pub run: fn(&mut Ctx<'_>, Args<'_>) -> Result<(), CommandError>,
    /// Subcommands by name (`object|encoding`); `run` is not called when there are any and none matches.
    pub subcommands: &'static [DataCommand],
}

/// Every data command, group by group.
pub fn tables() -> impl Iterator<Item = &'static DataCommand> {
    TABLES.iter().flat_map(|table| table.iter().copied())
}

/// One table per group; a command is one line in its group's table.
static TABLES: &[&[&DataCommand]] = &[
    string::TABLE,
    set::TABLE,
    zset::TABLE,
    hash::TABLE,
    generic::TABLE,
    server_data::TABLE,
    list::TABLE,
    bitmap::TABLE,
    hyperloglog::TABLE,
    geo::TABLE,
    stream::TABLE,
];
