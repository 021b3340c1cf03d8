//! The three groups of the storm: who pushes and takes what, and what must have become of it.

use harness::{Conn, Rng, Server};
use std::thread::{Scope, ScopedJoinHandle};

use crate::consumer::Consumer;
use crate::ledger::{self, Life, Pushed};
use crate::trouble::Fate;
use crate::{Weather, pusher, rest_of};

/// What moves go through: in, on to a source by carriers, on to a list of the taker's own.
const STAGES: [&str; 3] = ["a", "b", "flip"];
const CARRIERS: usize = 2;
const TAKERS: usize = 3;
const MORTALS: usize = 4;
const SAFE: usize = 3;
/// Keys that all mortals take from, beside those that each has of its own.
const SHARED: [&str; 3] = ["mortal:list", "mortal:flip", "mortal:zset"];
const SAFE_LISTS: [&str; 4] = ["safe:a", "safe:b", "safe:tsil", "safe:flip"];
const SAFE_ZSETS: [&str; 2] = ["safe:zset:a", "safe:zset:b"];

fn keys(names: impl IntoIterator<Item = impl ToString>) -> Vec<String> {
    names.into_iter().map(|name| name.to_string()).collect()
}

/// Where a stage of the moves lies.
fn stage(name: &str, of: &str) -> String {
    format!("moves:{of}:{name}")
}

/// The list of a taker's own, in one of its lives.
fn destination(taker: usize, life: usize) -> String {
    format!("moves:to:{taker}:{life}")
}

/// The keys that only this mortal takes from.
fn own(mortal: usize) -> [String; 3] {
    ["list", "tsil", "zset"].map(|kind| format!("mortal:{mortal}:{kind}"))
}

/// A timeout: some run out, some do not.
fn timeout(rng: &mut Rng) -> &'static str {
    rng.pick::<&str>(&["0.001", "0.003", "0.02", "0.1"])
}

fn carry(rng: &mut Rng) -> String {
    let name = rng.pick(&STAGES);
    let (from, to) = (stage(name, "in"), stage(name, "src"));
    format!("BLMOVE {from} {to} LEFT RIGHT {}", timeout(rng))
}

/// A move to the list of this life's own, or in vain to what is no list.
fn take(rng: &mut Rng, taker: usize, life: usize) -> String {
    let from = stage(rng.pick::<&str>(&STAGES), "src");
    let to = match rng.chance(3) {
        true => "stone".to_owned(),
        false => destination(taker, life),
    };
    format!("BLMOVE {from} {to} LEFT RIGHT {}", timeout(rng))
}

/// One element, from a key of its own or of all.
fn pop_one(rng: &mut Rng, mortal: usize) -> String {
    let [list, tsil, zset] = own(mortal);
    let [shared, flip, zset_of_all] = SHARED;
    let time = timeout(rng);
    match rng.below(7) {
        0 => format!("BLPOP {list} {shared} {flip} {time}"),
        1 => format!("BLPOP {flip} {shared} {list} {time}"),
        2 => format!("BRPOP {tsil} {time}"),
        3 => format!("BZPOPMIN {zset} {zset_of_all} {time}"),
        4 => format!("BZPOPMIN {zset_of_all} {zset} {time}"),
        5 => format!("BLMPOP {time} 2 {list} {shared} LEFT"),
        _ => format!("BZMPOP {time} 2 {zset} {zset_of_all} MIN"),
    }
}

/// Pops of several, and moves on to where others pop.
fn pop_some(rng: &mut Rng) -> String {
    let (list, other) = (
        rng.pick(&SAFE_LISTS).to_owned(),
        rng.pick(&SAFE_LISTS).to_owned(),
    );
    let (zset, another) = (
        rng.pick(&SAFE_ZSETS).to_owned(),
        rng.pick(&SAFE_ZSETS).to_owned(),
    );
    let time = timeout(rng);
    match rng.below(8) {
        0 => format!("BLPOP {list} {time}"),
        1 => format!("BRPOP {list} {other} safe:a {time}"),
        2 => format!("BLMOVE {list} {other} LEFT RIGHT {time}"),
        3 => format!("BRPOPLPUSH {list} {other} {time}"),
        4 => format!("BZPOPMIN {zset} {another} {time}"),
        5 => format!("BZPOPMAX {zset} {time}"),
        6 => format!("BLMPOP {time} 2 {list} {other} RIGHT COUNT 3"),
        _ => format!("BZMPOP {time} 2 {zset} {another} MIN COUNT 2"),
    }
}

