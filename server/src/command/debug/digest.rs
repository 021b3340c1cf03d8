//! DEBUG DIGEST and DIGEST-VALUE: hashes that are equal for equal data, whatever its encodings, order in memory and shards,
//! and equal to those a Redis with the same data gives.
//!
//! ```text
//! dataset = for each database with keys, in order: dataset ⊕ SHA1(number), hashed; ⊕ SHA1(of every key) of it
//! key     = 0, chained with the key's name, then its value
//! value   = chained with the type; a string, the elements of a list, IDs, names and values of a stream: chained on
//!           members, fields with values, members with scores: ⊕ of the digest of each; an expiry: ⊕ SHA1("!!expire!!")
//! chained = SHA1(digest ⊕ SHA1(data))
//! ```

use std::fmt::Write;

use resp::{Args, DoubleBuffer, format_double};
use sha1_smol::Sha1;
use store::command::CommandError;
use store::keyspace::Entry;
use store::types::Direction;
use store::types::stream::{Id, IdText};
use store::value::{IntText, ValueRef};

use super::{ServerCtx, check_allowed};

/// What the digest of a key that expires is combined with; when it does so has no part in it.
const EXPIRES: &[u8] = b"!!expire!!";

/// A digest under way.
#[derive(Clone, Copy, Default)]
struct Digest([u8; 20]);

impl Digest {
    /// Adds data whose order does not matter.
    fn add(&mut self, data: &[u8]) {
        let hash = Sha1::from(data).digest().bytes();
        self.0
            .iter_mut()
            .zip(hash)
            .for_each(|(byte, other)| *byte ^= other);
    }

    /// Adds data whose place matters.
    fn chain(&mut self, data: &[u8]) {
        self.add(data);
        self.0 = Sha1::from(self.0).digest().bytes();
    }

    /// The digest of a pair, as one element without an order.
    fn add_pair(&mut self, first: &[u8], second: &[u8]) {
        let mut pair = Digest::default();
        pair.chain(first);
        pair.chain(second);
        self.add(&pair.0);
    }

    fn chain_value(&mut self, value: ValueRef<'_>) {
        self.chain(&type_number(value).to_be_bytes());
        match value {
            ValueRef::String(string) => self.chain(string.as_bytes(&mut IntText::new())),
            ValueRef::List(list) => list
                .iter_from(0, Direction::Forward)
                .for_each(|element| self.chain(element)),
            ValueRef::Set(set) => set
                .iter()
                .for_each(|member| self.add(member.as_bytes(&mut Default::default()))),
            ValueRef::Hash(hash) => hash
                .iter()
                .for_each(|(field, value)| self.add_pair(field, value)),
            ValueRef::Zset(zset) => {
                for (member, score) in zset.iter_from(0, Direction::Forward) {
                    let mut text = DoubleBuffer::new();
                    self.add_pair(member, format_double(score, &mut text).as_bytes());
                }
            }
            ValueRef::Stream(stream) => {
                for entry in stream.range(Id::MIN, Id::MAX) {
                    self.chain(IdText::with_separator(entry.id, b'.').as_bytes());
                    for (name, value) in entry.fields() {
                        self.chain(name);
                        self.chain(value);
                    }
                }
            }
        }
    }

    fn chain_entry(&mut self, entry: &Entry) {
        self.chain(entry.key());
        self.chain_value(entry.value());
        if entry.expire_at_ms().is_some() {
            self.add(EXPIRES);
        }
    }

    /// Forty hexadecimal digits.
    fn to_hex(self) -> String {
        self.0
            .iter()
            .fold(String::with_capacity(40), |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }
}

/// The number by which Redis knows a type.
fn type_number(value: ValueRef<'_>) -> u32 {
    match value {
        ValueRef::String(_) => 0,
        ValueRef::List(_) => 1,
        ValueRef::Set(_) => 2,
        ValueRef::Zset(_) => 3,
        ValueRef::Hash(_) => 4,
        ValueRef::Stream(_) => 6,
    }
}

/// The digest of all databases. Due keys that are still there count.
pub(super) fn dataset(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    let keys = ctx.keys.as_ref().expect("the routing asks for every slice");
    let mut digest = Digest::default();
    for index in 0..keys.db_count() {
        let databases = || keys.slices().filter_map(|slice| slice.db(index));
        if databases().all(|db| db.is_empty()) {
            continue;
        }
        digest.chain(&(index as u32).to_be_bytes());
        for db in databases() {
            db.for_each(|entry| {
                let mut of_key = Digest::default();
                of_key.chain_entry(entry);
                digest.add(&of_key.0);
            });
        }
    }
    ctx.reply.simple(&digest.to_hex());
    Ok(())
}

/// The digest of each key's value.
pub(super) fn values(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    check_allowed(ctx)?;
    let keys = ctx.keys.as_mut().expect("the key spec asks for its slices");
    ctx.reply.array(args.len() - 2);
    for index in 2..args.len() {
        let key = keys.arg(args, index);
        let mut digest = Digest::default();
        let expires = keys.expire_at_ms(key).flatten().is_some();
        if let Some(value) = keys.view(key) {
            digest.chain_value(value);
        }
        if expires {
            digest.add(EXPIRES);
        }
        ctx.reply.simple(&digest.to_hex());
    }
    Ok(())
}
