//! Trials: a library's cases run on the server's own engine and data, in this process, with a clock of their own.

mod case;
mod commands;
mod host;

use std::path::Path;
use std::time::Duration;

use udf::wasm::Compiler;

use self::case::Outcome;
use crate::cases::{self, Case};
use crate::error::{KitError, Result};
use crate::project::Project;
use crate::{build, library};

/// What servers let a call take unless they are told otherwise.
const SERVER_LIMIT: Duration = Duration::from_millis(5);

/// What is tried.
pub(crate) struct Options<'a> {
    /// The file of cases, where it is not beside the library.
    pub(crate) cases: Option<&'a Path>,
    /// Part of the names of the cases that are run.
    pub(crate) only: Option<&'a str>,
}

/// Builds a library if it must be built, runs its cases and prints what came of them.
///
/// # Errors
/// [`KitError::Failed`] when one of them did not pass, [`KitError::NoCase`] when none has the name that is wanted, and whatever keeps them from being run.
pub(crate) fn run(project: &Project, options: &Options<'_>, compiler: Compiler) -> Result<()> {
    let path = match options.cases {
        Some(path) => path.to_owned(),
        None => project.dir.join("cases.toml"),
    };
    let all = cases::read(&path)?;
    let wanted = |case: &&Case| options.only.is_none_or(|part| case.name.contains(part));
    let cases: Vec<&Case> = all.iter().filter(wanted).collect();
    if let (Some(part), true) = (options.only, cases.is_empty()) {
        return Err(KitError::NoCase(part.to_owned()));
    }
    let code = build::built(project)?;
    let loaded = library::load(&code, compiler)?;

    let mut failed = 0;
    for case in &cases {
        let outcome = case::run(&loaded, case);
        failed += usize::from(!outcome.failures.is_empty());
        print(case, &outcome);
    }
    println!("{} passed, {failed} failed", cases.len() - failed);
    match failed {
        0 => Ok(()),
        _ => Err(KitError::Failed {
            failed,
            all: cases.len(),
        }),
    }
}

fn print(case: &Case, outcome: &Outcome) {
    let verdict = match outcome.failures.is_empty() {
        true => "ok    ",
        false => "FAILED",
    };
    let micros = outcome.run_time.as_secs_f64() * 1e6;
    let kib = outcome.memory_bytes / 1024;
    println!("{verdict} {}  ({micros:.1} µs, {kib} KiB)", case.name);
    for failure in &outcome.failures {
        println!("  {}", failure.replace('\n', "\n  "));
    }
    if !outcome.failures.is_empty() {
        outcome
            .log
            .iter()
            .for_each(|line| println!("  log: {line}"));
    }
    if outcome.longest > SERVER_LIMIT {
        println!(
            "  note: a call took {:.1} ms; servers end it after {} ms unless wasm-time-limit says otherwise",
            outcome.longest.as_secs_f64() * 1e3,
            SERVER_LIMIT.as_millis()
        );
    }
}