/// The storm while it lasts.
pub struct Running<'scope> {
    pushers: Vec<ScopedJoinHandle<'scope, Vec<Pushed>>>,
    carriers: Vec<ScopedJoinHandle<'scope, Vec<Life>>>,
    takers: Vec<ScopedJoinHandle<'scope, Vec<Life>>>,
    mortals: Vec<ScopedJoinHandle<'scope, Vec<Life>>>,
    safe: Vec<ScopedJoinHandle<'scope, Vec<Life>>>,
}

/// Starts all who push and take.
pub fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    server: &'scope Server,
    weather: &'scope Weather,
    elements: u64,
) -> Running<'scope> {
    let ins = keys(STAGES.iter().map(|name| stage(name, "in")));
    let of_mortals = keys((0..MORTALS).flat_map(own).chain(SHARED.map(str::to_owned)));
    let of_safe = keys(SAFE_LISTS.iter().chain(&SAFE_ZSETS));
    let pushers = [ins, of_mortals, of_safe].into_iter().enumerate();
    let pushers =
        pushers.flat_map(|(group, keys)| [(2 * group, keys.clone()), (2 * group + 1, keys)]);
    let pushers = pushers.map(|(number, keys)| {
        let share = elements / 6 + 1;
        weather.spawn(scope, move || {
            pusher::push_all(server, weather, &keys, number, share)
        })
    });
    let consumer = |number, fate| Consumer {
        server,
        weather,
        number,
        fate,
    };
    let carriers = (0..CARRIERS).map(|at| {
        let carrier = consumer(at, Fate::Killed);
        weather.spawn(scope, move || carrier.live(|rng, _| carry(rng)))
    });
    let takers = (0..TAKERS).map(|at| {
        let taker = consumer(10 + at, Fate::Killed);
        weather.spawn(scope, move || taker.live(|rng, life| take(rng, at, life)))
    });
    let mortals = (0..MORTALS).map(|at| {
        let mortal = consumer(20 + at, Fate::Killed);
        weather.spawn(scope, move || mortal.live(|rng, _| pop_one(rng, at)))
    });
    let safe = (0..SAFE).map(|at| {
        let safe = consumer(30 + at, Fate::Unblocked);
        weather.spawn(scope, move || safe.live(|rng, _| pop_some(rng)))
    });
    Running {
        pushers: pushers.collect(),
        carriers: carriers.collect(),
        takers: takers.collect(),
        mortals: mortals.collect(),
        safe: safe.collect(),
    }
}

fn join<T>(threads: Vec<ScopedJoinHandle<'_, T>>) -> Vec<T> {
    let ends: Vec<_> = threads.into_iter().map(ScopedJoinHandle::join).collect();
    let ends = ends.into_iter();
    ends.map(|end| end.expect("what it says above")).collect()
}

impl Running<'_> {
    /// Waits until all has been pushed, and ends the storm.
    pub fn finish(self, weather: &Weather) -> Groups {
        let pushed = join(self.pushers).concat();
        weather.end();
        Groups {
            pushed,
            carriers: join(self.carriers),
            takers: join(self.takers),
            mortals: join(self.mortals),
            safe: join(self.safe),
        }
    }
}

/// What became of the storm: for each consumer its lives.
pub struct Groups {
    pushed: Vec<Pushed>,
    carriers: Vec<Vec<Life>>,
    takers: Vec<Vec<Life>>,
    mortals: Vec<Vec<Life>>,
    safe: Vec<Vec<Life>>,
}

