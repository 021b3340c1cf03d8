//! Reading the text of a configuration: lines, includes, and what each line sets.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::directive::{DirectiveId, Kind, lookup};
use super::path::{os_string, path_bytes, system_text};
use super::quoting::split_words;
use super::value::{Value, ValueError};
use super::values::{Values, id_of};
use crate::acl::{SetUserError, UserLine};

/// Files may include files, this deep.
const INCLUDE_DEPTH_MAX: usize = 16;

/// Directives of older versions that are accepted and do nothing, with one argument.
const DEPRECATED: [&[u8]; 3] = [
    b"list-max-ziplist-entries",
    b"list-max-ziplist-value",
    b"lua-replicate-commands",
];

/// Where something was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Number of the line, from 1.
    pub number: usize,
    /// The line, trimmed.
    pub text: String,
}

/// A `rename-command`; an empty `to` removes the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The command's name.
    pub from: Vec<u8>,
    /// Its new name.
    pub to: Vec<u8>,
    /// Where it was asked for.
    pub line: Line,
}

impl Rename {
    /// The error that stops the start when no command has the name.
    pub fn no_such_command(&self) -> LoadError {
        self.failed(LineError::NoSuchCommand)
    }

    /// The error that stops the start when the new name is taken.
    pub fn name_taken(&self) -> LoadError {
        self.failed(LineError::NameTaken)
    }

    fn failed(&self, reason: LineError) -> LoadError {
        LoadError::Line {
            line: self.line.clone(),
            reason,
        }
    }
}

/// A `tenant` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantLine {
    /// The tenant's name.
    pub name: Vec<u8>,
    /// Its options and their values.
    pub words: Vec<Vec<u8>>,
    /// Where it was found.
    pub line: Line,
}

/// A `unixsocket PATH tenant=NAME` line: whoever connects there belongs to the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantSocket {
    /// Where to listen.
    pub path: PathBuf,
    /// The tenant's name.
    pub tenant: Vec<u8>,
    /// Where it was found.
    pub line: Line,
}

/// Why a configuration cannot be loaded. `Display` is what goes to standard error.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("Fatal error, can't open config file '{}': {}", path.display(), system_text(error))]
    Open {
        /// The file.
        path: PathBuf,
        /// What happened.
        error: io::Error,
    },
    /// A line is wrong.
    #[error(
        "\n*** FATAL CONFIG FILE ERROR (RedoxCache {version}) ***\nReading the configuration file, at line {number}\n>>> '{text}'\n{reason}",
        version = env!("CARGO_PKG_VERSION"), number = line.number, text = line.text
    )]
    Line {
        /// Which.
        line: Line,
        /// Why.
        reason: LineError,
    },
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// A quote is not closed.
    #[error("Unbalanced quotes in configuration line")]
    UnbalancedQuotes,
    /// No such directive, or its words do not fit.
    #[error("Bad directive or wrong number of arguments")]
    BadDirective,
    /// The value is refused.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// rename-command of nothing.
    #[error("No such command in rename-command")]
    NoSuchCommand,
    /// rename-command to a name in use.
    #[error("Target command name already exists")]
    NameTaken,
    /// Two lines for one user.
    #[error("Duplicate user found. A user can only be defined once in config files")]
    DuplicateUser,
    /// A user's rule is refused.
    #[error("{0}")]
    User(SetUserError),
    /// A tenant or its quotas are refused.
    #[error("{0}")]
    Tenant(String),
    /// A directive this server would have to lie about.
    #[error("{0}")]
    Unsupported(&'static str),
    /// Files that include each other.
    #[error("Too many nested includes")]
    IncludeDepth,
}

/// What configuration text says.
#[derive(Debug)]
pub struct Loader {
    /// The values so far.
    pub values: Values,
    /// The commands renamed so far.
    pub renames: Vec<Rename>,
    /// The users so far; their rules are read when the commands are known.
    pub users: Vec<UserLine>,
    /// The tenants so far.
    pub tenants: Vec<TenantLine>,
    /// The sockets of tenants so far.
    pub tenant_sockets: Vec<TenantSocket>,
    /// What relative paths are relative to.
    directory: PathBuf,
    set: HashSet<DirectiveId>,
    include_depth: usize,
}

impl Loader {
    /// Starts with defaults, in this working directory.
    pub fn new(directory: PathBuf) -> Self {
        let mut values = Values::default();
        values.derive_default("dir", Value::Text(path_bytes(&directory)));
        Loader {
            values,
            renames: Vec::new(),
            users: Vec::new(),
            tenants: Vec::new(),
            tenant_sockets: Vec::new(),
            directory,
            set: HashSet::new(),
            include_depth: 0,
        }
    }

