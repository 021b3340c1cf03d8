//! Who takes elements: one connection after the other, each the successor of one that died.

use harness::{Conn, Reply, Rng, Server};
use std::sync::atomic::Ordering::SeqCst;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Weather;
use crate::ledger::Life;
use crate::trouble::Fate;

/// One who takes.
pub struct Consumer<'a> {
    pub server: &'a Server,
    pub weather: &'a Weather,
    /// Different for each; its random numbers follow from it.
    pub number: usize,
    pub fate: Fate,
}

impl Consumer<'_> {
    /// Sends what `line` says, which is told how many connections died before, until the storm is over. Every life but the
    /// last one ends in death.
    pub fn live(&self, line: impl Fn(&mut Rng, usize) -> String) -> Vec<Life> {
        let mut rng = Rng::new(1000 + self.number as u64);
        let mut conn = self.server.connect();
        let mut lives = Vec::new();
        loop {
            let id = self.enter(&mut conn);
            let (life, end) = self.spend(conn, &mut rng, |rng| line(rng, lives.len()));
            lives.push(life);
            if end == End::Age {
                return lives;
            }
            conn = self.server.connect();
            wait_until_gone(&mut conn, id);
        }
    }

    /// Makes a connection known to those who make trouble.
    fn enter(&self, conn: &mut Conn) -> i64 {
        let id = conn.run("CLIENT ID").int().expect("a number");
        self.weather.targets.note(self.number, id, self.fate);
        id
    }

    fn spend(
        &self,
        mut conn: Conn,
        rng: &mut Rng,
        line: impl Fn(&mut Rng) -> String,
    ) -> (Life, End) {
        let mut life = Life::default();
        while !self.weather.is_over() {
            let line = line(rng);
            let words: Vec<&str> = line.split(' ').collect();
            if self.fate == Fate::Killed && rng.below(300) == 0 {
                // It breaks off without having read the reply, and perhaps before there is one.
                let _ = conn.send(&words);
                sleep(Duration::from_micros(rng.below(2000) as u64));
                return (life, End::Death);
            }
            let begun = Instant::now();
            match conn.try_call(&words) {
                Ok(reply) => life.hears(&line, &reply),
                Err(_) if self.fate == Fate::Killed => return (life, End::Death),
                Err(error) => panic!("{line}: only a kill ends a connection, not {error}"),
            }
            if begun.elapsed() > Duration::from_millis(1) {
                self.weather.waits.fetch_add(1, SeqCst);
            }
        }
        (life, End::Age)
    }
}

/// How a life ends.
#[derive(PartialEq, Eq)]
enum End {
    /// With the storm.
    Age,
    /// Before.
    Death,
}

/// Waits until the server lists a connection no more: nothing is given to it from then on.
fn wait_until_gone(conn: &mut Conn, id: i64) {
    let begun = Instant::now();
    while !conn.run(&format!("CLIENT LIST ID {id}")).text().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{id} stays");
        sleep(Duration::from_micros(200));
    }
}

impl Life {
    /// Notes what a reply tells of elements.
    fn hears(&mut self, line: &str, reply: &Reply) {
        match reply {
            null if null.is_null() => (),
            error if error.is_error("UNBLOCKED") || error.is_error("WRONGTYPE") => (),
            Reply::Bulk(_) => self.moved.push(reply.text()),
            // Key, elements; or key, member, score.
            Reply::Array(items) => match &items[1] {
                Reply::Array(several) => self.popped.extend(several.iter().map(|one| match one {
                    Reply::Array(pair) => pair[0].text(),
                    element => element.text(),
                })),
                element => self.popped.push(element.text()),
            },
            other => panic!("{line}: {other:?}"),
        }
    }
}
