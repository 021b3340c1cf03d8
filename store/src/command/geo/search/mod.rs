//! What lies in an area: GEOSEARCH and GEOSEARCHSTORE, and the older GEORADIUS family.

mod matches;
mod query;
mod reply;

use resp::Args;

use self::query::{Dialect, Query, Store, StoredScore};
use super::{GEO, KEY_RO_ACCESS, RO_ACCESS};
use crate::command::{
    Begin, CommandError, Ctx, DataCommand, EventClass, Find, Flags, KeyFlags, KeySpec, Spec,
};
use crate::types::Zset;
use crate::value::Value;

const SEARCH_COMPLEXITY: &str = "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around the shape provided as the filter and M is the number of items inside the shape";
const RADIUS_COMPLEXITY: &str = "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area delimited by center and radius and M is the number of items inside the index.";

pub(super) static GEOSEARCH: DataCommand = DataCommand {
    spec: Spec {
        name: "geosearch",
        summary: "Returns the members inside a circle or a box.",
        since: "6.2.0",
        complexity: SEARCH_COMPLEXITY,
        arity: -7,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key FROMMEMBER member | FROMLONLAT longitude latitude BYRADIUS radius M | KM | FT | MI | BYBOX width height M | KM | FT | MI [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
        ..GEO
    },
    run: |ctx, args| search(ctx, args, Dialect::Search),
    subcommands: &[],
};

pub(super) static GEOSEARCHSTORE: DataCommand = DataCommand {
    spec: Spec {
        name: "geosearchstore",
        summary: "Stores the members inside a circle or a box as another sorted set.",
        since: "6.2.0",
        complexity: SEARCH_COMPLEXITY,
        arity: -8,
        flags: Flags::WRITE.union(Flags::DENYOOM),
        keys: &[
            KeySpec::at(1, KeyFlags::OW.union(KeyFlags::UPDATE)),
            KeySpec::at(2, RO_ACCESS),
        ],
        syntax: "destination source FROMMEMBER member | FROMLONLAT longitude latitude BYRADIUS radius M | KM | FT | MI | BYBOX width height M | KM | FT | MI [ASC | DESC] [COUNT count [ANY]] [STOREDIST]",
        ..GEO
    },
    run: |ctx, args| search(ctx, args, Dialect::SearchStore),
    subcommands: &[],
};

pub(super) static GEORADIUS: DataCommand = DataCommand {
    spec: Spec {
        name: "georadius",
        summary: "Returns or stores the members within a distance from a position.",
        complexity: RADIUS_COMPLEXITY,
        arity: -6,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::MOVABLEKEYS),
        keys: &[
            KeySpec::at(1, RO_ACCESS),
            destination("STORE", 6),
            destination("STOREDIST", 6),
        ],
        more_keys: Some(|args, visit| find_last_destination(args, 6, visit)),
        syntax: "key longitude latitude radius M | KM | FT | MI [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key] [STOREDIST key]",
        ..GEO
    },
    run: |ctx, args| search(ctx, args, Dialect::Radius),
    subcommands: &[],
};

pub(super) static GEORADIUS_RO: DataCommand = DataCommand {
    spec: Spec {
        name: "georadius_ro",
        summary: "Returns the members within a distance from a position.",
        since: "3.2.10",
        complexity: RADIUS_COMPLEXITY,
        arity: -6,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key longitude latitude radius M | KM | FT | MI [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]",
        ..GEO
    },
    run: |ctx, args| search(ctx, args, Dialect::RadiusReadOnly),
    subcommands: &[],
};

pub(super) static GEORADIUSBYMEMBER: DataCommand = DataCommand {
    spec: Spec {
        name: "georadiusbymember",
        summary: "Returns or stores the members within a distance from one of them.",
        complexity: RADIUS_COMPLEXITY,
        arity: -5,
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::MOVABLEKEYS),
        keys: &[
            KeySpec::at(1, RO_ACCESS),
            destination("STORE", 5),
            destination("STOREDIST", 5),
        ],
        more_keys: Some(|args, visit| find_last_destination(args, 5, visit)),
        syntax: "key member radius M | KM | FT | MI [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] [STORE key] [STOREDIST key]",
        ..GEO
    },
    run: |ctx, args| search(ctx, args, Dialect::RadiusByMember),
    subcommands: &[],
};

