//! Every command the server knows, by name: data commands from `store`, the
//! others from `crate::command`, renamed or disabled as configured.

use std::fmt;

use hashbrown::HashTable;
use resp::Args;
use store::command::{CommandError, Ctx, DataCommand, Flags, Group, Spec};

use crate::command::{ServerCommand, ServerCtx};
use crate::config::{LoadError, Rename};
use crate::function::{calls_functions, is_prepared};
use crate::tenant::Scope;
use crate::transaction::InMulti;

/// What runs a command.
#[derive(Clone, Copy)]
pub enum Run {
    /// A data command.
    Data(fn(&mut Ctx<'_>, Args<'_>) -> Result<(), CommandError>),
    /// A command about the connection or the server.
    Server(fn(&mut ServerCtx<'_>, Args<'_>) -> Result<(), CommandError>),
}

/// How far a command reaches into memory from a key, for all its declaration tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To the key's entry.
    Entry,
    /// To the collection the entry owns.
    Collection,
    /// To one member of that collection.
    Member,
}

impl Reach {
    fn of(spec: &Spec) -> Self {
        match spec.group {
            Group::List | Group::Set | Group::Hash | Group::SortedSet | Group::Stream => {
                match spec.member {
                    Some(_) => Reach::Member,
                    None => Reach::Collection,
                }
            }
            _ => Reach::Entry,
        }
    }
}

/// One command or subcommand as registered.
pub struct Command {
    /// Position in [`Registry::all`] and in the per-command counters.
    pub id: usize,
    /// The declaration.
    pub spec: &'static Spec,
    /// The name errors and statistics use: `get`, `config|set`.
    pub full_name: String,
    /// What runs it.
    pub run: Run,
    /// Ids of its subcommands; a container when there are any.
    pub subcommands: Vec<usize>,
    /// Id of the container it is a subcommand of.
    pub container: Option<usize>,
    /// The one key argument, when the key specs say just that.
    pub only_key: Option<usize>,
    /// How far it reaches into memory from each of its keys.
    pub reach: Reach,
    /// What becomes of it after MULTI.
    pub in_multi: InMulti,
    /// Whose users may call it.
    pub scope: Scope,
    /// Its requests are prepared before they run, which may take long.
    pub is_prepared: bool,
    /// It is FCALL or FCALL_RO.
    pub calls_functions: bool,
}

impl Command {
    /// Whether it is called by one word; a subcommand is not.
    #[inline]
    pub fn is_top_level(&self) -> bool {
        self.full_name.len() == self.spec.name.len()
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({})", self.full_name)
    }
}

/// All commands and the way from names to them.
pub struct Registry {
    commands: Vec<Command>,
    by_name: HashTable<(Box<[u8]>, usize)>,
}

impl Registry {
    /// Registers every command, then renames or disables what `rename-command` lines say.
    pub fn new(renames: &[Rename]) -> Result<Self, LoadError> {
        let mut registry = Registry {
            commands: Vec::new(),
            by_name: HashTable::new(),
        };
        for command in store::command::tables() {
            let id = registry.add_data(command, "");
            registry.declare(command.spec.name, id);
        }
        for command in crate::command::tables() {
            let id = registry.add_server(command, "");
            registry.declare(command.spec.name, id);
        }
        for rename in renames {
            registry.rename(rename)?;
        }
        Ok(registry)
    }

    /// Every command, subcommands included, by id.
    pub fn all(&self) -> &[Command] {
        &self.commands
    }

    /// Top-level commands that can be called, under the names they are called by.
    pub fn named(&self) -> impl Iterator<Item = (&[u8], &Command)> {
        self.by_name
            .iter()
            .map(|(name, id)| (&**name, &self.commands[*id]))
    }

    /// The command of this name, in any case.
    pub fn find(&self, name: &[u8]) -> Option<&Command> {
        let (_, id) = self.by_name.find(fold_hash(name), |(known, _)| {
            known.eq_ignore_ascii_case(name)
        })?;
        Some(&self.commands[*id])
    }

    /// A container's subcommand of this name, in any case.
    pub fn find_sub(&self, container: &Command, name: &[u8]) -> Option<&Command> {
        container
            .subcommands
            .iter()
            .map(|&id| &self.commands[id])
            .find(|sub| sub.spec.name.as_bytes().eq_ignore_ascii_case(name))
    }

    /// The command of a name such as `config|set` or `get`.
    pub fn find_full(&self, name: &[u8]) -> Option<&Command> {
        match name.iter().position(|&byte| byte == b'|') {
            None => self.find(name),
            Some(bar) => self.find_sub(self.find(&name[..bar])?, &name[bar + 1..]),
        }
    }

