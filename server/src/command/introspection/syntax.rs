//! The grammar line of a declaration as a tree of arguments.
//!
//! ```text
//! key value [NX | XX] [EX seconds | PX milliseconds]
//!
//! UPPER      a word written as it is          [ … ]       may be left out
//! lower      a value                          a | b       one of them
//! < … >      several things as one            [x ...]     the x before it may repeat
//!                                             [... [...]] all of the bracket may repeat
//! UPPER lower [lower]   a value, or a block of them, behind its word
//! ```

use store::command::Spec;

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Double,
    /// A key, found by the key spec of this index.
    Key(usize),
    Pattern,
    UnixTime,
    Token,
    OneOf,
    Block,
}

impl Kind {
    /// The name COMMAND DOCS gives it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Text => "string",
            Kind::Integer => "integer",
            Kind::Double => "double",
            Kind::Key(_) => "key",
            Kind::Pattern => "pattern",
            Kind::UnixTime => "unix-time",
            Kind::Token => "pure-token",
            Kind::OneOf => "oneof",
            Kind::Block => "block",
        }
    }
}

/// One argument, or several that belong together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Argument {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) token: Option<&'static str>,
    pub(super) optional: bool,
    pub(super) multiple: bool,
    pub(super) inner: Vec<Argument>,
}

impl Argument {
    fn value(name: &str, kind: Kind) -> Self {
        Argument {
            name: name.to_owned(),
            kind,
            token: None,
            optional: false,
            multiple: false,
            inner: Vec::new(),
        }
    }

    fn token(word: &'static str) -> Self {
        Argument {
            token: Some(word),
            ..Argument::value(&word.to_ascii_lowercase(), Kind::Token)
        }
    }

    fn group(kind: Kind, inner: Vec<Argument>) -> Self {
        let name = inner
            .iter()
            .map(|argument| argument.name.as_str())
            .collect::<Vec<_>>()
            .join("-");
        Argument {
            inner,
            ..Argument::value(&name, kind)
        }
    }

    /// The flags COMMAND DOCS shows.
    pub(super) fn flags(&self) -> Vec<&'static str> {
        let flags = [(self.optional, "optional"), (self.multiple, "multiple")];
        flags
            .into_iter()
            .filter(|(set, _)| *set)
            .map(|(_, name)| name)
            .collect()
    }
}

/// Reads the grammar line of a declaration.
pub(super) fn parse(spec: &Spec) -> Vec<Argument> {
    let words = words(spec.syntax);
    let mut parser = Parser {
        words: &words,
        at: 0,
        key_specs: spec.keys.len(),
        keys_seen: 0,
        group_repeats: false,
    };
    parser.alternatives()
}

/// Brackets and bars are words of their own.
fn words(line: &'static str) -> Vec<&'static str> {
    let mut words = Vec::new();
    for mut chunk in line.split_whitespace() {
        while let Some(open) = chunk.strip_prefix(['[', '<']) {
            words.push(&chunk[..1]);
            chunk = open;
        }
        let bare = chunk.trim_end_matches([']', '>']);
        if !bare.is_empty() {
            words.push(bare);
        }
        words.extend((bare.len()..chunk.len()).map(|at| &chunk[at..at + 1]));
    }
    words
}

struct Parser<'w> {
    words: &'w [&'static str],
    at: usize,
    key_specs: usize,
    keys_seen: usize,
    /// The group being read ends with a bare `[...]`: all of it may repeat.
    group_repeats: bool,
}

