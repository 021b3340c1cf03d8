//! Threads, databases and how the process behaves.

use super::super::directive::{Directive, Flags, Kind};
use super::{COUNT, I32_MAX, TEXT, integer};

const ONLY_TESTS: &str = "it serves Redis's own tests";
const SHUTDOWN_FLAGS: Kind = Kind::ChoiceSet(&["default", "save", "nosave", "now", "force"]);

pub(super) static DIRECTIVES: &[Directive] = &[
    Directive::new("threads", integer(0, 1024), "0", "Threads that serve clients, one a core; 0 takes the cores the cpuset and the cpu quota allow.")
        .ours_immutable(),
    Directive::new("shards", integer(0, store::slot::SHARDS_MAX as i64), "0", "Parts the keyspace is split into; 0 derives it from `threads`.").ours_immutable(),
    Directive::new("core-pinning", Kind::Bool, "no", "Pin each thread to its core.").ours_immutable(),
    Directive::new("io-threads", integer(1, 128), "1", "Redis's number of I/O threads.").immutable().ignored("every thread does I/O; see `threads`"),
    Directive::new("io-threads-do-reads", Kind::Bool, "no", "Whether Redis's I/O threads read.").immutable().ignored("every thread does I/O; see `threads`"),
    Directive::new("databases", integer(1, I32_MAX), "16", "Number of databases SELECT can choose.").immutable(),
    Directive::new("shutdown-timeout", COUNT, "10", "Seconds a shutdown may take to finish what clients wait for."),
    Directive::new("shutdown-on-sigint", SHUTDOWN_FLAGS, "default", "How SIGINT shuts down.").ignored("a signal saves nothing, SHUTDOWN SAVE does"),
    Directive::new("shutdown-on-sigterm", SHUTDOWN_FLAGS, "default", "How SIGTERM shuts down.").ignored("a signal saves nothing, SHUTDOWN SAVE does"),
    Directive::new("dir", Kind::Directory, ".", "Working directory.").flag(Flags::PROTECTED),
    Directive::new("daemonize", Kind::Bool, "no", "Run in the background.")
        .immutable()
        .refused("running in the background is not supported: leave it to the service manager"),
    Directive::new("supervised", Kind::Choice(&["upstart", "systemd", "auto", "no"]), "no", "Which service manager to notify.")
        .immutable()
        .ignored("service managers are not notified"),
    Directive::new("pidfile", TEXT, "", "File that holds the process id.").immutable().ignored("no pid file is written"),
    Directive::new("set-proc-title", Kind::Bool, "yes", "Change the title of the process.").immutable().ignored("the title is left alone"),
    Directive::new("proc-title-template", TEXT, "{title} {listen-addr} {server-mode}", "Form of the process title.").ignored("the title is left alone"),
    Directive::new("always-show-logo", Kind::Bool, "no", "Show a logo at start.").immutable().ignored("there is no logo"),
    Directive::new("hz", Kind::Frequency, "10", "How often a second background work runs.").ignored("background work sets its own pace"),
    Directive::new("dynamic-hz", Kind::Bool, "yes", "Adapt `hz` to the number of clients.").ignored("background work sets its own pace"),
    Directive::new("oom-score-adj", Kind::Choice(&["no", "yes|relative", "absolute"]), "no", "Adjust the kernel's OOM score.")
        .ignored("the score is left alone"),
    Directive::new("oom-score-adj-values", Kind::OomScores, "0 200 800", "OOM scores of a primary, a replica and a child.")
        .ignored("the score is left alone"),
    Directive::new("disable-thp", Kind::Bool, "no", "Keep memory on small pages; else what has filled up moves to huge pages, never on first touch.")
        .immutable(),
    Directive::new("server_cpulist", TEXT, "", "CPUs of the main threads.").immutable().ignored("see `core-pinning`"),
    Directive::new("bio_cpulist", TEXT, "", "CPUs of the background threads.").immutable().ignored("see `core-pinning`"),
    Directive::new("aof_rewrite_cpulist", TEXT, "", "CPUs of the log rewrite.").immutable().ignored("see `core-pinning`"),
    Directive::new("bgsave_cpulist", TEXT, "", "CPUs of the snapshot.").immutable().ignored("see `core-pinning`"),
    Directive::new("ignore-warnings", TEXT, "", "Start-up warnings to skip.").ignored("no start-up check refuses to go on"),
    Directive::new("busy-reply-threshold", super::LONG_COUNT, "5000", "Milliseconds a script runs before others are told that the server is busy.")
        .alias("lua-time-limit"),
    Directive::new("propagation-error-behavior", Kind::Choice(&["ignore", "panic", "panic-on-replicas"]), "ignore", "What a failed replicated command does.")
        .ignored("there is no replication yet"),
    Directive::new("use-exit-on-panic", Kind::Bool, "no", "Exit instead of aborting, for tests.").flag(Flags::HIDDEN).ignored(ONLY_TESTS),
    Directive::new("watchdog-period", COUNT, "0", "Milliseconds after which a stuck server is reported.").flag(Flags::HIDDEN).ignored(ONLY_TESTS),
    Directive::new("lua-enable-deprecated-api", Kind::Bool, "no", "Whether scripts find getfenv and setfenv.").flag(Flags::HIDDEN).immutable(),
    Directive::new("loading-process-events-interval-bytes", integer(1024, I32_MAX), "2097152", "Bytes loaded between looks at clients.")
        .flag(Flags::HIDDEN)
        .ignored(ONLY_TESTS),
];
