//! Finds the keys among a command's arguments, by its key specs.

use resp::Args;

use super::{Begin, Find, KeyFlags, KeySpec, Spec};

/// The arguments do not fit the command's key specs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidKeys;

/// Calls `visit(argument index, flags)` for every key, spec by spec. The arity
/// has been checked before; flags that vary are those of these arguments. What a spec cannot find (an unknown begin) is left to the command's own finder.
pub fn key_positions(
    spec: &Spec,
    args: Args<'_>,
    mut visit: impl FnMut(usize, KeyFlags),
) -> Result<(), InvalidKeys> {
    for key_spec in spec.keys {
        match spec.key_flags_of {
            Some(flags_of) if key_spec.flags.contains(KeyFlags::VARIABLE_FLAGS) => {
                let flags = flags_of(args);
                positions_of(key_spec, args, &mut |index, _| visit(index, flags))?;
            }
            _ => positions_of(key_spec, args, &mut visit)?,
        }
    }
    if let Some(find) = spec.more_keys {
        find(args, &mut visit);
    }
    Ok(())
}

fn positions_of(
    spec: &KeySpec,
    args: Args<'_>,
    visit: &mut impl FnMut(usize, KeyFlags),
) -> Result<(), InvalidKeys> {
    let begin = match spec.begin {
        Begin::Index(index) => index,
        Begin::Keyword(word, from) => match find_keyword(args, word, from) {
            Some(at) => at + 1,
            None => return Ok(()),
        },
        Begin::Unknown => return Ok(()),
    };
    if begin >= args.len() {
        return Ok(());
    }
    let (first, last, step) = match spec.find {
        Find::Range { last, step, limit } => {
            (begin, range_end(begin, last, limit, args.len())?, step)
        }
        Find::KeyNum { index, first, step } => {
            let count = args
                .try_get(begin + index)
                .and_then(|text| super::parse_i64(text).ok());
            let count = count
                .and_then(|count| usize::try_from(count).ok())
                .filter(|&count| count > 0)
                .ok_or(InvalidKeys)?;
            let first = begin + first;
            let last = count
                .checked_sub(1)
                .and_then(|gaps| gaps.checked_mul(step))
                .and_then(|span| span.checked_add(first));
            (first, last.ok_or(InvalidKeys)?, step)
        }
        Find::Unknown => return Ok(()),
    };
    if last >= args.len() {
        return Err(InvalidKeys);
    }
    for index in (first..=last).step_by(step) {
        visit(index, spec.flags);
    }
    Ok(())
}

fn range_end(begin: usize, last: i32, limit: usize, argc: usize) -> Result<usize, InvalidKeys> {
    if last >= 0 {
        return Ok(begin + last as usize);
    }
    let end = argc
        .checked_sub(last.unsigned_abs() as usize)
        .ok_or(InvalidKeys)?;
    if last == -1 && limit > 1 {
        return Ok(begin + (argc - begin) / limit - 1);
    }
    Ok(end)
}

fn find_keyword(args: Args<'_>, word: &str, from: i32) -> Option<usize> {
    let matches = |&index: &usize| args.get(index).eq_ignore_ascii_case(word.as_bytes());
    if from >= 0 {
        (from as usize..args.len()).find(matches)
    } else {
        let start = args.len().checked_sub(from.unsigned_abs() as usize)?;
        (1..=start).rev().find(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(specs: &'static [KeySpec], line: &str) -> Result<Vec<usize>, InvalidKeys> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let spec = Spec {
            keys: specs,
            ..Spec::DEFAULT
        };
        let mut found = Vec::new();
        key_positions(&spec, Args::from_slices(&words), |index, _| {
            found.push(index)
        })
        .map(|()| found)
    }

    #[test]
    fn finds_keys_by_every_kind_of_spec() {
        const RO: KeyFlags = KeyFlags::RO;
        assert_eq!(keys(const { &[KeySpec::at(1, RO)] }, "get a"), Ok(vec![1]));
        assert_eq!(
            keys(const { &[KeySpec::range(1, -1, 2, RO)] }, "mset a 1 b 2"),
            Ok(vec![1, 3])
        );
        assert_eq!(
            keys(const { &[KeySpec::range(1, -2, 1, RO)] }, "blpop a b 0"),
            Ok(vec![1, 2])
        );
        assert_eq!(
            keys(
                const { &[KeySpec::at(1, RO), KeySpec::counted(2, RO)] },
                "zunionstore d 2 a b"
            ),
            Ok(vec![1, 3, 4])
        );
        assert_eq!(
            keys(const { &[KeySpec::counted(1, RO)] }, "zunion 3 a b"),
            Err(InvalidKeys)
        );
        assert_eq!(
            keys(const { &[KeySpec::counted(1, RO)] }, "zunion 0 a"),
            Err(InvalidKeys)
        );
        assert_eq!(
            keys(
                const { &[KeySpec::counted(1, RO)] },
                "zunion 9223372036854775807 a"
            ),
            Err(InvalidKeys)
        );
        const STREAMS: KeySpec = KeySpec {
            begin: Begin::Keyword("STREAMS", 1),
            find: Find::Range {
                last: -1,
                step: 1,
                limit: 2,
            },
            flags: RO,
            notes: "",
        };
        assert_eq!(keys(&[STREAMS], "xread streams a b 0 0"), Ok(vec![2, 3]));
    }
}
