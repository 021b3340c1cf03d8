//! BITOP: whole strings, bit by bit.

use std::borrow::Cow;

use resp::Args;

use super::BITMAP;
use crate::command::{
    CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Keys, Spec,
};
use crate::value::{IntText, StringRef, StringValue, Value, ValueRef};

pub(super) static BITOP: DataCommand = DataCommand {
    spec: Spec {
        name: "bitop",
        summary: "Stores what AND, OR, XOR or NOT make of strings, the shorter ones padded with zeros.",
        since: "2.6.0",
        complexity: "O(N)",
        arity: -4,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[
            KeySpec::at(2, KeyFlags::OW.union(KeyFlags::UPDATE)),
            KeySpec::range(3, -1, 1, KeyFlags::RO.union(KeyFlags::ACCESS)),
        ],
        syntax: "operation destkey key [key ...]",
        ..BITMAP
    },
    run: bitop,
    subcommands: &[],
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
}

impl Operation {
    fn parse(word: &[u8]) -> Result<Self, CommandError> {
        const OPERATIONS: [(&str, Operation); 4] = [
            ("AND", Operation::And),
            ("OR", Operation::Or),
            ("XOR", Operation::Xor),
            ("NOT", Operation::Not),
        ];
        let named = |(name, _): &&(&str, Operation)| word.eq_ignore_ascii_case(name.as_bytes());
        let found = OPERATIONS.iter().find(named);
        found
            .map(|(_, operation)| *operation)
            .ok_or(CommandError::Syntax)
    }
}

fn bitop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let operation = Operation::parse(args.get(1))?;
    if operation == Operation::Not && args.len() != 4 {
        return Err(CommandError::text(
            "ERR BITOP NOT must be called with a single source key.",
        ));
    }
    for index in 3..args.len() {
        let key = ctx.keys.arg(args, index);
        ctx.keys.read_string(key)?;
    }
    let destination = ctx.keys.arg(args, 2);
    let result = {
        let sources = (3..args.len()).map(|index| source(&ctx.keys, ctx.keys.arg(args, index)));
        combine(operation, &sources.collect::<Vec<_>>())
    };
    let len = result.len();
    if len > 0 {
        let value = Value::String(StringValue::Raw(result));
        ctx.keys.put(destination, value, None);
        ctx.keys.changed(EventClass::STRING, "set", destination);
    } else if ctx.keys.delete(destination) {
        ctx.keys.changed(EventClass::GENERIC, "del", destination);
    }
    ctx.reply.integer(len as i64);
    Ok(())
}

/// A source's bytes; none for a missing key. That it is a string has been seen before.
fn source<'a>(keys: &'a Keys<'_>, key: Key<'_>) -> Cow<'a, [u8]> {
    match keys.view(key) {
        Some(ValueRef::String(StringRef::Int(value))) => {
            Cow::Owned(IntText::new().format(value).into())
        }
        Some(ValueRef::String(StringRef::Bytes(bytes))) => Cow::Borrowed(bytes),
        Some(ValueRef::String(StringRef::Shared(bytes))) => Cow::Borrowed(bytes),
        None
        | Some(
            ValueRef::List(_)
            | ValueRef::Set(_)
            | ValueRef::Hash(_)
            | ValueRef::Zset(_)
            | ValueRef::Stream(_),
        ) => Cow::Borrowed(b""),
    }
}

/// As long as the longest source. Plain loops over bytes, which the compiler turns into loops over vectors.
fn combine(operation: Operation, sources: &[Cow<'_, [u8]>]) -> Vec<u8> {
    let len = sources.iter().map(|source| source.len()).max().unwrap_or(0);
    let mut result = Vec::with_capacity(len);
    let (first, others) = sources.split_first().expect("the arity asks for a source");
    result.extend_from_slice(first);
    result.resize(len, 0);
    if operation == Operation::Not {
        result.iter_mut().for_each(|byte| *byte = !*byte);
    }
    for source in others {
        let (both, beyond) = result.split_at_mut(source.len());
        let pairs = both.iter_mut().zip(source.iter());
        match operation {
            Operation::And => {
                pairs.for_each(|(byte, other)| *byte &= other);
                beyond.fill(0);
            }
            Operation::Or => pairs.for_each(|(byte, other)| *byte |= other),
            Operation::Xor => pairs.for_each(|(byte, other)| *byte ^= other),
            Operation::Not => unreachable!("NOT takes one source"),
        }
    }
    result
}
