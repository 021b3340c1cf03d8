//! Bytes into values, trusting nothing.

use std::borrow::Cow;

use bytes::Bytes;

use super::encode::{NODE_PACKED, NODE_PLAIN};
use super::kind::Kind;
use super::reader::Reader;
use super::{Corrupt, Read, intset, listpack, stream, ziplist, zipmap};
use crate::command::parse_f64;
use crate::encoding::integer::canonical_i64;
use crate::hash::Seed;
use crate::keyspace::entry::INLINE_BYTES_MAX;
use crate::types::{EncodingLimits, Hash, Item, ItemBuf, List, Set, Side, Zset};
use crate::value::{StringValue, Value};

/// What values are built with.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// The seed collections hash with.
    pub seed: &'a Seed,
    /// Thresholds between packed and large encodings.
    pub limits: &'a EncodingLimits,
}

/// Reads a value that begins with the byte of its kind; what follows it is left.
pub fn object(reader: &mut Reader<'_>, build: Build<'_>) -> Read<Value> {
    let kind = reader.byte()?;
    value(reader, kind, build)
}

/// Reads a value of a kind whose byte was read before.
pub(super) fn value(reader: &mut Reader<'_>, kind: u8, build: Build<'_>) -> Read<Value> {
    let kind = Kind::of(kind).ok_or(Corrupt::Invalid("an unknown kind of value"))?;
    match kind {
        Kind::String => Ok(Value::String(string_value(reader.string()?))),
        Kind::List | Kind::ListZiplist | Kind::ListZiplists | Kind::ListNodes => {
            list(reader, kind, build).map(Value::List)
        }
        Kind::Set | Kind::SetIntset | Kind::SetListpack => set(reader, kind, build).map(Value::Set),
        Kind::Hash | Kind::HashZipmap | Kind::HashZiplist | Kind::HashListpack => {
            hash(reader, kind, build).map(Value::Hash)
        }
        Kind::HashTimed | Kind::HashListpackTimed => {
            timed_hash(reader, kind, build).map(Value::Hash)
        }
        Kind::ZsetText | Kind::Zset | Kind::ZsetZiplist | Kind::ZsetListpack => {
            zset(reader, kind, build).map(Value::Zset)
        }
        Kind::Stream | Kind::Stream2 | Kind::Stream3 => {
            stream::read(reader, kind, build).map(Value::Stream)
        }
    }
}

fn string_value(text: Cow<'_, [u8]>) -> StringValue {
    match canonical_i64(&text) {
        Some(value) => StringValue::Int(value),
        None if text.len() > INLINE_BYTES_MAX => {
            StringValue::Shared(Bytes::from(text.into_owned()))
        }
        None => StringValue::Bytes(text.into_owned()),
    }
}

fn list(reader: &mut Reader<'_>, kind: Kind, build: Build<'_>) -> Read<List> {
    let mut list = List::new();
    if kind == Kind::ListZiplist {
        push_all(&mut list, &ziplist::items(&reader.string()?)?, build);
    } else {
        for _ in 0..reader.count()? {
            match kind {
                Kind::ListZiplists => {
                    push_all(&mut list, &ziplist::items(&reader.string()?)?, build)
                }
                Kind::ListNodes => match reader.length()? {
                    NODE_PLAIN => list.push(Side::Right, &reader.string()?, build.limits),
                    NODE_PACKED => push_all(&mut list, &listpack::items(&reader.string()?)?, build),
                    _ => return Err(Corrupt::Invalid("an unknown node of a list")),
                },
                _ => list.push(Side::Right, &reader.string()?, build.limits),
            }
        }
    }
    match list.is_empty() {
        true => Err(EMPTY),
        false => Ok(list),
    }
}

