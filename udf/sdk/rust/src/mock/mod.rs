//! A host for native tests: one a thread, empty at first, its clock standing still until the test moves it.
//!
//! ```
//! use redoxcache_udf::{functions, mock, reply, Call, Error};
//!
//! fn visit(call: &Call) -> Result<(), Error> {
//!     reply::int(call.key(0)?.incr_by(1)?);
//!     Ok(())
//! }
//!
//! functions! { "visit" [] => visit as export_visit }
//!
//! fn main() {
//!     mock::reset();
//!     assert_eq!(mock::invoke(export_visit, &[b"page"], &[]), mock::Value::Int(1));
//!     assert_eq!(mock::string(b"page"), Some(b"1".to_vec()));
//! }
//! ```
//!
//! It does what the server does for the typed imports. Other commands ([`crate::command`]) it does not know: a test says with
//! [`answer_commands`] what they answer.

pub(crate) mod imports;
mod several;
mod state;
mod value;

use crate::call::Pair;
use state::with;

pub use value::Value;

/// An exported function, as `functions!` makes it.
pub type Export = unsafe extern "C" fn(*const Pair, usize, usize) -> i32;

/// Forgets everything, and sets the clock to 0.
pub fn reset() {
    with(|state| *state = state::State::default());
}

/// Sets the clock, ms since the epoch.
pub fn set_now_ms(ms: i64) {
    with(|state| state.now_ms = ms);
}

/// Moves the clock on.
pub fn advance_ms(ms: i64) {
    with(|state| state.now_ms += ms);
}

/// Where random numbers start.
pub fn seed(seed: u64) {
    with(|state| state.random = seed);
}

/// What commands other than the typed imports answer from now on.
pub fn answer_commands(answer: impl Fn(&[&[u8]]) -> Value + 'static) {
    with(|state| state.commands = Some(std::rc::Rc::new(answer)));
}

/// The string at a key.
pub fn string(key: &[u8]) -> Option<Vec<u8>> {
    with(|state| state.string(key).ok().flatten())
}

/// The members of the sorted set at a key and their scores, in its order.
pub fn sorted_set(key: &[u8]) -> Vec<(Vec<u8>, f64)> {
    with(|state| state.sorted_set(key).unwrap_or_default())
}

/// The list at a key, from head to tail.
pub fn list(key: &[u8]) -> Vec<Vec<u8>> {
    with(|state| state.list(key).unwrap_or_default())
}

/// The fields of the hash at a key, by name.
pub fn hash(key: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    with(|state| state.hash(key).unwrap_or_default())
}

/// Time until a key expires, in ms; `None` when it does not, or is not there.
pub fn pttl(key: &[u8]) -> Option<i64> {
    with(|state| {
        let at_ms = state.expires_at_ms(key).ok().flatten().flatten();
        at_ms.map(|at_ms| at_ms - state.now_ms)
    })
}

/// Sets a string, as a test's preparation.
pub fn set_string(key: &[u8], value: &[u8]) {
    with(|state| state.put_string(key, value.to_vec(), None));
}

/// What was logged so far.
pub fn logged() -> Vec<String> {
    with(|state| state.log.clone())
}

/// What a library registers: names and flag bits.
pub fn registered(load: extern "C" fn() -> i32) -> Result<Vec<(String, u32)>, i32> {
    with(|state| state.registered = Some(Vec::new()));
    let status = load();
    let registered = with(|state| state.registered.take()).unwrap_or_default();
    match status {
        0 => Ok(registered),
        status => Err(status),
    }
}

/// Calls a function with these keys, which are then the declared ones, and arguments; gives its reply.
pub fn invoke(function: Export, keys: &[&[u8]], args: &[&[u8]]) -> Value {
    let pair = |bytes: &&[u8]| Pair {
        ptr: bytes.as_ptr(),
        len: bytes.len(),
    };
    let argv: Vec<Pair> = keys.iter().chain(args).map(pair).collect();
    with(|state| state.begin(keys));
    // SAFETY: argv and what it points to are there during the call.
    let status = unsafe { function(argv.as_ptr(), keys.len(), args.len()) };
    with(|state| state.end(status))
}
