//! What ZUNION, ZINTER, ZDIFF and their kin work on: sorted sets, and sets whose
//! members all score 1, each with a weight.

use resp::Args;

use super::scored_reply::Scores;
use crate::command::{
    ArgCursor, Breath, CommandError, Ctx, Key, Keys, parse_at_least, parse_f64, parse_i64,
};
use crate::hash::Seed;
use crate::types::{Direction, Item, ItemBuf, Set, Zset};
use crate::value::ValueRef;

const NEGATIVE_LIMIT: CommandError = CommandError::text("ERR LIMIT can't be negative");

/// How the scores of one member in several operands become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    /// The two scores as one. Infinities that cancel out make 0.
    pub(super) fn combine(self, total: f64, score: f64) -> f64 {
        match self {
            Aggregate::Sum => not_nan(total + score),
            Aggregate::Min if score < total => score,
            Aggregate::Max if score > total => score,
            Aggregate::Min | Aggregate::Max => total,
        }
    }
}

/// Which options a command of the family takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CombineGrammar {
    /// The command's name, for its error.
    pub(super) command: &'static str,
    /// The argument the number of keys is at.
    pub(super) count_index: usize,
    /// WEIGHTS and AGGREGATE.
    pub(super) weights: bool,
    /// WITHSCORES.
    pub(super) scores: bool,
    /// LIMIT.
    pub(super) limit: bool,
}

/// A parsed command of the family, its keys looked up.
#[derive(Debug)]
pub(super) struct CombineArgs<'a> {
    keys: Vec<Key<'a>>,
    /// One for each key.
    weights: Vec<f64>,
    pub(super) aggregate: Aggregate,
    pub(super) scores: Scores,
    /// At most this many are counted; 0 for all.
    pub(super) limit: usize,
}

impl<'a> CombineArgs<'a> {
    /// Reads the arguments and looks the keys up, as Redis does before it looks at the options.
    pub(super) fn parse(
        ctx: &mut Ctx<'_>,
        args: Args<'a>,
        grammar: CombineGrammar,
    ) -> Result<Self, CommandError> {
        let key_count = parse_key_count(args, grammar)?;
        let first = grammar.count_index + 1;
        let mut parsed = CombineArgs {
            keys: read_all(ctx, args, first, key_count)?,
            weights: vec![1.0; key_count],
            aggregate: Aggregate::Sum,
            scores: Scores::Omitted,
            limit: 0,
        };
        let mut options = ArgCursor::new(args, first + key_count);
        while !options.is_done() {
            parsed.parse_option(&mut options, grammar)?;
        }
        Ok(parsed)
    }

    fn parse_option(
        &mut self,
        options: &mut ArgCursor<'_>,
        grammar: CombineGrammar,
    ) -> Result<(), CommandError> {
        let remaining = options.remaining();
        if grammar.weights && remaining > self.keys.len() && options.keyword("WEIGHTS") {
            for weight in &mut self.weights {
                *weight = parse_f64(options.expect()?)
                    .map_err(|_| CommandError::text("ERR weight value is not a float"))?;
            }
        } else if grammar.weights && remaining >= 2 && options.keyword("AGGREGATE") {
            self.aggregate = parse_aggregate(options)?;
        } else if grammar.scores && options.keyword("WITHSCORES") {
            self.scores = Scores::Included;
        } else if grammar.limit && remaining >= 2 && options.keyword("LIMIT") {
            self.limit = parse_at_least(options.expect()?, 0, NEGATIVE_LIMIT)?;
        } else {
            return Err(CommandError::Syntax);
        }
        Ok(())
    }

    /// What the keys hold, as [`Self::operands`], announced as what the command will go over.
    ///
    /// # Errors
    /// [`CommandError::Long`]: it is to be run again where it can breathe.
    pub(super) fn announced<'s>(
        &self,
        keys: &'s Keys<'_>,
    ) -> Result<(Vec<Operand<'s>>, Breath), CommandError> {
        let operands = self.operands(keys);
        let elements = operands.iter().map(|operand| operand.members.len()).sum();
        Ok((operands, keys.pace().over(elements)?))
    }

    /// What the keys hold, all borrowed at once, in the order given.
    fn operands<'s>(&self, keys: &'s Keys<'_>) -> Vec<Operand<'s>> {
        let operand = |(key, weight): (&Key<'_>, &f64)| Operand {
            members: Members::view(keys, *key),
            weight: *weight,
        };
        self.keys.iter().zip(&self.weights).map(operand).collect()
    }
}

