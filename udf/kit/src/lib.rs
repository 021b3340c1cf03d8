//! The function developer's kit: `redoxcache udf new|build|test|deploy|ls|stats|rm`.
//!
//! ```text
//! new ─▶ a project ─ build ─▶ NAME.wasm ─ test ─▶ cases passed ─ deploy ─▶ a server
//!        template    the language's    looked over     the server's own          FUNCTION LOAD
//!                    own compiler      and started     engine and data
//! ```
//! | folder | what it does |
//! | --- | --- |
//! | `command` | the command line |
//! | `template`, `project` | what a project is made of, and what is in a directory |
//! | `build` | a language's own compiler, called as its user would |
//! | `inspect`, `library`, `advice` | what is wrong with a module, and what to change |
//! | `cases`, `trial` | `cases.toml`, and the engine and data its cases run on, with a clock of their own |
//! | `remote` | the server that libraries are deployed to |
//!
//! It never runs inside of a server, and its trials open no socket.

mod advice;
mod build;
mod cases;
mod command;
mod error;
mod library;
mod project;
mod remote;
mod template;
mod trial;

use std::ffi::OsString;
use std::process::ExitCode;

use udf::wasm::Compiler;

/// Runs the kit: `arguments` are those behind `udf`, and `compiler` is who compiles modules for trials.
pub fn run(arguments: &[OsString], compiler: Compiler) -> ExitCode {
    command::run(arguments, compiler)
}
