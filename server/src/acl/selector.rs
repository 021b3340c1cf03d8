//! A selector: one set of commands, keys and channels that go together. A user has one of its own, the root, and may
//! have more; a request runs if any single selector allows all of it.

use std::collections::BTreeMap;

use bitflags::bitflags;
use store::command::KeyFlags;
use store::glob::glob_match;

use super::RuleError;
use super::catalog::Catalog;
use super::category::Category;

bitflags! {
    /// What may be done to keys.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct KeyAccess: u8 {
        /// Their values may be read.
        const READ = 1;
        /// They may be changed.
        const WRITE = 2;
    }
}

impl KeyAccess {
    /// What a command needs for a key. Neither, when it only asks whether or how much there is.
    pub fn needed(flags: KeyFlags) -> Self {
        const CHANGES: KeyFlags = KeyFlags::INSERT
            .union(KeyFlags::DELETE)
            .union(KeyFlags::UPDATE);
        let mut needed = KeyAccess::empty();
        needed.set(KeyAccess::READ, flags.contains(KeyFlags::ACCESS));
        needed.set(KeyAccess::WRITE, flags.intersects(CHANGES));
        needed
    }
}

/// Keys that may be touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPattern {
    /// How.
    pub access: KeyAccess,
    /// Which, as KEYS matches.
    pub pattern: Box<[u8]>,
}

/// Channels of new selectors, by `acl-pubsub-default`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewChannels {
    /// All of them.
    All,
    /// None.
    None,
}

/// A set of commands, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandSet {
    bits: Box<[u64]>,
    /// It began with all commands: those of later versions are in it.
    pub open_ended: bool,
}

impl CommandSet {
    /// None of `count` commands.
    pub fn none(count: usize) -> Self {
        CommandSet {
            bits: vec![0; count.div_ceil(64)].into(),
            open_ended: false,
        }
    }

    /// Whether a command is in it.
    #[inline]
    pub fn contains(&self, id: usize) -> bool {
        self.bits[id / 64] & 1 << (id % 64) != 0
    }

    /// Adds or removes a command.
    pub fn put(&mut self, id: usize, allowed: bool) {
        let bit = 1 << (id % 64);
        match allowed {
            true => self.bits[id / 64] |= bit,
            false => self.bits[id / 64] &= !bit,
        }
    }

    /// Adds all commands, or removes them.
    pub fn put_all(&mut self, allowed: bool) {
        self.open_ended = allowed;
        self.bits.fill(if allowed { u64::MAX } else { 0 });
    }

    /// Adds or removes a command with all its subcommands.
    pub fn put_whole(&mut self, catalog: &Catalog, id: usize, allowed: bool) {
        self.put(id, allowed);
        for &sub in &catalog.get(id).subcommands {
            self.put(sub, allowed);
        }
    }

    /// Adds or removes a category; containers in it take their subcommands along.
    pub fn put_category(&mut self, catalog: &Catalog, category: Category, allowed: bool) {
        for id in catalog.in_category(category) {
            self.put_whole(catalog, id, allowed);
        }
    }

    /// Whether nothing is missing.
    pub fn is_everything(&self) -> bool {
        self.open_ended && self.bits.iter().all(|&word| word == u64::MAX)
    }
}

/// First arguments that a command is allowed with although it is not allowed otherwise, by the command's id.
pub type FirstArgs = BTreeMap<usize, Vec<Box<[u8]>>>;

/// One set of rights.
#[derive(Clone, Debug)]
pub struct Selector {
    /// The commands it allows.
    pub commands: CommandSet,
    /// Those it allows with certain first arguments only.
    pub first_args: FirstArgs,
    /// All keys, for everything.
    pub all_keys: bool,
    /// Otherwise these.
    pub keys: Vec<KeyPattern>,
    /// All channels.
    pub all_channels: bool,
    /// Otherwise those that match these patterns.
    pub channels: Vec<Box<[u8]>>,
}

