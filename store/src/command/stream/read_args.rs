//! The arguments of XREAD and XREADGROUP.

use std::ops::Range;

use resp::Args;

use super::id::parse_id;
use crate::command::{CommandError, KeyFlags, parse_i64, parse_timeout_ms};
use crate::types::stream::{Id, Log};

/// Which of the two commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// XREAD.
    Plain,
    /// XREADGROUP.
    ForGroup,
}

/// Who reads for a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) group: &'a [u8],
    pub(super) consumer: &'a [u8],
    /// Whether what is handed out counts as acknowledged.
    pub(super) no_ack: bool,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(super) struct ReadArgs<'a> {
    /// Most entries of each stream, when that is said.
    pub(super) count: Option<usize>,
    /// With BLOCK, when the wait is over; without end for `Some(None)`.
    pub(super) block: Option<Option<u64>>,
    pub(super) reader: Option<Reader<'a>>,
    /// The arguments that are keys; their IDs follow in the same order.
    pub(super) keys: Range<usize>,
}

const UNBALANCED: CommandError = CommandError::text(
    "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
);
const GROUP_IN_XREAD: CommandError = CommandError::text(
    "ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
);
const NOACK_IN_XREAD: CommandError = CommandError::text(
    "ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
);
const NO_GROUP_OPTION: CommandError = CommandError::text("ERR Missing GROUP option for XREADGROUP");
const NEW_IN_XREAD: CommandError = CommandError::text(
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
);
const LAST_IN_XREADGROUP: CommandError = CommandError::text(
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
);
const TOP_IN_XREADGROUP: CommandError = CommandError::text(
    "ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The + ID would just return an empty result set.",
);

/// One option with its values.
enum Word {
    Block,
    Count,
    Group,
    NoAck,
    Streams,
}

impl Word {
    /// The option at `at`, when what it needs follows it.
    fn at(args: Args<'_>, at: usize) -> Option<Word> {
        let word = args.get(at);
        let more = args.len() - at - 1;
        let is =
            |name: &str, needs: usize| more >= needs && word.eq_ignore_ascii_case(name.as_bytes());
        if is("BLOCK", 1) {
            Some(Word::Block)
        } else if is("COUNT", 1) {
            Some(Word::Count)
        } else if is("STREAMS", 1) {
            Some(Word::Streams)
        } else if is("GROUP", 2) {
            Some(Word::Group)
        } else if is("NOACK", 0) {
            Some(Word::NoAck)
        } else {
            None
        }
    }

    /// Arguments it takes, itself included.
    fn len(&self) -> usize {
        match self {
            Word::NoAck | Word::Streams => 1,
            Word::Block | Word::Count => 2,
            Word::Group => 3,
        }
    }
}

impl<'a> ReadArgs<'a> {
    pub(super) fn parse(
        args: Args<'a>,
        reading: Reading,
        now_ms: u64,
    ) -> Result<Self, CommandError> {
        let mut parsed = ReadArgs {
            count: None,
            block: None,
            reader: None,
            keys: 0..0,
        };
        let (mut no_ack, mut at) = (false, 1);
        while at < args.len() && parsed.keys.is_empty() {
            let word = Word::at(args, at).ok_or(CommandError::Syntax)?;
            match word {
                Word::Block => {
                    parsed.block = Some(parse_timeout_ms(args.get(at + 1), now_ms)?);
                }
                Word::Count => {
                    let count = usize::try_from(parse_i64(args.get(at + 1))?).unwrap_or(0);
                    parsed.count = (count > 0).then_some(count);
                }
                Word::Group | Word::NoAck if reading == Reading::Plain => {
                    return Err(match word {
                        Word::Group => GROUP_IN_XREAD,
                        _ => NOACK_IN_XREAD,
                    });
                }
                Word::Group => {
                    parsed.reader = Some(Reader {
                        group: args.get(at + 1),
                        consumer: args.get(at + 2),
                        no_ack: false,
                    });
                }
                Word::NoAck => no_ack = true,
                Word::Streams => parsed.keys = key_range(args, at).ok_or(UNBALANCED)?,
            }
            at += word.len();
        }
        if parsed.keys.is_empty() {
            return Err(CommandError::Syntax);
        }
        match &mut parsed.reader {
            Some(reader) => reader.no_ack = no_ack,
            None if reading == Reading::ForGroup => return Err(NO_GROUP_OPTION),
            None => {}
        }
        Ok(parsed)
    }
}

/// The keys behind the word STREAMS at `at`; none when there are not as many IDs.
fn key_range(args: Args<'_>, at: usize) -> Option<Range<usize>> {
    let first = at + 1;
    let rest = args.len() - first;
    rest.is_multiple_of(2).then(|| first..first + rest / 2)
}

/// Keys that the key spec does not find, because a value before them is called STREAMS.
pub(super) fn keys_behind_values(
    args: Args<'_>,
    spec_starts_at: usize,
    visit: &mut dyn FnMut(usize, KeyFlags),
) {
    let by_spec =
        (spec_starts_at..args.len()).find(|at| args.get(*at).eq_ignore_ascii_case(b"STREAMS"));
    let mut at = 1;
    while at < args.len()
        && let Some(word) = Word::at(args, at)
    {
        if let Word::Streams = word {
            if by_spec != Some(at)
                && let Some(keys) = key_range(args, at)
            {
                keys.for_each(|key| visit(key, KeyFlags::RO.union(KeyFlags::ACCESS)));
            }
            return;
        }
        at += word.len();
    }
}

/// From where on a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// After this ID: of the stream, or of what is pending with the consumer.
    After(Id),
    /// What nobody of the group was given.
    New,
}

impl From {
    /// The ID read after; for what is new, the highest.
    pub(super) fn id(self) -> Id {
        match self {
            From::After(id) => id,
            From::New => Id::MAX,
        }
    }

    /// For XREAD. `$` and `+` depend on what the stream holds now.
    pub(super) fn parse_plain(text: &[u8], log: Option<&Log>) -> Result<Self, CommandError> {
        let after = match text {
            b"$" => log.map_or(Id::MIN, Log::last_id),
            b"+" => log.map_or(Id::MIN, before_last),
            b">" => return Err(NEW_IN_XREAD),
            id => parse_id(id, 0)?,
        };
        Ok(From::After(after))
    }

    /// For XREADGROUP.
    pub(super) fn parse_for_group(text: &[u8]) -> Result<Self, CommandError> {
        match text {
            b"$" => Err(LAST_IN_XREADGROUP),
            b"+" => Err(TOP_IN_XREADGROUP),
            b">" => Ok(From::New),
            id => match parse_id(id, 0)? {
                Id::MAX => Ok(From::New),
                id => Ok(From::After(id)),
            },
        }
    }
}

/// What the last entry comes after.
fn before_last(log: &Log) -> Id {
    match log.last_entry_id() {
        Some(id) => id.predecessor().unwrap_or(Id::MIN),
        None => log.last_id(),
    }
}
