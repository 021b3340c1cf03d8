//! The latency monitor: of every kind of event the worst in each second in which it took at least `latency-monitor-threshold` ms.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Seconds kept of each kind of event.
pub const SAMPLES_MAX: usize = 160;

/// What took its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A command.
    Command,
    /// A command declared to be O(1) or O(log n).
    FastCommand,
    /// Removing keys whose time had come, in the background.
    ExpireCycle,
}

impl Event {
    /// Redis's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Event::Command => "command",
            Event::FastCommand => "fast-command",
            Event::ExpireCycle => "expire-cycle",
        }
    }
}

/// The worst of one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The second, since the epoch.
    pub at_s: u64,
    /// How long it took, in ms.
    pub ms: u64,
}

/// One kind of event.
#[derive(Clone, Debug, Default)]
pub struct Series {
    samples: VecDeque<Sample>,
    worst_ms: u64,
}

impl Series {
    fn add(&mut self, at_s: u64, ms: u64) {
        self.worst_ms = self.worst_ms.max(ms);
        if let Some(last) = self.samples.back_mut().filter(|last| last.at_s == at_s) {
            last.ms = last.ms.max(ms);
            return;
        }
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(Sample { at_s, ms });
    }

    /// The seconds kept, oldest first.
    pub fn samples(&self) -> impl ExactSizeIterator<Item = Sample> + '_ {
        self.samples.iter().copied()
    }

    /// The newest of them.
    pub fn latest(&self) -> Option<Sample> {
        self.samples.back().copied()
    }

    /// The worst there ever was, in ms.
    pub fn worst_ms(&self) -> u64 {
        self.worst_ms
    }

    /// What LATENCY DOCTOR says of it.
    pub fn analyse(&self, now_s: u64) -> Analysis {
        let count = self.samples.len() as u64;
        let times = || self.samples().map(|sample| sample.ms);
        let average = times().sum::<u64>() / count.max(1);
        let first = self.samples.front().map_or(now_s, |sample| sample.at_s);
        Analysis {
            count,
            average_ms: average,
            deviation_ms: times().map(|ms| ms.abs_diff(average)).sum::<u64>() / count.max(1),
            min_ms: times().min().unwrap_or(0),
            max_ms: times().max().unwrap_or(0),
            seconds: now_s.saturating_sub(first).max(1),
        }
    }
}

/// Figures of one kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Analysis {
    /// Seconds kept.
    pub count: u64,
    /// Mean of their worst.
    pub average_ms: u64,
    /// Mean distance from that mean.
    pub deviation_ms: u64,
    /// The least of them.
    pub min_ms: u64,
    /// The worst of them.
    pub max_ms: u64,
    /// For how long there has been any.
    pub seconds: u64,
}

/// All kinds of events. Only what takes milliseconds comes here.
#[derive(Debug, Default)]
pub struct Spikes(Mutex<BTreeMap<&'static str, Series>>);

impl Spikes {
    /// Notes that an event took so long. The caller has compared it with the threshold.
    pub fn add(&self, event: Event, at_s: u64, ms: u64) {
        self.lock().entry(event.name()).or_default().add(at_s, ms);
    }

    /// Every kind of event there was, by name.
    pub fn all(&self) -> Vec<(&'static str, Series)> {
        let spikes = self.lock();
        spikes
            .iter()
            .map(|(name, series)| (*name, series.clone()))
            .collect()
    }

    /// One kind of event.
    pub fn get(&self, name: &[u8]) -> Option<(&'static str, Series)> {
        let spikes = self.lock();
        let mut found = spikes.iter().filter(|(known, _)| known.as_bytes() == name);
        found.next().map(|(name, series)| (*name, series.clone()))
    }

    /// Forgets one kind of event, in any case, or all; says how many.
    pub fn reset(&self, name: Option<&[u8]>) -> usize {
        let mut spikes = self.lock();
        let before = spikes.len();
        spikes.retain(|known, _| {
            name.is_some_and(|name| !known.as_bytes().eq_ignore_ascii_case(name))
        });
        before - spikes.len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Series>> {
        // Every change leaves a whole map behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_keeps_its_worst() {
        let spikes = Spikes::default();
        for (at_s, ms) in [(1, 10), (1, 30), (1, 20), (4, 5)] {
            spikes.add(Event::Command, at_s, ms);
        }
        let (name, series) = spikes.get(b"command").expect("it was added");
        let samples: Vec<(u64, u64)> = series.samples().map(|s| (s.at_s, s.ms)).collect();
        assert_eq!((name, samples), ("command", vec![(1, 30), (4, 5)]));
        assert_eq!(
            (series.worst_ms(), series.latest().map(|s| s.ms)),
            (30, Some(5))
        );
        let analysis = series.analyse(11);
        assert_eq!(
            (analysis.count, analysis.average_ms, analysis.deviation_ms),
            (2, 17, 12)
        );
        assert_eq!(
            (analysis.min_ms, analysis.max_ms, analysis.seconds),
            (5, 30, 10)
        );
    }

    #[test]
    fn old_seconds_make_room() {
        let mut series = Series::default();
        (0..SAMPLES_MAX as u64 + 5).for_each(|at_s| series.add(at_s, 1));
        assert_eq!(series.samples().len(), SAMPLES_MAX);
        assert_eq!(series.samples().next().map(|s| s.at_s), Some(5));
    }

    #[test]
    fn kinds_are_reset_one_by_one_or_all() {
        let spikes = Spikes::default();
        spikes.add(Event::Command, 1, 1);
        spikes.add(Event::FastCommand, 1, 1);
        assert_eq!(spikes.reset(Some(b"blabla")), 0);
        assert_eq!(spikes.reset(Some(b"Fast-Command")), 1);
        assert_eq!(spikes.reset(None), 1);
        assert!(spikes.all().is_empty());
    }
}
