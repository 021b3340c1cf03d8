//! `cases.toml`: what a library's functions are to do, written down once for every engine.
//!
//! ```toml
//! [[case]]
//! name  = "the third call is refused"
//! setup = ["SET limit 2"]
//! at_ms = 1_700_000_000_000
//! steps = [
//!   { call = "limiter 1 user:1 2 1000", expect = [1, 1, 0] },
//!   { call = "limiter 1 user:1 2 1000", advance_ms = 400, expect = [1, 0, 0], expect_keys = { "PTTL user:1" = 600 } },
//! ]
//! ```
//! A case starts with an empty data set. One with a single step may say the step's `call`, `expect` and so on itself.

mod expected;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

pub(crate) use expected::{Expected, show};
pub(crate) use words::Words;

use crate::error::{KitError, Result};

/// The time at which a case starts unless it says so itself: a round one, to be recognised in replies.
const START_MS: u64 = 1_700_000_000_000;
/// What a call may take, ms, unless its case says so: ten times what servers allow by default, for a busy machine must not fail a case.
const TIME_LIMIT_MS: u64 = 50;

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "case", default)]
    cases: Vec<RawCase>,
}

/// A case as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    name: String,
    #[serde(default)]
    setup: Vec<Words>,
    at_ms: Option<u64>,
    time_limit_ms: Option<u64>,
    #[serde(default)]
    protocol: Option<u8>,
    #[serde(default, alias = "step")]
    steps: Vec<RawStep>,
    call: Option<Words>,
    run: Option<Words>,
    #[serde(default)]
    keys: Option<Vec<String>>,
    #[serde(default)]
    args: Option<Vec<String>>,
    #[serde(default)]
    advance_ms: u64,
    expect: Option<Expected>,
    error: Option<String>,
    #[serde(default)]
    expect_keys: BTreeMap<Words, Expected>,
}

/// A step as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    #[serde(default)]
    setup: Vec<Words>,
    call: Option<Words>,
    run: Option<Words>,
    keys: Option<Vec<String>>,
    args: Option<Vec<String>>,
    #[serde(default)]
    advance_ms: u64,
    expect: Option<Expected>,
    error: Option<String>,
    #[serde(default)]
    expect_keys: BTreeMap<Words, Expected>,
}

/// One case.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// Commands run before its steps.
    pub(crate) setup: Vec<Words>,
    /// When it starts, ms since the epoch.
    pub(crate) at_ms: u64,
    /// What one call may take, ms.
    pub(crate) time_limit_ms: u64,
    /// Whether replies are those of RESP3.
    pub(crate) resp3: bool,
    pub(crate) steps: Vec<Step>,
}

/// One call and what it is to do.
#[derive(Debug)]
pub(crate) struct Step {
    /// How far the clock is moved before, ms.
    pub(crate) advance_ms: u64,
    /// Commands run before.
    pub(crate) setup: Vec<Words>,
    pub(crate) action: Action,
    /// Its reply, where that matters.
    pub(crate) expect: Option<Expected>,
    /// Commands run after it, and their replies.
    pub(crate) expect_keys: BTreeMap<Words, Expected>,
}

/// What a step does.
#[derive(Debug)]
pub(crate) enum Action {
    /// It calls a function.
    Call {
        function: String,
        keys: Vec<Vec<u8>>,
        args: Vec<Vec<u8>>,
    },
    /// It runs a command.
    Run(Words),
}

/// The cases of a file.
///
/// # Errors
/// What is wrong with it, and where.
pub(crate) fn read(path: &Path) -> Result<Vec<Case>> {
    let text = fs::read_to_string(path).map_err(KitError::file(path))?;
    parse(&text).map_err(|reason| KitError::Cases {
        path: path.to_owned(),
        reason,
    })
}

fn parse(text: &str) -> std::result::Result<Vec<Case>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    if file.cases.is_empty() {
        return Err("it has no [[case]]".into());
    }
    file.cases.into_iter().map(RawCase::checked).collect()
}

impl RawCase {
    fn checked(mut self) -> std::result::Result<Case, String> {
        let name = std::mem::take(&mut self.name);
        let blame = |reason: String| format!("case '{name}': {reason}");
        let own = self.own_step();
        let raw = match (own, self.steps.is_empty()) {
            (Some(own), true) => vec![own],
            (None, false) => std::mem::take(&mut self.steps),
            (None, true) => return Err(blame("it has neither `call` nor `steps`".into())),
            (Some(_), false) => {
                return Err(blame(
                    "it has `steps` and a `call` of its own: put that among the steps".into(),
                ));
            }
        };
        let steps = raw
            .into_iter()
            .map(RawStep::checked)
            .collect::<std::result::Result<_, _>>();
        let resp3 = match self.protocol {
            None | Some(2) => false,
            Some(3) => true,
            Some(other) => return Err(blame(format!("protocol is 2 or 3, not {other}"))),
        };
        Ok(Case {
            steps: steps.map_err(blame)?,
            resp3,
            name,
            setup: self.setup,
            at_ms: self.at_ms.unwrap_or(START_MS),
            time_limit_ms: self.time_limit_ms.unwrap_or(TIME_LIMIT_MS),
        })
    }