fn parse_key_count(args: Args<'_>, grammar: CombineGrammar) -> Result<usize, CommandError> {
    let count = parse_i64(args.get(grammar.count_index))?;
    if count < 1 {
        let text = format!(
            "ERR at least 1 input key is needed for '{}' command",
            grammar.command
        );
        return Err(CommandError::Text(text.into()));
    }
    let available = args.len() - grammar.count_index - 1;
    usize::try_from(count)
        .ok()
        .filter(|count| *count <= available)
        .ok_or(CommandError::Syntax)
}

fn parse_aggregate(options: &mut ArgCursor<'_>) -> Result<Aggregate, CommandError> {
    if options.keyword("SUM") {
        Ok(Aggregate::Sum)
    } else if options.keyword("MIN") {
        Ok(Aggregate::Min)
    } else if options.keyword("MAX") {
        Ok(Aggregate::Max)
    } else {
        Err(CommandError::Syntax)
    }
}

/// Looks each key up in order, expiring and counting hits, and refuses what is neither set nor sorted set.
fn read_all<'a>(
    ctx: &mut Ctx<'_>,
    args: Args<'a>,
    first: usize,
    count: usize,
) -> Result<Vec<Key<'a>>, CommandError> {
    let mut keys = Vec::with_capacity(count);
    for index in first..first + count {
        let key = ctx.keys.arg(args, index);
        match ctx.keys.read(key) {
            None | Some(ValueRef::Set(_) | ValueRef::Zset(_)) => keys.push(key),
            Some(
                ValueRef::String(_) | ValueRef::List(_) | ValueRef::Hash(_) | ValueRef::Stream(_),
            ) => {
                return Err(CommandError::WrongType);
            }
        }
    }
    Ok(keys)
}

/// One operand with its weight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand<'s> {
    pub(super) members: Members<'s>,
    pub(super) weight: f64,
}

impl Operand<'_> {
    /// The weighted score of a member; an infinity times 0 is NaN and left to the aggregate.
    pub(super) fn weighted_score(&self, seed: &Seed, member: &[u8]) -> Option<f64> {
        self.members
            .score(seed, member)
            .map(|score| score * self.weight)
    }
}

/// What an operand's key holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Members<'s> {
    Absent,
    Set(&'s Set),
    Zset(&'s Zset),
}

impl<'s> Members<'s> {
    fn view(keys: &'s Keys<'_>, key: Key<'_>) -> Self {
        match keys.view(key) {
            Some(ValueRef::Set(set)) => Members::Set(set),
            Some(ValueRef::Zset(zset)) => Members::Zset(zset),
            Some(
                ValueRef::String(_) | ValueRef::List(_) | ValueRef::Hash(_) | ValueRef::Stream(_),
            )
            | None => Members::Absent,
        }
    }

    pub(super) fn len(self) -> usize {
        match self {
            Members::Absent => 0,
            Members::Set(set) => set.len(),
            Members::Zset(zset) => zset.len(),
        }
    }

    pub(super) fn score(self, seed: &Seed, member: &[u8]) -> Option<f64> {
        match self {
            Members::Absent => None,
            Members::Set(set) => set.contains(seed, member).then_some(1.0),
            Members::Zset(zset) => zset.score(seed, member),
        }
    }

    /// Whether a member is there, without its score.
    pub(super) fn contains(self, seed: &Seed, member: &[u8]) -> bool {
        self.score(seed, member).is_some()
    }

    /// All members with their scores.
    pub(super) fn iter(self) -> Box<dyn Iterator<Item = (Item<'s>, f64)> + 's> {
        match self {
            Members::Absent => Box::new(std::iter::empty()),
            Members::Set(set) => Box::new(set.iter().map(|item| (item, 1.0))),
            Members::Zset(zset) => {
                let all = zset.iter_from(0, Direction::Forward);
                Box::new(all.map(|(member, score)| (Item::Bytes(member), score)))
            }
        }
    }
}

/// `score`, or 0 for NaN: what an infinity becomes under a weight of 0.
pub(super) fn not_nan(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// Runs `f` with the bytes of an item.
pub(super) fn with_bytes<R>(item: Item<'_>, f: impl FnOnce(&[u8]) -> R) -> R {
    f(item.as_bytes(&mut ItemBuf::default()))
}
