//! Commands of Redis that are not here, and why: data for the error that says so and for the tables of commands in the
//! documentation.
//!
//! Clients find out what a server can by the text of the unknown-command error. So only commands that Redis itself has in
//! the version this server reports answer with a reason; what came later, and what modules bring, is unknown here as it
//! is to such a Redis.

use store::command::CommandError;

/// A command that Redis has in the version this server reports.
pub(crate) struct Absent {
    /// Its name.
    pub(crate) name: &'static str,
    /// The group of its documentation.
    pub(crate) group: &'static str,
    /// Why it is not here: completes the sentence "… is not supported: ".
    pub(crate) reason: &'static str,
}

const fn absent(name: &'static str, group: &'static str, reason: &'static str) -> Absent {
    Absent {
        name,
        group,
        reason,
    }
}

const NO_LOG: &str = "there is no append-only file";
const NO_CHILD: &str = "a snapshot is only whole while everybody waits: use SAVE";
const NO_REPLICAS: &str = "there is no replication";
const NO_TARGET: &str = "keys leave with DUMP and RESTORE, driven by the client";
const NO_CLUSTER: &str = "there is no cluster to move slots in: use RESTORE";

/// Commands that answer why they are not here.
pub(crate) const ABSENT: &[Absent] = &[
    absent("bgrewriteaof", "server", NO_LOG),
    absent("bgsave", "server", NO_CHILD),
    absent("migrate", "generic", NO_TARGET),
    absent("psync", "server", NO_REPLICAS),
    absent("replconf", "server", NO_REPLICAS),
    absent("restore-asking", "server", NO_CLUSTER),
    absent("sync", "server", NO_REPLICAS),
];

/// Commands of later versions and of modules, which are unknown here: who brings them, and their names.
pub(crate) const UNKNOWN: &[(&str, &str)] = &[
    (
        "Redis 8.0, vector sets",
        "vadd vcard vdim vemb vgetattr vinfo vismember vlinks vrandmember vrange vrem vsetattr vsim",
    ),
    (
        "Redis 8.2 and 8.4, cluster",
        "cluster|migration cluster|slot-stats",
    ),
    ("Redis 8.6", "hotkeys xcfgset"),
    (
        "RedisJSON",
        "json.arrappend json.arrindex json.arrinsert json.arrlen json.arrpop json.arrtrim json.clear json.debug json.del json.forget json.get json.merge json.mget json.mset json.numincrby json.nummultby json.objkeys json.objlen json.resp json.set json.strappend json.strlen json.toggle json.type",
    ),
    (
        "RediSearch",
        "ft._list ft.aggregate ft.aliasadd ft.aliasdel ft.aliasupdate ft.alter ft.config ft.create ft.cursor ft.dictadd ft.dictdel ft.dictdump ft.dropindex ft.explain ft.explaincli ft.hybrid ft.info ft.profile ft.search ft.spellcheck ft.sugadd ft.sugdel ft.sugget ft.suglen ft.syndump ft.synupdate ft.tagvals",
    ),
    (
        "RedisBloom, Bloom filters",
        "bf.add bf.card bf.exists bf.info bf.insert bf.loadchunk bf.madd bf.mexists bf.reserve bf.scandump",
    ),
    (
        "RedisBloom, cuckoo filters",
        "cf.add cf.addnx cf.count cf.del cf.exists cf.info cf.insert cf.insertnx cf.loadchunk cf.mexists cf.reserve cf.scandump",
    ),
    (
        "RedisBloom, count-min sketch",
        "cms.incrby cms.info cms.initbydim cms.initbyprob cms.merge cms.query",
    ),
    (
        "RedisBloom, top-k",
        "topk.add topk.count topk.incrby topk.info topk.list topk.query topk.reserve",
    ),
    (
        "RedisBloom, t-digest",
        "tdigest.add tdigest.byrank tdigest.byrevrank tdigest.cdf tdigest.create tdigest.info tdigest.max tdigest.merge tdigest.min tdigest.quantile tdigest.rank tdigest.reset tdigest.revrank tdigest.trimmed_mean",
    ),
    (
        "RedisTimeSeries",
        "ts.add ts.alter ts.create ts.createrule ts.decrby ts.del ts.deleterule ts.get ts.incrby ts.info ts.madd ts.mget ts.mrange ts.mrevrange ts.queryindex ts.range ts.revrange",
    ),
];

/// The error of a command that Redis has and that is not here; none for one that Redis does not know either.
pub(crate) fn explain(name: &[u8]) -> Option<CommandError> {
    let known = |absent: &&Absent| name.eq_ignore_ascii_case(absent.name.as_bytes());
    let Absent { name, reason, .. } = ABSENT.iter().find(known)?;
    let text = format!("ERR '{name}' is not supported: {reason}");
    Some(CommandError::Text(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;

    #[test]
    fn what_is_absent_says_why_and_the_rest_is_unknown() {
        let text = |name: &str| explain(name.as_bytes()).map(|error| error.to_string());
        assert_eq!(
            text("BgSave").as_deref(),
            Some(
                "ERR 'bgsave' is not supported: a snapshot is only whole while everybody waits: use SAVE"
            )
        );
        assert_eq!(text("JSON.GET"), None);
        assert_eq!(text("VADD"), None);
    }

    #[test]
    fn what_is_listed_as_unknown_is() {
        let registry = Registry::new(&[]).expect("no command is renamed");
        for (_, names) in UNKNOWN {
            for name in names.split(' ') {
                assert!(registry.find_full(name.as_bytes()).is_none(), "{name}");
            }
        }
    }
}
