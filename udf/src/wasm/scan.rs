//! A look over a module before anything is compiled: its size in every respect that costs time or memory, and what it wants from outside.
//!
//! Every refusal names what to change. What passes is valid WASM of the features that functions may use; it is not yet known to compile in time, see
//! [`super::compile`].

use wasmparser::{
    FunctionBody, ImportSectionReader, MemoryType, Operator, Parser, Payload, TableType, TypeRef,
    Validator, WasmFeatures,
};

use super::abi;
use super::limits::{
    BODY_BYTES_MAX, ITEMS_MAX, LOCALS_BLOCKS_MAX, LOCALS_MAX, Limits, PAGE_BYTES,
    TABLE_ELEMENTS_MAX, TABLES_MAX,
};
use super::text::one_line;
use crate::LoadError;

/// Looks a binary module over.
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) fn scan(module: &[u8], limits: &Limits) -> Result<(), LoadError> {
    if module.len() > limits.module_bytes_max {
        return refuse(format!(
            "the module has {} bytes, wasm-module-max-size allows {}: strip its debug information (wasm-strip, -O) or raise the limit",
            module.len(),
            limits.module_bytes_max
        ));
    }
    let mut counts = Counts::default();
    for payload in Parser::new(0).parse_all(module) {
        look_at(&payload.map_err(malformed)?, limits, &mut counts)?;
    }
    Validator::new_with_features(features())
        .validate_all(module)
        .map_err(malformed)?;
    Ok(())
}

/// The features functions may use; the engine is configured alike.
fn features() -> WasmFeatures {
    WasmFeatures::WASM2 | WasmFeatures::TAIL_CALL | WasmFeatures::EXTENDED_CONST
}

/// What is counted over a whole module.
#[derive(Default)]
struct Counts {
    memories: u32,
    tables: u32,
}

fn look_at(payload: &Payload<'_>, limits: &Limits, counts: &mut Counts) -> Result<(), LoadError> {
    match payload {
        Payload::Version { encoding, .. } if *encoding != wasmparser::Encoding::Module => {
            refuse("this is a component: build a core module (target wasm32-unknown-unknown)")
        }
        Payload::TypeSection(types) => few("types", types.count()),
        Payload::ImportSection(imports) => check_imports(imports.clone()),
        Payload::FunctionSection(functions) => {
            let (count, most) = (functions.count(), limits.functions_max);
            match count as usize > most {
                true => refuse(format!(
                    "the module has {count} functions, wasm-module-max-functions allows {most}: strip unused ones (--gc-sections, -O) or raise the limit"
                )),
                false => Ok(()),
            }
        }
        Payload::TableSection(tables) => {
            counts.tables += tables.count();
            tables
                .clone()
                .into_iter()
                .try_for_each(|table| check_table(&table.map_err(malformed)?.ty, counts.tables))
        }
        Payload::MemorySection(memories) => {
            counts.memories += memories.count();
            if counts.memories > 1 {
                return refuse(
                    "the module has several memories: functions have one, build without multi-memory",
                );
            }
            memories
                .clone()
                .into_iter()
                .try_for_each(|memory| check_memory(&memory.map_err(malformed)?, limits))
        }
        Payload::GlobalSection(globals) => few("globals", globals.count()),
        Payload::ExportSection(exports) => few("exports", exports.count()),
        Payload::ElementSection(elements) => few("element segments", elements.count()),
        Payload::DataSection(data) => few("data segments", data.count()),
        Payload::TagSection(_) => refuse("the module uses exceptions: build without them"),
        Payload::CodeSectionEntry(body) => check_body(body),
        _ => Ok(()),
    }
}