impl Parser<'_> {
    /// Everything up to a closing bracket.
    fn alternatives(&mut self) -> Vec<Argument> {
        let mut done: Vec<Argument> = Vec::new();
        let mut choices: Vec<Argument> = Vec::new();
        let mut sequence = self.sequence();
        while self.peek() == Some("|") {
            self.at += 1;
            // What stands before the first bar belongs to it only as far as one thing.
            if choices.is_empty() {
                let first = sequence.pop();
                done.append(&mut sequence);
                choices.extend(first);
            } else {
                choices.push(one(sequence));
            }
            sequence = self.sequence();
        }
        if choices.is_empty() {
            return sequence;
        }
        let mut after = sequence.split_off(sequence.len().min(1));
        choices.append(&mut sequence);
        done.push(Argument::group(Kind::OneOf, choices));
        done.append(&mut after);
        done
    }

    /// Things up to a bar or a closing bracket.
    fn sequence(&mut self) -> Vec<Argument> {
        let mut things: Vec<Argument> = Vec::new();
        while let Some(word) = self.peek().filter(|word| !matches!(*word, "|" | "]" | ">")) {
            self.at += 1;
            match word {
                "[" => self.optional(&mut things),
                "<" => {
                    let group = self.group();
                    things.push(group);
                }
                "..." => {}
                word if is_token(word) => {
                    let thing = self.behind(word);
                    things.push(thing);
                }
                word => {
                    let kind = self.kind_of(word);
                    things.push(Argument::value(word, kind));
                }
            }
        }
        things
    }

    /// After `[`: a repetition of what came before, or something that may be left out.
    fn optional(&mut self, things: &mut Vec<Argument>) {
        let keys_before = self.keys_seen;
        let inner = self.alternatives();
        let repeats = self.words[self.at - 1] == "...";
        self.at += 1;
        if repeats && inner.is_empty() {
            self.group_repeats = true;
            return;
        }
        let group_repeats = std::mem::take(&mut self.group_repeats);
        if repeats && inner.len() <= things.len() && ends_with(things, &inner) {
            self.keys_seen = keys_before;
            let repeated = things.split_off(things.len() - inner.len());
            things.push(Argument {
                multiple: true,
                ..one(repeated)
            });
        } else if repeats && self.repeats_token(things, &inner) {
            self.keys_seen = keys_before;
        } else if !inner.is_empty() {
            let inner = one(inner);
            things.push(Argument {
                optional: true,
                multiple: inner.multiple || group_repeats,
                ..inner
            });
        }
    }

    /// `WEIGHTS weight [weight ...]`: the value behind the word repeats.
    fn repeats_token(&self, things: &mut [Argument], inner: &[Argument]) -> bool {
        match (things.last_mut(), inner) {
            (Some(last), [repeated]) if last.token.is_some() && last.name == repeated.name => {
                last.multiple = true;
                true
            }
            _ => false,
        }
    }

    /// A word, and the values behind it.
    fn behind(&mut self, token: &'static str) -> Argument {
        let mut values = Vec::new();
        while let Some(word) = self.peek() {
            if word == "<" {
                self.at += 1;
                values.push(self.group());
            } else if is_value(word) {
                self.at += 1;
                let kind = self.kind_of(word);
                values.push(Argument::value(word, kind));
            } else {
                break;
            }
        }
        match values.len() {
            0 => Argument::token(token),
            _ => Argument {
                token: Some(token),
                ..one(values)
            },
        }
    }

    /// After `<`: everything up to its end as one thing.
    fn group(&mut self) -> Argument {
        let inner = self.alternatives();
        self.at += 1;
        one(inner)
    }

    fn peek(&self) -> Option<&'static str> {
        self.words.get(self.at).copied()
    }

    fn kind_of(&mut self, name: &str) -> Kind {
        match name {
            "key" | "key1" | "key2" | "newkey" | "source" | "destination" | "src" | "dst"
                if self.key_specs > 0 =>
            {
                let index = self.keys_seen.min(self.key_specs - 1);
                self.keys_seen += 1;
                Kind::Key(index)
            }
            "pattern" => Kind::Pattern,
            name if name.starts_with("unix-time") => Kind::UnixTime,
            "score" | "weight" | "timeout" => Kind::Double,
            "count" | "seconds" | "milliseconds" | "offset" | "numkeys" | "index" | "cursor"
            | "limit" | "decrement" | "len" | "rank" | "num-matches" | "db" | "index1"
            | "index2" | "protover" | "client-id" | "ms" | "entries_read" | "entries_added" => {
                Kind::Integer
            }
            _ => Kind::Text,
        }
    }
}

