//! ACL: the declarations of its subcommands, and those that change nothing.

mod log;
mod users;

pub(crate) use users::disconnect;

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, Spec, parse_i64};

use super::DEFAULT_USER;
use super::category::{Category, NAMES};
use super::check::Denial;
use crate::command::{ServerCommand, ServerCtx, help, subcommand, syntax_of_subcommand};

pub(crate) static COMMANDS: &[&ServerCommand] = &[&ACL];

const DEFAULT: Spec = Spec {
    since: "6.0.0",
    group: Group::Server,
    arity: 2,
    flags: Flags::NOSCRIPT.union(Flags::LOADING).union(Flags::STALE),
    ..Spec::DEFAULT
};
const ADMIN: Spec = Spec {
    flags: DEFAULT.flags.union(Flags::ADMIN),
    ..DEFAULT
};
const PER_USER: &str = "O(N). Where N is the number of configured users.";

/// Most bits of a generated password.
const PASSWORD_BITS_MAX: i64 = 4096;

static ACL: ServerCommand = ServerCommand {
    spec: Spec {
        name: "acl",
        summary: "A container for commands about users and their rights.",
        complexity: "Depends on subcommand.",
        arity: -2,
        flags: Flags::empty(),
        ..DEFAULT
    },
    run: help::container,
    subcommands: &[
        subcommand(
            Spec {
                name: "cat",
                summary: "Lists the categories of commands, or the commands of one.",
                complexity: "O(1) since the categories and commands are a fixed set.",
                arity: -2,
                syntax: "[categoryname]",
                ..DEFAULT
            },
            cat,
        ),
        subcommand(
            Spec {
                name: "deluser",
                summary: "Deletes users and closes their connections.",
                complexity: "O(1) amortized time considering the typical user.",
                arity: -3,
                syntax: "username [username ...]",
                ..ADMIN
            },
            users::deluser,
        ),
        subcommand(
            Spec {
                name: "dryrun",
                summary: "Tells whether a user could run a command, without running it.",
                since: "7.0.0",
                complexity: "O(1).",
                arity: -4,
                syntax: "username command [arg [arg ...]]",
                ..ADMIN
            },
            dryrun,
        ),
        subcommand(
            Spec {
                name: "genpass",
                summary: "Makes a password that cannot be guessed.",
                arity: -2,
                syntax: "[bits]",
                ..DEFAULT
            },
            genpass,
        ),
        subcommand(
            Spec {
                name: "getuser",
                summary: "Describes a user, part by part.",
                complexity: "O(N). Where N is the number of password, command and pattern rules that the user has.",
                arity: 3,
                syntax: "username",
                ..ADMIN
            },
            users::getuser,
        ),
        subcommand(
            Spec {
                name: "list",
                summary: "Describes all users as lines of a configuration file.",
                complexity: PER_USER,
                ..ADMIN
            },
            users::list,
        ),
        subcommand(
            Spec {
                name: "load",
                summary: "Reads the users from the file of users again.",
                complexity: PER_USER,
                ..ADMIN
            },
            users::load,
        ),
        subcommand(
            Spec {
                name: "log",
                summary: "Lists what was denied of late, or forgets it.",
                complexity: "O(N) with N being the number of entries shown.",
                arity: -2,
                syntax: "[count | RESET]",
                ..ADMIN
            },
            log::log,
        ),
        subcommand(
            Spec {
                name: "save",
                summary: "Writes the users to the file of users.",
                complexity: PER_USER,
                ..ADMIN
            },
            users::save,
        ),
        subcommand(
            Spec {
                name: "setuser",
                summary: "Creates or changes a user, rule by rule.",
                complexity: "O(N). Where N is the number of rules provided.",
                arity: -3,
                syntax: "username [rule [rule ...]]",
                ..ADMIN
            },
            users::setuser,
        ),
        subcommand(
            Spec {
                name: "users",
                summary: "Lists the names of all users.",
                complexity: PER_USER,
                ..ADMIN
            },
            users::users,
        ),
        subcommand(
            Spec {
                name: "whoami",
                summary: "Returns the user of this connection.",
                ..DEFAULT
            },
            whoami,
        ),
        help::subcommand(Group::Server, "6.0.0", Categories::empty()),
    ],
};

fn whoami(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    ctx.reply.bulk(ctx.session.access.user().name());
    Ok(())
}

fn cat(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    match args.len() {
        2 => {
            ctx.reply.array(NAMES.len());
            NAMES
                .iter()
                .for_each(|name| ctx.reply.bulk(name.as_bytes()));
        }
        3 => {
            let name = args.get(2);
            let category = Category::named(name).ok_or_else(|| {
                CommandError::quoting("ERR Unknown category '", &name[..name.len().min(128)], "'")
            })?;
            let catalog = &ctx.core.server.acl.catalog;
            ctx.reply.array(catalog.in_category(category).count());
            for id in catalog.in_category(category) {
                ctx.reply.bulk(catalog.get(id).full_name.as_bytes());
            }
        }
        _ => return Err(syntax_of_subcommand(args)),
    }
    Ok(())
}

fn genpass(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let bits = match args.len() {
        2 => 256,
        3 => parse_i64(args.get(2))?,
        _ => return Err(syntax_of_subcommand(args)),
    };
    if !(1..=PASSWORD_BITS_MAX).contains(&bits) {
        return Err(CommandError::text(
            "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096",
        ));
    }
    let digits = (bits as usize).div_ceil(4);
    let mut random = [0; PASSWORD_BITS_MAX as usize / 8];
    getrandom::fill(&mut random).map_err(|error| {
        CommandError::Text(format!("ERR the system has no random numbers: {error}").into())
    })?;
    let digit = |at: usize| b"0123456789abcdef"[usize::from(random[at / 2] >> (at % 2 * 4) & 15)];
    let password: Vec<u8> = (0..digits).map(digit).collect();
    ctx.reply.bulk(&password);
    Ok(())
}

fn dryrun(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let server = &ctx.core.server;
    let user = server
        .acl
        .get(args.get(2))
        .ok_or_else(|| CommandError::quoting("ERR User '", args.get(2), "' not found"))?;
    let inner = args.tail(3);
    let not_found = || CommandError::quoting("ERR Command '", inner.get(0), "' not found");
    let command = server
        .registry
        .find(inner.get(0))
        .and_then(|command| match inner.try_get(1) {
            Some(sub) if !command.subcommands.is_empty() => server.registry.find_sub(command, sub),
            _ => Some(command),
        })
        .ok_or_else(not_found)?;
    if !command.spec.arity_allows(inner.len()) {
        return Err(CommandError::Arity(command.full_name.clone().into()));
    }
    let (what, object, kind) = match user.check(command, inner) {
        Ok(()) => {
            ctx.reply.ok();
            return Ok(());
        }
        Err(Denial::Command | Denial::Tenant) => ("run", command.full_name.as_bytes(), "command"),
        Err(Denial::Key(index)) => ("access", inner.get(index), "key"),
        Err(Denial::Channel(index)) => ("access", inner.get(index), "channel"),
    };
    let mut text = format!("This user has no permissions to {what} the '").into_bytes();
    text.extend_from_slice(object);
    text.extend_from_slice(format!("' {kind}").as_bytes());
    ctx.reply.bulk(&text);
    Ok(())
}

/// Refuses to delete the default user.
fn check_deletable(name: &[u8]) -> Result<(), CommandError> {
    match name == DEFAULT_USER.as_bytes() {
        true => Err(CommandError::text(
            "ERR The 'default' user cannot be removed",
        )),
        false => Ok(()),
    }
}
