//! Writing the data set.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use store::command::Keys;
use store::keyspace::{Entry, Slice};
use store::snapshot::file::{Encoder, FieldDeadlines, LoadedBy};
use store::value::ValueRef;
use udf::library::Libraries;
use udf::lua;

/// Bytes gathered before they go to the file.
const PIECE_BYTES: usize = 1 << 20;

/// Writes a tenant's libraries and all its databases to a file, which takes the place of the old one when it is whole.
/// `keys` holds all slices.
pub fn save(keys: &Keys<'_>, libraries: &Libraries, path: &Path, now_ms: u64) -> io::Result<()> {
    let unfinished = path.with_file_name(format!("temp-{}.rdb", std::process::id()));
    let written = write(keys, libraries, &unfinished, now_ms)
        .and_then(|()| std::fs::rename(&unfinished, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    written
}

fn write(keys: &Keys<'_>, libraries: &Libraries, path: &Path, now_ms: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    let facts = [
        ("redis-ver", "7.4.0".to_owned()),
        ("redis-bits", "64".to_owned()),
        ("ctime", (now_ms / 1000).to_string()),
        ("redoxcache-ver", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let mut encoder = Encoder::new(field_deadlines(keys), &facts);
    for library in libraries.iter() {
        let by = match library.engine {
            lua::NAME => LoadedBy::Redis,
            _ => LoadedBy::OnlyUs,
        };
        encoder.library(&library.code, by);
    }
    for index in 0..keys.db_count() {
        let dbs = || {
            keys.slices()
                .filter_map(move |slice: &Slice| slice.db(index))
        };
        let len: usize = dbs().map(|db| db.len()).sum();
        if len == 0 {
            continue;
        }
        encoder.database(index, len, dbs().map(|db| db.expires()).sum());
        for entry in dbs().flat_map(|db| db.iter()) {
            encoder.key(entry.key(), entry.value(), entry.expire_at_ms());
            if encoder.pending_len() >= PIECE_BYTES {
                file.write_all(&encoder.take())?;
            }
        }
    }
    file.write_all(&encoder.finish())?;
    file.sync_all()
}

fn field_deadlines(keys: &Keys<'_>) -> FieldDeadlines {
    let has_them = |entry: &Entry| matches!(entry.value(), ValueRef::Hash(hash) if hash.is_timed());
    let dbs = |slice| (0..Slice::db_count(slice)).filter_map(move |index| slice.db(index));
    match keys
        .slices()
        .any(|slice| dbs(slice).any(|db| db.iter().any(has_them)))
    {
        true => FieldDeadlines::Some,
        false => FieldDeadlines::None,
    }
}
