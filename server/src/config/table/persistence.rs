//! Snapshots and the append-only file. Snapshots are taken by SAVE alone, the append-only file is not there yet: what
//! would promise durability is refused, the rest is accepted.

use super::super::directive::{Directive, Flags, Kind};
use super::{COUNT, I32_MAX, SIZE, base_name, integer};

const NO_SNAPSHOTS: &str = "snapshots are taken by SAVE only, not by themselves";
const FIXED_FORMAT: &str = "snapshots are not compressed and have a checksum";
const NO_AOF: &str = "the append-only file is not supported yet";

const AOF_FILE: Kind = Kind::Text(|value| match value {
    [] => Err("appendfilename can't be empty"),
    _ if base_name(value) => Ok(()),
    _ => Err("appendfilename can't be a path, just a filename"),
});
const AOF_DIRECTORY: Kind = Kind::Text(|value| match value {
    [] => Err("appenddirname can't be empty"),
    _ if base_name(value) => Ok(()),
    _ => Err("appenddirname can't be a path, just a dirname"),
});
const SNAPSHOT_FILE: Kind = Kind::Text(|value| match base_name(value) {
    true => Ok(()),
    false => Err("dbfilename can't be a path, just a filename"),
});

pub(super) static DIRECTIVES: &[Directive] = &[
    Directive::new(
        "save",
        Kind::SavePoints,
        "",
        "Seconds and changes after which a snapshot is taken.",
    )
    .ignored(NO_SNAPSHOTS),
    Directive::new(
        "dbfilename",
        SNAPSHOT_FILE,
        "dump.rdb",
        "Name of the snapshot.",
    )
    .flag(Flags::PROTECTED),
    Directive::new(
        "rdbcompression",
        Kind::Bool,
        "yes",
        "Compress strings in the snapshot.",
    )
    .ignored(FIXED_FORMAT),
    Directive::new(
        "rdbchecksum",
        Kind::Bool,
        "yes",
        "Put a checksum at the snapshot's end.",
    )
    .immutable()
    .ignored(FIXED_FORMAT),
    Directive::new(
        "rdb-del-sync-files",
        Kind::Bool,
        "no",
        "Delete snapshots made for replicas.",
    )
    .ignored(NO_SNAPSHOTS),
    Directive::new(
        "rdb-save-incremental-fsync",
        Kind::Bool,
        "yes",
        "Sync the snapshot bit by bit.",
    )
    .ignored(NO_SNAPSHOTS),
    Directive::new(
        "rdb-key-save-delay",
        integer(i32::MIN as i64, I32_MAX),
        "0",
        "Microseconds to wait after each key saved, for tests.",
    )
    .flag(Flags::HIDDEN)
    .ignored("it serves Redis's own tests"),
    Directive::new(
        "stop-writes-on-bgsave-error",
        Kind::Bool,
        "yes",
        "Refuse writes after a failed snapshot.",
    )
    .ignored(NO_SNAPSHOTS),
    Directive::new("appendonly", Kind::Bool, "no", "Log every change to disk.").refused(NO_AOF),
    Directive::new(
        "appendfilename",
        AOF_FILE,
        "appendonly.aof",
        "Base name of the append-only files.",
    )
    .immutable()
    .ignored(NO_AOF),
    Directive::new(
        "appenddirname",
        AOF_DIRECTORY,
        "appendonlydir",
        "Directory of the append-only files.",
    )
    .immutable()
    .ignored(NO_AOF),
    Directive::new(
        "appendfsync",
        Kind::Choice(&["everysec", "always", "no"]),
        "everysec",
        "How often the log is synced.",
    )
    .ignored(NO_AOF),
    Directive::new(
        "no-appendfsync-on-rewrite",
        Kind::Bool,
        "no",
        "Do not sync while a child writes.",
    )
    .ignored(NO_AOF),
    Directive::new(
        "auto-aof-rewrite-percentage",
        COUNT,
        "100",
        "Growth after which the log is rewritten.",
    )
    .ignored(NO_AOF),
    Directive::new(
        "auto-aof-rewrite-min-size",
        SIZE,
        "67108864",
        "Size below which the log is not rewritten.",
    )
    .ignored(NO_AOF),
    Directive::new(
        "aof-rewrite-incremental-fsync",
        Kind::Bool,
        "yes",
        "Sync the rewrite bit by bit.",
    )
    .ignored(NO_AOF),
    Directive::new(
        "aof-load-truncated",
        Kind::Bool,
        "yes",
        "Load a log whose end is missing.",
    )
    .ignored(NO_AOF),
    Directive::new(
        "aof-use-rdb-preamble",
        Kind::Bool,
        "yes",
        "Begin a rewritten log with a snapshot.",
    )
    .ignored(NO_AOF),
    Directive::new(
        "aof-timestamp-enabled",
        Kind::Bool,
        "no",
        "Note times in the log.",
    )
    .ignored(NO_AOF),
    Directive::new(
        "aof-disable-auto-gc",
        Kind::Bool,
        "no",
        "Keep old append-only files.",
    )
    .ignored(NO_AOF),
];
