//! A tenant's quotas, and their one grammar: option and value, in TENANT CREATE and SET and in lines of the
//! configuration.

use std::fmt;

use crate::config::{EvictionPolicy, parse_memory};

/// The weight of a tenant that was given none, and the greatest.
pub const WEIGHT_USUAL: u64 = 100;
const WEIGHT_MAX: u64 = 10_000;

/// What becomes of requests beyond the rate of operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpsAction {
    /// They wait, and the socket is not read meanwhile.
    #[default]
    Wait,
    /// They are answered with an error.
    Refuse,
}

/// A tenant's quotas; 0 is no quota, but for the weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Bytes it may be charged for.
    pub maxmemory: u64,
    /// Bytes that are kept free for it.
    pub min_memory: u64,
    /// Which of its keys go when memory is short; as the server is configured when none is set.
    pub policy: Option<EvictionPolicy>,
    /// Requests a second.
    pub ops: u64,
    /// Requests that may come at once after a pause; as many as come in a second when 0.
    pub ops_burst: u64,
    /// What becomes of those beyond.
    pub ops_action: OpsAction,
    /// Connections.
    pub maxclients: u64,
    /// Bytes of one argument of a command that writes.
    pub max_value: u64,
    /// How much of a core it gets, against the weights of others that want it too.
    pub weight: u64,
    /// What its functions in WebAssembly may take.
    pub wasm: WasmQuotas,
}

impl Default for Quotas {
    fn default() -> Self {
        Quotas {
            maxmemory: 0,
            min_memory: 0,
            policy: None,
            ops: 0,
            ops_burst: 0,
            ops_action: OpsAction::default(),
            maxclients: 0,
            max_value: 0,
            weight: WEIGHT_USUAL,
            wasm: WasmQuotas::default(),
        }
    }
}

/// What a tenant's functions in WebAssembly may take, in place of the server's directives of the same names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WasmQuotas {
    /// Milliseconds of run time of a call.
    pub time_limit_ms: u64,
    /// Bytes of memory of an instance.
    pub memory_bytes_max: u64,
    /// Bytes of a library.
    pub module_bytes_max: u64,
    /// Functions of a module.
    pub module_functions_max: u64,
}

/// A tenant's own limit, or the server's where it has none, which is 0.
#[inline]
pub fn own_or(own: u64, servers: u64) -> u64 {
    match own {
        0 => servers,
        own => own,
    }
}

/// Why an option is refused. `Display` is the wire text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaError {
    /// There is no such option.
    #[error("ERR Unknown tenant option '{0}'")]
    Unknown(String),
    /// An option has no value.
    #[error("ERR Missing value of tenant option '{0}'")]
    Missing(String),
    /// Its value is none.
    #[error("ERR Invalid value of tenant option '{option}': {reason}")]
    Invalid {
        /// The option.
        option: &'static str,
        /// What is expected.
        reason: &'static str,
    },
    /// More is reserved than there is.
    #[error(
        "ERR min-memory of all tenants together would be {reserved}, more than the server's maxmemory of {limit}"
    )]
    Reserved {
        /// Bytes of all tenants.
        reserved: u64,
        /// The server's limit.
        limit: u64,
    },
    /// A minimum above the maximum.
    #[error("ERR min-memory exceeds the tenant's maxmemory")]
    MinAboveMax,
}

/// One option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaOption {
    /// `maxmemory`
    MaxMemory,
    /// `min-memory`
    MinMemory,
    /// `maxmemory-policy`
    Policy,
    /// `ops`
    Ops,
    /// `ops-burst`
    OpsBurst,
    /// `ops-action`
    OpsAction,
    /// `maxclients`
    MaxClients,
    /// `max-value`
    MaxValue,
    /// `weight`
    Weight,
    /// `wasm-time-limit`
    WasmTimeLimit,
    /// `wasm-memory-max`
    WasmMemoryMax,
    /// `wasm-module-max-size`
    WasmModuleMaxSize,
    /// `wasm-module-max-functions`
    WasmModuleMaxFunctions,
}

