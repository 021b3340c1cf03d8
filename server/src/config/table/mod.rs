//! The declared table of directives, by concern. Adding a directive is one line in
//! its group, and a field in [`Settings`](super::Settings) when it has an effect.

mod cluster;
mod encoding;
mod function;
mod logging;
mod memory;
mod network;
mod persistence;
mod process;
mod replication;
mod security;
mod tls;

use super::directive::{Directive, Kind};

/// Directives that belong together, as the reference lists them.
pub struct Group {
    /// Heading in the reference.
    pub title: &'static str,
    /// The directives.
    pub directives: &'static [Directive],
}

/// All groups, in the order of the reference.
pub static GROUPS: &[Group] = &[
    Group {
        title: "Network",
        directives: network::DIRECTIVES,
    },
    Group {
        title: "Process and threads",
        directives: process::DIRECTIVES,
    },
    Group {
        title: "Security",
        directives: security::DIRECTIVES,
    },
    Group {
        title: "Memory and expiry",
        directives: memory::DIRECTIVES,
    },
    Group {
        title: "Encodings and limits of values",
        directives: encoding::DIRECTIVES,
    },
    Group {
        title: "Functions",
        directives: function::DIRECTIVES,
    },
    Group {
        title: "Logging and observation",
        directives: logging::DIRECTIVES,
    },
    Group {
        title: "Persistence",
        directives: persistence::DIRECTIVES,
    },
    Group {
        title: "Replication",
        directives: replication::DIRECTIVES,
    },
    Group {
        title: "Cluster",
        directives: cluster::DIRECTIVES,
    },
    Group {
        title: "TLS",
        directives: tls::DIRECTIVES,
    },
];

const I32_MAX: i64 = i32::MAX as i64;
const PORT: Kind = Kind::Integer {
    min: 0,
    max: 65_535,
};
const COUNT: Kind = Kind::Integer {
    min: 0,
    max: I32_MAX,
};
const LONG_COUNT: Kind = Kind::Integer {
    min: 0,
    max: i64::MAX,
};
const SIZE: Kind = Kind::Memory {
    min: 0,
    max: i64::MAX as u64,
};
const TEXT: Kind = Kind::Text(|_| Ok(()));

const fn integer(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max }
}

/// A file name without a path in it.
fn base_name(value: &[u8]) -> bool {
    !value.iter().any(|byte| matches!(byte, b'/' | b'\\'))
}
