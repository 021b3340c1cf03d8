//! Draws argument vectors from patterns: keys from a small pool so that types collide, values from the edges
//! where encodings and parsers change their mind, and a few broken on purpose.
//!
//! Times to live are never short, so that no key expires between the two servers' clocks.

use super::compare::Mode;
use super::grammar::{Node, Rule};
use super::scripts;
use crate::Rng;

/// One command: its arguments, the name first.
pub type Args = Vec<Vec<u8>>;

macro_rules! terminals {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)*) => {
        /// A kind of drawn argument, by its word in the tables.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Terminal { $($(#[$doc])* $variant,)* }

        impl Terminal {
            /// The terminal that a lower-case word stands for.
            pub fn named(word: &str) -> Option<Self> {
                match word { $($word => Some(Terminal::$variant),)* _ => None }
            }
        }
    };
}

terminals! {
    /// A key, mostly one of the group's own.
    Key = "key",
    /// A key that only ever holds a short string.
    TinyKey = "tinykey",
    /// A sorted set whose members all have the same score, where order by name is defined.
    LexKey = "lexkey",
    /// `numkeys` and that many keys.
    CountedKeys = "nkeys",
    /// As many weights as the last `nkeys` had keys.
    Weights = "weights",
    /// Any value.
    Value = "value",
    /// A value of a few bytes.
    TinyValue = "tinyvalue",
    /// A signed integer, edges included.
    Int = "int",
    /// A small integer, also negative.
    Index = "index",
    /// The place among matches, from either end.
    Rank = "rank",
    /// A small count, at times zero or negative.
    Count = "count",
    /// A small count above zero.
    Positive = "positive",
    /// A small offset into a string.
    Offset = "offset",
    /// 0 or 1, at times something else.
    Bit = "bit",
    /// A bit field's type, such as `i8`.
    BitType = "bittype",
    /// A floating point number, edges included.
    Float = "float",
    /// A hash field.
    Field = "field",
    /// A member or element.
    Member = "member",
    /// A score.
    Score = "score",
    /// A score bound, such as `(3`.
    ScoreBound = "zbound",
    /// A lexicographic bound, such as `[b`.
    LexBound = "lexbound",
    /// A time to live in seconds.
    Seconds = "seconds",
    /// A time to live in milliseconds.
    Millis = "millis",
    /// A moment in seconds.
    Unix = "unix",
    /// A moment in milliseconds.
    UnixMillis = "unixms",
    /// A moment in seconds that has not come: where a past one would leave a key that is gone at some later time.
    Future = "future",
    /// A moment in milliseconds that has not come.
    FutureMillis = "futurems",
    /// A glob pattern.
    Glob = "glob",
    /// SORT's BY pattern, always with a star.
    ByPattern = "bypattern",
    /// SORT's GET pattern.
    GetPattern = "getpattern",
    /// A database number.
    Db = "db",
    /// A type's name.
    TypeName = "typename",
    /// A stream entry's id.
    StreamId = "streamid",
    /// A stream entry's id that XREAD reads after: not `+`, which has a meaning since 7.4.
    ReadId = "readid",
    /// An id that is mostly higher than those before, or leaves its sequence number open.
    NextId = "nextid",
    /// An end of an interval of ids, such as `(3-1`.
    StreamBound = "streambound",
    /// A longitude.
    Longitude = "longitude",
    /// A latitude.
    Latitude = "latitude",
    /// A short blocking time-out.
    Timeout = "timeout",
    /// A stream's group name.
    GroupName = "groupname",
    /// A stream's consumer name.
    Consumer = "consumer",
    /// A hundred or two members.
    ManyMembers = "manymembers",
    /// A hundred or two fields with values.
    ManyFields = "manyfields",
    /// A hundred or two scores with members.
    ManyScores = "manyscores",
    /// A cursor that begins, in all its spellings.
    ZeroCursor = "zerocursor",
    /// No cursor.
    BadCursor = "badcursor",
    /// A Lua script.
    Script = "script",
    /// Bytes that are no command, option or payload.
    Garbage = "garbage",
}

