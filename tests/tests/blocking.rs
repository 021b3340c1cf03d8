//! Commands that wait: who is served and when, and what ends a wait. That nothing is lost or given twice is the storm's affair.

use harness::{Conn, Server, matrix, within};
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
    within(Duration::from_secs(10), what, || holds(&mut looker));
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
