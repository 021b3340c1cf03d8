//! Memory limit, eviction, expiry and freeing.

use super::super::directive::{Directive, Flags, Kind};
use super::{COUNT, I32_MAX, LONG_COUNT, integer};

const ALWAYS_IN_STEPS: &str = "big values are always freed in small steps";
const NO_DEFRAG: &str = "memory is not defragmented in place";
const PERCENT: Kind = integer(0, 1000);

pub(super) static DIRECTIVES: &[Directive] = &[
    Directive::new(
        "maxmemory",
        Kind::Memory {
            min: 0,
            max: u64::MAX,
        },
        "0",
        "Memory for data; when unset, 75 % of the container's limit, without one no limit.",
    ),
    Directive::new(
        "maxmemory-policy",
        Kind::Choice(&[
            "volatile-lru",
            "volatile-lfu",
            "volatile-random",
            "volatile-ttl",
            "allkeys-lru",
            "allkeys-lfu",
            "allkeys-random",
            "noeviction",
        ]),
        "noeviction",
        "Which keys give way when `maxmemory` is reached.",
    ),
    Directive::new(
        "maxmemory-samples",
        integer(1, I32_MAX),
        "5",
        "Keys looked at to find one to evict.",
    ),
    Directive::new(
        "maxmemory-eviction-tenacity",
        integer(0, 100),
        "10",
        "How long one command may evict.",
    ),
    Directive::new(
        "maxmemory-clients",
        Kind::MemoryOrPercent,
        "0",
        "Memory of all clients together beyond which the largest are disconnected; a percentage is of `maxmemory`.",
    ),
    Directive::new(
        "lfu-log-factor",
        COUNT,
        "10",
        "How slowly the access frequency of a key saturates.",
    ),
    Directive::new(
        "lfu-decay-time",
        COUNT,
        "1",
        "Minutes after which an access frequency is lowered by one.",
    ),
    Directive::new(
        "active-expire-effort",
        integer(1, 10),
        "1",
        "Effort put into finding expired keys.",
    )
    .ignored("expired keys are found without sampling"),
    Directive::new(
        "lazyfree-lazy-eviction",
        Kind::Bool,
        "no",
        "Free evicted values in the background.",
    )
    .ignored(ALWAYS_IN_STEPS),
    Directive::new(
        "lazyfree-lazy-expire",
        Kind::Bool,
        "no",
        "Free expired values in the background.",
    )
    .ignored(ALWAYS_IN_STEPS),
    Directive::new(
        "lazyfree-lazy-server-del",
        Kind::Bool,
        "no",
        "Free overwritten values in the background.",
    )
    .ignored(ALWAYS_IN_STEPS),
    Directive::new(
        "lazyfree-lazy-user-del",
        Kind::Bool,
        "no",
        "Let DEL free like UNLINK.",
    )
    .ignored(ALWAYS_IN_STEPS),
    Directive::new(
        "lazyfree-lazy-user-flush",
        Kind::Bool,
        "no",
        "Let FLUSHALL and FLUSHDB free in the background by default.",
    )
    .ignored(ALWAYS_IN_STEPS),
    Directive::new(
        "activerehashing",
        Kind::Bool,
        "yes",
        "Grow tables in the background.",
    )
    .ignored("tables grow in small segments"),
    Directive::new(
        "jemalloc-bg-thread",
        Kind::Bool,
        "yes",
        "Background thread of jemalloc.",
    )
    .ignored("the allocator is not jemalloc"),
    Directive::new(
        "activedefrag",
        Kind::Bool,
        "no",
        "Defragment memory while running.",
    )
    .ignored(NO_DEFRAG),
    Directive::new(
        "active-defrag-cycle-min",
        integer(1, 99),
        "1",
        "Least CPU percentage of defragmentation.",
    )
    .ignored(NO_DEFRAG),
    Directive::new(
        "active-defrag-cycle-max",
        integer(1, 99),
        "25",
        "Most CPU percentage of defragmentation.",
    )
    .ignored(NO_DEFRAG),
    Directive::new(
        "active-defrag-threshold-lower",
        PERCENT,
        "10",
        "Fragmentation at which it starts.",
    )
    .ignored(NO_DEFRAG),
    Directive::new(
        "active-defrag-threshold-upper",
        PERCENT,
        "100",
        "Fragmentation at which it works hardest.",
    )
    .ignored(NO_DEFRAG),
    Directive::new(
        "active-defrag-ignore-bytes",
        Kind::Memory {
            min: 1,
            max: i64::MAX as u64,
        },
        "104857600",
        "Fragmentation not worth the work.",
    )
    .ignored(NO_DEFRAG),
    Directive::new(
        "active-defrag-max-scan-fields",
        integer(1, i64::MAX),
        "1000",
        "Fields of one value moved at a time.",
    )
    .ignored(NO_DEFRAG),
    Directive::new(
        "tracking-table-max-keys",
        LONG_COUNT,
        "1000000",
        "Keys remembered for client-side caching.",
    ),
    Directive::new(
        "key-load-delay",
        integer(i32::MIN as i64, I32_MAX),
        "0",
        "Microseconds to wait after each key loaded, for tests.",
    )
    .flag(Flags::HIDDEN)
    .ignored("it serves Redis's own tests"),
];
