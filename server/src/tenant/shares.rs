//! A core's time, shared out among the tenants that want it at once.
//!
//! ```text
//! read ──▶ several tenants here lately? ── no ──▶ run
//!              │ yes
//!              ▼
//!          has its tenant time left, and nobody of it waits? ── yes ──▶ run, until its time is over
//!              │ no
//!              ▼
//!          wait in the tenant's line ──── round: everybody ready had a turn; each tenant gets its time again ──▶ …
//! ```
//! In a round each tenant may use [`SHARE`] of the core, whatever the number of its connections, or a part of that where one of greater
//! weight wants it too; what it uses beyond that (a command is not interrupted, only what breathes is) it goes without in the next rounds.
//! A round ends when the sockets have been looked at and nobody with time left has anything to do, so a tenant that wants the core alone
//! has all of it.
//!
//! Nothing here knows commands. A core that serves one tenant pays a comparison for each read.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::quotas::WEIGHT_USUAL;
use crate::breathing::Turnstile;

/// What a tenant may use of a core in a round, in ns.
pub const SHARE: i64 = 250_000;
/// Time that taking over or handing out so many bytes is charged as, in ns.
const BYTES_PER_NANO: usize = 2;
/// Rounds for which a tenant that used the core still counts as one that wants it: it may only be sending its replies.
const WANTING_ROUNDS: u32 = 4;
/// Ticks without a change of tenants after which a core is not shared any more.
const QUIET_TICKS: u32 = 20;

/// One core's time.
pub struct Shares {
    /// The tenant that had the core last.
    last: Cell<u64>,
    /// Several tenants have had it lately.
    shared: Cell<bool>,
    changes: Cell<u32>,
    quiet_ticks: Cell<u32>,
    /// By the tenants' numbers; while it is shared.
    parts: RefCell<HashMap<u64, Part>>,
    /// The task that makes rounds is there.
    has_rounds: Cell<bool>,
    turnstile: Turnstile,
}

/// One tenant's part of it.
struct Part {
    /// What it may still use in this round; below 0, what it has used too much.
    left: i64,
    weight: u64,
    /// Rounds since it used any time.
    idle_rounds: u32,
    line: VecDeque<Rc<Place>>,
}

