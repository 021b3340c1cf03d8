//! What commands do to a key, without a request and without a reply: for functions, which have typed values in hand.
//!
//! Each of these is the very code behind its command: same changes, same events, same counts. What only reads, a caller gets from
//! [`Keys`](super::Keys).

pub use super::generic::{delete, expire_in_ms, time_to_live_ms};
pub use super::hash::{increase_field, remove_fields, set_pairs};
pub use super::list::{push_elements, take_one};
pub use super::set::{add_members, remove_members};
pub use super::string::{append_string, increase, store_string};
pub use super::zset::{add_scored, increase_score, ranked, remove_ranks, remove_scored};
