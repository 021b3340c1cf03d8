//! Versions the server reports.

/// The version of Redis this server behaves like: what clients and frameworks check.
pub const REDIS: &str = "7.4.0";

/// Our own version.
pub const OWN: &str = env!("CARGO_PKG_VERSION");
