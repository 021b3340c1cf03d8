//! What a tenant's functions take and cost, for INFO.

use std::fmt::Write as _;
use std::sync::atomic::Ordering::Relaxed;

use super::LibraryTable;

/// Numbers and sizes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Libraries.
    pub libraries: usize,
    /// Their functions.
    pub functions: usize,
    /// Bytes of their sources and code.
    pub used_bytes: usize,
    /// Bytes of their instances' memory, on all cores.
    pub instance_bytes: usize,
}

impl LibraryTable {
    /// Counts.
    pub fn figures(&self) -> Figures {
        let libraries = self.get();
        Figures {
            libraries: libraries.iter().len(),
            functions: libraries.function_count(),
            used_bytes: libraries.iter().map(|library| library.used_bytes()).sum(),
            instance_bytes: libraries
                .iter()
                .map(|library| library.instance_bytes.load(Relaxed))
                .sum(),
        }
    }

    /// Writes a line for every function that was called.
    pub fn write_costs(&self, text: &mut String) {
        for library in self.get().iter() {
            for (function, account) in library.functions.iter().zip(&library.accounts) {
                let calls = account.calls();
                if calls == 0 {
                    continue;
                }
                let usec = account.run_ns() / 1000;
                let _ = write!(
                    text,
                    "functionstat_{}.{}:calls={calls},usec={usec},usec_per_call={:.2},p99={:.3},traps={}\r\n",
                    library.name,
                    function.name,
                    usec as f64 / calls as f64,
                    account.percentile_ns(99.0) as f64 / 1000.0,
                    account.traps()
                );
            }
        }
    }
}
