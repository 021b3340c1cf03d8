//! Values of directives: reading them from words, and writing them as CONFIG GET shows them.

use store::command::EventClass;

use super::directive::Kind;
use super::events;

/// Classes of clients that have their own output limits, in Redis's order.
pub const OUTPUT_CLASSES: [&str; 3] = ["normal", "slave", "pubsub"];

/// When a snapshot is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavePoint {
    /// After so many seconds,
    pub seconds: i64,
    /// when at least so many changes were made.
    pub changes: i64,
}

/// Limits of one class's pending output; 0 means none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// Disconnects at once.
    pub hard_bytes: u64,
    /// Disconnects when exceeded for `soft_seconds`.
    pub soft_bytes: u64,
    /// See `soft_bytes`.
    pub soft_seconds: u64,
}

/// The value of one directive.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `yes` or `no`.
    Bool(bool),
    /// A decimal integer.
    Integer(i64),
    /// File permissions.
    Octal(u32),
    /// Bytes.
    Memory(u64),
    /// A percentage of `maxmemory`.
    Percent(u8),
    /// Position of the choice.
    Choice(usize),
    /// One bit per choice after the first.
    ChoiceSet(u32),
    /// Text of any bytes.
    Text(Vec<u8>),
    /// Snapshot points.
    SavePoints(Vec<SavePoint>),
    /// Output limits in the order of [`OUTPUT_CLASSES`].
    OutputLimits([OutputLimit; 3]),
    /// OOM scores.
    OomScores([i32; 3]),
    /// Event classes.
    EventClasses(EventClass),
    /// Addresses.
    Addresses(Vec<Vec<u8>>),
    /// Host and port of a primary, if any.
    Primary(Option<(Vec<u8>, u16)>),
    /// Percentiles.
    Percentiles(Vec<f64>),
}

/// Why a value is refused. `Display` is the reason as clients and the log show it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not yes or no.
    #[error("argument must be 'yes' or 'no'")]
    NotBool,
    /// Not an integer.
    #[error("argument couldn't be parsed into an integer")]
    NotInteger,
    /// Not an octal number.
    #[error("argument couldn't be parsed as an octal number")]
    NotOctal,
    /// Not an amount of memory.
    #[error("argument must be a memory value")]
    NotMemory,
    /// Neither memory nor a percentage.
    #[error("argument must be a memory or percent value")]
    NotMemoryOrPercent,
    /// A percentage above 100.
    #[error("percentage argument must be less or equal to 100")]
    PercentTooLarge,
    /// Outside the bounds, which are written as the directive's numbers are.
    #[error("argument must be between {min} and {max} inclusive")]
    OutOfRange {
        /// Smallest value.
        min: String,
        /// Largest value.
        max: String,
    },
    /// Not one of the choices.
    #[error("argument(s) must be one of the following: {0}")]
    NotAChoice(String),
    /// Too many or too few words.
    #[error("wrong number of arguments")]
    WordCount,
    /// Any other reason.
    #[error("{0}")]
    Reason(&'static str),
    /// What the operating system says.
    #[error("{0}")]
    System(String),
}

impl Kind {
    /// Reads a value. `previous` is what output limits that are not named keep.
    pub fn parse(self, words: &[&[u8]], previous: Option<&Value>) -> Result<Value, ValueError> {
        match self {
            Kind::ChoiceSet(choices) => parse_choice_set(words, choices),
            Kind::SavePoints => parse_save_points(words),
            Kind::OutputLimits => parse_output_limits(words, previous),
            Kind::OomScores => parse_oom_scores(words),
            Kind::Addresses => parse_addresses(words),
            Kind::Primary => parse_primary(words),
            Kind::Percentiles => parse_percentiles(words),
            _ => match words {
                [word] => self.parse_word(word),
                _ => Err(ValueError::WordCount),
            },
        }
    }

