//! The configuration as the server reads it: one typed field per directive that has an effect.

use std::path::PathBuf;

use store::command::{DataConfig, EventClass};
use store::keyspace::Tracking;
use store::types::EncodingLimits;

use super::directive::DirectiveId;
use super::value::{OutputLimit, Value};
use super::values::{Values, id_of};
use crate::acl::NewChannels;

/// Who may do something that is off by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtectedAction {
    /// Nobody.
    Denied,
    /// Everybody.
    Allowed,
    /// Clients of this host.
    Local,
}

impl ProtectedAction {
    /// Whether a client may, given that it is a client of this host or not.
    pub fn allows(self, is_local: bool) -> bool {
        match self {
            ProtectedAction::Denied => false,
            ProtectedAction::Allowed => true,
            ProtectedAction::Local => is_local,
        }
    }
}

/// Kernel interface for sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IoDriver {
    /// io_uring where it is allowed, else epoll.
    Auto,
    /// io_uring or nothing.
    IoUring,
    /// epoll.
    Epoll,
}

/// Which keys give way when memory is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Redis's")]
pub enum EvictionPolicy {
    VolatileLru,
    VolatileLfu,
    VolatileRandom,
    VolatileTtl,
    AllKeysLru,
    AllKeysLfu,
    AllKeysRandom,
    NoEviction,
}

/// Least important messages that are logged, by Redis's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are Redis's")]
pub enum LogLevel {
    Debug,
    Verbose,
    Notice,
    Warning,
}

impl From<LogLevel> for udf::LogLevel {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Debug => udf::LogLevel::Debug,
            LogLevel::Verbose => udf::LogLevel::Verbose,
            LogLevel::Notice => udf::LogLevel::Notice,
            LogLevel::Warning => udf::LogLevel::Warning,
        }
    }
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines in Redis's manner.
    Text,
    /// One JSON object a line.
    Json,
}

/// Limits of pending output per class of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimits {
    /// Ordinary clients.
    pub normal: OutputLimit,
    /// Replicas.
    pub replica: OutputLimit,
    /// Subscribers.
    pub pubsub: OutputLimit,
}

/// What is measured of commands, and from when on somebody wants to know.
#[derive(Clone, Debug, PartialEq)]
pub struct ObserveSettings {
    /// `slowlog-log-slower-than` in microseconds; none logs nothing.
    pub slow_us: Option<u64>,
    /// `slowlog-max-len`.
    pub slow_log_len: usize,
    /// `latency-monitor-threshold` in ms; none notes nothing.
    pub spike_ms: Option<u64>,
    /// `latency-tracking`.
    pub tracks_latency: bool,
    /// `latency-tracking-info-percentiles`.
    pub percentiles: Vec<f64>,
}

/// A snapshot of the configuration. Sizes are bytes.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "each field is the directive of its name, described in the table"
)]
pub struct Settings {
    pub port: u16,
    pub bind: Vec<String>,
    pub unixsocket: Option<PathBuf>,
    pub unixsocketperm: u32,
    pub tcp_backlog: u32,
    pub tcp_keepalive_s: u32,
    pub timeout_s: u32,
    pub maxclients: u32,
    pub protected_mode: bool,
    pub client_query_buffer_limit: u64,
    /// `maxmemory-clients` in bytes, 0 for none.
    pub maxmemory_clients: u64,
    pub client_output_buffer_limit: OutputLimits,
    pub io_driver: IoDriver,
    pub threads: usize,
    pub shards: usize,
    pub core_pinning: bool,
    /// `io-coalesce-usec`.
    pub io_coalesce_us: u64,
    /// `disable-thp`.
    pub disable_thp: bool,
    pub databases: usize,
    pub shutdown_timeout_s: u32,
    pub dir: PathBuf,
    pub dbfilename: PathBuf,
    pub requirepass: Vec<u8>,
    pub aclfile: Option<PathBuf>,
    pub acllog_max_len: usize,
    pub acl_pubsub_default: NewChannels,
    pub enable_debug_command: ProtectedAction,
    pub enable_protected_configs: ProtectedAction,
    pub tracking_table_max_keys: usize,
    pub maxmemory: u64,
    pub maxmemory_policy: EvictionPolicy,
    pub busy_reply_threshold_ms: u64,
    pub lua_enable_deprecated_api: bool,
    pub lua_memory_bytes_max: usize,
    pub maxmemory_samples: u32,
    pub maxmemory_eviction_tenacity: u32,
    pub lfu_log_factor: u32,
    pub wasm_time_limit_ms: u64,
    pub wasm_memory_bytes_max: usize,
    pub wasm_module_bytes_max: usize,
    pub wasm_module_functions_max: usize,
    pub lfu_decay_time_min: u32,
    pub loglevel: LogLevel,
    pub logfile: Option<PathBuf>,
    pub log_format: LogFormat,
    pub observe: ObserveSettings,
    /// What data commands read: encodings, `proto-max-bulk-len`, `notify-keyspace-events`.
    pub data: DataConfig,
}