fn check_imports(imports: ImportSectionReader<'_>) -> Result<(), LoadError> {
    few("imports", imports.count())?;
    for import in imports.into_imports() {
        let import = import.map_err(malformed)?;
        let (module, name) = (import.module, import.name);
        match import.ty {
            TypeRef::Memory(_) => {
                return refuse(format!(
                    "the module imports its memory ('{module}' '{name}'): define and export one named memory (link without --import-memory)"
                ));
            }
            TypeRef::Table(_) | TypeRef::Global(_) | TypeRef::Tag(_) => {
                return refuse(format!(
                    "the module imports '{module}' '{name}', which is no function: define it in the module"
                ));
            }
            TypeRef::Func(_) | TypeRef::FuncExact(_) => {}
        }
        if module.starts_with("wasi_") {
            return refuse(format!(
                "the module imports '{name}' of WASI ('{module}'): functions have no operating system, build for wasm32-unknown-unknown without libc"
            ));
        }
        if module != abi::MODULE {
            return refuse(format!(
                "the module imports '{module}' '{name}': functions import from '{}' only (AssemblyScript: --use abort=)",
                abi::MODULE
            ));
        }
        if !abi::NAMES.contains(&name) {
            return refuse(format!(
                "'{}' has no function '{name}': see the list of its imports in docs/functions/abi.md",
                abi::MODULE
            ));
        }
    }
    Ok(())
}

fn check_memory(memory: &MemoryType, limits: &Limits) -> Result<(), LoadError> {
    if memory.memory64 {
        return refuse("the module's memory is 64-bit: build for wasm32");
    }
    if memory.shared {
        return refuse("the module's memory is shared: build without threads");
    }
    if memory.page_size_log2.is_some() {
        return refuse(
            "the module's memory has pages of its own size: build with the usual 64 KiB",
        );
    }
    let pages_max = (limits.memory_bytes_max / PAGE_BYTES) as u64;
    if memory.initial > pages_max {
        return refuse(format!(
            "the module's memory starts with {} pages of 64 KiB, wasm-memory-max allows {pages_max}: give it less (stack size, static data) or raise the limit",
            memory.initial
        ));
    }
    Ok(())
}

fn check_table(table: &TableType, tables: u32) -> Result<(), LoadError> {
    if table.table64 || table.shared {
        return refuse("the module's table is 64-bit or shared: build for wasm32 without threads");
    }
    if tables as usize > TABLES_MAX {
        return refuse(format!("the module has more than {TABLES_MAX} tables"));
    }
    if table.initial > TABLE_ELEMENTS_MAX as u64 {
        return refuse(format!(
            "the module's table starts with {} elements, {TABLE_ELEMENTS_MAX} are allowed",
            table.initial
        ));
    }
    Ok(())
}

/// Locals and blocks multiply in register allocation: a small body can take a compiler half a minute.
fn check_body(body: &FunctionBody<'_>) -> Result<(), LoadError> {
    let range = body.range();
    let (at, bytes) = (range.start, range.end - range.start);
    if bytes > BODY_BYTES_MAX {
        return refuse(format!(
            "the function at offset {at} has a body of {bytes} bytes, {BODY_BYTES_MAX} are allowed: split it or inline less (-Oz)"
        ));
    }
    let mut locals = 0usize;
    for group in body.get_locals_reader().map_err(malformed)? {
        let (count, _) = group.map_err(malformed)?;
        locals = locals.saturating_add(count as usize);
    }
    if locals > LOCALS_MAX {
        return refuse(format!(
            "the function at offset {at} has {locals} locals, {LOCALS_MAX} are allowed: split it or optimise (-O2)"
        ));
    }
    let mut blocks = 0usize;
    for operator in body.get_operators_reader().map_err(malformed)? {
        match operator.map_err(malformed)? {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::Else
            | Operator::BrIf { .. } => blocks += 1,
            Operator::BrTable { targets } => blocks += targets.len() as usize / 16 + 1,
            _ => {}
        }
    }
    match locals * blocks > LOCALS_BLOCKS_MAX {
        true => refuse(format!(
            "the function at offset {at} has {locals} locals and {blocks} blocks, their product may be {LOCALS_BLOCKS_MAX}: split it"
        )),
        false => Ok(()),
    }
}

fn few(what: &str, count: u32) -> Result<(), LoadError> {
    match count > ITEMS_MAX {
        true => refuse(format!(
            "the module has {count} {what}, {ITEMS_MAX} are allowed"
        )),
        false => Ok(()),
    }
}

fn refuse(reason: impl Into<String>) -> Result<(), LoadError> {
    Err(LoadError(reason.into()))
}

fn malformed(error: wasmparser::Error) -> LoadError {
    LoadError(format!(
        "not a WASM module that functions may be: {}",
        one_line(&error.to_string())
    ))
}
