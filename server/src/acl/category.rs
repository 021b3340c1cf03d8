//! Categories of commands: what `+@name` and `-@name` speak of, and what COMMAND INFO and ACL CAT show. All of it is
//! read from the commands' declarations.

use store::command::{Categories, Flags, Group, Spec};

/// The names, in the order they are shown.
pub const NAMES: [&str; 21] = [
    "keyspace",
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "pubsub",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
];

/// One category: its place in [`NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Category(usize);

impl Category {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Category> {
        (0..NAMES.len()).map(Category)
    }

    /// The category of this name, in any case.
    pub fn named(name: &[u8]) -> Option<Category> {
        Category::all().find(|category| category.name().as_bytes().eq_ignore_ascii_case(name))
    }

    /// Its name, without the `@`.
    pub fn name(self) -> &'static str {
        NAMES[self.0]
    }
}

/// The categories of one command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CategorySet(u32);

impl CategorySet {
    /// Those of a declaration: of its group and flags, and those it names.
    pub fn of(spec: &Spec) -> Self {
        let bit = |category: Category| u32::from(is_in(spec, category.name())) << category.0;
        CategorySet(Category::all().map(bit).fold(0, |bits, bit| bits | bit))
    }

    /// Whether a category is among them.
    pub fn contains(self, category: Category) -> bool {
        self.0 & 1 << category.0 != 0
    }
}

/// The names of a command's categories, in their order.
pub fn names_of(spec: &Spec) -> impl Iterator<Item = &'static str> + Clone {
    let set = CategorySet::of(spec);
    (0..NAMES.len())
        .map(Category)
        .filter(move |category| set.contains(*category))
        .map(Category::name)
}

fn is_in(spec: &Spec, category: &str) -> bool {
    let flag = |flag| spec.flags.contains(flag);
    let declared = |category| spec.categories.contains(category);
    match category {
        "keyspace" => declared(Categories::KEYSPACE),
        "read" => flag(Flags::READONLY) && !declared(Categories::SCRIPTING),
        "write" => flag(Flags::WRITE),
        "set" => spec.group == Group::Set || declared(Categories::SET),
        "sortedset" => spec.group == Group::SortedSet || declared(Categories::SORTED_SET),
        "list" => spec.group == Group::List || declared(Categories::LIST),
        "hash" => spec.group == Group::Hash,
        "string" => spec.group == Group::String,
        "bitmap" => declared(Categories::BITMAP),
        "hyperloglog" => declared(Categories::HYPERLOGLOG),
        "geo" => declared(Categories::GEO),
        "stream" => declared(Categories::STREAM),
        "pubsub" => flag(Flags::PUBSUB),
        "admin" => flag(Flags::ADMIN) || declared(Categories::ADMIN),
        "fast" => flag(Flags::FAST),
        "slow" => !flag(Flags::FAST),
        "blocking" => flag(Flags::BLOCKING),
        "dangerous" => flag(Flags::ADMIN) || declared(Categories::DANGEROUS),
        "connection" => declared(Categories::CONNECTION),
        "transaction" => declared(Categories::TRANSACTION),
        "scripting" => declared(Categories::SCRIPTING),
        _ => false,
    }
}
