//! A whole data set in the format of snapshot files.
//!
//! ```text
//! file   = "REDIS", version (4 digits), record…, 255, [CRC-64 of all before it (u64 LE, 0: none)]
//! record = 254, database                        · 251, keys, keys that expire: room to make for them
//!        | 252, ms (u64 LE) · 253, s (u32 LE)   · 248, idle seconds · 249, frequency: of the key that follows
//!        | kind, key, value
//!        | 250, name, text: facts about the file · 244, three numbers: a cluster's slot · 245, code: a library
//! ```
//! A library in WebAssembly, which Redis could not load and would not start with, is a fact: those that it does not know it
//! reads over.
//!
//! An [`Encoder`] gives bytes as it goes, so that no file is ever whole in memory; where they go is its user's affair.

use crc::{Digest, Table};

use super::decode::{self, Build};
use super::payload::{CHECKSUM, VERSION_7_0, VERSION_7_4, VERSION_MAX};
use super::reader::Reader;
use super::writer::{put_bytes, put_length, put_string};
use super::{Corrupt, Read, encode};
use crate::value::{Value, ValueRef};

const MAGIC: &[u8] = b"REDIS";
const VERSION_DIGITS: usize = 4;
const CHECKSUM_BYTES: usize = 8;
/// Files older than this end without a checksum.
const VERSION_WITH_CHECKSUM: u16 = 5;

const SLOT: u8 = 244;
const LIBRARY: u8 = 245;
/// What libraries were in before Redis 7.0 was released.
const LIBRARY_OF_OLD: u8 = 246;
const IDLE: u8 = 248;
const FREQUENCY: u8 = 249;
const FACT: u8 = 250;
const ROOM: u8 = 251;
const EXPIRES_MS: u8 = 252;
const EXPIRES_S: u8 = 253;
const DATABASE: u8 = 254;
const END: u8 = 255;

/// The fact that is a library only this server can load.
const OWN_LIBRARY: &[u8] = b"redoxcache-library";

/// Who can load a library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadedBy {
    /// Redis as well.
    Redis,
    /// This server only.
    OnlyUs,
}

/// Whether any hash of the data set has fields that expire, which older Redis cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldDeadlines {
    /// Some has.
    Some,
    /// None has.
    None,
}

/// Writes a data set; see the module.
pub struct Encoder {
    digest: Digest<'static, u64, Table<16>>,
    pending: Vec<u8>,
}

impl Encoder {
    /// Begins a file with facts about it.
    #[must_use]
    pub fn new(deadlines: FieldDeadlines, facts: &[(&str, String)]) -> Self {
        let version = match deadlines {
            FieldDeadlines::Some => VERSION_7_4,
            FieldDeadlines::None => VERSION_7_0,
        };
        let mut pending = MAGIC.to_vec();
        pending.extend_from_slice(format!("{version:04}").as_bytes());
        for (name, text) in facts {
            pending.push(FACT);
            put_bytes(&mut pending, name.as_bytes());
            put_string(&mut pending, text.as_bytes());
        }
        Encoder {
            digest: CHECKSUM.digest(),
            pending,
        }
    }

    /// Adds a library of functions: its code. All of them come before the first database.
    pub fn library(&mut self, code: &[u8], by: LoadedBy) {
        match by {
            LoadedBy::Redis => self.pending.push(LIBRARY),
            LoadedBy::OnlyUs => {
                self.pending.push(FACT);
                put_bytes(&mut self.pending, OWN_LIBRARY);
            }
        }
        put_bytes(&mut self.pending, code);
    }

    /// Begins a database of so many keys.
    pub fn database(&mut self, index: usize, keys: usize, expires: usize) {
        self.pending.push(DATABASE);
        put_length(&mut self.pending, index as u64);
        self.pending.push(ROOM);
        put_length(&mut self.pending, keys as u64);
        put_length(&mut self.pending, expires as u64);
    }

    /// Adds a key of the database begun.
    pub fn key(&mut self, key: &[u8], value: ValueRef<'_>, expire_at_ms: Option<u64>) {
        if let Some(at_ms) = expire_at_ms {
            self.pending.push(EXPIRES_MS);
            self.pending.extend_from_slice(&at_ms.to_le_bytes());
        }
        encode::keyed_object(&mut self.pending, key, value);
    }

