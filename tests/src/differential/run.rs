//! Drives a run: draws commands from a seed, sends them to both servers in pipelined batches, compares, and
//! takes stock of both keyspaces at intervals. A divergence is cut down to the few commands that cause it by
//! replaying ever smaller parts of the history on emptied servers.

use super::commands::all_rules;
use super::compare::{Mode, agree};
use super::generate::{Args, Generator};
use super::grammar::Rule;
use super::{scripts, snapshot};
use crate::wire::{encode, show_bytes};
use crate::{Conn, Protocol, Reply};
use std::fmt;
use std::io;
use std::time::Duration;

/// Commands sent before their replies are read.
const BATCH: usize = 50;
/// Commands between two looks at the whole keyspaces.
const SNAPSHOT_EVERY: usize = 500;
/// Commands after which both servers are emptied: bounds what a divergence has to be cut from.
const EPOCH: usize = 3000;
/// Replays that cutting one divergence down may cost.
const REPLAYS: usize = 400;
/// How many commands find a key due, in percent of those of which an argument drawn at random is a key.
const DUE_PERCENT: usize = 3;
/// How long such a key is waited for.
const DUE_AFTER: Duration = Duration::from_millis(4);
/// How long a reply may take.
const REPLY_LIMIT: Duration = Duration::from_secs(20);

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Decides the whole run.
    pub seed: u64,
    /// Commands to send to each server.
    pub commands: usize,
    /// The dialect both connections speak.
    pub protocol: Protocol,
    /// Divergences of different commands after which the run ends.
    pub divergences_max: usize,
    /// Only lines of these groups, or of these commands; all when empty.
    pub only: Vec<String>,
}

/// What a run found.
#[derive(Debug, Default)]
pub struct Report {
    /// Commands whose replies were compared.
    pub commands: usize,
    /// Looks at the whole keyspaces.
    pub snapshots: usize,
    /// Commands in the tables that the server under test does not know.
    pub unknown: Vec<String>,
    /// The differences, one for each command.
    pub divergences: Vec<Divergence>,
}

/// One difference and how to see it again.
#[derive(Debug)]
pub struct Divergence {
    /// The command whose reply differs, or what of the keyspace does.
    pub what: String,
    /// Both sides' words.
    pub detail: String,
    /// Commands that show it on two empty servers, as few as were found.
    pub history: Vec<String>,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.what, self.detail)?;
        self.history
            .iter()
            .try_for_each(|line| writeln!(f, "    {line}"))
    }
}

/// A command with the way its reply is compared; a transaction's commands travel together.
#[derive(Clone, Debug)]
enum Step {
    Single(Mode, Args),
    Transaction(Vec<(Mode, Args)>, bool),
    /// A command after the time of one of its keys has come.
    Due(Vec<u8>, Mode, Args),
}

/// See [`super::deliberate::DIFFERENCES`].
fn looks_at_due_keys(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"MEMORY")
}

/// A command that does nothing and leaves no trace of a number out of range in the reference's process.
const CLEAR_ERRNO: [&str; 5] = ["ZADD", "", "XX", "0", ""];

fn is_sort(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"SORT") || name.eq_ignore_ascii_case(b"SORT_RO")
}

struct Found {
    what: String,
    detail: String,
}

/// Runs against servers on two loopback ports. Empties all their databases.
pub fn run(ours: u16, theirs: u16, options: &Options) -> io::Result<Report> {
    let mut report = Report::default();
    let (rules, unknown) = known_rules(ours, options)?;
    report.unknown = unknown;
    if rules.is_empty() {
        return Ok(report);
    }
    let transactions = knows(ours, &["MULTI"])?;
    let mut generator = Generator::new(options.seed);
    while report.commands < options.commands && report.divergences.len() < options.divergences_max {
        let steps = draw_epoch(&mut generator, &rules, transactions);
        let mut pair = Pair::open(ours, theirs, options.protocol)?;
        let (played, found) = pair.play(&steps)?;
        report.commands += played;
        report.snapshots += played.div_ceil(SNAPSHOT_EVERY);
        let Some(found) = found else { continue };
        let fresh = || Pair::open(ours, theirs, options.protocol);
        let history = cut_down(&fresh, &steps[..played.min(steps.len())], &found.what)?;
        if !report.divergences.iter().any(|d| d.what == found.what) {
            let history = history.iter().map(show_step).collect();
            report.divergences.push(Divergence {
                what: found.what,
                detail: found.detail,
                history,
            });
        }
    }
    Ok(report)
}

