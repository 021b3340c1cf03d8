//! From sources to a library: the language's own compiler, called as its user would call it.

mod assemblyscript;
mod c;
mod rust;
mod tool;

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::error::{KitError, Result};
use crate::project::{Language, Project};

/// What a project's directory has that is no source.
const NO_SOURCES: [&str; 3] = ["target", "node_modules", ".git"];

/// Compiles a project; writes the module and the library that FUNCTION LOAD takes, and gives the latter.
///
/// # Errors
/// When the compiler is missing or fails, or a file cannot be read or written.
pub(crate) fn build(project: &Project) -> Result<Vec<u8>> {
    let module_path = project.module_path();
    match project.language {
        Language::Rust => rust::compile(project, &module_path)?,
        Language::C => c::compile(project, &module_path)?,
        Language::AssemblyScript => assemblyscript::compile(project, &module_path)?,
        Language::Wat => {
            let module = wat::parse_file(&project.main)
                .map_err(|error| KitError::Library(error.to_string()))?;
            fs::write(&module_path, module).map_err(KitError::file(&module_path))?;
        }
        Language::Lua => return read(&project.main),
        Language::Module if is_library(&project.main) => return read(&project.main),
        Language::Module => {}
    }
    let code = with_header(&project.name, &read(&module_path)?);
    let path = project.library_path();
    fs::write(&path, &code).map_err(KitError::file(&path))?;
    Ok(code)
}

/// The library of a project; built now if that was not done since its sources last changed.
///
/// # Errors
/// As [`build`].
pub(crate) fn built(project: &Project) -> Result<Vec<u8>> {
    let path = project.library_path();
    let is_compiled = matches!(
        project.language,
        Language::Rust | Language::C | Language::AssemblyScript
    );
    let built_at = path.metadata().and_then(|about| about.modified()).ok();
    match built_at {
        Some(built_at) if is_compiled && newest(project, &project.dir)? <= built_at => read(&path),
        _ => build(project),
    }
}

/// A module behind the line that names its engine and library.
fn with_header(name: &str, module: &[u8]) -> Vec<u8> {
    let mut code = format!("#!wasm name={name}\n").into_bytes();
    code.extend_from_slice(module);
    code
}

fn is_library(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "library")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(KitError::file(path))
}

/// When a source last changed.
fn newest(project: &Project, dir: &Path) -> Result<SystemTime> {
    let mut latest = SystemTime::UNIX_EPOCH;
    for entry in fs::read_dir(dir).map_err(KitError::file(dir))?.flatten() {
        let path = entry.path();
        if NO_SOURCES.iter().any(|name| entry.file_name() == *name)
            || path == project.module_path()
            || path == project.library_path()
        {
            continue;
        }
        let about = entry.metadata().map_err(KitError::file(&path))?;
        let changed = match about.is_dir() {
            true => newest(project, &path)?,
            false => about.modified().map_err(KitError::file(&path))?,
        };
        latest = latest.max(changed);
    }
    Ok(latest)
}
