//! The shipped functions and their Lua twins: the same calls at the same time give the same replies and leave the same keys.
//!
//! Two servers get each call in the same millisecond of the same machine's clock. Where they did not, the step is not judged, and the
//! one's keys are copied to the other before the next.

use std::thread::sleep;
use std::time::Duration;

use harness::guests::{self, SHIPPED};
use harness::wire::encode;
use harness::{Conn, Reply, Rng, Server, ServerBuilder};

const KEYS: [&str; 2] = ["first", "second"];
/// Steps that are judged, of each library.
const JUDGED: usize = 150;
/// Steps tried at most; on a busy machine few of them fall into one millisecond on both servers.
const TRIED_MAX: usize = 4000;

/// The calls of one library's random sequence.
struct Calls {
    rng: Rng,
    /// The last token that a reply had.
    token: i64,
}

impl Calls {
    fn number(&mut self, from: &[&'static str]) -> &'static str {
        match self.rng.chance(4) {
            true => {
                self.rng
                    .pick::<&str>(&["-1", "x", "1.5", "", "99999999999999999999", "007", "-0"])
            }
            false => self.rng.pick::<&str>(from),
        }
    }

    fn name(&mut self) -> &'static str {
        self.rng
            .pick::<&str>(&["a", "b", "c", "d e", "a", "b", "c", ""])
    }

    /// The next call, with two keys for due_jobs_move and one for everything else.
    fn next(&mut self, library: &str) -> Vec<String> {
        let some_ms = ["1", "7", "20", "40", "100", "1000"];
        let (function, args): (&str, Vec<String>) = match library {
            "gcra" => {
                let mut args = vec![
                    self.number(&["0", "1", "3", "10"]),
                    self.number(&["1", "3", "50", "1000"]),
                    self.number(&["1", "2", "60"]),
                ];
                if self.rng.chance(60) {
                    args.push(self.number(&["0", "1", "2", "5", "20"]));
                }
                ("gcra", owned(&args))
            }
            "sliding_window" => {
                let window_ms = self.number(&["50", "50", "50", "93"]);
                let mut args = vec![self.number(&["5", "5", "3", "20"]), window_ms];
                if self.rng.chance(50) {
                    args.push(self.number(&["0", "1", "2", "6"]));
                }
                ("sliding_window", owned(&args))
            }
            "lock" => match self.rng.below(5) {
                0 => ("lock_holder", vec![]),
                1 => ("lock_release", owned(&[self.name()])),
                2 => ("lock_extend", owned(&[self.name(), self.number(&some_ms)])),
                _ => ("lock_acquire", owned(&[self.name(), self.number(&some_ms)])),
            },
            "reserve_stock" => match self.rng.below(6) {
                0 => ("stock_add", owned(&[self.number(&["1", "5", "20"])])),
                1 => ("stock_count", vec![]),
                2 => ("stock_release", owned(&[self.name()])),
                3 => ("stock_commit", owned(&[self.name()])),
                _ => (
                    "stock_reserve",
                    owned(&[self.name(), self.number(&["1", "2", "9"])]),
                ),
            },
            "idempotency" => match self.rng.below(6) {
                0 => ("idempotency_replay", vec![]),
                1 => ("idempotency_cancel", owned(&[self.name()])),
                2 | 3 => {
                    let response =
                        "r".repeat(*self.rng.pick(&[0, 1, 1023, 1024, 1025, 32_768, 32_769]));
                    let (owner, keep_ms) = (self.name(), self.number(&some_ms));
                    (
                        "idempotency_finish",
                        vec![owner.into(), response, keep_ms.into()],
                    )
                }
                _ => (
                    "idempotency_begin",
                    owned(&[self.name(), self.number(&some_ms)]),
                ),
            },
            "leaderboard" => match self.rng.below(5) {
                0 => ("leaderboard_top", owned(&[self.number(&["1", "3", "10"])])),
                1 => (
                    "leaderboard_around",
                    owned(&[self.name(), self.number(&["0", "1", "5"])]),
                ),
                _ => {
                    let member = format!("{}{}", self.name(), self.rng.below(9));
                    let points = self.number(&["0", "1", "2", "5", "-3", "1000000000000"]);
                    ("leaderboard_add", vec![member, points.into()])
                }
            },
            "due_jobs" => match self.rng.below(3) {
                0 => ("due_jobs_move", owned(&[self.number(&["1", "2", "100"])])),
                _ => {
                    let job = format!("{}{}", self.name(), self.rng.below(9));
                    (
                        "due_jobs_add",
                        vec![job, self.number(&["0", "5", "20", "100"]).into()],
                    )
                }
            },
            _ => match self.rng.below(6) {
                0 => ("cache_drop", vec![]),
                1 | 2 => {
                    let value = "v".repeat(*self.rng.pick(&[0, 1, 1024, 1025, 32_768, 32_769]));
                    let token = (self.token - i64::from(self.rng.chance(20))).to_string();
                    let (fresh, stale) = (self.number(&some_ms), self.number(&some_ms));
                    ("cache_fill", vec![token, value, fresh.into(), stale.into()])
                }
                _ => ("cache_get", owned(&[self.number(&some_ms)])),
            },
        };
        let keys = match (function, self.rng.chance(2)) {
            ("due_jobs_move", false) | (_, true) => 2,
            _ => 1,
        };
        let mut words = owned(&["FCALL", function, &keys.to_string()]);
        words.extend(owned(&KEYS[..keys]));
        words.extend(args);
        words
    }

    /// Remembers the token that a reply brings.
    fn learn(&mut self, reply: &Reply) {
        if let Some(token) = reply.items().iter().filter_map(Reply::int).next_back() {
            self.token = token;
        }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Two servers that should not differ.
struct Pair {
    ours: Conn,
    twin: Conn,
}

impl Pair {
    /// Calls on both; whether it was the same millisecond for both all the while.
    fn call(&mut self, words: &[String]) -> (Reply, Reply, bool) {
        let mut wire = Vec::new();
        encode(&mut wire, &["TIME"]);
        KEYS.iter()
            .for_each(|key| encode(&mut wire, &["PTTL", key]));
        encode(&mut wire, words);
        encode(&mut wire, &["TIME"]);
        for conn in [&mut self.ours, &mut self.twin] {
            conn.send_raw(&wire).expect("the server reads");
        }
        let (mut times, mut replies, mut is_last) = (Vec::new(), Vec::new(), false);
        for conn in [&mut self.ours, &mut self.twin] {
            let mut read = || conn.read().expect("the server answers");
            times.push(millisecond(&read()));
            // In its last millisecond a key is still there for Redis only.
            is_last |= KEYS.map(|_| read().int()).contains(&Some(0));
            replies.push(read());
            times.push(millisecond(&read()));
        }
        let is_same = !is_last && times.iter().all(|time| *time == times[0]);
        let twin = replies.pop().expect("two replies");
        (replies.pop().expect("two replies"), twin, is_same)
    }

    /// Gives this server the keys that Redis has.
    fn copy(&mut self) {
        for key in KEYS {
            // In this order: what expires in between has no payload any more.
            let expires = self.twin.call(&["PEXPIRETIME", key]).int();
            let payload = self.twin.call(&["DUMP", key]);
            self.ours.call(&["DEL", key]);
            if let Some(payload) = payload.bytes() {
                let at = expires.unwrap_or(0).max(0).to_string();
                let words = [
                    b"RESTORE",
                    key.as_bytes(),
                    at.as_bytes(),
                    payload,
                    b"ABSTTL",
                ];
                let restored = self.ours.call(&words);
                assert_eq!(restored.text(), "OK", "{key}");
            }
        }
    }
}

fn millisecond(time: &Reply) -> (String, i64) {
    let parts: Vec<String> = time.items().iter().map(Reply::text).collect();
    let micros: i64 = parts[1].parse().expect("TIME replies with two numbers");
    (parts[0].clone(), micros / 1000)
}

/// What a key holds and when it expires.
fn state(conn: &mut Conn, key: &str) -> Vec<Reply> {
    let kind = conn.call(&["TYPE", key]);
    let mut content = match kind.text().as_str() {
        "string" => conn.call(&["GET", key]),
        "hash" => conn.call(&["HGETALL", key]),
        "zset" => conn.call(&["ZRANGE", key, "0", "-1", "WITHSCORES"]),
        "list" => conn.call(&["LRANGE", key, "0", "-1"]),
        _ => kind.clone(),
    };
    if let (Reply::Array(fields), "hash") = (&mut content, kind.text().as_str()) {
        let mut pairs: Vec<_> = fields.chunks(2).map(<[Reply]>::to_vec).collect();
        pairs.sort();
        *fields = pairs.concat();
    }
    vec![kind, content, conn.call(&["PEXPIRETIME", key])]
}

/// Errors of the server's own differ behind the first word: Lua adds where they were raised.
fn comparable(reply: &Reply) -> String {
    match reply.is_error("WRONGTYPE") {
        true => "WRONGTYPE".to_owned(),
        false => format!("{reply:?}"),
    }
}

fn compare(ours: &Server, twin: &Server, library: &str) {
    let mut pair = Pair {
        ours: ours.connect(),
        twin: twin.connect(),
    };
    let seed = 1 + library.len() as u64;
    let mut calls = Calls {
        rng: Rng::new(seed),
        token: 0,
    };
    let (mut judged, mut tried) = (0, 0);
    while judged < JUDGED && tried < TRIED_MAX {
        tried += 1;
        if calls.rng.chance(1) {
            for conn in [&mut pair.ours, &mut pair.twin] {
                conn.run("DEL first second");
                conn.run("RPUSH first x");
            }
        }
        if calls.rng.chance(3) {
            pair.ours.run("DEL first second");
            pair.twin.run("DEL first second");
        }
        if calls.rng.chance(30) {
            sleep(Duration::from_millis(calls.rng.below(30) as u64));
        }
        let words = calls.next(library);
        let (ours, twin, is_same_time) = pair.call(&words);
        calls.learn(&twin);
        if !is_same_time {
            pair.copy();
            continue;
        }
        judged += 1;
        assert_eq!(
            comparable(&ours),
            comparable(&twin),
            "step {tried}: {words:?}"
        );
        for key in KEYS {
            // What expires between these two looks is gone from one of them.
            let (mine, theirs) = (state(&mut pair.ours, key), state(&mut pair.twin, key));
            if mine != theirs {
                sleep(Duration::from_millis(2));
                let (mine, theirs) = (state(&mut pair.ours, key), state(&mut pair.twin, key));
                assert_eq!(mine, theirs, "{key} after step {tried}: {words:?}");
            }
        }
    }
    assert!(
        judged >= 10,
        "{library}: only {judged} of {tried} steps fell into one millisecond"
    );
    eprintln!("{library}: {judged} steps of {tried} judged");
}

#[test]
fn wasm_and_lua_do_the_same() {
    let (ours, twin) = (
        ServerBuilder::ours().start(),
        ServerBuilder::reference().start(),
    );
    for library in SHIPPED {
        if let Err(why) = guests::load(&ours, library) {
            eprintln!("!! SKIPPED {library}: {why}");
            continue;
        }
        guests::load(&twin, library).expect("Redis takes the twin");
        compare(&ours, &twin, library);
    }
}

/// The twins run here, too, and do what they do on Redis.
#[test]
fn twins_do_the_same_here() {
    let (ours, twin) = (
        ServerBuilder::ours().start(),
        ServerBuilder::reference().start(),
    );
    for library in SHIPPED {
        let code = guests::twin(library).expect("it is there");
        if let Err(why) = guests::load_code(&ours, &code) {
            eprintln!("!! SKIPPED {library}'s twin: {why}");
            continue;
        }
        guests::load_code(&twin, &code).expect("Redis takes the twin");
        compare(&ours, &twin, library);
    }
}
