//! Cores and what they stand on: the I/O driver, the listening sockets, timers, limits and signals of the process.
//!
//! Nothing here knows a command.

mod accept;
mod cores;
mod cron;
pub mod driver;
pub mod files;
mod huge_pages;
pub mod listen;
mod net;
mod pace;
pub mod ping;
mod rate;
mod relisten;
mod signals;
mod start;
mod sweep;

pub use net::{Accepted, Message, Net};
pub use pace::{Pace, STEP_PAUSE};
pub use rate::{PerSecond, Rates, Totals};
pub use signals::request_shutdown;
pub use start::run;
