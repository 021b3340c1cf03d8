//! C: clang with LLVM's linker, without a C library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tool;
use crate::error::{KitError, Result};
use crate::project::Project;

const INSTALL: &str = "install it with its linker, on Debian `apt-get install clang lld`";

/// Compiles all C files of a project to `module`.
pub(super) fn compile(project: &Project, module: &Path) -> Result<()> {
    let clang = tool::need("clang", INSTALL)?;
    tool::need("wasm-ld", INSTALL)?;
    let entries = fs::read_dir(&project.dir).map_err(KitError::file(&project.dir))?;
    let mut sources: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    sources.sort();
    tool::run(
        Command::new(clang)
            .args([
                "--target=wasm32",
                "-O2",
                "-Wall",
                "-ffreestanding",
                "-nostdlib",
            ])
            .args([
                "-Wl,--no-entry",
                "-Wl,--strip-all",
                "-Wl,-z,stack-size=65536",
            ])
            .arg("-I")
            .arg(project.dir.join("sdk"))
            .args(sources)
            .arg("-o")
            .arg(module),
    )
}
