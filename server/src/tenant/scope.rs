//! Whose users may call a command.
//!
//! A command on keys reaches what its session's tenant has, and nothing else: it is handed no other slices. A command
//! about connections or the server may reach further, so each is listed here, in one of two lists; one that is in
//! neither is for the default tenant, and a test asks to have it listed.

/// What a command reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Its connection, its tenant, or facts that are the same for everybody.
    Tenant,
    /// The server: it is for users of the default tenant.
    Server,
}

/// Commands that look after what they reach themselves. Each by its full name: what is new is asked about.
const TENANT: &[&str] = &[
    "acl",
    "acl|cat",
    "acl|genpass",
    "acl|help",
    "acl|whoami",
    "asking",
    "auth",
    "client",
    "client|caching",
    "client|getname",
    "client|getredir",
    "client|help",
    "client|id",
    "client|info",
    "client|kill",
    "client|list",
    "client|no-evict",
    "client|no-touch",
    "client|pause",
    "client|reply",
    "client|setinfo",
    "client|setname",
    "client|tracking",
    "client|trackinginfo",
    "client|unblock",
    "client|unpause",
    "cluster",
    "cluster|countkeysinslot",
    "cluster|getkeysinslot",
    "cluster|help",
    "cluster|info",
    "cluster|keyslot",
    "cluster|links",
    "cluster|myid",
    "cluster|nodes",
    "cluster|shards",
    "cluster|slots",
    "command",
    "command|count",
    "command|docs",
    "command|getkeys",
    "command|getkeysandflags",
    "command|help",
    "command|info",
    "command|list",
    "config",
    "config|get",
    "config|help",
    "debug",
    "discard",
    "echo",
    "eval",
    "eval_ro",
    "evalsha",
    "evalsha_ro",
    "exec",
    "fcall",
    "fcall_ro",
    "function",
    "function|delete",
    "function|dump",
    "function|flush",
    "function|help",
    "function|kill",
    "function|list",
    "function|load",
    "function|restore",
    "function|stats",
    "hello",
    "info",
    "lastsave",
    "latency",
    "latency|doctor",
    "latency|graph",
    "latency|help",
    "latency|histogram",
    "latency|history",
    "latency|latest",
    "latency|reset",
    "lolwut",
    "memory",
    "memory|doctor",
    "memory|help",
    "memory|stats",
    "memory|usage",
    "module",
    "module|help",
    "module|list",
    "monitor",
    "multi",
    "ping",
    "psubscribe",
    "publish",
    "pubsub",
    "pubsub|channels",
    "pubsub|help",
    "pubsub|numpat",
    "pubsub|numsub",
    "pubsub|shardchannels",
    "pubsub|shardnumsub",
    "punsubscribe",
    "quit",
    "readonly",
    "readwrite",
    "reset",
    "role",
    "script",
    "script|debug",
    "script|exists",
    "script|flush",
    "script|help",
    "script|kill",
    "script|load",
    "script|show",
    "select",
    "slowlog",
    "slowlog|get",
    "slowlog|help",
    "slowlog|len",
    "slowlog|reset",
    "spublish",
    "ssubscribe",
    "subscribe",
    "sunsubscribe",
    "tenant",
    "tenant|help",
    "tenant|whoami",
    "time",
    "unsubscribe",
    "unwatch",
    "wait",
    "waitaof",
    "watch",
];

/// Commands that administer the server. `x|*` are all subcommands of a container that are not listed above.
#[cfg(test)]
const SERVER: &[&str] = &[
    "acl|deluser",
    "acl|dryrun",
    "acl|getuser",
    "acl|list",
    "acl|load",
    "acl|log",
    "acl|save",
    "acl|setuser",
    "acl|users",
    "cluster|*",
    "config|resetstat",
    "config|rewrite",
    "config|set",
    "debug|*",
    "memory|malloc-stats",
    "memory|purge",
    "module|*",
    "failover",
    "replicaof",
    "save",
    "shutdown",
    "slaveof",
    "tenant|*",
];

fn lists(list: &[&str], full_name: &str) -> bool {
    let container = full_name.split_once('|').map(|(container, _)| container);
    let fits = |entry: &&str| {
        *entry == full_name
            || entry
                .strip_suffix("|*")
                .is_some_and(|all| container == Some(all))
    };
    list.iter().any(fits)
}

impl Scope {
    /// The scope of a command about connections or the server.
    pub fn of(full_name: &str) -> Self {
        match lists(TENANT, full_name) {
            true => Scope::Tenant,
            false => Scope::Server,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Registry, Run};

    fn server_commands() -> Vec<String> {
        let registry = Registry::new(&[]).expect("nothing is renamed");
        let commands = registry.all().iter();
        commands
            .filter(|command| matches!(command.run, Run::Server(_)))
            .map(|command| command.full_name.clone())
            .collect()
    }

    #[test]
    fn every_command_about_connections_or_the_server_is_listed() {
        let unlisted: Vec<String> = server_commands()
            .into_iter()
            .filter(|name| !lists(TENANT, name) && !lists(SERVER, name))
            .collect();
        assert_eq!(unlisted, [""; 0], "say in tenant/scope.rs what they reach");
    }

    #[test]
    fn every_listed_command_is_there() {
        let known = server_commands();
        for entry in TENANT.iter().chain(SERVER) {
            let there = known.iter().any(|name| lists(&[entry], name));
            assert!(
                there,
                "{entry} is no command about connections or the server"
            );
        }
    }
}
