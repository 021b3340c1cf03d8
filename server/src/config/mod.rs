//! Configuration: one table of directives, and everything that follows from it.
//!
//! [`directive`] and `table/` declare; [`value`] reads and shows; [`command_line`],
//! [`environment`] and [`file`] are where values come from, later ones winning over
//! earlier; [`Settings`] is what the server reads; [`Config`] is the running server's
//! configuration with CONFIG GET, SET and REWRITE.
//!
//! It never opens a socket and never tells other parts what to do: whoever calls
//! [`Config::set`] carries the change out.

pub mod command_line;
pub mod directive;
pub mod environment;
mod events;
pub mod file;
mod live;
mod machine;
mod path;
mod quoting;
pub mod reference;
mod rewrite;
mod settings;
mod table;
mod value;
mod values;

#[cfg(test)]
mod oracle_tests;

use std::io::Read;
use std::path::{Path, PathBuf};

pub use command_line::{Invocation, Sources};
pub use directive::{Directive, DirectiveId, Effect, Flags, Kind, is_sensitive};
pub use file::{Line, LineError, LoadError, Rename, TenantLine, TenantSocket};
pub use live::{Config, SetError, SettingsReader};
pub use machine::Machine;
pub use path::system_text;
pub use quoting::{quote, split_words};
pub use rewrite::{Extent, RewriteError, replace_file};
pub use settings::{
    EvictionPolicy, IoDriver, LogFormat, LogLevel, ObserveSettings, OutputLimits, ProtectedAction,
    Settings,
};
pub use value::{OutputLimit, SavePoint, Value, ValueError, parse_memory};
pub use values::Values;

use crate::acl::UserLine;

/// Shards per thread when there is more than one: enough that two threads rarely want
/// the same shard, few enough that commands on all shards stay cheap.
const SHARDS_PER_THREAD: usize = 4;

/// A configuration ready to start with.
#[derive(Debug)]
pub struct Loaded {
    /// All values, with the defaults this machine suggests.
    pub values: Values,
    /// Commands to rename.
    pub renames: Vec<Rename>,
    /// Users to make.
    pub users: Vec<UserLine>,
    /// Tenants to make.
    pub tenants: Vec<TenantLine>,
    /// Sockets that belong to tenants.
    pub tenant_sockets: Vec<TenantSocket>,
    /// Absolute path of the configuration file.
    pub file: Option<PathBuf>,
    /// What to tell the user once the log is there.
    pub warnings: Vec<String>,
}

/// Loads everything: defaults, file, standard input, environment, command line.
/// Relative paths in it are relative to `directory`, the working directory.
pub fn load(sources: &Sources, machine: &Machine, directory: PathBuf) -> Result<Loaded, LoadError> {
    let file = sources.file.as_ref().map(|file| directory.join(file));
    let environment = environment::read(std::env::vars_os())?;
    let mut loader = file::Loader::new(directory);
    let mut text = match &file {
        Some(path) => file::read_file(path)?,
        None => Vec::new(),
    };
    if sources.stdin {
        let read = std::io::stdin().read_to_end(&mut text);
        read.map_err(|error| LoadError::Open {
            path: PathBuf::from("-"),
            error,
        })?;
    }
    for part in [environment.lines.as_slice(), sources.lines.as_slice()] {
        text.push(b'\n');
        text.extend_from_slice(part);
    }
    loader.read_text(&text)?;
    derive_defaults(&mut loader.values, machine);
    // An explicit 0 means no limit, in a container too.
    if !loader.is_set("maxmemory") {
        let limit = Value::Memory(machine.default_maxmemory());
        loader.values.derive_default("maxmemory", limit);
    }
    let warnings = warnings(&loader.values, &environment.unknown);
    Ok(Loaded {
        values: loader.values,
        renames: loader.renames,
        users: loader.users,
        tenants: loader.tenants,
        tenant_sockets: loader.tenant_sockets,
        file,
        warnings,
    })
}

/// Loads for the machine this process runs on.
pub fn load_here(sources: &Sources) -> Result<Loaded, LoadError> {
    let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    load(sources, &Machine::detect(Path::new("/")), directory)
}

/// Fills in what was left to be found out: `threads` and `shards`.
fn derive_defaults(values: &mut Values, machine: &Machine) {
    values.derive_default("threads", Value::Integer(machine.cores as i64));
    let threads = Settings::from_values(values).threads.max(1);
    let shards = match threads {
        1 => 1,
        threads => (threads * SHARDS_PER_THREAD)
            .next_power_of_two()
            .min(store::slot::SHARDS_MAX),
    };
    values.derive_default("threads", Value::Integer(threads as i64));
    values.derive_default("shards", Value::Integer(shards as i64));
}

fn warnings(values: &Values, unknown_variables: &[String]) -> Vec<String> {
    let ignored = values
        .ignored()
        .map(|(name, why)| format!("'{name}' has no effect: {why}"));
    let unknown = unknown_variables
        .iter()
        .map(|name| format!("environment variable {name} names no directive"));
    ignored.chain(unknown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_fills_in_what_is_not_set() {
        let machine = Machine {
            cores: 3,
            memory_limit: Some(4 << 30),
        };
        let load = |lines: &str| {
            let sources = Sources {
                lines: lines.as_bytes().to_vec(),
                ..Sources::default()
            };
            let loaded = load(&sources, &machine, std::env::temp_dir()).expect("valid");
            let settings = Settings::from_values(&loaded.values);
            (settings.threads, settings.shards, settings.maxmemory)
        };
        assert_eq!(load(""), (3, 16, 3 << 30));
        assert_eq!(load("threads 1\nmaxmemory 5"), (1, 1, 5));
        assert_eq!(load("threads 1\nmaxmemory 0"), (1, 1, 0));
        assert_eq!(load("threads 2\nshards 3"), (2, 3, 3 << 30));
    }
}
