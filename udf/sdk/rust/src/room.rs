//! Small things every function needs without an allocator: texts in a fixed room, numbers from texts, the time, chance, the log.

use core::fmt;
use core::mem::{size_of, MaybeUninit};
use core::{ptr, slice, str};

use crate::host;

/// A text of at most `N` bytes; what does not fit is cut off.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    /// The first `len` are written; clearing the others would take longer than most functions need for all else.
    bytes: MaybeUninit<[u8; N]>,
    len: usize,
}

impl<const N: usize> Text<N> {
    /// An empty one.
    #[inline]
    pub const fn new() -> Self {
        Text {
            bytes: MaybeUninit::uninit(),
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
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        let len = bytes.len().min(N - self.len);
        let room = self.bytes.as_mut_ptr().cast::<u8>();
        // SAFETY: there are `len` bytes at both, and what is borrowed for writing is not what is borrowed for reading.
        unsafe { copy(bytes.as_ptr(), room.add(self.len), len) };
        self.len += len;
    }

    /// Lets `read` write to the room and say how many bytes there are to read: the text is as many of them as fit.
    ///
    /// # Safety
    /// It writes as many as it says, or all that there is room for.
    #[inline]
    pub(crate) unsafe fn read(&mut self, read: impl FnOnce(*mut u8, usize) -> usize) {
        self.len = read(self.bytes.as_mut_ptr().cast(), N).min(N);
    }

    /// A whole number, as Redis writes it.
    #[inline]
    pub fn int(value: i64) -> Self {
        let mut this = Self::new();
        this.push_int(value);
        this
    }

    /// Adds a whole number at the end: at most 20 bytes. It is written by hand, for `core::fmt` is many times larger than most guests.
    pub fn push_int(&mut self, value: i64) {
        if (0..10).contains(&value) {
            return self.push(&[b'0' + value as u8]);
        }
        if value < 0 {
            self.push(b"-");
        }
        let number = value.unsigned_abs();
        if number < EIGHT_DIGITS {
            return self.push_few_digits(number as u32);
        }
        let (high, low) = (number / EIGHT_DIGITS, number % EIGHT_DIGITS);
        if high < EIGHT_DIGITS {
            self.push_few_digits(high as u32);
        } else {
            self.push_few_digits((high / EIGHT_DIGITS) as u32);
            self.push(&eight_digits(high % EIGHT_DIGITS).to_le_bytes());
        }
        self.push(&eight_digits(low).to_le_bytes());
    }

    /// Adds a number of up to eight digits.
    #[inline]
    fn push_few_digits(&mut self, number: u32) {
        let text = eight_digits(u64::from(number));
        // The zeros in front go, but not the last digit.
        let zeros = ((text ^ ZEROS).trailing_zeros() / 8).min(7);
        let (text, len) = ((text >> (8 * zeros)).to_le_bytes(), 8 - zeros as usize);
        if N - self.len < text.len() {
            return self.push(&text[..len]);
        }
        let room = self.bytes.as_mut_ptr().cast::<u8>();
        // SAFETY: there is room for all eight bytes, of which the first are counted.
        unsafe { room.add(self.len).cast::<[u8; 8]>().write(text) };
        self.len += len;
    }

    /// Its bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: so many are written.
        unsafe { slice::from_raw_parts(self.bytes.as_ptr().cast(), self.len) }
    }
}

/// What takes more than eight digits.
const EIGHT_DIGITS: u64 = 100_000_000;
/// Eight zeros as text.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// A number of at most eight digits as the bytes of a word, the first digit lowest: halves, quarters and digits are split all at once, by
/// multiplications instead of divisions and with no loop, as both take several times longer in a guest.
#[inline]
fn eight_digits(number: u64) -> u64 {
    let high = (number * 0xd1b7_1759) >> 45;
    let halves = high | (number - high * 10_000) << 32;
    let hundreds = ((halves * 10_486) >> 20) & 0x7f_0000_007f;
    let quarters = hundreds | (halves - hundreds * 100) << 16;
    let tens = ((quarters * 103) >> 10) & 0xf_000f_000f_000f;
    ZEROS | tens | (quarters - tens * 10) << 8
}