    /// How many bytes wait to be taken.
    #[must_use]
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// Takes the bytes written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        self.digest.update(&self.pending);
        std::mem::take(&mut self.pending)
    }

    /// The bytes that end the file, those that wait included.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.pending.push(END);
        let mut bytes = self.take();
        bytes.extend_from_slice(&self.digest.finalize().to_le_bytes());
        bytes
    }
}

/// A key out of a file.
#[derive(Debug)]
pub struct LoadedKey<'a> {
    /// Its database.
    pub db: usize,
    /// Its name.
    pub key: &'a [u8],
    /// Its value.
    pub value: Value,
    /// Its deadline, ms since the epoch.
    pub expire_at_ms: Option<u64>,
}

/// What a file is made of, as [`read`] shows it.
#[derive(Debug)]
pub enum Record<'a> {
    /// A key.
    Key(LoadedKey<'a>),
    /// A library of functions: its code.
    Library(&'a [u8]),
}

/// Reads a file and shows its libraries and each of its keys, those that are due as well.
pub fn read(file: &[u8], build: Build<'_>, mut visit: impl FnMut(Record<'_>)) -> Read<()> {
    let mut reader = Reader::new(file);
    let version = read_header(&mut reader)?;
    let (mut db, mut expire_at_ms) = (0, None);
    loop {
        match *reader.rest().first().ok_or(Corrupt::Truncated)? {
            code @ SLOT.. => {
                reader.byte()?;
                match code {
                    END => break,
                    DATABASE => db = usize::try_from(reader.length()?).unwrap_or(usize::MAX),
                    EXPIRES_MS => expire_at_ms = Some(u64::from_le_bytes(reader.array()?)),
                    EXPIRES_S => {
                        expire_at_ms = Some(u64::from(u32::from_le_bytes(reader.array()?)) * 1000);
                    }
                    LIBRARY => visit(Record::Library(&reader.string()?)),
                    FACT => {
                        let (name, text) = (reader.string()?, reader.string()?);
                        if *name == *OWN_LIBRARY {
                            visit(Record::Library(&text));
                        }
                    }
                    other => skip(&mut reader, other)?,
                }
            }
            kind => {
                reader.byte()?;
                let key = reader.string()?;
                let value = decode::value(&mut reader, kind, build)?;
                visit(Record::Key(LoadedKey {
                    db,
                    key: &key,
                    value,
                    expire_at_ms: expire_at_ms.take(),
                }));
            }
        }
    }
    if version < VERSION_WITH_CHECKSUM {
        return Ok(());
    }
    let summed = &file[..file.len() - reader.rest().len()];
    match u64::from_le_bytes(reader.array::<CHECKSUM_BYTES>()?) {
        0 => Ok(()),
        checksum if checksum == CHECKSUM.checksum(summed) => Ok(()),
        _ => Err(Corrupt::Invalid("a file whose checksum does not fit")),
    }
}

fn read_header(reader: &mut Reader<'_>) -> Read<u16> {
    if reader.take(MAGIC.len())? != MAGIC {
        return Err(Corrupt::Invalid("no snapshot file"));
    }
    let version = std::str::from_utf8(reader.take(VERSION_DIGITS)?).ok();
    match version.and_then(|digits| digits.parse().ok()) {
        Some(version @ 1..=VERSION_MAX) => Ok(version),
        _ => Err(Corrupt::Invalid("a version not known here")),
    }
}

/// Reads over what has no part in the data.
fn skip(reader: &mut Reader<'_>, code: u8) -> Read<()> {
    match code {
        IDLE => drop(reader.length()?),
        FREQUENCY => drop(reader.byte()?),
        ROOM => drop((reader.length()?, reader.length()?)),
        SLOT => drop((reader.length()?, reader.length()?, reader.length()?)),
        LIBRARY_OF_OLD => return Err(Corrupt::Invalid("a library of a version before 7.0")),
        _ => return Err(Corrupt::Invalid("data of a module")),
    }
    Ok(())
}
