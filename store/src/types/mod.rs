//! The values keys hold: one type per folder, each a thin owner of 8 bytes that picks its own encoding.
//!
//! Types know neither keys nor expiry nor replies: commands call them with bytes, and time, randomness and the hashing seed are parameters.

mod cell_table;
pub mod direction;
pub mod geo;
pub mod hash;
pub mod hyperloglog;
pub mod limits;
pub mod list;
mod member;
pub mod set;
pub mod stream;
pub mod zset;

pub use direction::{Direction, End, Side};
pub use hash::Hash;
pub use limits::EncodingLimits;
pub use list::List;
pub use member::Member;
pub use set::{Item, ItemBuf, Set};
pub use stream::Stream;
pub use zset::{Outcome, Zset};
