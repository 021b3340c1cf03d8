//! HELLO, AUTH, RESET, QUIT, PING, ECHO, SELECT: a client and its own connection.

use std::sync::atomic::Ordering::Relaxed;

use resp::{Args, Protocol};
use store::command::{ArgCursor, Categories, CommandError, Flags, Group, Spec, parse_i64};

use super::{ServerCommand, ServerCtx, monitor};
use crate::acl::DEFAULT_USER;
use crate::session::ReplyMode;
use crate::version;

const ALWAYS: Flags = Flags::LOADING.union(Flags::STALE).union(Flags::FAST);
const HANDSHAKE: Flags = ALWAYS
    .union(Flags::NOSCRIPT)
    .union(Flags::NO_AUTH)
    .union(Flags::ALLOW_BUSY);

const DEFAULT: Spec = Spec {
    group: Group::Connection,
    categories: Categories::CONNECTION,
    ..Spec::DEFAULT
};

pub(super) static COMMANDS: &[&ServerCommand] =
    &[&HELLO, &AUTH, &RESET, &QUIT, &PING, &ECHO, &SELECT];

static HELLO: ServerCommand = ServerCommand {
    spec: Spec {
        name: "hello",
        summary: "Switches the protocol, and authenticates and names the connection on the way.",
        since: "6.0.0",
        arity: -1,
        flags: HANDSHAKE,
        syntax: "[protover [AUTH username password] [SETNAME clientname]]",
        ..DEFAULT
    },
    run: hello,
    subcommands: &[],
};

static AUTH: ServerCommand = ServerCommand {
    spec: Spec {
        name: "auth",
        summary: "Authenticates the connection.",
        complexity: "O(N) where N is the number of passwords defined for the user",
        arity: -2,
        flags: HANDSHAKE,
        syntax: "[username] password",
        ..DEFAULT
    },
    run: auth,
    subcommands: &[],
};

static RESET: ServerCommand = ServerCommand {
    spec: Spec {
        name: "reset",
        summary: "Puts the connection back to how it was when it was opened.",
        since: "6.2.0",
        flags: HANDSHAKE,
        ..DEFAULT
    },
    run: reset,
    subcommands: &[],
};

static QUIT: ServerCommand = ServerCommand {
    spec: Spec {
        name: "quit",
        summary: "Closes the connection once what was sent before is answered.",
        arity: -1,
        flags: HANDSHAKE,
        ..DEFAULT
    },
    run: quit,
    subcommands: &[],
};

static PING: ServerCommand = ServerCommand {
    spec: Spec {
        name: "ping",
        summary: "Answers PONG, or its argument.",
        arity: -1,
        flags: Flags::FAST,
        syntax: "[message]",
        ..DEFAULT
    },
    run: ping,
    subcommands: &[],
};

static ECHO: ServerCommand = ServerCommand {
    spec: Spec {
        name: "echo",
        summary: "Answers its argument.",
        arity: 2,
        flags: ALWAYS,
        syntax: "message",
        ..DEFAULT
    },
    run: echo,
    subcommands: &[],
};

static SELECT: ServerCommand = ServerCommand {
    spec: Spec {
        name: "select",
        summary: "Selects the database of the connection.",
        arity: 2,
        flags: ALWAYS,
        syntax: "index",
        ..DEFAULT
    },
    run: select,
    subcommands: &[],
};

/// What HELLO asks for.
struct HelloArgs<'a> {
    protocol: Option<Protocol>,
    options: ArgCursor<'a>,
}

impl<'a> HelloArgs<'a> {
    fn parse(args: Args<'a>) -> Result<Self, CommandError> {
        let Some(version) = args.try_get(1) else {
            return Ok(HelloArgs {
                protocol: None,
                options: ArgCursor::new(args, 1),
            });
        };
        let version = parse_i64(version).map_err(|_| {
            CommandError::text("ERR Protocol version is not an integer or out of range")
        })?;
        let protocol = match version {
            2 => Protocol::Resp2,
            3 => Protocol::Resp3,
            _ => return Err(CommandError::text("NOPROTO unsupported protocol version")),
        };
        Ok(HelloArgs {
            protocol: Some(protocol),
            options: ArgCursor::new(args, 2),
        })
    }
}

