//! Cores and what they stand on: the I/O driver, the listening sockets, limits of the process.
//!
//! Nothing here knows a command.

pub mod driver;
pub mod files;
pub mod listen;
