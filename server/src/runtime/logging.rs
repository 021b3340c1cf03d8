//! The log: lines in Redis's manner, or JSON, to standard output or a file.

use crate::config::{LogFormat, LogLevel, Settings};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::sync::OnceLock;
use time::now_text;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry};

static LEVEL: OnceLock<reload::Handle<LevelFilter, Registry>> = OnceLock::new();

/// Starts logging as configured. Only the first call has an effect.
///
/// # Errors
/// When the log file cannot be opened.
pub fn start(settings: &Settings) -> io::Result<()> {
    let file = settings.logfile.as_ref().map(|path| OpenOptions::new().create(true).append(true).open(path)).transpose()?;
    let (filter, handle) = reload::Layer::new(filter_of(settings.loglevel));
    let layer = match settings.log_format {
        LogFormat::Text => tracing_subscriber::fmt::layer().event_format(RedisLine).with_writer(move || Target::of(&file)).boxed(),
        LogFormat::Json => tracing_subscriber::fmt::layer().json().with_writer(move || Target::of(&file)).boxed(),
    };
    if tracing_subscriber::registry().with(filter).with(layer).try_init().is_ok() {
        let _ = LEVEL.set(handle);
    }
    Ok(())
}

/// Changes the level of a running server.
pub fn set_level(level: LogLevel) {
    if let Some(handle) = LEVEL.get() {
        let _ = handle.reload(filter_of(level));
    }
}

fn filter_of(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Debug => LevelFilter::TRACE,
        LogLevel::Verbose => LevelFilter::DEBUG,
        LogLevel::Notice => LevelFilter::INFO,
        LogLevel::Warning => LevelFilter::WARN,
    }
}

/// Where lines go.
enum Target {
    File(File),
    Stdout(io::Stdout),
}

impl Target {
    fn of(file: &Option<File>) -> Self {
        match file.as_ref().map(File::try_clone) {
            Some(Ok(file)) => Target::File(file),
            Some(Err(_)) | None => Target::Stdout(io::stdout()),
        }
    }
}

impl io::Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::File(file) => file.write(bytes),
            Target::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::File(file) => file.flush(),
            Target::Stdout(stdout) => stdout.flush(),
        }
    }
}

/// `4242:M 22 Nov 2026 17:12:06.001 * message`, the level as Redis marks it: `.` `-` `*` `#`.
struct RedisLine;

impl<S: Subscriber + for<'a> LookupSpan<'a>, N: for<'a> FormatFields<'a> + 'static> FormatEvent<S, N> for RedisLine {
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        write!(line, "{}:M {} {} ", std::process::id(), now_text(), mark_of(*event.metadata().level()))?;
        context.field_format().format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}

fn mark_of(level: Level) -> char {
    match level {
        Level::TRACE => '.',
        Level::DEBUG => '-',
        Level::INFO => '*',
        Level::WARN | Level::ERROR => '#',
    }
}

/// UTC as `22 Nov 2026 17:12:06.001`.
mod time {
    use crate::core::now_ms;

    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    pub(super) fn now_text() -> String {
        text_of(now_ms())
    }

    pub(super) fn text_of(unix_ms: u64) -> String {
        let (ms, seconds) = (unix_ms % 1000, unix_ms / 1000);
        let (year, month, day) = date_of(seconds / 86_400);
        let of_day = seconds % 86_400;
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        format!("{day:02} {} {year} {hour:02}:{minute:02}:{second:02}.{ms:03}", MONTHS[month])
    }

    /// Year, month from 0, day from 1 of a day counted from 1 January 1970 (proleptic Gregorian, eras of 400 years from 1 March).
    fn date_of(days: u64) -> (u64, usize, u64) {
        let shifted = days + 719_468;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march_month + 2) / 5 + 1;
        let month = (march_month + 2) % 12;
        let year = era * 400 + year_of_era + u64::from(month < 2);
        (year, month as usize, day)
    }

    #[cfg(test)]
    mod tests {
        use super::text_of;

        #[test]
        fn dates_are_right_around_leap_days() {
            for (ms, text) in [
                (0, "01 Jan 1970 00:00:00.000"),
                (951_782_400_123, "29 Feb 2000 00:00:00.123"),
                (1_709_251_199_000, "29 Feb 2024 23:59:59.000"),
                (1_795_367_526_001, "22 Nov 2026 17:12:06.001"),
                (4_107_542_400_000, "01 Mar 2100 00:00:00.000"),
            ] {
                assert_eq!(text_of(ms), text);
            }
        }
    }
}
