//! Commands that wait: who is served and when, what ends a wait, and that no element is lost or given twice whatever happens.
//!
//! The storm runs for so many elements as `REDOX_STORM_ELEMENTS` says.

use harness::{Conn, Reply, Rng, Server, matrix};
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// Sends a command line that is going to wait, and waits until it does. Returns the connection's number.
fn block(server: &Server, conn: &mut Conn, line: &str) -> i64 {
    let id = conn.run("CLIENT ID").int().expect("a number");
    let words: Vec<&str> = line.split(' ').collect();
    conn.send(&words).expect("it is sent");
    wait_until(server, line, |looker| {
        let list = looker.run(&format!("CLIENT LIST ID {id}")).text();
        list.contains(" flags=b ")
    });
    id
}

fn wait_until(server: &Server, what: &str, mut holds: impl FnMut(&mut Conn) -> bool) {
    let mut looker = server.connect();
    let begun = Instant::now();
    while !holds(&mut looker) {
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn answer(conn: &mut Conn) -> String {
    conn.set_read_timeout(Duration::from_secs(10)).unwrap();
    conn.read().expect("the wait ends").show()
}

#[test]
fn a_change_serves_those_who_wait_in_their_order() {
    matrix(&[], |server| {
        let mut conns: Vec<Conn> = (0..3).map(|_| server.connect()).collect();
        let mut pusher = server.connect();
        block(server, &mut conns[0], "BLPOP a b 0");
        block(server, &mut conns[1], "BRPOP b 0");
        block(server, &mut conns[2], "BLMPOP 0 2 c b LEFT COUNT 2");
        assert_eq!(server.info("blocked_clients").as_deref(), Some("3"));
        assert_eq!(pusher.run("RPUSH b 1 2 3 4 5").int(), Some(5));
        let answers: Vec<String> = conns.iter_mut().map(answer).collect();
        assert_eq!(answers, ["[b 1]", "[b 5]", "[b [2 3]]"]);
        assert_eq!(pusher.run("LRANGE b 0 -1").show(), "[4]");
        wait_until(server, "nobody waits", |conn| {
            conn.run("INFO clients")
                .text()
                .contains("blocked_clients:0")
        });
    });
}

#[test]
fn moves_go_on_from_shard_to_shard() {
    matrix(&[], |server| {
        let keys: Vec<String> = (0..8).map(|at| format!("chain:{at}")).collect();
        let mut movers: Vec<Conn> = keys.windows(2).map(|_| server.connect()).collect();
        for (mover, ends) in movers.iter_mut().zip(keys.windows(2)) {
            let line = format!("BLMOVE {} {} LEFT RIGHT 0", ends[0], ends[1]);
            block(server, mover, &line);
        }
        let mut pusher = server.connect();
        pusher.run("MULTI");
        pusher.run("SET unrelated 1");
        pusher.run("RPUSH chain:0 x");
        pusher.run("LLEN chain:0");
        assert_eq!(pusher.run("EXEC").show(), "[OK 1 1]");
        assert!(movers.iter_mut().all(|mover| answer(mover) == "x"));
        assert_eq!(pusher.run("LRANGE chain:7 0 -1").show(), "[x]");
    });
}

#[test]
fn what_is_pipelined_waits_and_what_was_answered_is_sent() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        for line in ["SET k 1", "BLPOP q 0", "INCR k", "BZPOPMIN z 0", "INCR k"] {
            conn.send(&line.split(' ').collect::<Vec<_>>()).unwrap();
        }
        assert_eq!(answer(&mut conn), "OK");
        let mut other = server.connect();
        std::thread::sleep(Duration::from_millis(150));
        assert_eq!(other.run("GET k").text(), "1");
        other.run("RPUSH q e");
        assert_eq!(answer(&mut conn), "[q e]");
        assert_eq!(answer(&mut conn), "2");
        other.run("ZADD z 1.5 m");
        assert_eq!(answer(&mut conn), "[z m 1.5]");
        assert_eq!(answer(&mut conn), "3");
    });
}

