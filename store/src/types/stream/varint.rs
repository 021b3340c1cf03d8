//! Numbers in as few bytes as they need, seven bits each: readable from the front, and in reverse from the back.

/// Longest form of a `u64`.
pub(super) const VARINT_MAX: usize = 10;

const MORE: u8 = 0x80;

/// Bytes `value` takes.
#[inline]
pub(super) fn varint_len(value: u64) -> usize {
    if value < 0x80 {
        return 1;
    }
    (64 - value.leading_zeros() as usize).div_ceil(7)
}

/// Appends `value`, its lowest bits first.
#[inline]
pub(super) fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | MORE);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends `value` so that [`read_reverse`] finds it from its end.
#[inline]
pub(super) fn push_reverse(out: &mut Vec<u8>, mut value: u64) {
    if value < 0x80 {
        return out.push(value as u8);
    }
    let mut bytes = [0; VARINT_MAX];
    let mut at = VARINT_MAX;
    loop {
        at -= 1;
        bytes[at] = value as u8 & !MORE;
        value >>= 7;
        if value == 0 {
            break;
        }
        bytes[at] |= MORE;
    }
    out.extend_from_slice(&bytes[at..]);
}

/// Reads forwards and moves on.
#[inline]
pub(super) fn read_varint(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    while let [byte, rest @ ..] = *bytes {
        *bytes = rest;
        value |= u64::from(byte & !MORE) << shift;
        shift += 7;
        if byte & MORE == 0 {
            break;
        }
    }
    value
}

/// Reads what [`push_reverse`] wrote at the end of `bytes`, and cuts it off.
#[inline]
pub(super) fn read_reverse(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    while let [rest @ .., byte] = *bytes {
        *bytes = rest;
        value |= u64::from(byte & !MORE) << shift;
        shift += 7;
        if byte & MORE == 0 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back_from_both_sides(value: u64, shift in 0u32..64) {
            let value = value >> shift;
            let mut out = vec![1];
            push_varint(&mut out, value);
            prop_assert_eq!(out.len(), 1 + varint_len(value));
            let mut rest = &out[1..];
            prop_assert_eq!(read_varint(&mut rest), value);
            prop_assert!(rest.is_empty());
            out.truncate(1);
            push_reverse(&mut out, value);
            prop_assert_eq!(out.len(), 1 + varint_len(value));
            let mut rest = &out[..];
            prop_assert_eq!(read_reverse(&mut rest), value);
            prop_assert_eq!(rest, &[1]);
        }
    }
}