impl Settings {
    /// Reads every field from the values.
    pub fn from_values(values: &Values) -> Self {
        let read = Reader(values);
        Settings {
            port: read.integer("port"),
            bind: read.addresses("bind"),
            unixsocket: read.path("unixsocket"),
            unixsocketperm: read.octal("unixsocketperm"),
            tcp_backlog: read.integer("tcp-backlog"),
            tcp_keepalive_s: read.integer("tcp-keepalive"),
            timeout_s: read.integer("timeout"),
            maxclients: read.integer("maxclients"),
            protected_mode: read.bool("protected-mode"),
            client_query_buffer_limit: read.memory("client-query-buffer-limit"),
            client_output_buffer_limit: read.output_limits("client-output-buffer-limit"),
            io_driver: read.choice(
                "io-driver",
                &[IoDriver::Auto, IoDriver::IoUring, IoDriver::Epoll],
            ),
            threads: read.integer("threads"),
            shards: read.integer("shards"),
            core_pinning: read.bool("core-pinning"),
            io_coalesce_us: read.integer("io-coalesce-usec"),
            disable_thp: read.bool("disable-thp"),
            databases: read.integer("databases"),
            shutdown_timeout_s: read.integer("shutdown-timeout"),
            dir: read.path("dir").unwrap_or_default(),
            dbfilename: read.path("dbfilename").unwrap_or_default(),
            requirepass: read.text("requirepass").to_vec(),
            aclfile: read.path("aclfile"),
            acllog_max_len: read.integer("acllog-max-len"),
            acl_pubsub_default: read
                .choice("acl-pubsub-default", &[NewChannels::All, NewChannels::None]),
            enable_debug_command: read.protected_action("enable-debug-command"),
            enable_protected_configs: read.protected_action("enable-protected-configs"),
            tracking_table_max_keys: read.integer("tracking-table-max-keys"),
            maxmemory: read.memory("maxmemory"),
            maxmemory_clients: read.memory_or_share("maxmemory-clients", "maxmemory"),
            maxmemory_policy: read.choice("maxmemory-policy", &POLICIES),
            busy_reply_threshold_ms: read.integer("busy-reply-threshold"),
            lua_enable_deprecated_api: read.bool("lua-enable-deprecated-api"),
            lua_memory_bytes_max: read.size("lua-memory-max"),
            maxmemory_samples: read.integer("maxmemory-samples"),
            maxmemory_eviction_tenacity: read.integer("maxmemory-eviction-tenacity"),
            lfu_log_factor: read.integer("lfu-log-factor"),
            wasm_time_limit_ms: read.integer("wasm-time-limit"),
            wasm_memory_bytes_max: read.size("wasm-memory-max"),
            wasm_module_bytes_max: read.size("wasm-module-max-size"),
            wasm_module_functions_max: read.integer("wasm-module-max-functions"),
            lfu_decay_time_min: read.integer("lfu-decay-time"),
            loglevel: read.choice("loglevel", &LEVELS),
            logfile: read.path("logfile"),
            log_format: read.choice("log-format", &[LogFormat::Text, LogFormat::Json]),
            observe: ObserveSettings {
                slow_us: u64::try_from(read.integer::<i64>("slowlog-log-slower-than")).ok(),
                slow_log_len: read.integer("slowlog-max-len"),
                spike_ms: Some(read.integer("latency-monitor-threshold")).filter(|ms| *ms > 0),
                tracks_latency: read.bool("latency-tracking"),
                percentiles: read.percentiles("latency-tracking-info-percentiles"),
            },
            data: DataConfig {
                encoding: encoding_limits(&read),
                bulk_len_max: read.memory("proto-max-bulk-len"),
                hll_sparse_bytes_max: read.size("hll-sparse-max-bytes"),
                events: read.events("notify-keyspace-events"),
                tracking: tracking(&read),
                shares_integers: shares_integers(&read),
            },
        }
    }
}

