//! Replication. It is not there yet: what would promise it is refused.

use super::super::directive::{Directive, Flags, Kind};
use super::{COUNT, I32_MAX, LONG_COUNT, PORT, TEXT, integer};

const NO_REPLICATION: &str = "replication is not supported yet";

pub(super) static DIRECTIVES: &[Directive] = &[
    Directive::new("replicaof", Kind::Primary, "", "Follow this primary.")
        .alias("slaveof")
        .immutable()
        .refused(NO_REPLICATION),
    Directive::new("masterauth", TEXT, "", "Password for the primary.")
        .flag(Flags::SENSITIVE)
        .ignored(NO_REPLICATION),
    Directive::new("masteruser", TEXT, "", "User at the primary.")
        .flag(Flags::SENSITIVE)
        .ignored(NO_REPLICATION),
    Directive::new(
        "replica-serve-stale-data",
        Kind::Bool,
        "yes",
        "Answer while the primary is away.",
    )
    .alias("slave-serve-stale-data")
    .ignored(NO_REPLICATION),
    Directive::new(
        "replica-read-only",
        Kind::Bool,
        "yes",
        "Refuse writes on a replica.",
    )
    .alias("slave-read-only")
    .ignored(NO_REPLICATION),
    Directive::new(
        "replica-ignore-maxmemory",
        Kind::Bool,
        "yes",
        "Leave eviction to the primary.",
    )
    .alias("slave-ignore-maxmemory")
    .ignored(NO_REPLICATION),
    Directive::new(
        "replica-lazy-flush",
        Kind::Bool,
        "no",
        "Free the old data set in the background.",
    )
    .alias("slave-lazy-flush")
    .ignored(NO_REPLICATION),
    Directive::new("replica-priority", COUNT, "100", "Rank in a failover.")
        .alias("slave-priority")
        .ignored(NO_REPLICATION),
    Directive::new(
        "replica-announced",
        Kind::Bool,
        "yes",
        "Let sentinels report this replica.",
    )
    .ignored(NO_REPLICATION),
    Directive::new(
        "replica-announce-ip",
        TEXT,
        "",
        "Address told to the primary.",
    )
    .alias("slave-announce-ip")
    .ignored(NO_REPLICATION),
    Directive::new(
        "replica-announce-port",
        PORT,
        "0",
        "Port told to the primary.",
    )
    .alias("slave-announce-port")
    .ignored(NO_REPLICATION),
    Directive::new(
        "replica-ignore-disk-write-errors",
        Kind::Bool,
        "no",
        "Go on when the log cannot be written.",
    )
    .ignored(NO_REPLICATION),
    Directive::new(
        "repl-diskless-sync",
        Kind::Bool,
        "yes",
        "Send snapshots without a file.",
    )
    .ignored(NO_REPLICATION),
    Directive::new(
        "repl-diskless-sync-delay",
        COUNT,
        "5",
        "Seconds to wait for more replicas.",
    )
    .ignored(NO_REPLICATION),
    Directive::new(
        "repl-diskless-sync-max-replicas",
        COUNT,
        "0",
        "Replicas that end the wait.",
    )
    .ignored(NO_REPLICATION),
    Directive::new(
        "repl-diskless-load",
        Kind::Choice(&["disabled", "on-empty-db", "swapdb"]),
        "disabled",
        "Load snapshots without a file.",
    )
    .ignored(NO_REPLICATION),
    Directive::new(
        "repl-disable-tcp-nodelay",
        Kind::Bool,
        "no",
        "Fewer, larger packets to replicas.",
    )
    .ignored(NO_REPLICATION),
    Directive::new(
        "repl-backlog-size",
        Kind::Memory {
            min: 1,
            max: i64::MAX as u64,
        },
        "1048576",
        "Changes kept for replicas that come back.",
    )
    .ignored(NO_REPLICATION),
    Directive::new(
        "repl-backlog-ttl",
        LONG_COUNT,
        "3600",
        "Seconds they are kept without a replica.",
    )
    .ignored(NO_REPLICATION),
    Directive::new(
        "repl-timeout",
        integer(1, I32_MAX),
        "60",
        "Seconds after which a link is lost.",
    )
    .ignored(NO_REPLICATION),
    Directive::new(
        "repl-ping-replica-period",
        integer(1, I32_MAX),
        "10",
        "Seconds between pings to replicas.",
    )
    .alias("repl-ping-slave-period")
    .ignored(NO_REPLICATION),
    Directive::new(
        "min-replicas-to-write",
        COUNT,
        "0",
        "Replicas without which writes are refused.",
    )
    .alias("min-slaves-to-write")
    .refused(NO_REPLICATION),
    Directive::new(
        "min-replicas-max-lag",
        COUNT,
        "10",
        "Seconds of lag at which a replica does not count.",
    )
    .alias("min-slaves-max-lag")
    .ignored(NO_REPLICATION),
];
