//! Reading a data set.

use std::io;
use std::path::Path;

use store::hash::{Seed, hash_key};
use store::keyspace::{Access, Slice};
use store::slot::ShardMap;
use store::snapshot::Corrupt;
use store::snapshot::decode::Build;
use store::snapshot::file::{self, LoadedKey, Record};
use store::types::EncodingLimits;

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It could not be.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is no snapshot, or broken.
    #[error("the file is damaged: {0}")]
    Corrupt(#[from] Corrupt),
    /// It has more databases than there are here.
    #[error("the file has a database {0}, which is not configured")]
    NoSuchDatabase(usize),
}

/// What a file held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Keys taken over.
    pub keys: usize,
    /// Keys whose time was over, which were left out.
    pub expired: usize,
    /// The code of libraries of functions, which nobody has looked at yet.
    pub libraries: Vec<Box<[u8]>>,
}

/// Reads a file and gives each live key to `put`.
pub fn load(
    path: &Path,
    build: Build<'_>,
    databases: usize,
    now_ms: u64,
    mut put: impl FnMut(LoadedKey<'_>),
) -> Result<Loaded, LoadError> {
    let bytes = std::fs::read(path)?;
    let (mut loaded, mut too_high) = (Loaded::default(), None);
    file::read(&bytes, build, |record| match record {
        Record::Library(code) => loaded.libraries.push(code.into()),
        Record::Key(key) if key.db >= databases => too_high = Some(key.db),
        Record::Key(key) if key.expire_at_ms.is_some_and(|at_ms| at_ms < now_ms) => {
            loaded.expired += 1;
        }
        Record::Key(key) => {
            loaded.keys += 1;
            put(key);
        }
    })?;
    match too_high {
        Some(db) => Err(LoadError::NoSuchDatabase(db)),
        None => Ok(loaded),
    }
}

/// Fills fresh slices from a file; nothing happens when there is none.
pub fn load_at_start(
    path: &Path,
    slices: &mut [Slice],
    map: ShardMap,
    (seed, limits): (Seed, &EncodingLimits),
    now_ms: u64,
) -> Result<Option<Loaded>, LoadError> {
    if !path.try_exists()? {
        return Ok(None);
    }
    let build = Build {
        seed: &seed,
        limits,
    };
    let databases = slices.first().map_or(0, Slice::db_count);
    let access = Access::recency((now_ms / 1000) as u32);
    let loaded = load(path, build, databases, now_ms, |loaded| {
        let LoadedKey {
            db,
            key,
            value,
            expire_at_ms,
        } = loaded;
        let slice = &mut slices[map.shard_of(key)];
        let hash = hash_key(&seed, key);
        slice
            .db_or_create(db)
            .put(hash, key, value, expire_at_ms, access);
    })?;
    Ok(Some(loaded))
}
