//! What befalls those who wait: kills, CLIENT UNBLOCK, and keys that become another type and back.

use harness::{Rng, Server};
use std::collections::HashMap;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration;

use crate::Weather;

/// What a connection has to endure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Its waits may be ended.
    Unblocked,
    /// It may be killed as well.
    Killed,
}

/// The connections there are, by the number of who uses them.
#[derive(Default)]
pub struct Targets(Mutex<HashMap<usize, (i64, Fate)>>);

impl Targets {
    /// Somebody has this connection from now on.
    pub fn note(&self, who: usize, id: i64, fate: Fate) {
        let mut targets = self.0.lock().expect("nobody panics with it");
        targets.insert(who, (id, fate));
    }

    fn all(&self) -> Vec<(i64, Fate)> {
        let targets = self.0.lock().expect("nobody panics with it");
        targets.values().copied().collect()
    }
}

/// The keys that become strings and lists again.
pub const FLIPPED: [&str; 4] = [
    "moves:in:flip",
    "moves:src:flip",
    "mortal:flip",
    "safe:flip",
];

/// Ends waits and connections until the storm is over. Returns how many connections.
pub fn make(server: &Server, weather: &Weather) -> usize {
    let (mut conn, mut rng, mut kills) = (server.connect(), Rng::new(77), 0);
    while !weather.is_over() {
        sleep(Duration::from_micros(300));
        let targets = weather.targets.all();
        if targets.is_empty() {
            continue;
        }
        let (id, fate) = *rng.pick(&targets);
        match rng.below(6) {
            0 if fate == Fate::Killed => {
                let killed = conn.run(&format!("CLIENT KILL ID {id}")).int();
                kills += usize::from(killed == Some(1));
            }
            1 | 2 => drop(conn.run(&format!("CLIENT UNBLOCK {id} ERROR"))),
            _ => drop(conn.run(&format!("CLIENT UNBLOCK {id}"))),
        }
    }
    kills
}

/// Makes lists strings and lists again, over and over.
pub fn flip(server: &Server, weather: &Weather) {
    let mut conn = server.connect();
    let mut run = |lines: [String; 4]| lines.iter().for_each(|line| drop(conn.run(line)));
    for key in FLIPPED.iter().cycle() {
        if weather.is_over() {
            return;
        }
        let [multi, exec] = ["MULTI", "EXEC"].map(str::to_owned);
        let (hold, stone) = (format!("RENAME {key} held"), format!("SET {key} x"));
        run([multi.clone(), hold, stone, exec.clone()]);
        sleep(Duration::from_micros(300));
        let (free, back) = (format!("DEL {key}"), format!("RENAME held {key}"));
        run([multi, free, back, exec]);
        sleep(Duration::from_micros(300));
    }
}
