//! Write access to collections, accounted for when it ends.

use std::ops::{Deref, DerefMut};

use super::Db;
use crate::keyspace::access::Access;
use crate::keyspace::entry::{Entry, ValueMut};
use crate::types::{Hash, List, Set, Stream, Zset};
use crate::value::{Value, ValueRef};

/// The key holds a value of another type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("WRONGTYPE Operation against a key holding the wrong kind of value")]
pub struct WrongType;

/// A type of value with items.
pub trait Collection: Sized {
    /// Heap bytes it owns.
    fn mem_bytes(&self) -> usize;
    /// An empty one.
    fn empty() -> Self;
    /// As a value.
    fn into_value(self) -> Value;
    /// Out of a borrowed value, when it is of this type.
    fn of(value: ValueRef<'_>) -> Option<&Self>;
    /// Out of a mutably borrowed value, when it is of this type.
    fn of_mut(value: ValueMut<'_>) -> Option<&mut Self>;
}

/// Implements [`Collection`]; every other type is named, so that a new one must be added here.
macro_rules! collection {
    ($type:ident not $($other:ident)+) => {
        impl Collection for $type {
            fn mem_bytes(&self) -> usize {
                $type::mem_bytes(self)
            }
            fn empty() -> Self {
                $type::new()
            }
            fn into_value(self) -> Value {
                Value::$type(self)
            }
            fn of(value: ValueRef<'_>) -> Option<&Self> {
                match value {
                    ValueRef::$type(value) => Some(value),
                    $(ValueRef::$other(_))|+ => None,
                }
            }
            fn of_mut(value: ValueMut<'_>) -> Option<&mut Self> {
                match value {
                    ValueMut::$type(value) => Some(value),
                    $(ValueMut::$other(_))|+ => None,
                }
            }
        }
    };
}
collection!(List not String Set Hash Zset Stream);
collection!(Set not String List Hash Zset Stream);
collection!(Hash not String List Set Zset Stream);
collection!(Zset not String List Set Hash Stream);
collection!(Stream not String List Set Hash Zset);

/// Write access to one collection; what it weighs is taken into account on drop.
pub struct Edit<'a, T: Collection> {
    value: &'a mut T,
    entry_bytes: &'a mut usize,
    before: usize,
}

impl<'a, T: Collection> Edit<'a, T> {
    fn new(value: &'a mut T, entry_bytes: &'a mut usize) -> Self {
        let before = value.mem_bytes();
        Edit {
            value,
            entry_bytes,
            before,
        }
    }
}

impl<T: Collection> Deref for Edit<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.value
    }
}

impl<T: Collection> DerefMut for Edit<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.value
    }
}

impl<T: Collection> Drop for Edit<'_, T> {
    #[inline]
    fn drop(&mut self) {
        *self.entry_bytes = *self.entry_bytes + self.value.mem_bytes() - self.before;
    }
}

impl Db {
    /// The key's collection to read.
    #[inline]
    pub fn collection<T: Collection>(
        &self,
        hash: u64,
        key: &[u8],
    ) -> Result<Option<&T>, WrongType> {
        match self.get(hash, key) {
            Some(entry) => T::of(entry.value()).map(Some).ok_or(WrongType),
            None => Ok(None),
        }
    }

    /// The key's collection to write to, which counts as an access.
    #[inline]
    pub fn edit<T: Collection>(
        &mut self,
        hash: u64,
        key: &[u8],
        access: Access,
    ) -> Result<Option<Edit<'_, T>>, WrongType> {
        let Db {
            table, entry_bytes, ..
        } = self;
        match table.find_mut(hash, |entry| entry.key() == key) {
            Some(entry) => {
                entry.touch(access);
                T::of_mut(entry.value_mut())
                    .map(|value| Some(Edit::new(value, entry_bytes)))
                    .ok_or(WrongType)
            }
            None => Ok(None),
        }
    }

    /// The key's collection to write to, created empty when the key is absent. The caller does not leave it empty.
    pub fn edit_or_create<T: Collection>(
        &mut self,
        hash: u64,
        key: &[u8],
        access: Access,
    ) -> Result<Edit<'_, T>, WrongType> {
        let is_key = |entry: &Entry| entry.key() == key;
        let spot = match self.table.locate(hash, is_key) {
            Some(spot) => {
                self.table.at_mut(spot).touch(access);
                spot
            }
            None => {
                let empty = T::empty().into_value();
                self.insert(hash, Entry::new(key, empty, None, access.fresh()));
                let spot = self.table.locate(hash, is_key);
                spot.expect("the key was inserted just now")
            }
        };
        let Db {
            table, entry_bytes, ..
        } = self;
        T::of_mut(table.at_mut(spot).value_mut())
            .map(|value| Edit::new(value, entry_bytes))
            .ok_or(WrongType)
    }
}
