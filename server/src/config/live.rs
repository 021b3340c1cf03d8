//! The configuration of a running server: CONFIG GET, SET and REWRITE, and the
//! snapshot every core reads.
//!
//! Changes are rare and reads are everywhere, so a change builds a new [`Settings`] and
//! raises a version; a core compares the version once per batch and takes the new
//! snapshot when it differs.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store::glob::glob_match_ignore_case;

use super::directive::{Flags, Kind, NAMES, Named, lookup};
use super::file::resolve_directory;
use super::path::{os_string, system_text};
use super::rewrite::{self, Extent, RewriteError};
use super::settings::Settings;
use super::value::{Value, ValueError};
use super::values::{Values, shown_words};

/// Why CONFIG SET changed nothing. `Display` is the wire text, where no unknown name has to be quoted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// No such directive.
    #[error("ERR Unknown option or number of arguments for CONFIG SET - '{}'", .0.escape_ascii())]
    Unknown(Box<[u8]>),
    /// A directive refused its value, or may not be set.
    #[error("ERR CONFIG SET failed (possibly related to argument '{argument}') - {reason}")]
    Failed {
        /// The directive.
        argument: String,
        /// Why.
        reason: String,
    },
}

impl SetError {
    /// A refusal by whatever applies the change.
    pub fn failed(argument: &str, reason: impl ToString) -> Self {
        SetError::Failed {
            argument: argument.to_owned(),
            reason: reason.to_string(),
        }
    }
}

const FIXED: &str = "can't set immutable config";

/// The live configuration, shared by all cores.
#[derive(Debug)]
pub struct Config {
    state: Mutex<State>,
    version: AtomicU64,
    file: Option<PathBuf>,
}

#[derive(Debug)]
struct State {
    values: Values,
    settings: Arc<Settings>,
}

impl Config {
    /// Starts from loaded values; `file` is what CONFIG REWRITE writes to, absolute.
    pub fn new(values: Values, file: Option<PathBuf>) -> Self {
        let settings = Arc::new(Settings::from_values(&values));
        Config {
            state: Mutex::new(State { values, settings }),
            version: AtomicU64::new(1),
            file,
        }
    }

    /// The file the server was started with.
    pub fn file(&self) -> Option<&PathBuf> {
        self.file.as_ref()
    }

    /// The current settings.
    pub fn settings(&self) -> Arc<Settings> {
        self.lock().settings.clone()
    }

    /// A reader for one core.
    pub fn reader(&self) -> SettingsReader {
        let version = self.version.load(Ordering::Acquire);
        SettingsReader {
            version,
            settings: self.settings(),
        }
    }

