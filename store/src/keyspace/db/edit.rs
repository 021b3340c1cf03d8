//! Write access to values: what they weigh afterwards is accounted for.

use std::ops::{Deref, DerefMut};

use super::Db;
use crate::keyspace::access::Access;
use crate::keyspace::entry::{Entry, StringInput, ValueMut};
use crate::keyspace::table::Spot;
use crate::types::{Hash, List, Set, Stream, Zset};
use crate::value::{StringRef, Value, ValueRef};

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

/// Write access to one string.
pub struct StringEdit<'a> {
    entry: &'a mut Entry,
    entry_bytes: &'a mut usize,
    is_new: bool,
}

/// A string's bytes, to be written to in place.
#[derive(Debug)]
pub struct StringBuffer<'a> {
    /// All of them, as many as were asked for at least, zeros where they are new.
    pub bytes: &'a mut [u8],
    /// Whether there are more than before, or the key is new.
    pub has_grown: bool,
}

impl<'a> StringEdit<'a> {
    fn new(
        entry: &'a mut Entry,
        entry_bytes: &'a mut usize,
        is_new: bool,
    ) -> Result<Self, WrongType> {
        match entry.value().as_string() {
            Some(_) => Ok(StringEdit {
                entry,
                entry_bytes,
                is_new,
            }),
            None => Err(WrongType),
        }
    }

    /// The string as it is.
    #[inline]
    pub fn value(&self) -> StringRef<'_> {
        let value = self.entry.value().as_string();
        value.expect("only strings are opened so")
    }

    /// The string as at least `len` bytes to write to, padded with zeros, never cut; its encoding is `raw` from now on.
    #[inline]
    pub fn into_buffer(mut self, len: usize) -> StringBuffer<'a> {
        let has_grown = !self.entry.is_raw(len) && self.grow(len);
        let bytes = self.entry.raw_mut();
        StringBuffer {
            bytes: bytes.expect("it is raw, or was made so just now"),
            has_grown: has_grown || self.is_new,
        }
    }

    /// Makes it raw and as long as that; whether it got longer.
    fn grow(&mut self, len: usize) -> bool {
        let (before, old_len) = (self.entry.mem_bytes(), self.value().len());
        self.entry.string_buffer(len);
        *self.entry_bytes = *self.entry_bytes + self.entry.mem_bytes() - before;
        len > old_len
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
        let empty = || Entry::new(key, T::empty().into_value(), None, access.fresh());
        let (entry, entry_bytes, _) = self.entry_or_create(hash, key, access, empty);
        T::of_mut(entry.value_mut())
            .map(|value| Edit::new(value, entry_bytes))
            .ok_or(WrongType)
    }

    /// The key's string to write to, which counts as an access.
    #[inline]
    pub fn open_string(
        &mut self,
        hash: u64,
        key: &[u8],
        access: Access,
    ) -> Result<Option<StringEdit<'_>>, WrongType> {
        let Db {
            table, entry_bytes, ..
        } = self;
        match table.find_mut(hash, |entry| entry.key() == key) {
            Some(entry) => {
                entry.touch(access);
                StringEdit::new(entry, entry_bytes, false).map(Some)
            }
            None => Ok(None),
        }
    }

    /// The key's string to write to, created empty when the key is absent.
    #[inline]
    pub fn open_or_create_string(
        &mut self,
        hash: u64,
        key: &[u8],
        access: Access,
    ) -> Result<StringEdit<'_>, WrongType> {
        let empty = || Entry::new_string(key, StringInput::Bytes(b""), None, access.fresh());
        let (entry, entry_bytes, is_new) = self.entry_or_create(hash, key, access, empty);
        StringEdit::new(entry, entry_bytes, is_new)
    }

    /// The key's entry with the sum its bytes count in, and whether it was `make` that gave it just now. Finding it counts as an
    /// access.
    #[inline]
    fn entry_or_create(
        &mut self,
        hash: u64,
        key: &[u8],
        access: Access,
        make: impl FnOnce() -> Entry,
    ) -> (&mut Entry, &mut usize, bool) {
        let is_key = |entry: &Entry| entry.key() == key;
        let (spot, is_new) = match self.table.locate(hash, is_key) {
            Some(spot) => (spot, false),
            None => (self.spot_of_new(hash, key, make()), true),
        };
        let entry = self.table.at_mut(spot);
        if !is_new {
            entry.touch(access);
        }
        (entry, &mut self.entry_bytes, is_new)
    }

    #[cold]
    fn spot_of_new(&mut self, hash: u64, key: &[u8], entry: Entry) -> Spot {
        self.insert(hash, entry);
        let spot = self.table.locate(hash, |entry| entry.key() == key);
        spot.expect("the key was inserted just now")
    }
}