impl Groups {
    /// Checks every element. Returns what there is to tell.
    pub fn check(&self, conn: &mut Conn) -> String {
        let moved = self
            .check_moves(conn)
            .unwrap_or_else(|why| panic!("moves: {why}"));
        let lost = self
            .check_mortals(conn)
            .unwrap_or_else(|why| panic!("mortals: {why}"));
        self.check_safe(conn)
            .unwrap_or_else(|why| panic!("safe: {why}"));
        let died = [&self.carriers, &self.takers, &self.mortals];
        let died: usize = died
            .into_iter()
            .flatten()
            .map(|lives| lives.len() - 1)
            .sum();
        format!("{died} connections died, {moved} moves and {lost} pops done but not told")
    }

    fn pushed(&self, group: &str) -> Vec<Pushed> {
        let all = self
            .pushed
            .iter()
            .filter(|from| from.key.starts_with(group));
        all.cloned().collect()
    }

    /// Returns how many moves were done and not told.
    fn check_moves(&self, conn: &mut Conn) -> Result<usize, String> {
        let mut found = Vec::new();
        let mut untold = 0;
        for (taker, lives) in self.takers.iter().enumerate() {
            for (at, life) in lives.iter().enumerate() {
                let list = rest_of(conn, &destination(taker, at));
                ledger::in_order(&list)?;
                ledger::told_all(life, &list, at + 1 < lives.len())?;
                untold += list.len() - life.moved.len();
                found.extend(list);
            }
        }
        for lives in &self.carriers {
            ledger::in_order(lives.iter().flat_map(|life| &life.moved))?;
        }
        // What has not come so far was pushed later: every move takes the first of its list.
        let taken = ledger::latest(&found);
        for name in STAGES {
            let rest = ["src", "in"].map(|of| rest_of(conn, &stage(name, of)));
            let rest = rest.concat();
            ledger::in_order(taken.iter().chain(&rest))?;
            found.extend(rest);
        }
        match ledger::missing(&self.pushed("moves:"), &found)? {
            lost if lost.is_empty() => Ok(untold),
            lost => Err(format!("{lost:?} are nowhere")),
        }
    }

    /// Returns how many elements were given to connections that died.
    fn check_mortals(&self, conn: &mut Conn) -> Result<usize, String> {
        let of_nobody: Vec<String> =
            keys((0..MORTALS).flat_map(own).chain(SHARED.map(str::to_owned)))
                .iter()
                .flat_map(|key| rest_of(conn, key))
                .collect();
        let told = self.mortals.iter().flatten().flat_map(|life| &life.popped);
        let lost = ledger::missing(&self.pushed("mortal:"), told.chain(&of_nobody))?;
        let is_shared = |element: &&String| {
            let (from, _) = ledger::origin(element);
            SHARED
                .iter()
                .any(|key| from.rsplit_once('/').is_some_and(|(of, _)| of == *key))
        };
        let mut free = 0;
        for (mortal, lives) in self.mortals.iter().enumerate() {
            for key in own(mortal) {
                let of_key = format!("{key}/");
                let told = lives.iter().flat_map(|life| &life.popped);
                ledger::in_order(told.filter(|element| element.starts_with(&of_key)))?;
            }
            let mine = format!("mortal:{mortal}:");
            let lost: Vec<String> = lost
                .iter()
                .filter(|one| one.starts_with(&mine))
                .cloned()
                .collect();
            free += ledger::account_for(lives, &lost)?;
        }
        let of_all = lost.iter().filter(is_shared).count();
        if of_all > free {
            return Err(format!(
                "{of_all} lost of keys that all share, by {free} deaths that took nothing else"
            ));
        }
        Ok(lost.len())
    }

    fn check_safe(&self, conn: &mut Conn) -> Result<(), String> {
        let rest: Vec<String> = keys(SAFE_LISTS.iter().chain(&SAFE_ZSETS))
            .iter()
            .flat_map(|key| rest_of(conn, key))
            .collect();
        let told = self.safe.iter().flatten().flat_map(|life| &life.popped);
        match ledger::missing(&self.pushed("safe:"), told.chain(&rest))? {
            lost if lost.is_empty() => Ok(()),
            lost => Err(format!("{lost:?} are lost, though nobody was killed")),
        }
    }
}
