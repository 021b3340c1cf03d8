//! A library taken in by the server's own engine, as a server would.

use std::sync::Arc;

use udf::library::{Header, Library, LibraryError};
use udf::lua::{self, Dialect, LuaEngine};
use udf::wasm::{self, Compiler, WasmEngine, check_exports};
use udf::{Engine, Function};

use crate::advice::advised;
use crate::error::{KitError, Result};
use crate::project::Project;

/// A library that servers will accept, and what there is to know about it.
pub(crate) struct Report {
    library: Library,
    code_bytes: usize,
}

/// Takes code in, its first line included.
///
/// # Errors
/// Why servers would refuse it, and what to change.
pub(crate) fn load(code: &[u8], compiler: Compiler) -> Result<Library> {
    let refused = |error: LibraryError| KitError::Library(advised(&error.to_string()));
    let header = Header::parse(code).map_err(refused)?;
    let is = |name: &str| header.engine.eq_ignore_ascii_case(name.as_bytes());
    let engine: Box<dyn Engine> = match () {
        () if is(wasm::NAME) => {
            let engine = WasmEngine::new(compiler);
            Box::new(engine.map_err(|error| {
                KitError::Library(format!("WASM does not run on this machine: {error}"))
            })?)
        }
        () if is(lua::NAME) => Box::new(LuaEngine {
            dialect: Dialect::Present,
            memory_bytes_max: lua::MEMORY_BYTES_USUAL,
        }),
        () => return Err(refused(LibraryError::NoEngine(header.engine.into()))),
    };
    let loaded = engine
        .load(header.source)
        .map_err(|error| refused(error.into()))?;
    if engine.name() == wasm::NAME {
        check_exports(header.source).map_err(|error| refused(error.into()))?;
    }
    Library::new(&header.name, &*engine, Arc::from(code), loaded).map_err(refused)
}

/// Takes code in and keeps what there is to know about it.
///
/// # Errors
/// As [`load`].
pub(crate) fn check(code: &[u8], compiler: Compiler) -> Result<Report> {
    Ok(Report {
        library: load(code, compiler)?,
        code_bytes: code.len(),
    })
}

impl Report {
    /// Says it.
    pub(crate) fn print(&self, project: &Project) {
        let library = &self.library;
        println!(
            "{}: library '{}' for {}, {} bytes",
            project.library_path().display(),
            library.name,
            library.engine,
            self.code_bytes
        );
        for function in &library.functions {
            println!("  {}{}", function.name, flags_of(function));
        }
        println!(
            "load it with: redoxcache udf deploy, or redis-cli -x FUNCTION LOAD < {}",
            project.library_path().display()
        );
    }
}

fn flags_of(function: &Function) -> String {
    let names: Vec<&str> = function.flags.names().collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("  [{}]", names.join(", ")),
    }
}