#[test]
fn waits_end_by_the_clock_and_by_others() {
    matrix(&[], |server| {
        let (mut conn, mut other) = (server.connect(), server.connect());
        for line in [
            "BLPOP k 0.05",
            "BLMOVE a b LEFT LEFT 0.05",
            "BLMPOP 0.05 1 k LEFT",
            "BZMPOP 0.05 1 k MIN",
        ] {
            let begun = Instant::now();
            assert_eq!(conn.run(line).show(), "null", "{line}");
            assert!(begun.elapsed() >= Duration::from_millis(50), "{line}");
        }
        assert_eq!(conn.run("WAIT 0 0").int(), Some(0));
        assert_eq!(conn.run("WAIT 1 50").int(), Some(0));
        let id = block(server, &mut conn, "BLPOP k 0");
        assert_eq!(other.run(&format!("CLIENT UNBLOCK {id}")).int(), Some(1));
        assert_eq!(answer(&mut conn), "null");
        assert_eq!(other.run(&format!("CLIENT UNBLOCK {id}")).int(), Some(0));
        let id = block(server, &mut conn, "BZPOPMAX k 100");
        let unblocked = other.run(&format!("CLIENT UNBLOCK {id} ERROR"));
        assert_eq!(unblocked.int(), Some(1));
        assert!(conn.read().unwrap().is_error("UNBLOCKED "));
        let id = block(server, &mut conn, "WAIT 3 0");
        assert_eq!(other.run(&format!("CLIENT UNBLOCK {id}")).int(), Some(1));
        assert_eq!(answer(&mut conn), "0");
        other.run("RPUSH k still here");
        assert_eq!(other.run("LLEN k").int(), Some(2));
    });
}

#[test]
fn nothing_goes_to_who_is_gone() {
    matrix(&[], |server| {
        let mut other = server.connect();
        let mut killed = server.connect();
        let id = block(server, &mut killed, "BLPOP k k2 0");
        assert_eq!(other.run(&format!("CLIENT KILL ID {id}")).int(), Some(1));
        assert_eq!(other.run("RPUSH k a").int(), Some(1));
        assert_eq!(other.run("LLEN k").int(), Some(1));
        let mut left = server.connect();
        block(server, &mut left, "BLPOP k2 0");
        drop(left);
        wait_until(server, "it is noticed", |conn| {
            conn.run("INFO clients")
                .text()
                .contains("blocked_clients:0")
        });
        assert_eq!(other.run("RPUSH k2 a").int(), Some(1));
        assert_eq!(other.run("LLEN k2").int(), Some(1));
    });
}

#[test]
fn a_pause_holds_up_writes_or_everything() {
    matrix(&[], |server| {
        let (mut conn, mut other) = (server.connect(), server.connect());
        assert_eq!(other.run("CLIENT PAUSE 60000 WRITE").text(), "OK");
        assert_eq!(conn.run("GET k").show(), "null");
        let id = block(server, &mut conn, "SET k v");
        assert_eq!(other.run(&format!("CLIENT UNBLOCK {id}")).int(), Some(0));
        assert_eq!(other.run("GET k").show(), "null");
        assert_eq!(other.run("CLIENT UNPAUSE").text(), "OK");
        assert_eq!(answer(&mut conn), "OK");
        let begun = Instant::now();
        assert_eq!(other.run("CLIENT PAUSE 100").text(), "OK");
        assert_eq!(conn.run("GET k").text(), "v");
        assert!(begun.elapsed() >= Duration::from_millis(100));
    });
}

/// What the storm is about: elements are numbers, each pushed once.
struct Storm {
    stop: AtomicBool,
    next: AtomicU64,
    elements: u64,
    /// Pushed and not yet popped, roughly: pushers keep it low, so that there is somebody waiting most of the time.
    backlog: AtomicI64,
    pushed: Mutex<Vec<u64>>,
    popped: Mutex<Vec<u64>>,
    /// Connections that may be killed: numbers by thread.
    mortals: Mutex<HashMap<usize, i64>>,
    kills: AtomicUsize,
    waits: AtomicUsize,
}

const LISTS: [&str; 5] = ["l:0", "l:1", "l:2", "l:3", "flip"];
const ZSETS: [&str; 3] = ["z:0", "z:1", "z:2"];

impl Storm {
    fn push_all(&self, server: &Server, seed: u64) {
        let (mut conn, mut rng) = (server.connect(), Rng::new(seed));
        let mut pushed = Vec::new();
        loop {
            let count = 1 + rng.below(4) as u64;
            let first = self.next.fetch_add(count, SeqCst);
            if first >= self.elements {
                break;
            }
            let ids: Vec<u64> = (first..first + count).collect();
            while self.backlog.load(SeqCst) > 100 && !self.stop.load(SeqCst) {
                std::thread::sleep(Duration::from_micros(200));
            }
            while !push(&mut conn, &mut rng, &ids) {}
            self.backlog.fetch_add(count as i64, SeqCst);
            pushed.extend(ids);
        }
        self.pushed.lock().unwrap().extend(pushed);
    }

