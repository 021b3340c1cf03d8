//! The commands as rules name them: by the names they are declared under, whatever `rename-command` calls them.

use std::collections::HashMap;

use super::category::{Category, CategorySet};
use crate::registry::{Command, Registry};

/// What rules know of every command, by its id in the registry.
#[derive(Debug)]
pub struct Catalog {
    entries: Vec<Entry>,
    by_name: HashMap<Box<str>, usize>,
    /// The ids in the order of the names, subcommands behind their container.
    sorted: Vec<usize>,
}

/// One command or subcommand.
#[derive(Debug)]
pub struct Entry {
    /// `get`, `config|set`.
    pub full_name: Box<str>,
    /// Its categories.
    pub categories: CategorySet,
    /// Ids of its subcommands.
    pub subcommands: Box<[usize]>,
    /// Id of the container it belongs to.
    pub container: Option<usize>,
    /// Its subcommands are no commands to Redis, so that rules may name any first argument.
    pub takes_first_args: bool,
}

impl Catalog {
    /// Reads the registry.
    pub fn new(registry: &Registry) -> Self {
        let commands = registry.all();
        let entries: Vec<Entry> = commands.iter().map(entry).collect();
        let by_name = entries.iter().enumerate();
        let by_name = by_name.map(|(id, entry)| (entry.full_name.clone(), id));
        let mut sorted: Vec<usize> = (0..entries.len()).collect();
        sorted.sort_by_key(|&id| &entries[id].full_name);
        Catalog {
            by_name: by_name.collect(),
            sorted,
            entries,
        }
    }

    /// How many commands there are; their ids are below.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The command of an id.
    pub fn get(&self, id: usize) -> &Entry {
        &self.entries[id]
    }

    /// The id of a full name, in any case.
    pub fn find(&self, full_name: &[u8]) -> Option<usize> {
        let name = std::str::from_utf8(full_name).ok()?.to_ascii_lowercase();
        self.by_name.get(name.as_str()).copied()
    }

    /// Ids in the order of the names.
    pub fn ids(&self) -> impl Iterator<Item = usize> + '_ {
        self.sorted.iter().copied()
    }

    /// Ids of the commands and subcommands of a category, in the order of the names.
    pub fn in_category(&self, category: Category) -> impl Iterator<Item = usize> + '_ {
        self.ids()
            .filter(move |&id| self.entries[id].categories.contains(category))
    }
}

fn entry(command: &Command) -> Entry {
    Entry {
        full_name: command.full_name.as_str().into(),
        categories: CategorySet::of(command.spec),
        subcommands: command.subcommands.as_slice().into(),
        container: command.container,
        takes_first_args: command.subcommands.is_empty() || command.spec.name == "debug",
    }
}
