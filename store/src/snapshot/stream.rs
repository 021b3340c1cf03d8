//! Streams: nodes of entries, what is remembered of those gone, consumer groups.
//!
//! ```text
//! stream   = nodes, (first ID as a string, listpack)…, entries, last ID, [first ID, highest removed ID, ever added],
//!            groups, group…
//! listpack = living, removed, names, name…, 0, entry…
//! entry    = flags (1: removed, 2: the node's names), ID as two differences to the node's, [fields, name and]
//!            value…, number of these
//! group    = name, last ID, [entries read], pending, (ID, ms, deliveries)…, consumers, consumer…
//! consumer = name, seen at ms, [active at ms], pending, ID…
//! ```
//! What is in brackets came with later kinds of stream; IDs of entries in groups are 16 bytes, others two lengths.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::decode::Build;
use super::kind::Kind;
use super::listpack::{self, Listpack};
use super::reader::Reader;
use super::writer::{put_bytes, put_length, put_string};
use super::{Corrupt, Read};
use crate::encoding::integer::canonical_i64;
use crate::types::stream::{Entry, Group, Id, Stream};

/// A node is closed at so many entries or bytes.
const NODE_ENTRIES_MAX: usize = 100;
const NODE_BYTES_MAX: usize = 4096;

const REMOVED: i64 = 1;
const SAME_NAMES: i64 = 2;
/// Flags and both parts of the ID.
const PARTS_OF_ANY_ENTRY: usize = 3;

/// Appends a stream as Redis 7.0 writes it, without its kind.
pub(super) fn put(out: &mut Vec<u8>, stream: &Stream) {
    let mut nodes = Nodes::default();
    for entry in stream.range(Id::MIN, Id::MAX) {
        nodes.push(entry);
    }
    nodes.close();
    put_length(out, nodes.count);
    out.append(&mut nodes.bytes);
    put_length(out, stream.len());
    put_id(out, stream.last_id());
    put_id(out, stream.first_id());
    put_id(out, stream.max_removed_id());
    put_length(out, stream.entries_added());
    put_length(out, stream.groups().len() as u64);
    for (name, group) in stream.groups().iter() {
        put_string(out, name);
        put_group(out, group);
    }
}

/// Nodes under construction.
#[derive(Default)]
struct Nodes<'a> {
    bytes: Vec<u8>,
    count: u64,
    open: Vec<Entry<'a>>,
    open_bytes: usize,
}

impl<'a> Nodes<'a> {
    fn push(&mut self, entry: Entry<'a>) {
        let bytes: usize = entry
            .fields()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if self.open.len() == NODE_ENTRIES_MAX || self.open_bytes + bytes > NODE_BYTES_MAX {
            self.close();
        }
        self.open.push(entry);
        self.open_bytes += bytes;
    }

    fn close(&mut self) {
        let Some(first) = self.open.first() else {
            return;
        };
        let (first_id, names) = (first.id, names_of(first));
        let mut listpack = Listpack::default();
        listpack.push_integer(self.open.len() as i64);
        listpack.push_integer(0);
        listpack.push_integer(names.len() as i64);
        names.iter().for_each(|name| listpack.push(name));
        listpack.push_integer(0);
        for entry in self.open.drain(..) {
            put_entry(&mut listpack, first_id, &names, &entry);
        }
        put_bytes(&mut self.bytes, &raw_id(first_id));
        put_bytes(&mut self.bytes, &listpack.finish());
        self.count += 1;
        self.open_bytes = 0;
    }
}

fn names_of<'a>(entry: &Entry<'a>) -> Vec<&'a [u8]> {
    entry.fields().map(|(name, _)| name).collect()
}

fn put_entry(listpack: &mut Listpack, first: Id, names: &[&[u8]], entry: &Entry<'_>) {
    let same = entry
        .fields()
        .map(|(name, _)| name)
        .eq(names.iter().copied());
    listpack.push_integer(if same { SAME_NAMES } else { 0 });
    listpack.push_integer(entry.id.ms.wrapping_sub(first.ms) as i64);
    listpack.push_integer(entry.id.seq.wrapping_sub(first.seq) as i64);
    if !same {
        listpack.push_integer(entry.len() as i64);
    }
    for (name, value) in entry.fields() {
        if !same {
            listpack.push(name);
        }
        listpack.push(value);
    }
    listpack.push_integer(parts(entry.len(), same) as i64);
}

