//! How many sockets the process may have, and what that leaves of `maxclients`.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tracing::warn;

/// Descriptors kept for everything that is not a client: listeners, rings, files, log.
const RESERVED_FILES: u64 = 32;
/// Descriptors every core needs for itself: its ring, its bell, its listeners.
const FILES_PER_CORE: u64 = 8;

/// Raises the soft limit on open files as far as `clients_max` needs and the hard limit allows, and returns how many clients fit.
pub fn reserve(clients_max: u64, cores: u64) -> u64 {
    let reserved = RESERVED_FILES + FILES_PER_CORE * cores;
    let wanted = clients_max.saturating_add(reserved);
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        warn!("the limit on open files cannot be read; maxclients stays at {clients_max}");
        return clients_max;
    };
    let granted = match soft >= wanted {
        true => soft,
        false => raise(soft, hard, wanted),
    };
    let fitting = clients_fitting(granted, reserved, clients_max);
    if fitting < clients_max {
        warn!(
            "maxclients {clients_max} needs {wanted} open files but the limit is {granted} (hard limit {hard}): maxclients lowered to \
             {fitting}. Raise it with 'ulimit -n' for more"
        );
    }
    fitting
}

fn raise(soft: u64, hard: u64, wanted: u64) -> u64 {
    let target = wanted.min(hard);
    match setrlimit(Resource::RLIMIT_NOFILE, target, hard) {
        Ok(()) => target,
        Err(_) => soft,
    }
}

/// At least one client, so that somebody can log in and see.
fn clients_fitting(granted: u64, reserved: u64, clients_max: u64) -> u64 {
    granted
        .saturating_sub(reserved)
        .clamp(1, clients_max.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_what_the_limit_leaves() {
        for (granted, reserved, max, want) in [
            (1024, 32, 10_000, 992),
            (20_000, 32, 10_000, 10_000),
            (16, 32, 10_000, 1),
            (100, 32, 0, 1),
        ] {
            assert_eq!(clients_fitting(granted, reserved, max), want);
        }
    }

    #[test]
    fn a_modest_number_fits_anywhere() {
        assert_eq!(reserve(16, 1), 16);
    }
}
