//! Engines for user-defined functions behind one trait.

mod host;
pub mod lua;

pub use host::{Denied, Host, Intent, LogLevel, Pulse};
