//! Artefacts by the hash of their module, so that loading a library again costs next to nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use sha2::{Digest, Sha256};

/// Bytes of artefacts that are kept.
const BYTES_MAX: usize = 32 << 20;

/// The hash of a module.
pub(super) type Hash = [u8; 32];

/// The hash of a module.
pub(super) fn hash_of(module: &[u8]) -> Hash {
    Sha256::digest(module).into()
}

/// What was compiled lately, the most recently used last.
#[derive(Default)]
pub(super) struct Cache {
    kept: VecDeque<(Hash, Arc<[u8]>)>,
    bytes: usize,
}

impl Cache {
    /// The artefact of a module, if it is here.
    pub(super) fn get(&mut self, hash: &Hash) -> Option<Arc<[u8]>> {
        let at = self.kept.iter().position(|(known, _)| known == hash)?;
        let found = self.kept.remove(at)?;
        self.kept.push_back(found.clone());
        Some(found.1)
    }

    /// Keeps an artefact, in place of those not asked for the longest.
    pub(super) fn put(&mut self, hash: Hash, artefact: Arc<[u8]>) {
        self.bytes += artefact.len();
        self.kept.push_back((hash, artefact));
        while self.bytes > BYTES_MAX
            && let Some((_, gone)) = self.kept.pop_front()
        {
            self.bytes -= gone.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, Cache, hash_of};

    #[test]
    fn what_was_not_asked_for_goes_first() {
        let mut cache = Cache::default();
        let big: std::sync::Arc<[u8]> = vec![0; BYTES_MAX / 3].into();
        let names = [b"a", b"b", b"c"].map(|name| hash_of(name));
        for name in names {
            cache.put(name, big.clone());
        }
        assert!(cache.get(&names[0]).is_some());
        cache.put(hash_of(b"d"), big);
        assert!(cache.get(&names[0]).is_some());
        assert!(cache.get(&names[1]).is_none());
    }
}
