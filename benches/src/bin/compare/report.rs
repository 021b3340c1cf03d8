//! The markdown table: medians over the rounds, ratios to the reference server, losses marked.

use crate::workload::Sample;
use std::fmt::Write;

/// The same binary against itself differs by less than this in CPU time a request.
const CPU_NOISE: f64 = 1.05;
/// The same for throughput, which a machine's other work moves much more.
const THROUGHPUT_NOISE: f64 = 1.15;

/// All samples of one workload at one pipeline depth: for each server those of all rounds.
pub struct Case {
    /// The workload's name.
    pub name: &'static str,
    /// Requests a client sends before it reads.
    pub pipeline: usize,
    /// Samples by server, in the order of the servers' names.
    pub samples: Vec<Vec<Sample>>,
}

/// Writes the table; the first server is ours, the second the one it is compared with.
pub fn table(servers: &[String], cases: &[Case], memory: &[f64]) -> String {
    let mut out = String::new();
    let mut lost = Vec::new();
    line(
        &mut out,
        "| command | pipeline | server | requests/s | CPU µs/request | p50 ms | p99 ms | throughput | CPU |",
    );
    line(
        &mut out,
        "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    );
    for case in cases {
        for (at, server) in servers.iter().enumerate() {
            let Some(row) = median(&case.samples[at]) else {
                continue;
            };
            let (throughput, cpu) = match case
                .samples
                .get(1)
                .filter(|_| at == 0)
                .and_then(|other| median(other))
            {
                Some(other) => {
                    let ratios = (
                        row.requests_per_s / other.requests_per_s,
                        other.cpu_us / row.cpu_us,
                    );
                    if ratios.0 * THROUGHPUT_NOISE < 1.0 || ratios.1 * CPU_NOISE < 1.0 {
                        lost.push(format!("{} at {}", case.name, case.pipeline));
                    }
                    (mark(ratios.0, THROUGHPUT_NOISE), mark(ratios.1, CPU_NOISE))
                }
                None => (String::new(), String::new()),
            };
            let figures = format!(
                "{:.0} | {:.3} | {:.3} | {:.3}",
                row.requests_per_s, row.cpu_us, row.p50_ms, row.p99_ms
            );
            line(
                &mut out,
                &format!(
                    "| {} | {} | {server} | {figures} | {throughput} | {cpu} |",
                    case.name, case.pipeline
                ),
            );
        }
    }
    out.push('\n');
    line(
        &mut out,
        "| server | resident bytes a key (16 B key, 64 B value) |",
    );
    line(&mut out, "| --- | ---: |");
    for (server, bytes) in servers.iter().zip(memory) {
        line(&mut out, &format!("| {server} | {bytes:.1} |"));
    }
    out.push('\n');
    let reference = servers.get(1).map_or("another server", String::as_str);
    line(
        &mut out,
        &format!(
            "Ratios are {} to {reference}, above 1 is better; LOSS marks throughput below 1/{THROUGHPUT_NOISE} and CPU below 1/{CPU_NOISE}.",
            servers[0]
        ),
    );
    if servers.len() > 1 {
        let list = if lost.is_empty() {
            "none".to_owned()
        } else {
            lost.join(", ")
        };
        line(
            &mut out,
            &format!("Lost: {} of {} cases: {list}.", lost.len(), cases.len()),
        );
    }
    out
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("writing to a string does not fail");
}

fn mark(ratio: f64, noise: f64) -> String {
    format!(
        "{ratio:.2}×{}",
        if ratio * noise < 1.0 { " LOSS" } else { "" }
    )
}

/// The median of each figure on its own.
fn median(samples: &[Sample]) -> Option<Sample> {
    let middle = |figure: fn(&Sample) -> f64| {
        let mut all: Vec<f64> = samples.iter().map(figure).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    };
    Some(Sample {
        requests_per_s: middle(|s| s.requests_per_s)?,
        cpu_us: middle(|s| s.cpu_us)?,
        p50_ms: middle(|s| s.p50_ms)?,
        p99_ms: middle(|s| s.p99_ms)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(ours: f64, theirs: f64) -> Case {
        let sample = |rps| Sample {
            requests_per_s: rps,
            cpu_us: 1.0,
            p50_ms: 1.0,
            p99_ms: 2.0,
        };
        Case {
            name: "GET",
            pipeline: 16,
            samples: vec![vec![sample(ours); 3], vec![sample(theirs); 3]],
        }
    }

    #[test]
    fn losses_are_named() {
        let servers = ["ours".to_owned(), "theirs".to_owned()];
        let text = table(&servers, &[case(100.0, 200.0)], &[1.0, 2.0]);
        assert!(
            text.contains("0.50× LOSS") && text.contains("Lost: 1 of 1 cases: GET at 16."),
            "{text}"
        );
        let text = table(&servers, &[case(200.0, 100.0)], &[1.0, 2.0]);
        assert!(
            text.contains("2.00×") && text.contains("Lost: 0 of 1 cases: none."),
            "{text}"
        );
    }
}