impl Selector {
    /// A selector that allows nothing, but perhaps all channels.
    pub fn new(catalog: &Catalog, channels: NewChannels) -> Self {
        Selector {
            commands: CommandSet::none(catalog.len()),
            first_args: FirstArgs::new(),
            all_keys: false,
            keys: Vec::new(),
            all_channels: channels == NewChannels::All,
            channels: Vec::new(),
        }
    }

    /// Whether it allows everything there is.
    pub fn is_unrestricted(&self) -> bool {
        self.all_keys && self.all_channels && self.commands.is_everything()
    }

    /// Applies one rule on commands, keys or channels.
    pub fn apply(&mut self, rule: &[u8], catalog: &Catalog) -> Result<(), RuleError> {
        match rule.to_ascii_lowercase().as_slice() {
            b"allkeys" | b"~*" => self.set_all_keys(true),
            b"resetkeys" => self.set_all_keys(false),
            b"allchannels" | b"&*" => self.set_all_channels(true),
            b"resetchannels" => self.set_all_channels(false),
            b"allcommands" | b"+@all" => self.set_all_commands(true),
            b"nocommands" | b"-@all" => self.set_all_commands(false),
            _ => return self.apply_prefixed(rule, catalog),
        }
        Ok(())
    }

    fn apply_prefixed(&mut self, rule: &[u8], catalog: &Catalog) -> Result<(), RuleError> {
        match rule {
            [b'~' | b'%', ..] => self.add_keys(rule),
            [b'&', pattern @ ..] => self.add_channels(pattern),
            [sign @ (b'+' | b'-'), b'@', name @ ..] => {
                let category = Category::named(name).ok_or(RuleError::UnknownCommand)?;
                for id in catalog.in_category(category) {
                    self.put_command(catalog, id, *sign == b'+');
                }
                Ok(())
            }
            [b'+', name @ ..] => self.allow(name, catalog),
            [b'-', name @ ..] => {
                let id = catalog.find(name).ok_or(RuleError::UnknownCommand)?;
                self.put_command(catalog, id, false);
                Ok(())
            }
            _ => Err(RuleError::Syntax),
        }
    }

    fn set_all_keys(&mut self, all: bool) {
        self.all_keys = all;
        self.keys.clear();
    }

    fn set_all_channels(&mut self, all: bool) {
        self.all_channels = all;
        self.channels.clear();
    }

    fn set_all_commands(&mut self, all: bool) {
        self.commands.put_all(all);
        self.first_args.clear();
    }

    /// `~pattern`, or `%R~`, `%W~`, `%RW~`. Without a `~` the pattern is empty, as it is in Redis.
    fn add_keys(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        if self.all_keys {
            return Err(RuleError::KeysAfterAll);
        }
        let (access, pattern) = match rule {
            [b'%', rest @ ..] => read_access(rest)?,
            _ => (KeyAccess::all(), &rule[1..]),
        };
        if has_spaces(pattern) {
            return Err(RuleError::Syntax);
        }
        match self
            .keys
            .iter_mut()
            .find(|known| *known.pattern == *pattern)
        {
            Some(known) => known.access |= access,
            None => self.keys.push(KeyPattern {
                access,
                pattern: pattern.into(),
            }),
        }
        Ok(())
    }

    fn add_channels(&mut self, pattern: &[u8]) -> Result<(), RuleError> {
        if self.all_channels {
            return Err(RuleError::ChannelsAfterAll);
        }
        if has_spaces(pattern) {
            return Err(RuleError::Syntax);
        }
        if !self.channels.iter().any(|known| **known == *pattern) {
            self.channels.push(pattern.into());
        }
        Ok(())
    }

    fn put_command(&mut self, catalog: &Catalog, id: usize, allowed: bool) {
        self.commands.put_whole(catalog, id, allowed);
        self.first_args.remove(&id);
    }

