//! Programs of the user's own.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::error::{KitError, Result};

/// The program of this name on the path.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

/// The program of this name; `install` is said when there is none.
///
/// # Errors
/// [`KitError::NoTool`]
pub(super) fn need(name: &'static str, install: &'static str) -> Result<PathBuf> {
    find(name).ok_or(KitError::NoTool {
        what: name,
        install,
    })
}

/// Runs a compiler to its end, its messages being shown as it writes them.
///
/// # Errors
/// When it cannot be run or fails.
pub(super) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(KitError::file(&name))?;
    match status.success() {
        true => Ok(()),
        false => Err(KitError::Compiler(name)),
    }
}

/// What a program prints.
pub(super) fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
