//! A short differential run, and the proof that it would see a difference.

use harness::differential::commands::{NOT_DRAWN, all_rules};
use harness::differential::deliberate::NEWER_THAN_REFERENCE;
use harness::differential::scripts::{FIXED, library};
use harness::differential::{Options, run};
use harness::{Protocol, Reply, ServerBuilder};
use std::collections::BTreeSet;

fn options(seed: u64, protocol: Protocol) -> Options {
    Options {
        seed,
        commands: 6_000,
        protocol,
        divergences_max: 3,
        only: Vec::new(),
    }
}

fn compare(threads: usize, seed: u64, protocol: Protocol) {
    let ours = ServerBuilder::ours().threads(threads).start();
    let theirs = ServerBuilder::reference().start();
    let report = run(ours.port(), theirs.port(), &options(seed, protocol)).unwrap();
    let shown: String = report.divergences.iter().map(ToString::to_string).collect();
    assert!(
        report.divergences.is_empty(),
        "seed {seed}, {protocol:?}:\n{shown}"
    );
    assert!(report.commands >= 6_000);
}

#[test]
fn resp2_on_one_shard() {
    compare(1, 101, Protocol::Resp2);
}

#[test]
fn resp3_on_two_shards() {
    compare(2, 102, Protocol::Resp3);
}

/// One server is told to keep collections packed longer: the suite has to notice.
#[test]
fn a_difference_is_seen_and_cut_down() {
    let ours = ServerBuilder::reference()
        .args(&["--hash-max-listpack-entries", "1"])
        .start();
    let theirs = ServerBuilder::reference().start();
    let report = run(ours.port(), theirs.port(), &options(7, Protocol::Resp2)).unwrap();
    let [first, ..] = report.divergences.as_slice() else {
        panic!("nothing was seen")
    };
    let is_seen_by = |what: &str| matches!(what, "OBJECT" | "keyspace" | "CONFIG");
    // A script may have called the command.
    let is_seen_from_script = first.detail.to_ascii_uppercase().contains("OBJECT");
    assert!(is_seen_by(&first.what) || is_seen_from_script, "{first}");
    assert!(first.history.len() <= 20, "not cut down: {first}");
}

/// Else all calls by digest would agree that there is no such script.
#[test]
fn fixed_scripts_have_their_digests() {
    let server = ServerBuilder::ours().start();
    let mut conn = server.connect();
    for fixed in &FIXED {
        let sha = conn.call(&["SCRIPT", "LOAD", fixed.text]);
        assert_eq!(sha.text(), fixed.sha, "{}", fixed.text);
    }
    let loaded = conn.call(&["FUNCTION", "LOAD", &library()]);
    assert_eq!(loaded.text(), "differential");
}

#[test]
fn every_command_is_exercised() {
    let server = ServerBuilder::ours().start();
    let drawn: BTreeSet<String> = all_rules()
        .iter()
        .map(|rule| rule.name()[0].to_ascii_lowercase())
        .collect();
    let elsewhere: BTreeSet<&str> = NOT_DRAWN
        .iter()
        .flat_map(|(_, names)| names.iter())
        .copied()
        .collect();
    let reply = server.connect().run("COMMAND LIST");
    assert!(!reply.items().is_empty(), "{reply:?}");
    let forgotten: Vec<String> = reply
        .items()
        .iter()
        .map(Reply::text)
        .filter(|name| !name.contains('|'))
        .filter(|name| !drawn.contains(name) && !elsewhere.contains(name.as_str()))
        .filter(|name| !NEWER_THAN_REFERENCE.contains(&name.as_str()))
        .collect();
    assert!(
        forgotten.is_empty(),
        "no line in the differential tables for {forgotten:?}"
    );
}
