//! Numbers of databases among a command's arguments.

use std::borrow::Cow;

use super::{CommandError, parse_i64};

/// Reads the number of one of `db_count` databases, as MOVE and COPY have it.
pub(super) fn parse_db_index(text: &[u8], db_count: usize) -> Result<usize, CommandError> {
    let index = parse_i64(text)?;
    let index = i32::try_from(index).map_err(|_| {
        CommandError::Text(Cow::Owned(format!(
            "ERR value is out of range, value must between {} and {}",
            i32::MIN,
            i32::MAX
        )))
    })?;
    usize::try_from(index)
        .ok()
        .filter(|index| *index < db_count)
        .ok_or(CommandError::DbIndex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_checked_in_steps() {
        assert_eq!(parse_db_index(b"15", 16), Ok(15));
        assert_eq!(parse_db_index(b"16", 16), Err(CommandError::DbIndex));
        assert_eq!(parse_db_index(b"-1", 16), Err(CommandError::DbIndex));
        assert_eq!(parse_db_index(b"x", 16), Err(CommandError::NotInteger));
        let error = parse_db_index(b"2147483648", 16).expect_err("not an int");
        assert_eq!(
            error.to_string(),
            "ERR value is out of range, value must between -2147483648 and 2147483647"
        );
    }
}
