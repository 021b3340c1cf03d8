//! One command as COMMAND INFO shows it: arity, flags, keys, categories, subcommands.

use resp::ReplyWriter;
use store::command::{Begin, Find, Flags, KeyFlags, KeySpec};

use super::tips;
use crate::acl::category;
use crate::registry::{Command, Registry};

/// Flags in the order they are shown. Some are for the server only and not among them.
const FLAG_NAMES: [(Flags, &str); 18] = [
    (Flags::WRITE, "write"),
    (Flags::READONLY, "readonly"),
    (Flags::DENYOOM, "denyoom"),
    (Flags::ADMIN, "admin"),
    (Flags::PUBSUB, "pubsub"),
    (Flags::NOSCRIPT, "noscript"),
    (Flags::BLOCKING, "blocking"),
    (Flags::LOADING, "loading"),
    (Flags::STALE, "stale"),
    (Flags::SKIP_MONITOR, "skip_monitor"),
    (Flags::SKIP_SLOWLOG, "skip_slowlog"),
    (Flags::FAST, "fast"),
    (Flags::NO_AUTH, "no_auth"),
    (Flags::NO_MANDATORY_KEYS, "no_mandatory_keys"),
    (Flags::NO_ASYNC_LOADING, "no_async_loading"),
    (Flags::NO_MULTI, "no_multi"),
    (Flags::MOVABLEKEYS, "movablekeys"),
    (Flags::ALLOW_BUSY, "allow_busy"),
];

const KEY_FLAG_NAMES: [(KeyFlags, &str); 11] = [
    (KeyFlags::RO, "RO"),
    (KeyFlags::RW, "RW"),
    (KeyFlags::OW, "OW"),
    (KeyFlags::RM, "RM"),
    (KeyFlags::ACCESS, "access"),
    (KeyFlags::UPDATE, "update"),
    (KeyFlags::INSERT, "insert"),
    (KeyFlags::DELETE, "delete"),
    (KeyFlags::NOT_KEY, "not_key"),
    (KeyFlags::INCOMPLETE, "incomplete"),
    (KeyFlags::VARIABLE_FLAGS, "variable_flags"),
];

/// Writes one command.
pub(super) fn write(reply: &mut ReplyWriter<'_>, registry: &Registry, command: &Command) {
    let spec = command.spec;
    let range = KeyRange::of(spec.keys);
    reply.array(10);
    reply.bulk(command.full_name.as_bytes());
    reply.integer(spec.arity.into());
    let flags = if range.movable {
        spec.flags | Flags::MOVABLEKEYS
    } else {
        spec.flags
    };
    write_names(
        reply,
        FLAG_NAMES
            .iter()
            .filter(|(flag, _)| flags.contains(*flag))
            .map(|(_, name)| *name),
    );
    reply.integer(range.first);
    reply.integer(range.last);
    reply.integer(range.step);
    let categories: Vec<String> = category::names_of(spec)
        .map(|name| format!("@{name}"))
        .collect();
    write_names(reply, categories.iter().map(String::as_str));
    let tips = tips::of(&command.full_name);
    reply.set(tips.len());
    for tip in tips {
        reply.bulk(tip.as_bytes());
    }
    reply.set(spec.keys.len());
    for key_spec in spec.keys {
        write_key_spec(reply, key_spec);
    }
    match command.subcommands.len() {
        0 => reply.set(0),
        count => reply.array(count),
    }
    for id in &command.subcommands {
        write(reply, registry, &registry.all()[*id]);
    }
}

fn write_names<'a>(reply: &mut ReplyWriter<'_>, names: impl Iterator<Item = &'a str> + Clone) {
    reply.set(names.clone().count());
    for name in names {
        reply.simple(name);
    }
}

/// What a command does to keys, as simple strings.
pub(super) fn write_key_flags(reply: &mut ReplyWriter<'_>, flags: KeyFlags) {
    write_names(
        reply,
        KEY_FLAG_NAMES
            .iter()
            .filter(|(flag, _)| flags.contains(*flag))
            .map(|(_, name)| *name),
    );
}

/// The one range of keys that clients older than key specs know.
struct KeyRange {
    first: i64,
    last: i64,
    step: i64,
    /// Whether there are keys this range does not show.
    movable: bool,
}

impl KeyRange {
    fn of(specs: &[KeySpec]) -> Self {
        let mut all = KeyRange {
            first: 0,
            last: 0,
            step: 0,
            movable: false,
        };
        for spec in specs {
            all.movable |= spec.flags.contains(KeyFlags::INCOMPLETE);
            match plain_range(spec) {
                Some(range) if specs.len() == 1 => {
                    all = KeyRange {
                        movable: all.movable,
                        ..range
                    }
                }
                Some(range)
                    if range.step == 1 && (all.last == 0 || all.last == range.first - 1) =>
                {
                    all.extend(&range)
                }
                _ => all.movable = true,
            }
        }
        all
    }

    /// Adds a range that starts where this one ends.
    fn extend(&mut self, next: &KeyRange) {
        if self.first == 0 {
            self.first = next.first;
        }
        self.last = next.last;
        self.step = 1;
    }
}

fn plain_range(spec: &KeySpec) -> Option<KeyRange> {
    match (spec.begin, spec.find) {
        (Begin::Index(first), Find::Range { last, step, .. }) => {
            let first = first as i64;
            let last = if last >= 0 {
                i64::from(last) + first
            } else {
                last.into()
            };
            Some(KeyRange {
                first,
                last,
                step: step as i64,
                movable: false,
            })
        }
        _ => None,
    }
}

fn write_key_spec(reply: &mut ReplyWriter<'_>, spec: &KeySpec) {
    reply.map(if spec.notes.is_empty() { 3 } else { 4 });
    if !spec.notes.is_empty() {
        reply.bulk(b"notes");
        reply.bulk(spec.notes.as_bytes());
    }
    reply.bulk(b"flags");
    write_key_flags(reply, spec.flags);
    reply.bulk(b"begin_search");
    match spec.begin {
        Begin::Index(index) => {
            write_typed(reply, "index", 1);
            write_number(reply, "index", index as i64);
        }
        Begin::Keyword(keyword, from) => {
            write_typed(reply, "keyword", 2);
            reply.bulk(b"keyword");
            reply.bulk(keyword.as_bytes());
            write_number(reply, "startfrom", from.into());
        }
        Begin::Unknown => write_typed(reply, "unknown", 0),
    }
    reply.bulk(b"find_keys");
    match spec.find {
        Find::Range { last, step, limit } => {
            write_typed(reply, "range", 3);
            write_number(reply, "lastkey", last.into());
            write_number(reply, "keystep", step as i64);
            write_number(reply, "limit", limit as i64);
        }
        Find::KeyNum { index, first, step } => {
            write_typed(reply, "keynum", 3);
            write_number(reply, "keynumidx", index as i64);
            write_number(reply, "firstkey", first as i64);
            write_number(reply, "keystep", step as i64);
        }
        Find::Unknown => write_typed(reply, "unknown", 0),
    }
}

/// `{type: …, spec: {` with so many fields to come.
fn write_typed(reply: &mut ReplyWriter<'_>, kind: &str, fields: usize) {
    reply.map(2);
    reply.bulk(b"type");
    reply.bulk(kind.as_bytes());
    reply.bulk(b"spec");
    reply.map(fields);
}

fn write_number(reply: &mut ReplyWriter<'_>, name: &str, value: i64) {
    reply.bulk(name.as_bytes());
    reply.integer(value);
}