/// Whether small integers count as shared, as Redis has it.
fn shares_integers(read: &Reader<'_>) -> bool {
    let policy = read.choice("maxmemory-policy", &POLICIES);
    let needs_clocks = matches!(
        policy,
        EvictionPolicy::AllKeysLru
            | EvictionPolicy::VolatileLru
            | EvictionPolicy::AllKeysLfu
            | EvictionPolicy::VolatileLfu
    );
    !needs_clocks || read.size("maxmemory") == 0
}

/// What accesses leave behind under the eviction policy.
fn tracking(read: &Reader<'_>) -> Tracking {
    let (log_factor, decay) = (
        read.integer("lfu-log-factor"),
        read.integer("lfu-decay-time"),
    );
    read.choice("maxmemory-policy", &POLICIES)
        .tracking(log_factor, decay)
}

impl EvictionPolicy {
    /// What accesses leave behind under it.
    fn tracking(self, log_factor: u32, decay_minutes: u32) -> Tracking {
        match self {
            EvictionPolicy::AllKeysLfu | EvictionPolicy::VolatileLfu => Tracking::Frequency {
                log_factor,
                decay_minutes,
            },
            EvictionPolicy::AllKeysLru
            | EvictionPolicy::VolatileLru
            | EvictionPolicy::AllKeysRandom
            | EvictionPolicy::VolatileRandom
            | EvictionPolicy::VolatileTtl
            | EvictionPolicy::NoEviction => Tracking::Recency,
        }
    }
}

impl Settings {
    /// What accesses leave behind under a policy.
    pub fn tracking_under(&self, policy: EvictionPolicy) -> Tracking {
        policy.tracking(self.lfu_log_factor, self.lfu_decay_time_min)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings::from_values(&Values::default())
    }
}

const POLICIES: [EvictionPolicy; 8] = [
    EvictionPolicy::VolatileLru,
    EvictionPolicy::VolatileLfu,
    EvictionPolicy::VolatileRandom,
    EvictionPolicy::VolatileTtl,
    EvictionPolicy::AllKeysLru,
    EvictionPolicy::AllKeysLfu,
    EvictionPolicy::AllKeysRandom,
    EvictionPolicy::NoEviction,
];

const LEVELS: [LogLevel; 4] = [
    LogLevel::Debug,
    LogLevel::Verbose,
    LogLevel::Notice,
    LogLevel::Warning,
];

impl EvictionPolicy {
    /// The policy of this name, in any case.
    pub fn named(name: &[u8]) -> Option<Self> {
        let mut named = POLICIES.iter().copied();
        named.find(|policy| name.eq_ignore_ascii_case(policy.name().as_bytes()))
    }

    /// Redis's name of the policy.
    pub fn name(self) -> &'static str {
        let index = POLICIES
            .iter()
            .position(|policy| *policy == self)
            .expect("all policies are listed");
        id_of("maxmemory-policy")
            .directive()
            .kind
            .choice_name(index)
    }
}

fn encoding_limits(read: &Reader<'_>) -> EncodingLimits {
    EncodingLimits {
        hash_max_listpack_entries: read.integer("hash-max-listpack-entries"),
        hash_max_listpack_value: read.size("hash-max-listpack-value"),
        set_max_intset_entries: read.integer("set-max-intset-entries"),
        set_max_listpack_entries: read.integer("set-max-listpack-entries"),
        set_max_listpack_value: read.size("set-max-listpack-value"),
        zset_max_listpack_entries: read.integer("zset-max-listpack-entries"),
        zset_max_listpack_value: read.size("zset-max-listpack-value"),
        stream_node_max_bytes: read.size("stream-node-max-bytes"),
        stream_node_max_entries: read.integer("stream-node-max-entries"),
        list_max_listpack_size: read.integer("list-max-listpack-size"),
    }
}

