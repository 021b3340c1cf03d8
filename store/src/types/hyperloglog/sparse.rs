//! Sparse registers: a sequence of opcodes, each a run of equal registers.
//!
//! ```text
//! ZERO   00llllll             l + 1 registers of 0
//! XZERO  01llllll llllllll    the same for long runs, the high bits of l first
//! VAL    1vvvvvll             l + 1 registers of v + 1
//! ```
//!
//! The same elements in the same order give the same bytes as in Redis, so the ways opcodes are split and joined are part of
//! the format. Strings come from users: runs that do not add up to all registers are found by whoever reads them to the end.

use std::fmt::Write;
use std::ops::Range;

use super::{HEADER_BYTES, HllError, Proposal, REGISTERS};

const ZERO_RUN_MAX: usize = 64;
const XZERO_RUN_MAX: usize = 16384;
const XZERO: u8 = 0x40;
const VAL: u8 = 0x80;
const VAL_RUN_MAX: usize = 4;
/// The highest value that can be stored.
const VALUE_MAX: u8 = 32;
/// Opcodes looked at for neighbours to join after a change.
const JOIN_STEPS: usize = 5;

/// One opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opcode {
    Zero(usize),
    XZero(usize),
    Val { value: u8, run: usize },
}

impl Opcode {
    /// Reads the opcode at the front. One that is cut off goes on with 0, as Redis sees it.
    fn read(bytes: &[u8]) -> Self {
        let first = bytes[0];
        if first & VAL != 0 {
            Opcode::Val {
                value: (first >> 2 & 0x1F) + 1,
                run: usize::from(first & 3) + 1,
            }
        } else if first & XZERO != 0 {
            let second = bytes.get(1).copied().unwrap_or(0);
            Opcode::XZero((usize::from(first & 0x3F) << 8 | usize::from(second)) + 1)
        } else {
            Opcode::Zero(usize::from(first) + 1)
        }
    }

    /// The registers it stands for.
    fn run(self) -> usize {
        match self {
            Opcode::Zero(run) | Opcode::XZero(run) | Opcode::Val { run, .. } => run,
        }
    }

    /// Its size in bytes.
    fn len(self) -> usize {
        match self {
            Opcode::XZero(_) => 2,
            Opcode::Zero(_) | Opcode::Val { .. } => 1,
        }
    }

    /// Its registers' value.
    fn value(self) -> u8 {
        match self {
            Opcode::Zero(_) | Opcode::XZero(_) => 0,
            Opcode::Val { value, .. } => value,
        }
    }
}

/// The byte of a VAL opcode.
fn val(value: u8, run: usize) -> u8 {
    VAL | (value - 1) << 2 | (run as u8 - 1)
}

/// Appends a run of zeros, as long as one opcode can say.
pub(super) fn push_zeros(out: &mut Vec<u8>, run: usize) {
    debug_assert!(run <= XZERO_RUN_MAX);
    let [high, low] = (run as u16 - 1).to_be_bytes();
    if run > ZERO_RUN_MAX {
        out.push(XZERO | high);
    }
    out.push(low);
}

/// A run of equal registers.
pub(super) struct Run {
    pub(super) registers: Range<usize>,
    pub(super) value: u8,
}

/// Shows every run. Corrupted when they do not add up to all registers; those before have been shown by then.
pub(super) fn for_each_run(bytes: &[u8], mut f: impl FnMut(Run)) -> Result<(), HllError> {
    let (mut at, mut first) = (0, 0);
    while at < bytes.len() {
        let opcode = Opcode::read(&bytes[at..]);
        let registers = first..first + opcode.run();
        if registers.end > REGISTERS {
            return Err(HllError::Corrupted);
        }
        (at, first) = (at + opcode.len(), registers.end);
        f(Run {
            registers,
            value: opcode.value(),
        });
    }
    if first == REGISTERS {
        Ok(())
    } else {
        Err(HllError::Corrupted)
    }
}

/// What came of [`raise`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raised {
    /// The register was as high already.
    No,
    /// It was lower.
    Yes,
    /// It may be lower, but only dense registers can hold the result. Nothing has changed.
    NeedsDense,
}

