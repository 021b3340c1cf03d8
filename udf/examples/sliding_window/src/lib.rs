//! A rate limit over a sliding window, in one short string however high the limit is.
//!
//! Time is cut into slices of a tenth of the window. What was granted is counted by slice, and a slice counts until all of it has left
//! the window. So no window, wherever it starts, ever sees more than the limit; what was granted may count for up to a tenth longer.
#![cfg_attr(target_arch = "wasm32", no_std)]

use redoxcache_udf::{functions, now_ms, parse_int, reply, Call, Error, Key, SetOptions, Text};

/// Slices of a window.
const PARTS: i64 = 10;
/// Slices that count: the window's own, and the one it has not quite left.
const SLICES: usize = 11;
/// Bytes of the string: 13 numbers and the spaces between them.
const STATE_MAX: usize = 176;
const COUNT_MAX: i64 = 1_000_000_000;
const FOREIGN: Error = Error::Text("ERR the key does not hold a window");

/// What was granted lately: the string is `slice_ms newest count count …`.
struct Window {
    slice_ms: i64,
    /// The number of the newest slice; the first one began with the epoch.
    newest: i64,
    /// Grants by slice, the newest first.
    counts: [i64; SLICES],
}

impl Window {
    /// The window that ends now, from what the key holds.
    fn read(key: Key, slice_ms: i64, now_ms: i64) -> Result<Self, Error> {
        let current = now_ms / slice_ms;
        let mut room = [0; STATE_MAX];
        let kept = match key.get(&mut room)? {
            Some(state) => Window::parse(state).ok_or(FOREIGN)?,
            None => Window::empty(slice_ms, current),
        };
        // Slices of another length say nothing about these.
        if kept.slice_ms != slice_ms {
            return Ok(Window::empty(slice_ms, current));
        }
        // A clock that went back changes nothing until it has caught up.
        let newest = current.max(kept.newest);
        let age = usize::try_from(newest - kept.newest).unwrap_or(SLICES);
        let mut window = Window::empty(slice_ms, newest);
        for (count, kept) in window.counts.iter_mut().skip(age).zip(kept.counts) {
            *count = kept;
        }
        Ok(window)
    }

    fn empty(slice_ms: i64, newest: i64) -> Self {
        Window {
            slice_ms,
            newest,
            counts: [0; SLICES],
        }
    }

    fn parse(state: &[u8]) -> Option<Self> {
        let mut numbers = state.split(|byte| *byte == b' ').map(parse_int);
        let mut window = Window::empty(numbers.next()??, numbers.next()??);
        for count in &mut window.counts {
            *count = numbers.next()??;
        }
        numbers.next().is_none().then_some(window)
    }

    fn write(&self, key: Key) -> Result<(), Error> {
        let mut state = Text::<STATE_MAX>::int(self.slice_ms);
        for number in core::iter::once(&self.newest).chain(&self.counts) {
            state.push(b" ");
            state.push_int(*number);
        }
        let lives = SetOptions::default().ttl_ms(self.slice_ms * SLICES as i64);
        key.set_with(state.as_bytes(), lives).map(|_| ())
    }

    /// When no more than `most` of what was granted counts any longer.
    fn falls_to_ms(&self, most: i64) -> i64 {
        let mut used: i64 = self.counts.iter().sum();
        let mut ends = self.newest + 1;
        for (count, oldest) in self.counts.iter().rev().zip(self.newest + 1..) {
            if used <= most {
                break;
            }
            used -= count;
            ends = oldest;
        }
        ends * self.slice_ms
    }
}

/// FCALL sliding_window 1 key limit window_ms [quantity] → granted, remaining, retry_after_ms
fn sliding_window(call: &Call) -> Result<(), Error> {
    call.expects_in(1, 2..=3)?;
    let quantity = match call.arg_count() {
        2 => 1,
        _ => call.int_in(2, 0..=COUNT_MAX)?,
    };
    let limit = call.int_in(0, 1..=COUNT_MAX)?;
    let window_ms = call.int_in(1, 1..=1_000_000_000_000)?;
    let slice_ms = (window_ms + PARTS - 1) / PARTS;

    let (key, now_ms) = (call.key(0)?, now_ms());
    let mut window = Window::read(key, slice_ms, now_ms)?;
    let used: i64 = window.counts.iter().sum();
    let is_granted = used + quantity <= limit;
    if is_granted && quantity > 0 {
        window.counts[0] += quantity;
        window.write(key)?;
    }

    let taken = if is_granted { quantity } else { 0 };
    let wait_ms = match (is_granted, quantity <= limit) {
        (true, _) => 0,
        (false, true) => window.falls_to_ms(limit - quantity) - now_ms,
        (false, false) => -1,
    };
    let left = (limit - used - taken).max(0);
    reply::ints(&[i64::from(is_granted), left, wait_ms]);
    Ok(())
}

functions! {
    "sliding_window" [] => sliding_window as export_sliding_window,
}
