//! Libraries: named groups of functions in some engine's language, and the table of all that a tenant has loaded.
//!
//! A table is a value: a change makes a new one, so whoever runs a function keeps the one it was found in.

mod header;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::{Account, Engine, Function, LoadError, Loaded, Program};

pub use header::{Header, checked_name};

/// Why a library is not taken in, or not found. Display is the text behind `ERR `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// The code does not start with `#!`.
    #[error("Missing library metadata")]
    NoMetadata,
    /// Its first line has no end or names no engine.
    #[error("Invalid library metadata")]
    InvalidMetadata,
    /// `name=` comes twice.
    #[error("Invalid metadata value, name argument was given multiple times")]
    NameTwice,
    /// Something else stands there.
    #[error("Invalid metadata value given: {}", String::from_utf8_lossy(.0))]
    UnknownMetadata(Box<[u8]>),
    /// `name=` is missing.
    #[error("Library name was not given")]
    NoName,
    /// A name with other characters.
    #[error(
        "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"
    )]
    BadName,
    /// No engine is called that.
    #[error("Engine '{}' not found", String::from_utf8_lossy(.0))]
    NoEngine(Box<[u8]>),
    /// FUNCTION LOAD without REPLACE.
    #[error("Library '{0}' already exists")]
    Exists(String),
    /// FUNCTION RESTORE without REPLACE.
    #[error("Library {0} already exists")]
    ExistsAlready(String),
    /// Another library has a function of that name.
    #[error("Function {0} already exists")]
    FunctionExists(String),
    /// It has no functions.
    #[error("No functions registered in library '{library}': {remedy}")]
    NoFunctions {
        /// Its name.
        library: String,
        /// What to change.
        remedy: &'static str,
    },
    /// There is no such library.
    #[error("Library not found")]
    NotFound,
    /// The engine refuses it.
    #[error("{0}")]
    Refused(#[from] LoadError),
}

/// A library that is loaded.
pub struct Library {
    /// Tells it from all others ever loaded.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its engine's name.
    pub engine: &'static str,
    /// What was loaded, first line included.
    pub code: Arc<[u8]>,
    /// Its functions.
    pub functions: Vec<Function>,
    /// What each of them has cost.
    pub accounts: Vec<Account>,
    /// What runs them.
    pub program: Arc<dyn Program>,
    /// Bytes of memory of its instances.
    pub instance_bytes: Arc<AtomicUsize>,
}

impl Library {
    /// A library that an engine has accepted.
    ///
    /// # Errors
    /// [`LibraryError::NoFunctions`]
    pub fn new(
        name: &str,
        engine: &dyn Engine,
        code: Arc<[u8]>,
        loaded: Loaded,
    ) -> Result<Self, LibraryError> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if loaded.functions.is_empty() {
            return Err(LibraryError::NoFunctions {
                library: name.to_owned(),
                remedy: engine.registering(),
            });
        }
        for function in &loaded.functions {
            checked_name(function.name.as_bytes())?;
        }
        Ok(Library {
            id: NEXT.fetch_add(1, Relaxed),
            name: name.to_owned(),
            engine: engine.name(),
            code,
            accounts: loaded
                .functions
                .iter()
                .map(|_| Account::default())
                .collect(),
            functions: loaded.functions,
            program: loaded.program,
            instance_bytes: Arc::default(),
        })
    }

    /// Bytes it takes, its instances not counted.
    pub fn used_bytes(&self) -> usize {
        self.code.len() + self.program.used_bytes()
    }
}

/// All libraries of a tenant.
#[derive(Clone, Default)]
pub struct Libraries {
    by_name: BTreeMap<String, Arc<Library>>,
    /// By the function's name in lower case: names differ by more than case.
    functions: BTreeMap<Box<[u8]>, (Arc<Library>, usize)>,
}

/// A function's name is longer than any that is looked up without allocating.
const SHORT_NAME: usize = 64;

impl Libraries {
    /// The function of this name, in any case: its library, and which of its functions it is.
    pub fn find(&self, name: &[u8]) -> Option<(&Arc<Library>, usize)> {
        let mut folded = [0; SHORT_NAME];
        let found = match folded.get_mut(..name.len()) {
            Some(folded) => {
                folded.copy_from_slice(name);
                folded.make_ascii_lowercase();
                self.functions.get(&*folded)
            }
            None => self.functions.get(&*name.to_ascii_lowercase()),
        };
        found.map(|(library, index)| (library, *index))
    }

    /// The library of this name.
    pub fn get(&self, name: &[u8]) -> Option<&Arc<Library>> {
        self.by_name.get(std::str::from_utf8(name).ok()?)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Library>> {
        self.by_name.values()
    }

    /// How many functions there are.
    pub fn function_count(&self) -> usize {
        self.functions.len()
    }

    /// Adds a library, in place of the one of its name if there is one.
    ///
    /// # Errors
    /// [`LibraryError::FunctionExists`]; nothing has changed then.
    pub fn put(&mut self, library: Arc<Library>) -> Result<(), LibraryError> {
        let is_foreign = |function: &&Function| {
            let other = self.find(function.name.as_bytes());
            other.is_some_and(|(other, _)| other.name != library.name)
        };
        if let Some(taken) = library.functions.iter().find(is_foreign) {
            return Err(LibraryError::FunctionExists(taken.name.clone()));
        }
        self.remove(library.name.as_bytes());
        for (index, function) in library.functions.iter().enumerate() {
            let name = function.name.to_ascii_lowercase().into_bytes();
            self.functions
                .insert(name.into(), (Arc::clone(&library), index));
        }
        self.by_name.insert(library.name.clone(), library);
        Ok(())
    }

    /// Removes a library; whether it was there.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        let name = std::str::from_utf8(name).ok();
        let Some(gone) = name.and_then(|name| self.by_name.remove(name)) else {
            return false;
        };
        self.functions
            .retain(|_, (library, _)| library.id != gone.id);
        true
    }
}
