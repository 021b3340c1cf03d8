//! MEMORY DOCTOR: what stands out in the use of memory, in words.

use resp::Args;
use store::command::CommandError;

use super::super::ServerCtx;
use super::super::info::counters::Figures;

const MIB: u64 = 1 << 20;
/// With less than this in use nothing can be said.
const TELLING_BYTES: u64 = 5 * MIB;
/// A peak this many times what is in use now is worth a word.
const PEAK_RATIO: f64 = 1.5;
/// Resident memory this many times what is used is worth one.
const FRAGMENTATION_RATIO: f64 = 1.4;
/// So much of it at least.
const FRAGMENTED_BYTES: u64 = 10 * MIB;
/// A client's average buffers beyond which they are worth one.
const CLIENT_BYTES: usize = 200 * 1024;

pub(super) fn doctor(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let figures = Figures::gather(ctx);
    let text = opinion(&figures, ctx.core.server.startup_bytes);
    ctx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

fn opinion(figures: &Figures, startup: u64) -> String {
    if figures.used_memory < TELLING_BYTES {
        return "This server is empty or nearly so: there is too little memory in use to say anything about it.\n"
            .to_owned();
    }
    let found = findings(figures, startup);
    match found.is_empty() {
        true => "Nothing stands out in the use of memory.\n".to_owned(),
        false => format!(
            "Some things stand out in the use of memory:\n\n{}",
            found.concat()
        ),
    }
}

fn findings(figures: &Figures, startup: u64) -> Vec<&'static str> {
    let (ratio, fragmented) = figures.fragmentation(startup);
    let peak = figures.used_memory_peak as f64 / figures.used_memory.max(1) as f64;
    let findings = [
        (
            peak > PEAK_RATIO,
            " * Peak: more than half as much again was in use once. What was freed since is given back to the system as far as it lies in \
             whole pages; MEMORY PURGE does so at once.\n\n",
        ),
        (
            ratio > FRAGMENTATION_RATIO && fragmented > FRAGMENTED_BYTES,
            " * Fragmentation: much more memory is resident than is used. After many deletions the pages left are sparsely filled; MEMORY \
             PURGE gives back the empty ones, new data fills the others.\n\n",
        ),
        (
            figures.client_bytes / figures.clients.max(1) > CLIENT_BYTES,
            " * Clients: their buffers take more than 200 KiB each on average. CLIENT LIST shows whose (qbuf, omem): very long pipelines, \
             large replies, or readers that are too slow.\n\n",
        ),
    ];
    findings
        .into_iter()
        .filter(|(stands_out, _)| *stands_out)
        .map(|(_, text)| text)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_out_is_mentioned() {
        let healthy = Figures {
            used_memory: 100 * MIB,
            used_memory_peak: 110 * MIB,
            resident_bytes: 115 * MIB,
            clients: 1,
            ..Figures::default()
        };
        assert!(opinion(&Figures::default(), 0).contains("too little"));
        assert!(opinion(&healthy, 8 * MIB).starts_with("Nothing"));
        let ill = Figures {
            used_memory_peak: 200 * MIB,
            resident_bytes: 210 * MIB,
            client_bytes: 300 * 1024,
            ..healthy
        };
        assert_eq!(findings(&ill, 8 * MIB).len(), 3);
    }
}
