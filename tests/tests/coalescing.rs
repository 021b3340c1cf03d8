//! Pauses in which requests gather: only for a crowd that keeps a core busy, and only where they are wanted.

use harness::{Conn, Server, matrix, within};
use std::time::Duration;

/// How long a machine may take to be fast for one millisecond.
const PATIENCE: Duration = Duration::from_secs(60);

fn crowd(server: &Server, size: usize) -> Vec<Conn> {
    (0..size).map(|_| server.connect()).collect()
}

/// Each client asks once, and hears its answer.
fn ask_all(clients: &mut [Conn]) {
    for client in &mut *clients {
        client.send(&["PING"]).expect("sent");
    }
    for client in clients {
        assert_eq!(client.read().expect("an answer").text(), "PONG");
    }
}

fn pauses(server: &Server) -> u64 {
    server.info_number("total_io_pauses")
}

/// Whether its driver lets it pause.
fn can_pause(server: &Server) -> bool {
    server.log_text().contains("deferred task work")
}

#[test]
fn a_crowd_is_paused_for_as_long_as_that_is_wanted() {
    matrix(&[], |server| {
        let mut clients = crowd(server, 128);
        if can_pause(server) {
            within(PATIENCE, "a core pauses", || {
                ask_all(&mut clients);
                pauses(server) > 0
            });
        }
        let mut admin = server.connect();
        assert_eq!(admin.run("CONFIG SET io-coalesce-usec 0").text(), "OK");
        // What the last window came to holds for the next one.
        for _ in 0..100 {
            ask_all(&mut clients);
        }
        let before = pauses(server);
        for _ in 0..200 {
            ask_all(&mut clients);
        }
        assert_eq!(pauses(server), before);
        assert_eq!(can_pause(server), before > 0);
    });
}

#[test]
fn a_few_clients_are_never_paused_for() {
    matrix(&[], |server| {
        let mut clients = crowd(server, 8);
        for _ in 0..2000 {
            ask_all(&mut clients);
        }
        assert_eq!(pauses(server), 0);
    });
}