/// The tables' lines whose command the server under test knows, and the names of the others.
fn known_rules(port: u16, options: &Options) -> io::Result<(Vec<Rule>, Vec<String>)> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for rule in all_rules() {
        let name = rule.name().join(" ");
        let wanted = options.only.is_empty()
            || options
                .only
                .iter()
                .any(|only| rule.group == only || rule.name()[0].eq_ignore_ascii_case(only));
        if !wanted {
            continue;
        }
        let asks_unknown = name == "NOSUCHCOMMAND";
        if asks_unknown || knows(port, &rule.name()[..1])? {
            known.push(rule);
        } else if !unknown.contains(&name) {
            unknown.push(name);
        }
    }
    Ok((known, unknown))
}

fn knows(port: u16, words: &[&str]) -> io::Result<bool> {
    let mut conn = Conn::tcp(port)?;
    conn.set_read_timeout(REPLY_LIMIT)?;
    let question = [&["COMMAND", "INFO"], words].concat();
    let reply = conn.try_call(&question)?;
    Ok(reply
        .items()
        .first()
        .is_some_and(|info| !info.items().is_empty()))
}

fn draw_epoch(generator: &mut Generator, rules: &[Rule], transactions: bool) -> Vec<Step> {
    let plain: Vec<Rule> = rules
        .iter()
        .filter(|rule| !rule.mode.needs_dialogue() && !is_sort(rule.name()[0].as_bytes()))
        .cloned()
        .collect();
    (0..EPOCH)
        .map(|_| {
            if transactions && !plain.is_empty() && generator.rng().chance(1) {
                let length = 1 + generator.rng().below(6);
                let queued = (0..length).map(|_| draw(generator, &plain)).collect();
                Step::Transaction(queued, generator.rng().chance(90))
            } else {
                let (mode, args) = draw(generator, rules);
                let key = generator.rng().below(args.len());
                let never_due =
                    mode.needs_dialogue() || is_sort(&args[0]) || looks_at_due_keys(&args[0]);
                if !never_due && is_key(&args[key]) && generator.rng().chance(DUE_PERCENT) {
                    Step::Due(args[key].clone(), mode, args)
                } else {
                    Step::Single(mode, args)
                }
            }
        })
        .collect()
}

fn draw(generator: &mut Generator, rules: &[Rule]) -> (Mode, Args) {
    let rule = generator.rule(rules);
    let args = generator.command(rule);
    (
        rule.mode,
        scripts::wrapped(generator.rng(), rule.mode, args),
    )
}

/// A connection to each server, both empty and in database 0 at the start.
struct Pair {
    ours: Conn,
    theirs: Conn,
    ours_beside: Conn,
    theirs_beside: Conn,
}

impl Pair {
    fn open(ours: u16, theirs: u16, protocol: Protocol) -> io::Result<Self> {
        let connect = |port| -> io::Result<Conn> {
            let mut conn = Conn::tcp(port)?;
            conn.set_read_timeout(REPLY_LIMIT)?;
            if protocol == Protocol::Resp3 {
                conn.hello3()?;
            }
            Ok(conn)
        };
        let mut pair = Pair {
            ours: connect(ours)?,
            theirs: connect(theirs)?,
            ours_beside: connect(ours)?,
            theirs_beside: connect(theirs)?,
        };
        let loading = scripts::loading();
        for conn in [&mut pair.ours, &mut pair.theirs] {
            conn.try_call(&["FLUSHALL"])?;
            conn.writer().send_raw(&loading)?;
            for _ in 0..scripts::LOADING_REPLIES {
                conn.read()?;
            }
        }
        Ok(pair)
    }

