//! Takes libraries in on a thread of its own: compiling them may take seconds, and no core waits for that. The thread, and the compilers that it starts,
//! give way to the cores where both want the same processor.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use udf::library::{Header, Library, LibraryError};
use udf::lua::{self, LuaEngine};
use udf::wasm::{self, Compiler, Limits, WasmEngine, Within};
use udf::{Engine, LoadError, scheduling};

use super::line::Line;
use crate::shard::TaskRef;

/// The first argument by which the program becomes a compiler's process.
pub(crate) const COMPILE: &str = "compile-wasm";

/// Who compiles: this program itself, as a child that can be killed.
pub fn compiler() -> Compiler {
    Compiler::Child(vec![COMPILE.into()])
}

/// Stack of the thread that loads: as much as calls have, so that a library which loads here does so where it is called.
const STACK_BYTES: usize = 4 << 20;

/// The names of the engines there are, as FUNCTION STATS lists them.
pub(super) const ENGINES: &[&str] = &[lua::NAME, wasm::NAME];

/// The engines and the thread that asks them. Both come to life with the first library.
#[derive(Default)]
pub struct Loader {
    wasm: OnceLock<Option<Arc<WasmEngine>>>,
    jobs: OnceLock<Option<Arc<Line<Job>>>>,
}

/// What became of a library's code.
pub(super) type Outcome = Result<Arc<Library>, LibraryError>;

/// Code on its way to an engine, and the place where its outcome will be.
struct Job {
    code: Arc<[u8]>,
    engine: Arc<dyn Engine>,
    ticket: Arc<Ticket>,
}

/// Where a session finds the outcome that it waits for.
pub(super) struct Ticket {
    outcome: Mutex<Option<Outcome>>,
    waits: TaskRef,
}

impl Ticket {
    /// The outcome, once.
    pub(super) fn take(&self) -> Option<Outcome> {
        self.outcome
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn settle(&self, outcome: Outcome) {
        let mut place = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(outcome);
        drop(place);
        self.waits.wake();
    }
}

impl Loader {
    /// Has an engine take a tenant's code in; `task` is woken when that is done.
    ///
    /// # Errors
    /// What is wrong with the code's first line.
    pub(super) fn submit(
        &self,
        tenant: u64,
        code: &[u8],
        limits: Limits,
        lua: LuaEngine,
        task: &TaskRef,
    ) -> Result<Arc<Ticket>, LibraryError> {
        let engine = self.engine_of(code, limits, lua)?;
        let ticket = Arc::new(Ticket {
            outcome: Mutex::new(None),
            waits: task.clone(),
        });
        let job = Job {
            code: code.into(),
            engine,
            ticket: Arc::clone(&ticket),
        };
        let jobs = self.jobs.get_or_init(start).as_ref();
        let jobs = jobs.ok_or_else(|| refused("there is no thread to load it"))?;
        jobs.push(tenant, job);
        Ok(ticket)
    }

    /// Has an engine take code in while the caller waits. Not for a core, which may have others to serve.
    pub(super) fn take_in(&self, code: &[u8], limits: Limits, lua: LuaEngine) -> Outcome {
        let engine = self.engine_of(code, limits, lua)?;
        take_in(&code.into(), &*engine)
    }

    /// The engine that this code names, in any case.
    fn engine_of(
        &self,
        code: &[u8],
        limits: Limits,
        lua: LuaEngine,
    ) -> Result<Arc<dyn Engine>, LibraryError> {
        let name = Header::parse(code)?.engine;
        if name.eq_ignore_ascii_case(lua::NAME.as_bytes()) {
            return Ok(Arc::new(lua));
        }
        if !name.eq_ignore_ascii_case(wasm::NAME.as_bytes()) {
            return Err(LibraryError::NoEngine(name.into()));
        }
        let engine = self
            .wasm
            .get_or_init(|| WasmEngine::new(compiler()).ok().map(Arc::new))
            .as_ref()
            .ok_or_else(|| refused("WASM does not run on this machine"))?;
        let engine = Arc::clone(engine);
        Ok(Arc::new(Within { engine, limits }))
    }

    /// Lets running functions look whether they were killed.
    pub(super) fn interrupt(&self) {
        if let Some(Some(wasm)) = self.wasm.get() {
            wasm.interrupt();
        }
    }
}

fn refused(reason: &str) -> LibraryError {
    LibraryError::Refused(LoadError(reason.into()))
}

/// Starts the thread; it ends with the process.
fn start() -> Option<Arc<Line<Job>>> {
    let line = Arc::new(Line::<Job>::new());
    let jobs = Arc::clone(&line);
    let work = move || {
        scheduling::give_way();
        loop {
            let job = jobs.pop();
            // Whoever waits for this one must hear of its end, and the next one be taken in.
            let outcome = catch_unwind(AssertUnwindSafe(|| take_in(&job.code, &*job.engine)));
            let outcome = outcome.unwrap_or_else(|_| Err(refused("the engine panicked")));
            job.ticket.settle(outcome);
        }
    };
    let thread = thread::Builder::new().name("functions".into());
    match thread.stack_size(STACK_BYTES).spawn(work) {
        Ok(_) => Some(line),
        Err(error) => {
            tracing::error!("no thread to load functions: {error}");
            None
        }
    }
}

fn take_in(code: &Arc<[u8]>, engine: &dyn Engine) -> Outcome {
    let header = Header::parse(code)?;
    let loaded = engine.load(header.source)?;
    Library::new(&header.name, engine, Arc::clone(code), loaded).map(Arc::new)
}