    fn parse_word(self, word: &[u8]) -> Result<Value, ValueError> {
        match self {
            Kind::Bool => parse_bool(word).map(Value::Bool),
            Kind::Integer { min, max } => parse_integer(word, min, max).map(Value::Integer),
            Kind::Frequency => {
                parse_integer(word, 0, i32::MAX.into()).map(|hz| Value::Integer(hz.clamp(1, 500)))
            }
            Kind::Octal { max } => parse_octal(word, max).map(Value::Octal),
            Kind::Memory { min, max } => parse_bounded_memory(word, min, max).map(Value::Memory),
            Kind::MemoryOrPercent => parse_memory_or_percent(word),
            Kind::Choice(choices) => find_choice(word, choices).map(Value::Choice),
            Kind::Text(check) => check(word)
                .map(|()| Value::Text(word.to_vec()))
                .map_err(ValueError::Reason),
            Kind::Directory => Ok(Value::Text(word.to_vec())),
            Kind::EventClasses => {
                events::parse(word)
                    .map(Value::EventClasses)
                    .ok_or(ValueError::Reason(
                        "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
                    ))
            }
            Kind::ChoiceSet(_)
            | Kind::SavePoints
            | Kind::OutputLimits
            | Kind::OomScores
            | Kind::Addresses
            | Kind::Primary
            | Kind::Percentiles => self.parse(&[word], None),
        }
    }

    /// Writes a value of this kind as CONFIG GET shows it.
    pub fn format(self, value: &Value) -> Vec<u8> {
        match value {
            Value::Bool(true) => b"yes".to_vec(),
            Value::Bool(false) => b"no".to_vec(),
            Value::Integer(value) => value.to_string().into_bytes(),
            Value::Octal(value) => format!("{value:o}").into_bytes(),
            Value::Memory(value) => value.to_string().into_bytes(),
            Value::Percent(value) => format!("{value}%").into_bytes(),
            Value::Choice(index) => self.choice_name(*index).as_bytes().to_vec(),
            Value::ChoiceSet(bits) => self.choice_names(*bits).into_bytes(),
            Value::Text(text) => text.clone(),
            Value::SavePoints(points) => join(
                points
                    .iter()
                    .map(|p| format!("{} {}", p.seconds, p.changes)),
            ),
            Value::OutputLimits(limits) => {
                join(OUTPUT_CLASSES.iter().zip(limits).map(|(class, l)| {
                    format!(
                        "{class} {} {} {}",
                        l.hard_bytes, l.soft_bytes, l.soft_seconds
                    )
                }))
            }
            Value::OomScores(scores) => join(scores.iter().map(i32::to_string)),
            Value::EventClasses(classes) => events::format(*classes).into_bytes(),
            Value::Addresses(addresses) => addresses.join(&b' '),
            Value::Primary(None) => Vec::new(),
            Value::Primary(Some((host, port))) => [host, format!(" {port}").as_bytes()].concat(),
            Value::Percentiles(percentiles) => join(percentiles.iter().map(|p| trim_decimals(*p))),
        }
    }

