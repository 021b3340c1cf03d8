//! One case, from an empty data set to what came of it.

use std::time::{Duration, Instant};

use redis::Value;
use resp::{Args, OutputBuffer, Protocol, ReplyWriter};
use udf::library::Library;
use udf::{Call, CallError, FunctionFlags, Instance, LocalData, Pulse};

use super::commands::find;
use super::host::{Manner, TrialHost};
use crate::advice::advice;
use crate::cases::{Action, Case, Expected, Step, Words, show};

/// A step of Lua takes as long as so many of WebAssembly; a case's limit of time is meant for the latter.
const LUA_STEP_COST: u32 = 20;

/// What a case came to.
pub(super) struct Outcome {
    /// What was otherwise than expected; nothing when it passed.
    pub(super) failures: Vec<String>,
    /// What its functions logged.
    pub(super) log: Vec<String>,
    /// Time in its calls.
    pub(super) run_time: Duration,
    /// The longest of them.
    pub(super) longest: Duration,
    /// Bytes of memory that the library's instance held at most.
    pub(super) memory_bytes: usize,
}

/// A case that runs.
struct Run<'a> {
    library: &'a Library,
    case: &'a Case,
    data: LocalData,
    /// The library's, kept from call to call as servers keep it.
    instance: Option<Box<dyn Instance>>,
    outcome: Outcome,
}

/// Runs a case on a fresh data set and a fresh instance.
pub(super) fn run(library: &Library, case: &Case) -> Outcome {
    let mut run = Run {
        library,
        case,
        data: LocalData::new(case.at_ms),
        instance: None,
        outcome: Outcome {
            failures: Vec::new(),
            log: Vec::new(),
            run_time: Duration::ZERO,
            longest: Duration::ZERO,
            memory_bytes: 0,
        },
    };
    run.set_up("setup", &case.setup);
    for (at, step) in case.steps.iter().enumerate() {
        run.step(at, step);
        // What follows a failure is mostly its consequence.
        if !run.outcome.failures.is_empty() {
            break;
        }
    }
    run.outcome
}

