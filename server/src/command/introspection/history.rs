//! What became of commands over the versions of Redis, for COMMAND DOCS: what they learned, what replaces them.

/// Commands with the same past.
struct Past {
    commands: &'static [&'static str],
    changes: &'static [Change],
}

/// Since this version, this.
pub(super) type Change = (&'static str, &'static str);

/// A command that another one replaces.
pub(super) struct Deprecation {
    command: &'static str,
    /// The version since which it is not for new programs.
    pub(super) since: &'static str,
    /// What to use in its place.
    pub(super) replaced_by: &'static str,
}

/// What changed about a command, by its full name; oldest first.
pub(super) fn changes(full_name: &str) -> &'static [Change] {
    let past = PASTS.iter().find(|past| past.commands.contains(&full_name));
    past.map_or(&[], |past| past.changes)
}

/// What replaces a command, if anything does.
pub(super) fn deprecation(full_name: &str) -> Option<&'static Deprecation> {
    DEPRECATIONS
        .iter()
        .find(|deprecation| deprecation.command == full_name)
}

/// Commands for the server's own use.
pub(super) fn is_internal(full_name: &str) -> bool {
    matches!(
        full_name,
        "debug" | "pfdebug" | "pfselftest" | "replconf" | "restore-asking"
    )
}

static PASTS: &[Past] = &[
    Past {
        commands: &["acl|getuser"],
        changes: &[
            ("6.2.0", "Shows channel patterns too."),
            ("7.0.0", "Shows selectors, and patterns as rules."),
        ],
    },
    Past {
        commands: &["acl|setuser"],
        changes: &[
            ("6.2.0", "Knows channel patterns."),
            (
                "7.0.0",
                "Knows selectors, and rights to read or write keys.",
            ),
        ],
    },
    Past {
        commands: &["auth"],
        changes: &[("6.0.0", "Takes a user name.")],
    },
    Past {
        commands: &["bgsave"],
        changes: &[("3.2.2", "Takes SCHEDULE.")],
    },
    Past {
        commands: &["bitcount", "bitpos"],
        changes: &[("7.0.0", "Takes BYTE and BIT.")],
    },
    Past {
        commands: &["blpop", "brpop", "brpoplpush", "bzpopmax", "bzpopmin"],
        changes: &[("6.0.0", "The timeout may have a fraction.")],
    },
    Past {
        commands: &["client|kill"],
        changes: &[
            ("2.8.12", "Takes filters, ID among them."),
            ("3.2.0", "TYPE knows master."),
            ("5.0.0", "TYPE knows replica for slave."),
            ("6.2.0", "Takes LADDR."),
        ],
    },
    Past {
        commands: &["client|list"],
        changes: &[
            ("2.8.12", "Shows id."),
            ("5.0.0", "Takes TYPE."),
            ("6.0.0", "Shows user."),
            (
                "6.2.0",
                "Shows argv-mem, tot-mem, laddr and redir; takes ID.",
            ),
            ("7.0.0", "Shows resp, multi-mem, rbs and rbp."),
            ("7.0.3", "Shows ssub."),
            ("7.2.0", "Shows lib-name and lib-ver."),
        ],
    },
    Past {
        commands: &["client|pause"],
        changes: &[("6.2.0", "Takes WRITE and ALL.")],
    },
    Past {
        commands: &["cluster|meet"],
        changes: &[("4.0.0", "Takes the port of the cluster bus.")],
    },
    Past {
        commands: &["cluster|slots"],
        changes: &[
            ("4.0.0", "Shows the ids of nodes."),
            ("7.0.0", "Shows more of their addresses."),
        ],
    },
    Past {
        commands: &["command|info"],
        changes: &[("7.0.0", "Describes all commands when none is named.")],
    },
    Past {
        commands: &["config|get"],
        changes: &[("7.0.0", "Takes several patterns.")],
    },
    Past {
        commands: &["config|set"],
        changes: &[("7.0.0", "Takes several parameters.")],
    },
    Past {
        commands: &["exists"],
        changes: &[("3.0.3", "Takes several keys.")],
    },
    Past {
        commands: &["expire", "expireat", "pexpire", "pexpireat"],
        changes: &[("7.0.0", "Takes NX, XX, GT and LT.")],
    },
    Past {
        commands: &["flushall", "flushdb"],
        changes: &[("4.0.0", "Takes ASYNC."), ("6.2.0", "Takes SYNC.")],
    },
    Past {
        commands: &["geoadd"],
        changes: &[("6.2.0", "Takes CH, NX and XX.")],
    },
    Past {
        commands: &["georadius"],
        changes: &[
            ("6.2.0", "COUNT takes ANY."),
            ("7.0.0", "Units may be in capitals."),
        ],
    },
    Past {
        commands: &["georadius_ro"],
        changes: &[("6.2.0", "COUNT takes ANY.")],
    },
    Past {
        commands: &["georadiusbymember", "geosearch", "geosearchstore"],
        changes: &[("7.0.0", "Units may be in capitals.")],
    },
    Past {
        commands: &["hdel"],
        changes: &[("2.4.0", "Takes several fields.")],
    },
    Past {
        commands: &["hello"],
        changes: &[("6.2.0", "The version may be left out, which only asks.")],
    },
    Past {
        commands: &["hset"],
        changes: &[("4.0.0", "Takes several fields and values.")],
    },
    Past {
        commands: &["info"],
        changes: &[("7.0.0", "Takes several sections.")],
    },
    Past {
        commands: &["lpop", "rpop"],
        changes: &[("6.2.0", "Takes a count.")],
    },
    Past {
        commands: &["lpush", "rpush"],
        changes: &[("2.4.0", "Takes several elements.")],
    },
    Past {
        commands: &["lpushx", "rpushx"],
        changes: &[("4.0.0", "Takes several elements.")],
    },
    Past {
        commands: &["migrate"],
        changes: &[
            ("3.0.0", "Takes COPY and REPLACE."),
            ("3.0.6", "Takes KEYS."),
            ("4.0.7", "Takes AUTH."),
            ("6.0.0", "Takes AUTH2."),
        ],
    },
    Past {
        commands: &["pttl", "ttl"],
        changes: &[("2.8.0", "Replies -2 for a key that is not there.")],
    },
    Past {
        commands: &["renamenx"],
        changes: &[("3.2.0", "Two equal names are no error.")],
    },
    Past {
        commands: &["restore"],
        changes: &[
            ("3.0.0", "Takes REPLACE."),
            ("5.0.0", "Takes ABSTTL, IDLETIME and FREQ."),
        ],
    },
    Past {
        commands: &["sadd", "srem", "zrem"],
        changes: &[("2.4.0", "Takes several members.")],
    },
    Past {
        commands: &["scan"],
        changes: &[("6.0.0", "Takes TYPE.")],
    },
    Past {
        commands: &["script|flush"],
        changes: &[("6.2.0", "Takes ASYNC and SYNC.")],
    },
    Past {
        commands: &["set"],
        changes: &[
            ("2.6.12", "Takes EX, PX, NX and XX."),
            ("6.0.0", "Takes KEEPTTL."),
            ("6.2.0", "Takes GET, EXAT and PXAT."),
            ("7.0.0", "NX and GET go together."),
        ],
    },
    Past {
        commands: &["shutdown"],
        changes: &[("7.0.0", "Takes NOW, FORCE and ABORT.")],
    },
    Past {
        commands: &["slowlog|get"],
        changes: &[("4.0.0", "Shows the client's address and name.")],
    },
    Past {
        commands: &["spop"],
        changes: &[("3.2.0", "Takes a count.")],
    },
    Past {
        commands: &["srandmember"],
        changes: &[("2.6.0", "Takes a count.")],
    },
    Past {
        commands: &["xadd"],
        changes: &[
            ("6.2.0", "Takes NOMKSTREAM, MINID and LIMIT."),
            (
                "7.0.0",
                "Takes ids whose second part is left to the server.",
            ),
        ],
    },
    Past {
        commands: &["xautoclaim"],
        changes: &[(
            "7.0.0",
            "Replies with the entries that were deleted meanwhile.",
        )],
    },
    Past {
        commands: &["xgroup|create", "xgroup|setid"],
        changes: &[("7.0.0", "Takes ENTRIESREAD.")],
    },
    Past {
        commands: &["xinfo|groups"],
        changes: &[("7.0.0", "Shows entries-read and lag.")],
    },
    Past {
        commands: &["xinfo|stream"],
        changes: &[
            ("6.0.0", "Takes FULL."),
            ("7.0.0", "Shows what was added and deleted, and lag."),
        ],
    },
    Past {
        commands: &["xpending"],
        changes: &[("6.2.0", "Takes IDLE and exclusive ends.")],
    },
    Past {
        commands: &["xrange", "xrevrange"],
        changes: &[("6.2.0", "Takes exclusive ends.")],
    },
    Past {
        commands: &["xsetid"],
        changes: &[("7.0.0", "Takes ENTRIESADDED and MAXDELETEDID.")],
    },
    Past {
        commands: &["xtrim"],
        changes: &[("6.2.0", "Takes MINID and LIMIT.")],
    },
    Past {
        commands: &["zadd"],
        changes: &[
            ("2.4.0", "Takes several members."),
            ("3.0.2", "Takes XX, NX, CH and INCR."),
            ("6.2.0", "Takes GT and LT."),
        ],
    },
    Past {
        commands: &["zrange"],
        changes: &[("6.2.0", "Takes REV, BYSCORE, BYLEX and LIMIT.")],
    },
    Past {
        commands: &["zrangebyscore"],
        changes: &[("2.0.0", "Takes WITHSCORES.")],
    },
    Past {
        commands: &["zrevrangebyscore"],
        changes: &[("2.1.6", "Takes exclusive ends.")],
    },
];