fn push_all(list: &mut List, elements: &[Item<'_>], build: Build<'_>) {
    let mut text = ItemBuf::default();
    for element in elements {
        list.push(Side::Right, element.as_bytes(&mut text), build.limits);
    }
}

const EMPTY: Corrupt = Corrupt::Invalid("an empty collection");
const DUPLICATE: Corrupt = Corrupt::Invalid("a member twice");

fn set(reader: &mut Reader<'_>, kind: Kind, build: Build<'_>) -> Read<Set> {
    let mut set = Set::new();
    let mut add = |member: &[u8]| match set.insert(build.seed, member, build.limits) {
        true => Ok(()),
        false => Err(DUPLICATE),
    };
    let mut text = ItemBuf::default();
    match kind {
        Kind::SetIntset => {
            for value in intset::values(&reader.string()?)? {
                add(Item::Int(value).as_bytes(&mut text))?;
            }
        }
        Kind::SetListpack => {
            for item in listpack::items(&reader.string()?)? {
                add(item.as_bytes(&mut text))?;
            }
        }
        _ => {
            for _ in 0..reader.count()? {
                add(&reader.string()?)?;
            }
        }
    }
    match set.is_empty() {
        true => Err(EMPTY),
        false => Ok(set),
    }
}

fn hash(reader: &mut Reader<'_>, kind: Kind, build: Build<'_>) -> Read<Hash> {
    let mut hash = Hash::new();
    let mut add =
        |field: &[u8], value: &[u8]| match hash.insert(build.seed, field, value, build.limits) {
            true => Ok(()),
            false => Err(DUPLICATE),
        };
    if kind == Kind::Hash {
        for _ in 0..reader.count()? {
            add(&reader.string()?, &reader.string()?)?;
        }
    } else {
        let packed = reader.string()?;
        let items = match kind {
            Kind::HashZipmap => zipmap::items(&packed)?,
            Kind::HashZiplist => ziplist::items(&packed)?,
            _ => listpack::items(&packed)?,
        };
        for [field, value] in pairs(&items)? {
            add(
                field.as_bytes(&mut ItemBuf::default()),
                value.as_bytes(&mut ItemBuf::default()),
            )?;
        }
    }
    match hash.is_empty() {
        true => Err(EMPTY),
        false => Ok(hash),
    }
}

fn timed_hash(reader: &mut Reader<'_>, kind: Kind, build: Build<'_>) -> Read<Hash> {
    let mut hash = Hash::new();
    let mut add = |field: &[u8], value: &[u8], at_ms: Option<u64>| {
        if !hash.insert(build.seed, field, value, build.limits) {
            return Err(DUPLICATE);
        }
        if let Some(at_ms) = at_ms {
            hash.set_deadline(build.seed, field, at_ms);
        }
        Ok(())
    };
    let earliest_ms = u64::from_le_bytes(reader.array()?);
    if kind == Kind::HashTimed {
        for _ in 0..reader.count()? {
            let at_ms = match reader.length()? {
                0 => None,
                after => Some(earliest_ms.checked_add(after - 1).ok_or(BAD_DEADLINE)?),
            };
            add(&reader.string()?, &reader.string()?, at_ms)?;
        }
        return Ok(hash);
    }
    let packed = reader.string()?;
    let items = listpack::items(&packed)?;
    let (triples, []) = items.as_chunks() else {
        return Err(Corrupt::Invalid("half a pair"));
    };
    for [field, value, at_ms] in triples {
        let at_ms = match at_ms {
            Item::Int(0) => None,
            Item::Int(at_ms) => Some(u64::try_from(*at_ms).map_err(|_| BAD_DEADLINE)?),
            Item::Bytes(_) => return Err(BAD_DEADLINE),
        };
        add(&field.to_cow(), &value.to_cow(), at_ms)?;
    }
    match hash.is_empty() {
        true => Err(EMPTY),
        false => Ok(hash),
    }
}

const BAD_DEADLINE: Corrupt = Corrupt::Invalid("a deadline that is no time");

fn pairs<'i, 'a>(items: &'i [Item<'a>]) -> Read<&'i [[Item<'a>; 2]]> {
    match items.as_chunks() {
        ([], []) => Err(EMPTY),
        (pairs, []) => Ok(pairs),
        (_, [_, ..]) => Err(Corrupt::Invalid("half a pair")),
    }
}

fn zset(reader: &mut Reader<'_>, kind: Kind, build: Build<'_>) -> Read<Zset> {
    let mut members: Vec<(Cow<'_, [u8]>, f64)> = Vec::new();
    let packed;
    match kind {
        Kind::ZsetZiplist | Kind::ZsetListpack => {
            packed = reader.string()?;
            let items = match kind {
                Kind::ZsetZiplist => ziplist::items(&packed)?,
                _ => listpack::items(&packed)?,
            };
            for [member, score] in pairs(&items)? {
                members.push((member.to_cow(), score_of(score)?));
            }
        }
        _ => {
            for _ in 0..reader.count()? {
                let member = reader.string()?;
                let score = match kind {
                    Kind::Zset => f64::from_le_bytes(reader.array()?),
                    _ => text_score(reader)?,
                };
                members.push((member, score));
            }
        }
    }
    if members.iter().any(|(_, score)| score.is_nan()) {
        return Err(Corrupt::Invalid("a score that is no number"));
    }
    let count = members.len();
    let zset = Zset::from_unsorted(build.seed, members, build.limits);
    if zset.len() == count {
        Ok(zset)
    } else {
        Err(DUPLICATE)
    }
}

fn score_of(item: &Item<'_>) -> Read<f64> {
    match item {
        Item::Int(value) => Ok(*value as f64),
        Item::Bytes(text) => parse_score(text),
    }
}

fn parse_score(text: &[u8]) -> Read<f64> {
    parse_f64(text).map_err(|_| Corrupt::Invalid("a score that is no number"))
}

/// A score as Redis 2 wrote it: a length of one byte, or a sign for what is no finite number.
fn text_score(reader: &mut Reader<'_>) -> Read<f64> {
    match reader.byte()? {
        255 => Ok(f64::NEG_INFINITY),
        254 => Ok(f64::INFINITY),
        253 => Ok(f64::NAN),
        len => parse_score(reader.take(usize::from(len))?),
    }
}