const GROUP_LETTERS: [&str; 9] = ["s", "l", "h", "e", "z", "x", "b", "g", "p"];
const EDGE_INTS: [&str; 19] = [
    "9223372036854775806",
    "-9223372036854775807",
    "00",
    "-",
    "\u{661}",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "-9223372036854775809",
    "4294967296",
    "2147483648",
    "007",
    "+1",
    "-0",
    "1.5",
    "abc",
    "",
    " 1",
    "0x10",
];
const EDGE_FLOATS: [&str; 31] = [
    "1e-400",
    "0x",
    "1e",
    ".5",
    "5.",
    "infinity",
    "-1e308",
    "9007199254740993",
    "1.7976931348623157e308",
    "0x1p-1074",
    "99999999999999999999",
    "-nan",
    "1e17",
    "0.1",
    "3.14159265358979",
    "-0.0",
    "1e3",
    "1e-7",
    "123456789.123456789",
    "1e400",
    "nan",
    "inf",
    "-inf",
    "+inf",
    "abc",
    "",
    " 1",
    "1 ",
    "0x1p3",
    "17976931348623157e292",
    "5e-324",
];
const GLOBS: [&str; 10] = [
    "*", "k*", "?1", "[a-f]*", "[^a]*", "s[0-9]", "\\*", "*1*", "", "[z-a]?",
];

/// Draws commands from rules.
pub struct Generator {
    rng: Rng,
    last_numkeys: usize,
    /// Milliseconds of the last id drawn to be higher than those before.
    last_ms: u64,
}

impl Generator {
    /// A generator whose output follows from the seed.
    pub fn new(seed: u64) -> Self {
        Generator {
            rng: Rng::new(seed),
            last_numkeys: 0,
            last_ms: 40,
        }
    }