/// How many listpack entries a stream's entry takes.
fn parts(fields: usize, same_names: bool) -> usize {
    PARTS_OF_ANY_ENTRY + if same_names { fields } else { 1 + 2 * fields }
}

fn put_group(out: &mut Vec<u8>, group: &Group) {
    put_id(out, group.last_id);
    put_length(out, group.entries_read.unwrap_or(u64::MAX));
    put_length(out, group.pending_len() as u64);
    for (id, pending) in group.pending_from(Id::MIN) {
        out.extend_from_slice(&raw_id(id));
        out.extend_from_slice(&pending.delivered_at_ms.to_le_bytes());
        put_length(out, pending.deliveries);
    }
    put_length(out, group.consumers_len() as u64);
    for consumer in group.consumers() {
        put_string(out, consumer.name());
        out.extend_from_slice(&consumer.seen_at_ms.to_le_bytes());
        put_length(out, consumer.pending_len() as u64);
        for id in consumer.pending_from(Id::MIN) {
            out.extend_from_slice(&raw_id(id));
        }
    }
}

fn put_id(out: &mut Vec<u8>, id: Id) {
    put_length(out, id.ms);
    put_length(out, id.seq);
}

fn raw_id(id: Id) -> [u8; 16] {
    (u128::from(id.ms) << 64 | u128::from(id.seq)).to_be_bytes()
}

/// Reads a stream of one of the three kinds.
pub(super) fn read(reader: &mut Reader<'_>, kind: Kind, build: Build<'_>) -> Read<Stream> {
    let mut stream = Stream::new();
    for _ in 0..reader.count_or_none()? {
        let first = reader.string()?;
        let first: &[u8; 16] = (&*first)
            .try_into()
            .map_err(|_| Corrupt::Invalid("an ID of another length"))?;
        let listpack = reader.string()?;
        append_node(&mut stream, id_of(*first), &listpack, build)?;
    }
    let entries = reader.length()?;
    let last_id = read_id(reader)?;
    let known = entries == stream.len() && last_id >= stream.last_id();
    if !known {
        return Err(Corrupt::Invalid("a stream of other entries"));
    }
    stream.set_last_id(last_id);
    if kind != Kind::Stream {
        read_id(reader)?;
        let max_removed_id = read_id(reader)?;
        let entries_added = reader.length()?;
        // XSETID may take the last ID below the highest removed one.
        if entries_added < entries {
            return Err(Corrupt::Invalid("a stream that remembers what never was"));
        }
        stream.set_max_removed_id(max_removed_id);
        stream.set_entries_added(entries_added);
    }
    for _ in 0..reader.count_or_none()? {
        read_group(reader, kind, &mut stream)?;
    }
    Ok(stream)
}

const BROKEN_NODE: Corrupt = Corrupt::Invalid("a broken node of a stream");

/// Parts of a node, front to back.
struct Parts<'p, 'a>(&'p [Cow<'a, [u8]>]);

impl<'p, 'a> Parts<'p, 'a> {
    fn take(&mut self, count: usize) -> Read<&'p [Cow<'a, [u8]>]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(BROKEN_NODE)?;
        self.0 = rest;
        Ok(taken)
    }

    fn integer(&mut self) -> Read<i64> {
        canonical_i64(&self.take(1)?[0]).ok_or(BROKEN_NODE)
    }

    fn count(&mut self) -> Read<usize> {
        usize::try_from(self.integer()?).map_err(|_| BROKEN_NODE)
    }
}

fn append_node(stream: &mut Stream, first: Id, listpack: &[u8], build: Build<'_>) -> Read<()> {
    let items = listpack::items(listpack)?;
    let texts: Vec<Cow<'_, [u8]>> = items.iter().map(|item| item.to_cow()).collect();
    let mut parts = Parts(&texts);
    let (living, removed, names) = (parts.count()?, parts.count()?, parts.count()?);
    let names = parts.take(names)?;
    if parts.integer()? != 0 {
        return Err(BROKEN_NODE);
    }
    let (mut seen, mut gone) = (0, 0);
    while !parts.0.is_empty() {
        match append_entry(stream, first, names, &mut parts, build)? {
            Appended::Living => seen += 1,
            Appended::Removed => gone += 1,
        }
    }
    if (seen, gone) == (living, removed) {
        Ok(())
    } else {
        Err(BROKEN_NODE)
    }
}

