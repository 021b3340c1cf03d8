//! Why the kit gives up. Display is what its user reads, behind `error: `.

use std::io;
use std::path::{Path, PathBuf};

/// Why a command of the kit failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KitError {
    /// A file or directory is not as it must be.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// `new` finds something in its place.
    #[error("{} exists already, and nothing is overwritten: choose another name, or remove it", .0.display())]
    Exists(PathBuf),
    /// A name that libraries cannot have.
    #[error("'{0}' cannot be a library's name: use letters, digits and underscores")]
    BadName(String),
    /// No language is recognised.
    #[error(
        "{} is no project: it has neither Cargo.toml nor a .c, .ts, .wat or .lua file; `redoxcache udf new NAME --lang rust` starts one",
        .0.display()
    )]
    NoProject(PathBuf),
    /// Several sources could be the library.
    #[error("{} has several libraries ({}): name one file as the directory, or give the file", dir.display(), found.join(", "))]
    Ambiguous {
        /// Where.
        dir: PathBuf,
        /// What.
        found: Vec<String>,
    },
    /// Cargo.toml is not understood.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A compiler is not there.
    #[error("{what} is missing: {install}")]
    NoTool {
        /// Its name.
        what: &'static str,
        /// The command that installs it.
        install: &'static str,
    },
    /// A compiler failed, and has said why.
    #[error("{0} failed; its messages are above")]
    Compiler(String),
    /// A module, or the library in it, would be refused.
    #[error("{0}")]
    Library(String),
    /// The cases cannot be read.
    #[error("{}: {reason}", path.display())]
    Cases {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing would have been tried.
    #[error("no case has '{0}' in its name")]
    NoCase(String),
    /// Cases failed; they have been shown.
    #[error("{failed} of {all} cases failed")]
    Failed {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
    },
    /// The server does not answer, or refuses.
    #[error("{0}")]
    Server(String),
}

/// What the kit's commands come to.
pub(crate) type Result<T> = std::result::Result<T, KitError>;

impl KitError {
    /// An error of the file system, with the file's name.
    pub(crate) fn file(path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> KitError {
        let path = path.as_ref().to_owned();
        move |source| KitError::File { path, source }
    }
}