/// Somebody's place in a line.
#[derive(Default)]
struct Place {
    called: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Place {
    fn call(&self) {
        self.called.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    async fn called(&self) {
        poll_fn(|cx| match self.called.get() {
            true => Poll::Ready(()),
            false => {
                self.waker.replace(Some(cx.waker().clone()));
                Poll::Pending
            }
        })
        .await;
    }
}

impl Part {
    fn new() -> Self {
        Part {
            left: SHARE,
            weight: WEIGHT_USUAL,
            idle_rounds: 0,
            line: VecDeque::new(),
        }
    }

    /// Whether it wants the core, for all that can be told between two rounds.
    fn wants(&self) -> bool {
        !self.line.is_empty() || self.idle_rounds < WANTING_ROUNDS
    }

    /// Another round begins, in which this is the greatest weight of those that want the core.
    fn begin_round(&mut self, heaviest: u64) {
        self.idle_rounds = self.idle_rounds.saturating_add(1);
        let share = (SHARE as u64 * self.weight / heaviest).clamp(1, SHARE as u64) as i64;
        self.left = (self.left + share).min(share);
    }

    /// The first in line goes on, if there is time.
    fn call_next(&mut self) {
        if self.left > 0
            && let Some(next) = self.line.pop_front()
        {
            next.call();
        }
    }
}

impl Shares {
    /// The time of a core that waits on io_uring, or on epoll.
    pub fn new(has_ring: bool) -> Self {
        Shares {
            last: Cell::new(0),
            shared: Cell::new(false),
            changes: Cell::new(0),
            quiet_ticks: Cell::new(0),
            parts: RefCell::default(),
            has_rounds: Cell::new(false),
            turnstile: Turnstile::new(has_ring),
        }
    }

    /// Asked when something of a tenant is to run: whether several tenants want the core.
    #[inline]
    pub fn is_shared(&self, tenant: u64) -> bool {
        if self.last.get() != tenant {
            self.change(tenant);
        }
        self.shared.get()
    }

    #[cold]
    fn change(&self, tenant: u64) {
        self.last.set(tenant);
        self.changes.set(self.changes.get() + 1);
        self.shared.set(self.shared.get() || self.changes.get() > 1);
    }

    /// Now and then: notices when only one tenant is left.
    pub fn tick(&self) {
        if self.changes.replace(0) > 0 {
            return self.quiet_ticks.set(0);
        }
        self.quiet_ticks
            .set(self.quiet_ticks.get().saturating_add(1));
        if self.quiet_ticks.get() >= QUIET_TICKS && !self.has_rounds.get() {
            self.shared.set(false);
            self.parts.take();
        }
    }

    /// Waits until it is the turn of a tenant of this weight; how much time it has, in ns, and whether it waited.
    pub async fn enter(self: &Rc<Self>, tenant: u64, weight: u64) -> (u64, bool) {
        self.weigh(tenant, weight);
        self.turn_of(tenant).await
    }

    fn weigh(&self, tenant: u64, weight: u64) {
        let mut parts = self.parts.borrow_mut();
        parts.entry(tenant).or_insert_with(Part::new).weight = weight;
    }

    async fn turn_of(self: &Rc<Self>, tenant: u64) -> (u64, bool) {
        let place = {
            let mut parts = self.parts.borrow_mut();
            let part = parts.entry(tenant).or_insert_with(Part::new);
            if part.left > 0 && part.line.is_empty() {
                return (part.left as u64, false);
            }
            let place = Rc::new(Place::default());
            part.line.push_back(Rc::clone(&place));
            place
        };
        if !self.has_rounds.replace(true) {
            monoio::spawn(Rc::clone(self).make_rounds());
        }
        place.called().await;
        let parts = self.parts.borrow();
        let left = parts.get(&tenant).map_or(SHARE, |part| part.left);
        (left.max(1) as u64, true)
    }

    /// A tenant has used so much, in ns. The next in its line goes on if there is time left.
    pub fn charge(&self, tenant: u64, nanos: u64) {
        if let Some(part) = self.parts.borrow_mut().get_mut(&tenant) {
            part.left -= nanos as i64;
            part.idle_rounds = 0;
            part.call_next();
        }
    }

    /// A tenant has had so many bytes taken over or handed out by the kernel.
    pub fn charge_bytes(&self, tenant: u64, bytes: usize) {
        if self.shared.get() {
            self.charge(tenant, (bytes / BYTES_PER_NANO) as u64);
        }
    }

    /// So many bytes were charged beforehand; those that came are charged again.
    pub fn return_bytes(&self, tenant: u64, bytes: usize) {
        if self.shared.get()
            && let Some(part) = self.parts.borrow_mut().get_mut(&tenant)
        {
            part.left = (part.left + (bytes / BYTES_PER_NANO) as i64).min(SHARE);
        }
    }

    /// Lets others have a turn in the middle of something long of a tenant, which has just used so much, in ns.
    pub async fn pause(self: &Rc<Self>, tenant: u64, nanos: u64) {
        if !self.is_shared(tenant) {
            return self.turnstile.turn().await;
        }
        self.charge(tenant, nanos);
        let (_, waited) = self.turn_of(tenant).await;
        if !waited {
            self.turnstile.turn().await;
        }
    }

    /// Whether anything has only given way to others, and goes on when they had their turn.
    pub fn is_giving_way(&self) -> bool {
        self.turnstile.is_in_use()
    }

    /// Lets all others have a turn.
    pub async fn turn(&self) {
        self.turnstile.turn().await;
    }

    async fn make_rounds(self: Rc<Self>) {
        loop {
            self.turnstile.turn().await;
            let mut parts = self.parts.borrow_mut();
            let is_over = parts.values().all(|part| part.line.is_empty());
            let wanting = parts.values().filter(|part| part.wants());
            let heaviest = wanting.map(|part| part.weight).max();
            for part in parts.values_mut() {
                part.begin_round(heaviest.unwrap_or(part.weight));
                part.call_next();
            }
            if is_over {
                return self.has_rounds.set(false);
            }
        }
    }
}

#[cfg(test)]
mod tests;
