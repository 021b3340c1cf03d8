//! What a request needs before it may run: its command, the slices of its keys.
//! Planning reads nothing but the request, so a whole batch is planned at once.

use resp::Args;
use store::command::{InvalidKeys, Routing, key_positions};
use store::hash::hash_key;

use crate::registry::{Command, Registry};
use crate::server::Server;

/// What planning found out about one request.
#[derive(Clone, Copy, Debug)]
pub enum Plan<'r> {
    /// It may run with the slices of `mask` held, 0 for none.
    Run(&'r Command),
    /// There is no such command.
    UnknownCommand,
    /// The container has no such subcommand.
    UnknownSubcommand(&'r Command),
    /// The number of arguments is wrong.
    WrongArity(&'r Command),
}

/// A planned request.
#[derive(Clone, Copy, Debug)]
pub struct Planned<'r> {
    /// What to do.
    pub plan: Plan<'r>,
    /// Slices to hold, by shard.
    pub mask: u64,
    /// Whether it may touch more than one slice and so passes the gate when contended.
    pub whole_tenant: bool,
    /// Hash of its only key, for prefetching; 0 when there is none or several.
    pub hash: u64,
}

impl<'r> Planned<'r> {
    fn stop(plan: Plan<'r>) -> Self {
        Planned {
            plan,
            mask: 0,
            whole_tenant: false,
            hash: 0,
        }
    }
}

/// Plans one request. Key hashes go to `keep_hash(argument, hash)`.
pub fn plan<'r>(
    server: &'r Server,
    last: Option<(&[u8], &'r Command)>,
    args: Args<'_>,
    mut keep_hash: impl FnMut(usize, u64),
) -> Planned<'r> {
    let command = match resolve(&server.registry, last, args) {
        Ok(command) => command,
        Err(plan) => return Planned::stop(plan),
    };
    if !command.spec.arity_allows(args.len()) {
        return Planned::stop(Plan::WrongArity(command));
    }
    let run = Plan::Run(command);
    if let Some(index) = command.only_key {
        let key = args.get(index);
        let hash = hash_key(&server.seed, key);
        keep_hash(index, hash);
        return Planned {
            plan: run,
            mask: 1 << server.shard_map.shard_of(key),
            whole_tenant: false,
            hash,
        };
    }
    match command.spec.routing {
        Routing::All => Planned {
            plan: run,
            mask: server.shard_map.all(),
            whole_tenant: true,
            hash: 0,
        },
        Routing::Cursor => Planned {
            plan: run,
            mask: cursor_mask(server, args),
            whole_tenant: false,
            hash: 0,
        },
        Routing::Keys => {
            let mut mask = 0;
            let found = key_positions(command.spec, args, |index, _| {
                let key = args.get(index);
                keep_hash(index, hash_key(&server.seed, key));
                mask |= 1 << server.shard_map.shard_of(key);
            });
            // A count that does not fit is the handler's to refuse, in its own words; it touches no key then.
            let mask = if found == Err(InvalidKeys) && mask == 0 {
                1
            } else {
                mask
            };
            Planned {
                plan: run,
                mask,
                whole_tenant: false,
                hash: 0,
            }
        }
    }
}

fn resolve<'r>(
    registry: &'r Registry,
    last: Option<(&[u8], &'r Command)>,
    args: Args<'_>,
) -> Result<&'r Command, Plan<'r>> {
    let name = args.get(0);
    let command = match last {
        // A pipeline mostly repeats one command. A subcommand's full name is longer than what was called:
        // the next one of its container has to be looked up.
        Some((last_name, last)) if last_name == name && last.full_name.len() == name.len() => last,
        _ => registry.find(name).ok_or(Plan::UnknownCommand)?,
    };
    if command.subcommands.is_empty() {
        return Ok(command);
    }
    match args.try_get(1) {
        Some(sub) => registry
            .find_sub(command, sub)
            .ok_or(Plan::UnknownSubcommand(command)),
        // COMMAND alone is a command in its own right.
        None => Ok(command),
    }
}

fn cursor_mask(server: &Server, args: Args<'_>) -> u64 {
    let cursor = args
        .try_get(1)
        .and_then(|text| std::str::from_utf8(text).ok()?.parse::<u64>().ok());
    let shard = store::command::Keys::cursor_shard(cursor.unwrap_or(0));
    1 << shard.min(server.shard_map.shards() - 1)
}