const OPTIONS: [(QuotaOption, &str, Option<&str>); 13] = [
    (QuotaOption::MaxMemory, "maxmemory", None),
    (QuotaOption::MinMemory, "min-memory", None),
    (QuotaOption::Policy, "maxmemory-policy", Some("policy")),
    (QuotaOption::Ops, "ops", None),
    (QuotaOption::OpsBurst, "ops-burst", Some("burst")),
    (QuotaOption::OpsAction, "ops-action", None),
    (QuotaOption::MaxClients, "maxclients", None),
    (QuotaOption::MaxValue, "max-value", None),
    (QuotaOption::Weight, "weight", None),
    (QuotaOption::WasmTimeLimit, "wasm-time-limit", None),
    (QuotaOption::WasmMemoryMax, "wasm-memory-max", None),
    (QuotaOption::WasmModuleMaxSize, "wasm-module-max-size", None),
    (
        QuotaOption::WasmModuleMaxFunctions,
        "wasm-module-max-functions",
        None,
    ),
];

impl QuotaOption {
    /// All options, in the order they are shown.
    pub fn all() -> impl Iterator<Item = QuotaOption> {
        OPTIONS.iter().map(|(option, _, _)| *option)
    }

    /// The option of a name, in any case.
    pub fn named(word: &[u8]) -> Result<Self, QuotaError> {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        OPTIONS
            .iter()
            .find(|(_, name, short)| is(name) || short.is_some_and(is))
            .map(|(option, _, _)| *option)
            .ok_or_else(|| QuotaError::Unknown(String::from_utf8_lossy(word).into_owned()))
    }

    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        let mut known = OPTIONS.iter().filter(|(option, _, _)| *option == self);
        known.next().map_or("", |(_, name, _)| name)
    }
}

impl Quotas {
    /// Sets one option.
    pub fn set(&mut self, option: QuotaOption, value: &[u8]) -> Result<(), QuotaError> {
        let invalid = |reason| QuotaError::Invalid {
            option: option.name(),
            reason,
        };
        let bytes = || parse_memory(value).ok_or(invalid("expected an amount of memory"));
        let number = || {
            let text = std::str::from_utf8(value).ok();
            let number = text.and_then(|text| text.parse::<u32>().ok());
            number
                .map(u64::from)
                .ok_or(invalid("expected a number from 0"))
        };
        match option {
            QuotaOption::MaxMemory => self.maxmemory = bytes()?,
            QuotaOption::MinMemory => self.min_memory = bytes()?,
            QuotaOption::MaxValue => self.max_value = bytes()?,
            QuotaOption::Ops => self.ops = number()?,
            QuotaOption::OpsBurst => self.ops_burst = number()?,
            QuotaOption::MaxClients => self.maxclients = number()?,
            QuotaOption::Weight => {
                let weight = number()
                    .ok()
                    .filter(|weight| (1..=WEIGHT_MAX).contains(weight));
                self.weight = weight.ok_or(invalid("expected a number from 1 to 10000"))?;
            }
            QuotaOption::WasmTimeLimit => self.wasm.time_limit_ms = number()?,
            QuotaOption::WasmMemoryMax => self.wasm.memory_bytes_max = bytes()?,
            QuotaOption::WasmModuleMaxSize => self.wasm.module_bytes_max = bytes()?,
            QuotaOption::WasmModuleMaxFunctions => self.wasm.module_functions_max = number()?,
            QuotaOption::Policy => {
                let named = EvictionPolicy::named(value);
                self.policy = Some(named.ok_or(invalid("expected an eviction policy"))?);
            }
            QuotaOption::OpsAction => {
                self.ops_action = match value.to_ascii_lowercase().as_slice() {
                    b"wait" => OpsAction::Wait,
                    b"reply" => OpsAction::Refuse,
                    _ => return Err(invalid("expected wait or reply")),
                }
            }
        }
        Ok(())
    }

