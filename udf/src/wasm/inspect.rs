//! A look at a module's exports and data, for mistakes that are better named here than by their consequences.

use wasmparser::{
    CompositeInnerType, DataKind, ExternalKind, FuncType, Operator, Parser, Payload, TypeRef,
    ValType,
};

use super::limits::PAGE_BYTES;
use super::program::LOAD_HOOK;
use super::text::to_binary;
use crate::LoadError;

/// What gives room for arguments.
const ALLOC_HOOK: &str = "redox_alloc";

/// What of a module matters here.
#[derive(Default)]
struct Module {
    types: Vec<FuncType>,
    /// The type of every function, imported ones first.
    functions: Vec<u32>,
    exported: Vec<(String, u32)>,
    has_memory: bool,
    exports_memory: bool,
    memory_pages: u64,
    /// Where active data segments begin and how long they are.
    segments: Vec<(u64, usize)>,
}

/// Looks a binary module over that passed the scan.
///
/// # Errors
/// The first mistake that keeps all of its functions from being called, and what to change.
pub(super) fn inspect(module: &[u8]) -> Result<(), LoadError> {
    let Ok(module) = Module::read(module) else {
        return Ok(());
    };
    module.check_memory()?;
    module.check_data()?;
    module.check_hook(LOAD_HOOK, "() -> i32", &[], &[ValType::I32])?;
    module.check_hook(ALLOC_HOOK, "(i32) -> i32", &[ValType::I32], &[ValType::I32])?;
    match module.meant().any(|(_, ty)| is_function(ty)) {
        true => Ok(()),
        false => module.check_functions(),
    }
}

/// Looks over what the library in `source` exports, as its author would like to know it: without `redox_load` each export is to be a function
/// that can be called, while the engine passes over those that cannot.
///
/// # Errors
/// The first that is none, and what to change.
pub fn check_exports(source: &[u8]) -> Result<(), LoadError> {
    let module = to_binary(source.strip_prefix(b"\n").unwrap_or(source))?;
    match Module::read(&module) {
        Ok(module) => module.check_functions(),
        Err(_) => Ok(()),
    }
}

/// What is said of a function that is registered and is none; nothing when there is no such export.
pub(super) fn explain_registered(module: &[u8], name: &str) -> Option<LoadError> {
    let module = Module::read(module).ok()?;
    module.type_of(name).map(|ty| wrong_type(name, ty))
}

fn is_function(ty: &FuncType) -> bool {
    ty.params() == [ValType::I32; 3] && ty.results() == [ValType::I32]
}

impl Module {
    fn read(bytes: &[u8]) -> wasmparser::Result<Self> {
        let mut module = Module::default();
        for payload in Parser::new(0).parse_all(bytes) {
            module.add(payload?)?;
        }
        Ok(module)
    }

