//! The sections of INFO, in Redis's order and with its names. A figure of something this
//! server does not have is 0, as it is in a Redis that does not use it.

use crate::pubsub::Kind;
use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::sync::atomic::Ordering::Relaxed;

use nix::sys::resource::UsageWho;

use super::super::ServerCtx;
use super::super::latency::latencies;
use super::counters::Figures;
use crate::acl::Reason;
use crate::process;
use crate::server::{CoreStats, Counter};
use crate::version;

/// One section.
pub(super) struct Section {
    /// Its heading; in lower case the name to ask for it by.
    pub(super) title: &'static str,
    /// Whether it is there when no section is asked for.
    pub(super) is_default: bool,
    /// Writes its lines.
    pub(super) write: fn(&mut String, &ServerCtx<'_>, &Figures),
}

const fn section(title: &'static str, write: fn(&mut String, &ServerCtx<'_>, &Figures)) -> Section {
    Section {
        title,
        is_default: true,
        write,
    }
}

const fn on_request(
    title: &'static str,
    write: fn(&mut String, &ServerCtx<'_>, &Figures),
) -> Section {
    Section {
        title,
        is_default: false,
        write,
    }
}

/// All sections.
pub(super) static SECTIONS: &[Section] = &[
    section("Server", server),
    section("Clients", clients),
    section("Memory", memory),
    section("Persistence", persistence),
    section("Stats", stats),
    section("Replication", replication),
    section("CPU", cpu),
    section("Modules", |_, _, _| {}),
    on_request("Commandstats", commandstats),
    section("Errorstats", errorstats),
    on_request("Latencystats", latencystats),
    on_request("Functionstats", functionstats),
    section("Cluster", |text, _, _| line(text, "cluster_enabled", 0)),
    section("Keyspace", keyspace),
    on_request("Tenants", tenants),
];

fn line(text: &mut String, name: &str, value: impl Display) {
    // Writing to a String cannot fail.
    let _ = write!(text, "{name}:{value}\r\n");
}

fn zeroes(text: &mut String, names: &[&str]) {
    names.iter().for_each(|name| line(text, name, 0));
}

fn server(text: &mut String, ctx: &ServerCtx<'_>, _: &Figures) {
    let (server, settings) = (&ctx.core.server, ctx.core.settings());
    let uptime = ctx.now_ms.saturating_sub(server.started_at_ms) / 1000;
    let administers = ctx.session.tenant.is_default();
    let shown = |path: std::path::PathBuf| path.display().to_string();
    let executable = std::env::current_exe().ok().filter(|_| administers);
    let executable = executable.map_or_else(String::new, shown);
    let config_file = server.config.file().filter(|_| administers);
    let config_file = config_file.cloned().map_or_else(String::new, shown);
    line(text, "redis_version", version::REDIS);
    line(text, "redis_git_sha1", "00000000");
    line(text, "redis_git_dirty", 0);
    line(text, "redis_build_id", "0");
    line(text, "server_name", "redoxcache");
    line(text, "redoxcache_version", version::OWN);
    line(text, "redis_mode", "standalone");
    line(text, "os", process::os());
    line(text, "arch_bits", usize::BITS);
    line(text, "multiplexing_api", server.net.driver.api_name());
    line(
        text,
        "monotonic_clock",
        "cycle counter, or the system's where it cannot be trusted",
    );
    line(text, "process_id", std::process::id());
    line(text, "process_supervised", "no");
    line(text, "run_id", &server.run_id);
    line(text, "tcp_port", settings.port);
    line(text, "server_time_usec", ctx.now_ms * 1000);
    line(text, "uptime_in_seconds", uptime);
    line(text, "uptime_in_days", uptime / 86_400);
    line(text, "hz", 10);
    line(text, "configured_hz", 10);
    line(text, "lru_clock", (ctx.now_ms / 1000) & 0x00FF_FFFF);
    line(text, "executable", executable);
    line(text, "config_file", config_file);
    line(text, "io_threads_active", 0);
    line(text, "threads", server.stats.len());
    line(text, "shards", server.shard_map.shards());
    if administers {
        line(text, "tenants", server.tenants.accounts.len());
    }
}

fn clients(text: &mut String, ctx: &ServerCtx<'_>, figures: &Figures) {
    line(text, "connected_clients", figures.clients);
    line(text, "cluster_connections", 0);
    line(text, "maxclients", ctx.session.shown_maxclients(ctx.core));
    line(
        text,
        "client_recent_max_input_buffer",
        figures.query_bytes_max,
    );
    line(
        text,
        "client_recent_max_output_buffer",
        figures.output_bytes_max,
    );
    line(text, "blocked_clients", figures.blocked_clients);
    let tracking = &ctx.session.tenant.tracking;
    line(text, "tracking_clients", tracking.clients());
    line(
        text,
        "clients_in_timeout_table",
        figures.clients_in_timeout_table,
    );
}

/// What the tenant's scripts take: texts, and the states that they run in.
fn scripts(text: &mut String, ctx: &ServerCtx<'_>) {
    let scripts = &ctx.session.tenant.scripts;
    let (states, texts) = (scripts.state_bytes() as u64, scripts.script_bytes() as u64);
    line(text, "used_memory_lua", states);
    line(text, "used_memory_vm_eval", states);
    line(text, "used_memory_lua_human", human(states));
    line(text, "used_memory_scripts_eval", texts);
    line(text, "number_of_cached_scripts", scripts.len());
    let functions = ctx.session.tenant.functions.figures();
    line(text, "number_of_functions", functions.functions);
    line(text, "number_of_libraries", functions.libraries);
    line(text, "used_memory_vm_functions", functions.instance_bytes);
    let memories = states + functions.instance_bytes as u64;
    line(text, "used_memory_vm_total", memories);
    line(text, "used_memory_vm_total_human", human(memories));
    line(text, "used_memory_functions", functions.used_bytes);
    sized(
        text,
        "used_memory_scripts",
        texts + functions.used_bytes as u64,
    );
}

fn memory(text: &mut String, ctx: &ServerCtx<'_>, figures: &Figures) {
    let (used, peak) = (figures.used_memory, figures.used_memory_peak);
    let resident = figures.resident_bytes;
    // The program itself is not fragmentation.
    let startup = ctx.core.server.startup_bytes;
    let (fragmentation, fragmented) = figures.fragmentation(startup);
    let overhead = figures.overhead_bytes();
    let dataset = used.saturating_sub(overhead);
    let system = process::system_memory_bytes();
    sized(text, "used_memory", used);
    sized(text, "used_memory_rss", resident);
    sized(text, "used_memory_peak", peak);
    line(text, "used_memory_peak_perc", percent(used, peak));
    line(text, "used_memory_overhead", overhead);
    line(text, "used_memory_startup", startup);
    line(text, "used_memory_dataset", dataset);
    line(text, "used_memory_dataset_perc", percent(dataset, used));
    line(text, "allocator_allocated", used);
    line(text, "allocator_active", resident);
    line(text, "allocator_resident", resident);
    sized(text, "total_system_memory", system);
    scripts(text, ctx);
    let (maxmemory, policy) = ctx.session.shown_limit(ctx.core);
    sized(text, "maxmemory", maxmemory);
    line(text, "maxmemory_policy", policy.name());
    line(text, "allocator_frag_ratio", format!("{fragmentation:.2}"));
    line(text, "allocator_frag_bytes", fragmented);
    line(text, "allocator_rss_ratio", "1.00");
    line(text, "allocator_rss_bytes", 0);
    line(text, "rss_overhead_ratio", "1.00");
    line(text, "rss_overhead_bytes", 0);
    line(
        text,
        "mem_fragmentation_ratio",
        format!("{fragmentation:.2}"),
    );
    line(text, "mem_fragmentation_bytes", fragmented);
    zeroes(
        text,
        &[
            "mem_not_counted_for_evict",
            "mem_replication_backlog",
            "mem_total_replication_buffers",
            "mem_clients_slaves",
        ],
    );
    line(text, "mem_clients_normal", figures.client_bytes);
    zeroes(text, &["mem_cluster_links", "mem_aof_buffer"]);
    line(text, "mem_allocator", "mimalloc");
    line(text, "active_defrag_running", 0);
    line(text, "lazyfree_pending_objects", figures.to_be_freed);
    line(text, "lazyfreed_objects", figures.freed_later);
}

/// A number of bytes, and again for people.
fn sized(text: &mut String, name: &str, bytes: u64) {
    line(text, name, bytes);
    line(text, &format!("{name}_human"), human(bytes));
}

/// `991.38K`
fn human(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["K", "M", "G", "T", "P"];
    let mut amount = bytes as f64 / 1024.0;
    if bytes < 1024 {
        return format!("{bytes}B");
    }
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    format!("{amount:.2}{}", UNITS[unit])
}

fn percent(part: u64, whole: u64) -> String {
    format!("{:.2}%", part as f64 * 100.0 / whole.max(1) as f64)
}

fn persistence(text: &mut String, ctx: &ServerCtx<'_>, figures: &Figures) {
    zeroes(
        text,
        &[
            "loading",
            "async_loading",
            "current_cow_peak",
            "current_cow_size",
            "current_cow_size_age",
        ],
    );
    line(text, "current_fork_perc", "0.00");
    zeroes(
        text,
        &["current_save_keys_processed", "current_save_keys_total"],
    );
    let last_save = &ctx.core.server.last_save;
    let changes = last_save.changes_since(figures.changes);
    line(text, "rdb_changes_since_last_save", changes);
    line(text, "rdb_bgsave_in_progress", 0);
    line(text, "rdb_last_save_time", last_save.at_s());
    line(text, "rdb_last_bgsave_status", "ok");
    line(text, "rdb_last_bgsave_time_sec", -1);
    line(text, "rdb_current_bgsave_time_sec", -1);
    zeroes(
        text,
        &[
            "rdb_saves",
            "rdb_last_cow_size",
            "rdb_last_load_keys_expired",
            "rdb_last_load_keys_loaded",
        ],
    );
    zeroes(
        text,
        &[
            "aof_enabled",
            "aof_rewrite_in_progress",
            "aof_rewrite_scheduled",
        ],
    );
    line(text, "aof_last_rewrite_time_sec", -1);
    line(text, "aof_current_rewrite_time_sec", -1);
    line(text, "aof_last_bgrewrite_status", "ok");
    zeroes(text, &["aof_rewrites", "aof_rewrites_consecutive_failures"]);
    line(text, "aof_last_write_status", "ok");
    zeroes(
        text,
        &[
            "aof_last_cow_size",
            "module_fork_in_progress",
            "module_fork_last_cow_size",
        ],
    );
}

fn stats(text: &mut String, ctx: &ServerCtx<'_>, figures: &Figures) {
    let census = &ctx.core.server.net.census;
    let (received, rejected) = match ctx.session.tenant.is_default() {
        true => (census.received_total(), census.rejected_total()),
        false => ctx.session.tenant.account.totals.connections(),
    };
    line(text, "total_connections_received", received);
    line(text, "total_commands_processed", figures.totals.commands);
    line(
        text,
        "instantaneous_ops_per_sec",
        figures.rates.commands.round(),
    );
    line(text, "total_net_input_bytes", figures.totals.input_bytes);
    line(text, "total_net_output_bytes", figures.totals.output_bytes);
    zeroes(
        text,
        &["total_net_repl_input_bytes", "total_net_repl_output_bytes"],
    );
    line(
        text,
        "instantaneous_input_kbps",
        format!("{:.2}", figures.rates.input_bytes / 1024.0),
    );
    line(
        text,
        "instantaneous_output_kbps",
        format!("{:.2}", figures.rates.output_bytes / 1024.0),
    );
    line(text, "instantaneous_input_repl_kbps", "0.00");
    line(text, "instantaneous_output_repl_kbps", "0.00");
    line(text, "rejected_connections", rejected);
    zeroes(text, &["sync_full", "sync_partial_ok", "sync_partial_err"]);
    line(text, "expired_subkeys", figures.expired_fields);
    line(text, "expired_keys", figures.expired);
    line(text, "expired_stale_perc", "0.00");
    zeroes(
        text,
        &[
            "expired_time_cap_reached_count",
            "expire_cycle_cpu_milliseconds",
        ],
    );
    line(text, "evicted_keys", figures.evicted);
    let clients = &ctx.core.server.clients;
    line(text, "evicted_clients", clients.evicted_total());
    zeroes(
        text,
        &[
            "total_eviction_exceeded_time",
            "current_eviction_exceeded_time",
        ],
    );
    line(text, "keyspace_hits", figures.hits);
    line(text, "keyspace_misses", figures.misses);
    let pubsub = &ctx.session.tenant.pubsub;
    line(text, "pubsub_channels", pubsub.len(Kind::Channel));
    line(text, "pubsub_patterns", pubsub.len(Kind::Pattern));
    line(text, "pubsubshard_channels", pubsub.len(Kind::Shard));
    zeroes(
        text,
        &[
            "latest_fork_usec",
            "total_forks",
            "migrate_cached_sockets",
            "slave_expires_tracked_keys",
        ],
    );
    zeroes(
        text,
        &[
            "active_defrag_hits",
            "active_defrag_misses",
            "active_defrag_key_hits",
            "active_defrag_key_misses",
        ],
    );
    zeroes(
        text,
        &["total_active_defrag_time", "current_active_defrag_time"],
    );
    let tracking = &ctx.session.tenant.tracking;
    line(text, "tracking_total_keys", figures.tracked_keys);
    line(text, "tracking_total_items", figures.tracked_items);
    line(text, "tracking_total_prefixes", tracking.prefixes());
    zeroes(text, &["unexpected_error_replies"]);
    line(text, "total_error_replies", figures.errors);
    line(text, "total_reads_processed", figures.reads);
    line(text, "total_writes_processed", figures.writes);
    line(text, "total_io_pauses", figures.pauses);
    zeroes(
        text,
        &[
            "dump_payload_sanitizations",
            "reply_buffer_shrinks",
            "reply_buffer_expands",
            "io_threaded_reads_processed",
            "io_threaded_writes_processed",
        ],
    );
    let acl = &ctx.core.server.acl;
    let administers = ctx.session.tenant.is_default();
    for (name, reason) in [
        ("acl_access_denied_auth", Reason::Auth),
        ("acl_access_denied_cmd", Reason::Command),
        ("acl_access_denied_key", Reason::Key),
        ("acl_access_denied_channel", Reason::Channel),
    ] {
        line(text, name, if administers { acl.denied(reason) } else { 0 });
    }
}

fn replication(text: &mut String, ctx: &ServerCtx<'_>, _: &Figures) {
    line(text, "role", "master");
    line(text, "connected_slaves", 0);
    line(text, "master_failover_state", "no-failover");
    line(text, "master_replid", ctx.core.server.replication_id.get());
    line(text, "master_replid2", "0".repeat(40));
    line(text, "master_repl_offset", 0);
    line(text, "second_repl_offset", -1);
    zeroes(text, &["repl_backlog_active"]);
    line(text, "repl_backlog_size", 1_048_576);
    zeroes(
        text,
        &["repl_backlog_first_byte_offset", "repl_backlog_histlen"],
    );
}

fn cpu(text: &mut String, ctx: &ServerCtx<'_>, _: &Figures) {
    if !ctx.session.tenant.is_default() {
        return cpu_of_tenant(text, ctx);
    }
    for (suffix, who) in [
        ("", UsageWho::RUSAGE_SELF),
        ("_children", UsageWho::RUSAGE_CHILDREN),
    ] {
        let times = process::cpu_times(who);
        line(
            text,
            &format!("used_cpu_sys{suffix}"),
            format!("{:.6}", times.system),
        );
        line(
            text,
            &format!("used_cpu_user{suffix}"),
            format!("{:.6}", times.user),
        );
    }
    // There is no main thread: these are the core's that answers.
    let times = process::cpu_times(UsageWho::RUSAGE_THREAD);
    line(
        text,
        "used_cpu_sys_main_thread",
        format!("{:.6}", times.system),
    );
    line(
        text,
        "used_cpu_user_main_thread",
        format!("{:.6}", times.user),
    );
}

/// A tenant's part: the time its commands took.
fn cpu_of_tenant(text: &mut String, ctx: &ServerCtx<'_>) {
    let times = ctx.session.tenant.stats().flat_map(|core| &core.times);
    let nanos: u64 = times.map(|time| time.nanos.get()).sum();
    let seconds = nanos as f64 / 1e9;
    zeroes(text, &["used_cpu_sys"]);
    line(text, "used_cpu_user", format!("{seconds:.6}"));
    zeroes(text, &["used_cpu_sys_children", "used_cpu_user_children"]);
}

/// Calls of every command that was called, and the time it took.
fn commandstats(text: &mut String, ctx: &ServerCtx<'_>, _: &Figures) {
    let server = &ctx.core.server;
    let stats = ctx.session.shown_stats(server);
    for command in server.registry.all() {
        let counted = server.registry.counted_as(command);
        let sum = |counter: fn(&CoreStats, usize) -> &Counter| -> u64 {
            let of_cores = stats.iter();
            of_cores
                .flat_map(|core| counted.iter().map(move |one| counter(core, one.id)))
                .map(Counter::get)
                .sum()
        };
        let calls = sum(|core, id| &core.calls[id]);
        let rejected = sum(|core, id| &core.rejected_calls[id]);
        let failed = sum(|core, id| &core.failed_calls[id]);
        if calls + rejected + failed > 0 {
            let micros = sum(|core, id| &core.times[id].nanos) as f64 / 1000.0;
            let figures = format!(
                "calls={calls},usec={micros:.0},usec_per_call={:.2},rejected_calls={rejected},failed_calls={failed}",
                micros / calls.max(1) as f64
            );
            line(text, &format!("cmdstat_{}", command.full_name), figures);
        }
    }
}

/// Percentiles of the times of every command, in microseconds.
fn latencystats(text: &mut String, ctx: &ServerCtx<'_>, _: &Figures) {
    let settings = ctx.core.settings();
    if !settings.observe.tracks_latency {
        return;
    }
    let server = &ctx.core.server;
    for command in server.registry.all() {
        let latencies = latencies(ctx.session, server, command);
        if latencies.total() == 0 {
            continue;
        }
        let figures: Vec<String> = settings
            .observe
            .percentiles
            .iter()
            .map(|percent| {
                format!(
                    "p{percent}={:.3}",
                    latencies.percentile(*percent) as f64 / 1000.0
                )
            })
            .collect();
        line(
            text,
            &format!("latency_percentiles_usec_{}", command.full_name),
            figures.join(","),
        );
    }
}

fn functionstats(text: &mut String, ctx: &ServerCtx<'_>, _: &Figures) {
    ctx.session.tenant.functions.write_costs(text);
}

fn errorstats(text: &mut String, ctx: &ServerCtx<'_>, _: &Figures) {
    let mut counts = BTreeMap::new();
    for core in ctx.session.shown_stats(&ctx.core.server) {
        core.errors_by_code.add_to(&mut counts);
    }
    for (code, count) in counts {
        line(
            text,
            &format!("errorstat_{}", printable(&code)),
            format!("count={count}"),
        );
    }
}

/// A code word clients may have chosen, with nothing in it that a line of INFO is taken apart by.
fn printable(code: &str) -> String {
    code.replace(['#', ':', '\n', '\r'], "_")
}

/// A line a tenant, from what is known without its slices; for those who administer the server.
fn tenants(text: &mut String, ctx: &ServerCtx<'_>, _: &Figures) {
    if !ctx.session.tenant.is_default() {
        return;
    }
    let server = &ctx.core.server;
    for account in server.tenants.accounts.all() {
        let quotas = account.quotas();
        let living = server.tenants.find_living(account.id);
        let used = living.map_or(0, |tenant| tenant.memory.charged());
        let totals = &account.totals;
        let figures = format!(
            "used_memory={used},min_memory={},maxmemory={},clients={},throttled={},rejected={}",
            quotas.min_memory,
            quotas.maxmemory,
            account.sessions(),
            totals.throttled.load(Relaxed),
            totals.rejected.load(Relaxed),
        );
        line(text, &format!("tenant_{}", account.name_text()), figures);
    }
}

fn keyspace(text: &mut String, _: &ServerCtx<'_>, figures: &Figures) {
    for (index, db) in figures
        .databases
        .iter()
        .enumerate()
        .filter(|(_, db)| db.keys > 0)
    {
        line(
            text,
            &format!("db{index}"),
            format!("keys={},expires={},avg_ttl=0", db.keys, db.expires),
        );
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_for_people() {
        for (bytes, text) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.00K"),
            (1_015_168, "991.38K"),
            (1 << 30, "1.00G"),
        ] {
            assert_eq!(super::human(bytes), text);
        }
    }
}