    /// Plays steps until one differs; says how many were played.
    fn play(&mut self, steps: &[Step]) -> io::Result<(usize, Option<Found>)> {
        let mut at = 0;
        let mut next_snapshot = SNAPSHOT_EVERY;
        while at < steps.len() {
            let limit = steps.len().min(at + BATCH).min(next_snapshot);
            let dialogue = |step: &Step| match step {
                Step::Single(mode, _) => mode.needs_dialogue(),
                Step::Transaction(..) => false,
                Step::Due(..) => true,
            };
            let end = (at..limit)
                .find(|&i| dialogue(&steps[i]))
                .unwrap_or(limit)
                .max(at);
            if let Some((index, found)) = self.batch(&steps[at..end])? {
                return Ok((at + index + 1, Some(found)));
            }
            at = end;
            if at < limit {
                if let Some(found) = self.dialogue(&steps[at])? {
                    return Ok((at + 1, Some(found)));
                }
                at += 1;
            }
            if at == next_snapshot || at == steps.len() {
                next_snapshot += SNAPSHOT_EVERY;
                if let Some(detail) =
                    snapshot::difference(&mut self.ours_beside, &mut self.theirs_beside)?
                {
                    return Ok((
                        at,
                        Some(Found {
                            what: "keyspace".to_owned(),
                            detail,
                        }),
                    ));
                }
            }
        }
        Ok((at, None))
    }

    fn batch(&mut self, steps: &[Step]) -> io::Result<Option<(usize, Found)>> {
        let mut out = Vec::new();
        for step in steps {
            match step {
                Step::Single(_, args) if is_sort(&args[0]) => {
                    encode(&mut out, &CLEAR_ERRNO);
                    encode(&mut out, args);
                }
                Step::Single(_, args) => encode(&mut out, args),
                Step::Due(..) => unreachable!("a due key is waited for"),
                Step::Transaction(queued, commit) => {
                    encode(&mut out, &["MULTI"]);
                    queued.iter().for_each(|(_, args)| encode(&mut out, args));
                    encode(&mut out, &[if *commit { "EXEC" } else { "DISCARD" }]);
                }
            }
        }
        let writer = self.theirs.writer();
        writer.send_raw(&out)?;
        self.ours.send_raw(&out)?;
        let mut first = None;
        for (index, step) in steps.iter().enumerate() {
            let found = match step {
                Step::Single(mode, args) => {
                    if is_sort(&args[0]) {
                        self.compare_next(Mode::Exact, &clear_errno())?;
                    }
                    self.compare_next(*mode, args)?
                }
                Step::Due(..) => unreachable!("a due key is waited for"),
                Step::Transaction(queued, _) => self.compare_transaction(queued)?,
            };
            if first.is_none() {
                first = found.map(|found| (index, found));
            }
        }
        Ok(first)
    }

    fn compare_next(&mut self, mode: Mode, args: &Args) -> io::Result<Option<Found>> {
        let theirs = self.theirs.read()?;
        let ours = match self.ours.read() {
            Ok(reply) => reply,
            Err(e) => {
                return Err(io::Error::new(
                    e.kind(),
                    format!("no reply to {}: {e}", show_args(args)),
                ));
            }
        };
        Ok((!agree(mode, &ours, &theirs)).then(|| differ(args, &ours, &theirs)))
    }

