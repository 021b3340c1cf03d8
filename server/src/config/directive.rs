//! What a configuration directive is: its names, its kind of value, its default and
//! what it does here. The directives themselves are data, in `table/`.
//!
//! From that one table come the parser of files and flags, CONFIG GET, SET and
//! REWRITE, the typed [`Settings`](super::Settings) and `docs/config.md`.

use bitflags::bitflags;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::table;

bitflags! {
    /// How a directive may be touched and shown.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Flags: u8 {
        /// Set at start only; CONFIG SET refuses.
        const IMMUTABLE = 1;
        /// Unknown to Redis. With IMMUTABLE, CONFIG SET takes its present value: who sets all that CONFIG GET shows gets through.
        const OURS = 1 << 4;
        /// CONFIG SET needs `enable-protected-configs`.
        const PROTECTED = 1 << 1;
        /// Its value is a secret: kept out of logs, SLOWLOG and MONITOR.
        const SENSITIVE = 1 << 2;
        /// Answers CONFIG GET only under its exact name.
        const HIDDEN = 1 << 3;
    }
}

/// Checks a text value; the error is the reason as the client reads it.
pub type TextCheck = fn(&[u8]) -> Result<(), &'static str>;

/// The kind of value a directive takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// A decimal integer within bounds, both included.
    Integer {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// `hz`: any integer from 0, drawn into 1..=500.
    Frequency,
    /// File permissions, octal, up to `max`.
    Octal {
        /// Largest value.
        max: u32,
    },
    /// Bytes with an optional unit: `k` is 1000, `kb` is 1024.
    Memory {
        /// Smallest value.
        min: u64,
        /// Largest value.
        max: u64,
    },
    /// Bytes with an optional unit, or a percentage up to 100 (`5%`).
    MemoryOrPercent,
    /// One word of a list; `a|b` are two words for one choice, `a` reads back.
    Choice(&'static [&'static str]),
    /// Several words of a list; the first means none of the others.
    ChoiceSet(&'static [&'static str]),
    /// Any bytes the check accepts.
    Text(TextCheck),
    /// An existing directory, the working directory of the process.
    Directory,
    /// Snapshot points: pairs of seconds and changes.
    SavePoints,
    /// `class hard soft seconds`, repeated, for clients' output buffers.
    OutputLimits,
    /// Three OOM scores.
    OomScores,
    /// Letters of keyspace event classes.
    EventClasses,
    /// Up to 16 addresses to listen on.
    Addresses,
    /// A primary's host and port, or `no one`.
    Primary,
    /// Percentiles, each from 0 to 100.
    Percentiles,
}

impl Kind {
    /// Whether the directive takes several words.
    pub fn takes_many_words(self) -> bool {
        match self {
            Kind::ChoiceSet(_)
            | Kind::SavePoints
            | Kind::OutputLimits
            | Kind::OomScores
            | Kind::Addresses
            | Kind::Primary
            | Kind::Percentiles => true,
            Kind::Bool
            | Kind::Integer { .. }
            | Kind::Frequency
            | Kind::Octal { .. }
            | Kind::Memory { .. }
            | Kind::MemoryOrPercent
            | Kind::Choice(_)
            | Kind::Text(_)
            | Kind::Directory
            | Kind::EventClasses => false,
        }
    }
}

/// What a directive does in this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It works.
    Supported,
    /// It is accepted so that existing files load, does nothing, and warns once
    /// at start when it is set to something else than Redis's default. The text says why.
    Ignored(&'static str),
    /// Only its default is accepted: anything else would promise what this server
    /// does not do. The text says so.
    Refused(&'static str),
}

/// One directive.
#[derive(Clone, Copy, Debug)]
pub struct Directive {
    /// Its name.
    pub name: &'static str,
    /// Its older name, answering everywhere the name does.
    pub alias: Option<&'static str>,
    /// What values it takes.
    pub kind: Kind,
    /// Its default, as it would be written in a file.
    pub default: &'static str,
    /// How it may be touched and shown.
    pub flags: Flags,
    /// What it does here.
    pub effect: Effect,
    /// One line for the reference.
    pub doc: &'static str,
}

impl Directive {
    /// A supported, modifiable directive.
    pub const fn new(
        name: &'static str,
        kind: Kind,
        default: &'static str,
        doc: &'static str,
    ) -> Self {
        Directive {
            name,
            alias: None,
            kind,
            default,
            flags: Flags::empty(),
            effect: Effect::Supported,
            doc,
        }
    }

    /// With an older name.
    pub const fn alias(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    /// Settable at start only.
    pub const fn immutable(self) -> Self {
        self.flag(Flags::IMMUTABLE)
    }

    /// Unknown to Redis, and settable at start only.
    pub const fn ours_immutable(self) -> Self {
        self.flag(Flags::OURS).immutable()
    }

    /// With another flag.
    pub const fn flag(mut self, flag: Flags) -> Self {
        self.flags = self.flags.union(flag);
        self
    }

    /// Accepted without effect, for this reason.
    pub const fn ignored(mut self, why: &'static str) -> Self {
        self.effect = Effect::Ignored(why);
        self
    }

    /// Refused unless left at its default, for this reason.
    pub const fn refused(mut self, why: &'static str) -> Self {
        self.effect = Effect::Refused(why);
        self
    }
}

/// Position of a directive in the table; the index into the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirectiveId(pub(super) usize);

impl DirectiveId {
    /// The directive.
    pub fn directive(self) -> &'static Directive {
        &DIRECTIVES[self.0]
    }
}

/// A name (or alias) found in the table.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// The name or the alias, as the table spells it.
    pub name: &'static str,
    /// Which directive it names.
    pub id: DirectiveId,
}

/// All directives, by name.
pub static DIRECTIVES: LazyLock<Vec<Directive>> = LazyLock::new(|| {
    let mut all: Vec<Directive> = table::GROUPS
        .iter()
        .flat_map(|group| group.directives.iter().copied())
        .collect();
    all.sort_by_key(|directive| directive.name);
    all
});

/// Names and aliases, sorted: the order CONFIG GET answers in.
pub static NAMES: LazyLock<Vec<Named>> = LazyLock::new(|| {
    let mut names: Vec<Named> = Vec::new();
    for (index, directive) in DIRECTIVES.iter().enumerate() {
        let id = DirectiveId(index);
        names.extend(
            std::iter::once(directive.name)
                .chain(directive.alias)
                .map(|name| Named { name, id }),
        );
    }
    names.sort_by_key(|named| named.name);
    names
});

static BY_NAME: LazyLock<HashMap<&'static [u8], Named>> = LazyLock::new(|| {
    NAMES
        .iter()
        .map(|named| (named.name.as_bytes(), *named))
        .collect()
});

/// Looks a directive up by name or alias, in any case.
pub fn lookup(name: &[u8]) -> Option<Named> {
    BY_NAME.get(name.to_ascii_lowercase().as_slice()).copied()
}

/// Whether a directive's value is a secret; false when there is no such directive.
pub fn is_sensitive(name: &[u8]) -> bool {
    lookup(name).is_some_and(|named| named.id.directive().flags.contains(Flags::SENSITIVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases_are_unique() {
        for pair in NAMES.windows(2) {
            assert_ne!(pair[0].name, pair[1].name);
        }
    }

    #[test]
    fn names_answer_in_any_case_and_through_aliases() {
        let by_alias = lookup(b"Slave-Read-Only").expect("an alias");
        assert_eq!(by_alias.name, "slave-read-only");
        assert_eq!(by_alias.id.directive().name, "replica-read-only");
        assert!(lookup(b"no-such-thing").is_none());
    }
}
