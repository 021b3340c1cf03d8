//! The notation in which [`super::commands`] says how a command's arguments look.
//!
//! ```text
//! mode[/weight]  NAME  pattern
//! pattern   WORD 'word as it stands            [ … ]      there or not
//!           word       a drawn argument        ( a | b )  one of them
//!                                              { … }      one to five times
//! ```

use super::compare::Mode;
use super::generate::Terminal;

/// How often a line is drawn when it does not say.
const WEIGHT_DEFAULT: usize = 20;

/// One piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A word that is sent as it stands.
    Literal(String),
    /// An argument to draw.
    Draw(Terminal),
    /// There half of the time.
    Optional(Vec<Node>),
    /// One of several.
    Choice(Vec<Vec<Node>>),
    /// One to five times.
    Repeat(Vec<Node>),
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The group, whose first letter is that of the group's own keys.
    pub group: &'static str,
    /// How replies are compared.
    pub mode: Mode,
    /// How often it is drawn, relative to the others.
    pub weight: usize,
    /// The whole command, its name first.
    pub pattern: Vec<Node>,
}

impl Rule {
    /// The words it always starts with: the command, the first of several, and perhaps its subcommand.
    pub fn name(&self) -> Vec<&str> {
        let pattern = match &self.pattern[0] {
            Node::Choice(names) => &names[0],
            _ => &self.pattern,
        };
        pattern
            .iter()
            .map_while(|node| match node {
                Node::Literal(word) => Some(word.as_str()),
                Node::Draw(_) | Node::Optional(_) | Node::Choice(_) | Node::Repeat(_) => None,
            })
            .take(2)
            .collect()
    }
}

/// Parses a group's lines; blank lines and those that start with `#` say nothing.
///
/// Panics on a line it does not understand: the tables are part of this program.
pub fn parse_group(group: &'static str, lines: &str) -> Vec<Rule> {
    lines
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| parse_rule(group, line))
        .collect()
}

fn parse_rule(group: &'static str, line: &str) -> Rule {
    let (head, rest) = line
        .split_once(' ')
        .unwrap_or_else(|| panic!("no command in {line:?}"));
    let (mode, weight) = match head.split_once('/') {
        Some((mode, weight)) => (
            mode,
            weight.parse().unwrap_or_else(|e| panic!("{e} in {line:?}")),
        ),
        None => (head, WEIGHT_DEFAULT),
    };
    let mode = Mode::named(mode).unwrap_or_else(|| panic!("no mode {mode:?} in {line:?}"));
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (pattern, used) = parse_sequence(&words, line);
    assert!(used == words.len(), "a bracket too many in {line:?}");
    Rule {
        group,
        mode,
        weight,
        pattern,
    }
}

/// Reads nodes up to a closing bracket or `|`, which is left for the caller.
fn parse_sequence(words: &[&str], line: &str) -> (Vec<Node>, usize) {
    let mut nodes = Vec::new();
    let mut at = 0;
    while let Some(&word) = words.get(at) {
        match word {
            "]" | ")" | "}" | "|" => break,
            "[" | "{" => {
                let (inner, used) = parse_sequence(&words[at + 1..], line);
                at += used + 2;
                assert!(
                    words.get(at - 1) == Some(&if word == "[" { "]" } else { "}" }),
                    "unclosed {word} in {line:?}"
                );
                nodes.push(if word == "[" {
                    Node::Optional(inner)
                } else {
                    Node::Repeat(inner)
                });
            }
            "(" => {
                let mut branches = Vec::new();
                loop {
                    let (inner, used) = parse_sequence(&words[at + 1..], line);
                    branches.push(inner);
                    at += used + 1;
                    match words.get(at) {
                        Some(&"|") => {}
                        Some(&")") => break,
                        _ => panic!("unclosed ( in {line:?}"),
                    }
                }
                at += 1;
                nodes.push(Node::Choice(branches));
            }
            _ if word.starts_with(|c: char| c.is_ascii_lowercase()) => {
                let terminal = Terminal::named(word)
                    .unwrap_or_else(|| panic!("no argument {word:?} in {line:?}"));
                nodes.push(Node::Draw(terminal));
                at += 1;
            }
            _ => {
                nodes.push(Node::Literal(
                    word.strip_prefix('\'').unwrap_or(word).to_owned(),
                ));
                at += 1;
            }
        }
    }
    (nodes, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_nested_brackets() {
        let rules = parse_group(
            "string",
            "exact/3 SET key value [ ( NX | EX seconds ) ]\n# a comment",
        );
        assert_eq!(rules.len(), 1);
        assert_eq!((rules[0].weight, rules[0].name()), (3, vec!["SET"]));
        let Node::Optional(inner) = &rules[0].pattern[3] else {
            panic!("{:?}", rules[0].pattern)
        };
        let Node::Choice(branches) = &inner[0] else {
            panic!("{inner:?}")
        };
        assert_eq!(
            branches[1],
            [Node::Literal("EX".into()), Node::Draw(Terminal::Seconds)]
        );
    }

    #[test]
    #[should_panic(expected = "unclosed")]
    fn refuses_an_open_bracket() {
        parse_group("string", "exact GET [ key");
    }
}
