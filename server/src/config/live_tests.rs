//! CONFIG GET and SET as clients see them.

use super::*;

fn config() -> Config {
    Config::new(Values::default(), None)
}

fn get(config: &Config, patterns: &[&str]) -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let pairs = config.get(patterns.iter().map(|pattern| pattern.as_bytes()));
    pairs
        .into_iter()
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

fn set(config: &Config, pairs: &[(&str, &str)]) -> Result<(), String> {
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    config
        .set(pairs, false, |_, _| Ok(()))
        .map_err(|error| error.to_string())
}

#[test]
fn get_answers_globs_aliases_and_names_as_written() {
    let config = config();
    let names = |patterns: &[&str]| {
        get(&config, patterns)
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&["maxmemory*"]).len(), 5);
    assert_eq!(
        names(&["*max-*-entries", "hash-max-ziplist-entries"]).len(),
        6
    );
    assert_eq!(names(&["slave-read-only"]), ["slave-read-only"]);
    assert_eq!(names(&["MaxMemory", "maxmemory"]), ["MaxMemory"]);
    assert_eq!(names(&["nothing", "no*such"]), [] as [&str; 0]);
    assert_eq!(
        names(&["watchdog*"]),
        [] as [&str; 0],
        "hidden ones need their exact name"
    );
    assert_eq!(names(&["watchdog-period"]), ["watchdog-period"]);
}

#[test]
fn set_is_all_or_nothing() {
    let config = config();
    let mut reader = config.reader();
    assert!(!reader.refresh(&config));
    set(
        &config,
        &[("maxmemory", "1gb"), ("notify-keyspace-events", "KEA")],
    )
    .expect("settable");
    assert!(reader.refresh(&config));
    assert_eq!(reader.settings().maxmemory, 1 << 30);
    assert_eq!(get(&config, &["notify-keyspace-events"])[0].1, "AKE");

    let refused = set(&config, &[("maxmemory", "2gb"), ("timeout", "x")]).unwrap_err();
    assert_eq!(
        refused,
        "ERR CONFIG SET failed (possibly related to argument 'timeout') - argument couldn't be parsed into an integer"
    );
    assert_eq!(config.settings().maxmemory, 1 << 30);
    let pairs = [("maxmemory".as_bytes(), "3gb".as_bytes())];
    let vetoed = config.set(pairs.into_iter(), false, |_, _| {
        Err(SetError::failed("maxmemory", "no"))
    });
    assert!(vetoed.is_err());
    assert_eq!(config.settings().maxmemory, 1 << 30);
    assert!(!reader.refresh(&config));
}

#[test]
fn set_refuses_with_redis_texts() {
    let config = config();
    let failed = |argument: &str, reason: &str| {
        format!("ERR CONFIG SET failed (possibly related to argument '{argument}') - {reason}")
    };
    let cases: &[(&[(&str, &str)], String)] = &[
        (
            &[("Nope", "1")],
            "ERR Unknown option or number of arguments for CONFIG SET - 'Nope'".to_owned(),
        ),
        (
            &[("timeout", "1"), ("TIMEOUT", "2")],
            failed("TIMEOUT", "duplicate parameter"),
        ),
        (
            &[("Databases", "1")],
            failed("Databases", "can't set immutable config"),
        ),
        (
            &[("dir", "/tmp")],
            failed("dir", "can't set protected config"),
        ),
        (
            &[("appendonly", "yes")],
            failed("appendonly", "the append-only file is not supported yet"),
        ),
        (
            &[("maxclients", "0")],
            failed(
                "maxclients",
                "argument must be between 1 and 4294967295 inclusive",
            ),
        ),
    ];
    for (pairs, expected) in cases {
        assert_eq!(set(&config, pairs).unwrap_err(), *expected);
    }
    set(
        &config,
        &[
            ("appendonly", "no"),
            ("save", ""),
            ("slave-read-only", "no"),
        ],
    )
    .expect("accepted");
}