fn hello(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let HelloArgs {
        protocol,
        mut options,
    } = HelloArgs::parse(args)?;
    // Options act in their order, and stay done when a later one is wrong.
    while let Some(option) = options.next_arg() {
        if option.eq_ignore_ascii_case(b"auth") && options.remaining() >= 2 {
            let (user, password) = (options.expect()?, options.expect()?);
            ctx.session.log_in(ctx.core, user, password, args.get(0))?;
        } else if option.eq_ignore_ascii_case(b"setname") && options.remaining() >= 1 {
            let name = checked_name(options.expect()?)?;
            ctx.session
                .client
                .edit_names(|names| names.name = name.to_vec());
        } else {
            return Err(CommandError::quoting(
                "ERR Syntax error in HELLO option '",
                option,
                "'",
            ));
        }
    }
    if ctx.session.access.is_locked() {
        return Err(CommandError::text(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
        ));
    }
    if let Some(protocol) = protocol {
        ctx.session.set_protocol(protocol);
        ctx.reply.set_protocol(protocol);
    }
    write_greeting(ctx);
    Ok(())
}

fn write_greeting(ctx: &mut ServerCtx<'_>) {
    let reply = &mut ctx.reply;
    reply.map(7);
    reply.bulk(b"server");
    reply.bulk(b"redis");
    reply.bulk(b"version");
    reply.bulk(version::REDIS.as_bytes());
    reply.bulk(b"proto");
    reply.integer(if ctx.session.protocol == Protocol::Resp3 {
        3
    } else {
        2
    });
    reply.bulk(b"id");
    reply.integer(ctx.session.client.id as i64);
    reply.bulk(b"mode");
    reply.bulk(b"standalone");
    reply.bulk(b"role");
    reply.bulk(b"master");
    reply.bulk(b"modules");
    reply.array(0);
}

/// A client's name, or the error it cannot have: CLIENT LIST separates fields by spaces.
pub(super) fn checked_name(name: &[u8]) -> Result<&[u8], CommandError> {
    match name.iter().all(u8::is_ascii_graphic) {
        true => Ok(name),
        false => Err(CommandError::text(
            "ERR Client names cannot contain spaces, newlines or special characters.",
        )),
    }
}

fn auth(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (user, password) = match args.len() {
        2 if ctx.core.server.acl.is_unprotected() => {
            return Err(CommandError::text(
                "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
            ));
        }
        2 => (DEFAULT_USER.as_bytes(), args.get(1)),
        3 => (args.get(1), args.get(2)),
        _ => return Err(CommandError::Syntax),
    };
    ctx.session.log_in(ctx.core, user, password, args.get(0))?;
    ctx.reply.ok();
    Ok(())
}

fn reset(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    monitor::stop(ctx.core, ctx.session);
    let session = &mut *ctx.session;
    session.log_out(ctx.core);
    if let Some(transaction) = &mut session.transaction {
        transaction.discard(&session.client);
    }
    session.subscriptions = None;
    session.tracking = None;
    session.select(0);
    session.set_protocol(Protocol::Resp2);
    session.reply_mode = ReplyMode::On;
    session.no_touch = false;
    session.client.no_evict.store(false, Relaxed);
    session.client.no_touch.store(false, Relaxed);
    session.client.edit_names(|names| names.name.clear());
    ctx.reply.set_protocol(Protocol::Resp2);
    ctx.reply.simple("RESET");
    Ok(())
}

fn quit(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    ctx.session.closing = true;
    // Whoever reads the reply may count on it that nobody finds this connection any more.
    ctx.session.subscriptions = None;
    ctx.session.tracking = None;
    ctx.session.client.is_leaving.store(true, Relaxed);
    ctx.reply.ok();
    Ok(())
}

fn ping(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    match args.len() {
        1 | 2 if ctx.session.is_resp2_subscriber() => {
            ctx.reply.array(2);
            ctx.reply.bulk(b"pong");
            ctx.reply.bulk(args.try_get(1).unwrap_or_default());
        }
        1 => ctx.reply.simple("PONG"),
        2 => ctx.reply.bulk(args.get(1)),
        _ => return Err(CommandError::Arity("ping".into())),
    }
    Ok(())
}

fn echo(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    ctx.reply.bulk(args.get(1));
    Ok(())
}

fn select(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let index = parse_i64(args.get(1))?;
    if i32::try_from(index).is_err() {
        return Err(CommandError::text(
            "ERR value is out of range, value must between -2147483648 and 2147483647",
        ));
    }
    let index = usize::try_from(index).map_err(|_| CommandError::DbIndex)?;
    if index >= ctx.core.settings().databases {
        return Err(CommandError::DbIndex);
    }
    ctx.session.select(index);
    ctx.reply.ok();
    Ok(())
}
