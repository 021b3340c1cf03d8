//! LCS: the longest common subsequence of two strings, by the usual table of
//! lengths of common subsequences of prefixes.

use std::ops::RangeInclusive;

use resp::{Args, ReplyWriter};

use super::STRING;
use crate::command::{ArgCursor, CommandError, Ctx, DataCommand, Flags, KeyFlags, KeySpec, Spec};
use crate::value::{IntText, ValueRef};

pub(super) static LCS: DataCommand = DataCommand {
    spec: Spec {
        name: "lcs",
        summary: "Returns the longest common subsequence of two strings, its length, or where it lies.",
        since: "7.0.0",
        complexity: "O(N*M) with N and M the lengths of the two strings.",
        arity: -3,
        flags: Flags::READONLY,
        keys: &[KeySpec::range(
            1,
            1,
            1,
            KeyFlags::RO.union(KeyFlags::ACCESS),
        )],
        syntax: "key1 key2 [LEN] [IDX] [MINMATCHLEN len] [WITHMATCHLEN]",
        ..STRING
    },
    run: lcs,
    subcommands: &[],
};

#[derive(Default)]
struct LcsOptions {
    len: bool,
    indexes: bool,
    with_match_len: bool,
    min_match_len: usize,
}

impl LcsOptions {
    fn parse(mut args: ArgCursor<'_>) -> Result<Self, CommandError> {
        let mut options = LcsOptions::default();
        while !args.is_done() {
            if args.keyword("IDX") {
                options.indexes = true;
            } else if args.keyword("LEN") {
                options.len = true;
            } else if args.keyword("WITHMATCHLEN") {
                options.with_match_len = true;
            } else if args.remaining() > 1 && args.keyword("MINMATCHLEN") {
                options.min_match_len = usize::try_from(args.expect_i64()?).unwrap_or(0);
            } else {
                return Err(CommandError::Syntax);
            }
        }
        if options.len && options.indexes {
            return Err(CommandError::text(
                "ERR If you want both the length and indexes, please just use IDX.",
            ));
        }
        Ok(options)
    }
}

fn lcs(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let a = string_of(ctx, args, 1)?;
    let b = string_of(ctx, args, 2)?;
    let options = LcsOptions::parse(ArgCursor::new(args, 3))?;
    let table = Table::new(&a, &b, ctx.config.bulk_len_max)?;
    if options.indexes {
        table.reply_ranges(&mut ctx.reply, &options);
    } else if options.len {
        ctx.reply.integer(table.len(a.len(), b.len()) as i64);
    } else {
        ctx.reply.bulk(&table.subsequence());
    }
    Ok(())
}

/// A copy of the string at an argument, empty when the key is absent.
fn string_of(ctx: &mut Ctx<'_>, args: Args<'_>, index: usize) -> Result<Vec<u8>, CommandError> {
    let key = ctx.keys.arg(args, index);
    match ctx.keys.read(key) {
        None => Ok(Vec::new()),
        Some(ValueRef::String(value)) => Ok(value.as_bytes(&mut IntText::new()).to_vec()),
        Some(
            ValueRef::List(_)
            | ValueRef::Set(_)
            | ValueRef::Hash(_)
            | ValueRef::Zset(_)
            | ValueRef::Stream(_),
        ) => Err(CommandError::text(
            "ERR The specified keys must contain string values",
        )),
    }
}

/// A stretch that both strings share: positions in `a` and in `b`.
struct Match {
    a: RangeInclusive<usize>,
    b: RangeInclusive<usize>,
}

/// `lens[i * (b.len() + 1) + j]`: length of the answer for the first `i` bytes of `a` and `j` of `b`.
struct Table<'s> {
    a: &'s [u8],
    b: &'s [u8],
    lens: Vec<u32>,
}

impl<'s> Table<'s> {
    fn new(a: &'s [u8], b: &'s [u8], bytes_max: u64) -> Result<Self, CommandError> {
        const LEN_MAX: usize = u32::MAX as usize - 1;
        if a.len() >= LEN_MAX || b.len() >= LEN_MAX {
            return Err(CommandError::text("ERR String too long for LCS"));
        }
        let cells = (a.len() + 1) as u64 * (b.len() + 1) as u64;
        if cells.checked_mul(4).is_none_or(|bytes| bytes > bytes_max) {
            return Err(CommandError::text(
                "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
            ));
        }
        let width = b.len() + 1;
        let mut lens = vec![0u32; cells as usize];
        for i in 1..=a.len() {
            for j in 1..=b.len() {
                lens[i * width + j] = if a[i - 1] == b[j - 1] {
                    lens[(i - 1) * width + j - 1] + 1
                } else {
                    lens[(i - 1) * width + j].max(lens[i * width + j - 1])
                };
            }
        }
        Ok(Table { a, b, lens })
    }

    fn len(&self, i: usize, j: usize) -> usize {
        self.lens[i * (self.b.len() + 1) + j] as usize
    }

    /// Visits the pairs of matching positions from the end to the start. Of two
    /// equally long ways the one that shortens `b` is taken.
    fn walk_back(&self, mut matched: impl FnMut(usize, usize)) {
        let (mut i, mut j) = (self.a.len(), self.b.len());
        while i > 0 && j > 0 {
            if self.a[i - 1] == self.b[j - 1] {
                (i, j) = (i - 1, j - 1);
                matched(i, j);
            } else if self.len(i - 1, j) > self.len(i, j - 1) {
                i -= 1;
            } else {
                j -= 1;
            }
        }
    }

    fn subsequence(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.len(self.a.len(), self.b.len()));
        self.walk_back(|i, _| text.push(self.a[i]));
        text.reverse();
        text
    }

    /// Matching stretches, last first.
    fn matches(&self) -> Vec<Match> {
        let mut found: Vec<Match> = Vec::new();
        self.walk_back(|i, j| match found.last_mut() {
            Some(last) if *last.a.start() == i + 1 && *last.b.start() == j + 1 => {
                *last = Match {
                    a: i..=*last.a.end(),
                    b: j..=*last.b.end(),
                };
            }
            _ => found.push(Match { a: i..=i, b: j..=j }),
        });
        found
    }

    fn reply_ranges(&self, reply: &mut ReplyWriter<'_>, options: &LcsOptions) {
        let matches = self.matches();
        let match_len = |found: &Match| found.a.end() - found.a.start() + 1;
        let long_enough = || {
            matches
                .iter()
                .filter(|found| match_len(found) >= options.min_match_len)
        };
        reply.map(2);
        reply.bulk(b"matches");
        reply.array(long_enough().count());
        for found in long_enough() {
            reply.array(2 + usize::from(options.with_match_len));
            for range in [&found.a, &found.b] {
                reply.array(2);
                reply.integer(*range.start() as i64);
                reply.integer(*range.end() as i64);
            }
            if options.with_match_len {
                reply.integer(match_len(found) as i64);
            }
        }
        reply.bulk(b"len");
        reply.integer(self.len(self.a.len(), self.b.len()) as i64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_documented_example() {
        let table = Table::new(b"ohmytext", b"mynewtext", 1 << 20).expect("small enough");
        assert_eq!(table.subsequence(), b"mytext");
        let ranges: Vec<_> = table.matches().into_iter().map(|m| (m.a, m.b)).collect();
        assert_eq!(ranges, [(4..=7, 5..=8), (2..=3, 0..=1)]);
    }

    #[test]
    fn refuses_a_table_beyond_the_limit() {
        assert!(Table::new(&[0; 100], &[0; 100], 1000).is_err());
    }
}
