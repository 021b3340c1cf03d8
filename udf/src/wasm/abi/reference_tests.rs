//! docs/functions/abi.md against the imports as the engine defines them: names, parameters, results.

use std::collections::BTreeMap;

use wasmtime::{ExternType, Linker, Store, StoreLimits, ValType};

use super::super::guest::Guest;
use super::super::runtime;
use super::{MODULE, NAMES, link};

const REFERENCE: &str = include_str!("../../../../docs/functions/abi.md");

/// The types of an import, as `(i32, i64) -> i32`.
type Types = String;

fn defined() -> BTreeMap<String, Types> {
    let engine = runtime::engine().expect("this machine is known");
    let mut linker = Linker::new(&engine);
    link(&mut linker).expect("no name is defined twice");
    let mut store = Store::new(&engine, Guest::new(StoreLimits::default()));
    let items: Vec<_> = linker
        .iter(&mut store)
        .map(|(module, name, item)| {
            assert_eq!(module, MODULE, "{name}");
            (name.to_owned(), item)
        })
        .collect();
    let types = items.into_iter().map(|(name, item)| match item.ty(&store) {
        ExternType::Func(ty) => {
            let list = |types: &mut dyn Iterator<Item = ValType>| {
                types
                    .map(|ty| ty.to_string())
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let types = format!(
                "({}) -> {}",
                list(&mut ty.params()),
                list(&mut ty.results())
            );
            (name, types)
        }
        other => panic!("{name} is no function: {other:?}"),
    });
    types.collect()
}

/// What stands in the tables below "Imports": `name(a, b i64) -> i32`, types being `i32` where there is none.
fn documented() -> BTreeMap<String, Types> {
    let (_, imports) = REFERENCE
        .split_once("\n## Imports\n")
        .expect("it has the part");
    let signatures = imports.lines().filter_map(|line| {
        let (signature, _) = line.strip_prefix("| `")?.split_once('`')?;
        let (name, rest) = signature.split_once('(')?;
        let (params, result) = rest.split_once(')')?;
        let ty = |param: &str| param.split_whitespace().nth(1).unwrap_or("i32").to_owned();
        let params: Vec<String> = params
            .split(',')
            .filter(|param| !param.trim().is_empty())
            .map(ty)
            .collect();
        let result = result.trim().trim_start_matches("-> ");
        Some((
            name.to_owned(),
            format!("({}) -> {result}", params.join(", ")),
        ))
    });
    signatures.collect()
}

#[test]
fn the_reference_has_every_import_as_it_is() {
    let defined = defined();
    assert_eq!(documented(), defined);
    let mut names = NAMES.to_vec();
    names.sort_unstable();
    assert_eq!(names, defined.keys().collect::<Vec<_>>());
}