/// What became of an entry.
enum Appended {
    Living,
    Removed,
}

fn append_entry(
    stream: &mut Stream,
    first: Id,
    names: &[Cow<'_, [u8]>],
    parts: &mut Parts<'_, '_>,
    build: Build<'_>,
) -> Read<Appended> {
    let flags = parts.integer()?;
    let id = Id {
        ms: first.ms.wrapping_add(parts.integer()? as u64),
        seq: first.seq.wrapping_add(parts.integer()? as u64),
    };
    let same = flags & SAME_NAMES != 0;
    let count = if same { names.len() } else { parts.count()? };
    let doubled = count.checked_mul(2).ok_or(BROKEN_NODE)?;
    let body = parts.take(if same { count } else { doubled })?;
    if parts.count()? != self::parts(count, same) || count == 0 {
        return Err(BROKEN_NODE);
    }
    if flags & REMOVED != 0 {
        return Ok(Appended::Removed);
    }
    if id <= stream.last_id() {
        return Err(Corrupt::Invalid("a stream out of order"));
    }
    if same {
        let fields = names.iter().zip(body);
        stream.append(
            id,
            fields.map(|(name, value)| (&**name, &**value)),
            build.limits,
        );
    } else {
        let (pairs, _) = body.as_chunks();
        let fields = pairs.iter().map(|[name, value]| (&**name, &**value));
        stream.append(id, fields, build.limits);
    }
    Ok(Appended::Living)
}

fn read_group(reader: &mut Reader<'_>, kind: Kind, stream: &mut Stream) -> Read<()> {
    let name = reader.string()?;
    let last_id = read_id(reader)?;
    let entries_read = match kind {
        Kind::Stream => stream.entries_up_to(last_id),
        _ => Some(reader.length()?).filter(|read| i64::try_from(*read).is_ok()),
    };
    if !stream.groups_mut().create(&name, last_id, entries_read) {
        return Err(Corrupt::Invalid("a group twice"));
    }
    let mut group = stream
        .groups_mut()
        .edit(&name)
        .expect("it was created just now");
    let mut unowned = BTreeMap::new();
    for _ in 0..reader.count_or_none()? {
        let id = id_of(reader.array()?);
        let delivered_at_ms = u64::from_le_bytes(reader.array()?);
        let deliveries = reader.length()?;
        if unowned.insert(id, (delivered_at_ms, deliveries)).is_some() {
            return Err(Corrupt::Invalid("an entry pending twice"));
        }
    }
    for _ in 0..reader.count_or_none()? {
        read_consumer(reader, kind, &mut group, &mut unowned)?;
    }
    match unowned.is_empty() {
        true => Ok(()),
        false => Err(Corrupt::Invalid("an entry pending with nobody")),
    }
}

fn read_consumer(
    reader: &mut Reader<'_>,
    kind: Kind,
    group: &mut Group,
    unowned: &mut BTreeMap<Id, (u64, u64)>,
) -> Read<()> {
    let name = reader.string()?;
    let seen_at_ms = u64::from_le_bytes(reader.array()?);
    if group.consumer_named(&name).is_some() {
        return Err(Corrupt::Invalid("a consumer twice"));
    }
    let consumer = group.create_consumer(&name, seen_at_ms);
    let active_at_ms = match kind {
        Kind::Stream3 => u64::try_from(i64::from_le_bytes(reader.array()?)).ok(),
        _ => None,
    };
    let pending = reader.count_or_none()?;
    for _ in 0..pending {
        let id = id_of(reader.array()?);
        let (delivered_at_ms, deliveries) = unowned
            .remove(&id)
            .ok_or(Corrupt::Invalid("a consumer's entry that is not pending"))?;
        group.deliver(id, consumer, delivered_at_ms, deliveries);
    }
    // Older kinds do not tell the two times apart.
    let active_at_ms =
        active_at_ms.or((kind != Kind::Stream3 && pending > 0).then_some(seen_at_ms));
    if let Some(at_ms) = active_at_ms {
        group.consumer_active(consumer, at_ms);
    }
    Ok(())
}

fn read_id(reader: &mut Reader<'_>) -> Read<Id> {
    Ok(Id {
        ms: reader.length()?,
        seq: reader.length()?,
    })
}

fn id_of(bytes: [u8; 16]) -> Id {
    let id = u128::from_be_bytes(bytes);
    Id {
        ms: (id >> 64) as u64,
        seq: id as u64,
    }
}
