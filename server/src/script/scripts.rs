//! The scripts of a tenant: texts by digest, shared by all cores, and what runs of them.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use hashbrown::HashMap;
use store::command::CommandError;
use udf::FunctionFlags;
use udf::lua::shebang;

use super::Running;

/// A script's digest in lower-case hexadecimal, by which it is called.
pub type Sha = [u8; 40];

/// A script as it was sent, and what its first line says.
#[derive(Debug)]
pub struct Script {
    /// Its digest.
    pub sha: Sha,
    /// The whole text.
    pub text: Box<[u8]>,
    /// What it says of itself.
    pub flags: Option<FunctionFlags>,
    body_at: usize,
}

impl Script {
    /// Reads the first line of a text.
    ///
    /// # Errors
    /// When that is not understood.
    pub fn read(sha: Sha, text: &[u8]) -> Result<Self, CommandError> {
        let (flags, body) = shebang::parse(text)
            .map_err(|error| CommandError::quoting("ERR ", error.to_string().as_bytes(), ""))?;
        Ok(Script {
            sha,
            flags,
            body_at: text.len() - body.len(),
            text: text.into(),
        })
    }

    /// What is compiled: all but the first line.
    pub fn body(&self) -> &[u8] {
        &self.text[self.body_at..]
    }

    fn used_bytes(&self) -> usize {
        self.text.len() + size_of::<Self>() + size_of::<(Sha, Arc<Script>)>()
    }
}

/// A tenant's scripts.
#[derive(Debug, Default)]
pub struct Scripts {
    known: Mutex<HashMap<Sha, Arc<Script>>>,
    /// Raised by SCRIPT FLUSH: states of older generations are not used any more.
    generation: AtomicU64,
    script_bytes: AtomicUsize,
    /// What the states of all cores take.
    states: Mutex<Vec<Weak<AtomicUsize>>>,
    running: Mutex<Vec<Arc<Running>>>,
    /// There is, or once was, a state or a script.
    used: AtomicBool,
    /// A script has run for longer than others should wait silently.
    busy: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Scripts {
    /// The script of this digest.
    pub fn get(&self, sha: &Sha) -> Option<Arc<Script>> {
        lock(&self.known).get(sha).cloned()
    }

    /// Whether there is a script of this digest.
    pub fn contains(&self, sha: &Sha) -> bool {
        lock(&self.known).contains_key(sha)
    }

    /// Keeps a script that compiles.
    pub fn insert(&self, script: Arc<Script>) {
        let bytes = script.used_bytes();
        if lock(&self.known).insert(script.sha, script).is_none() {
            self.script_bytes.fetch_add(bytes, Relaxed);
        }
    }

    /// Forgets all scripts, and the states they were compiled in.
    pub fn flush(&self) {
        let mut known = lock(&self.known);
        known.clear();
        self.script_bytes.store(0, Relaxed);
        self.generation.fetch_add(1, Relaxed);
    }

    /// Which states may be used.
    #[inline]
    pub fn generation(&self) -> u64 {
        self.generation.load(Relaxed)
    }

    /// How many scripts are known.
    pub fn len(&self) -> usize {
        lock(&self.known).len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What their texts take.
    pub fn script_bytes(&self) -> usize {
        self.script_bytes.load(Relaxed)
    }

    /// What the states of all cores take.
    pub fn state_bytes(&self) -> usize {
        let mut states = lock(&self.states);
        states.retain(|state| state.strong_count() > 0);
        let bytes = states.iter().filter_map(Weak::upgrade);
        bytes.map(|state| state.load(Relaxed)).sum()
    }

    /// Whether there is anything to count, or once was.
    #[inline]
    pub fn were_used(&self) -> bool {
        self.used.load(Relaxed)
    }

    /// Counts the memory of another state.
    pub fn add_state(&self, account: &Arc<AtomicUsize>) {
        self.used.store(true, Relaxed);
        lock(&self.states).push(Arc::downgrade(account));
    }

    /// The scripts that have run for a while.
    pub(super) fn running(&self) -> MutexGuard<'_, Vec<Arc<Running>>> {
        lock(&self.running)
    }

    /// Whether others hear BUSY.
    #[inline]
    pub fn is_busy(&self) -> bool {
        self.busy.load(Relaxed)
    }

    pub(super) fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Relaxed);
    }
}
