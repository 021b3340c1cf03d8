//! A tenant's libraries, and which of their functions run long enough to be seen.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use udf::library::{Libraries, LibraryError};

use super::running::Running;

/// What a tenant has loaded.
#[derive(Default)]
pub struct LibraryTable {
    /// Replaced as a whole.
    libraries: RwLock<Arc<Libraries>>,
    pub(super) running: Mutex<Vec<Arc<Running>>>,
    /// There is, or once was, a library.
    used: AtomicBool,
}

impl LibraryTable {
    /// Whether there is anything to count, or once was.
    #[inline]
    pub fn were_used(&self) -> bool {
        self.used.load(Relaxed)
    }

    /// The libraries as they are now.
    pub fn get(&self) -> Arc<Libraries> {
        let libraries = self
            .libraries
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&libraries)
    }

    /// Changes them; when that fails all stays as it is.
    pub(super) fn change<R>(
        &self,
        f: impl FnOnce(&mut Libraries) -> Result<R, LibraryError>,
    ) -> Result<R, LibraryError> {
        let mut libraries = self
            .libraries
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let mut changed = Libraries::clone(&libraries);
        let result = f(&mut changed)?;
        *libraries = Arc::new(changed);
        self.used.store(true, Relaxed);
        Ok(result)
    }
}
