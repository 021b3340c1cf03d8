//! BITOP: whole strings, bit by bit.

use std::borrow::Cow;

use resp::Args;

use super::BITMAP;
use crate::command::{
    Breath, CommandError, Ctx, DataCommand, EventClass, Flags, Key, KeyFlags, KeySpec, Keys, Spec,
};
use crate::value::{IntText, StringRef, StringValue, Value, ValueRef};

pub(super) static BITOP: DataCommand = DataCommand {
    spec: Spec {
        name: "bitop",
        summary: "Stores what AND, OR, XOR, NOT, DIFF, DIFF1, ANDOR or ONE make of strings, the shorter ones padded with zeros.",
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
    /// In the first and in no other.
    Diff,
    /// In another and not in the first.
    Diff1,
    /// In the first and in another.
    AndOr,
    /// In exactly one.
    One,
}

impl Operation {
    fn parse(word: &[u8]) -> Result<Self, CommandError> {
        const OPERATIONS: [(&str, Operation); 8] = [
            ("AND", Operation::And),
            ("OR", Operation::Or),
            ("XOR", Operation::Xor),
            ("NOT", Operation::Not),
            ("DIFF", Operation::Diff),
            ("DIFF1", Operation::Diff1),
            ("ANDOR", Operation::AndOr),
            ("ONE", Operation::One),
        ];
        let named = |(name, _): &&(&str, Operation)| word.eq_ignore_ascii_case(name.as_bytes());
        let found = OPERATIONS.iter().find(named);
        found
            .map(|(_, operation)| *operation)
            .ok_or(CommandError::Syntax)
    }
}

impl Operation {
    /// The error for a single source, where it is none.
    fn too_few_sources(self) -> Option<CommandError> {
        const DIFF: CommandError =
            CommandError::text("ERR BITOP DIFF must be called with at least two source keys.");
        const DIFF1: CommandError =
            CommandError::text("ERR BITOP DIFF1 must be called with at least two source keys.");
        const ANDOR: CommandError =
            CommandError::text("ERR BITOP ANDOR must be called with at least two source keys.");
        match self {
            Operation::Diff => Some(DIFF),
            Operation::Diff1 => Some(DIFF1),
            Operation::AndOr => Some(ANDOR),
            Operation::And | Operation::Or | Operation::Xor => None,
            Operation::Not | Operation::One => None,
        }
    }
}

/// Bytes of each source that are combined in one go.
const PIECE_BYTES: usize = 4096;

fn bitop(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let operation = Operation::parse(args.get(1))?;
    if operation == Operation::Not && args.len() != 4 {
        return Err(CommandError::text(
            "ERR BITOP NOT must be called with a single source key.",
        ));
    }
    if args.len() < 5
        && let Some(error) = operation.too_few_sources()
    {
        return Err(error);
    }
    for index in 3..args.len() {
        let key = ctx.keys.arg(args, index);
        ctx.keys.read_string(key)?;
    }
    let destination = ctx.keys.arg(args, 2);
    let result = {
        let sources = (3..args.len()).map(|index| source(&ctx.keys, ctx.keys.arg(args, index)));
        let sources: Vec<_> = sources.collect();
        let bytes = sources.iter().map(|source| source.len()).sum();
        let breath = ctx.keys.pace().over_bytes(bytes)?;
        combine_in_pieces(operation, &sources, breath)
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

/// [`combine`], with a breath after each piece.
fn combine_in_pieces<'s>(
    operation: Operation,
    sources: &'s [Cow<'s, [u8]>],
    mut breath: Breath,
) -> Vec<u8> {
    let len = sources.iter().map(|source| source.len()).max().unwrap_or(0);
    if len <= PIECE_BYTES {
        return combine(operation, sources);
    }
    let mut result = Vec::with_capacity(len);
    while result.len() < len {
        let (start, end) = (result.len(), result.len() + PIECE_BYTES);
        let piece = |source: &'s Cow<'s, [u8]>| {
            Cow::Borrowed(&source[start.min(source.len())..end.min(source.len())])
        };
        let pieces: Vec<_> = sources.iter().map(piece).collect();
        let combined = combine(operation, &pieces);
        result.extend(combined);
        breath.element();
    }
    result
}

/// As long as the longest source. Plain loops over bytes, which the compiler turns into loops over vectors.
fn combine(operation: Operation, sources: &[Cow<'_, [u8]>]) -> Vec<u8> {
    let len = sources.iter().map(|source| source.len()).max().unwrap_or(0);
    let mut result = Vec::with_capacity(len);
    let (first, others) = sources.split_first().expect("the arity asks for a source");
    if matches!(operation, Operation::Diff1 | Operation::AndOr) {
        let mut result = combine(Operation::Or, others);
        result.resize(len, 0);
        let (both, beyond) = result.split_at_mut(first.len());
        let pairs = both.iter_mut().zip(first.iter());
        if operation == Operation::Diff1 {
            pairs.for_each(|(byte, first)| *byte &= !first);
        } else {
            pairs.for_each(|(byte, first)| *byte &= first);
            beyond.fill(0);
        }
        return result;
    }
    result.extend_from_slice(first);
    result.resize(len, 0);
    if operation == Operation::Not {
        result.iter_mut().for_each(|byte| *byte = !*byte);
    }
    let mut several = Vec::new();
    if operation == Operation::One {
        several.resize(len, 0);
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
            Operation::Diff => pairs.for_each(|(byte, other)| *byte &= !other),
            Operation::One => pairs
                .zip(&mut several)
                .for_each(|((byte, other), several)| {
                    *several |= *byte & other;
                    *byte |= other;
                }),
            Operation::Not => unreachable!("NOT takes one source"),
            Operation::Diff1 | Operation::AndOr => unreachable!("done above"),
        }
    }
    let pairs = result.iter_mut().zip(several);
    pairs.for_each(|(byte, several)| *byte &= !several);
    result
}
