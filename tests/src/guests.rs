//! The shipped functions, built: what FUNCTION LOAD takes, as WASM for this server and as the Lua twin for Redis.
//!
//! They are built with the system's rustc, whose wasm32 target is a package of the distribution; it must not depend on rustup.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, id};
use std::sync::OnceLock;

use crate::server::Server;

/// The shipped functions.
pub const SHIPPED: [&str; 8] = [
    "gcra",
    "sliding_window",
    "lock",
    "reserve_stock",
    "idempotency",
    "leaderboard",
    "due_jobs",
    "cache_lease",
];

const RUSTC: &str = "/usr/bin/rustc";
const FLAGS: [&str; 9] = [
    "--edition=2021",
    "--target=wasm32-unknown-unknown",
    "-O",
    "-Cpanic=abort",
    "-Ctarget-feature=+bulk-memory",
    "-Clinker=wasm-ld",
    "-Cstrip=symbols",
    "-Clink-arg=-zstack-size=65536",
    "--crate-type",
];

fn udf_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../udf")
}

fn out_dir() -> Result<PathBuf, String> {
    let dir = std::env::temp_dir().join(format!("redoxcache-shipped-{}", id()));
    fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    Ok(dir)
}

fn rustc(kind: &str, name: &str, source: &Path, extra: &[&str]) -> Result<PathBuf, String> {
    let out = match kind {
        "rlib" => out_dir()?.join(format!("lib{name}.rlib")),
        _ => out_dir()?.join(format!("{name}.wasm")),
    };
    let built = Command::new(RUSTC)
        .args(FLAGS)
        .args([kind, "--crate-name", name])
        .args(extra)
        .arg(source)
        .arg("-o")
        .arg(&out)
        .output()
        .map_err(|error| format!("{RUSTC}: {error}"))?;
    match built.status.success() {
        true => Ok(out),
        false => Err(String::from_utf8_lossy(&built.stderr).into_owned()),
    }
}

/// The SDK, built once a process.
fn sdk() -> Result<String, String> {
    static SDK: OnceLock<Result<String, String>> = OnceLock::new();
    let build = || {
        let source = udf_dir().join("sdk/rust/src/lib.rs");
        let rlib = rustc("rlib", "redoxcache_udf", &source, &[])?;
        Ok(format!("--extern=redoxcache_udf={}", rlib.display()))
    };
    SDK.get_or_init(build).clone()
}

/// A shipped library as WASM.
///
/// # Errors
/// Why it cannot be built here.
pub fn wasm(name: &str) -> Result<Vec<u8>, String> {
    let source = udf_dir().join("examples").join(name).join("src/lib.rs");
    let module = rustc("cdylib", name, &source, &[&sdk()?])?;
    let module = fs::read(&module).map_err(|error| error.to_string())?;
    Ok([format!("#!wasm name={name}\n").as_bytes(), &module].concat())
}

/// Its Lua twin.
///
/// # Errors
/// Why it cannot be read.
pub fn twin(name: &str) -> Result<Vec<u8>, String> {
    let path = udf_dir().join("examples").join(name).join("twin.lua");
    fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Loads a shipped library into a server: the WASM one, or the twin into Redis.
///
/// # Errors
/// Why it cannot be built here. A server that refuses it fails the test.
#[track_caller]
pub fn load(server: &Server, name: &str) -> Result<(), String> {
    let code = match server.is_redis() {
        true => twin(name)?,
        false => wasm(name)?,
    };
    if let Err(refusal) = load_code(server, &code) {
        panic!("{name} is refused: {refusal}");
    }
    Ok(())
}

/// Loads a library's code into a server.
///
/// # Errors
/// What the server says against it.
pub fn load_code(server: &Server, code: &[u8]) -> Result<(), String> {
    let reply = server
        .connect()
        .call(&[&b"FUNCTION"[..], b"LOAD", b"REPLACE", code]);
    match reply.is_error("") {
        true => Err(reply.text()),
        false => Ok(()),
    }
}
