//! The beginning of a wait.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use resp::Args;
use store::command::{Ctx, Outcome, Patience, Waiter};

use super::{Blocked, TooLate, Waits};
use crate::client::ClientInfo;
use crate::core::Core;
use crate::registry::Command;
use crate::session::Session;
use crate::transaction::{InMulti, Transaction};

impl Session {
    /// Whether its commands may wait.
    #[inline]
    pub(crate) fn patience(&self) -> Patience {
        match self.denies_waiting {
            true => Patience::Never,
            false => Patience::MayWait,
        }
    }

    /// Whether it waits for anything but its client.
    #[inline]
    pub fn is_blocked(&self) -> bool {
        self.blocked.is_some()
    }

    /// Lets a command wait that wishes to, with the slices of its keys held.
    #[cold]
    pub(crate) fn begin_wait(
        &mut self,
        core: &Core,
        command: &Command,
        args: Args<'_>,
        ctx: &mut Ctx<'_>,
    ) {
        let Patience::Waits(wait) = std::mem::take(&mut ctx.patience) else {
            return;
        };
        let keys = &mut ctx.keys;
        let arguments = wait.keys.clone();
        let waiter = Arc::new(Waiter::for_keys(*wait, self.protocol, !self.no_touch));
        let mut places = Vec::with_capacity(arguments.len());
        for (nth, index) in arguments.enumerate() {
            let key = keys.arg(args, index);
            if keys.enqueue(key, &waiter, nth) {
                places.push((key.shard as u8, key.hash));
            }
        }
        self.block(Waits {
            waiter,
            tenant: Rc::clone(&self.tenant),
            places,
            db: keys.db(),
            too_late: TooLate::Nothing,
            command: command.id,
            slow: core.wait_begun(self, command, args),
        });
    }

    /// Lets a command wait that waits for no key.
    pub(crate) fn begin_wait_for_nothing(
        &mut self,
        command: usize,
        until_ms: Option<u64>,
        too_late: TooLate,
    ) {
        self.block(Waits {
            waiter: Arc::new(Waiter::for_nothing(until_ms)),
            tenant: Rc::clone(&self.tenant),
            places: Vec::new(),
            db: self.db,
            too_late,
            command,
            slow: None,
        });
    }

    /// Whether there is a pause, of the server or the tenant, which may be over by the clock.
    #[inline]
    pub(crate) fn is_pause_on(&self, core: &Core) -> bool {
        core.server.pause.is_on() || self.tenant.pause.is_on()
    }

    /// Whether the keys that a command finds due stay where they are because of a pause.
    #[inline]
    pub(crate) fn keeps_due(&self, core: &Core, command: &Command) -> bool {
        self.is_pause_on(core)
            && (core.server.pause.keeps_due(command) || self.tenant.pause.keeps_due(command))
    }

    /// Whether CLIENT PAUSE holds the command up; the session is blocked then. A transaction is held up for what is in it.
    #[cold]
    pub(crate) fn must_pause(&mut self, core: &Core, command: &Command, args: Args<'_>) -> bool {
        let queued = self.transaction.as_deref().map(Transaction::flags);
        let flags = match (command.in_multi, queued) {
            (InMulti::Exec, Some(queued)) => command.spec.flags | queued,
            _ => self.call_flags(command, args),
        };
        let held = core.server.pause.holds(flags) || self.tenant.pause.holds(flags);
        if held {
            self.blocked = Some(Box::new(Blocked::Paused));
        }
        held
    }

    fn block(&mut self, waits: Waits) {
        self.client
            .last_command
            .store(waits.command as u32, Relaxed);
        self.client.note_waiter(&waits.waiter);
        self.blocked = Some(Box::new(Blocked::Waits(waits)));
    }
}

impl ClientInfo {
    /// Lets others end the wait that begins.
    fn note_waiter(&self, waiter: &Arc<Waiter>) {
        *self.lock_waiter() = Some(Arc::clone(waiter));
        // A kill that looked for the waiter too early has raised the flag before it looked.
        if self.killed.load(Relaxed) {
            waiter.end(Outcome::Gone);
        }
    }

    /// The wait is over.
    pub(super) fn forget_waiter(&self) {
        self.lock_waiter().take();
    }

    /// Ends the wait it is in, if it is, and if nothing else has.
    pub fn end_wait(&self, outcome: Outcome) -> bool {
        let waiter = self.lock_waiter().clone();
        waiter.is_some_and(|waiter| waiter.end(outcome))
    }

    /// Whether it waits for something other than its client.
    pub fn is_blocked(&self) -> bool {
        self.paused.load(Relaxed) || self.present_wait().is_some()
    }

    /// Whether what it waits for may come too late.
    pub fn has_deadline(&self) -> bool {
        let waiter = self.present_wait();
        waiter.is_some_and(|waiter| waiter.until_ms.is_some())
    }

    fn present_wait(&self) -> Option<Arc<Waiter>> {
        let waiter = self.lock_waiter().clone();
        waiter.filter(|waiter| !waiter.is_claimed())
    }
}
