//! Cluster mode. It is not there yet: enabling it is refused.

use super::super::directive::{Directive, Kind};
use super::{COUNT, LONG_COUNT, PORT, TEXT};

const NO_CLUSTER: &str = "cluster mode is not supported yet";

const HOST_NAME: Kind = Kind::Text(|value| {
    if value.len() >= 256 {
        return Err("Hostnames must be less than 256 characters");
    }
    match value
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    {
        true => Ok(()),
        false => Err("Hostnames may only contain alphanumeric characters, hyphens or dots"),
    }
});

pub(super) static DIRECTIVES: &[Directive] = &[
    Directive::new(
        "cluster-enabled",
        Kind::Bool,
        "no",
        "Run as a node of a cluster.",
    )
    .immutable()
    .refused(NO_CLUSTER),
    Directive::new(
        "cluster-config-file",
        TEXT,
        "nodes.conf",
        "File of the node's state.",
    )
    .immutable()
    .ignored(NO_CLUSTER),
    Directive::new("cluster-port", PORT, "0", "Port of the cluster bus.")
        .immutable()
        .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-node-timeout",
        LONG_COUNT,
        "15000",
        "Milliseconds after which a node is lost.",
    )
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-migration-barrier",
        COUNT,
        "1",
        "Replicas a primary keeps when others need one.",
    )
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-replica-validity-factor",
        COUNT,
        "10",
        "How old a replica's data may be in a failover.",
    )
    .alias("cluster-slave-validity-factor")
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-replica-no-failover",
        Kind::Bool,
        "no",
        "Never fail over by itself.",
    )
    .alias("cluster-slave-no-failover")
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-allow-replica-migration",
        Kind::Bool,
        "yes",
        "Let replicas move to primaries without one.",
    )
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-require-full-coverage",
        Kind::Bool,
        "yes",
        "Stop when a slot has no node.",
    )
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-allow-reads-when-down",
        Kind::Bool,
        "no",
        "Answer reads while the cluster is down.",
    )
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-allow-pubsubshard-when-down",
        Kind::Bool,
        "yes",
        "Serve sharded pub/sub while the cluster is down.",
    )
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-link-sendbuf-limit",
        Kind::Memory {
            min: 0,
            max: u64::MAX,
        },
        "0",
        "Most pending bytes to another node.",
    )
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-announce-ip",
        TEXT,
        "",
        "Address told to other nodes.",
    )
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-announce-hostname",
        HOST_NAME,
        "",
        "Host name told to clients.",
    )
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-announce-port",
        PORT,
        "0",
        "Port told to other nodes.",
    )
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-announce-tls-port",
        PORT,
        "0",
        "TLS port told to other nodes.",
    )
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-announce-bus-port",
        PORT,
        "0",
        "Bus port told to other nodes.",
    )
    .ignored(NO_CLUSTER),
    Directive::new(
        "cluster-preferred-endpoint-type",
        Kind::Choice(&["ip", "hostname", "unknown-endpoint"]),
        "ip",
        "How clients are told to reach a node.",
    )
    .ignored(NO_CLUSTER),
];
