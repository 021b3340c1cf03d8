//! A core's stopwatch: the cycle counter, read once where one command ends and the next begins.
//!
//! What a command waits for before it runs is not its time. So whoever begins a run of commands, slices held, starts the watch
//! again; between the commands of the run the end of one is the start of the next.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use resp::Args;
use store::command::Flags;

use super::cycles::Cycles;
use super::{CommandTime, Event, SlowEntry, monitors};
use crate::config::Settings;
use crate::core::Core;
use crate::registry::Command;
use crate::session::Session;

const NANOS_PER_MILLI: u64 = 1_000_000;
const NANOS_PER_MICRO: u64 = 1_000;

/// One core's stopwatch and what it looks for.
pub struct Meter {
    clock: Cycles,
    /// Where the last command ended, in cycles.
    lap: Cell<u64>,
    /// When the turn of the work at hand is over, in cycles.
    turn_end: Cell<u64>,
    /// `latency-tracking`.
    tracks: Cell<bool>,
    /// Commands that took at least this long are looked at more closely.
    notable_ns: Cell<u64>,
}

impl Meter {
    /// The watch of a core with these settings.
    pub fn new(settings: &Settings, is_monitored: bool) -> Self {
        let meter = Meter {
            clock: Cycles::ready(),
            lap: Cell::new(0),
            turn_end: Cell::new(u64::MAX),
            tracks: Cell::new(true),
            notable_ns: Cell::new(u64::MAX),
        };
        meter.start();
        meter.set(settings, is_monitored);
        meter
    }

    /// Takes over changed settings. With a monitor every command is notable.
    pub fn set(&self, settings: &Settings, is_monitored: bool) {
        let observe = &settings.observe;
        let slow_ns = observe.slow_us.map(|us| us.saturating_mul(NANOS_PER_MICRO));
        let spike_ns = observe
            .spike_ms
            .map(|ms| ms.saturating_mul(NANOS_PER_MILLI));
        let notable_ns = match is_monitored {
            true => 0,
            false => slow_ns
                .unwrap_or(u64::MAX)
                .min(spike_ns.unwrap_or(u64::MAX)),
        };
        self.notable_ns.set(notable_ns);
        self.tracks.set(observe.tracks_latency);
    }

    /// Makes the stopwatch more exact. Once in a while will do.
    pub fn tune(&self) {
        self.clock.tune();
    }

    /// A run of commands begins.
    #[inline]
    pub fn start(&self) {
        self.lap.set(self.clock.now());
    }

    /// The commands that follow have so many ns, until [`Meter::end_turn`].
    pub fn begin_turn(&self, nanos: u64) -> u64 {
        let now = self.clock.now();
        self.turn_end
            .set(now.saturating_add(self.clock.cycles_in(nanos)));
        now
    }

    /// The turn that began then is over: how long it took, in ns.
    pub fn end_turn(&self, begun: u64) -> u64 {
        self.turn_end.set(u64::MAX);
        self.nanos_since(begun)
    }

    /// Whether the last command ended behind the end of the turn.
    #[inline]
    pub fn turn_is_over(&self) -> bool {
        self.lap.get() >= self.turn_end.get()
    }

    /// The command that is measured is suspended: what it has taken so far, in cycles.
    pub fn hold(&self) -> u64 {
        self.clock.now().saturating_sub(self.lap.get())
    }

    /// The command that had taken so much goes on.
    pub fn go_on(&self, spent: u64) {
        self.lap.set(self.clock.now().saturating_sub(spent));
    }

    /// When what is measured began, as [`Meter::begun_at`] takes it.
    #[inline]
    pub fn lap(&self) -> u64 {
        self.lap.get()
    }

    /// What is measured began then, whatever ended meanwhile.
    pub fn begun_at(&self, start: u64) {
        self.lap.set(start);
    }

    /// Now, to measure something from here with [`Meter::nanos_since`].
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// The time from `start` to when what is measured began, in ns.
    #[inline]
    pub fn nanos_before_lap(&self, start: u64) -> u64 {
        self.clock.nanos_between(start, self.lap.get())
    }

    /// The time since `start`, in ns.
    pub fn nanos_since(&self, start: u64) -> u64 {
        self.clock.nanos_between(start, self.clock.now())
    }

    #[inline]
    fn lap_nanos(&self) -> u64 {
        let now = self.clock.now();
        self.clock.nanos_between(self.lap.replace(now), now)
    }

    #[inline(always)]
    fn record(&self, time: &CommandTime, nanos: u64) {
        time.nanos.add(nanos);
        if self.tracks.get() {
            match time.latencies.get() {
                Some(latencies) => latencies.record(nanos),
                None => time.latencies.get_or_init(Box::default).record(nanos),
            }
        }
    }
}

impl Core {
    /// A command of `session` has ended; the next one begins.
    #[inline(always)]
    pub(crate) fn command_ended(&self, session: &Session, command: &Command, args: Args<'_>) {
        let nanos = self.meter.lap_nanos();
        self.measured(session, command, args, nanos);
    }

    /// A command of `session` has taken so long.
    #[inline(always)]
    pub(crate) fn measured(
        &self,
        session: &Session,
        command: &Command,
        args: Args<'_>,
        nanos: u64,
    ) {
        self.meter.record(&self.stats().times[command.id], nanos);
        if !session.tenant.is_default() {
            self.count_for_tenant(session, command, nanos);
        }
        if nanos >= self.meter.notable_ns.get() {
            self.note(session, command, args, nanos);
        }
    }

