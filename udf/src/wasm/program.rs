//! The engine for WASM libraries: from source to a program that any core can run.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::{Engine, ExternType, InstancePre, Linker, Module, Store, StoreLimits, ValType};

use super::cache::{Cache, hash_of};
use super::clock::Clock;
use super::compile::Compiler;
use super::guest::Guest;
use super::instance::{WasmInstance, kind_of};
use super::limits::Limits;
use super::{abi, inspect, runtime, scan, text};
use crate::library::checked_name;
use crate::{CallError, Function, FunctionFlags, Instance, LoadError, Loaded, Program, Pulse};

/// What a library exports besides its functions.
pub(super) const LOAD_HOOK: &str = "redox_load";

/// The engine's name.
pub const NAME: &str = "WASM";

/// Takes WASM libraries in.
pub struct WasmEngine {
    engine: Engine,
    linker: Linker<Guest>,
    clock: Arc<Clock>,
    compiler: Compiler,
    /// Locked while something is compiled: one at a time.
    cache: Mutex<Cache>,
}

/// A module that can be instantiated.
pub(super) struct Code {
    pub(super) module: InstancePre<Guest>,
    pub(super) clock: Arc<Clock>,
    pub(super) memory_bytes_max: usize,
    /// The functions' names, by number.
    pub(super) names: Vec<String>,
    /// Bytes of its machine code and source.
    bytes: usize,
}

/// A library's code, and how its instances are made.
struct WasmProgram(Arc<Code>);

impl WasmEngine {
    /// An engine with its clock.
    ///
    /// # Errors
    /// When there can be no thread, or this machine is none that wasmtime knows.
    pub fn new(compiler: Compiler) -> io::Result<Self> {
        let engine = runtime::engine().map_err(io::Error::other)?;
        let mut linker = Linker::new(&engine);
        abi::link(&mut linker).map_err(io::Error::other)?;
        Ok(WasmEngine {
            clock: Arc::new(Clock::start(engine.clone())?),
            engine,
            linker,
            compiler,
            cache: Mutex::default(),
        })
    }

    /// Lets every running function look at once whether it was killed.
    pub fn interrupt(&self) {
        self.engine.increment_epoch();
    }

    fn artefact(&self, module: &[u8]) -> Result<Arc<[u8]>, LoadError> {
        let hash = hash_of(module);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(artefact) = cache.get(&hash) {
            return Ok(artefact);
        }
        let artefact: Arc<[u8]> = self.compiler.compile(module)?.into();
        cache.put(hash, Arc::clone(&artefact));
        Ok(artefact)
    }

    fn module(&self, artefact: &[u8]) -> Result<Module, LoadError> {
        // SAFETY: the artefact was written by our own compiler, in this process or in a child that is this very program, and passed to nobody in
        // between.
        unsafe { Module::deserialize(&self.engine, artefact) }
            .map_err(|error| LoadError(format!("the compiled module is not accepted: {error}")))
    }

    /// What is wrong with an import that is declared with another type than it has.
    fn misfit(&self, module: &Module) -> Option<LoadError> {
        let mut store = Store::new(&self.engine, Guest::new(StoreLimits::default()));
        module.imports().find_map(|import| {
            let known = self.linker.get_by_import(&mut store, &import)?;
            let (known, declared) = (signature(&known.ty(&store)), signature(&import.ty()));
            (known != declared).then(|| {
                LoadError(format!(
                    "import '{}' has the type {declared}, it must be {known}: declare it as docs/functions/abi.md has it",
                    import.name()
                ))
            })
        })
    }

    fn code(&self, module: &[u8], limits: &Limits, names: Vec<String>) -> Result<Code, LoadError> {
        let artefact = self.artefact(module)?;
        let compiled = self.module(&artefact)?;
        let module_pre = self.linker.instantiate_pre(&compiled).map_err(|error| {
            self.misfit(&compiled)
                .unwrap_or_else(|| LoadError(text::one_line(&format!("{error:#}"))))
        })?;
        Ok(Code {
            module: module_pre,
            clock: Arc::clone(&self.clock),
            memory_bytes_max: limits.memory_bytes_max,
            names,
            bytes: artefact.len() + module.len(),
        })
    }
}

/// An engine that takes in what keeps to other limits than the usual ones.
pub struct Within {
    /// The engine.
    pub engine: Arc<WasmEngine>,
    /// The limits.
    pub limits: Limits,
}

impl crate::Engine for Within {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn registering(&self) -> &'static str {
        self.engine.registering()
    }

    fn load(&self, source: &[u8]) -> Result<Loaded, LoadError> {
        self.engine.load_within(source, &self.limits)
    }
}

impl crate::Engine for WasmEngine {
    fn name(&self) -> &'static str {
        NAME
    }

    fn registering(&self) -> &'static str {
        "export one of type (i32, i32, i32) -> i32, or register one in redox_load"
    }

    fn load(&self, source: &[u8]) -> Result<Loaded, LoadError> {
        self.load_within(source, &Limits::default())
    }
}

