//! The shipped functions under 50 clients at once: no more grants than the limit, no lost stock, one owner of a lock.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::thread;

use harness::{Conn, Reply, Server, ServerBuilder, guests};

const CLIENTS: usize = 50;

/// A server with a shipped library; nothing where it cannot be built.
fn server_with(library: &str) -> Option<Server> {
    let server = ServerBuilder::ours().threads(2).start();
    match guests::load(&server, library) {
        Ok(()) => Some(server),
        Err(why) => {
            eprintln!("!! SKIPPED {library}: {why}");
            None
        }
    }
}

/// Runs 50 clients at once; what each of them came to.
fn at_once<R: Send>(server: &Server, work: impl Fn(usize, &mut Conn) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let work = &work;
                scope.spawn(move || work(client, &mut server.connect()))
            })
            .collect();
        let results = clients.into_iter().map(|client| client.join());
        results
            .map(|result| result.expect("no client fails"))
            .collect()
    })
}

fn int(reply: &Reply, at: usize) -> i64 {
    let part = reply.items().get(at).and_then(Reply::int);
    part.unwrap_or_else(|| panic!("{reply:?}"))
}

#[test]
fn no_more_is_granted_than_the_limit() {
    for (library, call, granted) in [
        ("gcra", "FCALL gcra 1 k 99 1 1000000", 0),
        (
            "sliding_window",
            "FCALL sliding_window 1 k 100 1000000000",
            1,
        ),
    ] {
        let Some(server) = server_with(library) else {
            return;
        };
        let grants = at_once(&server, |_, conn| {
            (0..10)
                .filter(|_| int(&conn.run(call), 0) == granted)
                .count()
        });
        assert_eq!(grants.iter().sum::<usize>(), 100, "{library}");
    }
}

#[test]
fn a_lock_has_one_owner_and_tokens_rise() {
    let Some(server) = server_with("lock") else {
        return;
    };
    let (inside, highest) = (AtomicI64::new(0), AtomicI64::new(0));
    at_once(&server, |client, conn| {
        for _ in 0..3 {
            let token = loop {
                let reply = conn.run(&format!("FCALL lock_acquire 1 k client:{client} 60000"));
                match int(&reply, 0) {
                    1 => break int(&reply, 1),
                    _ => thread::yield_now(),
                }
            };
            assert_eq!(inside.fetch_add(1, SeqCst), 0, "two own the lock");
            assert!(highest.swap(token, SeqCst) < token, "a token did not rise");
            inside.fetch_sub(1, SeqCst);
            let released = conn.run(&format!("FCALL lock_release 1 k client:{client}"));
            assert_eq!(released.int(), Some(1));
        }
    });
}

#[test]
fn no_stock_is_lost_or_sold_twice() {
    let Some(server) = server_with("reserve_stock") else {
        return;
    };
    server.connect().run("FCALL stock_add 1 k 100");
    let sold = at_once(&server, |client, conn| {
        let mut sold = 0;
        for order in 0..6 {
            let id = format!("{client}:{order}");
            if int(&conn.run(&format!("FCALL stock_reserve 1 k {id} 1")), 0) == 0 {
                continue;
            }
            let end = ["stock_release", "stock_commit", "stock_commit"][order % 3];
            let ended = int(&conn.run(&format!("FCALL {end} 1 k {id}")), 0);
            assert_eq!(ended, 1);
            sold += i64::from(end == "stock_commit");
        }
        sold
    });
    let counts = server.connect().run("FCALL stock_count 1 k");
    let sold: i64 = sold.iter().sum();
    assert_eq!(counts.show(), format!("[{} 0 {sold}]", 100 - sold));
    assert!(sold > 0 && sold <= 100);
    assert_eq!(
        server.connect().run("HLEN k").int(),
        Some(3),
        "no reservation is left"
    );
}

#[test]
fn one_begins_a_request_and_one_fills_an_entry() {
    let Some(server) = server_with("idempotency") else {
        return;
    };
    let begun = at_once(&server, |client, conn| {
        let reply = conn.run(&format!(
            "FCALL idempotency_begin 1 k client:{client} 60000"
        ));
        reply.items()[0].text() == "started"
    });
    assert_eq!(begun.iter().filter(|begun| **begun).count(), 1);

    let Some(server) = server_with("cache_lease") else {
        return;
    };
    let leased = at_once(&server, |_, conn| {
        let reply = conn.run("FCALL cache_get 1 k 60000");
        let is_leased = reply.items()[0].text() == "fill";
        if is_leased {
            let fill = format!("FCALL cache_fill 1 k {} value 60000 0", int(&reply, 1));
            assert_eq!(conn.run(&fill).int(), Some(1));
        }
        is_leased
    });
    assert_eq!(leased.iter().filter(|leased| **leased).count(), 1);
}

#[test]
fn a_job_moves_once_and_no_point_is_lost() {
    let Some(server) = server_with("due_jobs") else {
        return;
    };
    let moved = at_once(&server, |client, conn| {
        let mut moved = 0;
        for job in 0..10 {
            conn.run(&format!("FCALL due_jobs_add 1 later job:{client}:{job} 0"));
            moved += int(&conn.run("FCALL due_jobs_move 2 later queue 3"), 0);
        }
        moved
    });
    let mut conn = server.connect();
    let rest = int(&conn.run("FCALL due_jobs_move 2 later queue 1000"), 0);
    assert_eq!(moved.iter().sum::<i64>() + rest, 500);
    let queue = conn.run("LRANGE queue 0 -1");
    let jobs: BTreeSet<&Reply> = queue.items().iter().collect();
    assert_eq!((jobs.len(), queue.items().len()), (500, 500));
    assert_eq!(conn.run("EXISTS later").int(), Some(0));

    let Some(server) = server_with("leaderboard") else {
        return;
    };
    at_once(&server, |client, conn| {
        for _ in 0..10 {
            conn.run(&format!(
                "FCALL leaderboard_add 1 board team:{} 1",
                client % 5
            ));
        }
    });
    let top = server.connect().run("FCALL leaderboard_top 1 board 10");
    let rows: Vec<String> = (0..5)
        .map(|team| format!("[{} team:{team} 100]", team + 1))
        .collect();
    assert_eq!(top.show(), format!("[{}]", rows.join(" ")));
}
