//! The options of HGETEX and HSETEX before their fields.

use resp::Args;

use super::field_list::{TimeUnit, deadline_ms};
use crate::command::{CommandError, parse_i64};

/// What becomes of the fields' deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deadline {
    /// The command's own way.
    Default,
    /// They become this, ms since the epoch.
    At(u64),
    /// They stay.
    Keep,
    /// They go.
    Persist,
}

/// When HSETEX sets anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldCondition {
    Always,
    /// `FNX`: none of the fields is there.
    NoneThere,
    /// `FXX`: all of them are.
    AllThere,
}

/// Whose options they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    GetEx,
    SetEx,
}

/// Parsed options.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) deadline: Deadline,
    pub(super) condition: FieldCondition,
    /// The first field's argument.
    pub(super) first_field: usize,
}

const MISSING_TIME: CommandError = CommandError::text("ERR missing expire time");
const TWO_CONDITIONS: CommandError =
    CommandError::text("ERR Only one of FXX or FNX arguments can be specified");
const BAD_COUNT: CommandError = CommandError::text("ERR invalid number of fields");

impl Dialect {
    fn name(self) -> &'static str {
        match self {
            Dialect::GetEx => "hgetex",
            Dialect::SetEx => "hsetex",
        }
    }

    /// Arguments a field takes.
    fn step(self) -> usize {
        match self {
            Dialect::GetEx => 1,
            Dialect::SetEx => 2,
        }
    }

    fn two_deadlines(self) -> CommandError {
        CommandError::text(match self {
            Dialect::GetEx => {
                "ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified"
            }
            Dialect::SetEx => {
                "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"
            }
        })
    }
}

impl Options {
    /// Reads options from argument 2 to FIELDS and its count.
    pub(super) fn parse(
        args: Args<'_>,
        dialect: Dialect,
        now_ms: u64,
    ) -> Result<Self, CommandError> {
        let mut options = Options {
            deadline: Deadline::Default,
            condition: FieldCondition::Always,
            first_field: 0,
        };
        let mut at = 2;
        while let Some(word) = args.try_get(at) {
            if word.eq_ignore_ascii_case(b"FIELDS") {
                options.first_field = first_field(args, at, dialect)?;
                return Ok(options);
            }
            at += options.option(args, at, dialect, now_ms)?;
        }
        Err(CommandError::Arity(dialect.name().into()))
    }

    /// Reads the option at an argument; how many arguments it took.
    fn option(
        &mut self,
        args: Args<'_>,
        at: usize,
        dialect: Dialect,
        now_ms: u64,
    ) -> Result<usize, CommandError> {
        let word = args.get(at);
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        const TIMES: [(&str, TimeUnit, bool); 4] = [
            ("EX", TimeUnit::Seconds, true),
            ("PX", TimeUnit::Milliseconds, true),
            ("EXAT", TimeUnit::Seconds, false),
            ("PXAT", TimeUnit::Milliseconds, false),
        ];
        let time = TIMES.into_iter().find(|(name, ..)| is(name));
        let by_word = match dialect {
            Dialect::GetEx if is("PERSIST") => Some(Deadline::Persist),
            Dialect::SetEx if is("KEEPTTL") => Some(Deadline::Keep),
            _ => None,
        };
        if (time.is_some() || by_word.is_some()) && self.deadline != Deadline::Default {
            return Err(dialect.two_deadlines());
        }
        if let Some((_, unit, from_now)) = time {
            let text = args.try_get(at + 1).ok_or(MISSING_TIME)?;
            let base_ms = if from_now { now_ms } else { 0 };
            self.deadline = Deadline::At(deadline_ms(text, unit, base_ms, dialect.name())?);
            return Ok(2);
        }
        if let Some(deadline) = by_word {
            self.deadline = deadline;
            return Ok(1);
        }
        let condition = match dialect {
            Dialect::SetEx if is("FNX") => FieldCondition::NoneThere,
            Dialect::SetEx if is("FXX") => FieldCondition::AllThere,
            _ => return Err(CommandError::quoting("ERR unknown argument: ", word, "")),
        };
        if self.condition != FieldCondition::Always {
            return Err(TWO_CONDITIONS);
        }
        self.condition = condition;
        Ok(1)
    }
}

/// Checks the count after FIELDS against what follows it.
fn first_field(args: Args<'_>, at: usize, dialect: Dialect) -> Result<usize, CommandError> {
    let wrong_arity = || CommandError::Arity(dialect.name().into());
    let given = args.len() - at - 1;
    if given < 1 + dialect.step() {
        return Err(wrong_arity());
    }
    let count = parse_i64(args.get(at + 1))
        .ok()
        .filter(|count| (1..=i64::from(i32::MAX)).contains(count))
        .ok_or(BAD_COUNT)?;
    if count as usize * dialect.step() != given - 1 {
        return Err(wrong_arity());
    }
    Ok(at + 2)
}