impl WasmEngine {
    fn load_within(&self, source: &[u8], limits: &Limits) -> Result<Loaded, LoadError> {
        let source = source.strip_prefix(b"\n").unwrap_or(source);
        if source.len() > limits.module_bytes_max {
            return Err(LoadError(format!(
                "the library has {} bytes, wasm-module-max-size allows {}",
                source.len(),
                limits.module_bytes_max
            )));
        }
        let module = text::to_binary(source)?;
        scan::scan(&module, limits)?;
        inspect::inspect(&module)?;
        let mut code = self.code(&module, limits, Vec::new())?;
        let functions = functions_of(&code, &module)?;
        code.names = functions
            .iter()
            .map(|function| function.name.clone())
            .collect();
        let code = Arc::new(code);
        // What does not start now would fail every call.
        WasmInstance::start(&code, code.names.iter().map(String::as_str), going_on)
            .map_err(LoadError)?;
        Ok(Loaded {
            functions,
            program: Arc::new(WasmProgram(code)),
        })
    }
}

/// What the module registers, or exports if it has no hook to register anything.
fn functions_of(code: &Code, source: &[u8]) -> Result<Vec<Function>, LoadError> {
    let module = code.module.module();
    let exported = |name: &str| {
        let export = module.get_export(name);
        export.is_some_and(|export| is_function(&export))
    };
    let registered: Vec<(String, FunctionFlags)> = match module.get_export(LOAD_HOOK) {
        None => module
            .exports()
            .filter(|export| is_function(&export.ty()))
            .map(|export| (export.name().to_owned(), FunctionFlags::empty()))
            .collect(),
        Some(_) => register(code)?,
    };
    let mut functions: Vec<Function> = Vec::with_capacity(registered.len());
    for (name, flags) in registered {
        if checked_name(name.as_bytes()).is_err() {
            return Err(LoadError(format!(
                "function '{name}' cannot have this name: use letters, digits and underscores"
            )));
        }
        if !exported(&name) {
            let wrong = inspect::explain_registered(source, &name);
            return Err(wrong.unwrap_or_else(|| LoadError(format!(
                "function '{name}' is registered, but the module does not export it: export it, or take its register away"
            ))));
        }
        if functions.iter().any(|known| known.name == name) {
            return Err(LoadError("Function already exists in the library".into()));
        }
        functions.push(Function {
            name,
            description: None,
            flags,
        });
    }
    Ok(functions)
}

/// The pulse of code that runs while its library is loaded, where nobody waits for the thread.
fn going_on() -> Pulse {
    Pulse::Alive
}

/// Runs the hook that registers functions.
fn register(code: &Code) -> Result<Vec<(String, FunctionFlags)>, LoadError> {
    let failed = |what: String| LoadError(format!("{LOAD_HOOK} fails: {what}"));
    let mut store = code.new_store();
    let instance = code.instantiate(&mut store, going_on).map_err(LoadError)?;
    store.data_mut().memory = instance.get_memory(&mut store, "memory");
    let hook = instance
        .get_typed_func::<(), i32>(&mut store, LOAD_HOOK)
        .map_err(|error| failed(kind_of(&error)))?;
    store.data_mut().registered = Some(Vec::new());
    match code.call_hook(&mut store, &hook).map_err(failed)? {
        0 => Ok(store.data_mut().registered.take().unwrap_or_default()),
        status => Err(failed(format!("it returns {status}"))),
    }
}

/// The type of an import, as `(i32, i64) -> i32`.
fn signature(ty: &ExternType) -> String {
    let list = |types: &mut dyn Iterator<Item = ValType>| {
        let types: Vec<String> = types.map(|ty| ty.to_string()).collect();
        types.join(", ")
    };
    let ExternType::Func(function) = ty else {
        return "of no function".into();
    };
    let result = match function.results().len() {
        0 => "nothing".into(),
        _ => list(&mut function.results()),
    };
    format!("({}) -> {result}", list(&mut function.params()))
}

/// Whether an export has the signature of functions.
fn is_function(export: &ExternType) -> bool {
    let ExternType::Func(signature) = export else {
        return false;
    };
    let is_i32 = |ty: ValType| matches!(ty, ValType::I32);
    signature.params().len() == 3
        && signature.results().len() == 1
        && signature.params().chain(signature.results()).all(is_i32)
}

impl Program for WasmProgram {
    fn instantiate(&self, pulse: fn() -> Pulse) -> Result<Box<dyn Instance>, CallError> {
        let names = self.0.names.iter().map(String::as_str);
        match WasmInstance::start(&self.0, names, pulse) {
            Ok(instance) => Ok(Box::new(instance)),
            Err(reason) => Err(CallError::NoInstance {
                function: self.0.names.first().cloned().unwrap_or_default(),
                reason,
            }),
        }
    }

    fn used_bytes(&self) -> usize {
        self.0.bytes
    }
}