/// Raises one register within `hll`, a header and sparse registers, unless it would outgrow `bytes_max`.
pub(super) fn raise(
    hll: &mut Vec<u8>,
    proposal: Proposal,
    bytes_max: usize,
) -> Result<Raised, HllError> {
    if proposal.value > VALUE_MAX {
        return Ok(Raised::NeedsDense);
    }
    let found = Found::of(hll, proposal.register)?;
    if found.opcode.value() >= proposal.value {
        return Ok(Raised::No);
    }
    let mut parts = Vec::with_capacity(5);
    found.split(proposal, &mut parts);
    let old_end = (found.at + found.opcode.len()).min(hll.len());
    let grown = hll.len() + parts.len() - (old_end - found.at);
    if grown > hll.len() && grown > bytes_max {
        return Ok(Raised::NeedsDense);
    }
    hll.splice(found.at..old_end, parts);
    join_neighbours(hll, found.before);
    Ok(Raised::Yes)
}

/// The opcode a register is in.
struct Found {
    opcode: Opcode,
    /// Its place.
    at: usize,
    /// The place of the opcode before, or its own when it is the first.
    before: usize,
    /// Its first register.
    first: usize,
}

impl Found {
    fn of(hll: &[u8], register: usize) -> Result<Self, HllError> {
        let (mut at, mut before, mut first) = (HEADER_BYTES, HEADER_BYTES, 0);
        while at < hll.len() {
            let opcode = Opcode::read(&hll[at..]);
            if register < first + opcode.run() {
                return Ok(Found {
                    opcode,
                    at,
                    before,
                    first,
                });
            }
            before = at;
            at += opcode.len();
            first += opcode.run();
        }
        Err(HllError::Corrupted)
    }

    /// What takes the opcode's place: the registers before, the one raised, those after.
    fn split(&self, proposal: Proposal, parts: &mut Vec<u8>) {
        let rest = |run: usize, parts: &mut Vec<u8>| match self.opcode {
            _ if run == 0 => {}
            Opcode::Zero(_) | Opcode::XZero(_) => push_zeros(parts, run),
            Opcode::Val { value, .. } => parts.push(val(value, run)),
        };
        let before = proposal.register - self.first;
        rest(before, parts);
        parts.push(val(proposal.value, 1));
        rest(self.opcode.run() - before - 1, parts);
    }
}

/// Joins VAL opcodes of one value, from the one at `at` on, as far as a change can have made them neighbours.
fn join_neighbours(hll: &mut Vec<u8>, mut at: usize) {
    for _ in 0..JOIN_STEPS {
        if at >= hll.len() {
            return;
        }
        let opcode = Opcode::read(&hll[at..]);
        match joined(opcode, hll.get(at + 1..)) {
            Some(joined) => {
                hll[at + 1] = joined;
                hll.remove(at);
            }
            None => at += opcode.len(),
        }
    }
}

/// One opcode for this one and the next, where there is one.
fn joined(opcode: Opcode, next: Option<&[u8]>) -> Option<u8> {
    let Opcode::Val { value, run } = opcode else {
        return None;
    };
    let next = next.filter(|next| !next.is_empty())?;
    let run = match Opcode::read(next) {
        Opcode::Val {
            value: next,
            run: more,
        } if next == value => run + more,
        Opcode::Val { .. } | Opcode::Zero(_) | Opcode::XZero(_) => return None,
    };
    (run <= VAL_RUN_MAX).then(|| val(value, run))
}

/// The opcodes as PFDEBUG DECODE shows them.
pub(super) fn describe(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut at = 0;
    while at < bytes.len() {
        let opcode = Opcode::read(&bytes[at..]);
        let separator = if at == 0 { "" } else { " " };
        let written = match opcode {
            Opcode::Zero(run) => write!(text, "{separator}z:{run}"),
            Opcode::XZero(run) => write!(text, "{separator}Z:{run}"),
            Opcode::Val { value, run } => write!(text, "{separator}v:{value},{run}"),
        };
        written.expect("a String takes everything");
        at += opcode.len();
    }
    text
}
