//! Who pushes: each its own elements, numbered from 0 on at every key, and never far ahead of those who take them.

use harness::{Conn, Rng, Server};
use std::ops::Range;
use std::thread::sleep;
use std::time::Duration;

use crate::Weather;
use crate::ledger::Pushed;

/// Elements that may lie at a key before pushers turn to others: few, so that somebody waits for more most of the time.
const BACKLOG: i64 = 4;

/// Pushes `count` elements to these keys, fewer only if the storm ends before.
pub fn push_all(
    server: &Server,
    weather: &Weather,
    keys: &[String],
    pusher: usize,
    count: u64,
) -> Vec<Pushed> {
    let (mut conn, mut rng) = (server.connect(), Rng::new(pusher as u64));
    let mut pushed: Vec<Pushed> = keys.iter().map(|key| Pushed::none(key, pusher)).collect();
    let mut left = count;
    while left > 0 && !weather.is_over() {
        let at = &mut pushed[rng.below(keys.len())];
        if !has_room(&mut conn, &at.key) {
            sleep(Duration::from_micros(50));
            continue;
        }
        let many = (1 + rng.below(4) as u64).min(left);
        let words = push_words(at, at.count..at.count + many);
        if push(&mut conn, &mut rng, &words) {
            at.count += many;
            left -= many;
        }
    }
    pushed
}

/// The end of a list that elements come to is the one they are not taken from.
fn push_words(to: &Pushed, numbers: Range<u64>) -> Vec<String> {
    let is_zset = to.key.contains("zset");
    let command = match () {
        () if is_zset => "ZADD",
        () if to.key.contains("tsil") => "LPUSH",
        () => "RPUSH",
    };
    let mut words = vec![command.to_owned(), to.key.clone()];
    for number in numbers {
        if is_zset {
            words.push(number.to_string());
        }
        words.push(to.element(number));
    }
    words
}

/// Pushes, in a transaction now and then; false when the key is of another type just now.
fn push(conn: &mut Conn, rng: &mut Rng, words: &[String]) -> bool {
    let reply = if rng.chance(20) {
        conn.run("MULTI");
        conn.call(words);
        conn.run("PING");
        conn.run("EXEC").items()[0].clone()
    } else {
        conn.call(words)
    };
    assert!(
        reply.int().is_some() || reply.is_error("WRONGTYPE"),
        "{reply:?}"
    );
    reply.int().is_some()
}

fn has_room(conn: &mut Conn, key: &str) -> bool {
    let command = match key.contains("zset") {
        true => "ZCARD",
        false => "LLEN",
    };
    let len = conn.call(&[command, key]).int();
    // One of another type has none, but is a list again soon.
    len.is_none_or(|len| len <= BACKLOG)
}
