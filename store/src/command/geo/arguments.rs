//! Coordinates, units and sizes as arguments.

use crate::command::{ArgCursor, CommandError, parse_f64};
use crate::types::geo::{Extent, Position};

/// Takes a longitude and a latitude.
pub(super) fn position(cursor: &mut ArgCursor<'_>) -> Result<Position, CommandError> {
    let (longitude, latitude) = (cursor.expect_f64()?, cursor.expect_f64()?);
    let position = Position {
        longitude,
        latitude,
    };
    if position.is_indexable() {
        Ok(position)
    } else {
        let text = format!("ERR invalid longitude,latitude pair {longitude:.6},{latitude:.6}");
        Err(CommandError::Text(text.into()))
    }
}

/// How many metres a unit has.
pub(super) fn unit_m(word: &[u8]) -> Result<f64, CommandError> {
    const UNITS: [(&str, f64); 4] = [("m", 1.0), ("km", 1000.0), ("ft", 0.3048), ("mi", 1609.34)];
    let named = |(name, _): &&(&str, f64)| word.eq_ignore_ascii_case(name.as_bytes());
    let found = UNITS.iter().find(named);
    found.map(|(_, metres)| *metres).ok_or(CommandError::text(
        "ERR unsupported unit provided. please use M, KM, FT, MI",
    ))
}

/// Takes a radius and its unit.
pub(super) fn radius(cursor: &mut ArgCursor<'_>) -> Result<(Extent, f64), CommandError> {
    let radius = number(cursor, "ERR need numeric radius")?;
    if radius < 0.0 {
        return Err(CommandError::text("ERR radius cannot be negative"));
    }
    Ok((Extent::Radius(radius), unit_m(cursor.expect()?)?))
}

/// Takes a width, a height and their unit.
pub(super) fn sides(cursor: &mut ArgCursor<'_>) -> Result<(Extent, f64), CommandError> {
    let width = number(cursor, "ERR need numeric width")?;
    let height = number(cursor, "ERR need numeric height")?;
    if width < 0.0 || height < 0.0 {
        return Err(CommandError::text("ERR height or width cannot be negative"));
    }
    Ok((Extent::Box { width, height }, unit_m(cursor.expect()?)?))
}

fn number(cursor: &mut ArgCursor<'_>, error: &'static str) -> Result<f64, CommandError> {
    parse_f64(cursor.expect()?).map_err(|_| CommandError::text(error))
}
