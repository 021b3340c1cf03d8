//! CLIENT: connections, one's own and those of others.

mod kill;
mod list;
mod options;

pub(crate) use list::describe as describe_client;

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, Spec};

use super::{ServerCommand, ServerCtx, help, subcommand};
use crate::tracking;

pub(super) static COMMANDS: &[&ServerCommand] = &[&CLIENT];

const ANY_TIME: Flags = Flags::NOSCRIPT.union(Flags::LOADING).union(Flags::STALE);
const ADMIN: Flags = ANY_TIME.union(Flags::ADMIN);

const DEFAULT: Spec = Spec {
    group: Group::Connection,
    categories: Categories::CONNECTION,
    arity: 2,
    flags: ANY_TIME,
    ..Spec::DEFAULT
};

static CLIENT: ServerCommand = ServerCommand {
    spec: Spec {
        name: "client",
        summary: "A container for client connection commands.",
        since: "2.4.0",
        complexity: "Depends on subcommand.",
        arity: -2,
        flags: Flags::empty(),
        categories: Categories::empty(),
        ..DEFAULT
    },
    run: help::container,
    subcommands: &[
        subcommand(
            Spec {
                name: "id",
                summary: "Returns the number of this connection.",
                since: "5.0.0",
                ..DEFAULT
            },
            id,
        ),
        subcommand(
            Spec {
                name: "info",
                summary: "Describes this connection.",
                since: "6.2.0",
                ..DEFAULT
            },
            list::info,
        ),
        subcommand(
            Spec {
                name: "list",
                summary: "Describes the open connections, or those of a type, or with these numbers.",
                since: "2.4.0",
                complexity: "O(N) where N is the number of client connections",
                arity: -2,
                flags: ADMIN,
                syntax: "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
                ..DEFAULT
            },
            list::list,
        ),
        subcommand(
            Spec {
                name: "kill",
                summary: "Closes the connections that fit all filters.",
                since: "2.4.0",
                complexity: "O(N) where N is the number of client connections",
                arity: -3,
                flags: ADMIN,
                syntax: "<ip:port | <[ID client-id] | [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] | [USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>] | [MAXAGE maxage]>>",
                ..DEFAULT
            },
            kill::kill,
        ),
        subcommand(
            Spec {
                name: "getname",
                summary: "Returns the name of this connection.",
                since: "2.6.9",
                ..DEFAULT
            },
            getname,
        ),
        subcommand(
            Spec {
                name: "setname",
                summary: "Names this connection.",
                since: "2.6.9",
                arity: 3,
                syntax: "connection-name",
                ..DEFAULT
            },
            options::setname,
        ),
        subcommand(
            Spec {
                name: "setinfo",
                summary: "Notes the name or version of the client library.",
                since: "7.2.0",
                arity: 4,
                syntax: "<LIB-NAME libname | LIB-VER libver>",
                ..DEFAULT
            },
            options::setinfo,
        ),
        subcommand(
            Spec {
                name: "reply",
                summary: "Turns replies on or off, or skips the next one.",
                since: "3.2.0",
                arity: 3,
                syntax: "<ON | OFF | SKIP>",
                ..DEFAULT
            },
            options::reply,
        ),
        subcommand(
            Spec {
                name: "no-evict",
                summary: "Keeps this connection when clients are disconnected for memory.",
                since: "7.0.0",
                arity: 3,
                flags: ADMIN,
                syntax: "<ON | OFF>",
                ..DEFAULT
            },
            options::no_evict,
        ),
        subcommand(
            Spec {
                name: "no-touch",
                summary: "Keeps this connection's reads from counting as use of the keys.",
                since: "7.2.0",
                arity: 3,
                syntax: "<ON | OFF>",
                ..DEFAULT
            },
            options::no_touch,
        ),
        subcommand(
            Spec {
                name: "getredir",
                summary: "Returns the connection that gets this one's invalidation messages.",
                since: "6.0.0",
                ..DEFAULT
            },
            tracking::GETREDIR,
        ),
        subcommand(
            Spec {
                name: "trackinginfo",
                summary: "Describes the client-side caching of this connection.",
                since: "6.2.0",
                ..DEFAULT
            },
            tracking::TRACKINGINFO,
        ),
        subcommand(
            Spec {
                name: "tracking",
                summary: "Sends this connection a message when a key that it has read changes.",
                since: "6.0.0",
                complexity: "O(1). Some options may introduce additional complexity.",
                arity: -3,
                syntax: "<ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
                ..DEFAULT
            },
            tracking::TRACKING,
        ),
        subcommand(
            Spec {
                name: "caching",
                summary: "Says whether the keys of the next command are tracked.",
                since: "6.0.0",
                arity: 3,
                syntax: "<YES | NO>",
                ..DEFAULT
            },
            tracking::CACHING,
        ),
        crate::blocking::UNBLOCK,
        crate::blocking::PAUSE,
        crate::blocking::UNPAUSE,
        help::subcommand(Group::Connection, "5.0.0", Categories::CONNECTION),
    ],
};

fn id(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    ctx.reply.integer(ctx.session.client.id as i64);
    Ok(())
}

fn getname(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    match ctx.session.client.names().name {
        name if name.is_empty() => ctx.reply.null(),
        name => ctx.reply.bulk(&name),
    }
    Ok(())
}
