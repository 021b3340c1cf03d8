//! A core's Lua states, one for each tenant whose scripts it runs.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use hashbrown::HashMap;
use resp::OutputBuffer;
use store::command::CommandError;
use udf::FunctionFlags;
use udf::lua::{Chunk, Dialect, MemoryAccount, State};

use super::{Script, Scripts, Sha};
use crate::breathing;
use crate::tenant::{Charged, Tenant};

/// States a core keeps.
const KEPT: usize = 64;

/// A script as compiled in an engine's state.
#[derive(Clone, Copy, Debug)]
pub struct Compiled {
    /// What runs it.
    pub chunk: Chunk,
    /// What it says of itself.
    pub flags: Option<FunctionFlags>,
}

/// One state and what was compiled in it.
#[derive(Debug)]
pub struct Engine {
    tenant: u64,
    generation: u64,
    compiled: HashMap<Sha, Compiled>,
    account: MemoryAccount,
    charged: Charged,
    /// What runs.
    pub state: State,
    /// Room for the replies of the commands that a script calls; empty between scripts.
    pub replies: OutputBuffer,
}

impl Engine {
    fn new(tenant: u64, scripts: &Scripts, dialect: Dialect) -> Self {
        let account = MemoryAccount::default();
        scripts.add_state(&account);
        Engine {
            tenant,
            generation: scripts.generation(),
            compiled: HashMap::new(),
            account: Arc::clone(&account),
            charged: Charged::default(),
            state: State::new(dialect, account, breathing::pulse),
            replies: OutputBuffer::new(),
        }
    }

    /// The script of this digest, if it was compiled here or is known elsewhere.
    #[inline]
    pub fn find(&mut self, scripts: &Scripts, sha: &Sha) -> Option<Compiled> {
        match self.compiled.get(sha) {
            Some(compiled) => Some(*compiled),
            None => self.adopt(&*scripts.get(sha)?).ok(),
        }
    }

    /// Compiles a text that is not known and keeps it.
    ///
    /// # Errors
    /// When it is no script.
    pub fn load(
        &mut self,
        scripts: &Scripts,
        sha: Sha,
        text: &[u8],
    ) -> Result<Compiled, CommandError> {
        let script = Arc::new(Script::read(sha, text)?);
        let compiled = self.adopt(&script)?;
        scripts.insert(script);
        Ok(compiled)
    }

    fn adopt(&mut self, script: &Script) -> Result<Compiled, CommandError> {
        let chunk = self.state.compile(script.body()).map_err(|error| {
            CommandError::quoting("ERR Error compiling script (new function): ", &error.0, "")
        })?;
        let compiled = Compiled {
            chunk,
            flags: script.flags,
        };
        self.compiled.insert(script.sha, compiled);
        Ok(compiled)
    }
}

/// The engines of a core. One that runs is not here.
#[derive(Debug, Default)]
pub struct Engines(
    #[expect(
        clippy::vec_box,
        reason = "engines go in and out with every script: a pointer moves, not the engine"
    )]
    RefCell<Vec<Box<Engine>>>,
);

impl Engines {
    /// An engine for a tenant, to be given back. Its state may take so much memory.
    #[inline]
    pub fn take(
        &self,
        tenant: u64,
        scripts: &Scripts,
        dialect: impl FnOnce() -> Dialect,
        memory_bytes_max: usize,
    ) -> Box<Engine> {
        let idle = self.take_idle(tenant, scripts);
        let engine = idle.unwrap_or_else(|| Box::new(Engine::new(tenant, scripts, dialect())));
        engine.state.set_memory_limit(memory_bytes_max);
        engine
    }

    #[inline]
    fn take_idle(&self, tenant: u64, scripts: &Scripts) -> Option<Box<Engine>> {
        let mut idle = self.0.borrow_mut();
        while let Some(at) = idle.iter().rposition(|engine| engine.tenant == tenant) {
            let engine = idle.swap_remove(at);
            if engine.generation == scripts.generation() {
                return Some(engine);
            }
        }
        None
    }

    /// Gives an engine back, and has the tenant charged for it.
    #[inline]
    pub fn put(&self, mut engine: Box<Engine>, tenant: &Tenant) {
        let bytes = engine.account.load(Relaxed);
        engine.charged.update(bytes, tenant);
        let mut idle = self.0.borrow_mut();
        if idle.len() >= KEPT {
            idle.remove(0);
        }
        idle.push(engine);
    }

    /// Drops the states of tenants that are gone, and those that SCRIPT FLUSH left behind.
    pub fn tidy(&self, tenants: &[Arc<Tenant>]) {
        self.0.borrow_mut().retain(|engine| {
            let tenant = tenants.iter().find(|one| one.id() == engine.tenant);
            tenant.is_some_and(|one| one.scripts.generation() == engine.generation)
        });
    }
}