    /// The step that the case itself is.
    fn own_step(&mut self) -> Option<RawStep> {
        let is_one = self.call.is_some() || self.run.is_some();
        is_one.then(|| RawStep {
            setup: Vec::new(),
            call: self.call.take(),
            run: self.run.take(),
            keys: self.keys.take(),
            args: self.args.take(),
            advance_ms: self.advance_ms,
            expect: self.expect.take(),
            error: self.error.take(),
            expect_keys: std::mem::take(&mut self.expect_keys),
        })
    }
}

impl RawStep {
    fn checked(self) -> std::result::Result<Step, String> {
        let expect = match (self.expect, self.error) {
            (Some(_), Some(_)) => return Err("a step has either `expect` or `error`".into()),
            (expect, error) => expect.or(error.map(Expected::Error)),
        };
        let action = match (self.call, self.run) {
            (Some(call), None) => called(&call, self.keys, self.args)?,
            (None, Some(command)) => Action::Run(command),
            _ => return Err("a step has either `call` or `run`".into()),
        };
        Ok(Step {
            advance_ms: self.advance_ms,
            setup: self.setup,
            action,
            expect,
            expect_keys: self.expect_keys,
        })
    }
}

/// What `function numkeys key… arg…` calls; or a function alone, its keys and arguments given as lists.
fn called(
    call: &Words,
    keys: Option<Vec<String>>,
    args: Option<Vec<String>>,
) -> std::result::Result<Action, String> {
    let bytes = |words: Vec<String>| words.into_iter().map(String::into_bytes).collect();
    let [function, rest @ ..] = call.list() else {
        return Err("`call` is empty".into());
    };
    let function = String::from_utf8_lossy(function).into_owned();
    if keys.is_some() || args.is_some() {
        return match rest {
            [] => Ok(Action::Call {
                function,
                keys: bytes(keys.unwrap_or_default()),
                args: bytes(args.unwrap_or_default()),
            }),
            _ => Err(format!(
                "`call = \"{call}\"` has arguments beside `keys` and `args`"
            )),
        };
    }
    let counted = rest
        .first()
        .and_then(|count| std::str::from_utf8(count).ok()?.parse::<usize>().ok());
    let words = rest.get(1..).unwrap_or_default();
    match counted {
        Some(count) if count <= words.len() => {
            let (keys, args) = words.split_at(count);
            Ok(Action::Call {
                function,
                keys: keys.to_vec(),
                args: args.to_vec(),
            })
        }
        _ => Err(format!(
            "`call = \"{call}\"` is not `function numkeys key… arg…` with that many keys"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Expected, parse};

    #[test]
    fn cases_of_one_step_and_of_several() {
        let cases = parse(
            r#"
            [[case]]
            name = "one"
            call = 'take 1 "a b" 2 "\x00"'
            expect = [1, "two", 1.5, { nil = true }, true, { error = "ERR x" }]

            [[case]]
            name = "two"
            setup = ["SET k 1"]
            at_ms = 5
            protocol = 3
            steps = [
              { call = "take", keys = ["k"], args = ["x"], advance_ms = 7, error = "ERR no" },
              { run = "DEL k", expect_keys = { "GET k" = { nil = true }, "EXISTS k" = 0 } },
            ]
            "#,
        )
        .expect("they are fine");
        let [one, two] = &cases[..] else {
            panic!("two cases");
        };
        let Action::Call {
            function,
            keys,
            args,
        } = &one.steps[0].action
        else {
            panic!("a call");
        };
        assert_eq!(function, "take");
        assert_eq!(keys, &[b"a b".to_vec()]);
        assert_eq!(args, &[b"2".to_vec(), b"\0".to_vec()]);
        let Some(Expected::Array(parts)) = &one.steps[0].expect else {
            panic!("an array");
        };
        assert_eq!(
            parts,
            &[
                Expected::Int(1),
                Expected::Text("two".into()),
                Expected::Float(1.5),
                Expected::Nil,
                Expected::Bool(true),
                Expected::Error("ERR x".into())
            ]
        );
        assert_eq!((two.at_ms, two.resp3, two.steps.len()), (5, true, 2));
        assert_eq!(two.steps[0].advance_ms, 7);
        assert_eq!(two.steps[0].expect, Some(Expected::Error("ERR no".into())));
        assert_eq!(two.steps[1].expect_keys.len(), 2);
    }

    #[test]
    fn mistakes_say_where_they_are() {
        for (text, part) in [
            ("", "no [[case]]"),
            (
                "[[case]]\nname = 'a'",
                "case 'a': it has neither `call` nor `steps`",
            ),
            (
                "[[case]]\nname = 'a'\ncall = 'f 2 k'",
                "`call = \"f 2 k\"` is not `function numkeys",
            ),
            (
                "[[case]]\nname = 'a'\ncall = 'f'",
                "is not `function numkeys",
            ),
            (
                "[[case]]\nname = 'a'\ncall = 'f 0'\nexpct = 1",
                "unknown field `expct`",
            ),
            (
                "[[case]]\nname = 'a'\ncall = 'f 0'\nexpect = 1\nerror = 'x'",
                "either `expect` or `error`",
            ),
            ("[[case]]\nname = 'a'\ncall = 'f \"x'", "quote"),
            (
                "[[case]]\nname = 'a'\nprotocol = 4\ncall = 'f 0'",
                "protocol is 2 or 3",
            ),
            (
                "[[case]]\nname = 'a'\ncall = 'f 0'\nexpect = { none = 1 }",
                "nil",
            ),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