    /// The words of a choice's kind; empty for other kinds.
    fn choices(self) -> &'static [&'static str] {
        match self {
            Kind::Choice(choices) | Kind::ChoiceSet(choices) => choices,
            _ => &[],
        }
    }

    /// The name of the choice at `index`.
    pub fn choice_name(self, index: usize) -> &'static str {
        let words = self.choices()[index];
        words.split_once('|').map_or(words, |(first, _)| first)
    }

    fn choice_names(self, bits: u32) -> String {
        let choices = self.choices();
        if bits == 0 {
            return choices[0].to_owned();
        }
        let set = (1..choices.len()).filter(|index| bits & (1 << (index - 1)) != 0);
        set.map(|index| choices[index])
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn join(words: impl Iterator<Item = String>) -> Vec<u8> {
    words.collect::<Vec<_>>().join(" ").into_bytes()
}

/// `%f` without trailing zeros.
fn trim_decimals(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn parse_bool(word: &[u8]) -> Result<bool, ValueError> {
    if word.eq_ignore_ascii_case(b"yes") {
        Ok(true)
    } else if word.eq_ignore_ascii_case(b"no") {
        Ok(false)
    } else {
        Err(ValueError::NotBool)
    }
}

fn number<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

fn parse_integer(word: &[u8], min: i64, max: i64) -> Result<i64, ValueError> {
    let value = resp::parse_integer(word).ok_or(ValueError::NotInteger)?;
    if (min..=max).contains(&value) {
        Ok(value)
    } else {
        Err(ValueError::OutOfRange {
            min: min.to_string(),
            max: max.to_string(),
        })
    }
}

fn parse_octal(word: &[u8], max: u32) -> Result<u32, ValueError> {
    let text = std::str::from_utf8(word).map_err(|_| ValueError::NotOctal)?;
    let value = i64::from_str_radix(text, 8).map_err(|_| ValueError::NotOctal)?;
    u32::try_from(value)
        .ok()
        .filter(|value| *value <= max)
        .ok_or(ValueError::OutOfRange {
            min: "0".to_owned(),
            max: format!("{max:o}"),
        })
}

/// Bytes with an optional unit; the units with a final `b` are binary. Saturates.
pub fn parse_memory(word: &[u8]) -> Option<u64> {
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (amount, unit) = word.split_at(digits);
    let factor: u64 = match unit.to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1000 * 1000,
        b"mb" => 1 << 20,
        b"g" => 1000 * 1000 * 1000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    if amount.is_empty() {
        return None;
    }
    // Digits only, so what does not parse is too large.
    let amount = number::<u64>(amount).unwrap_or(u64::MAX);
    Some(amount.saturating_mul(factor))
}

fn parse_bounded_memory(word: &[u8], min: u64, max: u64) -> Result<u64, ValueError> {
    let value = parse_memory(word).ok_or(ValueError::NotMemory)?;
    if (min..=max).contains(&value) {
        Ok(value)
    } else {
        Err(ValueError::OutOfRange {
            min: min.to_string(),
            max: max.to_string(),
        })
    }
}

fn parse_memory_or_percent(word: &[u8]) -> Result<Value, ValueError> {
    if let Some(bytes) = parse_memory(word) {
        return Ok(Value::Memory(bytes));
    }
    let percent: Option<u64> = word.strip_suffix(b"%").and_then(number);
    match percent {
        Some(percent) if percent <= 100 => Ok(Value::Percent(percent as u8)),
        Some(_) => Err(ValueError::PercentTooLarge),
        None => Err(ValueError::NotMemoryOrPercent),
    }
}

fn find_choice(word: &[u8], choices: &'static [&'static str]) -> Result<usize, ValueError> {
    let names = |choice: &&str| {
        choice
            .split('|')
            .any(|name| name.as_bytes().eq_ignore_ascii_case(word))
    };
    choices
        .iter()
        .position(names)
        .ok_or_else(|| ValueError::NotAChoice(choices.join(", ").replace('|', ", ")))
}

fn parse_choice_set(
    words: &[&[u8]],
    choices: &'static [&'static str],
) -> Result<Value, ValueError> {
    if words.is_empty() {
        return Err(ValueError::NotAChoice(choices.join(", ")));
    }
    let mut bits = 0;
    for word in words {
        let index = find_choice(word, choices)?;
        bits |= if index == 0 { 0 } else { 1 << (index - 1) };
    }
    let position = |name| choices.iter().position(|choice| *choice == name);
    let both_set = |a: usize, b: usize| bits & (1 << (a - 1)) != 0 && bits & (1 << (b - 1)) != 0;
    match (position("save"), position("nosave")) {
        (Some(save), Some(nosave)) if both_set(save, nosave) => Err(ValueError::Reason(
            "shutdown options SAVE and NOSAVE can't be used simultaneously",
        )),
        _ => Ok(Value::ChoiceSet(bits)),
    }
}

