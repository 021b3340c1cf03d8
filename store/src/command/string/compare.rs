//! Strings compared with what a client knows of them: IFEQ and its kin of SET and DELEX; DIGEST, DELEX.

use resp::Args;
use twox_hash::XxHash3_64;

use super::{KEY_RO_ACCESS, STRING};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, EventClass, Flags, KeyFlags, KeySpec, Spec,
};
use crate::value::{IntText, StringRef};

/// What a key's string has to be, or not to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison<'a> {
    /// `IFEQ`: this. An absent key is not.
    Equal(&'a [u8]),
    /// `IFNE`: anything but this, also an absent key.
    Different(&'a [u8]),
    /// `IFDEQ`: something of this digest.
    EqualDigest(u64),
    /// `IFDNE`: anything of another digest.
    DifferentDigest(u64),
}

impl<'a> Comparison<'a> {
    /// Takes a comparison, when one is next.
    pub(super) fn parse(args: &mut ArgCursor<'a>) -> Result<Option<Self>, CommandError> {
        Ok(Some(if args.keyword("IFEQ") {
            Comparison::Equal(args.expect()?)
        } else if args.keyword("IFNE") {
            Comparison::Different(args.expect()?)
        } else if args.keyword("IFDEQ") {
            Comparison::EqualDigest(parse_digest(args.expect()?)?)
        } else if args.keyword("IFDNE") {
            Comparison::DifferentDigest(parse_digest(args.expect()?)?)
        } else {
            return Ok(None);
        }))
    }

    /// Whether a key's string, or its absence, is as wanted.
    pub(super) fn holds(self, value: Option<StringRef<'_>>) -> bool {
        let mut text = IntText::new();
        let bytes = value.map(|value| value.as_bytes(&mut text));
        match self {
            Comparison::Equal(wanted) => bytes == Some(wanted),
            Comparison::Different(unwanted) => bytes != Some(unwanted),
            Comparison::EqualDigest(wanted) => bytes.map(digest_of) == Some(wanted),
            Comparison::DifferentDigest(unwanted) => bytes.map(digest_of) != Some(unwanted),
        }
    }
}

fn digest_of(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// A digest as DIGEST gives it.
fn parse_digest(text: &[u8]) -> Result<u64, CommandError> {
    const DIGITS: usize = 16;
    let is_digest = text.len() == DIGITS && text.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(text)
        .ok()
        .filter(|_| is_digest)
        .and_then(|text| u64::from_str_radix(text, 16).ok())
        .ok_or(CommandError::text(
            "ERR must be exactly 16 hexadecimal characters",
        ))
}

pub(super) static DIGEST: DataCommand = DataCommand {
    spec: Spec {
        name: "digest",
        summary: "Returns the XXH3 hash of the string a key holds, in hexadecimal.",
        since: "8.4.0",
        complexity: "O(N) with N the length of the string.",
        arity: 2,
        flags: Flags::READONLY.union(Flags::FAST),
        keys: KEY_RO_ACCESS,
        syntax: "key",
        ..STRING
    },
    run: digest,
    subcommands: &[],
};

fn digest(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    match ctx.keys.read_string(key)? {
        Some(value) => {
            let digest = digest_of(value.as_bytes(&mut IntText::new()));
            ctx.reply.bulk(format!("{digest:016x}").as_bytes());
        }
        None => ctx.reply.null(),
    }
    Ok(())
}

pub(super) static DELEX: DataCommand = DataCommand {
    spec: Spec {
        name: "delex",
        summary: "Deletes a key, if wanted only when its string, or the hash of it, is or is not a given one.",
        since: "8.4.0",
        complexity: "O(1) for IFEQ/IFNE, O(N) for IFDEQ/IFDNE where N is the length of the string value.",
        arity: -2,
        flags: Flags::WRITE.union(Flags::FAST),
        keys: &[KeySpec::at(
            1,
            KeyFlags::RW
                .union(KeyFlags::DELETE)
                .union(KeyFlags::VARIABLE_FLAGS),
        )],
        syntax: "key [IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest]",
        ..STRING
    },
    run: delex,
    subcommands: &[],
};

fn delex(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 1);
    let mut options = ArgCursor::new(args, 2);
    let comparison = Comparison::parse(&mut options)?;
    if !options.is_done() {
        return Err(CommandError::Syntax);
    }
    let met = match comparison {
        None => true,
        // Of an absent key nothing can be deleted, whatever it is compared with.
        Some(comparison) => comparison.holds(ctx.keys.edit_string(key)?),
    };
    let deleted = met && ctx.keys.delete(key);
    if deleted {
        ctx.keys.changed(EventClass::GENERIC, "del", key);
    }
    ctx.reply.integer(i64::from(deleted));
    Ok(())
}