/// Typed access by name. A name or kind that does not fit the table is a mistake in
/// this file, and building the default settings in a test shows it.
struct Reader<'a>(&'a Values);

impl<'a> Reader<'a> {
    fn value(&self, name: &str) -> &'a Value {
        let id: DirectiveId = id_of(name);
        self.0.get(id)
    }

    fn integer<T: TryFrom<i64>>(&self, name: &str) -> T {
        match self.value(name) {
            Value::Integer(value) => T::try_from(*value)
                .unwrap_or_else(|_| unreachable!("the bounds of {name} keep it in its type")),
            other => unreachable!("{name} is {other:?}"),
        }
    }

    fn bool(&self, name: &str) -> bool {
        match self.value(name) {
            Value::Bool(value) => *value,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    /// Bytes; a percentage is of what `whole` says.
    fn memory_or_share(&self, name: &str, whole: &str) -> u64 {
        match self.value(name) {
            Value::Memory(bytes) => *bytes,
            Value::Percent(percent) => {
                let bytes = u128::from(self.memory(whole)) * u128::from(*percent) / 100;
                u64::try_from(bytes).unwrap_or(u64::MAX)
            }
            other => unreachable!("{name} is {other:?}"),
        }
    }

    fn percentiles(&self, name: &str) -> Vec<f64> {
        match self.value(name) {
            Value::Percentiles(percentiles) => percentiles.clone(),
            other => unreachable!("{name} is {other:?}"),
        }
    }

    fn octal(&self, name: &str) -> u32 {
        match self.value(name) {
            Value::Octal(value) => *value,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    fn memory(&self, name: &str) -> u64 {
        match self.value(name) {
            Value::Memory(value) => *value,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    fn size(&self, name: &str) -> usize {
        usize::try_from(self.memory(name)).unwrap_or(usize::MAX)
    }

    fn text(&self, name: &str) -> &'a [u8] {
        match self.value(name) {
            Value::Text(text) => text,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        let text = self.text(name);
        (!text.is_empty()).then(|| PathBuf::from(super::path::os_string(text)))
    }

    fn choice<T: Copy>(&self, name: &str, choices: &[T]) -> T {
        match self.value(name) {
            Value::Choice(index) => choices[*index],
            other => unreachable!("{name} is {other:?}"),
        }
    }

    fn protected_action(&self, name: &str) -> ProtectedAction {
        self.choice(
            name,
            &[
                ProtectedAction::Denied,
                ProtectedAction::Allowed,
                ProtectedAction::Local,
            ],
        )
    }

    fn events(&self, name: &str) -> EventClass {
        match self.value(name) {
            Value::EventClasses(classes) => *classes,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    fn addresses(&self, name: &str) -> Vec<String> {
        match self.value(name) {
            Value::Addresses(addresses) => addresses
                .iter()
                .map(|address| String::from_utf8_lossy(address).into_owned())
                .collect(),
            other => unreachable!("{name} is {other:?}"),
        }
    }

    fn output_limits(&self, name: &str) -> OutputLimits {
        match self.value(name) {
            Value::OutputLimits([normal, replica, pubsub]) => OutputLimits {
                normal: *normal,
                replica: *replica,
                pubsub: *pubsub,
            },
            other => unreachable!("{name} is {other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_redis_defaults() {
        let settings = Settings::default();
        assert_eq!(settings.port, 6379);
        assert_eq!(settings.bind, ["*", "-::*"]);
        assert_eq!(settings.maxmemory_policy, EvictionPolicy::NoEviction);
        assert_eq!(settings.maxmemory_policy.name(), "noeviction");
        assert_eq!(settings.loglevel, LogLevel::Notice);
        assert_eq!(settings.data.encoding, EncodingLimits::default());
        assert_eq!(
            settings.client_output_buffer_limit.pubsub.hard_bytes,
            32 << 20
        );
    }
}
