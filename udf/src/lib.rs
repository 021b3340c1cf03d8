//! Engines for user-defined functions behind one trait.

mod account;
mod engine;
mod host;
pub mod library;
mod local;
pub mod lua;
pub mod refusal;
pub mod scheduling;
pub mod wasm;

pub use account::{Account, Share};
pub use engine::{
    Call, CallError, Engine, Function, FunctionFlags, Instance, LoadError, Loaded, Program,
};
pub use host::{Denied, Host, Intent, LogLevel, Pulse};
pub use local::{LocalData, LocalHost};
