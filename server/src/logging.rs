//! The log: a tracing subscriber that writes lines in Redis's manner, or JSON objects,
//! to standard output or a file.
//!
//! ```text
//! 42:M 22 Nov 2026 16:53:02.123 * Ready to accept connections tcp
//! {"pid":42,"time_ms":1795366382123,"level":"notice","message":"Ready to accept connections tcp"}
//! ```
//!
//! Redis's levels are tracing's: warning is WARN (and ERROR), notice INFO, verbose DEBUG,
//! debug TRACE. Nothing on the data path logs, so every line is written at once, unbuffered.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::{LogFormat, LogLevel, Settings};

/// The level filter of this process's log, once it has started. The log is the one
/// thing a process has only one of, so its control is too.
static FILTER: OnceLock<reload::Handle<LevelFilter, Registry>> = OnceLock::new();

/// Starts the log of this process; a second start keeps the first log.
///
/// # Errors
/// When the log file cannot be opened.
pub fn start(settings: &Settings) -> io::Result<()> {
    let out = Output::open(settings.logfile.as_deref())?;
    let (filter, handle) = reload::Layer::new(filter_of(settings.loglevel));
    let lines = Lines {
        format: settings.log_format,
        out,
    };
    let started = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .try_init();
    if started.is_ok() {
        // Only the first start gets here.
        let _ = FILTER.set(handle);
    }
    Ok(())
}

/// Sets the least important level that is written.
pub fn set_level(level: LogLevel) {
    if let Some(filter) = FILTER.get() {
        // It fails only once the subscriber is gone, and with it the log.
        let _ = filter.modify(|filter| *filter = filter_of(level));
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
enum Output {
    Stdout,
    File(Mutex<File>),
}

impl Output {
    fn open(path: Option<&Path>) -> io::Result<Self> {
        match path {
            None => Ok(Output::Stdout),
            Some(path) => Ok(Output::File(Mutex::new(
                OpenOptions::new().create(true).append(true).open(path)?,
            ))),
        }
    }

    /// Writes one line in one call, so that lines of several threads do not mix.
    fn write_line(&self, line: &str) {
        // There is nowhere left to report a log that cannot be written.
        let _ = match self {
            Output::Stdout => io::stdout().lock().write_all(line.as_bytes()),
            Output::File(file) => file
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .write_all(line.as_bytes()),
        };
    }
}

/// Formats events and writes them.
struct Lines {
    format: LogFormat,
    out: Output,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let time = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let level = *event.metadata().level();
        let line = match self.format {
            LogFormat::Text => text_line(std::process::id(), time, level, &fields),
            LogFormat::Json => json_line(std::process::id(), time, level, &fields),
        };
        self.out.write_line(&line);
    }
}

/// An event's message and its other fields.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        match field.name() {
            "message" => self.message = text,
            name => self.others.push((name, text)),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = value.to_owned(),
            name => self.others.push((name, value.to_owned())),
        }
    }
}

/// The mark and the name of a level, as Redis has them.
fn level_words(level: Level) -> (char, &'static str) {
    match level {
        Level::ERROR | Level::WARN => ('#', "warning"),
        Level::INFO => ('*', "notice"),
        Level::DEBUG => ('-', "verbose"),
        Level::TRACE => ('.', "debug"),
    }
}

fn text_line(pid: u32, time: Duration, level: Level, fields: &Fields) -> String {
    let mut line = format!(
        "{pid}:M {} {} {}",
        date(time),
        level_words(level).0,
        fields.message
    );
    for (name, value) in &fields.others {
        // Writing to a String cannot fail.
        let _ = write!(line, " {name}={value}");
    }
    // One event is one line, whatever a field holds.
    let mut line = line.replace(['\n', '\r'], " ");
    line.push('\n');
    line
}

fn json_line(pid: u32, time: Duration, level: Level, fields: &Fields) -> String {
    let mut line = format!(
        "{{\"pid\":{pid},\"time_ms\":{},\"level\":\"{}\",\"message\":{}",
        time.as_millis(),
        level_words(level).1,
        json_string(&fields.message)
    );
    for (name, value) in &fields.others {
        // Writing to a String cannot fail.
        let _ = write!(line, ",{}:{}", json_string(name), json_string(value));
    }
    line.push_str("}\n");
    line
}

fn json_string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// `22 Nov 2026 16:53:02.123`, UTC.
fn date(time: Duration) -> String {
    let seconds = time.as_secs();
    let (year, month, day) = civil_date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let month = MONTHS[month];
    format!(
        "{day:02} {month} {year} {hour:02}:{minute:02}:{second:02}.{:03}",
        time.subsec_millis()
    )
}

/// Year, month from 0 and day from 1 of a day counted from the epoch. Years are counted
/// from 1 March, so that the leap day comes last; eras are 400 years.
fn civil_date(days: u64) -> (u64, usize, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = ((month_from_march + 2) % 12) as usize;
    let year = era * 400 + year_of_era + u64::from(month < 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(message: &str, others: &[(&'static str, &str)]) -> Fields {
        let others = others
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        Fields {
            message: message.to_owned(),
            others,
        }
    }

    #[test]
    fn lines_are_in_redis_manner() {
        let time = Duration::from_millis(1_795_366_382_123);
        let line = text_line(
            42,
            time,
            Level::INFO,
            &fields("Ready", &[("shard", "3\n4")]),
        );
        assert_eq!(line, "42:M 22 Nov 2026 16:53:02.123 * Ready shard=3 4\n");
        let line = text_line(42, Duration::ZERO, Level::WARN, &fields("x", &[]));
        assert_eq!(line, "42:M 01 Jan 1970 00:00:00.000 # x\n");
    }

    #[test]
    fn json_lines_are_json() {
        let line = json_line(
            1,
            Duration::from_millis(5),
            Level::DEBUG,
            &fields("a \"b\"\n", &[("conn", "7")]),
        );
        assert_eq!(
            line,
            "{\"pid\":1,\"time_ms\":5,\"level\":\"verbose\",\"message\":\"a \\\"b\\\"\\u000a\",\"conn\":\"7\"}\n"
        );
    }

    #[test]
    fn days_have_dates() {
        for (days, date) in [
            (0, (1970, 0, 1)),
            (58, (1970, 1, 28)),
            (59, (1970, 2, 1)),
            (11_016, (2000, 1, 29)),
            (11_017, (2000, 2, 1)),
            (20_454, (2026, 0, 1)),
            (20_453, (2025, 11, 31)),
        ] {
            assert_eq!(civil_date(days), date, "{days}");
        }
    }
}