    /// Reads every line of a text; later lines win.
    pub fn read_text(&mut self, text: &[u8]) -> Result<(), LoadError> {
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = trim(line);
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let line_of = || Line {
                number: index + 1,
                text: String::from_utf8_lossy(line).into_owned(),
            };
            self.read_line(line, &line_of)?;
        }
        Ok(())
    }

    fn read_line(&mut self, line: &[u8], line_of: &dyn Fn() -> Line) -> Result<(), LoadError> {
        let fail = |reason| LoadError::Line {
            line: line_of(),
            reason,
        };
        let words = split_words(line).ok_or_else(|| fail(LineError::UnbalancedQuotes))?;
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let [name, arguments @ ..] = words.as_slice() else {
            return Ok(());
        };
        if name.eq_ignore_ascii_case(b"unixsocket")
            && let [path, binding] = arguments
            && let Some(tenant) = binding.strip_prefix(b"tenant=")
        {
            self.tenant_sockets.push(TenantSocket {
                path: self.directory.join(os_string(path)),
                tenant: tenant.to_vec(),
                line: line_of(),
            });
            return Ok(());
        }
        if let Some(named) = lookup(name) {
            self.read_directive(named.id, arguments).map_err(fail)?;
            self.set.insert(named.id);
            return Ok(());
        }
        match (name.to_ascii_lowercase().as_slice(), arguments) {
            (b"include", [path]) => self.include(path, &fail),
            (b"rename-command", [from, to]) => {
                self.renames.push(Rename {
                    from: from.to_vec(),
                    to: to.to_vec(),
                    line: line_of(),
                });
                Ok(())
            }
            (b"user", [name, rules @ ..]) => self.read_user(name, rules, line_of()),
            (b"tenant", [name, words @ ..]) => {
                self.tenants.push(TenantLine {
                    name: name.to_vec(),
                    words: words.iter().map(|word| word.to_vec()).collect(),
                    line: line_of(),
                });
                Ok(())
            }
            (b"loadmodule", [_, ..]) => {
                Err(fail(LineError::Unsupported("modules are not supported")))
            }
            (name, [_]) if DEPRECATED.contains(&name) => Ok(()),
            _ => Err(fail(LineError::BadDirective)),
        }
    }

    fn read_user(&mut self, name: &[u8], rules: &[&[u8]], line: Line) -> Result<(), LoadError> {
        if self.users.iter().any(|user| user.name == name) {
            let reason = LineError::DuplicateUser;
            return Err(LoadError::Line { line, reason });
        }
        self.users.push(UserLine {
            name: name.to_vec(),
            rules: rules.iter().map(|rule| rule.to_vec()).collect(),
            line,
        });
        Ok(())
    }

    /// Whether any line set the directive.
    pub fn is_set(&self, name: &str) -> bool {
        self.set.contains(&id_of(name))
    }

    fn read_directive(&mut self, id: DirectiveId, arguments: &[&[u8]]) -> Result<(), LineError> {
        let kind = id.directive().kind;
        match (kind, arguments) {
            (Kind::Directory, [path]) => {
                let value = resolve_directory(&self.directory, path)?;
                self.directory = PathBuf::from(os_string(&value));
                Ok(self.values.put(id, Value::Text(value))?)
            }
            (Kind::SavePoints, _) => self.read_save_points(&resplit(arguments)?),
            (kind, arguments) if kind.takes_many_words() => {
                let words = resplit(arguments)?;
                Ok(self.values.set(id, &slices(&words))?)
            }
            (_, [_]) => Ok(self.values.set(id, arguments)?),
            _ => Err(LineError::Value(ValueError::WordCount)),
        }
    }

    /// Lines of `save` add up; the first replaces the default, an empty one all before it.
    fn read_save_points(&mut self, words: &[Vec<u8>]) -> Result<(), LineError> {
        let id = id_of("save");
        let before = self.values.get(id).clone();
        self.values.set(id, &slices(words))?;
        let clears = matches!(words, [word] if word.is_empty());
        if let (true, false, Value::SavePoints(before), Value::SavePoints(added)) =
            (self.is_set("save"), clears, before, self.values.get(id))
        {
            let all = before.iter().chain(added).copied().collect();
            self.values.put(id, Value::SavePoints(all))?;
        }
        Ok(())
    }

    fn include(
        &mut self,
        pattern: &[u8],
        fail: &dyn Fn(LineError) -> LoadError,
    ) -> Result<(), LoadError> {
        if self.include_depth == INCLUDE_DEPTH_MAX {
            return Err(fail(LineError::IncludeDepth));
        }
        self.include_depth += 1;
        for path in self.included_files(pattern) {
            let text = read_file(&path)?;
            self.read_text(&text)?;
        }
        self.include_depth -= 1;
        Ok(())
    }

    /// A pattern that matches nothing includes nothing; a plain name must exist.
    fn included_files(&self, pattern: &[u8]) -> Vec<PathBuf> {
        let path = self.directory.join(os_string(pattern));
        if !pattern
            .iter()
            .any(|byte| matches!(byte, b'*' | b'?' | b'['))
        {
            return vec![path];
        }
        let matches = glob::glob(&path.to_string_lossy());
        matches
            .map(|paths| paths.flatten().collect())
            .unwrap_or_default()
    }
}

/// One word that is not empty is split again, so that `--save "60 1"` works.
fn resplit(arguments: &[&[u8]]) -> Result<Vec<Vec<u8>>, LineError> {
    match arguments {
        [word] if !word.is_empty() => split_words(word).ok_or(LineError::UnbalancedQuotes),
        words => Ok(words.iter().map(|word| word.to_vec()).collect()),
    }
}

fn slices(words: &[Vec<u8>]) -> Vec<&[u8]> {
    words.iter().map(Vec::as_slice).collect()
}

fn trim(line: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let start = line
        .iter()
        .position(|byte| !is_blank(byte))
        .unwrap_or(line.len());
    let end = line
        .iter()
        .rposition(|byte| !is_blank(byte))
        .map_or(start, |last| last + 1);
    &line[start..end]
}

/// Reads a configuration file.
pub fn read_file(path: &Path) -> Result<Vec<u8>, LoadError> {
    fs::read(path).map_err(|error| LoadError::Open {
        path: path.to_owned(),
        error,
    })
}

/// The absolute path of an existing directory.
pub fn resolve_directory(base: &Path, path: &[u8]) -> Result<Vec<u8>, ValueError> {
    let failed = |error: io::Error| ValueError::System(system_text(&error));
    let resolved = base.join(os_string(path)).canonicalize().map_err(failed)?;
    match resolved.is_dir() {
        true => Ok(path_bytes(&resolved)),
        false => Err(failed(io::ErrorKind::NotADirectory.into())),
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
