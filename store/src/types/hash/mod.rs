//! A hash: fields with values, both byte strings.

use crate::hash::Seed;
use crate::types::EncodingLimits;
use std::collections::BTreeMap;

/// A map of fields to values without order.
#[derive(Clone, Debug, Default)]
pub struct Hash(Box<BTreeMap<Vec<u8>, Vec<u8>>>);

/// Fields and values in no order, from [`Hash::iter`].
pub struct HashIter<'a>(std::collections::btree_map::Iter<'a, Vec<u8>, Vec<u8>>);

impl Hash {
    /// An empty hash; allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no field is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Heap bytes held, in allocator classes.
    #[must_use]
    pub fn mem_bytes(&self) -> usize {
        self.0
            .iter()
            .map(|(f, v)| f.capacity() + v.capacity() + 48)
            .sum()
    }

    /// OBJECT ENCODING's name of the representation.
    #[must_use]
    pub fn encoding(&self) -> &'static str {
        if self.len() > 512 {
            "hashtable"
        } else {
            "listpack"
        }
    }

    /// The value of `field`.
    #[must_use]
    pub fn get(&self, _seed: &Seed, field: &[u8]) -> Option<&[u8]> {
        self.0.get(field).map(Vec::as_slice)
    }

    /// Length of the value of `field`.
    #[must_use]
    pub fn value_len(&self, seed: &Seed, field: &[u8]) -> Option<usize> {
        self.get(seed, field).map(<[u8]>::len)
    }

    /// Whether `field` exists.
    #[must_use]
    pub fn contains(&self, seed: &Seed, field: &[u8]) -> bool {
        self.get(seed, field).is_some()
    }

    /// Sets `field`; true when it is new.
    pub fn insert(
        &mut self,
        _seed: &Seed,
        field: &[u8],
        value: &[u8],
        _limits: &EncodingLimits,
    ) -> bool {
        self.0.insert(field.to_vec(), value.to_vec()).is_none()
    }

    /// Removes `field`; true when it was there.
    pub fn remove(&mut self, _seed: &Seed, field: &[u8]) -> bool {
        self.0.remove(field).is_some()
    }

    /// All fields with their values.
    #[must_use]
    pub fn iter(&self) -> HashIter<'_> {
        HashIter(self.0.iter())
    }

    /// A field chosen uniformly, with its value; none from an empty hash.
    pub fn random(&self, rng: &mut dyn FnMut() -> u64) -> Option<(&[u8], &[u8])> {
        let at = rng() as usize % self.len().max(1);
        self.iter().nth(at)
    }

    /// One step of SCAN from `cursor` (0 begins): shows some fields and returns the next cursor, 0 at the end. Packed hashes come whole.
    pub fn scan(&self, _cursor: u64, f: &mut dyn FnMut(&[u8], &[u8])) -> u64 {
        self.iter().for_each(|(field, value)| f(field, value));
        0
    }

    /// Frees about `items` fields; true when nothing is left.
    pub fn free_step(&mut self, items: usize) -> bool {
        (0..items).for_each(|_| drop(self.0.pop_first()));
        self.is_empty()
    }
}

impl<'a> Iterator for HashIter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(f, v)| (f.as_slice(), v.as_slice()))
    }
}
