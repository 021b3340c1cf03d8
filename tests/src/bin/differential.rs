//! Compares this server with redis-server, command by command.
//!
//! ```text
//! differential [--commands N] [--seed S] [--threads N] [--resp 2|3|both] [--only WORD]… [--divergences N]
//!              [--small-encodings]
//! ```
//!
//! Exits 1 when anything differs and prints, for each command, the shortest history found that shows it.

use harness::differential::{Options, Report, run};
use harness::{Protocol, ServerBuilder};
use std::process::ExitCode;

struct Arguments {
    options: Options,
    threads: usize,
    protocols: Vec<Protocol>,
    small_encodings: bool,
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let options = Options {
        seed: 1,
        commands: 20_000,
        protocol: Protocol::Resp2,
        divergences_max: 1,
        only: Vec::new(),
    };
    let protocols = vec![Protocol::Resp2, Protocol::Resp3];
    let mut arguments = Arguments {
        options,
        threads: 2,
        protocols,
        small_encodings: false,
    };
    while let Some(flag) = words.next() {
        if flag == "--small-encodings" {
            arguments.small_encodings = true;
            continue;
        }
        let value = words
            .next()
            .ok_or_else(|| format!("{flag} needs a value"))?;
        let number = || {
            value
                .parse::<usize>()
                .map_err(|e| format!("{flag} {value}: {e}"))
        };
        match flag.as_str() {
            "--commands" => arguments.options.commands = number()?,
            "--seed" => arguments.options.seed = number()? as u64,
            "--threads" => arguments.threads = number()?,
            "--divergences" => arguments.options.divergences_max = number()?,
            "--only" => arguments.options.only.push(value),
            "--resp" => {
                arguments.protocols = match value.as_str() {
                    "2" => vec![Protocol::Resp2],
                    "3" => vec![Protocol::Resp3],
                    "both" => vec![Protocol::Resp2, Protocol::Resp3],
                    _ => return Err(format!("--resp {value}: 2, 3 or both")),
                }
            }
            _ => return Err(format!("unknown option {flag}")),
        }
    }
    Ok(arguments)
}

/// Flags that make collections leave their packed form after a few members.
const SMALL_ENCODINGS: [&str; 8] = [
    "--hash-max-listpack-entries",
    "8",
    "--set-max-intset-entries",
    "8",
    "--zset-max-listpack-entries",
    "8",
    "--list-max-listpack-size",
    "4",
];

fn compare(arguments: &Arguments, protocol: Protocol) -> Result<Report, String> {
    let extra: &[&str] = if arguments.small_encodings {
        &SMALL_ENCODINGS
    } else {
        &[]
    };
    let ours = ServerBuilder::ours()
        .threads(arguments.threads)
        .args(extra)
        .try_start()?;
    let theirs = ServerBuilder::reference().args(extra).try_start()?;
    let options = Options {
        protocol,
        ..arguments.options.clone()
    };
    run(ours.port(), theirs.port(), &options).map_err(|e| {
        format!(
            "seed {}: {e}\n{}\nreference:\n{}",
            options.seed,
            ours.log_text(),
            theirs.log_text()
        )
    })
}

fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(why) => {
            eprintln!("differential: {why}");
            return ExitCode::from(2);
        }
    };
    let mut clean = true;
    for &protocol in &arguments.protocols {
        match compare(&arguments, protocol) {
            Ok(report) => {
                let (commands, snapshots, seed) =
                    (report.commands, report.snapshots, arguments.options.seed);
                println!(
                    "{protocol:?} seed {seed}: {commands} commands, {snapshots} snapshots, {} divergences",
                    report.divergences.len()
                );
                if !report.unknown.is_empty() {
                    println!(
                        "not known to the server under test: {}",
                        report.unknown.join(", ")
                    );
                }
                report
                    .divergences
                    .iter()
                    .for_each(|divergence| println!("{divergence}"));
                clean &= report.divergences.is_empty();
            }
            Err(why) => {
                println!("{protocol:?}: {why}");
                clean = false;
            }
        }
    }
    if clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
