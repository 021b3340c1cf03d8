//! What a command declares about itself: one `Spec` per command or subcommand.
//!
//! Everything the server knows about a command without running it is read from
//! here: dispatch, arity, COMMAND and COMMAND DOCS, ACL categories, routing to
//! shards, generated reference pages and table-wide tests.

use bitflags::bitflags;
use resp::Args;

/// The documentation group of a command, as COMMAND DOCS names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// String commands.
    String,
    /// List commands.
    List,
    /// Set commands.
    Set,
    /// Hash commands.
    Hash,
    /// Sorted set commands.
    SortedSet,
    /// Commands on strings as arrays of bits.
    Bitmap,
    /// HyperLogLog commands.
    HyperLogLog,
    /// Commands on positions.
    Geo,
    /// Commands on keys of any type.
    Generic,
    /// Commands about the connection itself.
    Connection,
    /// Administration and introspection.
    Server,
    /// Cluster commands.
    Cluster,
    /// Stream commands.
    Stream,
    /// Transactions.
    Transactions,
    /// Publishing and subscribing.
    PubSub,
    /// Scripts and functions.
    Scripting,
}

impl Group {
    /// The name COMMAND DOCS prints.
    pub const fn name(self) -> &'static str {
        match self {
            Group::String => "string",
            Group::List => "list",
            Group::Set => "set",
            Group::Hash => "hash",
            Group::SortedSet => "sorted-set",
            Group::Bitmap => "bitmap",
            Group::HyperLogLog => "hyperloglog",
            Group::Geo => "geo",
            Group::Generic => "generic",
            Group::Connection => "connection",
            Group::Server => "server",
            Group::Cluster => "cluster",
            Group::Stream => "stream",
            Group::Transactions => "transactions",
            Group::PubSub => "pubsub",
            Group::Scripting => "scripting",
        }
    }
}

bitflags! {
    /// Command flags, by the names COMMAND INFO prints (lower case, `_` kept).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct Flags: u32 {
        /// May change data.
        const WRITE = 1;
        /// Only reads data.
        const READONLY = 1 << 1;
        /// Refused when used memory is above the limit.
        const DENYOOM = 1 << 2;
        /// Administrative.
        const ADMIN = 1 << 3;
        /// Publishes or subscribes.
        const PUBSUB = 1 << 4;
        /// Not allowed from scripts.
        const NOSCRIPT = 1 << 5;
        /// May block the client.
        const BLOCKING = 1 << 6;
        /// Allowed while the data set is loading.
        const LOADING = 1 << 7;
        /// Allowed on a stale replica.
        const STALE = 1 << 8;
        /// Not shown to MONITOR.
        const SKIP_MONITOR = 1 << 9;
        /// Not kept in the slow log.
        const SKIP_SLOWLOG = 1 << 10;
        /// O(1) or O(log n).
        const FAST = 1 << 11;
        /// Allowed before authentication.
        const NO_AUTH = 1 << 12;
        /// May replicate although it only reads.
        const MAY_REPLICATE = 1 << 13;
        /// Not allowed inside MULTI.
        const NO_MULTI = 1 << 14;
        /// Keys cannot be found by position alone.
        const MOVABLEKEYS = 1 << 15;
        /// Allowed while another script is busy.
        const ALLOW_BUSY = 1 << 16;
        /// No key is required although a key spec is declared.
        const NO_MANDATORY_KEYS = 1 << 17;
        /// Protected: needs enable-debug-command or the like.
        const PROTECTED = 1 << 18;
        /// Runs asynchronously to the caller.
        const NO_ASYNC_LOADING = 1 << 19;
    }
}

bitflags! {
    /// ACL categories that do not follow from the group and the flags.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Categories: u32 {
        /// `@keyspace`
        const KEYSPACE = 1;
        /// `@dangerous`
        const DANGEROUS = 1 << 1;
        /// `@connection`
        const CONNECTION = 1 << 2;
        /// `@bitmap`
        const BITMAP = 1 << 3;
        /// `@transaction`
        const TRANSACTION = 1 << 4;
        /// `@scripting`
        const SCRIPTING = 1 << 5;
        /// `@hyperloglog`
        const HYPERLOGLOG = 1 << 6;
        /// `@geo`
        const GEO = 1 << 7;
        /// `@stream`
        const STREAM = 1 << 8;
        /// `@admin`, of a command without the flag
        const ADMIN = 1 << 9;
        /// `@list`, of a command that is not of that group
        const LIST = 1 << 10;
        /// `@set`, likewise
        const SET = 1 << 11;
        /// `@sortedset`, likewise
        const SORTED_SET = 1 << 12;
    }
}

bitflags! {
    /// What a command does to the keys of one key spec.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct KeyFlags: u32 {
        /// Reads and writes the value.
        const RW = 1;
        /// Reads the value.
        const RO = 1 << 1;
        /// Overwrites the value.
        const OW = 1 << 2;
        /// Removes the key.
        const RM = 1 << 3;
        /// Returns or copies user data.
        const ACCESS = 1 << 4;
        /// Changes user data.
        const UPDATE = 1 << 5;
        /// Adds user data, never changes or removes it.
        const INSERT = 1 << 6;
        /// Removes user data.
        const DELETE = 1 << 7;
        /// Not a key, although it is routed like one.
        const NOT_KEY = 1 << 8;
        /// The spec does not name every key.
        const INCOMPLETE = 1 << 9;
        /// Flags depend on the arguments.
        const VARIABLE_FLAGS = 1 << 10;
    }
}

/// Where a key spec starts looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At this argument (0 is the command's name).
    Index(usize),
    /// After this keyword, searched from the given argument (negative: from the end, backwards).
    Keyword(&'static str, i32),
    /// Cannot be said.
    Unknown,
}

