//! The log, events, and what is measured.

use super::super::directive::{Directive, Kind};
use super::{LONG_COUNT, TEXT, integer};

const NO_SYSLOG: &str = "the log goes to standard output or a file";
const NO_CRASH_LOG: &str = "there is no crash report";

pub(super) static DIRECTIVES: &[Directive] = &[
    Directive::new(
        "loglevel",
        Kind::Choice(&["debug", "verbose", "notice", "warning"]),
        "notice",
        "Least important messages that are logged.",
    ),
    Directive::new(
        "logfile",
        TEXT,
        "",
        "File the log is appended to; empty means standard output.",
    )
    .immutable(),
    Directive::new(
        "log-format",
        Kind::Choice(&["text", "json"]),
        "text",
        "Lines in Redis's manner, or one JSON object a line.",
    )
    .ours_immutable(),
    Directive::new("syslog-enabled", Kind::Bool, "no", "Log to syslog.")
        .immutable()
        .ignored(NO_SYSLOG),
    Directive::new("syslog-ident", TEXT, "redis", "Identity in syslog.")
        .immutable()
        .ignored(NO_SYSLOG),
    Directive::new(
        "syslog-facility",
        Kind::Choice(&[
            "user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
        ]),
        "local0",
        "Facility in syslog.",
    )
    .immutable()
    .ignored(NO_SYSLOG),
    Directive::new(
        "notify-keyspace-events",
        Kind::EventClasses,
        "",
        "Classes of keyspace events that are published.",
    )
    .ignored("there is no pub/sub yet"),
    Directive::new(
        "slowlog-log-slower-than",
        integer(-1, i64::MAX),
        "10000",
        "Microseconds from which a command is slow; -1 logs none.",
    ),
    Directive::new(
        "slowlog-max-len",
        LONG_COUNT,
        "128",
        "Entries the slow log keeps.",
    ),
    Directive::new(
        "latency-monitor-threshold",
        LONG_COUNT,
        "0",
        "Milliseconds from which an event is recorded; 0 records none.",
    ),
    Directive::new(
        "latency-tracking",
        Kind::Bool,
        "yes",
        "Keep a latency histogram of every command.",
    ),
    Directive::new(
        "latency-tracking-info-percentiles",
        Kind::Percentiles,
        "50 99 99.9",
        "Percentiles INFO latencystats shows.",
    ),
    Directive::new(
        "crash-log-enabled",
        Kind::Bool,
        "yes",
        "Report a crash in the log.",
    )
    .ignored(NO_CRASH_LOG),
    Directive::new(
        "crash-memcheck-enabled",
        Kind::Bool,
        "yes",
        "Test memory after a crash.",
    )
    .ignored(NO_CRASH_LOG),
];
