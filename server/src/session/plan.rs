//! What a request needs before it may run: its command, the slices of its keys.
//! Planning reads nothing but the request, so a whole batch is planned at once.

use arrayvec::ArrayVec;
use resp::{Args, Batch};
use store::command::{InvalidKeys, KeyFlags, Routing, key_positions};
use store::hash::hash_key;

use crate::registry::{Command, Reach, Registry};
use crate::server::Server;

/// Most key hashes of one request that planning keeps; the handler computes the others again.
const HASHES_KEPT: usize = 32;

/// What planning found out about one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may run with the slices of its mask held, none for 0.
    Run,
    /// There is no such command.
    UnknownCommand,
    /// The container it names has no such subcommand.
    UnknownSubcommand,
    /// The number of arguments is wrong.
    WrongArity,
}

/// A planned request. Small, because a batch has many.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// Slices to hold, by shard.
    pub mask: u64,
    /// Hash of its only key, for prefetching; 0 when there is none or several, or its shard is not the only one of the mask.
    pub hash: u64,
    /// Id of its command in the registry; of the container for an unknown subcommand, of nothing for an unknown command.
    command: u16,
    /// What to do.
    pub verdict: Verdict,
    /// Whether it may touch more than one slice and so passes the gate when contended.
    pub whole_tenant: bool,
    /// How far it reaches from its only key.
    pub reach: Reach,
}

impl Planned {
    /// The same on all slices.
    pub fn widened(&self, mask: u64) -> Self {
        Planned {
            mask,
            whole_tenant: true,
            hash: if mask == self.mask { self.hash } else { 0 },
            ..*self
        }
    }

    fn stop(verdict: Verdict, command: u16) -> Self {
        Planned {
            mask: 0,
            hash: 0,
            command,
            verdict,
            whole_tenant: false,
            reach: Reach::Entry,
        }
    }

    fn run(command: &Command, mask: u64) -> Self {
        Planned {
            mask,
            ..Planned::stop(Verdict::Run, command.id as u16)
        }
    }

    /// The command that was named, unless it is unknown.
    #[inline]
    pub fn command<'r>(&self, registry: &'r Registry) -> Option<&'r Command> {
        (self.verdict != Verdict::UnknownCommand).then(|| self.known_command(registry))
    }

    /// The command of a request whose verdict is not [`Verdict::UnknownCommand`].
    #[inline]
    pub fn known_command<'r>(&self, registry: &'r Registry) -> &'r Command {
        &registry.all()[usize::from(self.command)]
    }
}

/// The command a client named last: a pipeline mostly repeats one, and then its name need not be looked up.
#[derive(Clone, Copy, Debug)]
pub struct LastNamed {
    name: ShortName,
    command: u16,
}

impl Default for LastNamed {
    fn default() -> Self {
        LastNamed {
            name: ShortName::NONE,
            command: 0,
        }
    }
}

/// A name of up to 16 bytes as words, so that two are compared in a few instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ShortName {
    words: [u64; 2],
    len: usize,
}

impl ShortName {
    /// What no name equals.
    const NONE: ShortName = ShortName {
        words: [0; 2],
        len: usize::MAX,
    };

    #[inline]
    fn of(name: &[u8]) -> Option<Self> {
        let half = |at: usize| {
            name[at..]
                .first_chunk()
                .map_or(0, |half| u32::from_le_bytes(*half))
        };
        let whole = |at: usize| {
            name[at..]
                .first_chunk()
                .map_or(0, |word| u64::from_le_bytes(*word))
        };
        let len = name.len();
        let words = match len {
            // The two parts overlap unless they have to be apart; equal names have equal parts.
            8..=16 => [whole(0), whole(len - 8)],
            4..=7 => [u64::from(half(0)), u64::from(half(len - 4))],
            1..=3 => [
                u64::from(name[0]) | u64::from(name[len / 2]) << 8,
                u64::from(name[len - 1]),
            ],
            _ => return None,
        };
        Some(ShortName { words, len })
    }
}

/// The key of the request planned last, with what was computed of it: pipelines like to work on one collection.
struct LastKey {
    key: ShortName,
    hash: u64,
    mask: u64,
}

impl LastKey {
    const NONE: LastKey = LastKey {
        key: ShortName::NONE,
        hash: 0,
        mask: 0,
    };

    /// The hash of a collection's key and the mask of its shard.
    #[inline]
    fn place(&mut self, server: &Server, key: &[u8]) -> (u64, u64) {
        let short = ShortName::of(key);
        if short != Some(self.key) {
            let (hash, mask) = place(server, key);
            *self = LastKey {
                key: short.unwrap_or(ShortName::NONE),
                hash,
                mask,
            };
        }
        (self.hash, self.mask)
    }
}

/// The hash of a key and the mask of its shard.
#[inline]
fn place(server: &Server, key: &[u8]) -> (u64, u64) {
    let mask = 1 << server.shard_map.shard_of(key);
    (hash_key(&server.seed, key), mask)
}

