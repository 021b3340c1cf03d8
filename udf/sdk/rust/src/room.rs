//! Small things every function needs without an allocator: texts in a fixed room, numbers from texts, the time, chance, the log.

use core::fmt;
use core::str;

use crate::host;

/// A text of at most `N` bytes; what does not fit is cut off.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    /// An empty one.
    pub const fn new() -> Self {
        Text {
            bytes: [0; N],
            len: 0,
        }
    }

    /// What `format_args!` gives.
    pub fn of(text: fmt::Arguments<'_>) -> Self {
        let mut this = Self::new();
        let _ = fmt::write(&mut this, text);
        this
    }

    /// Adds bytes at the end, as many as fit.
    pub fn push(&mut self, bytes: &[u8]) {
        let len = bytes.len().min(N - self.len);
        self.bytes[self.len..self.len + len].copy_from_slice(&bytes[..len]);
        self.len += len;
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Write for Text<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

/// A whole number, written as Redis writes it.
pub(crate) fn parse_int(bytes: &[u8]) -> Option<i64> {
    let plain = !bytes.starts_with(b"+");
    str::from_utf8(bytes).ok().filter(|_| plain)?.parse().ok()
}

/// A finite number.
pub(crate) fn parse_f64(bytes: &[u8]) -> Option<f64> {
    let number: f64 = str::from_utf8(bytes).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// The time of the call, ms since the epoch. It stands still during a call.
pub fn now_ms() -> i64 {
    // SAFETY: a plain import.
    unsafe { host::now_ms() }
}

/// Random bits.
pub fn random() -> u64 {
    // SAFETY: a plain import.
    unsafe { host::rand() as u64 }
}

/// How much a line of the server's log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For whoever writes the function.
    Debug = 0,
    /// For whoever looks closely.
    Verbose = 1,
    /// For whoever runs the server.
    Notice = 2,
    /// Something is wrong.
    Warning = 3,
}

/// Writes a line to the server's log.
pub fn log(level: Level, text: &[u8]) {
    // SAFETY: the text is there during the call.
    unsafe { host::log(level as i32, text.as_ptr(), text.len()) }
}
