//! HyperLogLog: how many different elements were added, within 0.81 %, in at most 12 KiB.
//!
//! Byte for byte the representation Redis keeps in a string, so that values move between the two:
//!
//! ```text
//!  0    4  5      8                 16
//! +----+--+------+-----------------+---------------------------------+
//! |HYLL|e |unused|count, 8 bytes LE| 16384 registers, by encoding e  |
//! +----+--+------+-----------------+---------------------------------+
//! ```
//!
//! The highest bit of the count says that the registers have changed since it was computed. Encoding 0 is
//! [dense], 1 is [sparse]. An element's hash picks a register and proposes a value; registers only grow.
//! Nothing here knows keys: commands hand in bytes and store them.

mod dense;
mod estimate;
mod murmur;
mod sparse;

use estimate::Histogram;

/// Registers of every HyperLogLog.
pub const REGISTERS: usize = 1 << REGISTER_INDEX_BITS;
/// Bits of a hash that pick the register.
const REGISTER_INDEX_BITS: u32 = 14;
/// Bits of a hash whose trailing zeros are counted.
const RUN_BITS: u32 = u64::BITS - REGISTER_INDEX_BITS;
const MAGIC: &[u8; 4] = b"HYLL";
/// Place of the encoding in the header.
const ENCODING_AT: usize = 4;
/// Place of the count in the header.
const COUNT_AT: usize = 8;
const HEADER_BYTES: usize = 16;
/// Place of the byte whose highest bit says that the count is out of date.
const STALE_AT: usize = HEADER_BYTES - 1;
const STALE: u8 = 0x80;

/// The registers by themselves, a byte each: what merging works on.
pub type Registers = [u8; REGISTERS];

/// How registers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Six bits each.
    Dense = 0,
    /// Runs of equal ones.
    Sparse = 1,
}

/// Why a string cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HllError {
    /// It does not look like a HyperLogLog.
    NotHyperLogLog,
    /// Its sparse registers contradict themselves.
    Corrupted,
}

/// A register and the value a hash proposes for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The register.
    pub register: usize,
    /// 1 to 51.
    pub value: u8,
}

impl Proposal {
    /// Of an element.
    #[must_use]
    pub fn of(element: &[u8]) -> Self {
        let hash = murmur::hash(element);
        let run = (hash >> REGISTER_INDEX_BITS) | 1 << RUN_BITS;
        Proposal {
            register: hash as usize % REGISTERS,
            value: run.trailing_zeros() as u8 + 1,
        }
    }
}

/// A HyperLogLog's bytes: a header that has been checked, and registers that may yet turn out to be corrupted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hll<B>(B);

impl Hll<Vec<u8>> {
    /// One without elements, sparse, its count up to date.
    #[must_use]
    pub fn empty() -> Self {
        let mut bytes = vec![0; HEADER_BYTES];
        bytes[..MAGIC.len()].copy_from_slice(MAGIC);
        bytes[ENCODING_AT] = Encoding::Sparse as u8;
        sparse::push_zeros(&mut bytes, REGISTERS);
        Hll(bytes)
    }

    /// Raises a register to what is proposed; whether it was lower. A sparse one that would not fit `sparse_bytes_max`,
    /// or the value, becomes dense first.
    pub fn raise(&mut self, proposal: Proposal, sparse_bytes_max: usize) -> Result<bool, HllError> {
        if self.encoding() == Encoding::Sparse {
            match sparse::raise(&mut self.0, proposal, sparse_bytes_max)? {
                sparse::Raised::No => return Ok(false),
                sparse::Raised::Yes => {
                    self.mark_stale();
                    return Ok(true);
                }
                sparse::Raised::NeedsDense => self.make_dense()?,
            }
        }
        Ok(dense::raise(&mut self.0[HEADER_BYTES..], proposal))
    }