/// Several things as one block.
fn one(mut things: Vec<Argument>) -> Argument {
    match things.len() {
        1 => things.remove(0),
        _ => Argument::group(Kind::Block, things),
    }
}

fn ends_with(things: &[Argument], names: &[Argument]) -> bool {
    let last = &things[things.len() - names.len()..];
    last.iter()
        .zip(names)
        .all(|(thing, repeated)| thing.name == repeated.name && thing.token.is_none())
}

/// Words in capitals are written as they are.
fn is_token(word: &str) -> bool {
    word.bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_uppercase())
}

fn is_value(word: &str) -> bool {
    word.bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use store::command::{KeyFlags, KeySpec};

    use super::*;

    /// A short form: `?` optional, `*` multiple, `TOKEN:` in front.
    fn shape(arguments: &[Argument]) -> String {
        arguments
            .iter()
            .map(one_shape)
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn one_shape(argument: &Argument) -> String {
        let mut text = argument
            .token
            .map_or(String::new(), |token| format!("{token}:"));
        match argument.kind {
            Kind::Token => {}
            Kind::OneOf | Kind::Block => {
                let mark = if argument.kind == Kind::OneOf {
                    "|"
                } else {
                    "&"
                };
                text += &format!("{mark}({})", shape(&argument.inner));
            }
            Kind::Key(index) => text += &format!("{}#{index}", argument.name),
            _ => text += &argument.name,
        }
        text + if argument.multiple { "*" } else { "" } + if argument.optional { "?" } else { "" }
    }

    fn check(syntax: &'static str, expected: &str) {
        const KEYS: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO), KeySpec::at(2, KeyFlags::RO)];
        let spec = Spec {
            syntax,
            keys: KEYS,
            ..Spec::DEFAULT
        };
        assert_eq!(shape(&parse(&spec)), expected, "{syntax}");
    }

    #[test]
    fn lines_become_trees() {
        check("", "");
        check("key value [NX | XX] [GET]", "key#0 value |(NX: XX:)? GET:?");
        check(
            "key [EX seconds | PX milliseconds | PERSIST]",
            "key#0 |(EX:seconds PX:milliseconds PERSIST:)?",
        );
        check("key [key ...]", "key#0*");
        check("key [GET x | SET x y [...]]", "key#0 |(GET:x SET:&(x y))*?");
        check("source destination member", "source#0 destination#1 member");
        check(
            "key score member [score member ...]",
            "key#0 &(score member)*",
        );
        check(
            "numkeys key [key ...] MIN | MAX [COUNT count]",
            "numkeys key#0* |(MIN: MAX:) COUNT:count?",
        );
        check(
            "numkeys key [key ...] [WEIGHTS weight [weight ...]]",
            "numkeys key#0* WEIGHTS:weight*?",
        );
        check("key [LIMIT offset count]", "key#0 LIMIT:&(offset count)?");
        check(
            "[protover [AUTH username password]]",
            "&(protover AUTH:&(username password)?)?",
        );
        check(
            "key1 key2 <LEFT | RIGHT> <LEFT | RIGHT>",
            "key1#0 key2#1 |(LEFT: RIGHT:) |(LEFT: RIGHT:)",
        );
        check("<ON | OFF | SKIP>", "|(ON: OFF: SKIP:)");
        check(
            "[AGGREGATE <SUM | MIN | MAX>]",
            "AGGREGATE:|(SUM: MIN: MAX:)?",
        );
    }

    /// redis-cli crashes on a group without anything in it.
    #[test]
    fn no_command_has_an_empty_group() {
        fn is_whole(argument: &Argument) -> bool {
            let is_group = matches!(argument.kind, Kind::OneOf | Kind::Block);
            is_group != argument.inner.is_empty() && argument.inner.iter().all(is_whole)
        }
        let registry = crate::registry::Registry::new(&[]).expect("nothing is renamed");
        for command in registry.all() {
            assert!(parse(command.spec).iter().all(is_whole), "{command:?}");
        }
    }
}
