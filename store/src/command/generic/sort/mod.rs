//! SORT and SORT_RO: the elements of a list, set or sorted set in another order.
//!
//! The elements are copied first: what they are ordered by and shown as may lie at any
//! other key, and looking there may remove what is due.

mod elements;
mod options;
mod order;
mod pattern;
#[cfg(test)]
mod tests;

use resp::Args;

use super::GENERIC;
use crate::command::{
    ArgCursor, Begin, Breath, Categories, CommandError, Ctx, DataCommand, EventClass, Find, Flags,
    Key, KeyFlags, KeySpec, Keys, Routing, Spec,
};
use crate::types::{List, Side};
use crate::value::{IntText, StringRef, Value, ValueRef};
use elements::{Elements, sortable_len};
use options::{By, Comparison, Dialect, Direction, SortOptions};
use order::{Collation, Weights};
use pattern::Pattern;

/// The key to sort.
const SORTED: KeySpec = KeySpec::at(1, KeyFlags::RO.union(KeyFlags::ACCESS));
/// Keys named by the elements.
const LOOKED_UP: KeySpec = KeySpec {
    begin: Begin::Unknown,
    find: Find::Unknown,
    flags: KeyFlags::RO.union(KeyFlags::ACCESS),
    notes: "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
};
/// The key to store at.
const STORED: KeySpec = KeySpec {
    begin: Begin::Unknown,
    find: Find::Unknown,
    flags: KeyFlags::OW.union(KeyFlags::UPDATE),
    notes: "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
};

/// What both commands have in common.
const SORTING: Spec = Spec {
    complexity: "O(N+M*log(M)) where N is the number of elements in the list or set to sort, and M the number of returned elements. When the elements are not sorted, complexity is O(N).",
    arity: -2,
    categories: Categories::SET
        .union(Categories::SORTED_SET)
        .union(Categories::LIST)
        .union(Categories::DANGEROUS),
    routing: Routing::All,
    hidden_reads: Some(looked_up_by),
    ..GENERIC
};

