//! The data set in a file: written whole by SAVE, SHUTDOWN SAVE and DEBUG RELOAD, read at start and by DEBUG RELOAD.
//!
//! The format is `store::snapshot`'s; here are the file and its replacement: a snapshot is written beside the old one
//! and takes its place only when it is whole and on the disk. Whoever writes or reads holds all slices, so nobody else
//! sees a moment in between. Every tenant has a file of its own, with its libraries of functions, so each can be read by a Redis too.
//! Nothing is written behind anybody's back: there are no save points and no child processes.

mod load;
mod save;

pub use load::{LoadError, Loaded, load, load_at_start};
pub use save::save;

use std::path::{Path, PathBuf};

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::tenant::Account;

/// The file of a tenant: `dbfilename` for the default one, `dump.tenant-web.rdb` beside `dump.rdb` for another.
pub fn file_of(dbfilename: &Path, tenant: &Account) -> PathBuf {
    if tenant.is_default() {
        return dbfilename.to_owned();
    }
    let part = |part: Option<&std::ffi::OsStr>| {
        part.map_or_else(String::new, |part| part.to_string_lossy().into_owned())
    };
    let (stem, extension) = (part(dbfilename.file_stem()), part(dbfilename.extension()));
    dbfilename.with_file_name(format!("{stem}.tenant-{}.{extension}", tenant.name_text()))
}

/// When the data set was last saved, and how many changes there had been.
#[derive(Debug)]
pub struct LastSave {
    at_ms: AtomicU64,
    changes: AtomicU64,
}

impl LastSave {
    /// As if saved at start.
    #[must_use]
    pub fn new(now_ms: u64) -> Self {
        LastSave {
            at_ms: AtomicU64::new(now_ms),
            changes: AtomicU64::new(0),
        }
    }

    /// Notes a save.
    pub fn note(&self, now_ms: u64, changes: u64) {
        self.at_ms.store(now_ms, Relaxed);
        self.changes.store(changes, Relaxed);
    }

    /// When it was, seconds since the epoch.
    #[must_use]
    pub fn at_s(&self) -> u64 {
        self.at_ms.load(Relaxed) / 1000
    }

    /// How many of the `changes` ever made came after it.
    #[must_use]
    pub fn changes_since(&self, changes: u64) -> u64 {
        changes.saturating_sub(self.changes.load(Relaxed))
    }
}
