//! Keys to slots to shards: CRC16 (XMODEM) of the key, or of its hash tag, modulo
//! 16384, as the cluster specification has it.

/// Number of slots.
pub const SLOTS: usize = 16384;
/// Most shards a server may have: masks of shards are 64 bits.
pub const SHARDS_MAX: usize = 64;

const fn crc16_table() -> [u16; 256] {
    let mut table = [0u16; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 != 0 {
                (crc << 1) ^ 0x1021
            } else {
                crc << 1
            };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

static CRC16: [u16; 256] = crc16_table();

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| {
        (crc << 8) ^ CRC16[usize::from((crc >> 8) as u8 ^ byte)]
    })
}

/// The part of a key that decides its slot: between the first `{` and the next
/// `}` when that is not empty, else the whole key.
pub fn hash_tag(key: &[u8]) -> &[u8] {
    let Some(open) = memchr::memchr(b'{', key) else {
        return key;
    };
    let rest = &key[open + 1..];
    match memchr::memchr(b'}', rest) {
        Some(len) if len > 0 => &rest[..len],
        _ => key,
    }
}

/// The slot of a key.
pub fn slot_of(key: &[u8]) -> usize {
    usize::from(crc16(hash_tag(key))) & (SLOTS - 1)
}

/// How slots are spread over shards: contiguous, equal ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardMap {
    shards: usize,
}

impl ShardMap {
    /// A map over `shards` shards, 1 to [`SHARDS_MAX`].
    pub fn new(shards: usize) -> Self {
        assert!(
            (1..=SHARDS_MAX).contains(&shards),
            "shard count is checked by the configuration"
        );
        ShardMap { shards }
    }

    /// Number of shards.
    pub fn shards(self) -> usize {
        self.shards
    }

    /// The shard of a slot.
    pub fn shard_of_slot(self, slot: usize) -> usize {
        slot * self.shards / SLOTS
    }

    /// The shard of a key; a single shard costs no hashing.
    pub fn shard_of(self, key: &[u8]) -> usize {
        if self.shards == 1 {
            0
        } else {
            self.shard_of_slot(slot_of(key))
        }
    }

    /// The mask of all shards.
    pub fn all(self) -> u64 {
        u64::MAX >> (64 - self.shards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_match_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(slot_of(b"foo"), 12182);
        assert_eq!(slot_of(b"{user1000}.following"), slot_of(b"user1000"));
        assert_eq!(hash_tag(b"foo{}{bar}"), b"foo{}{bar}");
        assert_eq!(hash_tag(b"foo{{bar}}zap"), b"{bar");
    }

    #[test]
    fn every_slot_has_a_shard() {
        for shards in 1..=SHARDS_MAX {
            let map = ShardMap::new(shards);
            assert!((0..SLOTS).all(|slot| map.shard_of_slot(slot) < shards));
            assert_eq!(map.all().count_ones() as usize, shards);
        }
    }
}
