//! XTRIM, and the trimming options it shares with XADD.

use resp::Args;

use super::id::parse_id;
use super::{KEY_RW_DELETE, STREAM};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, DataConfig, EventClass, Flags, Spec,
};
use crate::types::stream::{Keep, Precision, References, Stream};

pub(super) static XTRIM: DataCommand = DataCommand {
    spec: Spec {
        name: "xtrim",
        summary: "Removes entries from the front of a stream: down to a length, or up to an ID.",
        complexity: "O(N), with N being the number of evicted entries. Constant times are very small however, since entries are organized in macro nodes containing multiple entries that can be released with a single deallocation.",
        arity: -4,
        flags: Flags::WRITE,
        keys: KEY_RW_DELETE,
        syntax: "key <MAXLEN | MINID [= | ~] threshold [LIMIT count]> [KEEPREF | DELREF | ACKED]",
        ..STREAM
    },
    run: xtrim,
    subcommands: &[],
};

const TWO_STRATEGIES: CommandError = CommandError::text(
    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
);
const NEGATIVE_LEN: CommandError = CommandError::text("ERR The MAXLEN argument must be >= 0.");
const NEGATIVE_LIMIT: CommandError = CommandError::text("ERR The LIMIT argument must be >= 0.");
const LIMIT_ALONE: CommandError = CommandError::text(
    "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
);
const LIMIT_EXACT: CommandError =
    CommandError::text("ERR syntax error, LIMIT cannot be used without the special ~ option");
const NO_STRATEGY: CommandError =
    CommandError::text("ERR syntax error, XTRIM must be called with a trimming strategy");

/// A trim approximates by at most so many blocks, unless told otherwise.
const BLOCKS_AT_ONCE: usize = 100;
/// The limit where blocks have no number of entries.
const LIMIT_WITHOUT_ENTRIES: u64 = 10_000;
/// The limit's own limit.
const LIMIT_MAX: u64 = 1_000_000;

/// Trimming options while they are being read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TrimOptions {
    keep: Option<Keep>,
    approximate: bool,
    limit: Option<u64>,
    references: Option<References>,
}

/// A trim as asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trim {
    keep: Keep,
    precision: Precision,
    references: References,
}

impl Trim {
    /// Removes what is to go; how many entries.
    pub(super) fn run(self, stream: &mut Stream) -> u64 {
        stream.trim_with(self.keep, self.precision, self.references)
    }
}

/// Takes the word for what becomes of groups' references, if the next argument is one.
pub(super) fn take_references(args: &mut ArgCursor<'_>) -> Option<References> {
    if args.keyword("KEEPREF") {
        Some(References::Keep)
    } else if args.keyword("DELREF") {
        Some(References::Delete)
    } else if args.keyword("ACKED") {
        Some(References::Respect)
    } else {
        None
    }
}

impl TrimOptions {
    /// Takes one option, if the next argument is one.
    pub(super) fn take(&mut self, args: &mut ArgCursor<'_>) -> Result<bool, CommandError> {
        if let Some(references) = take_references(args) {
            return match self.references.replace(references) {
                None => Ok(true),
                Some(_) => Err(CommandError::Syntax),
            };
        }
        if args.remaining() < 2 {
            return Ok(false);
        }
        if args.keyword("MAXLEN") {
            self.choose(args)?;
            let len = u64::try_from(args.expect_i64()?).map_err(|_| NEGATIVE_LEN)?;
            self.keep = Some(Keep::Newest(len));
        } else if args.keyword("MINID") {
            self.choose(args)?;
            self.keep = Some(Keep::From(parse_id(args.expect()?, 0)?));
        } else if args.keyword("LIMIT") {
            let limit = u64::try_from(args.expect_i64()?).map_err(|_| NEGATIVE_LIMIT)?;
            self.limit = Some(limit);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads `~` or `=`, where a threshold follows it.
    fn choose(&mut self, args: &mut ArgCursor<'_>) -> Result<(), CommandError> {
        if self.keep.is_some() {
            return Err(TWO_STRATEGIES);
        }
        self.approximate = false;
        if args.remaining() >= 2 {
            self.approximate = args.keyword("~");
            if !self.approximate {
                args.keyword("=");
            }
        }
        Ok(())
    }

    /// What to do, if anything, when all options are read.
    #[inline]
    pub(super) fn finish(self, config: &DataConfig) -> Result<Option<Trim>, CommandError> {
        let Some(keep) = self.keep else {
            return match self.limit {
                None => Ok(None),
                Some(0) => Err(LIMIT_EXACT),
                Some(_) => Err(LIMIT_ALONE),
            };
        };
        let precision = match (self.approximate, self.limit) {
            (false, Some(_)) => return Err(LIMIT_EXACT),
            (false, None) => Precision::Exact,
            (true, Some(entries_max)) => Precision::Blocks { entries_max },
            (true, None) => Precision::Blocks {
                entries_max: default_limit(config),
            },
        };
        Ok(Some(Trim {
            keep,
            precision,
            references: self.references.unwrap_or_default(),
        }))
    }
}

fn default_limit(config: &DataConfig) -> u64 {
    match config.encoding.stream_node_max_entries {
        0 => LIMIT_WITHOUT_ENTRIES,
        entries => (entries.saturating_mul(BLOCKS_AT_ONCE) as u64).min(LIMIT_MAX),
    }
}

fn xtrim(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let mut cursor = ArgCursor::new(args, 2);
    let mut options = TrimOptions::default();
    while !cursor.is_done() {
        if !options.take(&mut cursor)? {
            return Err(CommandError::Syntax);
        }
    }
    if options.keep.is_none() && matches!(options.limit, None | Some(0)) {
        return Err(NO_STRATEGY);
    }
    let trim = options.finish(ctx.config)?.ok_or(NO_STRATEGY)?;
    let key = ctx.keys.arg(args, 1);
    let removed = match ctx.keys.edit_stream(key)? {
        Some(mut stream) => trim.run(&mut stream),
        None => 0,
    };
    if removed > 0 {
        ctx.keys.changed(EventClass::STREAM, "xtrim", key);
        ctx.keys.add_dirty(removed - 1);
    }
    ctx.reply.integer(removed as i64);
    Ok(())
}