const fn replaced(
    command: &'static str,
    since: &'static str,
    replaced_by: &'static str,
) -> Deprecation {
    Deprecation {
        command,
        since,
        replaced_by,
    }
}

static DEPRECATIONS: &[Deprecation] = &[
    replaced("brpoplpush", "6.2.0", "BLMOVE with RIGHT and LEFT"),
    replaced("cluster|slaves", "5.0.0", "CLUSTER REPLICAS"),
    replaced("cluster|slots", "7.0.0", "CLUSTER SHARDS"),
    replaced(
        "georadius",
        "6.2.0",
        "GEOSEARCH and GEOSEARCHSTORE with BYRADIUS",
    ),
    replaced("georadius_ro", "6.2.0", "GEOSEARCH with BYRADIUS"),
    replaced(
        "georadiusbymember",
        "6.2.0",
        "GEOSEARCH and GEOSEARCHSTORE with BYRADIUS and FROMMEMBER",
    ),
    replaced(
        "georadiusbymember_ro",
        "6.2.0",
        "GEOSEARCH with BYRADIUS and FROMMEMBER",
    ),
    replaced("getset", "6.2.0", "SET with GET"),
    replaced("hmset", "4.0.0", "HSET with several fields"),
    replaced("rpoplpush", "6.2.0", "LMOVE with RIGHT and LEFT"),
    replaced("slaveof", "5.0.0", "REPLICAOF"),
    replaced("substr", "2.0.0", "GETRANGE"),
    replaced("zrangebylex", "6.2.0", "ZRANGE with BYLEX"),
    replaced("zrangebyscore", "6.2.0", "ZRANGE with BYSCORE"),
    replaced("zrevrange", "6.2.0", "ZRANGE with REV"),
    replaced("zrevrangebylex", "6.2.0", "ZRANGE with REV and BYLEX"),
    replaced("zrevrangebyscore", "6.2.0", "ZRANGE with REV and BYSCORE"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_in_the_order_of_versions() {
        let number = |version: &str| -> Vec<u32> {
            version
                .split('.')
                .map(|part| part.parse().expect("a number"))
                .collect()
        };
        for past in PASTS {
            let versions: Vec<_> = past
                .changes
                .iter()
                .map(|(since, _)| number(since))
                .collect();
            assert!(versions.is_sorted(), "{:?}", past.commands);
        }
    }

    #[test]
    fn no_command_has_two_pasts() {
        let mut names: Vec<_> = PASTS.iter().flat_map(|past| past.commands).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
