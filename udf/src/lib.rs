//! Engines for user-defined functions behind one trait.

mod engine;
mod host;
pub mod library;
mod local;
pub mod lua;
pub mod wasm;

pub use engine::{
    Account, Call, CallError, Engine, Function, FunctionFlags, Instance, LoadError, Loaded, Program,
};
pub use host::{Denied, Host, Intent, LogLevel, Pulse};
pub use local::LocalHost;
