//! `docs/commands.md`, written from the commands' declarations.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::registry::{Command, Registry};

/// The reference of all commands and the list of those Redis has and we have not, as Markdown.
pub fn markdown(registry: &Registry) -> String {
    let mut page = String::from(HEADER);
    let mut groups: BTreeMap<&str, Vec<&Command>> = BTreeMap::new();
    for (_, command) in registry.named() {
        groups
            .entry(command.spec.group.name())
            .or_default()
            .push(command);
    }
    for (group, mut commands) in groups {
        commands.sort_by_key(|command| command.spec.name);
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n## {group}\n\n| command | since | |\n| --- | --- | --- |\n"
        );
        for command in commands {
            page.push_str(&row(command));
            for &sub in &command.subcommands {
                page.push_str(&row(&registry.all()[sub]));
            }
        }
    }
    page.push_str(MISSING);
    let missing = REDIS_COMMANDS
        .iter()
        .filter(|name| registry.find(name.as_bytes()).is_none());
    let missing: Vec<String> = missing.map(|name| format!("`{name}`")).collect();
    page.push_str(&missing.join(", "));
    page.push_str(".\n");
    page
}

const HEADER: &str = "\
# Commands

Written by `redoxcache --print-commands`; do not edit. *Since* is the version of Redis that has it first.
";

const MISSING: &str = "
## Not supported yet

These commands of Redis answer the unknown-command error:
";

fn row(command: &Command) -> String {
    let spec = command.spec;
    let name = command.full_name.replace('|', " ").to_uppercase();
    let syntax = spec.syntax.replace('|', "\\|");
    format!(
        "| `{}` | {} | {} |\n",
        format!("{name} {syntax}").trim_end(),
        spec.since,
        spec.summary
    )
}

/// Every command of Redis 7.0, and those of later versions that clients have come to expect.
const REDIS_COMMANDS: &[&str] = &[
    "acl",
    "append",
    "asking",
    "auth",
    "bgrewriteaof",
    "bgsave",
    "bitcount",
    "bitfield",
    "bitfield_ro",
    "bitop",
    "bitpos",
    "blmove",
    "blmpop",
    "blpop",
    "brpop",
    "brpoplpush",
    "bzmpop",
    "bzpopmax",
    "bzpopmin",
    "client",
    "cluster",
    "command",
    "config",
    "copy",
    "dbsize",
    "debug",
    "decr",
    "decrby",
    "del",
    "delex",
    "digest",
    "discard",
    "dump",
    "echo",
    "eval",
    "eval_ro",
    "evalsha",
    "evalsha_ro",
    "exec",
    "exists",
    "expire",
    "expireat",
    "expiretime",
    "failover",
    "fcall",
    "fcall_ro",
    "flushall",
    "flushdb",
    "function",
    "geoadd",
    "geodist",
    "geohash",
    "geopos",
    "georadius",
    "georadius_ro",
    "georadiusbymember",
    "georadiusbymember_ro",
    "geosearch",
    "geosearchstore",
    "get",
    "getbit",
    "getdel",
    "getex",
    "getrange",
    "getset",
    "hdel",
    "hello",
    "hexists",
    "hexpire",
    "hexpireat",
    "hexpiretime",
    "hget",
    "hgetall",
    "hgetdel",
    "hgetex",
    "hincrby",
    "hincrbyfloat",
    "hkeys",
    "hlen",
    "hmget",
    "hmset",
    "hpersist",
    "hpexpire",
    "hpexpireat",
    "hpexpiretime",
    "hpttl",
    "hrandfield",
    "hscan",
    "hset",
    "hsetex",
    "hsetnx",
    "hstrlen",
    "httl",
    "hvals",
    "incr",
    "incrby",
    "incrbyfloat",
    "info",
    "keys",
    "lastsave",
    "latency",
    "lcs",
    "lindex",
    "linsert",
    "llen",
    "lmove",
    "lmpop",
    "lolwut",
    "lpop",
    "lpos",
    "lpush",
    "lpushx",
    "lrange",
    "lrem",
    "lset",
    "ltrim",
    "memory",
    "mget",
    "migrate",
    "module",
    "monitor",
    "move",
    "mset",
    "msetex",
    "msetnx",
    "multi",
    "object",
    "persist",
    "pexpire",
    "pexpireat",
    "pexpiretime",
    "pfadd",
    "pfcount",
    "pfdebug",
    "pfmerge",
    "pfselftest",
    "ping",
    "psetex",
    "psubscribe",
    "psync",
    "pttl",
    "publish",
    "pubsub",
    "punsubscribe",
    "quit",
    "randomkey",
    "readonly",
    "readwrite",
    "rename",
    "renamenx",
    "replconf",
    "replicaof",
    "reset",
    "restore",
    "restore-asking",
    "role",
    "rpop",
    "rpoplpush",
    "rpush",
    "rpushx",
    "sadd",
    "save",
    "scan",
    "scard",
    "script",
    "sdiff",
    "sdiffstore",
    "select",
    "set",
    "setbit",
    "setex",
    "setnx",
    "setrange",
    "shutdown",
    "sinter",
    "sintercard",
    "sinterstore",
    "sismember",
    "slaveof",
    "slowlog",
    "smembers",
    "smismember",
    "smove",
    "sort",
    "sort_ro",
    "spop",
    "spublish",
    "srandmember",
    "srem",
    "sscan",
    "ssubscribe",
    "strlen",
    "subscribe",
    "substr",
    "sunion",
    "sunionstore",
    "sunsubscribe",
    "swapdb",
    "sync",
    "time",
    "touch",
    "ttl",
    "type",
    "unlink",
    "unsubscribe",
    "unwatch",
    "wait",
    "watch",
    "xack",
    "xadd",
    "xautoclaim",
    "xclaim",
    "xdel",
    "xgroup",
    "xinfo",
    "xlen",
    "xpending",
    "xrange",
    "xread",
    "xreadgroup",
    "xrevrange",
    "xsetid",
    "xtrim",
    "zadd",
    "zcard",
    "zcount",
    "zdiff",
    "zdiffstore",
    "zincrby",
    "zinter",
    "zintercard",
    "zinterstore",
    "zlexcount",
    "zmpop",
    "zmscore",
    "zpopmax",
    "zpopmin",
    "zrandmember",
    "zrange",
    "zrangebylex",
    "zrangebyscore",
    "zrangestore",
    "zrank",
    "zrem",
    "zremrangebylex",
    "zremrangebyrank",
    "zremrangebyscore",
    "zrevrange",
    "zrevrangebylex",
    "zrevrangebyscore",
    "zrevrank",
    "zscan",
    "zscore",
    "zunion",
    "zunionstore",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// With `UPDATE_REFERENCE` set, writes the page instead of comparing it.
    #[test]
    fn the_committed_reference_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/commands.md");
        let page = markdown(&Registry::new(&[]).expect("no command is renamed"));
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            std::fs::write(path, &page).expect("written");
        }
        let committed = std::fs::read_to_string(path).expect("docs/commands.md is there");
        assert!(
            committed == page,
            "docs/commands.md is stale: redoxcache --print-commands > docs/commands.md"
        );
    }

    #[test]
    fn every_command_says_what_it_does() {
        let registry = Registry::new(&[]).expect("no command is renamed");
        for command in registry.all() {
            assert!(
                !command.spec.summary.is_empty(),
                "{} has no summary",
                command.full_name
            );
        }
    }
}
