//! XGROUP: consumer groups come, go and move.

use resp::Args;

use super::id::{parse_id, parse_id_or_end};
use super::{CONTAINER, HELP, STREAM, no_group, subcommand_syntax};
use crate::command::{
    ArgCursor, CommandError, Ctx, DataCommand, Edit, EventClass, Flags, Key, KeyFlags, KeySpec,
    Keys, Spec,
};
use crate::types::Stream;
use crate::types::stream::Id;

pub(super) static XGROUP: DataCommand = DataCommand {
    spec: Spec {
        name: "xgroup",
        summary: "Holds the commands that change consumer groups.",
        ..CONTAINER
    },
    run: |_, _| Err(CommandError::Syntax),
    subcommands: &[
        CREATE,
        CREATECONSUMER,
        DELCONSUMER,
        DESTROY,
        GROUP_HELP,
        SETID,
    ],
};

/// The key of a subcommand.
const fn key(change: KeyFlags) -> KeySpec {
    KeySpec::at(2, KeyFlags::RW.union(change))
}

const KEY_MISSING: CommandError = CommandError::text(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.",
);
const NEGATIVE_READ: CommandError =
    CommandError::text("ERR value for ENTRIESREAD must be positive or -1");
const GROUP_EXISTS: CommandError =
    CommandError::text("BUSYGROUP Consumer Group name already exists");

/// Most arguments of CREATE: one of each.
const CREATE_ARGS_MAX: usize = 8;
/// The arguments of SETID, without and with its option.
const SETID_ARGS: [usize; 2] = [5, 7];

/// What may follow the ID.
#[derive(Default)]
struct Options {
    make_stream: bool,
    entries_read: Option<u64>,
}

impl Options {
    fn parse(args: Args<'_>, may_make_stream: bool) -> Result<Self, CommandError> {
        let mut cursor = ArgCursor::new(args, 5);
        let mut options = Options::default();
        while !cursor.is_done() {
            if may_make_stream && cursor.keyword("MKSTREAM") {
                options.make_stream = true;
            } else if cursor.remaining() >= 2 && cursor.keyword("ENTRIESREAD") {
                options.entries_read = match cursor.expect_i64()? {
                    -1 => None,
                    count => Some(u64::try_from(count).map_err(|_| NEGATIVE_READ)?),
                };
            } else {
                return Err(subcommand_syntax(args));
            }
        }
        Ok(options)
    }
}

const CREATE: DataCommand = DataCommand {
    spec: Spec {
        name: "create",
        summary: "Creates a consumer group that begins to read after an ID.",
        arity: -5,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[key(KeyFlags::INSERT)],
        syntax: "key groupname <id | $> [MKSTREAM] [ENTRIESREAD entries_read]",
        ..STREAM
    },
    run: create,
    subcommands: &[],
};

fn create(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let options = Options::parse(args, true)?;
    let key = ctx.keys.arg(args, 2);
    let last_id = ctx.keys.edit_stream(key)?.map(|stream| stream.last_id());
    if last_id.is_none() && !options.make_stream {
        return Err(KEY_MISSING);
    }
    if args.len() > CREATE_ARGS_MAX {
        return Err(subcommand_syntax(args));
    }
    let read_up_to = match args.get(4) {
        b"$" => last_id.unwrap_or(Id::MIN),
        id => parse_id(id, 0)?,
    };
    let mut stream = ctx.keys.stream_or_create(key)?;
    let created = stream
        .groups_mut()
        .create(args.get(3), read_up_to, options.entries_read);
    drop(stream);
    match (last_id, created) {
        (None, _) => ctx.keys.changed(EventClass::STREAM, "xgroup-create", key),
        (Some(_), true) => group_changed(&mut ctx.keys, "xgroup-create", key),
        (Some(_), false) => return Err(GROUP_EXISTS),
    }
    ctx.reply.ok();
    Ok(())
}

/// A change of a group is none of the stream, to those who watch it.
fn group_changed(keys: &mut Keys<'_>, event: &'static str, key: Key<'_>) {
    keys.event(EventClass::STREAM, event, key);
    keys.add_dirty(1);
}

/// The stream, which has to be there.
fn existing<'k>(ctx: &'k mut Ctx<'_>, key: Key<'_>) -> Result<Edit<'k, Stream>, CommandError> {
    ctx.keys.edit_stream(key)?.ok_or(KEY_MISSING)
}

fn no_such_group(args: Args<'_>) -> CommandError {
    let (key, group) = (args.get(2), args.get(3));
    no_group(&[
        b"No such consumer group '",
        group,
        b"' for key name '",
        key,
        b"'",
    ])
}

const SETID: DataCommand = DataCommand {
    spec: Spec {
        name: "setid",
        summary: "Moves a consumer group to another ID.",
        arity: -5,
        flags: Flags::WRITE,
        keys: &[key(KeyFlags::UPDATE)],
        syntax: "key groupname <id | $> [ENTRIESREAD entries_read]",
        ..STREAM
    },
    run: set_id,
    subcommands: &[],
};