    /// Counts a command for its tenant too: the server's counters are those of all tenants together.
    #[inline(never)]
    fn count_for_tenant(&self, session: &Session, command: &Command, nanos: u64) {
        let stats = session.tenant.stats_of_core(self.index);
        stats.commands.add(1);
        stats.calls[command.id].add(1);
        self.meter.record(&stats.times[command.id], nanos);
    }

    /// Shows a command to who monitors before it runs: one that runs others, which come after it.
    #[inline]
    pub(crate) fn show_first(&self, session: &Session, args: Args<'_>) {
        if self.meter.notable_ns.get() == 0 {
            self.show(session, args);
        }
    }

    #[cold]
    fn show(&self, session: &Session, args: Args<'_>) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let at_us = now.unwrap_or_default().as_micros() as u64;
        let Some(command) = self.server.registry.find(args.get(0)) else {
            return;
        };
        self.tell_monitors(session, || {
            monitors::line(command, args, &monitors::Source::of(session), at_us)
        });
    }

    /// Something that clients may wait for, begun at `begun` as the meter counts, has ended.
    pub(crate) fn event_ended(&self, event: Event, begun: u64) {
        let millis = self.meter.nanos_since(begun) / NANOS_PER_MILLI;
        let threshold = self.settings().observe.spike_ms;
        if threshold.is_some_and(|threshold| millis >= threshold) {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            let now_s = now.unwrap_or_default().as_secs();
            self.server.spikes.add(event, now_s, millis);
        }
    }

    /// A command of `session` begins to wait: that is the end of its work. Its entry of the slow log, if it gets one, comes
    /// when the wait is over.
    #[cold]
    pub(crate) fn wait_begun(
        &self,
        session: &Session,
        command: &Command,
        args: Args<'_>,
    ) -> Option<Box<SlowEntry>> {
        let nanos = self.meter.lap_nanos();
        self.meter.record(&self.stats().times[command.id], nanos);
        if !session.tenant.is_default() {
            self.count_for_tenant(session, command, nanos);
        }
        match nanos >= self.meter.notable_ns.get() {
            true => self.look_at(session, command, args, nanos).map(Box::new),
            false => None,
        }
    }

    /// The wait of a command is over, for which [`Core::wait_begun`] gave this entry.
    pub(crate) fn wait_ended(&self, session: &Session, entry: Option<Box<SlowEntry>>) {
        if let Some(entry) = entry {
            self.log_slow(session, *entry);
        }
    }

    /// A command took long enough, or everything is looked at.
    #[cold]
    fn note(&self, session: &Session, command: &Command, args: Args<'_>, nanos: u64) {
        let entry = self.look_at(session, command, args, nanos);
        if let Some(entry) = entry {
            self.log_slow(session, entry);
        }
        // Looking at it is not the next command's time.
        self.meter.start();
    }

    /// The server's log has the slow commands of all tenants, a tenant's log its own.
    fn log_slow(&self, session: &Session, entry: SlowEntry) {
        let len_max = self.settings().observe.slow_log_len;
        if !session.tenant.is_default() {
            session.tenant.slow_log.push(entry.clone(), len_max);
        }
        self.server.slow_log.push(entry, len_max);
    }

    /// Tells the latency monitor and those who monitor; returns what the slow log has to say of it.
    fn look_at(
        &self,
        session: &Session,
        command: &Command,
        args: Args<'_>,
        nanos: u64,
    ) -> Option<SlowEntry> {
        let flags = command.spec.flags;
        let settings = self.settings();
        let observe = &settings.observe;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let (micros, millis) = (nanos / NANOS_PER_MICRO, nanos / NANOS_PER_MILLI);
        if observe
            .spike_ms
            .is_some_and(|threshold| millis >= threshold)
        {
            let event = match flags.contains(Flags::FAST) {
                true => Event::FastCommand,
                false => Event::Command,
            };
            self.server.spikes.add(event, now.as_secs(), millis);
            if !session.tenant.is_default() {
                session.tenant.spikes.add(event, now.as_secs(), millis);
            }
        }
        if !flags.intersects(Flags::SKIP_MONITOR | Flags::ADMIN) {
            let at_us = now.as_micros() as u64;
            self.tell_monitors(session, || {
                monitors::line(command, args, &monitors::Source::of(session), at_us)
            });
        }
        let is_slow = observe.slow_us.is_some_and(|threshold| micros >= threshold);
        (is_slow && !flags.contains(Flags::SKIP_SLOWLOG))
            .then(|| SlowEntry::new(command, args, &session.client, now.as_secs(), micros))
    }

    /// Sends a line to everybody who monitors. Who cannot take it is closed, as its view would have a hole.
    fn tell_monitors(&self, session: &Session, line: impl FnOnce() -> bytes::Bytes) {
        let monitors = self.server.monitors.of_tenant(session.tenant.id());
        if monitors.is_empty() {
            return;
        }
        let line = line();
        for monitor in monitors {
            if !self
                .server
                .net
                .push(monitor.core, monitor.client, line.clone())
            {
                tracing::warn!(
                    client = monitor.client,
                    "a client that monitors fell too far behind; it is closed"
                );
                self.server.clients.kill(monitor.client);
            }
        }
    }
}