/// Plans the requests of a batch; key hashes are kept in the batch.
pub fn plan_batch(
    server: &Server,
    last: &mut LastNamed,
    batch: &mut Batch,
    buf: &[u8],
    plans: &mut Vec<Planned>,
) {
    plans.clear();
    let mut last_key = LastKey::NONE;
    for at in 0..batch.len() {
        let args = batch.args(buf, at);
        let command = match resolve(&server.registry, last, args) {
            Ok(command) if command.spec.arity_allows(args.len()) => command,
            Ok(command) => {
                plans.push(Planned::stop(Verdict::WrongArity, command.id as u16));
                continue;
            }
            Err(stopped) => {
                plans.push(stopped);
                continue;
            }
        };
        let planned = match command.only_key {
            Some(index) => {
                let key = args.get(index);
                let (hash, mask) = match command.reach {
                    Reach::Entry => place(server, key),
                    Reach::Collection | Reach::Member => last_key.place(server, key),
                };
                batch.set_hash(at, index, hash);
                Planned {
                    hash,
                    reach: command.reach,
                    ..Planned::run(command, mask)
                }
            }
            None => plan_wide(server, command, batch, buf, at),
        };
        plans.push(planned);
    }
}

/// Plans a request that has not just one key.
fn plan_wide(
    server: &Server,
    command: &Command,
    batch: &mut Batch,
    buf: &[u8],
    at: usize,
) -> Planned {
    let args = batch.args(buf, at);
    match command.spec.routing {
        Routing::All => Planned {
            whole_tenant: true,
            hash: hash_on_only_shard(server, command, args),
            ..Planned::run(command, server.shard_map.all())
        },
        Routing::Cursor => Planned::run(command, cursor_mask(server, args)),
        Routing::Keys => {
            let mut mask = 0;
            let mut hashes = ArrayVec::<(usize, u64), HASHES_KEPT>::new();
            let found = key_positions(command.spec, args, |index, flags| {
                if flags.contains(KeyFlags::NOT_KEY) {
                    return;
                }
                let key = args.get(index);
                mask |= 1 << server.shard_map.shard_of(key);
                if !hashes.is_full() {
                    hashes.push((index, hash_key(&server.seed, key)));
                }
            });
            // A count that does not fit is the handler's to refuse, in its own words; it touches no key then.
            if found == Err(InvalidKeys) && mask == 0 {
                mask = 1;
            }
            for &(index, hash) in &hashes {
                batch.set_hash(at, index, hash);
            }
            let hash = match hashes.as_slice() {
                [(_, hash)] if command.spec.breathes => *hash,
                _ => 0,
            };
            Planned {
                hash,
                ..Planned::run(command, mask)
            }
        }
    }
}

/// The hash of the first key of a script, where all keys are on one shard.
fn hash_on_only_shard(server: &Server, command: &Command, args: Args<'_>) -> u64 {
    if !command.spec.breathes || server.shard_map.shards() > 1 {
        return 0;
    }
    let mut first = None;
    // What is wrong with its keys is the handler's to say.
    let _ = key_positions(command.spec, args, |index, _| {
        first.get_or_insert(index);
    });
    first.map_or(0, |index| hash_key(&server.seed, args.get(index)))
}

#[inline]
fn resolve<'r>(
    registry: &'r Registry,
    last: &mut LastNamed,
    args: Args<'_>,
) -> Result<&'r Command, Planned> {
    let name = args.get(0);
    let short = ShortName::of(name);
    if short == Some(last.name) {
        return Ok(&registry.all()[usize::from(last.command)]);
    }
    let command = look_up(registry, name, args)?;
    // A subcommand's name is not the whole of it.
    if let Some(name) = short.filter(|_| command.is_top_level() && command.subcommands.is_empty()) {
        *last = LastNamed {
            name,
            command: command.id as u16,
        };
    }
    Ok(command)
}

fn look_up<'r>(
    registry: &'r Registry,
    name: &[u8],
    args: Args<'_>,
) -> Result<&'r Command, Planned> {
    let unknown = || Planned::stop(Verdict::UnknownCommand, 0);
    let command = registry.find(name).ok_or_else(unknown)?;
    match args.try_get(1) {
        Some(sub) if !command.subcommands.is_empty() => registry
            .find_sub(command, sub)
            .ok_or_else(|| Planned::stop(Verdict::UnknownSubcommand, command.id as u16)),
        // COMMAND alone is a command in its own right.
        Some(_) | None => Ok(command),
    }
}

fn cursor_mask(server: &Server, args: Args<'_>) -> u64 {
    let cursor = args
        .try_get(1)
        .and_then(|text| std::str::from_utf8(text).ok()?.parse::<u64>().ok());
    let shard = store::command::Keys::cursor_shard(cursor.unwrap_or(0));
    1 << shard.min(server.shard_map.shards() - 1)
}

#[cfg(test)]
mod tests {
    use super::ShortName;

    #[test]
    fn short_names_are_equal_when_the_names_are() {
        let names: Vec<&[u8]> = vec![
            b"g",
            b"ge",
            b"get",
            b"get\0",
            b"gett",
            b"tget",
            b"mget",
            b"getex",
            b"getdel",
            b"gethel",
            b"hgetall",
            b"hgetalm",
            b"zrangexx",
            b"zrange",
            b"zrangebyscore",
            b"zrangebyscoru",
            b"zrevrangebyscore",
        ];
        for (i, one) in names.iter().enumerate() {
            for (j, other) in names.iter().enumerate() {
                assert_eq!(ShortName::of(one) == ShortName::of(other), i == j);
            }
        }
        assert_eq!(ShortName::of(b""), None);
        assert_eq!(ShortName::of(b"more than sixteen bytes"), None);
    }
}
