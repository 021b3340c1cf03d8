//! `notify-keyspace-events`: letters to classes and back, in Redis's canonical order.

use store::command::EventClass;

/// Letters in the order they are written; `A` stands for all but `K`, `E` and `m`.
const LETTERS: [(u8, EventClass); 14] = [
    (b'g', EventClass::GENERIC),
    (b'$', EventClass::STRING),
    (b'l', EventClass::LIST),
    (b's', EventClass::SET),
    (b'h', EventClass::HASH),
    (b'z', EventClass::ZSET),
    (b'x', EventClass::EXPIRED),
    (b'e', EventClass::EVICTED),
    (b't', EventClass::STREAM),
    (b'd', EventClass::MODULE),
    (b'n', EventClass::NEW),
    (b'K', EventClass::KEYSPACE),
    (b'E', EventClass::KEYEVENT),
    (b'm', EventClass::MISS),
];

/// What `A` stands for.
const ALL: EventClass = EventClass::GENERIC
    .union(EventClass::STRING)
    .union(EventClass::LIST)
    .union(EventClass::SET)
    .union(EventClass::HASH)
    .union(EventClass::ZSET)
    .union(EventClass::EXPIRED)
    .union(EventClass::EVICTED)
    .union(EventClass::STREAM)
    .union(EventClass::MODULE);

/// Reads letters; `None` when one is unknown.
pub fn parse(letters: &[u8]) -> Option<EventClass> {
    let mut classes = EventClass::empty();
    for letter in letters {
        classes |= match letter {
            b'A' => ALL,
            letter => LETTERS.iter().find(|(known, _)| known == letter)?.1,
        };
    }
    Some(classes)
}

/// Writes classes as letters. `n` is left out next to `A`, as Redis does.
pub fn format(classes: EventClass) -> String {
    let (mut text, hidden) = match classes.contains(ALL) {
        true => (String::from("A"), ALL | EventClass::NEW),
        false => (String::new(), EventClass::empty()),
    };
    let shown = classes.difference(hidden);
    text.extend(
        LETTERS
            .iter()
            .filter(|(_, class)| shown.contains(*class))
            .map(|(letter, _)| char::from(*letter)),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_in_canonical_order() {
        for (written, read) in [
            ("", ""),
            ("KEA", "AKE"),
            ("Kg$lshzxetd", "AK"),
            ("mExe", "xeEm"),
            ("AnK", "AK"),
            ("nK", "nK"),
        ] {
            assert_eq!(
                parse(written.as_bytes()).map(format).as_deref(),
                Some(read),
                "{written}"
            );
        }
        assert!(parse(b"Kq").is_none());
    }
}
