//! LPOS: where in a list an element stands.

use resp::Args;

use super::{KEY_RO_ACCESS, LIST};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, Flags, Spec, parse_at_least, parse_i64,
};
use crate::types::Direction;

pub(super) static LPOS: DataCommand = DataCommand {
    spec: Spec {
        name: "lpos",
        summary: "Returns the index of elements equal to a value.",
        since: "6.0.6",
        complexity: "O(N) with N the length of the list, or MAXLEN.",
        arity: -3,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
        ..LIST
    },
    run: lpos,
    subcommands: &[],
};

const RANK_ZERO: CommandError = CommandError::text(
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list",
);
const COUNT_NEGATIVE: CommandError = CommandError::text("ERR COUNT can't be negative");
const MAXLEN_NEGATIVE: CommandError = CommandError::text("ERR MAXLEN can't be negative");
const RANK_RANGE: CommandError = CommandError::text(
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
);

struct LposArgs {
    direction: Direction,
    /// Matches passed over before the first one that counts.
    skip: usize,
    /// How many matches to reply as an array, 0 for all; `None`: one, not in an array.
    count: Option<usize>,
    /// Most elements to look at.
    max_len: usize,
}

impl LposArgs {
    fn parse(mut args: ArgCursor<'_>) -> Result<Self, CommandError> {
        let mut parsed = LposArgs {
            direction: Direction::Forward,
            skip: 0,
            count: None,
            max_len: usize::MAX,
        };
        while !args.is_done() {
            if args.remaining() < 2 {
                return Err(CommandError::Syntax);
            }
            if args.keyword("RANK") {
                let rank = parse_i64(args.expect()?)?;
                parsed.direction = if rank < 0 {
                    Direction::Reverse
                } else {
                    Direction::Forward
                };
                let rank = rank.checked_abs().ok_or(RANK_RANGE)?;
                parsed.skip = usize::try_from(rank - 1).map_err(|_| RANK_ZERO)?;
            } else if args.keyword("COUNT") {
                parsed.count = Some(parse_at_least(args.expect()?, 0, COUNT_NEGATIVE)?);
            } else if args.keyword("MAXLEN") {
                let max_len = parse_at_least(args.expect()?, 0, MAXLEN_NEGATIVE)?;
                parsed.max_len = if max_len == 0 { usize::MAX } else { max_len };
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(parsed)
    }
}

fn lpos(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let wanted = LposArgs::parse(ArgCursor::new(args, 3))?;
    let key = ctx.keys.arg(args, 1);
    let pace = ctx.keys.pace();
    let list = ctx.keys.read_list(key)?;
    let len = list.map_or(0, |list| list.len());
    let mut breath = pace.over(len.min(wanted.max_len))?;
    let elements = list
        .into_iter()
        .flat_map(|list| list.iter_from(0, wanted.direction));
    let mut matches = elements
        .take(wanted.max_len)
        .inspect(|_| breath.element())
        .enumerate()
        .filter(|(_, element)| *element == args.get(2))
        .map(|(at, _)| match wanted.direction {
            Direction::Forward => at,
            Direction::Reverse => len - 1 - at,
        })
        .skip(wanted.skip);
    let Some(count) = wanted.count else {
        match matches.next() {
            Some(index) => ctx.reply.integer(index as i64),
            None => ctx.reply.null(),
        }
        return Ok(());
    };
    let deferred = ctx.reply.array_deferred();
    let mut found = 0;
    for index in matches.take(if count == 0 { usize::MAX } else { count }) {
        ctx.reply.integer(index as i64);
        found += 1;
    }
    ctx.reply.finish_array(deferred, found);
    Ok(())
}