    /// Sets options and their values, all or none.
    pub fn set_all<'a>(
        &mut self,
        mut words: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), QuotaError> {
        let mut changed = self.clone();
        while let Some(word) = words.next() {
            let option = QuotaOption::named(word)?;
            let value = words
                .next()
                .ok_or_else(|| QuotaError::Missing(option.name().to_owned()))?;
            changed.set(option, value)?;
        }
        if changed.maxmemory != 0 && changed.min_memory > changed.maxmemory {
            return Err(QuotaError::MinAboveMax);
        }
        *self = changed;
        Ok(())
    }

    /// An option's value as it would be set.
    pub fn show(&self, option: QuotaOption) -> String {
        match option {
            QuotaOption::MaxMemory => self.maxmemory.to_string(),
            QuotaOption::MinMemory => self.min_memory.to_string(),
            QuotaOption::MaxValue => self.max_value.to_string(),
            QuotaOption::Ops => self.ops.to_string(),
            QuotaOption::OpsBurst => self.ops_burst.to_string(),
            QuotaOption::MaxClients => self.maxclients.to_string(),
            QuotaOption::Weight => self.weight.to_string(),
            QuotaOption::WasmTimeLimit => self.wasm.time_limit_ms.to_string(),
            QuotaOption::WasmMemoryMax => self.wasm.memory_bytes_max.to_string(),
            QuotaOption::WasmModuleMaxSize => self.wasm.module_bytes_max.to_string(),
            QuotaOption::WasmModuleMaxFunctions => self.wasm.module_functions_max.to_string(),
            QuotaOption::Policy => self.policy.map_or("", EvictionPolicy::name).to_owned(),
            QuotaOption::OpsAction => match self.ops_action {
                OpsAction::Wait => "wait".to_owned(),
                OpsAction::Refuse => "reply".to_owned(),
            },
        }
    }
}

impl fmt::Display for Quotas {
    /// The options that are set, as a line of the configuration has them behind the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let none = Quotas::default();
        for option in QuotaOption::all() {
            let shown = self.show(option);
            if shown != none.show(option) {
                write!(f, " {} {shown}", option.name())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(line: &str) -> Result<Quotas, QuotaError> {
        let mut quotas = Quotas::default();
        quotas
            .set_all(line.split_ascii_whitespace().map(str::as_bytes))
            .map(|()| quotas)
    }

    #[test]
    fn options_read_back_as_they_were_set() {
        let line = "maxmemory 536870912 min-memory 1024 maxmemory-policy allkeys-lfu ops 50000 ops-burst 7 ops-action reply maxclients 3 max-value 10 weight 300 wasm-time-limit 20 wasm-memory-max 65536 wasm-module-max-size 1024 wasm-module-max-functions 9";
        let quotas = set(line).expect("valid");
        assert_eq!(quotas.to_string().trim(), line);
        let short = set(
            "MAXMEMORY 512mb min-memory 1kb Policy allkeys-lfu OPS 50000 burst 7 ops-action REPLY MAXCLIENTS 3 MAX-VALUE 10 WEIGHT 300 WASM-TIME-LIMIT 20 WASM-MEMORY-MAX 64kb WASM-MODULE-MAX-SIZE 1kb WASM-MODULE-MAX-FUNCTIONS 9",
        );
        assert_eq!(short, Ok(quotas));
        assert_eq!(Quotas::default().to_string(), "");
    }

    #[test]
    fn what_is_no_option_is_refused() {
        for (line, text) in [
            ("speed 3", "ERR Unknown tenant option 'speed'"),
            ("ops", "ERR Missing value of tenant option 'ops'"),
            (
                "ops -1",
                "ERR Invalid value of tenant option 'ops': expected a number from 0",
            ),
            (
                "weight 0",
                "ERR Invalid value of tenant option 'weight': expected a number from 1 to 10000",
            ),
            (
                "policy best",
                "ERR Invalid value of tenant option 'maxmemory-policy': expected an eviction policy",
            ),
            (
                "maxmemory 1kb min-memory 2kb",
                "ERR min-memory exceeds the tenant's maxmemory",
            ),
        ] {
            assert_eq!(set(line).unwrap_err().to_string(), text);
        }
    }
}
