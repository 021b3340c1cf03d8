//! What a tenant's code takes, scripts and functions alike, and that it is charged for it.
//!
//! Texts and states of Lua, libraries with what they were compiled to, memories of instances: all count as used memory of
//! the tenant, as its data does. They are counted every tick, and at once when they have changed by more than a little. A
//! tenant whose quota is spent by its code finds no room for data, and nobody else does without any.

use super::Tenant;
use crate::config::Settings;

/// Bytes of a tenant's code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeFigures {
    /// Texts of scripts, and the states that they run in.
    pub scripts: usize,
    /// Libraries, what they were compiled to, and their instances.
    pub functions: usize,
}

impl CodeFigures {
    /// All of it.
    pub fn bytes(&self) -> usize {
        self.scripts + self.functions
    }
}

/// A state or an instance that has grown or shrunk by so much since its tenant was charged for it is charged anew.
const CHARGED_STEP_BYTES: usize = 16 << 10;

/// What a state or an instance took when its tenant was charged for it.
#[derive(Debug, Default)]
pub struct Charged(usize);

impl Charged {
    /// It takes so many bytes now: has the tenant charged anew if that is a change worth the count.
    #[inline]
    pub fn update(&mut self, bytes: usize, tenant: &Tenant) {
        if bytes.abs_diff(self.0) >= CHARGED_STEP_BYTES {
            self.0 = bytes;
            tenant.recount_code();
        }
    }
}

impl Tenant {
    /// What its code takes.
    pub fn code(&self) -> CodeFigures {
        let functions = self.functions.figures();
        CodeFigures {
            scripts: self.scripts.script_bytes() + self.scripts.state_bytes(),
            functions: functions.used_bytes + functions.instance_bytes,
        }
    }

    /// Charges what its code takes now.
    pub fn recount_code(&self) {
        self.memory.charge_code(self.code().bytes());
    }

    /// The same, unless it never had any.
    pub fn recount_code_if_any(&self) {
        if self.scripts.were_used() || self.functions.were_used() {
            self.recount_code();
        }
    }

    /// Whether there is no room for more code of so many bytes.
    pub fn refuses_code(&self, bytes: usize, settings: &Settings) -> bool {
        self.memory
            .has_no_room_for_code(bytes, self.policy(settings))
    }
}