    /// MULTI, the queued commands' answers, then EXEC's results, each by its own command's mode.
    fn compare_transaction(&mut self, queued: &[(Mode, Args)]) -> io::Result<Option<Found>> {
        let mut found = self.compare_next(Mode::Exact, &vec![b"MULTI".to_vec()])?;
        let mut modes = Vec::new();
        for (_, args) in queued {
            let (theirs, ours) = (self.theirs.read()?, self.ours.read()?);
            if theirs == Reply::Status(b"QUEUED".to_vec()) {
                modes.push(args);
            }
            if ours != theirs {
                found = found.or(Some(differ(args, &ours, &theirs)));
            }
        }
        let (theirs, ours) = (self.theirs.read()?, self.ours.read()?);
        let exec = vec![b"EXEC".to_vec()];
        if ours.items().len() != theirs.items().len() || theirs.items().is_empty() && ours != theirs
        {
            return Ok(found.or(Some(differ(&exec, &ours, &theirs))));
        }
        let by_name = |args: &Args| {
            queued
                .iter()
                .find(|(_, other)| other == args)
                .map_or(Mode::Exact, |(mode, _)| *mode)
        };
        for ((args, ours), theirs) in modes.iter().zip(ours.items()).zip(theirs.items()) {
            if !agree(by_name(args), ours, theirs) {
                found = found.or_else(|| Some(differ(args, ours, theirs)));
            }
        }
        Ok(found)
    }

    fn dialogue(&mut self, step: &Step) -> io::Result<Option<Found>> {
        match step {
            Step::Single(Mode::Scan, args) => self.scan(args),
            Step::Single(_, args) => self.spop(args),
            Step::Due(key, mode, args) => self.due(key, *mode, args),
            Step::Transaction(..) => unreachable!("transactions hold plain commands only"),
        }
    }

    /// Has a key become due, runs the command, and has both servers notice what is still due.
    fn due(&mut self, key: &[u8], mode: Mode, args: &Args) -> io::Result<Option<Found>> {
        let expire: Args = vec![b"PEXPIRE".to_vec(), key.to_vec(), b"1".to_vec()];
        let exists: Args = vec![b"EXISTS".to_vec(), key.to_vec()];
        let mut found = self.compare_call(Mode::Exact, &expire)?;
        std::thread::sleep(DUE_AFTER);
        for (mode, args) in [(mode, args), (Mode::Exact, &exists)] {
            let next = self.compare_call(mode, args)?;
            found = found.or(next);
        }
        Ok(found)
    }

    fn compare_call(&mut self, mode: Mode, args: &Args) -> io::Result<Option<Found>> {
        let (theirs, ours) = (self.theirs.try_call(args)?, self.ours.try_call(args)?);
        Ok((!agree(mode, &ours, &theirs)).then(|| differ(args, &ours, &theirs)))
    }

    /// Follows both cursors to the end and compares what came.
    fn scan(&mut self, args: &Args) -> io::Result<Option<Found>> {
        let (ours, theirs) = (walk(&mut self.ours, args)?, walk(&mut self.theirs, args)?);
        Ok((!agree(Mode::Exact, &ours, &theirs)).then(|| differ(args, &ours, &theirs)))
    }

    /// Lets this server choose and has the reference remove the same members.
    fn spop(&mut self, args: &Args) -> io::Result<Option<Found>> {
        let ours = self.ours.try_call(args)?;
        let members: Vec<Vec<u8>> = match &ours {
            Reply::Bulk(member) => vec![member.clone()],
            other => other
                .items()
                .iter()
                .filter_map(Reply::bytes)
                .map(<[u8]>::to_vec)
                .collect(),
        };
        if members.is_empty() || matches!(ours, Reply::Error(_)) {
            let theirs = self.theirs.try_call(args)?;
            return Ok((!agree(Mode::Exact, &ours, &theirs)).then(|| differ(args, &ours, &theirs)));
        }
        let key = args[1].clone();
        let size = self
            .theirs
            .try_call(&[b"SCARD".to_vec(), key.clone()])?
            .int()
            .unwrap_or(-1);
        let asked = args
            .get(2)
            .map_or(1, |n| String::from_utf8_lossy(n).parse().unwrap_or(0));
        let mut removal = vec![b"SREM".to_vec(), key];
        removal.extend(members.iter().cloned());
        let removed = self.theirs.try_call(&removal)?;
        let fair =
            removed == Reply::Int(members.len() as i64) && members.len() as i64 == size.min(asked);
        Ok((!fair).then(|| differ(args, &ours, &removed)))
    }
}