    /// `+command`, `+command|subcommand`, `+command|first-argument`.
    fn allow(&mut self, name: &[u8], catalog: &Catalog) -> Result<(), RuleError> {
        let Some(bar) = name.iter().rposition(|&byte| byte == b'|') else {
            let id = catalog.find(name).ok_or(RuleError::UnknownCommand)?;
            self.put_command(catalog, id, true);
            return Ok(());
        };
        let (container, argument) = (&name[..bar], &name[bar + 1..]);
        let id = catalog.find(container).ok_or(RuleError::UnknownCommand)?;
        let entry = catalog.get(id);
        if entry.container.is_some() {
            return Err(RuleError::FirstArgOfSubcommand);
        }
        if argument.is_empty() {
            return Err(RuleError::Syntax);
        }
        match catalog.find(name) {
            Some(sub) => self.put_command(catalog, sub, true),
            None if entry.takes_first_args => self.allow_first_arg(id, argument),
            None => return Err(RuleError::UnknownCommand),
        }
        Ok(())
    }

    fn allow_first_arg(&mut self, id: usize, argument: &[u8]) {
        let known = self.first_args.entry(id).or_default();
        if !known.iter().any(|arg| arg.eq_ignore_ascii_case(argument)) {
            known.push(argument.into());
        }
    }

    /// Whether a command is allowed; `first` is its first argument.
    #[inline]
    pub fn allows_command(
        &self,
        id: usize,
        container: Option<usize>,
        first: Option<&[u8]>,
    ) -> bool {
        if self.commands.contains(id) {
            return true;
        }
        if self.first_args.is_empty() {
            return false;
        }
        let known = self.first_args.get(&container.unwrap_or(id));
        known
            .into_iter()
            .flatten()
            .any(|arg| first.is_some_and(|first| first.eq_ignore_ascii_case(arg)))
    }

    /// Whether a key may be touched so.
    pub fn allows_key(&self, key: &[u8], access: KeyAccess) -> bool {
        self.all_keys
            || self
                .keys
                .iter()
                .any(|known| known.access.contains(access) && glob_match(&known.pattern, key))
    }

    /// Whether every key there is may be touched so.
    pub fn allows_every_key(&self, access: KeyAccess) -> bool {
        self.all_keys
            || self
                .keys
                .iter()
                .any(|known| known.access.contains(access) && *known.pattern == *b"*")
    }

    /// Whether a channel may be used.
    pub fn allows_channel(&self, channel: &[u8]) -> bool {
        self.all_channels
            || self
                .channels
                .iter()
                .any(|pattern| glob_match(pattern, channel))
    }

    /// Whether a pattern of channels may be subscribed to: only one that a rule has literally.
    pub fn allows_channel_pattern(&self, pattern: &[u8]) -> bool {
        self.all_channels || self.channels.iter().any(|known| **known == *pattern)
    }
}

/// The letters before the `~` and the pattern behind it.
fn read_access(text: &[u8]) -> Result<(KeyAccess, &[u8]), RuleError> {
    let letters = text
        .iter()
        .position(|&byte| byte == b'~')
        .unwrap_or(text.len());
    let mut access = KeyAccess::empty();
    for letter in &text[..letters] {
        let added = match letter.to_ascii_uppercase() {
            b'R' => KeyAccess::READ,
            b'W' => KeyAccess::WRITE,
            _ => return Err(RuleError::Syntax),
        };
        if access.contains(added) {
            return Err(RuleError::Syntax);
        }
        access |= added;
    }
    if access.is_empty() {
        return Err(RuleError::Syntax);
    }
    Ok((access, text.get(letters + 1..).unwrap_or_default()))
}

/// Whether a name or pattern could not be written into a line of rules.
pub fn has_spaces(text: &[u8]) -> bool {
    text.iter()
        .any(|byte| matches!(byte, 0 | b' ' | b'\t'..=b'\r'))
}