/// How a key spec finds its keys from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// Every `step`-th argument up to `last`, relative to the begin: 0 is the
    /// first key itself, -1 the last argument, -2 the one before it.
    Range {
        /** see above */
        last: i32,
        /** see above */
        step: usize,
        /** with `last` -1: 0 or 1 all, 2 the first half, … */
        limit: usize,
    },
    /// A count at `index`, the first key at `first`, both relative to the begin.
    KeyNum {
        /** see above */
        index: usize,
        /** see above */
        first: usize,
        /** see above */
        step: usize,
    },
    /// Cannot be said.
    Unknown,
}

/// One key spec of a command.
#[derive(Clone, Copy, Debug)]
pub struct KeySpec {
    /// Where to start.
    pub begin: Begin,
    /// How to go on.
    pub find: Find,
    /// What happens to these keys.
    pub flags: KeyFlags,
    /// A remark COMMAND INFO prints, or empty.
    pub notes: &'static str,
}

impl KeySpec {
    /// One key at argument `index`.
    pub const fn at(index: usize, flags: KeyFlags) -> Self {
        Self::range(index, 0, 1, flags)
    }

    /// Keys from argument `index` on; `last` and `step` as in [`Find::Range`].
    pub const fn range(index: usize, last: i32, step: usize, flags: KeyFlags) -> Self {
        KeySpec {
            begin: Begin::Index(index),
            find: Find::Range {
                last,
                step,
                limit: 0,
            },
            flags,
            notes: "",
        }
    }

    /// A count at argument `index` followed by that many keys.
    pub const fn counted(index: usize, flags: KeyFlags) -> Self {
        KeySpec {
            begin: Begin::Index(index),
            find: Find::KeyNum {
                index: 0,
                first: 1,
                step: 1,
            },
            flags,
            notes: "",
        }
    }

    /// A count at argument `index` followed by that many keys, each with a value.
    pub const fn counted_pairs(index: usize, flags: KeyFlags) -> Self {
        KeySpec {
            begin: Begin::Index(index),
            find: Find::KeyNum {
                index: 0,
                first: 1,
                step: 2,
            },
            flags,
            notes: "",
        }
    }

    /// The same spec with a remark.
    pub const fn noted(self, notes: &'static str) -> Self {
        KeySpec { notes, ..self }
    }
}

/// Which slices a command needs locked while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// Those of its keys, by the key specs; none when it has no key.
    Keys,
    /// All of the tenant's.
    All,
    /// The one its SCAN cursor (argument 1) stands in.
    Cursor,
}

/// Shows `visit` the argument each key is at, and what happens to it.
pub type KeyFinder = fn(args: Args<'_>, visit: &mut dyn FnMut(usize, KeyFlags));

/// What a command does to its key with these arguments, where its key spec has VARIABLE_FLAGS.
pub type KeyFlagsOf = fn(args: Args<'_>) -> KeyFlags;

/// The option, if any, by which these arguments make a command read keys that it does not name.
pub type HiddenReads = fn(args: Args<'_>) -> Option<&'static str>;

/// Which arguments are channels that access rules speak of. Leaving channels is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// None.
    None,
    /// The first argument.
    First,
    /// All arguments.
    All,
    /// All arguments, which are patterns: a rule must name each of them literally.
    Patterns,
}

/// The declaration of one command or subcommand.
#[derive(Debug)]
pub struct Spec {
    /// Lower-case name; a subcommand's is its own part only (`set`, not `config|set`).
    pub name: &'static str,
    /// One line for COMMAND DOCS.
    pub summary: &'static str,
    /// First Redis version that has it.
    pub since: &'static str,
    /// Time complexity, for COMMAND DOCS.
    pub complexity: &'static str,
    /// Documentation group.
    pub group: Group,
    /// Number of arguments with the name; negative: at least that many.
    pub arity: i32,
    /// Command flags.
    pub flags: Flags,
    /// ACL categories beyond those that follow from group and flags.
    pub categories: Categories,
    /// Where its keys are.
    pub keys: &'static [KeySpec],
    /// Finds the keys that no key spec can.
    pub more_keys: Option<KeyFinder>,
    /// What it does to its key, where that depends on the arguments.
    pub key_flags_of: Option<KeyFlagsOf>,
    /// Finds the option that makes it read keys it does not name.
    pub hidden_reads: Option<HiddenReads>,
    /// Which arguments are channels.
    pub channels: Channels,
    /// Which slices it needs.
    pub routing: Routing,
    /// The argument it looks for inside its only key's value, so that it can be prefetched.
    pub member: Option<usize>,
    /// Whether it may take long and gives the core back now and then ([`KeysEnv::breathe`](super::KeysEnv)).
    pub breathes: bool,
    /// The argument grammar in one line, e.g. `key value [NX | XX] [GET] [EX seconds | PX milliseconds]`.
    pub syntax: &'static str,
}

impl Spec {
    /// Fields most commands leave alone, for `..Spec::DEFAULT`.
    pub const DEFAULT: Spec = Spec {
        name: "",
        summary: "",
        since: "1.0.0",
        complexity: "O(1)",
        group: Group::Generic,
        arity: 1,
        flags: Flags::empty(),
        categories: Categories::empty(),
        keys: &[],
        more_keys: None,
        key_flags_of: None,
        hidden_reads: None,
        channels: Channels::None,
        breathes: false,
        routing: Routing::Keys,
        member: None,
        syntax: "",
    };

    /// Whether a call with `argc` arguments (the name included) is allowed.
    pub const fn arity_allows(&self, argc: usize) -> bool {
        if self.arity >= 0 {
            argc == self.arity as usize
        } else {
            argc >= (-self.arity) as usize
        }
    }
}
