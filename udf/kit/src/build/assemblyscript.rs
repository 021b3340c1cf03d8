//! AssemblyScript: its compiler from the project's own packages, or from the path.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::tool;
use crate::error::{KitError, Result};
use crate::project::Project;

/// Compiles a project's main file to `module`.
pub(super) fn compile(project: &Project, module: &Path) -> Result<()> {
    let asc = local(&project.dir).or_else(|| tool::find("asc")).ok_or(KitError::NoTool {
        what: "asc, AssemblyScript's compiler,",
        install: "run `npm install --save-dev assemblyscript` in the project (Node from its makers, or on Debian `apt-get install npm`)",
    })?;
    tool::run(
        Command::new(asc)
            .arg(&project.main)
            .args([
                "-O3",
                "--runtime",
                "stub",
                "--noAssert",
                "--use",
                "abort=",
                "--outFile",
            ])
            .arg(module),
    )
}

/// The compiler among the packages of the project, or of a directory around it.
fn local(dir: &Path) -> Option<PathBuf> {
    let dir = dir.canonicalize().ok()?;
    dir.ancestors()
        .map(|dir| dir.join("node_modules/.bin/asc"))
        .find(|asc| asc.is_file())
}
