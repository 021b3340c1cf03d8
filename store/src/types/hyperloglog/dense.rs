//! Dense registers: six bits each, the lowest bits of a byte first, four registers in three bytes.

use super::{Proposal, REGISTERS};

const REGISTER_BITS: usize = 6;
const REGISTER_MASK: u16 = (1 << REGISTER_BITS) - 1;
/// Size of all registers.
pub(super) const BYTES: usize = REGISTERS * REGISTER_BITS / 8;

/// The two bytes a register may reach into, and its shift in them. The last one ends with its first byte.
fn load(registers: &[u8], register: usize) -> (u16, usize) {
    let bit = register * REGISTER_BITS;
    let high = registers.get(bit / 8 + 1).copied().unwrap_or(0);
    (u16::from_le_bytes([registers[bit / 8], high]), bit % 8)
}

fn get(registers: &[u8], register: usize) -> u8 {
    let (pair, shift) = load(registers, register);
    (pair >> shift & REGISTER_MASK) as u8
}

/// Overwrites a register.
pub(super) fn set(registers: &mut [u8], register: usize, value: u8) {
    let (pair, shift) = load(registers, register);
    let pair = pair & !(REGISTER_MASK << shift) | u16::from(value) << shift;
    let [low, high] = pair.to_le_bytes();
    let at = register * REGISTER_BITS / 8;
    registers[at] = low;
    if let Some(byte) = registers.get_mut(at + 1) {
        *byte = high;
    }
}

/// Raises a register; whether it was lower.
pub(super) fn raise(registers: &mut [u8], proposal: Proposal) -> bool {
    let raised = get(registers, proposal.register) < proposal.value;
    if raised {
        set(registers, proposal.register, proposal.value);
    }
    raised
}

/// Shows every register and its value.
pub(super) fn for_each(registers: &[u8], mut f: impl FnMut(usize, u8)) {
    let (triples, _) = registers.as_chunks::<3>();
    for (index, &[a, b, c]) in triples.iter().enumerate() {
        let four = u32::from_le_bytes([a, b, c, 0]);
        for place in 0..4 {
            let value = four >> (place * REGISTER_BITS) & u32::from(REGISTER_MASK);
            f(index * 4 + place, value as u8);
        }
    }
}
