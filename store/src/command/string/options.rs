//! The options of SET, GETEX and MSETEX, and the expiry they name.

use super::super::{ArgCursor, CommandError, parse_i64};
use super::compare::Comparison;

/// How an expiry is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExpiryUnit {
    /// `EX seconds`.
    Ex,
    /// `PX milliseconds`.
    Px,
    /// `EXAT unix-time-seconds`.
    ExAt,
    /// `PXAT unix-time-milliseconds`.
    PxAt,
}

impl ExpiryUnit {
    /// Whether the time is a point in time, not a span.
    pub(super) fn is_absolute(self) -> bool {
        matches!(self, ExpiryUnit::ExAt | ExpiryUnit::PxAt)
    }
}

/// The expiry part of the options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExpiryOption<'a> {
    /// Not mentioned.
    None,
    /// `KEEPTTL`.
    Keep,
    /// `PERSIST`.
    Persist,
    /// A time, not yet read.
    Time(ExpiryUnit, &'a [u8]),
}

/// The condition of SET.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition<'a> {
    /// None.
    Always,
    /// `NX`.
    IfAbsent,
    /// `XX`.
    IfPresent,
    /// `IFEQ` and its kin.
    If(Comparison<'a>),
}

/// Parsed options.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options<'a> {
    pub(super) condition: Condition<'a>,
    pub(super) get: bool,
    pub(super) expiry: ExpiryOption<'a>,
}

/// Whose options they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// SET.
    Set,
    /// GETEX.
    GetEx,
    /// MSETEX: SET's without GET and comparisons.
    MSetEx,
}

impl<'a> Options<'a> {
    /// Reads options to the end.
    pub(super) fn parse(mut args: ArgCursor<'a>, dialect: Dialect) -> Result<Self, CommandError> {
        let mut options = Options {
            condition: Condition::Always,
            get: false,
            expiry: ExpiryOption::None,
        };
        let set = dialect != Dialect::GetEx;
        let set_one = dialect == Dialect::Set;
        while !args.is_done() {
            let condition = options.condition;
            if set
                && matches!(condition, Condition::Always | Condition::IfAbsent)
                && args.keyword("NX")
            {
                options.condition = Condition::IfAbsent;
            } else if set
                && matches!(condition, Condition::Always | Condition::IfPresent)
                && args.keyword("XX")
            {
                options.condition = Condition::IfPresent;
            } else if set_one
                && condition == Condition::Always
                && let Some(comparison) = Comparison::parse(&mut args)?
            {
                options.condition = Condition::If(comparison);
            } else if set_one && args.keyword("GET") {
                options.get = true;
            } else if set
                && matches!(options.expiry, ExpiryOption::None | ExpiryOption::Keep)
                && args.keyword("KEEPTTL")
            {
                options.expiry = ExpiryOption::Keep;
            } else if !set
                && matches!(options.expiry, ExpiryOption::None | ExpiryOption::Persist)
                && args.keyword("PERSIST")
            {
                options.expiry = ExpiryOption::Persist;
            } else {
                options.expiry = parse_time(&mut args, options.expiry)?;
            }
        }
        Ok(options)
    }
}

/// A unit may be repeated, the last time counting, but not mixed with another.
fn parse_time<'a>(
    args: &mut ArgCursor<'a>,
    before: ExpiryOption<'a>,
) -> Result<ExpiryOption<'a>, CommandError> {
    const UNITS: [(&str, ExpiryUnit); 4] = [
        ("EX", ExpiryUnit::Ex),
        ("PX", ExpiryUnit::Px),
        ("EXAT", ExpiryUnit::ExAt),
        ("PXAT", ExpiryUnit::PxAt),
    ];
    let unit = UNITS
        .iter()
        .find(|(word, _)| args.keyword(word))
        .map(|(_, unit)| *unit)
        .ok_or(CommandError::Syntax)?;
    let fits = match before {
        ExpiryOption::None => true,
        ExpiryOption::Time(earlier, _) => earlier == unit,
        ExpiryOption::Keep | ExpiryOption::Persist => false,
    };
    if !fits {
        return Err(CommandError::Syntax);
    }
    Ok(ExpiryOption::Time(unit, args.expect()?))
}

/// Reads a time as ms since the epoch; `command` is named in the error.
pub(super) fn expire_at_ms(
    unit: ExpiryUnit,
    text: &[u8],
    now_ms: u64,
    command: &'static str,
) -> Result<u64, CommandError> {
    let invalid = CommandError::InvalidExpire(command);
    let time = parse_i64(text)?;
    if time <= 0 {
        return Err(invalid);
    }
    let in_ms = match unit {
        ExpiryUnit::Ex | ExpiryUnit::ExAt => time.checked_mul(1000),
        ExpiryUnit::Px | ExpiryUnit::PxAt => Some(time),
    };
    let at = if unit.is_absolute() {
        in_ms
    } else {
        in_ms.and_then(|ms| ms.checked_add_unsigned(now_ms))
    };
    at.map(|at| at as u64).ok_or(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use resp::Args;

    fn parse(line: &str, dialect: Dialect) -> Option<(String, bool, String)> {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        let options = Options::parse(ArgCursor::new(Args::from_slices(&words), 0), dialect).ok()?;
        let expiry = match options.expiry {
            ExpiryOption::Time(unit, text) => format!("{unit:?} {}", String::from_utf8_lossy(text)),
            other => format!("{other:?}"),
        };
        Some((format!("{:?}", options.condition), options.get, expiry))
    }

    #[test]
    fn options_combine_as_in_redis() {
        assert_eq!(
            parse("nx get ex 10", Dialect::Set),
            Some(("IfAbsent".into(), true, "Ex 10".into()))
        );
        assert_eq!(
            parse("EX 10 EX 20 XX", Dialect::Set),
            Some(("IfPresent".into(), false, "Ex 20".into()))
        );
        assert_eq!(
            parse("PERSIST", Dialect::GetEx),
            Some(("Always".into(), false, "Persist".into()))
        );
        for bad in [
            "NX XX",
            "NX IFEQ a",
            "IFEQ a NX",
            "IFEQ a IFEQ a",
            "IFNE",
            "IFDEQ 0123",
            "EX 10 PX 10",
            "KEEPTTL EX 10",
            "EX",
            "PERSIST",
            "EX 10 KEEPTTL",
        ] {
            assert_eq!(parse(bad, Dialect::Set), None, "{bad}");
        }
        for bad in ["NX", "GET", "KEEPTTL", "PERSIST EX 10"] {
            assert_eq!(parse(bad, Dialect::GetEx), None, "{bad}");
        }
    }

    #[test]
    fn times_are_checked() {
        assert_eq!(expire_at_ms(ExpiryUnit::Ex, b"10", 5, "set"), Ok(10_005));
        assert_eq!(expire_at_ms(ExpiryUnit::PxAt, b"10", 5, "set"), Ok(10));
        for bad in ["0", "-1", "9223372036854775807"] {
            assert_eq!(
                expire_at_ms(ExpiryUnit::Ex, bad.as_bytes(), 5, "set"),
                Err(CommandError::InvalidExpire("set"))
            );
        }
        assert_eq!(
            expire_at_ms(ExpiryUnit::Px, b"9223372036854775807", 5, "set"),
            Err(CommandError::InvalidExpire("set"))
        );
        assert_eq!(
            expire_at_ms(ExpiryUnit::Px, b"x", 5, "set"),
            Err(CommandError::NotInteger)
        );
    }
}