    fn pop_all(&self, server: &Server, thread: usize, mortal: bool) {
        let (mut conn, mut rng) = (server.connect(), Rng::new(1000 + thread as u64));
        let mut popped = Vec::new();
        let mut is_known = false;
        while !self.stop.load(SeqCst) {
            if mortal && !is_known {
                match conn.try_call(&["CLIENT", "ID"]) {
                    Ok(id) => {
                        self.mortals
                            .lock()
                            .unwrap()
                            .insert(thread, id.int().unwrap());
                        is_known = true;
                    }
                    Err(_) => {
                        conn = server.connect();
                        continue;
                    }
                }
            }
            let line = pop_line(&mut rng, mortal);
            let words: Vec<&str> = line.split(' ').collect();
            let begun = Instant::now();
            let Ok(reply) = conn.try_call(&words) else {
                assert!(mortal, "only a kill ends a connection");
                (conn, is_known) = (server.connect(), false);
                continue;
            };
            if begun.elapsed() > Duration::from_millis(1) {
                self.waits.fetch_add(1, SeqCst);
            }
            if !line.starts_with("BLMOVE") && !reply.is_null() && !is_any_error(&reply) {
                let before = popped.len();
                collect(&reply, true, &mut popped);
                self.backlog
                    .fetch_sub((popped.len() - before) as i64, SeqCst);
            }
        }
        self.mortals.lock().unwrap().remove(&thread);
        self.popped.lock().unwrap().extend(popped);
    }

    /// Ends waits and connections.
    fn trouble(&self, server: &Server) {
        let (mut conn, mut rng) = (server.connect(), Rng::new(77));
        for turn in 0.. {
            if self.stop.load(SeqCst) {
                return;
            }
            std::thread::sleep(Duration::from_micros(300));
            if turn % 64 == 0 {
                // What kills have lost must not hold the pushers up.
                self.backlog.store(left(&mut conn), SeqCst);
            }
            let mortals: Vec<i64> = self.mortals.lock().unwrap().values().copied().collect();
            if mortals.is_empty() {
                continue;
            }
            let id = *rng.pick(&mortals);
            match rng.below(6) {
                0 => {
                    let killed = conn.run(&format!("CLIENT KILL ID {id}")).int();
                    self.kills.fetch_add(killed.unwrap() as usize, SeqCst);
                }
                1 | 2 => drop(conn.run(&format!("CLIENT UNBLOCK {id} ERROR"))),
                _ => drop(conn.run(&format!("CLIENT UNBLOCK {id}"))),
            }
        }
    }

    /// Makes a list a string and a list again, over and over.
    fn flip(&self, server: &Server) {
        let mut conn = server.connect();
        let mut run = |lines: &[&str]| lines.iter().for_each(|line| drop(conn.run(line)));
        while !self.stop.load(SeqCst) {
            run(&["MULTI", "RENAME flip held", "SET flip x", "EXEC"]);
            std::thread::sleep(Duration::from_micros(500));
            run(&["MULTI", "DEL flip", "RENAME held flip", "EXEC"]);
            std::thread::sleep(Duration::from_micros(500));
        }
    }
}

/// Elements in the lists and sorted sets.
fn left(conn: &mut Conn) -> i64 {
    let lists = LISTS.iter().map(|key| format!("LLEN {key}"));
    let zsets = ZSETS.iter().map(|key| format!("ZCARD {key}"));
    let lines = lists.chain(zsets);
    lines.filter_map(|line| conn.run(&line).int()).sum()
}

fn is_any_error(reply: &Reply) -> bool {
    reply.is_error("")
}

/// Pushes the elements somewhere; false when that was refused as a whole.
fn push(conn: &mut Conn, rng: &mut Rng, ids: &[u64]) -> bool {
    let texts: Vec<String> = ids.iter().map(u64::to_string).collect();
    let mut words: Vec<&str> = Vec::new();
    if rng.chance(30) {
        words.extend(["ZADD", *rng.pick(&ZSETS)]);
        texts.iter().for_each(|id| words.extend([&**id, &**id]));
    } else {
        words.extend([*rng.pick(&["LPUSH", "RPUSH"]), *rng.pick(&LISTS)]);
        words.extend(texts.iter().map(String::as_str));
    }
    if !rng.chance(20) {
        return !is_any_error(&conn.call(&words));
    }
    conn.run("MULTI");
    conn.call(&words);
    conn.run("PING");
    !is_any_error(&conn.run("EXEC").items()[0])
}

