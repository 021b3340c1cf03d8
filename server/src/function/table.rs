//! A tenant's libraries, and which of their functions run long enough to be seen.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use udf::library::{Libraries, LibraryError};

use super::running::Running;

/// What a tenant has loaded.
#[derive(Default)]
pub struct LibraryTable {
    /// Replaced as a whole.
    libraries: RwLock<Arc<Libraries>>,
    pub(super) running: Mutex<Vec<Arc<Running>>>,
}

impl LibraryTable {
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
        Ok(result)
    }
}
