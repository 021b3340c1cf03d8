//! What is in a directory: which language, which library, which files.

use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use udf::library::checked_name;

use crate::error::{KitError, Result};

/// What a library is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Rust, with the SDK in `sdk/`
    Rust,
    /// C, with `sdk/redox.h`
    C,
    /// AssemblyScript, with `sdk/redox.ts`
    #[value(name = "assemblyscript", alias = "as")]
    AssemblyScript,
    /// WebAssembly text
    Wat,
    /// Lua 5.1, as the server runs it
    #[value(skip)]
    Lua,
    /// A module that something else has built
    #[value(skip)]
    Module,
}

impl Language {
    /// The language of a source's extension; Rust is recognised by its manifest.
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "c" => Some(Language::C),
            "ts" => Some(Language::AssemblyScript),
            "wat" => Some(Language::Wat),
            "lua" => Some(Language::Lua),
            "wasm" | "library" => Some(Language::Module),
            _ => None,
        }
    }
}

/// A library's sources.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// The library's name.
    pub(crate) name: String,
    pub(crate) language: Language,
    /// Where its files are.
    pub(crate) dir: PathBuf,
    /// What the compiler starts from: the manifest or the main source.
    pub(crate) main: PathBuf,
}

impl Project {
    /// The project in a directory, or the one that a file is.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub(crate) fn find(path: &Path) -> Result<Self> {
        let about = fs::metadata(path).map_err(KitError::file(path))?;
        match about.is_dir() {
            true => Self::in_dir(path),
            false => Self::of_file(path),
        }
    }

    /// The compiled module.
    pub(crate) fn module_path(&self) -> PathBuf {
        self.dir.join(format!("{}.wasm", self.name))
    }

    /// What FUNCTION LOAD takes: the module behind its first line.
    pub(crate) fn library_path(&self) -> PathBuf {
        self.dir.join(format!("{}.library", self.name))
    }

    fn in_dir(dir: &Path) -> Result<Self> {
        let manifest = dir.join("Cargo.toml");
        if manifest.exists() {
            return Self::of_manifest(dir, manifest);
        }
        let entries = fs::read_dir(dir).map_err(KitError::file(dir))?;
        let mut sources: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| Language::of(path).is_some_and(|language| language != Language::Module))
            .collect();
        sources.sort();
        // A Lua twin lies beside what it is the twin of.
        if sources
            .iter()
            .any(|path| Language::of(path) != Some(Language::Lua))
        {
            sources.retain(|path| Language::of(path) != Some(Language::Lua));
        }
        match &sources[..] {
            [] => Err(KitError::NoProject(dir.to_owned())),
            [one] => Self::of_file(one),
            several => Self::of_file(named_as(dir, several)?),
        }
    }

    fn of_manifest(dir: &Path, manifest: PathBuf) -> Result<Self> {
        let text = fs::read_to_string(&manifest).map_err(KitError::file(&manifest))?;
        let wrong = |reason: String| KitError::Manifest {
            path: manifest.clone(),
            reason,
        };
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| wrong(error.to_string()))?;
        let package = table.get("package").and_then(|package| package.get("name"));
        let package = package
            .and_then(toml::Value::as_str)
            .ok_or_else(|| wrong("it has no [package] with a name".into()))?;
        Ok(Project {
            name: valid_name(&package.replace('-', "_"))?,
            language: Language::Rust,
            dir: dir.to_owned(),
            main: manifest,
        })
    }

    fn of_file(path: &Path) -> Result<Self> {
        let dir = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let language = Language::of(path).ok_or_else(|| KitError::NoProject(path.to_owned()))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(Project {
            name: valid_name(&stem)?,
            language,
            dir: dir.to_owned(),
            main: path.to_owned(),
        })
    }
}

/// The source that has the directory's name.
fn named_as<'p>(dir: &Path, sources: &'p [PathBuf]) -> Result<&'p PathBuf> {
    let full = dir.canonicalize().map_err(KitError::file(dir))?;
    let named = |path: &&PathBuf| path.file_stem() == full.file_name();
    sources
        .iter()
        .find(named)
        .ok_or_else(|| KitError::Ambiguous {
            dir: dir.to_owned(),
            found: sources
                .iter()
                .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
                .collect(),
        })
}

/// The name, if libraries may have it.
pub(crate) fn valid_name(name: &str) -> Result<String> {
    match checked_name(name.as_bytes()) {
        Ok(name) => Ok(name.to_owned()),
        Err(_) => Err(KitError::BadName(name.to_owned())),
    }
}
