//! The footer that makes a value a payload of DUMP: the format's version and a checksum.

use crc::{CRC_64_REDIS, Crc, Table};

/// The newest version that can be read.
pub const VERSION_MAX: u16 = VERSION_7_4;
/// The version that knows hashes whose fields expire.
pub(super) const VERSION_7_4: u16 = 12;
/// The version of all that Redis 7.0 knows.
pub(super) const VERSION_7_0: u16 = 10;

const VERSION_BYTES: usize = 2;
const CHECKSUM_BYTES: usize = 8;

/// The checksum of snapshots.
pub static CHECKSUM: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_REDIS);

/// Ends a payload: the version that knows all that is in it, and the checksum.
pub(super) fn seal(payload: &mut Vec<u8>, version: u16) {
    payload.extend_from_slice(&version.to_le_bytes());
    let checksum = CHECKSUM.checksum(payload);
    payload.extend_from_slice(&checksum.to_le_bytes());
}

/// The value in a payload; none when it is newer than what is known here or its checksum does not fit.
#[must_use]
pub fn open(payload: &[u8]) -> Option<&[u8]> {
    let (summed, checksum) = payload.split_last_chunk::<CHECKSUM_BYTES>()?;
    let (value, version) = summed.split_last_chunk::<VERSION_BYTES>()?;
    let known = u16::from_le_bytes(*version) <= VERSION_MAX;
    let intact = CHECKSUM.checksum(summed) == u64::from_le_bytes(*checksum);
    (known && intact).then_some(value)
}
