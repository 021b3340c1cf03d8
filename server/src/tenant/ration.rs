//! Holding a tenant's requests to its quotas, before they run: how many a second, and how large their arguments.

use std::sync::atomic::Ordering::Relaxed;

use resp::{Args, OutputBuffer};
use store::command::{CommandError, Flags};

use super::{OpsAction, Tenant};
use crate::blocking::Blocked;
use crate::core::{Core, now_ms};
use crate::registry::Command;
use crate::session::{Job, Session};

/// What a quota says of a request beyond it.
fn quota_error(tenant: &Tenant, what: &str, used: u64, limit: u64) -> CommandError {
    let name = tenant.account.name_text();
    CommandError::Text(format!("QUOTA {what} {used} > {limit} (tenant {name})").into())
}

impl Session {
    /// Asks the tenant's quotas about request `at`. None lets it run; else it is answered or the session waits, and this is
    /// where to go on.
    #[cold]
    pub(crate) fn ration(
        &mut self,
        core: &Core,
        command: &Command,
        job: &Job<'_>,
        at: usize,
        out: &mut OutputBuffer,
    ) -> Option<usize> {
        let refusal = match self.value_refusal(command, job.args(at)) {
            Some(error) => error,
            None => match self.take_allowance(job.batch.len() - at)? {
                Some(error) => error,
                None => return Some(at),
            },
        };
        self.tenant.account.totals.rejected.fetch_add(1, Relaxed);
        self.refuse(core, Some(command), &refusal, out);
        Some(at + 1)
    }

    /// The error of a command that found a quota exceeded itself, in the words of all others.
    #[cold]
    pub(crate) fn quota_named(&self, error: CommandError) -> CommandError {
        match error {
            CommandError::ValueTooLong(len, most) => {
                let rejected = &self.tenant.account.totals.rejected;
                rejected.fetch_add(1, Relaxed);
                quota_error(&self.tenant, "max-value", len as u64, most as u64)
            }
            error => error,
        }
    }

    fn value_refusal(&self, command: &Command, args: Args<'_>) -> Option<CommandError> {
        let max = self.tenant.max_value.load(Relaxed);
        if max == 0 || !command.spec.flags.contains(Flags::DENYOOM) {
            return None;
        }
        let largest = args.iter().map(<[u8]>::len).max().unwrap_or(0) as u64;
        (largest > max).then(|| quota_error(&self.tenant, "max-value", largest, max))
    }

    /// Takes this request, of so many that are here, from the rate of operations. None when it may run; else the error,
    /// or none when the session waits now.
    fn take_allowance(&mut self, ahead: usize) -> Option<Option<CommandError>> {
        let rate = &self.tenant.rate;
        if !rate.is_limited() {
            return None;
        }
        if self.allowance > 0 {
            self.allowance -= 1;
            return None;
        }
        match self.tenant.account.quotas().ops_action {
            OpsAction::Refuse => {
                let exhausted = rate.try_take(1).err()?;
                let (used, burst) = (exhausted.used, exhausted.burst);
                Some(Some(quota_error(&self.tenant, "ops", used, burst)))
            }
            OpsAction::Wait => {
                let tokens = rate.portion(ahead as u64);
                let wait_ms = rate.take(tokens);
                self.allowance = tokens;
                if wait_ms == 0 {
                    self.allowance -= 1;
                    return None;
                }
                self.tenant.account.totals.throttled.fetch_add(1, Relaxed);
                self.blocked = Some(Box::new(Blocked::Throttled(now_ms() + wait_ms)));
                Some(None)
            }
        }
    }
}
