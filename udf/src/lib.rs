//! Engines for user-defined functions behind one trait.

mod host;

pub use host::{Denied, Host, Intent, LogLevel, Pulse};
