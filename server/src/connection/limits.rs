//! What a connection may cost, as configured now: read by every core, changed by CONFIG SET.

use super::link::OutputClass;
use crate::config::Settings;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Output a client may leave untaken when `client-output-buffer-limit` sets no limit. Far above what any client that reads needs; it only
/// keeps one that never reads from taking all memory.
pub const OUTPUT_CEILING: u64 = 1 << 30;

/// One class of `client-output-buffer-limit`. 0 means no limit.
#[derive(Debug, Default)]
pub struct OutputLimit {
    /// Bytes at which the client is closed at once.
    pub hard_bytes: AtomicU64,
    /// Bytes at which it is closed when they persist for `soft_seconds`.
    pub soft_bytes: AtomicU64,
    /// See `soft_bytes`.
    pub soft_seconds: AtomicU64,
}

impl OutputLimit {
    fn new(hard_bytes: u64, soft_bytes: u64, soft_seconds: u64) -> Self {
        Self {
            hard_bytes: hard_bytes.into(),
            soft_bytes: soft_bytes.into(),
            soft_seconds: soft_seconds.into(),
        }
    }

    /// Sets all three.
    pub fn set(&self, hard_bytes: u64, soft_bytes: u64, soft_seconds: u64) {
        self.hard_bytes.store(hard_bytes, Relaxed);
        self.soft_bytes.store(soft_bytes, Relaxed);
        self.soft_seconds.store(soft_seconds, Relaxed);
    }

    /// The most that may be untaken, in bytes.
    #[inline]
    pub fn hard_max(&self) -> usize {
        let hard = match self.hard_bytes.load(Relaxed) {
            0 => OUTPUT_CEILING,
            hard => hard,
        };
        usize::try_from(hard).unwrap_or(usize::MAX)
    }

    /// Whether this much untaken output is over the hard limit.
    #[inline]
    pub fn is_over_hard(&self, bytes: usize) -> bool {
        bytes > self.hard_max()
    }

    /// Whether it counts towards the soft limit.
    pub fn is_over_soft(&self, bytes: usize) -> bool {
        let soft = self.soft_bytes.load(Relaxed);
        soft != 0 && bytes as u64 > soft
    }
}

/// The limits and socket options of connections.
#[derive(Debug)]
pub struct ConnectionLimits {
    /// `client-query-buffer-limit` in bytes.
    pub query_bytes_max: AtomicU64,
    /// `proto-max-bulk-len` in bytes.
    pub bulk_len_max: AtomicU64,
    /// `client-output-buffer-limit normal`.
    pub normal_output: OutputLimit,
    /// `client-output-buffer-limit pubsub`.
    pub pubsub_output: OutputLimit,
    /// `timeout` in seconds; 0 for never.
    pub idle_seconds_max: AtomicU64,
    /// `tcp-keepalive` in seconds; 0 for none.
    pub keepalive_seconds: AtomicU64,
    /// `protected-mode`, which holds while the default user has no password.
    pub loopback_only: AtomicBool,
    /// `shutdown-timeout` in seconds.
    pub shutdown_seconds: AtomicU64,
}

impl ConnectionLimits {
    /// The output limit of a class of clients.
    pub fn output_of(&self, class: OutputClass) -> &OutputLimit {
        match class {
            OutputClass::Normal => &self.normal_output,
            OutputClass::Pubsub => &self.pubsub_output,
        }
    }

    /// Takes over what is configured.
    pub fn apply(&self, settings: &Settings) {
        let output = &settings.client_output_buffer_limit;
        for (limit, set) in [
            (&self.normal_output, output.normal),
            (&self.pubsub_output, output.pubsub),
        ] {
            limit.set(set.hard_bytes, set.soft_bytes, set.soft_seconds);
        }
        self.query_bytes_max
            .store(settings.client_query_buffer_limit, Relaxed);
        self.bulk_len_max.store(settings.data.bulk_len_max, Relaxed);
        self.idle_seconds_max
            .store(settings.timeout_s.into(), Relaxed);
        self.keepalive_seconds
            .store(settings.tcp_keepalive_s.into(), Relaxed);
        self.shutdown_seconds
            .store(settings.shutdown_timeout_s.into(), Relaxed);
        self.loopback_only.store(settings.protected_mode, Relaxed);
    }
}

impl Default for ConnectionLimits {
    /// Redis's defaults.
    fn default() -> Self {
        Self {
            query_bytes_max: AtomicU64::new(1 << 30),
            bulk_len_max: AtomicU64::new(512 << 20),
            normal_output: OutputLimit::new(0, 0, 0),
            pubsub_output: OutputLimit::new(32 << 20, 8 << 20, 60),
            idle_seconds_max: AtomicU64::new(0),
            keepalive_seconds: AtomicU64::new(300),
            loopback_only: AtomicBool::new(false),
            shutdown_seconds: AtomicU64::new(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_limit_still_has_a_ceiling() {
        let limit = OutputLimit::new(0, 0, 0);
        assert!(
            !limit.is_over_hard(OUTPUT_CEILING as usize)
                && limit.is_over_hard(OUTPUT_CEILING as usize + 1)
        );
        assert!(!limit.is_over_soft(usize::MAX));
    }

    #[test]
    fn limits_change_while_in_use() {
        let limit = OutputLimit::new(0, 0, 0);
        limit.set(100, 50, 1);
        assert!(limit.is_over_hard(101) && !limit.is_over_hard(100) && limit.is_over_soft(51));
    }
}
