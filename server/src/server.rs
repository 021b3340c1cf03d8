//! What all cores share.

use std::hash::{BuildHasher as _, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use store::command::CommandError;
use store::hash::Seed;
use store::keyspace::Slice;
use store::slot::ShardMap;

use crate::acl::Acl;
use crate::blocking::Pause;
use crate::client::{ClientInfo, Clients};
use crate::config::Config;
use crate::error_counts::ErrorCounts;
use crate::function::Loader;
use crate::observe::{CommandTime, Monitors, SlowLog, Spikes};
use crate::registry::Registry;
use crate::runtime::Net;
use crate::shard::SliceState;
use crate::snapshot::LastSave;
use crate::tenant;

/// The server: one per process.
pub struct Server {
    /// Every command.
    pub registry: Registry,
    /// Slots to shards.
    pub shard_map: ShardMap,
    /// The hashing secret.
    pub seed: Seed,
    /// Tenants, and through them the data.
    pub tenants: tenant::Directory,
    /// Open connections.
    pub clients: Clients,
    /// Cores and connections.
    pub net: Net,
    /// Counters, one block per core.
    pub stats: Box<[CoreStats]>,
    /// The configuration.
    pub config: Config,
    /// The slow log.
    pub slow_log: SlowLog,
    /// The latency monitor.
    pub spikes: Spikes,
    /// Clients that monitor.
    pub monitors: Monitors,
    /// Users and their rights.
    pub acl: Acl,
    /// Takes libraries of functions in.
    pub loader: Loader,
    /// CLIENT PAUSE.
    pub pause: Pause,
    /// Whether scripts may call DEBUG, which DEBUG SET-DISABLE-DENY-SCRIPTS switches.
    pub scripts_debug: AtomicBool,
    /// Whether cores remove due keys in the background, which DEBUG SET-ACTIVE-EXPIRE switches.
    pub active_expire: AtomicBool,
    /// Whether what cores do by the clock rests, which DEBUG PAUSE-CRON switches.
    pub cron_paused: AtomicBool,
    /// Whether quiet cores keep their spare buffers, which DEBUG REPLYBUFFER RESIZING switches.
    pub keeps_spares: AtomicBool,
    /// When the data were last saved.
    pub last_save: LastSave,
    /// When the process started, ms since the epoch.
    pub started_at_ms: u64,
    /// Resident memory before there were data and clients.
    pub startup_bytes: u64,
    /// 40 random hexadecimal digits, new at every start.
    pub run_id: String,
    /// The data set as replication names it.
    pub replication_id: ReplicationId,
}

/// 40 random hexadecimal digits that name a history of changes.
#[derive(Debug)]
pub struct ReplicationId(Mutex<String>);

impl Default for ReplicationId {
    fn default() -> Self {
        ReplicationId(Mutex::new(random_hex()))
    }
}

impl ReplicationId {
    /// The present one.
    pub fn get(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes another.
    pub fn change(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = random_hex();
    }
}

/// 40 random hexadecimal digits.
pub fn random_hex() -> String {
    let mut digits: String = (0..3).map(|_| format!("{:016x}", random_u64())).collect();
    digits.truncate(40);
    digits
}

/// Random bits from the operating system, through the standard library's hash keys.
pub fn random_u64() -> u64 {
    RandomState::new().hash_one(0u8)
}

impl Server {
    /// Forgets a connection that has closed.
    pub fn dismiss(&self, client: &ClientInfo) {
        self.clients.remove(client);
        if client.monitors.load(Relaxed) {
            self.monitors.remove(client);
            self.config.republish();
        }
    }
}

/// One core's counters. Only that core writes, so an increment is a load and a store.
#[derive(Debug)]
#[repr(align(128))]
pub struct CoreStats {
    /// Commands run.
    pub commands: Counter,
    /// Error replies sent.
    pub errors: Counter,
    /// The same by code word.
    pub errors_by_code: ErrorCounts,
    /// Changes to the data since the start, none of which has been saved.
    pub changes: Counter,
    /// Reads that brought input.
    pub reads: Counter,
    /// Times output was sent.
    pub writes: Counter,
    /// Pauses in which requests could gather.
    pub pauses: Counter,
    /// Bytes read from clients.
    pub input_bytes: Counter,
    /// Bytes written to clients.
    pub output_bytes: Counter,
    /// Calls per command, by command id.
    pub calls: Box<[Counter]>,
    /// Calls refused before they ran, by command id.
    pub rejected_calls: Box<[Counter]>,
    /// Calls that ran and ended with an error, by command id.
    pub failed_calls: Box<[Counter]>,
    /// Time spent in commands, by command id.
    pub times: Box<[CommandTime]>,
}

impl CoreStats {
    /// Zeroes for `commands` known commands.
    pub fn new(commands: usize) -> Self {
        let by_command = || (0..commands).map(|_| Counter::default()).collect();
        CoreStats {
            commands: Counter::default(),
            errors: Counter::default(),
            errors_by_code: ErrorCounts::default(),
            changes: Counter::default(),
            reads: Counter::default(),
            writes: Counter::default(),
            pauses: Counter::default(),
            input_bytes: Counter::default(),
            output_bytes: Counter::default(),
            calls: by_command(),
            rejected_calls: by_command(),
            failed_calls: by_command(),
            times: (0..commands).map(|_| CommandTime::default()).collect(),
        }
    }

    /// Counts a read of so many bytes.
    #[inline]
    pub fn count_read(&self, bytes: usize) {
        self.reads.add(1);
        self.input_bytes.add(bytes as u64);
    }

    /// Counts the sending of so many bytes.
    #[inline]
    pub fn count_write(&self, bytes: usize) {
        self.writes.add(1);
        self.output_bytes.add(bytes as u64);
    }

    /// Counts an error reply.
    #[cold]
    pub fn count_error(&self, error: &CommandError) {
        self.errors.add(1);
        self.errors_by_code.add(&error.to_string());
    }

    /// Back to zero, for CONFIG RESETSTAT; what is not saved yet stays.
    pub fn reset(&self) {
        let counters = [
            &self.commands,
            &self.errors,
            &self.reads,
            &self.writes,
            &self.pauses,
            &self.input_bytes,
            &self.output_bytes,
        ];
        counters
            .into_iter()
            .chain(&self.calls)
            .chain(&self.rejected_calls)
            .chain(&self.failed_calls)
            .for_each(Counter::reset);
        self.errors_by_code.reset();
        self.times.iter().for_each(CommandTime::reset);
    }
}

/// A counter with one writer and many readers.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`; only the owning core may.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    /// The present value.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Back to zero; an increment at that very moment may survive.
    pub fn reset(&self) {
        self.0.store(0, Relaxed);
    }
}

impl SliceState for Slice {
    /// Tells the tenant's charge what has become of its memory.
    #[inline]
    fn settle(&mut self) {
        Slice::settle(self);
    }

    /// Asked after a panic only: any command may have been in the middle of a change.
    fn write_begun(&self) -> bool {
        true
    }

    /// Counts everything again; a slice whose counters do not hold stays out of service.
    fn repair(&mut self) -> bool {
        catch_unwind(AssertUnwindSafe(|| self.audit())).is_ok()
    }

    /// Where those who wait for its keys want elements moved.
    #[inline]
    fn reach(&self) -> u64 {
        self.waiting.reach()
    }
}