    /// The commands whose calls are counted under the name of this one: mostly itself. To Redis, DEBUG is one command
    /// whatever it is asked, and so it is in statistics.
    pub fn counted_as(&self, command: &Command) -> Vec<&Command> {
        match command.full_name.split_once('|') {
            None if command.full_name == "debug" => std::iter::once(command.id)
                .chain(command.subcommands.iter().copied())
                .map(|id| &self.commands[id])
                .collect(),
            Some(("debug", _)) => Vec::new(),
            _ => vec![&self.commands[command.id]],
        }
    }

    fn add_data(&mut self, command: &'static DataCommand, parent: &str) -> usize {
        let id = self.push(&command.spec, parent, Run::Data(command.run));
        for sub in command.subcommands {
            let sub_id = self.add_data(sub, command.spec.name);
            self.commands[id].subcommands.push(sub_id);
            self.commands[sub_id].container = Some(id);
        }
        id
    }

    fn add_server(&mut self, command: &'static ServerCommand, parent: &str) -> usize {
        let id = self.push(&command.spec, parent, Run::Server(command.run));
        for sub in command.subcommands {
            let sub_id = self.add_server(sub, command.spec.name);
            self.commands[id].subcommands.push(sub_id);
            self.commands[sub_id].container = Some(id);
        }
        id
    }

    fn push(&mut self, spec: &'static Spec, parent: &str, run: Run) -> usize {
        let id = self.commands.len();
        let full_name = if parent.is_empty() {
            spec.name.to_owned()
        } else {
            format!("{parent}|{}", spec.name)
        };
        let scope = match run {
            Run::Data(_) => Scope::Tenant,
            Run::Server(_) => Scope::of(&full_name),
        };
        self.commands.push(Command {
            id,
            spec,
            is_prepared: is_prepared(&full_name),
            calls_functions: calls_functions(&full_name),
            full_name,
            run,
            subcommands: Vec::new(),
            container: None,
            only_key: only_key(spec),
            reach: Reach::of(spec),
            in_multi: InMulti::of(spec),
            scope,
        });
        id
    }

    fn name(&mut self, name: &[u8], id: usize) {
        let name = name.to_ascii_lowercase().into_boxed_slice();
        self.by_name
            .insert_unique(fold_hash(&name), (name, id), |(name, _)| fold_hash(name));
    }

    fn rename(&mut self, rename: &Rename) -> Result<(), LoadError> {
        let entry = self
            .by_name
            .find_entry(fold_hash(&rename.from), |(name, _)| {
                name.eq_ignore_ascii_case(&rename.from)
            });
        let ((_, id), _) = entry.map_err(|_| rename.no_such_command())?.remove();
        if rename.to.is_empty() {
            return Ok(());
        }
        if self.find(&rename.to).is_some() {
            return Err(rename.name_taken());
        }
        self.name(&rename.to, id);
        Ok(())
    }

    /// Names a command as declared.
    fn declare(&mut self, name: &str, id: usize) {
        assert!(
            self.find(name.as_bytes()).is_none(),
            "command {name} is declared twice"
        );
        self.name(name.as_bytes(), id);
    }
}

fn only_key(spec: &Spec) -> Option<usize> {
    use store::command::{Begin, Find, KeyFlags, Routing};
    match (spec.routing, spec.keys) {
        (Routing::Keys, [key])
            if !spec.flags.contains(Flags::MOVABLEKEYS)
                && !key.flags.contains(KeyFlags::NOT_KEY) =>
        {
            match (key.begin, key.find) {
                (Begin::Index(index), Find::Range { last: 0, .. }) => Some(index),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A hash of a name that does not see ASCII case. Names are few and fixed, so
/// it need not resist anyone; only a handful of multiplications.
fn fold_hash(name: &[u8]) -> u64 {
    const FOLD: u64 = 0x2020_2020_2020_2020;
    const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut hash = name.len() as u64;
    let mut chunks = name.chunks_exact(8);
    for chunk in &mut chunks {
        let word = u64::from_le_bytes(chunk.try_into().expect("chunks are 8 bytes"));
        hash = (hash ^ (word | FOLD)).wrapping_mul(MIX).rotate_left(29);
    }
    let mut tail = [0u8; 8];
    tail[..chunks.remainder().len()].copy_from_slice(chunks.remainder());
    let hash = (hash ^ (u64::from_le_bytes(tail) | FOLD)).wrapping_mul(MIX);
    hash ^ (hash >> 32)
}
