//! Machine code from modules that may be bombs: made by a child process with little time and memory, one at a time.
//!
//! A module that passed the scan can still take a compiler long. The child is this very program, called with a hidden first argument; it limits itself,
//! compiles what it reads and writes the artefact. If it runs out of its second, another tries with the register allocator that makes one pass; if that
//! runs out too, the module is refused. Only what such a child wrote is ever loaded as code.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Command, ExitCode, Output, Stdio};

use nix::sys::resource::{Resource, setrlimit};
use wasmtime::{Engine, RegallocAlgorithm};

use super::runtime;
use super::text::one_line;
use crate::LoadError;

/// Seconds of CPU time one attempt gets.
const CPU_SECONDS_MAX: u64 = 1;
/// Bytes of address space it gets.
const SPACE_BYTES_MAX: u64 = 512 << 20;
/// What the child says of the allocator before it can limit itself: no large reservations.
const CHILD_ENVIRONMENT: &[(&str, &str)] = &[("MIMALLOC_ARENA_RESERVE", "16384")];
/// The exit code by which the child says that it has written why it refuses.
const REFUSED: u8 = 3;

/// Who compiles.
#[derive(Clone, Debug)]
pub enum Compiler {
    /// A child process: this program with these arguments, which end up in [`child`].
    Child(Vec<OsString>),
    /// This process, without limits: for modules that are trusted, as in benchmarks and unit tests.
    Here,
}

/// The two ways of allocating registers, the better one first.
const ATTEMPTS: [(&str, RegallocAlgorithm); 2] = [
    ("thorough", RegallocAlgorithm::Backtracking),
    ("quick", RegallocAlgorithm::SinglePass),
];

impl Compiler {
    /// The artefact of a module that was looked over.
    pub(super) fn compile(&self, module: &[u8]) -> Result<Vec<u8>, LoadError> {
        let Compiler::Child(arguments) = self else {
            return precompile(module, RegallocAlgorithm::Backtracking);
        };
        for (name, _) in ATTEMPTS {
            let output = run_child(arguments, name, module).map_err(|error| {
                LoadError(format!("the compiler's process could not be run: {error}"))
            })?;
            match output.status.code() {
                Some(0) => return Ok(output.stdout),
                Some(code) if code == i32::from(REFUSED) => {
                    let why = String::from_utf8_lossy(&output.stderr).into_owned();
                    return Err(LoadError(why));
                }
                // It was ended by a limit: by a signal, or for want of memory.
                _ => {}
            }
        }
        Err(LoadError(format!(
            "the module takes more than {CPU_SECONDS_MAX} s or {} MiB to compile: make its functions smaller",
            SPACE_BYTES_MAX >> 20
        )))
    }
}

fn run_child(arguments: &[OsString], attempt: &str, module: &[u8]) -> io::Result<Output> {
    let mut child = Command::new("/proc/self/exe")
        .args(arguments)
        .arg(attempt)
        .env_clear()
        .envs(CHILD_ENVIRONMENT.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // The child reads all of it before it writes. One that has died already says why by its status.
    if let Some(mut input) = child.stdin.take() {
        let _ = input.write_all(module);
    }
    child.wait_with_output()
}

/// The child: compiles the module on standard input to standard output. `arguments` are those behind the hidden one.
pub fn child(arguments: &[OsString]) -> ExitCode {
    let attempt = ATTEMPTS
        .iter()
        .find(|(name, _)| arguments.first().is_some_and(|first| first == name));
    let (Some((_, registers)), Ok(())) = (attempt, limit_itself()) else {
        return ExitCode::FAILURE;
    };
    let mut module = Vec::new();
    if io::stdin().read_to_end(&mut module).is_err() {
        return ExitCode::FAILURE;
    }
    match precompile(&module, *registers) {
        Ok(artefact) => match io::stdout().write_all(&artefact) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Err(error) => {
            eprint!("{error}");
            ExitCode::from(REFUSED)
        }
    }
}

fn limit_itself() -> nix::Result<()> {
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_CPU, CPU_SECONDS_MAX, CPU_SECONDS_MAX)?;
    setrlimit(Resource::RLIMIT_AS, SPACE_BYTES_MAX, SPACE_BYTES_MAX)
}

fn precompile(module: &[u8], registers: RegallocAlgorithm) -> Result<Vec<u8>, LoadError> {
    Engine::new(&runtime::config(registers))
        .and_then(|engine| engine.precompile_module(module))
        .map_err(|error| {
            LoadError(format!(
                "the module does not compile: {}",
                one_line(&format!("{error:#}"))
            ))
        })
}
