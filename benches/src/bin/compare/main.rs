//! This server and every other one installed, under redis-benchmark, side by side.
//!
//! ```text
//! compare [--rounds N] [--requests N] [--threads N] [--only GET,SET…] [--pipelines 1,16,100] [--keys N]
//! ```
//!
//! The servers are interleaved within each round, and their order turns from round to round, so that whatever
//! else the machine does hits all alike. With two CPUs or more servers and load run on different ones. Judge by
//! CPU time a request: it moves little where throughput moves much. Losses are in the table like everything else.

mod report;
mod workload;

use harness::{Server, ServerBuilder};
use report::Case;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use workload::{WORKLOADS, Workload};

/// Servers looked for on the path, besides this one.
const OTHERS: [&str; 2] = ["redis-server", "valkey-server"];

struct Arguments {
    rounds: usize,
    requests: usize,
    threads: usize,
    keys: usize,
    only: Vec<String>,
    pipelines: Vec<usize>,
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let pipelines = vec![1, 16, 100];
    let mut arguments = Arguments {
        rounds: 3,
        requests: 40_000,
        threads: 1,
        keys: 500_000,
        only: Vec::new(),
        pipelines,
    };
    while let Some(flag) = words.next() {
        let value = words
            .next()
            .ok_or_else(|| format!("{flag} needs a value"))?;
        let number = |word: &str| {
            word.parse::<usize>()
                .map_err(|e| format!("{flag} {word}: {e}"))
        };
        match flag.as_str() {
            "--rounds" => arguments.rounds = number(&value)?,
            "--requests" => arguments.requests = number(&value)?,
            "--threads" => arguments.threads = number(&value)?,
            "--keys" => arguments.keys = number(&value)?,
            "--only" => arguments.only = value.split(',').map(str::to_ascii_uppercase).collect(),
            "--pipelines" => {
                arguments.pipelines = value.split(',').map(number).collect::<Result<_, _>>()?
            }
            _ => return Err(format!("unknown option {flag}")),
        }
    }
    Ok(arguments)
}

fn installed(program: &str) -> bool {
    let asked = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

/// The CPUs for servers and for the load, where there is more than one and taskset can bind to it.
fn cpus(threads: usize) -> Option<(String, String)> {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    if count <= threads || !installed("taskset") {
        return None;
    }
    let servers = if threads == 1 {
        "0".to_owned()
    } else {
        format!("0-{}", threads - 1)
    };
    Some((servers, format!("{threads}-{}", count - 1)))
}

fn start(arguments: &Arguments, pin: Option<&str>) -> Result<Vec<(String, Server)>, String> {
    let mut builders = vec![(
        "redoxcache".to_owned(),
        ServerBuilder::ours().threads(arguments.threads),
    )];
    for name in OTHERS.into_iter().filter(|name| installed(name)) {
        builders.push((name.to_owned(), ServerBuilder::program(PathBuf::from(name))));
    }
    let launched = builders.into_iter().map(|(name, builder)| {
        let builder = pin.map_or(builder.clone(), |cpus| {
            builder.launcher(&["taskset", "-c", cpus])
        });
        Ok((name, builder.try_start()?))
    });
    launched.collect()
}

fn run(arguments: &Arguments) -> Result<String, String> {
    let pins = cpus(arguments.threads);
    let servers = start(arguments, pins.as_ref().map(|pins| pins.0.as_str()))?;
    let names: Vec<String> = servers.iter().map(|(name, _)| name.clone()).collect();
    let wanted = |workload: &&Workload| {
        arguments.only.is_empty()
            || arguments
                .only
                .iter()
                .any(|only| workload.name.starts_with(only.as_str()))
    };
    // first of all: later, memory freed by other work would hide what the keys take
    let memory: io::Result<Vec<f64>> = servers
        .iter()
        .map(|(_, server)| workload::memory_per_key(server, arguments.keys))
        .collect();
    let mut cases = Vec::new();
    for workload in WORKLOADS.iter().filter(wanted) {
        for &pipeline in &arguments.pipelines {
            eprintln!("{} at pipeline {pipeline} …", workload.name);
            let load_cpu = pins.as_ref().map(|pins| pins.1.as_str());
            let case = rounds(arguments, &servers, workload, pipeline, load_cpu);
            cases.push(case.map_err(|e| format!("{} at {pipeline}: {e}", workload.name))?);
        }
    }
    Ok(report::table(
        &names,
        &cases,
        &memory.map_err(|e| e.to_string())?,
    ))
}

fn rounds(
    arguments: &Arguments,
    servers: &[(String, Server)],
    workload: &'static Workload,
    pipeline: usize,
    load_cpu: Option<&str>,
) -> io::Result<Case> {
    // deeper pipelines are faster: keep the runs of about the same length
    let requests = arguments.requests
        * match pipeline {
            0..=4 => 1,
            5..=40 => 6,
            _ => 12,
        };
    let mut samples = vec![Vec::new(); servers.len()];
    for round in 0..arguments.rounds {
        for turn in 0..servers.len() {
            let at = (round + turn) % servers.len();
            samples[at].push(workload::measure(
                &servers[at].1,
                workload,
                pipeline,
                requests,
                load_cpu,
            )?);
        }
    }
    Ok(Case {
        name: workload.name,
        pipeline,
        samples,
    })
}

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)).and_then(|arguments| run(&arguments)) {
        Ok(table) => {
            print!("{table}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("compare: {why}");
            ExitCode::FAILURE
        }
    }
}
