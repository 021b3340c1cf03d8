//! `NX | XX | GT | LT`: when EXPIRE and its kin may change an expiry.

use crate::command::{ArgCursor, CommandError};

/// Which of the options were given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ExpireCondition {
    /// Only where there is no expiry.
    nx: bool,
    /// Only where there is one.
    xx: bool,
    /// Only to a later time; without an expiry nothing is later.
    gt: bool,
    /// Only to an earlier time; without an expiry everything is earlier.
    lt: bool,
}

impl ExpireCondition {
    /// Reads options to the end of the arguments. All are read before their combination is judged.
    pub(super) fn parse(mut args: ArgCursor<'_>) -> Result<Self, CommandError> {
        let mut condition = ExpireCondition::default();
        while let Some(option) = args.peek() {
            let flag = if args.keyword("NX") {
                &mut condition.nx
            } else if args.keyword("XX") {
                &mut condition.xx
            } else if args.keyword("GT") {
                &mut condition.gt
            } else if args.keyword("LT") {
                &mut condition.lt
            } else {
                return Err(CommandError::quoting("ERR Unsupported option ", option, ""));
            };
            *flag = true;
        }
        let ExpireCondition { nx, xx, gt, lt } = condition;
        if nx && (xx || gt || lt) {
            return Err(CommandError::text(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if gt && lt {
            return Err(CommandError::text(
                "ERR GT and LT options at the same time are not compatible",
            ));
        }
        Ok(condition)
    }

    /// Whether an expiry at `current` may become one at `at_ms`.
    pub(super) fn allows(self, current: Option<u64>, at_ms: i64) -> bool {
        let ExpireCondition { nx, xx, gt, lt } = self;
        match current {
            None => !xx && !gt,
            Some(current) => {
                let current = i64::try_from(current).unwrap_or(i64::MAX);
                !(nx || gt && at_ms <= current || lt && at_ms >= current)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resp::Args;

    fn parse(line: &str) -> Result<ExpireCondition, CommandError> {
        let words: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        ExpireCondition::parse(ArgCursor::new(Args::from_slices(&words), 0))
    }

    #[test]
    fn options_combine_as_in_redis() {
        for (line, error) in [
            ("", None),
            ("nx", None),
            ("XX gt", None),
            ("xx LT", None),
            ("gt gt", None),
            (
                "nx xx",
                Some("ERR NX and XX, GT or LT options at the same time are not compatible"),
            ),
            (
                "gt nx",
                Some("ERR NX and XX, GT or LT options at the same time are not compatible"),
            ),
            (
                "gt lt",
                Some("ERR GT and LT options at the same time are not compatible"),
            ),
            ("nx xx ab", Some("ERR Unsupported option ab")),
        ] {
            let found = parse(line).err().map(|error| error.to_string());
            assert_eq!(found.as_deref(), error, "{line:?}");
        }
    }

    #[test]
    fn conditions_compare_times() {
        for (line, current, at_ms, allowed) in [
            ("", None, 5, true),
            ("nx", None, 5, true),
            ("nx", Some(1), 5, false),
            ("xx", None, 5, false),
            ("xx", Some(1), 5, true),
            ("gt", None, 5, false),
            ("gt", Some(5), 5, false),
            ("gt", Some(4), 5, true),
            ("lt", None, 5, true),
            ("lt", Some(5), 5, false),
            ("lt", Some(6), 5, true),
            ("xx lt", None, 5, false),
            ("lt", Some(6), -5, true),
        ] {
            let condition = parse(line).expect("a valid line");
            assert_eq!(
                condition.allows(current, at_ms),
                allowed,
                "{line} {current:?} {at_ms}"
            );
        }
    }
}
