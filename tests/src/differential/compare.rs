//! Judges whether two replies to the same command say the same.
//!
//! Everything is compared byte for byte unless the command's documentation leaves something open: the order of
//! sets and hashes, the choice of random members, times that go on while the servers are asked.

use super::deliberate::encodings_agree;
use crate::Reply;

/// How far two clocks' answers may lie apart, in milliseconds.
const CLOCK_TOLERANCE_MS: i64 = 3000;

/// How a command's replies are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Byte for byte.
    Exact,
    /// Byte for byte, and never with broken arguments, for commands that answer predictably only to well-formed ones.
    Intact,
    /// Members in any order.
    Set,
    /// Field and value pairs in any order.
    Pairs,
    /// A time to live in seconds.
    Seconds,
    /// A time to live in milliseconds.
    Millis,
    /// The same kind of reply of the same length: random members and process facts.
    Shape,
    /// Byte for byte but for integers, which may be times that went on.
    Times,
    /// A stream's consumers: their times may have gone on, and later versions tell one more.
    Consumers,
    /// An encoding's name, where newer versions have more packed ones.
    Encoding,
    /// A cursor walk, followed to its end and compared as a set by the runner.
    Scan,
    /// A random removal, repeated by name on the reference by the runner.
    Spop,
}

impl Mode {
    /// The mode by its word in the tables.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "exact" => Mode::Exact,
            "intact" => Mode::Intact,
            "set" => Mode::Set,
            "pairs" => Mode::Pairs,
            "seconds" => Mode::Seconds,
            "millis" => Mode::Millis,
            "shape" => Mode::Shape,
            "times" => Mode::Times,
            "consumers" => Mode::Consumers,
            "encoding" => Mode::Encoding,
            "scan" => Mode::Scan,
            "spop" => Mode::Spop,
            _ => return None,
        })
    }

    /// Whether a command may be sent with damaged arguments.
    pub fn may_be_broken(self) -> bool {
        self != Mode::Intact
    }

    /// Whether the runner has to drive the command itself instead of sending it in a batch.
    pub fn needs_dialogue(self) -> bool {
        matches!(self, Mode::Scan | Mode::Spop)
    }
}

/// Whether the replies agree under the mode. Errors always have to be the same, byte for byte.
pub fn agree(mode: Mode, ours: &Reply, theirs: &Reply) -> bool {
    if ours == theirs {
        return true;
    }
    if matches!(ours, Reply::Error(_)) || matches!(theirs, Reply::Error(_)) {
        return false;
    }
    match mode {
        Mode::Exact | Mode::Intact => false,
        Mode::Set | Mode::Scan | Mode::Spop => {
            same_kind(ours, theirs) && as_set(ours) == as_set(theirs)
        }
        Mode::Pairs => same_kind(ours, theirs) && as_pairs(ours) == as_pairs(theirs),
        Mode::Seconds => close(ours, theirs, CLOCK_TOLERANCE_MS / 1000),
        Mode::Millis => close(ours, theirs, CLOCK_TOLERANCE_MS),
        Mode::Shape => same_shape(ours, theirs),
        Mode::Times => same_but_times(ours, theirs),
        Mode::Consumers => {
            let (ours, theirs) = (consumers(ours), consumers(theirs));
            ours.len() == theirs.len()
                && ours.iter().zip(&theirs).all(|(a, b)| same_but_times(a, b))
        }
        Mode::Encoding => encodings_agree(&ours.text(), &theirs.text()),
    }
}

fn same_kind(ours: &Reply, theirs: &Reply) -> bool {
    std::mem::discriminant(ours) == std::mem::discriminant(theirs)
}

fn as_set(reply: &Reply) -> Vec<Reply> {
    let mut items = reply.items().to_vec();
    items.sort();
    items
}

fn as_pairs(reply: &Reply) -> Vec<(Reply, Reply)> {
    let mut pairs: Vec<(Reply, Reply)> = match reply {
        Reply::Map(pairs) => pairs.clone(),
        other => other
            .items()
            .chunks(2)
            .map(|pair| (pair[0].clone(), pair.last().cloned().unwrap_or(Reply::Null)))
            .collect(),
    };
    pairs.sort();
    pairs
}

/// Negative answers (no key, no expiry) have to be the same; times may differ a little.
fn close(ours: &Reply, theirs: &Reply, tolerance: i64) -> bool {
    match (ours.int(), theirs.int()) {
        (Some(a), Some(b)) => a >= 0 && b >= 0 && a.abs_diff(b) <= tolerance as u64,
        _ => false,
    }
}

fn same_but_times(ours: &Reply, theirs: &Reply) -> bool {
    let (mine, reference) = (ours.items(), theirs.items());
    match (ours.int(), theirs.int()) {
        (Some(a), Some(b)) => a == b || close(ours, theirs, CLOCK_TOLERANCE_MS),
        _ if mine.is_empty() => ours == theirs,
        _ => {
            same_kind(ours, theirs)
                && mine.len() == reference.len()
                && mine
                    .iter()
                    .zip(reference)
                    .all(|(a, b)| same_but_times(a, b))
        }
    }
}

/// The pairs of every consumer in order, without what Redis 7.0 does not tell.
fn consumers(reply: &Reply) -> Vec<Reply> {
    const NEWER: &[u8] = b"inactive";
    let mut told = Vec::new();
    for consumer in reply.items() {
        let pairs: Vec<(Reply, Reply)> = match consumer {
            Reply::Map(pairs) => pairs.clone(),
            flat => flat
                .items()
                .chunks(2)
                .map(|pair| (pair[0].clone(), pair.last().cloned().unwrap_or(Reply::Null)))
                .collect(),
        };
        let known = |(name, _): &(Reply, Reply)| name.bytes() != Some(NEWER);
        told.extend(
            pairs
                .into_iter()
                .filter(known)
                .map(|(name, value)| Reply::Array(vec![name, value])),
        );
    }
    told
}

fn same_shape(ours: &Reply, theirs: &Reply) -> bool {
    same_kind(ours, theirs)
        && ours.items().len() == theirs.items().len()
        && ours
            .items()
            .iter()
            .zip(theirs.items())
            .all(|(a, b)| same_kind(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Reply {
        Reply::Bulk(text.into())
    }

    #[test]
    fn sets_agree_in_any_order_only() {
        let (ab, ba) = (
            Reply::Array(vec![bulk("a"), bulk("b")]),
            Reply::Array(vec![bulk("b"), bulk("a")]),
        );
        assert!(agree(Mode::Set, &ab, &ba));
        assert!(!agree(Mode::Exact, &ab, &ba));
        assert!(!agree(
            Mode::Set,
            &ab,
            &Reply::Array(vec![bulk("a"), bulk("a")])
        ));
        assert!(
            !agree(Mode::Set, &ab, &Reply::Set(vec![bulk("a"), bulk("b")])),
            "a RESP3 set is not an array"
        );
    }

    #[test]
    fn errors_are_always_exact() {
        let (a, b) = (
            Reply::Error(b"ERR x".to_vec()),
            Reply::Error(b"ERR y".to_vec()),
        );
        assert!(!agree(Mode::Shape, &a, &b));
        assert!(agree(Mode::Shape, &a, &a));
    }

    #[test]
    fn missing_and_unlimited_are_not_close() {
        assert!(!agree(Mode::Seconds, &Reply::Int(-1), &Reply::Int(-2)));
        assert!(!agree(Mode::Seconds, &Reply::Int(-1), &Reply::Int(0)));
        assert!(agree(Mode::Seconds, &Reply::Int(99), &Reply::Int(100)));
    }
}
