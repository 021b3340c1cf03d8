//! What a core does by the clock: watching over waits, closing idle clients, sampling rates. It is also the core's main task, and decides
//! when the core is done.
//!
//! The pace follows the work. While there is any, it ticks every 50 ms; a core without work dozes for a second at a time, and the first
//! connection that has to wait for something nudges it. Everything here works in short slices with sleeps in between: a task that wakes
//! itself would keep the reactor from its sockets.

use super::huge_pages::HugePages;
use super::pace::{STEP_PAUSE, STEP_TIME};
use super::rate::Totals;
use super::sweep::{Left, Sweep};
use crate::allocator::{kept, release_expired, release_unused};
use crate::connection::{Link, Reactor};
use crate::core::now_ms;
use crate::memory::{Compaction, Room, make_room};
use crate::observe::Event;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::{Duration, Instant};
use tracing::{info, warn};

/// Pause while there is work.
const TICK: Duration = Duration::from_millis(50);
/// Pause while there is none.
const DOZE: Duration = Duration::from_secs(1);
/// Pause while connections finish.
const DRAIN_TICK: Duration = Duration::from_millis(5);
/// How often clients are looked over.
const LOOK_PERIOD_MS: u64 = 1000;
/// A client that has sent nothing for this long gives its large read buffer back.
const QUIET_MS: u64 = 2000;
/// Ticks without work after which a core gives back what is cheap to find.
const TIDY_AFTER: u8 = 2;
/// Ticks without work after which it looks everywhere; they come once a second by then.
const CLEAN_UP_AFTER: u8 = 5;
/// How long connections get to end once they were told to, when the time to finish is over.
const KILL_GRACE: Duration = Duration::from_millis(500);

/// What the ticks remember.
struct Pulse {
    sweep: Sweep,
    compaction: Compaction,
    huge_pages: HugePages,
    commands: u64,
    /// Ticks in a row without work.
    quiet_ticks: u8,
    ticked_at_ms: u64,
    looked_at_ms: u64,
}

/// Runs until the core was told to stop and has no connection left, or the time to finish is over.
pub async fn run(reactor: &Rc<Reactor>) {
    let mut pulse = Pulse {
        sweep: Sweep::new(reactor),
        compaction: Compaction::new(&reactor.core),
        huge_pages: HugePages::forbidden(!reactor.core.settings().disable_thp),
        commands: 0,
        quiet_ticks: 0,
        ticked_at_ms: 0,
        looked_at_ms: 0,
    };
    let mut pause = TICK;
    while !reactor.stopping.get() {
        rest(reactor, pause).await;
        pause = pulse.beat(reactor, now_ms());
    }
    drain(reactor).await;
}

/// Sleeps; a nudge ends a doze early.
async fn rest(reactor: &Reactor, pause: Duration) {
    let mut sleep = pin!(monoio::time::sleep(pause));
    let dozing = pause > TICK;
    poll_fn(|cx| {
        if reactor.links.was_nudged() {
            return Poll::Ready(());
        }
        reactor.links.set_sleeper(cx.waker(), dozing);
        sleep.as_mut().poll(cx)
    })
    .await;
    reactor.links.clear_sleeper();
}

impl Pulse {
    /// One round. Says how long to rest.
    fn beat(&mut self, reactor: &Reactor, now_ms: u64) -> Duration {
        if reactor.core.server.cron_paused.load(Relaxed) {
            return TICK;
        }
        let begun = reactor.core.meter.now();
        let left = self.sweep.round(reactor, now_ms);
        reactor.core.event_ended(Event::ExpireCycle, begun);
        // While the sweep hurries, ticks keep their pace.
        let is_tick = now_ms.saturating_sub(self.ticked_at_ms) >= TICK.as_millis() as u64;
        let busy = is_tick && self.tick(reactor, now_ms);
        let compacts = self.compaction.step(&reactor.core);
        let gives_back = kept::give_back();
        let tenants = reactor.core.tenants();
        let mut limited = tenants.iter().filter(|tenant| tenant.memory.is_set());
        let crowded =
            limited.any(|tenant| make_room(&reactor.core, tenant, 0, STEP_TIME) == Room::Crowded);
        match left {
            Left::More => STEP_PAUSE,
            Left::Until(_) if crowded || compacts || gives_back => STEP_PAUSE,
            Left::Until(_) if busy || !is_tick || kept::holds_any() => TICK,
            Left::Until(at_ms) => {
                Duration::from_millis(at_ms.saturating_sub(now_ms)).clamp(TICK, DOZE)
            }
        }
    }