impl Run<'_> {
    fn step(&mut self, at: usize, step: &Step) {
        let place = match self.case.steps.len() {
            1 => String::new(),
            _ => format!("step {}: ", at + 1),
        };
        self.data.now_ms = self.data.now_ms.saturating_add(step.advance_ms);
        self.set_up(&format!("{place}setup"), &step.setup);
        let (reply, hint) = match &step.action {
            Action::Run(words) => (self.command(words), None),
            Action::Call {
                function,
                keys,
                args,
            } => self.call(function, &slices(keys), &slices(args)),
        };
        let expected = step.expect.as_ref();
        match (expected, &reply) {
            (Some(expected), reply) => {
                self.compare(&format!("{place}reply"), expected, reply, hint)
            }
            (None, Value::ServerError(_)) => {
                self.fail(&format!("{place}reply"), "no error", &reply, hint)
            }
            (None, _) => {}
        }
        for (words, expected) in &step.expect_keys {
            let reply = self.command(words);
            self.compare(&format!("{place}{words}"), expected, &reply, None);
        }
    }

    /// Runs commands that must not fail.
    fn set_up(&mut self, place: &str, commands: &[Words]) {
        for words in commands {
            let reply = self.command(words);
            if let Value::ServerError(_) = reply {
                self.fail(&format!("{place}: {words}"), "no error", &reply, None);
            }
        }
    }

    fn compare(&mut self, place: &str, expected: &Expected, found: &Value, hint: Option<String>) {
        if !expected.matches(found) {
            self.fail(place, &expected.to_string(), found, hint);
        }
    }

    fn fail(&mut self, place: &str, expected: &str, found: &Value, hint: Option<String>) {
        let hint = hint
            .map(|hint| format!("\n  hint:     {hint}"))
            .unwrap_or_default();
        let found = show(found);
        self.outcome.failures.push(format!(
            "{place}\n  expected: {expected}\n  found:    {found}{hint}"
        ));
    }

    fn protocol(&self) -> Protocol {
        match self.case.resp3 {
            true => Protocol::Resp3,
            false => Protocol::Resp2,
        }
    }

    fn manner(&self) -> Manner {
        match self.library.engine {
            udf::lua::NAME => {
                let limit = Duration::from_millis(self.case.time_limit_ms) * LUA_STEP_COST;
                Manner::Lua(Instant::now() + limit)
            }
            _ => Manner::Wasm,
        }
    }

    fn command(&mut self, words: &Words) -> Value {
        let mut out = OutputBuffer::new();
        let list = slices(words.list());
        let args = Args::from_slices(&list);
        let protocol = self.protocol();
        match find(args) {
            Ok(command) => self.data.run(command, args, protocol, &mut out),
            Err(error) => error.reply(&mut ReplyWriter::new(&mut out, protocol)),
        }
        value_of(&out)
    }

    /// Calls a function; its reply, and what to change when it failed.
    fn call(&mut self, function: &str, keys: &[&[u8]], args: &[&[u8]]) -> (Value, Option<String>) {
        let known = &self.library.functions;
        let Some(index) = known
            .iter()
            .position(|known| known.name.eq_ignore_ascii_case(function))
        else {
            let names: Vec<&str> = known.iter().map(|known| known.name.as_str()).collect();
            let hint = format!("library '{}' has {}", self.library.name, names.join(", "));
            return (error_value("ERR Function not found"), Some(hint));
        };
        let call = Call {
            function: index,
            keys,
            args,
            protocol: self.protocol(),
            time_limit_ms: self.case.time_limit_ms,
        };
        let mut out = OutputBuffer::new();
        let ended = self.enter(&call, known[index].flags, &mut out);
        match ended {
            Ok(()) => {
                let reply = value_of(&out);
                let hint = hint_of(&reply);
                (reply, hint)
            }
            Err(error) => {
                let text = error.to_string();
                (error_value(&text), advice(&text))
            }
        }
    }

    fn enter(
        &mut self,
        call: &Call<'_>,
        flags: FunctionFlags,
        out: &mut OutputBuffer,
    ) -> Result<(), CallError> {
        let kept = self.instance.take();
        let mut instance = match kept {
            Some(instance) => instance,
            None => self.library.program.instantiate(|| Pulse::Alive)?,
        };
        let manner = self.manner();
        let mut host = TrialHost {
            data: &mut self.data,
            declared: call.keys,
            flags,
            manner,
            log: &mut self.outcome.log,
        };
        let begun = Instant::now();
        let ended = instance.call(call, &mut host, out);
        let took = begun.elapsed();
        let outcome = &mut self.outcome;
        outcome.run_time += took;
        outcome.longest = outcome.longest.max(took);
        outcome.memory_bytes = outcome.memory_bytes.max(instance.used_bytes());
        let is_sound = ended.as_ref().err().is_none_or(CallError::is_clean);
        if is_sound && !flags.contains(FunctionFlags::STATELESS) {
            self.instance = Some(instance);
        }
        ended
    }
}

/// What to change when a reply is an error.
fn hint_of(reply: &Value) -> Option<String> {
    match reply {
        Value::ServerError(error) => advice(error.details().unwrap_or_default()),
        _ => None,
    }
}

fn slices(words: &[Vec<u8>]) -> Vec<&[u8]> {
    words.iter().map(Vec::as_slice).collect()
}

fn value_of(out: &OutputBuffer) -> Value {
    match redis::parse_redis_value(&out.to_vec()) {
        Ok(value) => value,
        Err(error) => error_value(&format!("ERR the reply is not one: {error}")),
    }
}

fn error_value(text: &str) -> Value {
    let wire = format!("-{text}\r\n");
    redis::parse_redis_value(wire.as_bytes()).unwrap_or(Value::Nil)
}
