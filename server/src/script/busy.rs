//! Scripts that run for long: others hear BUSY, and SCRIPT KILL ends them as long as they have written nothing.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use store::command::{CommandError, Flags};

use super::Scripts;
use crate::registry::Command;
use crate::session::Session;

/// What other clients of a tenant are told while its script runs on.
const BUSY: CommandError = CommandError::text(
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
);
/// The same, when it is a function.
const BUSY_FUNCTION: CommandError = CommandError::text(
    "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.",
);
const NOT_BUSY: CommandError = CommandError::text("NOTBUSY No scripts in execution right now.");
const UNKILLABLE: CommandError = CommandError::text(
    "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
);

/// How often somebody who waits for slices looks whether a script has become busy.
const LOOK: Duration = Duration::from_millis(50);

/// A script that runs.
#[derive(Debug, Default)]
pub struct Running {
    pub(super) wrote: AtomicBool,
    pub(super) killed: AtomicBool,
    is_function: bool,
}

/// A running script's place in its tenant's list, which it leaves with it.
pub(super) struct Listed<'a> {
    scripts: &'a Scripts,
    running: Arc<Running>,
    is_busy: bool,
}

impl<'a> Listed<'a> {
    pub(super) fn new(scripts: &'a Scripts, is_function: bool) -> Self {
        let running = Arc::new(Running {
            is_function,
            ..Running::default()
        });
        scripts.running().push(Arc::clone(&running));
        Listed {
            scripts,
            running,
            is_busy: false,
        }
    }

    /// Notes whether the script has written; whether it is to end.
    pub(super) fn look(&self, wrote: bool) -> bool {
        self.running.wrote.store(wrote, Relaxed);
        self.running.killed.load(Relaxed)
    }

    /// Others hear BUSY from now on.
    pub(super) fn become_busy(&mut self, elapsed_ms: u64, name: &[u8]) {
        if std::mem::replace(&mut self.is_busy, true) {
            return;
        }
        self.scripts.set_busy(true);
        let kill = match self.running.is_function {
            true => "FUNCTION KILL",
            false => "SCRIPT KILL",
        };
        let name = String::from_utf8_lossy(name);
        tracing::warn!(
            "Slow script detected: still in execution after {elapsed_ms} milliseconds. You can try killing the script using the {kill} command. Script name is: {name}."
        );
    }
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        let mut running = self.scripts.running();
        running.retain(|other| !Arc::ptr_eq(other, &self.running));
        if self.is_busy {
            self.scripts.set_busy(false);
        }
    }
}

impl Scripts {
    /// Ends the script that runs, unless it has written.
    ///
    /// # Errors
    /// What SCRIPT KILL answers then.
    pub fn kill(&self) -> Result<(), CommandError> {
        let running = self.running();
        let script = running.first().ok_or(NOT_BUSY)?;
        if script.wrote.load(Relaxed) {
            return Err(UNKILLABLE);
        }
        if script.is_function {
            return Err(BUSY_FUNCTION);
        }
        script.killed.store(true, Relaxed);
        Ok(())
    }

    /// What FUNCTION KILL and STATS answer while a script runs, which is no function.
    pub(crate) fn refuse_kill_of_function(&self) -> Result<(), CommandError> {
        match self.running().first() {
            Some(script) if !script.is_function => Err(BUSY),
            _ => Ok(()),
        }
    }

    /// What others hear while one is busy.
    #[cold]
    pub(crate) fn busy_error(&self) -> CommandError {
        let running = self.running();
        match running.first().is_some_and(|first| first.is_function) {
            true => BUSY_FUNCTION,
            false => BUSY,
        }
    }

    /// Awaits `waiting`, but gives up when a script becomes busy meanwhile.
    pub(crate) async fn unless_busy<T>(
        &self,
        command: &Command,
        waiting: impl Future<Output = T>,
    ) -> Option<T> {
        if command.spec.flags.contains(Flags::ALLOW_BUSY) {
            return Some(waiting.await);
        }
        let mut waiting = pin!(waiting);
        loop {
            let mut look = pin!(monoio::time::sleep(LOOK));
            let done = poll_fn(|cx| match waiting.as_mut().poll(cx) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending => look.as_mut().poll(cx).map(|()| None),
            })
            .await;
            match done {
                Some(result) => return Some(result),
                None if self.is_busy() => return None,
                None => {}
            }
        }
    }
}

impl Session {
    /// The error of a command that is called while a script of the tenant is busy, if so.
    #[cold]
    pub(crate) fn refuse_while_busy(&self, command: &Command) -> Option<CommandError> {
        let may = command.spec.flags.contains(Flags::ALLOW_BUSY);
        (!may).then(|| self.tenant.scripts.busy_error())
    }
}
