//! A tenant's libraries, and which of their functions run long enough to be seen.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use udf::library::{Libraries, LibraryError};

use super::running::Running;

/// What a tenant has loaded.
#[derive(Default)]
pub struct LibraryTable {
    /// Replaced as a whole.
    libraries: RwLock<Arc<Libraries>>,
    /// Tells what is loaded now from what any tenant had loaded at any time; 0 before the first library.
    edition: AtomicU64,
    pub(super) running: Mutex<Vec<Arc<Running>>>,
}

impl LibraryTable {
    /// Whether there is anything to count, or once was.
    #[inline]
    pub fn were_used(&self) -> bool {
        self.edition.load(Ordering::Relaxed) != 0
    }

    /// The libraries as they are now.
    pub fn get(&self) -> Arc<Libraries> {
        let libraries = self
            .libraries
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&libraries)
    }

    /// The number of what is loaded now: what [`get`](Self::get) gives after it is as new, or newer.
    #[inline]
    pub(super) fn edition(&self) -> u64 {
        self.edition.load(Ordering::Acquire)
    }

    /// Changes them; when that fails all stays as it is.
    pub(super) fn change<R>(
        &self,
        f: impl FnOnce(&mut Libraries) -> Result<R, LibraryError>,
    ) -> Result<R, LibraryError> {
        static EDITIONS: AtomicU64 = AtomicU64::new(1);
        let mut libraries = self
            .libraries
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let mut changed = Libraries::clone(&libraries);
        let result = f(&mut changed)?;
        *libraries = Arc::new(changed);
        let edition = EDITIONS.fetch_add(1, Ordering::Relaxed);
        self.edition.store(edition, Ordering::Release);
        Ok(result)
    }
}