/// The first option that looks up other keys: BY with a pattern that names any, or GET.
fn looked_up_by(args: Args<'_>) -> Option<&'static str> {
    let mut cursor = ArgCursor::new(args, 2);
    while let Some(option) = cursor.next_arg() {
        let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
        if is("LIMIT") {
            cursor.next_arg();
            cursor.next_arg();
        } else if is("STORE") {
            cursor.next_arg();
        } else if is("BY") {
            if cursor.next_arg()?.contains(&b'*') {
                return Some("BY");
            }
        } else if is("GET") && !cursor.is_done() {
            return Some("GET");
        }
    }
    None
}

pub(in crate::command::generic) static SORT: DataCommand = DataCommand {
    spec: Spec {
        name: "sort",
        summary: "Gives or stores the elements of a list, set or sorted set in order, or what they name.",
        flags: Flags::WRITE.union(Flags::DENYOOM).union(Flags::MOVABLEKEYS),
        keys: &[SORTED, LOOKED_UP, STORED],
        more_keys: Some(find_stored),
        syntax: "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA] [STORE destination]",
        ..SORTING
    },
    run: |ctx, args| sort(ctx, args, Dialect::Storing),
    subcommands: &[],
};

/// Shows the key of the last STORE, without minding whether the other options are right.
fn find_stored(args: Args<'_>, visit: &mut dyn FnMut(usize, KeyFlags)) {
    let mut cursor = ArgCursor::new(args, 2);
    let mut stored = None;
    while let Some(option) = cursor.next_arg() {
        let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
        if is("LIMIT") {
            cursor.next_arg();
            cursor.next_arg();
        } else if is("BY") || is("GET") {
            cursor.next_arg();
        } else if is("STORE") && !cursor.is_done() {
            stored = Some(cursor.position());
        }
    }
    if let Some(index) = stored {
        visit(index, STORED.flags);
    }
}

pub(in crate::command::generic) static SORT_RO: DataCommand = DataCommand {
    spec: Spec {
        name: "sort_ro",
        summary: "Gives the elements of a list, set or sorted set in order, or what they name.",
        since: "7.0.0",
        flags: Flags::READONLY.union(Flags::MOVABLEKEYS),
        keys: &[SORTED, LOOKED_UP],
        syntax: "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA]",
        ..SORTING
    },
    run: |ctx, args| sort(ctx, args, Dialect::ReadOnly),
    subcommands: &[],
};

fn sort(ctx: &mut Ctx<'_>, args: Args<'_>, dialect: Dialect) -> Result<(), CommandError> {
    let options = SortOptions::parse(ArgCursor::new(args, 2), dialect)?;
    let key = ctx.keys.arg(args, 1);
    let sorted = Sorted::of(key, &options, &mut ctx.keys)?;
    match options.store {
        None => reply(ctx, &sorted, &options.get),
        Some(index) => {
            let destination = ctx.keys.arg(args, index);
            store(ctx, &sorted, &options.get, destination);
        }
    }
    Ok(())
}

/// Sorting leaves a sorted set in its big form, as it does in Redis, where clients see it in OBJECT ENCODING.
fn unpack(key: Key<'_>, keys: &mut Keys<'_>) -> Result<(), CommandError> {
    let seed = keys.seed();
    if let Some(mut zset) = keys.edit_zset(key)? {
        zset.unpack(&seed);
    }
    Ok(())
}

/// Elements and the places of those to show, in order.
#[derive(Default)]
struct Sorted {
    elements: Elements,
    places: Vec<usize>,
    /// None where there is nothing to show.
    breath: Option<Breath>,
}

impl Sorted {
    fn of(
        key: Key<'_>,
        options: &SortOptions<'_>,
        keys: &mut Keys<'_>,
    ) -> Result<Self, CommandError> {
        if let Some(ValueRef::Zset(_)) = keys.view(key) {
            unpack(key, keys)?;
        }
        let pace = keys.pace();
        let scripted = keys.is_scripted();
        let len = keys.read(key).map(sortable_len).transpose()?;
        let breath = pace.over(len.unwrap_or(0))?;
        // What BY and GET name is looked up from here on.
        keys.count_lookups();
        let (Some(value), Some(len)) = (keys.view(key), len) else {
            return Ok(Sorted::default());
        };
        let range = options.limit.range(len);
        let (by, comparison) = match (value, options.by) {
            // What is stored, or a script learns, must not depend on the accidental order of a set.
            (ValueRef::Set(_), By::Nothing) if options.store.is_some() || scripted => {
                (By::Element, Comparison::Alphabetic)
            }
            (_, by) => (by, options.comparison),
        };
        if by == By::Nothing {
            let elements = Elements::of(value, range, options.direction, breath);
            let places = (0..elements.len()).collect();
            return Ok(Sorted {
                elements,
                places,
                breath: Some(breath),
            });
        }
        let elements = Elements::of(value, 0..len, Direction::Ascending, breath);
        let weights = Weights::of(&elements, by, comparison, keys, breath)?;
        let collation = match options.store {
            Some(_) => Collation::Bytes,
            None => Collation::CStrings,
        };
        let places = weights.order(&elements, options.direction, collation, range, breath);
        Ok(Sorted {
            elements,
            places,
            breath: Some(breath),
        })
    }

    /// How many values [`for_each_value`](Self::for_each_value) shows.
    fn values_len(&self, get: &[Pattern<'_>]) -> usize {
        self.places.len() * get.len().max(1)
    }

    /// Shows what `get` makes of each element, one after the other.
    fn for_each_value(
        &self,
        get: &[Pattern<'_>],
        keys: &mut Keys<'_>,
        mut f: impl FnMut(Option<StringRef<'_>>),
    ) {
        let get = match get {
            [] => &[Pattern::Element],
            get => get,
        };
        let mut name = Vec::new();
        let mut breath = self.breath;
        for &place in &self.places {
            if let Some(breath) = &mut breath {
                breath.element();
            }
            for pattern in get {
                f(pattern.value(keys, self.elements.get(place), &mut name));
            }
        }
    }
}

fn reply(ctx: &mut Ctx<'_>, sorted: &Sorted, get: &[Pattern<'_>]) {
    ctx.reply.array(sorted.values_len(get));
    sorted.for_each_value(get, &mut ctx.keys, |value| match value {
        Some(value) => value.reply(&mut ctx.reply),
        None => ctx.reply.null(),
    });
}

/// Puts what would have been the reply at `destination` as a list; deletes what is there when that is empty.
fn store(ctx: &mut Ctx<'_>, sorted: &Sorted, get: &[Pattern<'_>], destination: Key<'_>) {
    let (mut list, mut text) = (List::new(), IntText::new());
    sorted.for_each_value(get, &mut ctx.keys, |value| {
        let element = value.map_or(&b""[..], |value| value.as_bytes(&mut text));
        list.push(Side::Right, element, &ctx.config.encoding);
    });
    let len = list.len();
    if len > 0 {
        ctx.keys.put(destination, Value::List(list), None);
        ctx.keys.changed(EventClass::LIST, "sortstore", destination);
        ctx.keys.add_dirty(len as u64 - 1);
    } else if ctx.keys.delete_destination(destination) {
        ctx.keys.changed(EventClass::GENERIC, "del", destination);
    }
    ctx.reply.integer(len as i64);
}