    /// Names and values that match any of the patterns, aliases included; a name without
    /// a wildcard answers as it was written.
    pub fn get<'a>(&self, patterns: impl Iterator<Item = &'a [u8]>) -> Vec<(Vec<u8>, Vec<u8>)> {
        let state = self.lock();
        let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for pattern in patterns {
            if pattern
                .iter()
                .any(|byte| matches!(byte, b'[' | b'*' | b'?'))
            {
                for named in NAMES.iter().filter(|named| answers(named, pattern)) {
                    push_unless_there(&mut found, named.name.as_bytes(), *named, &state.values);
                }
            } else if let Some(named) = lookup(pattern) {
                push_unless_there(&mut found, pattern, named, &state.values);
            }
        }
        found
    }

    /// Sets several directives, all or none. `may_set_protected` tells whether this
    /// client may set protected ones; `apply` carries the change out and may refuse it.
    pub fn set<'a>(
        &self,
        pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        may_set_protected: bool,
        apply: impl FnOnce(&Settings, &Settings) -> Result<(), SetError>,
    ) -> Result<(), SetError> {
        let mut state = self.lock();
        let pairs = check_settable(pairs, may_set_protected)?;
        let mut values = state.values.clone();
        for (named, text) in &pairs {
            set_one(&mut values, *named, text)
                .map_err(|reason| SetError::failed(named.name, reason))?;
            let is_fixed = named.id.directive().flags.contains(Flags::IMMUTABLE);
            if is_fixed && values.show(named.id) != state.values.show(named.id) {
                return Err(SetError::failed(named.name, FIXED));
            }
        }
        let settings = Arc::new(Settings::from_values(&values));
        change_directory(&state.settings, &settings)?;
        if let Err(refusal) = apply(&state.settings, &settings) {
            change_directory(&settings, &state.settings)?;
            return Err(refusal);
        }
        *state = State { values, settings };
        self.version.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Has every core look at its settings again, and at what else it looks at then, before its next requests.
    pub fn republish(&self) {
        let _state = self.lock();
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Writes the current values, and these lines for users, to the file the server was started with.
    pub fn rewrite(&self, users: Vec<Vec<u8>>, extent: Extent) -> Result<(), RewriteError> {
        let file = self.file.as_ref().ok_or(RewriteError::NoFile)?;
        let values = self.lock().values.clone();
        rewrite::rewrite_file(file, &values, users, extent)
    }

    /// A panic while the lock was held left whole values behind: they are replaced at once.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One core's view of the settings.
#[derive(Clone, Debug)]
pub struct SettingsReader {
    version: u64,
    settings: Arc<Settings>,
}

impl SettingsReader {
    /// The settings as last seen.
    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// Takes a newer snapshot if there is one, and tells whether it did. One relaxed read when nothing changed.
    pub fn refresh(&mut self, config: &Config) -> bool {
        if config.version.load(Ordering::Relaxed) == self.version {
            return false;
        }
        *self = config.reader();
        true
    }
}

fn answers(named: &Named, pattern: &[u8]) -> bool {
    let hidden = named.id.directive().flags.contains(Flags::HIDDEN);
    !hidden && glob_match_ignore_case(pattern, named.name.as_bytes())
}

fn push_unless_there(
    found: &mut Vec<(Vec<u8>, Vec<u8>)>,
    name: &[u8],
    named: Named,
    values: &Values,
) {
    if !found
        .iter()
        .any(|(there, _)| there.eq_ignore_ascii_case(name))
    {
        found.push((name.to_vec(), values.show(named.id)));
    }
}

/// Finds all directives; the first that may not be set stops.
fn check_settable<'a>(
    pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    may_set_protected: bool,
) -> Result<Vec<(Named, &'a [u8])>, SetError> {
    let mut checked: Vec<(Named, &[u8])> = Vec::new();
    for (name, text) in pairs {
        let Some(named) = lookup(name) else {
            return Err(SetError::Unknown(name.into()));
        };
        let spelled = String::from_utf8_lossy(name);
        let flags = named.id.directive().flags;
        if flags.contains(Flags::IMMUTABLE) && !flags.contains(Flags::OURS) {
            return Err(SetError::failed(&spelled, FIXED));
        }
        if flags.contains(Flags::PROTECTED) && !may_set_protected {
            return Err(SetError::failed(&spelled, "can't set protected config"));
        }
        if checked.iter().any(|(there, _)| there.name == named.name) {
            return Err(SetError::failed(&spelled, "duplicate parameter"));
        }
        checked.push((named, text));
    }
    Ok(checked)
}

fn set_one(values: &mut Values, named: Named, text: &[u8]) -> Result<(), ValueError> {
    let kind = named.id.directive().kind;
    if let (Kind::Directory, Value::Text(current)) = (kind, values.get(named.id)) {
        let resolved = resolve_directory(&PathBuf::from(os_string(current)), text)?;
        return values.put(named.id, Value::Text(resolved));
    }
    values.set(named.id, &shown_words(kind, text))
}

fn change_directory(from: &Settings, to: &Settings) -> Result<(), SetError> {
    if from.dir == to.dir {
        return Ok(());
    }
    std::env::set_current_dir(&to.dir).map_err(|error| SetError::failed("dir", system_text(&error)))
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
