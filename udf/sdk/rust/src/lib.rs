//! Write functions for RedoxCache in Rust.
//!
//! A function gets the keys and arguments it was called with, reads and changes those keys beside the data, and replies:
//!
//! ```
//! # #![cfg_attr(target_arch = "wasm32", no_std)]
//! use redoxcache_udf::{functions, reply, Call, Error};
//!
//! /// FCALL compare_and_set 1 key expected new → 1 if it was set, else 0.
//! fn compare_and_set(call: &Call) -> Result<(), Error> {
//!     call.expects(1, 2)?;
//!     let (key, mut room) = (call.key(0)?, [0; 256]);
//!     let is_it = key.get(&mut room)? == Some(call.arg(0)?);
//!     if is_it {
//!         key.set(call.arg(1)?)?;
//!     }
//!     reply::int(i64::from(is_it));
//!     Ok(())
//! }
//!
//! functions! {
//!     "compare_and_set" [] => compare_and_set as export_compare_and_set,
//! }
//! # fn main() {}
//! ```
//!
//! On `wasm32` the crate needs neither `std` nor an allocator, and calls the server. Everywhere else it runs on a host of its own, one a
//! thread, in the module `mock`: so a guest's unit tests run natively, with a clock they set themselves.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![warn(missing_docs)]

mod answer;
mod call;
mod error;
mod host;
mod key;
#[macro_use]
mod export;
#[cfg(not(target_arch = "wasm32"))]
pub mod mock;
mod room;
mod several;
mod zset;

pub mod reply;

pub use answer::{command, Answer, Kind};
pub use call::Call;
pub use error::Error;
pub use export::Flags;
pub use key::{Key, SetOptions, Side, Type};
pub use room::{log, now_ms, parse_int, random, Level, Text};
pub use zset::{Rows, RowsIter};

#[doc(hidden)]
pub use call::{run, Pair};
#[doc(hidden)]
pub use export::register;