    /// The source of randomness, for choices outside patterns.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// One rule, by weight.
    pub fn rule<'r>(&mut self, rules: &'r [Rule]) -> &'r Rule {
        let total = rules.iter().map(|rule| rule.weight).sum();
        let mut left = self.rng.below(total);
        for rule in rules {
            if left < rule.weight {
                return rule;
            }
            left -= rule.weight;
        }
        unreachable!("the draw is below the sum of all weights")
    }

    /// One command of a rule; a few are broken: an argument too many, too few, or replaced by another kind.
    pub fn command(&mut self, rule: &Rule) -> Args {
        let mut args = Args::new();
        self.sequence(&rule.pattern, rule.group, &mut args);
        if rule.mode.may_be_broken() && self.rng.chance(4) {
            let ways = if rule.mode == Mode::Scan { 3 } else { 4 };
            self.damage(&mut args, ways);
        }
        if self.rng.chance(10) {
            args[0] = self.any_case(&args[0].clone());
        }
        args
    }

    fn sequence(&mut self, nodes: &[Node], group: &str, args: &mut Args) {
        for node in nodes {
            match node {
                Node::Literal(word) => {
                    let word = if self.rng.chance(5) {
                        self.any_case(word.as_bytes())
                    } else {
                        word.as_bytes().to_vec()
                    };
                    args.push(word);
                }
                Node::Draw(terminal) => self.draw(*terminal, group, args),
                Node::Optional(inner) => {
                    if self.rng.chance(40) {
                        self.sequence(inner, group, args);
                    }
                }
                Node::Choice(branches) => {
                    let branch = &branches[self.rng.below(branches.len())];
                    self.sequence(branch, group, args);
                }
                Node::Repeat(inner) => {
                    let times = if self.rng.chance(3) {
                        20
                    } else {
                        1 + self.rng.below(4)
                    };
                    for _ in 0..times {
                        self.sequence(inner, group, args);
                    }
                }
            }
        }
    }

    fn draw(&mut self, terminal: Terminal, group: &str, args: &mut Args) {
        match terminal {
            Terminal::CountedKeys => {
                let count = 1 + self.rng.below(4);
                self.last_numkeys = count;
                let said = if self.rng.chance(4) {
                    self.rng.between(-1, 6)
                } else {
                    count as i64
                };
                args.push(said.to_string().into_bytes());
                args.extend((0..count).map(|_| self.key(group)));
            }
            Terminal::Weights => args.extend((0..self.last_numkeys).map(|_| self.score())),
            Terminal::ManyMembers => args.extend(self.many().map(text)),
            Terminal::ManyFields => args.extend(self.many().flat_map(|n| [text(n), text(-n)])),
            Terminal::ManyScores => args.extend(self.many().flat_map(|n| [text(n % 50), text(n)])),
            single => args.push(self.single(single, group)),
        }
    }

    fn single(&mut self, terminal: Terminal, group: &str) -> Vec<u8> {
        let rng = &mut self.rng;
        match terminal {
            Terminal::Key => self.key(group),
            Terminal::TinyKey => format!("t{}", rng.below(4)).into_bytes(),
            Terminal::LexKey => format!("y{}", rng.below(3)).into_bytes(),
            Terminal::Value => self.value(),
            Terminal::TinyValue => (0..rng.below(9)).map(|_| *rng.pick(b"abcde")).collect(),
            Terminal::Int if rng.chance(15) => rng.pick(&EDGE_INTS).as_bytes().to_vec(),
            Terminal::Int => text(rng.between(-20, 100)),
            Terminal::Index if rng.chance(4) => rng.pick(&EDGE_INTS).as_bytes().to_vec(),
            Terminal::Rank if rng.chance(4) => {
                let edges = ["abc", "9223372036854775807", "-9223372036854775807", ""];
                rng.pick(&edges).as_bytes().to_vec()
            }
            Terminal::Rank => text(rng.between(-4, 4)),
            Terminal::Index => text(rng.between(-6, 9)),
            // large negative counts ask some commands for that many members
            Terminal::Count if rng.chance(4) => rng
                .pick(&[
                    "abc",
                    "-9223372036854775809",
                    "-9223372036854775808",
                    "9223372036854775807",
                    "4294967296",
                    "2147483648",
                    "1\0",
                    "1.0",
                    "",
                ])
                .as_bytes()
                .to_vec(),
            Terminal::Count => text(rng.between(-4, 8)),
            Terminal::Positive => text(rng.between(1, 6)),
            Terminal::Offset if rng.chance(3) => {
                let edges = ["-1", "4294967296", "536870912", "9223372036854775807", "x"];
                rng.pick(&edges).as_bytes().to_vec()
            }
            Terminal::Offset => text(rng.between(0, 80)),
            Terminal::Bit if rng.chance(5) => rng.pick(&["2", "-1", "a"]).as_bytes().to_vec(),
            Terminal::Bit => text(rng.between(0, 1)),
            Terminal::BitType => rng
                .pick(&[
                    "u8", "i8", "u4", "i64", "u63", "u64", "i1", "i5", "u1", "x8",
                ])
                .as_bytes()
                .to_vec(),
            Terminal::Float if rng.chance(30) => rng.pick(&EDGE_FLOATS).as_bytes().to_vec(),
            Terminal::Float => decimal(rng),
            Terminal::Field => self.field(),
            Terminal::Member => self.member(),
            Terminal::Score => self.score(),
            Terminal::ScoreBound => self.score_bound(),
            Terminal::LexBound => self.lex_bound(),
            Terminal::Seconds => self.span(1),
            Terminal::Millis => self.span(1000),
            Terminal::Unix => self.moment(1),
            Terminal::UnixMillis => self.moment(1000),
            Terminal::Future => text(rng.between(4_000_000_000, 4_100_000_000)),
            Terminal::FutureMillis => text(rng.between(4_000_000_000_000, 4_100_000_000_000)),
            Terminal::Glob => rng.pick(&GLOBS).as_bytes().to_vec(),
            Terminal::ByPattern => rng
                .pick(&["s*", "h*->f1", "*", "nokey_*", "s*->f", "z*"])
                .as_bytes()
                .to_vec(),
            Terminal::GetPattern => rng
                .pick(&["#", "s*", "h*->f1", "*", "fixed", "h*->"])
                .as_bytes()
                .to_vec(),
            Terminal::Db if rng.chance(5) => rng
                .pick(&["16", "-1", "abc", "99999999999"])
                .as_bytes()
                .to_vec(),
            Terminal::Db => text(rng.between(0, 1)),
            Terminal::TypeName => rng
                .pick(&[
                    "string", "LIST", "hash", "set", "zset", "stream", "none", "foo",
                ])
                .as_bytes()
                .to_vec(),
            Terminal::StreamId => self.stream_id(),
            Terminal::ReadId => match self.stream_id() {
                id if id == b"+" => b"0-0".to_vec(),
                id => id,
            },
            Terminal::NextId => self.next_id(),
            Terminal::StreamBound => match rng.below(6) {
                0 | 1 => b"-".to_vec(),
                2 | 3 => b"+".to_vec(),
                4 => [b"(".to_vec(), self.stream_id()].concat(),
                _ => self.stream_id(),
            },
            Terminal::Longitude if rng.chance(4) => {
                rng.pick(&["181", "-200", "abc"]).as_bytes().to_vec()
            }
            Terminal::Longitude => {
                format!("{}.{}", rng.between(-179, 179), rng.below(1000)).into_bytes()
            }
            Terminal::Latitude if rng.chance(4) => {
                rng.pick(&["86", "-90", "abc"]).as_bytes().to_vec()
            }
            Terminal::Latitude => {
                format!("{}.{}", rng.between(-84, 84), rng.below(1000)).into_bytes()
            }
            Terminal::Timeout if rng.chance(10) => {
                rng.pick(&["-1", "abc", "nan", "-inf"]).as_bytes().to_vec()
            }
            Terminal::Timeout => b"0.001".to_vec(),
            Terminal::GroupName => rng.pick(&["g1", "g2", "nogroup"]).as_bytes().to_vec(),
            Terminal::Consumer => rng.pick(&["alice", "bob", "carol"]).as_bytes().to_vec(),
            Terminal::Script => scripts::script(rng),
            Terminal::Garbage => rng
                .pick(&[
                    &b"\0\x01\x7f"[..],
                    b"garbage",
                    b"NX",
                    b"",
                    b"with space",
                    b"\xff\xfe\r\n",
                    b"cut\0short",
                ])
                .to_vec(),
            Terminal::ZeroCursor => rng
                .pick(&["0", "0", "0", "", "-0", "+0", "00", "0\0x", "\0"])
                .as_bytes()
                .to_vec(),
            Terminal::BadCursor => rng
                .pick(&[
                    "abc",
                    " 0",
                    "0 ",
                    "18446744073709551616",
                    "0x1",
                    "1.5",
                    "--1",
                    "-",
                ])
                .as_bytes()
                .to_vec(),
            Terminal::CountedKeys
            | Terminal::Weights
            | Terminal::ManyMembers
            | Terminal::ManyFields
            | Terminal::ManyScores => {
                unreachable!("these yield several arguments")
            }
        }
    }

    /// A run of numbers long enough to make most collections leave their packed form.
    fn many(&mut self) -> std::ops::Range<i64> {
        let first = self.rng.between(0, 400);
        first..first + self.rng.between(60, 200)
    }

    fn key(&mut self, group: &str) -> Vec<u8> {
        if self.rng.chance(1) {
            return self
                .rng
                .pick(&[&b""[..], b"\x00\xff", b"with space"])
                .to_vec();
        }
        let letter = match &group[..1] {
            own if GROUP_LETTERS.contains(&own) && self.rng.chance(80) => own.to_owned(),
            _ => (*self.rng.pick(&GROUP_LETTERS)).to_owned(),
        };
        format!("{letter}{}", self.rng.below(5)).into_bytes()
    }

    fn value(&mut self) -> Vec<u8> {
        let rng = &mut self.rng;
        match rng.below(20) {
            0..=6 => text(rng.between(-30, 300)),
            7 => rng.pick(&EDGE_INTS).as_bytes().to_vec(),
            8 => rng.pick(&EDGE_FLOATS).as_bytes().to_vec(),
            9 => decimal(rng),
            10 => vec![b'v'; *rng.pick(&[43, 44, 45, 63, 64, 65, 66])],
            11 => b"\x00\xff\r\n\x80".to_vec(),
            12 if rng.chance(10) => vec![b'B'; *rng.pick(&[4096, 8192, 16383, 16384, 20000])],
            _ => (0..1 + rng.below(8))
                .map(|_| *rng.pick(b"abcdefg "))
                .collect(),
        }
    }

    fn field(&mut self) -> Vec<u8> {
        match self.rng.below(25) {
            0 => self.value(),
            n => format!("f{}", n % 12).into_bytes(),
        }
    }

    fn member(&mut self) -> Vec<u8> {
        match self.rng.below(20) {
            0 => self.value(),
            1..=9 => text(self.rng.between(-2, 20)),
            _ => vec![*self.rng.pick(b"abcdefghijklmnop")],
        }
    }

    fn score(&mut self) -> Vec<u8> {
        match self.rng.below(10) {
            0 => self.edge_score(),
            1 | 2 => decimal(&mut self.rng),
            _ => text(self.rng.between(-5, 12)),
        }
    }

    fn edge_score(&mut self) -> Vec<u8> {
        match *self.rng.pick(&EDGE_FLOATS) {
            // see the note on errno in [`super::deliberate`]
            "5e-324" | "0x1p-1074" => b"2.2250738585072014e-308".to_vec(),
            edge => edge.as_bytes().to_vec(),
        }
    }

    fn score_bound(&mut self) -> Vec<u8> {
        match self.rng.below(10) {
            0 => b"-inf".to_vec(),
            1 => b"+inf".to_vec(),
            2 => self
                .rng
                .pick(&["(inf", "(", "((1", "(nan", "nan", "[1", "1\0", "(1\0x"])
                .as_bytes()
                .to_vec(),
            3..=5 => [b"(".to_vec(), self.score()].concat(),
            _ => self.score(),
        }
    }

    fn lex_bound(&mut self) -> Vec<u8> {
        match self.rng.below(10) {
            0 | 1 => b"-".to_vec(),
            2 | 3 => b"+".to_vec(),
            4 => self
                .rng
                .pick(&["a", "", "(", "[", "-1"])
                .as_bytes()
                .to_vec(),
            5 | 6 => [b"(".to_vec(), self.member()].concat(),
            _ => [b"[".to_vec(), self.member()].concat(),
        }
    }

    /// A time to live far above the time a run takes, or one that is over at once, or an edge.
    fn span(&mut self, scale: i64) -> Vec<u8> {
        match self.rng.below(20) {
            0 => text(-1),
            1 => text(0),
            2 => self.rng.pick(&EDGE_INTS).as_bytes().to_vec(),
            _ => text(self.rng.between(10_000, 5_000_000) * scale),
        }
    }

    fn moment(&mut self, scale: i64) -> Vec<u8> {
        match self.rng.below(20) {
            0 => text(-1),
            1 => text(1),
            2 => self.rng.pick(&EDGE_INTS).as_bytes().to_vec(),
            _ => text(self.rng.between(4_000_000_000, 4_100_000_000) * scale),
        }
    }

    fn stream_id(&mut self) -> Vec<u8> {
        match self.rng.below(16) {
            0 => b"-".to_vec(),
            1 => b"+".to_vec(),
            2 => b"0".to_vec(),
            3 => b"18446744073709551615-18446744073709551615".to_vec(),
            4 => self
                .rng
                .pick(&["abc", "1-x", "", "-1", "1-", "(5-1"])
                .as_bytes()
                .to_vec(),
            5..=7 => text(self.rng.between(0, 40)),
            _ => format!("{}-{}", self.rng.below(40), self.rng.below(4)).into_bytes(),
        }
    }

    fn next_id(&mut self) -> Vec<u8> {
        self.last_ms += self.rng.below(2) as u64;
        let seq = match self.rng.below(4) {
            0 => "*".to_owned(),
            _ => self.rng.below(9).to_string(),
        };
        format!("{}-{seq}", self.last_ms).into_bytes()
    }

    fn any_case(&mut self, word: &[u8]) -> Vec<u8> {
        word.iter()
            .map(|b| {
                if self.rng.chance(50) {
                    b.to_ascii_lowercase()
                } else {
                    b.to_ascii_uppercase()
                }
            })
            .collect()
    }

    /// Breaks an argument vector in one of the first so many ways; the command's own name stays. The last way,
    /// another word in an argument's place, could make a valid cursor that is no server's own.
    fn damage(&mut self, args: &mut Args, ways: usize) {
        let at = 1 + self.rng.below(args.len());
        match self.rng.below(ways) {
            0 => args.truncate(at),
            1 => args.push(self.value()),
            2 if at < args.len() => {
                args.remove(at);
            }
            _ if at < args.len() => {
                args[at] = self
                    .rng
                    .pick(&["NX", "", "-1", "foo", "LIMIT", "nan"])
                    .as_bytes()
                    .to_vec()
            }
            _ => {}
        }
    }
}

fn text(number: i64) -> Vec<u8> {
    number.to_string().into_bytes()
}

fn decimal(rng: &mut Rng) -> Vec<u8> {
    format!("{}.{}", rng.between(-99, 99), rng.below(1000)).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::commands::all_rules;
    use super::*;

    #[test]
    fn same_seed_same_commands() {
        let rules = all_rules();
        let draw = |seed| {
            let mut generator = Generator::new(seed);
            (0..500)
                .map(|_| {
                    let rule = generator.rule(&rules);
                    generator.command(rule)
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }

    #[test]
    fn every_rule_yields_commands() {
        let mut generator = Generator::new(1);
        for rule in all_rules() {
            for _ in 0..50 {
                assert!(!generator.command(&rule).is_empty());
            }
        }
    }
}