/// Copies bytes, few of them without a call of the engine's.
///
/// # Safety
/// As of `ptr::copy_nonoverlapping`.
#[inline]
unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    /// Copies the first bytes and the last ones, which may overlap.
    #[inline]
    unsafe fn ends<T>(from: *const u8, to: *mut u8, len: usize) {
        let last = len - size_of::<T>();
        let ends = [from, from.add(last)].map(|at| at.cast::<T>().read_unaligned());
        let [first_end, last_end] = ends;
        to.cast::<T>().write_unaligned(first_end);
        to.add(last).cast::<T>().write_unaligned(last_end);
    }
    match len {
        8..=16 => ends::<u64>(from, to, len),
        4..=7 => ends::<u32>(from, to, len),
        2..=3 => ends::<u16>(from, to, len),
        1 => *to = *from,
        _ => ptr::copy_nonoverlapping(from, to, len),
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

/// The whole number that a text is: digits, a minus sign in front of them or none.
pub fn parse_int(bytes: &[u8]) -> Option<i64> {
    let (digits, sign) = match bytes {
        [b'-', digits @ ..] => (digits, -1),
        digits => (digits, 1),
    };
    match *digits {
        [] => return None,
        [ones] => return Some(sign * digit(ones)?),
        [tens, ones] => return Some(sign * (digit(tens)? * 10 + digit(ones)?)),
        _ if (4..=8).contains(&digits.len()) => return Some(sign * up_to_eight_digits(digits)?),
        _ => {}
    }
    // So many digits fit whatever they are. Looking for an overflow at each takes longer than the rest on wasm, which multiplies 128 bits for it.
    let (sure, rest) = digits.split_at(digits.len().min(SURE_DIGITS));
    let (mut number, mut fours) = (0, sure.chunks_exact(4));
    for four in &mut fours {
        number = number * 10_000 + four_digits(word_at(four, 0)?)?;
    }
    for byte in fours.remainder() {
        number = number * 10 + digit(*byte)?;
    }
    rest.iter().try_fold(sign * number, |number, byte| {
        number.checked_mul(10)?.checked_add(sign * digit(*byte)?)
    })
}

/// Digits that no overflow comes of.
const SURE_DIGITS: usize = 18;

#[inline]
fn digit(byte: u8) -> Option<i64> {
    let digit = byte.wrapping_sub(b'0');
    (digit <= 9).then_some(i64::from(digit))
}

/// The number that 4 to 8 digits are.
#[inline]
fn up_to_eight_digits(digits: &[u8]) -> Option<i64> {
    const POWERS: [i64; 5] = [1, 10, 100, 1000, 10_000];
    let more = digits.len() - 4;
    let first = four_digits(word_at(digits, 0)?)?;
    // The last four, those zeros that are among the first.
    let seen = (1_u32 << (8 * (4 - more).min(3))) - 1;
    let last = match more {
        0 => 0,
        _ => four_digits(word_at(digits, more)? & !seen | seen & ZEROS as u32)?,
    };
    Some(first * POWERS.get(more)? + last)
}

/// Four bytes of a text as a word.
#[inline]
fn word_at(text: &[u8], at: usize) -> Option<u32> {
    let bytes = text.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_le_bytes(bytes))
}

/// Four digits at once.
#[inline]
fn four_digits(text: u32) -> Option<i64> {
    let digits = text ^ ZEROS as u32;
    // Each is below 16, and below 10 as six more make it no 16.
    if (digits | digits.wrapping_add(0x0606_0606)) & 0xf0f0_f0f0 != 0 {
        return None;
    }
    let pairs = digits * 10 + (digits >> 8);
    Some(i64::from((pairs & 0xff) * 100 + (pairs >> 16 & 0xff)))
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

#[cfg(test)]
#[path = "room_tests.rs"]
mod tests;
