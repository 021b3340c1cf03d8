//! Commands about the connection and the server: what needs more than the keyspace.

pub(crate) mod absent;
mod access;
mod client;
mod clock;
mod cluster;
mod config;
mod connection;
mod debug;
pub(crate) mod help;
mod info;
mod introspection;
mod latency;
mod lolwut;
mod memory;
mod module;
mod monitor;
pub mod reference;
mod replication;
mod shutdown;
mod slowlog;
mod snapshot;

pub(crate) use client::describe_client;
pub(crate) use debug::reloaded_libraries;
pub(crate) use monitor::stop as stop_monitoring;

use resp::{Args, ReplyWriter};
use store::command::{CommandError, Keys, Spec};

use crate::core::Core;
use crate::session::Session;

/// A connection or server command: its declaration and what runs it.
pub struct ServerCommand {
    /// The declaration.
    pub spec: Spec,
    /// What runs it. On `Err` the reply written so far is dropped and the error sent instead.
    pub run: ServerRun,
    /// Its subcommands; `run` is called only when there are none.
    pub subcommands: &'static [ServerCommand],
}

/// What runs a connection or server command.
pub type ServerRun = fn(&mut ServerCtx<'_>, Args<'_>) -> Result<(), CommandError>;

/// A command without subcommands, as those of a container are.
pub(crate) const fn subcommand(spec: Spec, run: ServerRun) -> ServerCommand {
    ServerCommand {
        spec,
        run,
        subcommands: &[],
    }
}

/// Everything such a command may touch.
pub struct ServerCtx<'a> {
    /// The session it runs in.
    pub session: &'a mut Session,
    /// The core it runs on, and through it the server.
    pub core: &'a Core,
    /// The keyspace, when the declaration's routing or keys ask for slices.
    pub keys: Option<Keys<'a>>,
    /// Where the reply goes.
    pub reply: ReplyWriter<'a>,
    /// The frozen time of this command, ms since the epoch.
    pub now_ms: u64,
}

/// Every connection and server command, family by family.
pub fn tables() -> impl Iterator<Item = &'static ServerCommand> {
    TABLES.iter().flat_map(|table| table.iter().copied())
}

/// One table per family; a command is one line in its family's table.
static TABLES: &[&[&ServerCommand]] = &[
    connection::COMMANDS,
    client::COMMANDS,
    introspection::COMMANDS,
    config::COMMANDS,
    info::COMMANDS,
    clock::COMMANDS,
    memory::COMMANDS,
    slowlog::COMMANDS,
    latency::COMMANDS,
    monitor::COMMANDS,
    debug::COMMANDS,
    shutdown::COMMANDS,
    snapshot::COMMANDS,
    replication::COMMANDS,
    cluster::COMMANDS,
    module::COMMANDS,
    lolwut::COMMANDS,
    crate::transaction::COMMANDS,
    crate::acl::COMMANDS,
    crate::tenant::COMMANDS,
    crate::pubsub::COMMANDS,
    crate::blocking::COMMANDS,
    crate::script::COMMANDS,
    crate::function::COMMANDS,
];

/// The error of a subcommand whose arguments fit its arity and still not.
pub(crate) fn syntax_of_subcommand(args: Args<'_>) -> CommandError {
    let name = args.get(1);
    let container = String::from_utf8_lossy(args.get(0)).to_ascii_uppercase();
    CommandError::quoting(
        "ERR unknown subcommand or wrong number of arguments for '",
        &name[..name.len().min(128)],
        &format!("'. Try {container} HELP."),
    )
}