    fn add(&mut self, payload: Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::TypeSection(groups) => {
                for group in groups {
                    for ty in group?.into_types() {
                        if let CompositeInnerType::Func(function) = ty.composite_type.inner {
                            self.types.push(function);
                        }
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    match import?.ty {
                        TypeRef::Func(ty) => self.functions.push(ty),
                        TypeRef::Memory(_) => self.has_memory = true,
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(functions) => {
                for ty in functions {
                    self.functions.push(ty?);
                }
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    self.has_memory = true;
                    self.memory_pages = memory?.initial;
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    match export.kind {
                        ExternalKind::Func => {
                            self.exported.push((export.name.to_owned(), export.index))
                        }
                        ExternalKind::Memory => self.exports_memory |= export.name == "memory",
                        _ => {}
                    }
                }
            }
            Payload::DataSection(segments) => {
                for segment in segments {
                    let segment = segment?;
                    if let DataKind::Active { offset_expr, .. } = segment.kind
                        && let Ok(Operator::I32Const { value }) =
                            offset_expr.get_operators_reader().read()
                    {
                        self.segments
                            .push((u64::from(value.cast_unsigned()), segment.data.len()));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn type_of(&self, export: &str) -> Option<&FuncType> {
        let (_, index) = self.exported.iter().find(|(name, _)| name == export)?;
        self.types
            .get(*self.functions.get(*index as usize)? as usize)
    }

    fn check_memory(&self) -> Result<(), LoadError> {
        match (self.exports_memory, self.has_memory) {
            (true, _) => Ok(()),
            (false, true) => Err(LoadError(
                "the module does not export its memory: export it as 'memory' (WAT: (memory (export \"memory\") 1); linker: leave out --no-export-memory)"
                    .into(),
            )),
            (false, false) => Err(LoadError(
                "the module has no memory, and arguments have no place: add one and export it as 'memory' (WAT: (memory (export \"memory\") 1))"
                    .into(),
            )),
        }
    }

    fn check_data(&self) -> Result<(), LoadError> {
        let page = PAGE_BYTES as u64;
        let room = self.memory_pages * page;
        for (nth, (at, len)) in self.segments.iter().enumerate() {
            let end = at + *len as u64;
            if end > room {
                return Err(LoadError(format!(
                    "data segment {nth} lies at bytes {at} to {end}, out of bounds of the memory's {room}: put it lower, or give the memory {} pages",
                    end.div_ceil(page)
                )));
            }
        }
        Ok(())
    }

    fn check_hook(
        &self,
        name: &str,
        wanted: &str,
        params: &[ValType],
        results: &[ValType],
    ) -> Result<(), LoadError> {
        match self.type_of(name) {
            Some(ty) if ty.params() != params || ty.results() != results => {
                Err(LoadError(format!(
                    "'{name}' has the type {}, it must be {wanted}: change its parameters and what it returns",
                    shown(ty)
                )))
            }
            _ => Ok(()),
        }
    }

    /// The exports that are meant to be called, and their types: all but hooks, and none when what is called is registered.
    fn meant(&self) -> impl Iterator<Item = (&str, &FuncType)> {
        let registers = self.type_of(LOAD_HOOK).is_some();
        let names = self.exported.iter().map(|(name, _)| name.as_str());
        names
            .filter(move |name| !registers && !name.starts_with('_') && *name != ALLOC_HOOK)
            .filter_map(|name| Some((name, self.type_of(name)?)))
    }

    fn check_functions(&self) -> Result<(), LoadError> {
        for (name, ty) in self.meant() {
            if !is_function(ty) {
                return Err(wrong_type(name, ty));
            }
        }
        Ok(())
    }
}

/// What is said of a function with another signature.
fn wrong_type(name: &str, ty: &FuncType) -> LoadError {
    LoadError(format!(
        "function '{name}' has the type {}, it must be (i32, i32, i32) -> i32: let it take argv, nkeys and nargs and return a status, or do not export it",
        shown(ty)
    ))
}

fn shown(ty: &FuncType) -> String {
    let list = |types: &[ValType]| {
        let names: Vec<String> = types.iter().map(ToString::to_string).collect();
        names.join(", ")
    };
    let results = match ty.results() {
        [] => "nothing".to_owned(),
        results => list(results),
    };
    format!("({}) -> {results}", list(ty.params()))
}

#[cfg(test)]
mod tests {
    use super::{check_exports, explain_registered, inspect};

    #[test]
    fn mistakes_are_named() {
        const MEMORY: &str = "(memory (export \"memory\") 1)";
        for (text, part) in [
            (
                "(module (func (export \"f\") (param i32 i32 i32) (result i32) i32.const 0))",
                "has no memory",
            ),
            ("(module (memory 1))", "does not export its memory"),
            (
                "(module MEM (func (export \"f\") (param i64)))",
                "function 'f' has the type (i64) -> nothing, it must be (i32, i32, i32) -> i32",
            ),
            (
                "(module MEM (func (export \"redox_load\")))",
                "'redox_load' has the type () -> nothing, it must be () -> i32",
            ),
            (
                "(module MEM (func (export \"redox_alloc\") (result i32) i32.const 0))",
                "it must be (i32) -> i32",
            ),
            (
                "(module MEM (data (i32.const 65530) \"0123456789\"))",
                "data segment 0 lies at bytes 65530 to 65540, out of bounds of the memory's 65536: put it lower, or give the memory 2 pages",
            ),
        ] {
            let module = wat::parse_str(text.replace("MEM", MEMORY)).expect(text);
            let error = inspect(&module).expect_err(text);
            assert!(error.0.contains(part), "{text}: {error}");
        }
        let fine = "(module MEM (func (export \"_initialize\")) (func (export \"f\") (param i32 i32 i32) (result i32) i32.const 0))";
        let module = wat::parse_str(fine.replace("MEM", MEMORY)).expect("it is fine");
        assert_eq!(inspect(&module), Ok(()));
        assert_eq!(inspect(b"\0asm rubbish"), Ok(()), "left to the engine");
        let also = fine.replace("_initialize", "also").replace("MEM", MEMORY);
        let module = wat::parse_str(&also).expect("it is a module");
        assert_eq!(inspect(&module), Ok(()), "one function is enough");
        let error = check_exports(also.as_bytes()).expect_err("its author may like to know");
        assert!(
            error
                .0
                .starts_with("function 'also' has the type () -> nothing")
        );
        let error = explain_registered(&module, "also").expect("it is there");
        assert!(error.0.contains("it must be (i32, i32, i32) -> i32"));
        assert_eq!(explain_registered(&module, "other"), None);
    }
}
