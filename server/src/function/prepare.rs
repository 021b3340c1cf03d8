//! Before a request that loads libraries runs: its session waits, with no lock held, until an engine has taken them in.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use resp::Args;
use store::snapshot::libraries;
use udf::library::{Library, LibraryError};
use udf::lua::LuaEngine;
use udf::wasm::Limits;

use super::loader::{Loader, Outcome};
use super::restore::{Policy, restore_all};
use crate::command::reloaded_libraries;
use crate::config::Settings;
use crate::core::Core;
use crate::registry::Command;
use crate::session::Session;
use crate::shard::TaskNode;
use crate::tenant::{Account, Tenant, own_or};

/// Libraries taken in for requests of this session that are about to run, in order. What these did not want goes when the next are prepared.
#[derive(Default)]
pub struct Prepared(VecDeque<(Box<[u8]>, Outcome)>);

/// Whether a command's requests need to be prepared.
pub(crate) fn is_prepared(full_name: &str) -> bool {
    matches!(
        full_name,
        "function|load" | "function|restore" | "debug|reload"
    )
}

impl Session {
    /// Has what a request loads taken in.
    pub(crate) async fn prepare(
        &mut self,
        core: &Core,
        task: &TaskNode,
        command: &Command,
        args: Args<'_>,
    ) {
        match &*command.full_name {
            "function|load" => {
                let code = args.get(args.len() - 1);
                self.prepare_code(core, task, code).await;
            }
            "function|restore" => {
                for code in libraries::parse(args.get(2)).unwrap_or_default() {
                    self.prepare_code(core, task, &code).await;
                }
            }
            _ => {
                for code in reloaded_libraries(core, self, args) {
                    self.prepare_code(core, task, &code).await;
                }
            }
        }
    }

    async fn prepare_code(&mut self, core: &Core, task: &TaskNode, code: &[u8]) {
        let settings = core.settings();
        let limits = limits_of(&settings, &self.tenant.account);
        let lua = lua_of(&settings, &self.tenant);
        let submitted =
            core.server
                .loader
                .submit(self.tenant.id(), code, limits, lua, task.handle());
        let outcome = match submitted {
            Err(error) => Err(error),
            Ok(ticket) => {
                let mut outcome = None;
                task.wait_until(|| {
                    outcome = ticket.take();
                    outcome.is_some() || task.is_killed()
                })
                .await;
                match outcome {
                    Some(outcome) => outcome,
                    None => return,
                }
            }
        };
        let prepared = self.prepared.get_or_insert_default();
        prepared.0.push_back((code.into(), outcome));
    }

    /// Takes the libraries with this code, which were prepared, into the tenant's table: all of them, or none and an error.
    pub(crate) fn restore_prepared(
        &mut self,
        codes: &[impl Borrow<[u8]>],
        policy: Policy,
    ) -> Result<(), LibraryError> {
        let tenant = Rc::clone(&self.tenant);
        restore_all(&tenant.functions, codes, policy, |code| {
            self.take_prepared(code)
        })
    }

    /// The library that was made of this code, if it was prepared and is one.
    pub(super) fn prepared_library(&self, code: &[u8]) -> Option<&Arc<Library>> {
        let mut known = self.prepared.iter().flat_map(|prepared| &prepared.0);
        let (_, outcome) = known.find(|(known, _)| **known == *code)?;
        outcome.as_ref().ok()
    }

    /// What became of this code, which was prepared.
    pub(super) fn take_prepared(&mut self, code: &[u8]) -> Outcome {
        let found = self.prepared.as_mut().and_then(|prepared| {
            let at = prepared.0.iter().position(|(known, _)| **known == *code)?;
            prepared.0.remove(at)
        });
        match found {
            Some((_, outcome)) => outcome,
            // The session was killed while it waited; nobody reads this.
            None => Err(LibraryError::NotFound),
        }
    }
}

/// Takes the libraries of a snapshot into the table of a tenant that nobody uses yet. The caller waits for the engines.
///
/// # Errors
/// As for FUNCTION RESTORE.
pub fn restore_at_start(
    loader: &Loader,
    settings: &Settings,
    tenant: &Tenant,
    codes: &[Box<[u8]>],
) -> Result<(), LibraryError> {
    let limits = limits_of(settings, &tenant.account);
    let lua = lua_of(settings, tenant);
    restore_all(&tenant.functions, codes, Policy::Append, |code| {
        loader.take_in(code, limits, lua)
    })
}

/// How a tenant's libraries in Lua are taken in.
fn lua_of(settings: &Settings, tenant: &Tenant) -> LuaEngine {
    LuaEngine {
        dialect: crate::script::dialect(settings),
        memory_bytes_max: tenant.lua_memory_bytes_max(settings.lua_memory_bytes_max),
    }
}

/// The limits of a tenant's modules: the server's, but where the tenant has its own.
fn limits_of(settings: &Settings, account: &Account) -> Limits {
    let own = account.quotas().wasm;
    let or = |own: u64, servers: usize| own_or(own, servers as u64) as usize;
    Limits {
        module_bytes_max: or(own.module_bytes_max, settings.wasm_module_bytes_max),
        functions_max: or(own.module_functions_max, settings.wasm_module_functions_max),
        memory_bytes_max: or(own.memory_bytes_max, settings.wasm_memory_bytes_max),
    }
}