/// All that a cursor yields, as a sorted array of distinct members (pairs for hashes and sorted sets); an error as it is.
fn walk(conn: &mut Conn, args: &Args) -> io::Result<Reply> {
    let mut args = args.clone();
    let at = usize::from(!args[0].eq_ignore_ascii_case(b"SCAN")) + 1;
    let paired = args[0].eq_ignore_ascii_case(b"HSCAN") || args[0].eq_ignore_ascii_case(b"ZSCAN");
    let mut all = Vec::new();
    for _ in 0..10_000 {
        let reply = conn.try_call(&args)?;
        let [cursor, page] = reply.items() else {
            return Ok(reply);
        };
        for entry in page.items().chunks(if paired { 2 } else { 1 }) {
            all.push(Reply::Array(entry.to_vec()));
        }
        let cursor = cursor.bytes().unwrap_or_default().to_vec();
        if cursor == b"0" || at >= args.len() {
            all.sort();
            all.dedup();
            return Ok(Reply::Array(all));
        }
        args[at] = cursor;
    }
    Err(io::Error::other("a cursor that never comes back to 0"))
}

fn differ(args: &Args, ours: &Reply, theirs: &Reply) -> Found {
    let what = String::from_utf8_lossy(&args[0]).to_ascii_uppercase();
    Found {
        what,
        detail: format!(
            "{}\n  here      {ours:?}\n  reference {theirs:?}",
            show_args(args)
        ),
    }
}

/// Removes ever smaller runs of steps as long as the same thing still differs.
fn cut_down(
    fresh: &dyn Fn() -> io::Result<Pair>,
    steps: &[Step],
    what: &str,
) -> io::Result<Vec<Step>> {
    let mut kept = steps.to_vec();
    let mut chunk = kept.len().div_ceil(2);
    let mut replays = 0;
    while chunk > 0 && replays < REPLAYS {
        let mut at = 0;
        let mut shrank = false;
        while at < kept.len() && replays < REPLAYS {
            let mut shorter = kept.clone();
            shorter.drain(at..(at + chunk).min(kept.len()));
            replays += 1;
            match fresh()?.play(&shorter)? {
                (played, Some(found)) if found.what == what => {
                    shorter.truncate(played);
                    kept = shorter;
                    shrank = true;
                }
                _ => at += chunk,
            }
        }
        chunk = if chunk == 1 && shrank { 1 } else { chunk / 2 };
    }
    Ok(kept)
}

fn clear_errno() -> Args {
    CLEAR_ERRNO
        .iter()
        .map(|word| word.as_bytes().to_vec())
        .collect()
}

/// Whether an argument looks like a key of the pool.
fn is_key(arg: &[u8]) -> bool {
    matches!(arg, [letter, digit] if letter.is_ascii_lowercase() && digit.is_ascii_digit())
}

fn show_args(args: &Args) -> String {
    args.iter()
        .map(|arg| show_word(arg))
        .collect::<Vec<_>>()
        .join(" ")
}

fn show_word(word: &[u8]) -> String {
    let plain = !word.is_empty()
        && word
            .iter()
            .all(|b| b.is_ascii_graphic() && !b"\"'\\".contains(b));
    if plain && word.len() < 40 {
        String::from_utf8_lossy(word).into_owned()
    } else {
        show_bytes(word)
    }
}

fn show_step(step: &Step) -> String {
    match step {
        Step::Single(_, args) => show_args(args),
        Step::Due(key, _, args) => format!("({} is due) {}", show_word(key), show_args(args)),
        Step::Transaction(queued, commit) => {
            let inner: Vec<String> = queued.iter().map(|(_, args)| show_args(args)).collect();
            format!(
                "MULTI; {}; {}",
                inner.join("; "),
                if *commit { "EXEC" } else { "DISCARD" }
            )
        }
    }
}
