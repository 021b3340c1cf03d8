//! How coordinates, distances and scores are printed.

use std::fmt::Write;

use resp::ReplyWriter;

/// Writes coordinates and distances, through a buffer it keeps.
#[derive(Default)]
pub(super) struct NumberWriter {
    text: String,
}

impl NumberWriter {
    /// A coordinate: 17 decimals, less the zeros at their end.
    pub(super) fn coordinate(&mut self, reply: &mut ReplyWriter<'_>, degrees: f64) {
        self.print(format_args!("{degrees:.17}"));
        let digits = self.text.trim_end_matches('0').trim_end_matches('.');
        reply.double_text(if digits == "-0" { "0" } else { digits });
    }

    /// A distance: a bulk string with four decimals.
    pub(super) fn distance(&mut self, reply: &mut ReplyWriter<'_>, distance: f64) {
        let scaled = to_integer((distance * 10_000.0).round_ties_even());
        let sign = if scaled < 0 { "-" } else { "" };
        let digits = scaled.unsigned_abs();
        let (whole, decimals) = (digits / 10_000, digits % 10_000);
        self.print(format_args!("{sign}{whole}.{decimals:04}"));
        reply.bulk(self.text.as_bytes());
    }

    fn print(&mut self, text: std::fmt::Arguments<'_>) {
        self.text.clear();
        self.text
            .write_fmt(text)
            .expect("a String takes everything");
    }
}

/// A float as an integer; the lowest one for all that do not fit, as the processors Redis mostly runs on have it.
pub(super) fn to_integer(number: f64) -> i64 {
    const END: f64 = (1u64 << 63) as f64;
    if (-END..END).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}
