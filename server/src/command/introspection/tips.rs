//! Hints for clients and proxies about how to route a command and combine its replies.

/// Commands that share the same hints.
struct Tips {
    commands: &'static [&'static str],
    tips: &'static [&'static str],
}

/// The hints of a command, by its full name.
pub(super) fn of(full_name: &str) -> &'static [&'static str] {
    let shared = TIPS
        .iter()
        .find(|shared| shared.commands.contains(&full_name));
    shared.map_or(&[], |shared| shared.tips)
}

static TIPS: &[Tips] = &[
    Tips {
        commands: &[
            "client|info",
            "client|list",
            "cluster|bumpepoch",
            "cluster|count-failure-reports",
            "cluster|getkeysinslot",
            "cluster|info",
            "cluster|links",
            "cluster|nodes",
            "cluster|replicas",
            "cluster|shards",
            "cluster|slaves",
            "cluster|slots",
            "dump",
            "hrandfield",
            "hscan",
            "object|encoding",
            "object|freq",
            "object|idletime",
            "object|refcount",
            "pttl",
            "spop",
            "srandmember",
            "sscan",
            "time",
            "ttl",
            "xadd",
            "xautoclaim",
            "xclaim",
            "xpending",
            "xtrim",
            "zrandmember",
            "zscan",
        ],
        tips: &["nondeterministic_output"],
    },
    Tips {
        commands: &[
            "command",
            "command|docs",
            "command|info",
            "command|list",
            "function|list",
            "hgetall",
            "hkeys",
            "hvals",
            "sdiff",
            "sinter",
            "smembers",
            "sunion",
        ],
        tips: &["nondeterministic_output_order"],
    },
    Tips {
        commands: &["config|set", "script|flush", "script|load"],
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    },
    Tips {
        commands: &["dbsize"],
        tips: &["request_policy:all_shards", "response_policy:agg_sum"],
    },
    Tips {
        commands: &["del", "exists", "touch", "unlink"],
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    },
    Tips {
        commands: &[
            "flushall",
            "flushdb",
            "function|delete",
            "function|flush",
            "function|load",
            "function|restore",
            "ping",
        ],
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    },
    Tips {
        commands: &["function|kill", "script|kill"],
        tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
    },
    Tips {
        commands: &["script|exists"],
        tips: &[
            "request_policy:all_shards",
            "response_policy:agg_logical_and",
        ],
    },
    Tips {
        commands: &["function|stats", "info"],
        tips: &[
            "nondeterministic_output",
            "request_policy:all_shards",
            "response_policy:special",
        ],
    },
    Tips {
        commands: &["keys"],
        tips: &["request_policy:all_shards", "nondeterministic_output_order"],
    },
    Tips {
        commands: &["mget"],
        tips: &["request_policy:multi_shard"],
    },
    Tips {
        commands: &["mset"],
        tips: &[
            "request_policy:multi_shard",
            "response_policy:all_succeeded",
        ],
    },
    Tips {
        commands: &["msetnx"],
        tips: &["request_policy:multi_shard", "response_policy:agg_min"],
    },
    Tips {
        commands: &["randomkey"],
        tips: &["request_policy:all_shards", "nondeterministic_output"],
    },
    Tips {
        commands: &["scan"],
        tips: &["nondeterministic_output", "request_policy:special"],
    },
];