fn parse_save_points(words: &[&[u8]]) -> Result<Value, ValueError> {
    const INVALID: ValueError = ValueError::Reason("Invalid save parameters");
    if let [b""] = words {
        return Ok(Value::SavePoints(Vec::new()));
    }
    if !words.len().is_multiple_of(2) {
        return Err(INVALID);
    }
    let mut points = Vec::with_capacity(words.len() / 2);
    for pair in words.chunks_exact(2) {
        let seconds = number(pair[0])
            .filter(|seconds| *seconds >= 1)
            .ok_or(INVALID)?;
        let changes = number(pair[1])
            .filter(|changes| *changes >= 0)
            .ok_or(INVALID)?;
        points.push(SavePoint { seconds, changes });
    }
    Ok(Value::SavePoints(points))
}

fn parse_output_limits(words: &[&[u8]], previous: Option<&Value>) -> Result<Value, ValueError> {
    if !words.len().is_multiple_of(4) {
        return Err(ValueError::Reason(
            "Wrong number of arguments in buffer limit configuration.",
        ));
    }
    let mut limits = match previous {
        Some(Value::OutputLimits(limits)) => *limits,
        _ => Default::default(),
    };
    for group in words.chunks_exact(4) {
        let class = output_class(group[0]).ok_or(ValueError::Reason(
            "Invalid client class specified in buffer limit configuration.",
        ))?;
        limits[class] = parse_output_limit(&group[1..]).ok_or(ValueError::Reason(
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
        ))?;
    }
    Ok(Value::OutputLimits(limits))
}

fn output_class(word: &[u8]) -> Option<usize> {
    let word = word.to_ascii_lowercase();
    match word.as_slice() {
        b"replica" => Some(1),
        word => OUTPUT_CLASSES
            .iter()
            .position(|class| class.as_bytes() == word),
    }
}

fn parse_output_limit(words: &[&[u8]]) -> Option<OutputLimit> {
    Some(OutputLimit {
        hard_bytes: parse_memory(words[0])?,
        soft_bytes: parse_memory(words[1])?,
        soft_seconds: number(words[2])?,
    })
}

fn parse_oom_scores(words: &[&[u8]]) -> Result<Value, ValueError> {
    const INVALID: ValueError = ValueError::Reason(
        "Invalid oom-score-adj-values, elements must be between -2000 and 2000.",
    );
    let words: &[&[u8]; 3] = words.try_into().map_err(|_| ValueError::WordCount)?;
    let mut scores = [0; 3];
    for (score, word) in scores.iter_mut().zip(words) {
        *score = number(word)
            .filter(|score| (-2000..=2000).contains(score))
            .ok_or(INVALID)?;
    }
    Ok(Value::OomScores(scores))
}

fn parse_addresses(words: &[&[u8]]) -> Result<Value, ValueError> {
    if words.len() > 16 {
        return Err(ValueError::Reason("Too many bind addresses specified."));
    }
    let words = if words == [b""] { &[] } else { words };
    Ok(Value::Addresses(
        words.iter().map(|word| word.to_vec()).collect(),
    ))
}

fn parse_primary(words: &[&[u8]]) -> Result<Value, ValueError> {
    match words {
        [b""] => Ok(Value::Primary(None)),
        [no, one] if no.eq_ignore_ascii_case(b"no") && one.eq_ignore_ascii_case(b"one") => {
            Ok(Value::Primary(None))
        }
        [host, port] => {
            let port = number(port).ok_or(ValueError::Reason("Invalid master port"))?;
            Ok(Value::Primary(Some((host.to_vec(), port))))
        }
        _ => Err(ValueError::WordCount),
    }
}

fn parse_percentiles(words: &[&[u8]]) -> Result<Value, ValueError> {
    let words = if words == [b""] { &[] } else { words };
    let mut percentiles = Vec::with_capacity(words.len());
    for word in words {
        let percentile: f64 = number(word).ok_or(ValueError::Reason(
            "Invalid latency-tracking-info-percentiles parameters",
        ))?;
        if !(0.0..=100.0).contains(&percentile) {
            return Err(ValueError::Reason(
                "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
            ));
        }
        percentiles.push(percentile);
    }
    Ok(Value::Percentiles(percentiles))
}

#[cfg(test)]
#[path = "value_tests.rs"]
mod tests;
