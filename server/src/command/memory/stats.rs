//! MEMORY STATS: the figures of INFO memory and more, by Redis's names.

use resp::{Args, ReplyWriter};
use store::command::CommandError;

use super::super::ServerCtx;
use super::super::info::counters::Figures;

/// One figure.
#[derive(Clone, Copy, Debug)]
enum Figure {
    Bytes(u64),
    Ratio(f64),
}

use Figure::{Bytes, Ratio};

pub(super) fn stats(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let figures = Figures::gather(ctx);
    let startup = ctx.core.server.startup_bytes;
    let used_databases = figures
        .databases
        .iter()
        .enumerate()
        .filter(|(_, db)| db.keys > 0);
    let (before, after) = (parts(&figures, startup), sums(&figures, startup));
    let reply = &mut ctx.reply;
    reply.map(before.len() + used_databases.clone().count() + after.len());
    before.iter().for_each(|figure| write(reply, figure));
    for (index, db) in used_databases {
        reply.bulk(format!("db.{index}").as_bytes());
        reply.map(3);
        // Deadlines lie in the entries and slots in the hash: neither has a table of its own.
        write(
            reply,
            &("overhead.hashtable.main", Bytes(db.table_bytes as u64)),
        );
        write(reply, &("overhead.hashtable.expires", Bytes(0)));
        write(reply, &("overhead.hashtable.slot-to-keys", Bytes(0)));
    }
    after.iter().for_each(|figure| write(reply, figure));
    Ok(())
}

/// What comes before the databases.
fn parts(figures: &Figures, startup: u64) -> Vec<(&'static str, Figure)> {
    vec![
        ("peak.allocated", Bytes(figures.used_memory_peak)),
        ("total.allocated", Bytes(figures.used_memory)),
        ("startup.allocated", Bytes(startup)),
        ("replication.backlog", Bytes(0)),
        ("clients.slaves", Bytes(0)),
        ("clients.normal", Bytes(figures.client_bytes as u64)),
        ("cluster.links", Bytes(0)),
        ("aof.buffer", Bytes(0)),
        ("lua.caches", Bytes(figures.code.scripts as u64)),
        ("functions.caches", Bytes(figures.code.functions as u64)),
    ]
}

/// What comes after them.
fn sums(figures: &Figures, startup: u64) -> Vec<(&'static str, Figure)> {
    let (used, resident) = (figures.used_memory, figures.resident_bytes);
    let overhead = figures.overhead_bytes();
    let keys: usize = figures.databases.iter().map(|db| db.keys).sum();
    let dataset = used.saturating_sub(overhead);
    let percent = |part: u64, whole: u64| Ratio(part as f64 * 100.0 / whole.max(1) as f64);
    let (ratio, fragmented) = figures.fragmentation(startup);
    vec![
        ("overhead.total", Bytes(overhead)),
        ("keys.count", Bytes(keys as u64)),
        ("keys.bytes-per-key", Bytes(dataset / keys.max(1) as u64)),
        ("dataset.bytes", Bytes(dataset)),
        ("dataset.percentage", percent(dataset, used)),
        ("peak.percentage", percent(used, figures.used_memory_peak)),
        ("allocator.allocated", Bytes(used)),
        ("allocator.active", Bytes(resident)),
        ("allocator.resident", Bytes(resident)),
        ("allocator-fragmentation.ratio", Ratio(ratio)),
        ("allocator-fragmentation.bytes", Bytes(fragmented)),
        // All that is resident counts as the allocator's.
        ("allocator-rss.ratio", Ratio(1.0)),
        ("allocator-rss.bytes", Bytes(0)),
        ("rss-overhead.ratio", Ratio(1.0)),
        ("rss-overhead.bytes", Bytes(0)),
        ("fragmentation", Ratio(ratio)),
        ("fragmentation.bytes", Bytes(fragmented)),
    ]
}

fn write(reply: &mut ReplyWriter<'_>, (name, figure): &(&str, Figure)) {
    reply.bulk(name.as_bytes());
    match figure {
        Bytes(bytes) => reply.integer(*bytes as i64),
        Ratio(ratio) => reply.double(*ratio),
    }
}