/// A pop that waits; one that may be killed takes one element at a time.
fn pop_line(rng: &mut Rng, mortal: bool) -> String {
    let timeout = *rng.pick(&["0.001", "0.003", "0.02", "0.1"]);
    let (list, other) = (*rng.pick(&LISTS), *rng.pick(&LISTS));
    let (zset, another) = (*rng.pick(&ZSETS), *rng.pick(&ZSETS));
    match rng.below(if mortal { 5 } else { 7 }) {
        0 => format!("BLPOP {list} {timeout}"),
        1 => format!("BRPOP {list} {other} l:3 {timeout}"),
        2 => format!("BLMOVE {list} {other} LEFT RIGHT {timeout}"),
        3 => format!("BZPOPMIN {zset} {another} {timeout}"),
        4 => format!("BZPOPMAX {zset} {timeout}"),
        5 => format!("BLMPOP {timeout} 2 {list} {other} RIGHT COUNT 3"),
        _ => format!("BZMPOP {timeout} 2 {zset} {another} MIN COUNT 2"),
    }
}

/// The elements in a pop's reply: all but its first word, which is the key, and scores, which repeat the member.
fn collect(reply: &Reply, skip_first: bool, into: &mut Vec<u64>) {
    let items = &reply.items()[usize::from(skip_first)..];
    if let [Reply::Array(nested)] = items {
        for item in nested {
            match item {
                Reply::Array(pair) => into.push(pair[0].text().parse().unwrap()),
                element => into.push(element.text().parse().unwrap()),
            }
        }
    } else {
        into.push(items[0].text().parse().unwrap());
    }
}

#[test]
fn a_storm_loses_nothing_and_gives_nothing_twice() {
    let elements = std::env::var("REDOX_STORM_ELEMENTS");
    let elements = elements.map_or(4000, |number| number.parse().expect("a number"));
    matrix(&[], |server| {
        let storm = Storm {
            stop: AtomicBool::new(false),
            next: AtomicU64::new(0),
            elements,
            backlog: AtomicI64::new(0),
            pushed: Mutex::default(),
            popped: Mutex::default(),
            mortals: Mutex::default(),
            kills: AtomicUsize::new(0),
            waits: AtomicUsize::new(0),
        };
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let storm = &storm;
            let pushers: Vec<_> = (0..2)
                .map(|seed| scope.spawn(move || storm.push_all(server, seed)))
                .collect();
            for thread in 0..8 {
                scope.spawn(move || storm.pop_all(server, thread, thread % 2 == 0));
            }
            scope.spawn(move || storm.trouble(server));
            scope.spawn(move || storm.flip(server));
            pushers
                .into_iter()
                .for_each(|pusher| pusher.join().unwrap());
            storm.stop.store(true, SeqCst);
        });
        let mut conn = server.connect();
        let mut count = BTreeMap::<u64, usize>::new();
        let popped = storm.popped.into_inner().unwrap();
        popped
            .iter()
            .for_each(|id| *count.entry(*id).or_default() += 1);
        for key in LISTS.iter().chain(&ZSETS).chain(&["held"]) {
            let read = match conn.run(&format!("TYPE {key}")).text().as_str() {
                "list" => format!("LRANGE {key} 0 -1"),
                "zset" => format!("ZRANGE {key} 0 -1"),
                _ => continue,
            };
            for element in conn.run(&read).items() {
                *count.entry(element.text().parse().unwrap()).or_default() += 1;
            }
        }
        let pushed = storm.pushed.into_inner().unwrap();
        assert!(count.values().all(|&times| times == 1), "given twice");
        let lost = pushed.iter().filter(|id| !count.contains_key(id)).count();
        let (kills, waits) = (storm.kills.into_inner(), storm.waits.into_inner());
        println!(
            "{} elements, {} popped, {waits} waits, {kills} kills, {lost} on their way to the killed, {:?}",
            pushed.len(),
            popped.len(),
            begun.elapsed()
        );
        assert!(count.len() + lost == pushed.len(), "from nowhere");
        // What had been served when the kill came is lost with the connection, as with any server.
        assert!(lost <= kills, "{lost} lost by {kills} kills");
        wait_until(server, "nobody waits", |conn| {
            conn.run("INFO clients")
                .text()
                .contains("blocked_clients:0")
        });
    });
}