    /// True while there is work.
    fn tick(&mut self, reactor: &Reactor, now_ms: u64) -> bool {
        self.ticked_at_ms = now_ms;
        reactor.core.meter.tune();
        kept::tick();
        reactor.core.tidy_tracking();
        reactor.core.shelf.tidy();
        let tenants = reactor.core.tenants();
        reactor.core.shares.tick();
        reactor.links.watch_waits();
        self.compaction.look(&reactor.core);
        if now_ms.saturating_sub(self.looked_at_ms) >= LOOK_PERIOD_MS {
            self.looked_at_ms = now_ms;
            if reactor.core.index == 0 {
                self.huge_pages.look(&reactor.core.server);
            }
            if look_over_clients(reactor, now_ms) {
                self.quiet_ticks = 0;
            }
        }
        if reactor.core.index == 0 {
            reactor
                .net()
                .rates
                .sample(now_ms, Totals::of(&reactor.core.server));
        }
        if tenants.len() > 1 || tenants[0].memory.is_set() || reactor.core.charges_clients() {
            reactor.core.recount_clients();
        }
        reactor.core.engines.tidy(&tenants);
        if reactor.core.index == 0 {
            tenants.iter().for_each(|one| one.recount_code_if_any());
            reactor.core.server.tenants.recount_kept_free();
        }
        let commands = reactor.core.stats().commands.get();
        let worked = commands != std::mem::replace(&mut self.commands, commands);
        let busy = worked || reactor.links.any_waiting();
        self.quiet_ticks = if busy {
            0
        } else {
            self.quiet_ticks.saturating_add(1)
        };
        if self.quiet_ticks == TIDY_AFTER {
            if !reactor.core.server.keeps_spares.load(Relaxed) {
                reactor.pool.trim();
            }
            release_expired();
        }
        if self.quiet_ticks == CLEAN_UP_AFTER {
            release_unused();
        }
        busy
    }
}

/// Closes clients that are idle for too long or have not taken their output for too long; takes large buffers from those
/// that went quiet. True when there were any of these.
fn look_over_clients(reactor: &Reactor, now_ms: u64) -> bool {
    let limits = &reactor.net().limits;
    let idle_seconds_max = limits.idle_seconds_max.load(Relaxed);
    if idle_seconds_max == 0 && !reactor.links.any_waiting() && !reactor.links.any_large_read() {
        return false;
    }
    let mut took_back = false;
    for link in reactor.links.snapshot() {
        let idle_ms = now_ms.saturating_sub(link.info.active_at_ms.load(Relaxed));
        if idle_seconds_max > 0 && idle_ms > idle_seconds_max * 1000 && link.may_time_out() {
            info!(client = link.info.id, "Closing idle client");
            reactor.core.server.clients.kill(link.info.id);
        }
        if idle_ms > QUIET_MS {
            took_back |= link.cancel_large_read();
        }
        close_if_over_soft(reactor, &link, now_ms);
    }
    took_back
}

fn close_if_over_soft(reactor: &Reactor, link: &Link, now_ms: u64) {
    let limit = reactor.net().limits.output_of(link.class());
    let lasts_ms = link.note_soft(limit, now_ms);
    if lasts_ms > limit.soft_seconds.load(Relaxed) * 1000 {
        warn!(
            "Client id={} addr={} omem={} scheduled to be closed ASAP for overcoming of output buffer limits.",
            link.info.id,
            link.info.addr,
            link.unsent()
        );
        reactor.core.server.clients.kill(link.info.id);
    }
}

/// Lets connections finish within `shutdown-timeout`, then ends them.
async fn drain(reactor: &Reactor) {
    let seconds = reactor.net().limits.shutdown_seconds.load(Relaxed);
    wait_for_end(reactor, Duration::from_secs(seconds)).await;
    if !reactor.links.is_empty() {
        warn!(
            core = reactor.core.index,
            "{} clients did not finish in time",
            reactor.links.len()
        );
        reactor.core.server.clients.kill_core(reactor.core.index);
        wait_for_end(reactor, KILL_GRACE).await;
    }
}

async fn wait_for_end(reactor: &Reactor, time: Duration) {
    let deadline = Instant::now() + time;
    while !reactor.links.is_empty() && Instant::now() < deadline {
        monoio::time::sleep(DRAIN_TICK).await;
        reactor.links.watch_waits();
    }
}
