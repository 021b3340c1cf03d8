//! Rust: cargo where its toolchain has the wasm32 target, else a distribution's rustc by itself, which has it as a package.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tool;
use crate::error::{KitError, Result};
use crate::project::Project;

const TARGET: &str = "wasm32-unknown-unknown";
const INSTALL: &str = "run `rustup target add wasm32-unknown-unknown`, or on Debian `apt-get install rustc libstd-rust-dev-wasm32 lld`";
/// Where distributions put their compiler.
const SYSTEM_RUSTC: &str = "/usr/bin/rustc";
/// Bytes of stack: every instance holds them, and the linker's own choice is a whole MiB.
const STACK: &str = "link-arg=-zstack-size=65536";
/// Copying and clearing memory are instructions, as newer compilers have it anyway: older ones call loops for them.
const BULK_MEMORY: &str = "target-feature=+bulk-memory";
/// The SDK's name as a crate.
const SDK: &str = "redoxcache_udf";

/// Compiles a package to `module`.
pub(super) fn compile(project: &Project, module: &Path) -> Result<()> {
    let own = tool::find("rustc").filter(|rustc| has_target(rustc));
    let cargo = tool::find("cargo").filter(|_| own.is_some());
    match (cargo, own) {
        (Some(cargo), Some(rustc)) => with_cargo(project, &cargo, &rustc, module),
        (None, Some(rustc)) => with_rustc(project, &rustc, module),
        _ => {
            let system = Path::new(SYSTEM_RUSTC);
            match system.is_file() && has_target(system) {
                true => with_rustc(project, system, module),
                false => Err(KitError::NoTool {
                    what: "Rust's target wasm32-unknown-unknown",
                    install: INSTALL,
                }),
            }
        }
    }
}

fn sysroot(rustc: &Path) -> Option<PathBuf> {
    tool::output(Command::new(rustc).args(["--print", "sysroot"])).map(PathBuf::from)
}

fn has_target(rustc: &Path) -> bool {
    sysroot(rustc).is_some_and(|root| root.join("lib/rustlib").join(TARGET).join("lib").is_dir())
}

/// Whether a toolchain comes with a linker; where it does not, LLVM's is used.
fn has_linker(rustc: &Path) -> bool {
    let libraries = sysroot(rustc).map(|root| root.join("lib/rustlib"));
    let hosts = libraries.and_then(|libraries| fs::read_dir(libraries).ok());
    hosts.is_some_and(|hosts| {
        hosts
            .flatten()
            .any(|host| host.path().join("bin/rust-lld").is_file())
    })
}

fn with_cargo(project: &Project, cargo: &Path, rustc: &Path, module: &Path) -> Result<()> {
    let target_dir = project.dir.join("target");
    let mut command = Command::new(cargo);
    command
        .args(["build", "--release", "--target", TARGET, "--manifest-path"])
        .arg(&project.main)
        .arg("--target-dir")
        .arg(&target_dir);
    if !has_linker(rustc) {
        let linker = tool::need("wasm-ld", "on Debian `apt-get install lld`")?;
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    tool::run(&mut command)?;
    let made = target_dir
        .join(TARGET)
        .join("release")
        .join(format!("{}.wasm", project.name));
    fs::copy(&made, module).map_err(KitError::file(&made))?;
    Ok(())
}

/// Where the manifest says that the SDK is.
fn sdk_source(project: &Project) -> Result<PathBuf> {
    let text = fs::read_to_string(&project.main).map_err(KitError::file(&project.main))?;
    let manifest: toml::Table = text.parse().unwrap_or_default();
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    let sdk = dependencies.and_then(|known| known.get(&SDK.replace('_', "-")));
    let path = sdk
        .and_then(|sdk| sdk.get("path"))
        .and_then(toml::Value::as_str);
    match path {
        Some(path) => Ok(project.dir.join(path).join("src/lib.rs")),
        None => Err(KitError::Manifest {
            path: project.main.clone(),
            reason: "it has no dependency redoxcache-udf = { path = \"sdk\" }; without cargo's wasm32 target only that one can be built".into(),
        }),
    }
}

/// The SDK first, then the package against it: what cargo would do for these two.
fn with_rustc(project: &Project, rustc: &Path, module: &Path) -> Result<()> {
    let out = project.dir.join("target").join(TARGET);
    fs::create_dir_all(&out).map_err(KitError::file(&out))?;
    let rlib = out.join(format!("lib{SDK}.rlib"));
    let common = |crate_type: &str, name: &str, source: &Path, to: &Path| {
        let mut command = Command::new(rustc);
        command
            .args([
                "--edition",
                "2021",
                "--target",
                TARGET,
                "-C",
                "opt-level=3",
                "-C",
                "panic=abort",
                "-C",
                BULK_MEMORY,
            ])
            .args(["--crate-type", crate_type, "--crate-name", name])
            .arg(source)
            .arg("-o")
            .arg(to);
        command
    };
    tool::run(&mut common("rlib", SDK, &sdk_source(project)?, &rlib))?;
    let linker = match has_linker(rustc) {
        true => None,
        false => Some(tool::need("wasm-ld", "on Debian `apt-get install lld`")?),
    };
    let mut command = common(
        "cdylib",
        &project.name,
        &project.dir.join("src/lib.rs"),
        module,
    );
    let mut dependency = OsString::from(format!("{SDK}="));
    dependency.push(&rlib);
    command.arg("--extern").arg(dependency);
    // As the manifest of new projects has it.
    command.args(["-C", "lto=fat", "-C", "codegen-units=1"]);
    command.args(["-C", "strip=symbols", "-C", STACK]);
    if let Some(linker) = linker {
        let mut option = OsString::from("linker=");
        option.push(linker);
        command.arg("-C").arg(option);
    }
    tool::run(&mut command)
}
