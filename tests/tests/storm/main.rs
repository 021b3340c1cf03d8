//! A storm of waiting commands under kills, timeouts, CLIENT UNBLOCK and connections that break off, with a proof that no
//! element is lost or given twice.
//!
//! Three groups share the server and none of their keys. Each can say of every single element where it has to be:
//!
//! | group | what happens to its connections | what is proven |
//! | --- | --- | --- |
//! | `moves`: BLMOVE from list to list, at last to a list of each connection's own | anything | every element is in exactly one list, all in their order; a connection's list holds what it was told, and at most one more if it died |
//! | `mortal`: BLPOP and its like, an element at a time | anything | each element that is missing has a connection of its own that died just when it would have been told |
//! | `safe`: the same with counts, and moves | timeouts and CLIENT UNBLOCK | nothing is missing |
//!
//! `REDOX_TEST_FULL=1` makes it a million elements for each configuration of the server.

mod consumer;
mod groups;
mod ledger;
mod pusher;
mod trouble;

use harness::{Conn, Reply, Server, matrix, within};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::{Scope, ScopedJoinHandle, panicking};
use std::time::{Duration, Instant};

/// What all threads of the storm share.
#[derive(Default)]
struct Weather {
    /// All has been pushed: who waits may go home.
    is_over: AtomicBool,
    /// Replies that came so late that the command must have waited.
    waits: AtomicU64,
    targets: trouble::Targets,
}

impl Weather {
    fn is_over(&self) -> bool {
        self.is_over.load(SeqCst)
    }

    fn end(&self) {
        self.is_over.store(true, SeqCst);
    }

    /// Starts a thread; when it panics the storm is over, so that the others end and the test fails.
    fn spawn<'scope, T: Send + 'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        work: impl FnOnce() -> T + Send + 'scope,
    ) -> ScopedJoinHandle<'scope, T> {
        scope.spawn(move || {
            let _alarm = Alarm(self);
            work()
        })
    }
}

/// Ends the storm when its thread panics.
struct Alarm<'a>(&'a Weather);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if panicking() {
            self.0.end();
        }
    }
}

/// What there is at a key, in its order.
fn rest_of(conn: &mut Conn, key: &str) -> Vec<String> {
    let command = if key.contains("zset") {
        "ZRANGE"
    } else {
        "LRANGE"
    };
    let reply = conn.call(&[command, key, "0", "-1"]);
    assert!(!reply.is_error(""), "{key}: {reply:?}");
    reply.items().iter().map(Reply::text).collect()
}

fn wait_until_nobody_waits(server: &Server) {
    within(Duration::from_secs(60), "nobody waits", || {
        server.info("blocked_clients").as_deref() == Some("0")
    });
}

#[test]
fn a_storm_loses_nothing_and_gives_nothing_twice() {
    let full = std::env::var("REDOX_TEST_FULL").is_ok_and(|value| value == "1");
    let elements = if full { 1_000_000 } else { 10_000 };
    matrix(&[], |server| {
        let (weather, begun) = (Weather::default(), Instant::now());
        server.connect().run("SET stone hard");
        let (groups, kills) = std::thread::scope(|scope| {
            let weather = &weather;
            let groups = groups::start(scope, server, weather, elements);
            let trouble = weather.spawn(scope, || trouble::make(server, weather));
            let flip = weather.spawn(scope, || trouble::flip(server, weather));
            let groups = groups.finish(weather);
            flip.join().expect("it ends with the storm");
            (groups, trouble.join().expect("it ends with the storm"))
        });
        wait_until_nobody_waits(server);
        let told = groups.check(&mut server.connect());
        println!(
            "{elements} elements, {} waits, {kills} kills, {told}, {:?}",
            weather.waits.load(SeqCst),
            begun.elapsed()
        );
    });
}
