//! Tables of what each kind of value takes, refuses and reads back.

use super::*;
use crate::config::directive::{DIRECTIVES, lookup};

fn read_back(name: &str, words: &[&str]) -> Result<String, String> {
    let directive = lookup(name.as_bytes()).expect("a directive").id.directive();
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let default = default_of(directive);
    let value = directive
        .kind
        .parse(&words, Some(&default))
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8(directive.kind.format(&value)).expect("text"))
}

fn default_of(directive: &crate::config::Directive) -> Value {
    let words: Vec<&[u8]> = match directive.kind.takes_many_words() {
        true => directive
            .default
            .as_bytes()
            .split(|byte| *byte == b' ')
            .collect(),
        false => vec![directive.default.as_bytes()],
    };
    directive
        .kind
        .parse(&words, None)
        .expect("defaults are valid")
}

#[test]
fn every_default_is_valid_and_reads_back() {
    for directive in DIRECTIVES.iter() {
        let shown = directive.kind.format(&default_of(directive));
        assert_eq!(
            String::from_utf8_lossy(&shown),
            directive.default,
            "{}",
            directive.name
        );
    }
}

#[test]
fn accepted_values_read_back() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("maxmemory", &["1k"], "1000"),
        ("maxmemory", &["1KB"], "1024"),
        ("maxmemory", &["3mb"], "3145728"),
        ("maxmemory", &["2g"], "2000000000"),
        ("maxmemory", &["7b"], "7"),
        ("maxmemory-clients", &["5%"], "5%"),
        ("maxmemory-clients", &["1m"], "1000000"),
        ("protected-mode", &["NO"], "no"),
        ("unixsocketperm", &["770"], "770"),
        ("hz", &["100000"], "500"),
        ("hz", &["0"], "1"),
        ("loglevel", &["VERBOSE"], "verbose"),
        ("oom-score-adj", &["relative"], "yes"),
        ("shutdown-on-sigterm", &["now", "nosave"], "nosave now"),
        ("save", &["900", "1", "60", "1000"], "900 1 60 1000"),
        ("save", &[""], ""),
        ("notify-keyspace-events", &["KEA"], "AKE"),
        ("bind", &["127.0.0.1", "-::1"], "127.0.0.1 -::1"),
        ("replicaof", &["NO", "ONE"], ""),
        (
            "latency-tracking-info-percentiles",
            &["50.0", "99.90"],
            "50 99.9",
        ),
        (
            "client-output-buffer-limit",
            &["replica", "1mb", "2kb", "3"],
            "normal 0 0 0 slave 1048576 2048 3 pubsub 33554432 8388608 60",
        ),
    ];
    for (name, words, expected) in cases {
        assert_eq!(
            read_back(name, words).as_deref(),
            Ok(*expected),
            "{name} {words:?}"
        );
    }
}

#[test]
fn refused_values_give_redis_reasons() {
    let cases: &[(&str, &[&str], &str)] = &[
        (
            "protected-mode",
            &["maybe"],
            "argument must be 'yes' or 'no'",
        ),
        (
            "port",
            &["65536"],
            "argument must be between 0 and 65535 inclusive",
        ),
        (
            "port",
            &["1e3"],
            "argument couldn't be parsed into an integer",
        ),
        ("maxmemory", &["-1"], "argument must be a memory value"),
        ("maxmemory", &["1tb"], "argument must be a memory value"),
        (
            "proto-max-bulk-len",
            &["1"],
            "argument must be between 1048576 and 9223372036854775807 inclusive",
        ),
        (
            "maxmemory-clients",
            &["101%"],
            "percentage argument must be less or equal to 100",
        ),
        (
            "maxmemory-clients",
            &["x"],
            "argument must be a memory or percent value",
        ),
        (
            "unixsocketperm",
            &["888"],
            "argument couldn't be parsed as an octal number",
        ),
        (
            "unixsocketperm",
            &["7777"],
            "argument must be between 0 and 777 inclusive",
        ),
        (
            "loglevel",
            &["loud"],
            "argument(s) must be one of the following: debug, verbose, notice, warning",
        ),
        (
            "oom-score-adj",
            &["x"],
            "argument(s) must be one of the following: no, yes, relative, absolute",
        ),
        (
            "shutdown-on-sigint",
            &["save", "nosave"],
            "shutdown options SAVE and NOSAVE can't be used simultaneously",
        ),
        ("save", &["60"], "Invalid save parameters"),
        ("save", &["0", "1"], "Invalid save parameters"),
        (
            "notify-keyspace-events",
            &["Kq"],
            "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
        ),
        (
            "dbfilename",
            &["a/b"],
            "dbfilename can't be a path, just a filename",
        ),
        (
            "oom-score-adj-values",
            &["1", "2"],
            "wrong number of arguments",
        ),
        (
            "client-output-buffer-limit",
            &["normal", "0"],
            "Wrong number of arguments in buffer limit configuration.",
        ),
        (
            "client-output-buffer-limit",
            &["master", "0", "0", "0"],
            "Invalid client class specified in buffer limit configuration.",
        ),
        (
            "latency-tracking-info-percentiles",
            &["101"],
            "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
        ),
    ];
    for (name, words, expected) in cases {
        assert_eq!(
            read_back(name, words).unwrap_err(),
            *expected,
            "{name} {words:?}"
        );
    }
}
