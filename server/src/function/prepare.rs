//! Before a request that loads libraries runs: its session waits, with no lock held, until an engine has taken them in.

use std::collections::VecDeque;

use resp::Args;
use store::snapshot::libraries;
use udf::library::LibraryError;
use udf::wasm::Limits;

use super::loader::Outcome;
use crate::core::Core;
use crate::registry::Command;
use crate::session::Session;
use crate::shard::TaskNode;
use crate::tenant::Tenant;

/// Libraries taken in for requests of this session that are about to run, in order.
#[derive(Default)]
pub struct Prepared(VecDeque<(Box<[u8]>, Outcome)>);

/// Whether a command's requests need to be prepared.
pub(crate) fn is_prepared(full_name: &str) -> bool {
    matches!(full_name, "function|load" | "function|restore")
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
        if command.full_name == "function|load" {
            return self
                .prepare_code(core, task, args.get(args.len() - 1))
                .await;
        }
        if let Ok(codes) = libraries::parse(args.get(2)) {
            for code in codes {
                self.prepare_code(core, task, &code).await;
            }
        }
    }

    async fn prepare_code(&mut self, core: &Core, task: &TaskNode, code: &[u8]) {
        let limits = limits_of(core, &self.tenant);
        let dialect = crate::script::dialect(core);
        let submitted = core
            .server
            .loader
            .submit(code, limits, dialect, task.handle());
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

/// The limits of a tenant's modules: the server's, but where the tenant has its own.
fn limits_of(core: &Core, tenant: &Tenant) -> Limits {
    let (settings, own) = (core.settings(), tenant.account.quotas().wasm);
    let or = |own: u64, servers: usize| match own {
        0 => servers,
        own => own as usize,
    };
    Limits {
        module_bytes_max: or(own.module_bytes_max, settings.wasm_module_bytes_max),
        functions_max: or(own.module_functions_max, settings.wasm_module_functions_max),
        memory_bytes_max: or(own.memory_bytes_max, settings.wasm_memory_bytes_max),
    }
}
