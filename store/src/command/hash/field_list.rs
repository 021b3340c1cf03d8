//! What the commands on fields' deadlines share: `FIELDS numfields field …` and the times given.

use resp::Args;

use crate::command::{CommandError, parse_i64};

/// No field may expire later: 2^46 ms after the epoch.
const DEADLINE_MS_MAX: i64 = 0xffff_ffff_fffe >> 2;

const MISSING: CommandError =
    CommandError::text("ERR Mandatory argument FIELDS is missing or not at the right position");
const MISMATCH: CommandError =
    CommandError::text("ERR The `numfields` parameter must match the number of arguments");
pub(super) const NOT_POSITIVE: CommandError =
    CommandError::text("ERR Number of fields must be a positive integer");
const NEGATIVE_TIME: CommandError = CommandError::text("ERR invalid expire time, must be >= 0");

/// The fields named from argument `at` on, where FIELDS has to stand, to the end.
pub(super) fn fields_at<'a>(
    args: Args<'a>,
    at: usize,
    not_positive: CommandError,
) -> Result<impl ExactSizeIterator<Item = &'a [u8]> + Clone, CommandError> {
    let keyword = args.try_get(at).unwrap_or_default();
    if !keyword.eq_ignore_ascii_case(b"FIELDS") {
        return Err(MISSING);
    }
    let count = parse_i64(args.try_get(at + 1).unwrap_or_default())
        .ok()
        .filter(|count| *count > 0)
        .ok_or(not_positive)?;
    if usize::try_from(count).ok() != args.len().checked_sub(at + 2) {
        return Err(MISMATCH);
    }
    Ok((at + 2..args.len()).map(move |index| args.get(index)))
}

/// How a deadline is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeUnit {
    Seconds,
    Milliseconds,
}

/// What a time counts from, ms since the epoch: 0 for a moment, now for a span.
pub(super) fn deadline_ms(
    text: &[u8],
    unit: TimeUnit,
    base_ms: u64,
    command: &'static str,
) -> Result<u64, CommandError> {
    let time = parse_i64(text)?;
    if time < 0 {
        return Err(NEGATIVE_TIME);
    }
    let ms = match unit {
        TimeUnit::Seconds => time.checked_mul(1000),
        TimeUnit::Milliseconds => Some(time),
    };
    ms.and_then(|ms| ms.checked_add_unsigned(base_ms))
        .filter(|at_ms| *at_ms <= DEADLINE_MS_MAX)
        .map(|at_ms| at_ms as u64)
        .ok_or(CommandError::InvalidExpire(command))
}