    /// Changes the encoding to dense; whether it was not yet. The count stays as it is.
    pub fn make_dense(&mut self) -> Result<(), HllError> {
        if self.encoding() == Encoding::Sparse {
            let mut dense = vec![0; dense::BYTES];
            sparse::for_each_run(&self.0[HEADER_BYTES..], |run| {
                for register in run.registers {
                    dense::set(&mut dense, register, run.value);
                }
            })?;
            self.0.truncate(HEADER_BYTES);
            self.0[ENCODING_AT] = Encoding::Dense as u8;
            self.0.append(&mut dense);
        }
        Ok(())
    }

    /// The bytes to store.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl<B: AsRef<[u8]>> Hll<B> {
    /// Checks a string's header, and its length when it is dense.
    pub fn check(bytes: B) -> Result<Self, HllError> {
        let found = bytes.as_ref();
        let known = found.len() >= HEADER_BYTES
            && found.starts_with(MAGIC)
            && match found[ENCODING_AT] {
                0 => found.len() == HEADER_BYTES + dense::BYTES,
                1 => true,
                _ => false,
            };
        if known {
            Ok(Hll(bytes))
        } else {
            Err(HllError::NotHyperLogLog)
        }
    }

    /// How its registers are stored.
    pub fn encoding(&self) -> Encoding {
        match self.0.as_ref()[ENCODING_AT] {
            0 => Encoding::Dense,
            _ => Encoding::Sparse,
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    fn registers(&self) -> &[u8] {
        &self.0.as_ref()[HEADER_BYTES..]
    }

    /// The count in the header, when it is up to date.
    pub fn cached_count(&self) -> Option<u64> {
        let bytes = self.0.as_ref();
        let count = bytes[COUNT_AT..HEADER_BYTES]
            .try_into()
            .expect("the header has eight bytes of count");
        (bytes[STALE_AT] & STALE == 0).then_some(u64::from_le_bytes(count))
    }

    /// The count by the registers.
    pub fn count(&self) -> Result<u64, HllError> {
        let mut histogram = Histogram::new();
        match self.encoding() {
            Encoding::Dense => dense::for_each(self.registers(), |_, value| {
                histogram.add(value, 1);
            }),
            Encoding::Sparse => sparse::for_each_run(self.registers(), |run| {
                histogram.add(run.value, run.registers.len());
            })?,
        }
        Ok(histogram.estimate())
    }

    /// Raises each of `registers` to this one's value.
    pub fn merge_into(&self, registers: &mut Registers) -> Result<(), HllError> {
        match self.encoding() {
            Encoding::Dense => dense::for_each(self.registers(), |register, value| {
                registers[register] = registers[register].max(value);
            }),
            Encoding::Sparse => sparse::for_each_run(self.registers(), |run| {
                for register in &mut registers[run.registers] {
                    *register = run.value.max(*register);
                }
            })?,
        }
        Ok(())
    }

    /// The opcodes of a sparse one as text, such as `Z:100 v:3,2 z:7`; none of a dense one.
    pub fn describe(&self) -> Option<String> {
        (self.encoding() == Encoding::Sparse).then(|| sparse::describe(self.registers()))
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Hll<B> {
    /// Raises a register of a dense one; whether it was lower.
    ///
    /// # Panics
    /// When it is sparse.
    pub fn raise_dense(&mut self, proposal: Proposal) -> bool {
        assert_eq!(self.encoding(), Encoding::Dense);
        dense::raise(&mut self.0.as_mut()[HEADER_BYTES..], proposal)
    }

    /// Says that the count in the header is out of date.
    pub fn mark_stale(&mut self) {
        self.0.as_mut()[STALE_AT] |= STALE;
    }

    /// Puts a count into the header.
    pub fn cache_count(&mut self, count: u64) {
        self.0.as_mut()[COUNT_AT..HEADER_BYTES].copy_from_slice(&count.to_le_bytes());
    }
}

/// The count by bare registers.
#[must_use]
pub fn count_registers(registers: &Registers) -> u64 {
    let mut histogram = Histogram::new();
    registers.iter().for_each(|&value| histogram.add(value, 1));
    histogram.estimate()
}

#[cfg(test)]
mod tests;
