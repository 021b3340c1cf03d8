//! Values into bytes.

use resp::{DoubleBuffer, format_double};

use super::kind::Kind;
use super::listpack::Listpack;
use super::payload::{VERSION_7_0, VERSION_7_4, seal};
use super::writer::{put_bytes, put_integer, put_length, put_string};
use super::{intset, stream};
use crate::types::{Direction, Hash, Item, ItemBuf, List, Set, Zset};
use crate::value::{StringRef, ValueRef};

/// A listpack of a list is closed when it has reached this size.
const NODE_BYTES: usize = 8 * 1024;
/// What a node of a list is: one element by itself, or a listpack.
pub(super) const NODE_PLAIN: u64 = 1;
pub(super) const NODE_PACKED: u64 = 2;

/// What DUMP answers for a value.
#[must_use]
pub fn payload(value: ValueRef<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, value);
    let version = match Kind::of(out[0]) {
        Some(Kind::HashTimed) => VERSION_7_4,
        _ => VERSION_7_0,
    };
    seal(&mut out, version);
    out
}

/// Appends a value with the byte of its kind.
pub fn object(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::String(string) => put_string_value(out, string),
        ValueRef::List(list) => put_list(out, list),
        ValueRef::Set(set) => put_set(out, set),
        ValueRef::Hash(hash) => put_hash(out, hash),
        ValueRef::Zset(zset) => put_zset(out, zset),
        ValueRef::Stream(value) => {
            put_kind(out, Kind::Stream2);
            stream::put(out, value);
        }
    }
}

/// Appends a key with its value: the byte of its kind, the key, the value.
pub fn keyed_object(out: &mut Vec<u8>, key: &[u8], value: ValueRef<'_>) {
    let mut encoded = Vec::new();
    object(&mut encoded, value);
    let (kind, body) = encoded.split_first().expect("a value begins with its kind");
    out.push(*kind);
    put_string(out, key);
    out.extend_from_slice(body);
}

fn put_kind(out: &mut Vec<u8>, kind: Kind) {
    out.push(kind as u8);
}

fn put_string_value(out: &mut Vec<u8>, string: StringRef<'_>) {
    put_kind(out, Kind::String);
    match string {
        StringRef::Int(value) => put_integer(out, value),
        StringRef::Bytes(bytes) => put_string(out, bytes),
        StringRef::Shared(bytes) => put_string(out, bytes),
    }
}

fn put_list(out: &mut Vec<u8>, list: &List) {
    let mut nodes = Nodes::default();
    for element in list.iter_from(0, Direction::Forward) {
        nodes.push(element);
    }
    nodes.close();
    put_kind(out, Kind::ListNodes);
    put_length(out, nodes.count);
    out.append(&mut nodes.bytes);
}

/// The nodes of a list, whose number is known at the end only.
#[derive(Default)]
struct Nodes {
    bytes: Vec<u8>,
    count: u64,
    open: Listpack,
}

impl Nodes {
    fn push(&mut self, element: &[u8]) {
        if self.open.len() + element.len() > NODE_BYTES {
            self.close();
        }
        if element.len() < NODE_BYTES {
            return self.open.push(element);
        }
        self.count += 1;
        put_length(&mut self.bytes, NODE_PLAIN);
        put_bytes(&mut self.bytes, element);
    }

    /// Ends the listpack begun, if there is one.
    fn close(&mut self) {
        if !self.open.is_empty() {
            self.count += 1;
            put_length(&mut self.bytes, NODE_PACKED);
            put_bytes(&mut self.bytes, &std::mem::take(&mut self.open).finish());
        }
    }
}

fn put_set(out: &mut Vec<u8>, set: &Set) {
    if set.is_intset() {
        let values = set.iter().filter_map(|item| match item {
            Item::Int(value) => Some(value),
            Item::Bytes(_) => None,
        });
        put_kind(out, Kind::SetIntset);
        return put_bytes(out, &intset::array(&values.collect::<Vec<_>>()));
    }
    put_kind(out, Kind::Set);
    put_length(out, set.len() as u64);
    let mut text = ItemBuf::default();
    for member in set.iter() {
        put_string(out, member.as_bytes(&mut text));
    }
}

fn put_hash(out: &mut Vec<u8>, hash: &Hash) {
    if hash.is_packed() {
        let mut listpack = Listpack::default();
        for (field, value) in hash.iter() {
            listpack.push(field);
            listpack.push(value);
        }
        put_kind(out, Kind::HashListpack);
        return put_bytes(out, &listpack.finish());
    }
    if let Some(earliest_ms) = hash.iter_timed().filter_map(|(.., at_ms)| at_ms).min() {
        return put_timed_hash(out, hash, earliest_ms);
    }
    put_kind(out, Kind::Hash);
    put_length(out, hash.len_in_sight() as u64);
    for (field, value) in hash.iter() {
        put_string(out, field);
        put_string(out, value);
    }
}

/// Deadlines are counted from the earliest, which is 1; 0 is none.
fn put_timed_hash(out: &mut Vec<u8>, hash: &Hash, earliest_ms: u64) {
    put_kind(out, Kind::HashTimed);
    out.extend_from_slice(&earliest_ms.to_le_bytes());
    put_length(out, hash.len_in_sight() as u64);
    for (field, value, at_ms) in hash.iter_timed() {
        put_length(out, at_ms.map_or(0, |at_ms| at_ms - earliest_ms + 1));
        put_string(out, field);
        put_string(out, value);
    }
}

fn put_zset(out: &mut Vec<u8>, zset: &Zset) {
    if zset.is_packed() {
        let mut listpack = Listpack::default();
        for (member, score) in zset.iter_from(0, Direction::Forward) {
            listpack.push(member);
            listpack.push(format_double(score, &mut DoubleBuffer::new()).as_bytes());
        }
        put_kind(out, Kind::ZsetListpack);
        return put_bytes(out, &listpack.finish());
    }
    put_kind(out, Kind::Zset);
    put_length(out, zset.len() as u64);
    // From the highest, so that a reader inserts every member at the front.
    for (member, score) in zset.iter_from(0, Direction::Reverse) {
        put_string(out, member);
        out.extend_from_slice(&score.to_le_bytes());
    }
}
