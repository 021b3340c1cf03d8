//! CLUSTER and ASKING, as a server answers them whose cluster mode is off: each with the same error. Clients ask to find out.

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, Spec};

use super::{ServerCommand, ServerCtx, help};

pub(super) static COMMANDS: &[&ServerCommand] = &[&CLUSTER, &ASKING];

/// What every command about the cluster answers.
pub(super) const DISABLED: CommandError =
    CommandError::text("ERR This instance has cluster support disabled");

const DEFAULT: Spec = Spec {
    since: "3.0.0",
    group: Group::Cluster,
    arity: 2,
    flags: Flags::STALE,
    ..Spec::DEFAULT
};

const ADMIN: Flags = Flags::ADMIN.union(Flags::STALE);
const CHANGE: Flags = ADMIN.union(Flags::NO_ASYNC_LOADING);

static ASKING: ServerCommand = ServerCommand {
    spec: Spec {
        name: "asking",
        summary: "Lets the next command use a slot that is being moved here.",
        arity: 1,
        flags: Flags::FAST,
        categories: Categories::CONNECTION,
        ..DEFAULT
    },
    run: disabled,
    subcommands: &[],
};

const fn subcommand(spec: Spec) -> ServerCommand {
    ServerCommand {
        spec,
        run: disabled,
        subcommands: &[],
    }
}

static CLUSTER: ServerCommand = ServerCommand {
    spec: Spec {
        name: "cluster",
        summary: "A container for Redis Cluster commands.",
        complexity: "Depends on subcommand.",
        arity: -2,
        flags: Flags::empty(),
        ..DEFAULT
    },
    run: help::container,
    subcommands: &[
        subcommand(Spec {
            name: "addslots",
            summary: "Assigns slots to this node.",
            complexity: "O(N) where N is the total number of hash slot arguments",
            arity: -3,
            flags: CHANGE,
            syntax: "slot [slot ...]",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "addslotsrange",
            summary: "Assigns ranges of slots to this node.",
            since: "7.0.0",
            complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
            arity: -4,
            flags: CHANGE,
            syntax: "start-slot end-slot [start-slot end-slot ...]",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "bumpepoch",
            summary: "Advances the epoch of this node.",
            flags: CHANGE,
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "count-failure-reports",
            summary: "Counts the reports of a node being down.",
            complexity: "O(N) where N is the number of failure reports",
            arity: 3,
            flags: ADMIN,
            syntax: "node-id",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "countkeysinslot",
            summary: "Counts the keys of a slot.",
            arity: 3,
            syntax: "slot",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "delslots",
            summary: "Takes slots from this node.",
            complexity: "O(N) where N is the total number of hash slot arguments",
            arity: -3,
            flags: CHANGE,
            syntax: "slot [slot ...]",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "delslotsrange",
            summary: "Takes ranges of slots from this node.",
            since: "7.0.0",
            complexity: "O(N) where N is the total number of the slots between the start slot and end slot arguments.",
            arity: -4,
            flags: CHANGE,
            syntax: "start-slot end-slot [start-slot end-slot ...]",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "failover",
            summary: "Makes a replica take over from its primary.",
            arity: -2,
            flags: CHANGE,
            syntax: "[FORCE | TAKEOVER]",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "flushslots",
            summary: "Takes all slots from this node.",
            flags: CHANGE,
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "forget",
            summary: "Removes a node from the table of nodes.",
            arity: 3,
            flags: CHANGE,
            syntax: "node-id",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "getkeysinslot",
            summary: "Returns keys of a slot.",
            complexity: "O(log(N)) where N is the number of requested keys",
            arity: 4,
            syntax: "slot count",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "help",
            summary: "Prints this help.",
            since: "5.0.0",
            flags: Flags::LOADING.union(Flags::STALE),
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "info",
            summary: "Returns the state of the cluster.",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "keyslot",
            summary: "Returns the slot of a key.",
            complexity: "O(N) where N is the number of bytes in the key",
            arity: 3,
            syntax: "key",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "links",
            summary: "Lists the connections to other nodes.",
            since: "7.0.0",
            complexity: "O(N) where N is the total number of Cluster nodes",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "meet",
            summary: "Introduces another node.",
            arity: -4,
            flags: CHANGE,
            syntax: "ip port [cluster-bus-port]",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "myid",
            summary: "Returns the id of this node.",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "nodes",
            summary: "Returns the table of nodes.",
            complexity: "O(N) where N is the total number of Cluster nodes",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "replicas",
            summary: "Lists a primary's replicas.",
            since: "5.0.0",
            arity: 3,
            flags: ADMIN,
            syntax: "node-id",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "replicate",
            summary: "Makes this node follow a primary.",
            arity: 3,
            flags: CHANGE,
            syntax: "node-id",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "reset",
            summary: "Makes this node forget the cluster.",
            complexity: "O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect.",
            arity: -2,
            flags: ADMIN.union(Flags::NOSCRIPT),
            syntax: "[HARD | SOFT]",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "saveconfig",
            summary: "Writes down the state of the cluster.",
            flags: CHANGE,
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "set-config-epoch",
            summary: "Sets the epoch of a new node.",
            arity: 3,
            flags: CHANGE,
            syntax: "config-epoch",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "setslot",
            summary: "Moves a slot to another node, step by step.",
            arity: -4,
            flags: CHANGE,
            syntax: "slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "shards",
            summary: "Returns which nodes have which slots, by shard.",
            since: "7.0.0",
            complexity: "O(N) where N is the total number of cluster nodes",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "slaves",
            summary: "The old name of CLUSTER REPLICAS.",
            arity: 3,
            flags: ADMIN,
            syntax: "node-id",
            ..DEFAULT
        }),
        subcommand(Spec {
            name: "slots",
            summary: "Returns which nodes have which slots.",
            complexity: "O(N) where N is the total number of Cluster nodes",
            ..DEFAULT
        }),
    ],
};

fn disabled(_: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    Err(DISABLED)
}
