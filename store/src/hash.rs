//! Keyed hashing of keys, fields and members.
//!
//! Tenants choose their keys, so the hash is keyed and seeded per process: no client can aim at one bucket.

use siphasher::sip::SipHasher13;

/// The secret both halves of which come from the system's random source at start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seed(pub u64, pub u64);

/// The hash of `key` under `seed` (SipHash-1-3).
#[must_use]
pub fn hash_key(seed: &Seed, key: &[u8]) -> u64 {
    SipHasher13::new_with_keys(seed.0, seed.1).hash(key)
}