pub(super) static GEORADIUSBYMEMBER_RO: DataCommand = DataCommand {
    spec: Spec {
        name: "georadiusbymember_ro",
        summary: "Returns the members within a distance from one of them.",
        since: "3.2.10",
        complexity: RADIUS_COMPLEXITY,
        arity: -5,
        flags: Flags::READONLY,
        keys: KEY_RO_ACCESS,
        syntax: "key member radius M | KM | FT | MI [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]",
        ..GEO
    },
    run: |ctx, args| search(ctx, args, Dialect::RadiusByMemberReadOnly),
    subcommands: &[],
};

/// The key after an option that stores the result.
const fn destination(option: &'static str, from: i32) -> KeySpec {
    KeySpec {
        begin: Begin::Keyword(option, from),
        find: Find::Range {
            last: 0,
            step: 1,
            limit: 0,
        },
        flags: KeyFlags::OW.union(KeyFlags::UPDATE),
        notes: "",
    }
}

/// Shows the last destination, which counts, when the key specs do not find it: they see only the first of each option.
fn find_last_destination(args: Args<'_>, from: usize, visit: &mut dyn FnMut(usize, KeyFlags)) {
    let is = |index: usize, option: &str| args.get(index).eq_ignore_ascii_case(option.as_bytes());
    let mut last = None;
    let mut index = from;
    while index + 1 < args.len() {
        if is(index, "STORE") || is(index, "STOREDIST") {
            index += 1;
            last = Some(index);
        }
        index += 1;
    }
    let seen_by_specs = |found: usize| {
        ["STORE", "STOREDIST"].into_iter().any(|option| {
            let first = (from..args.len()).find(|&index| is(index, option));
            first.is_some_and(|first| first + 1 == found)
        })
    };
    if let Some(found) = last.filter(|&found| !seen_by_specs(found)) {
        visit(found, KeyFlags::OW.union(KeyFlags::UPDATE));
    }
}

fn search(ctx: &mut Ctx<'_>, args: Args<'_>, dialect: Dialect) -> Result<(), CommandError> {
    let source = ctx.keys.arg(args, dialect.source_index());
    let seed = ctx.seed;
    let zset = ctx.keys.read_zset(source)?;
    let query = Query::parse(args, dialect, zset, &seed)?;
    let matches = match (zset, query.shape) {
        (Some(zset), Some(shape)) => query.run(zset, &shape),
        (None, _) | (_, None) => Vec::new(),
    };
    let Some(Store { index, score }) = query.store else {
        reply::reply(&mut ctx.reply, &query, &matches);
        return Ok(());
    };
    let scored = matches.iter().map(|found| {
        let score = match score {
            StoredScore::Position => found.score,
            StoredScore::Distance => query.in_unit(found.distance_m),
        };
        (found.member, score)
    });
    let result = Zset::from_unsorted(&seed, scored, &ctx.config.encoding);
    let stored = matches.len() as u64;
    store(ctx, args, index, result, dialect.event());
    ctx.keys.add_dirty(stored.saturating_sub(1));
    ctx.reply.integer(stored as i64);
    Ok(())
}

/// Puts the result at the key that argument `index` names, or deletes what is there when there is none.
fn store(ctx: &mut Ctx<'_>, args: Args<'_>, index: usize, result: Zset, event: &'static str) {
    let destination = ctx.keys.arg(args, index);
    if !result.is_empty() {
        ctx.keys.put(destination, Value::Zset(result), None);
        ctx.keys.changed(EventClass::ZSET, event, destination);
    } else if ctx.keys.delete(destination) {
        ctx.keys.changed(EventClass::GENERIC, "del", destination);
    }
}