fn set_id(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let options = Options::parse(args, false)?;
    let key = ctx.keys.arg(args, 2);
    let mut stream = existing(ctx, key)?;
    let last_id = stream.last_id();
    let mut group = stream
        .groups_mut()
        .edit(args.get(3))
        .ok_or_else(|| no_such_group(args))?;
    if !SETID_ARGS.contains(&args.len()) {
        return Err(subcommand_syntax(args));
    }
    group.last_id = match args.get(4) {
        b"$" => last_id,
        id => parse_id_or_end(id, 0)?,
    };
    group.entries_read = options.entries_read;
    drop(group);
    drop(stream);
    group_changed(&mut ctx.keys, "xgroup-setid", key);
    ctx.reply.ok();
    Ok(())
}

const DESTROY: DataCommand = DataCommand {
    spec: Spec {
        name: "destroy",
        summary: "Removes a consumer group with all that is pending in it.",
        complexity: "O(N) where N is the number of entries in the group's pending entries list (PEL).",
        arity: 4,
        flags: Flags::WRITE,
        keys: &[key(KeyFlags::DELETE)],
        syntax: "key groupname",
        ..STREAM
    },
    run: destroy,
    subcommands: &[],
};

fn destroy(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 2);
    let removed = existing(ctx, key)?.groups_mut().remove(args.get(3));
    if removed {
        group_changed(&mut ctx.keys, "xgroup-destroy", key);
        // Whoever waits for something new to this group has to be told.
        ctx.keys.note_ready(key);
    }
    ctx.reply.integer(i64::from(removed));
    Ok(())
}

const CREATECONSUMER: DataCommand = DataCommand {
    spec: Spec {
        name: "createconsumer",
        summary: "Adds a consumer to a group.",
        since: "6.2.0",
        arity: 5,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[key(KeyFlags::INSERT)],
        syntax: "key groupname consumername",
        ..STREAM
    },
    run: create_consumer,
    subcommands: &[],
};

fn create_consumer(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let (key, now_ms) = (ctx.keys.arg(args, 2), ctx.now_ms);
    let mut stream = existing(ctx, key)?;
    let mut group = stream
        .groups_mut()
        .edit(args.get(3))
        .ok_or_else(|| no_such_group(args))?;
    let name = args.get(4);
    let created = group.consumer_named(name).is_none();
    if created {
        group.create_consumer(name, now_ms);
    }
    drop(group);
    drop(stream);
    if created {
        consumer_created(&mut ctx.keys, key);
    }
    ctx.reply.integer(i64::from(created));
    Ok(())
}

/// Tells of a consumer that was added, by name or by its first use.
pub(super) fn consumer_created(keys: &mut Keys<'_>, key: Key<'_>) {
    group_changed(keys, "xgroup-createconsumer", key);
}

const DELCONSUMER: DataCommand = DataCommand {
    spec: Spec {
        name: "delconsumer",
        summary: "Removes a consumer from a group and gives the number of entries pending with it.",
        arity: 5,
        flags: Flags::WRITE,
        keys: &[key(KeyFlags::DELETE)],
        syntax: "key groupname consumername",
        ..STREAM
    },
    run: delete_consumer,
    subcommands: &[],
};

fn delete_consumer(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let key = ctx.keys.arg(args, 2);
    let mut stream = existing(ctx, key)?;
    let mut group = stream
        .groups_mut()
        .edit(args.get(3))
        .ok_or_else(|| no_such_group(args))?;
    let removed = group.remove_consumer(args.get(4));
    drop(group);
    drop(stream);
    if removed.is_some() {
        group_changed(&mut ctx.keys, "xgroup-delconsumer", key);
    }
    ctx.reply.integer(removed.unwrap_or(0) as i64);
    Ok(())
}

const GROUP_HELP: DataCommand = DataCommand {
    spec: Spec {
        summary: "Explains the subcommands of XGROUP.",
        ..HELP
    },
    run: help,
    subcommands: &[],
};

const HELP_LINES: &[&str] = &[
    "XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CREATE <key> <group> <id|$> [MKSTREAM] [ENTRIESREAD <count>]",
    "    Creates a group that begins to read after <id>; $ is the stream's last one.",
    "    MKSTREAM creates the stream when there is none, ENTRIESREAD sets how much",
    "    of it the group is taken to have read.",
    "CREATECONSUMER <key> <group> <consumer>",
    "    Adds a consumer to the group.",
    "DELCONSUMER <key> <group> <consumer>",
    "    Removes a consumer, and what is pending with it.",
    "DESTROY <key> <group>",
    "    Removes the group.",
    "SETID <key> <group> <id|$> [ENTRIESREAD <count>]",
    "    Lets the group go on after <id>.",
    "HELP",
    "    Prints this help.",
];

fn help(ctx: &mut Ctx<'_>, _args: Args<'_>) -> Result<(), CommandError> {
    ctx.reply.lines(HELP_LINES);
    Ok(())
}
