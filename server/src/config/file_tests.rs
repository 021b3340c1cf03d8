//! Files as users write them.

use super::*;

fn load(text: &str) -> Result<Loader, String> {
    let mut loader = Loader::new(std::env::temp_dir());
    loader
        .read_text(text.as_bytes())
        .map_err(|error| error.to_string())?;
    Ok(loader)
}

fn shown(loader: &Loader, name: &str) -> String {
    String::from_utf8(loader.values.show(id_of(name))).expect("text")
}

#[test]
fn later_lines_win_and_save_lines_add_up() {
    let loader = load(
        "# a comment\n\n  PORT 7000 \nport 7001\nsave 900 1\nsave 60 10\nslave-read-only no\n\
         client-output-buffer-limit normal 1mb 0 0\nhash-max-ziplist-entries 7\nrequirepass \"a b\"\n",
    )
    .expect("valid");
    assert_eq!(shown(&loader, "port"), "7001");
    assert_eq!(shown(&loader, "save"), "900 1 60 10");
    assert_eq!(shown(&loader, "replica-read-only"), "no");
    assert_eq!(shown(&loader, "hash-max-listpack-entries"), "7");
    assert_eq!(shown(&loader, "requirepass"), "a b");
    assert!(
        shown(&loader, "client-output-buffer-limit")
            .starts_with("normal 1048576 0 0 slave 268435456")
    );
    assert_eq!(
        shown(&load("save 900 1\nsave \"\"\n").expect("valid"), "save"),
        ""
    );
    assert_eq!(
        shown(&load("save \"60 1 30 2\"").expect("valid"), "save"),
        "60 1 30 2"
    );
}

#[test]
fn mistakes_stop_with_line_and_reason() {
    let cases = [
        (
            "port 1\nnonsense 1",
            2,
            "nonsense 1",
            "Bad directive or wrong number of arguments",
        ),
        ("port", 1, "port", "wrong number of arguments"),
        ("port 1 2", 1, "port 1 2", "wrong number of arguments"),
        (
            "\n\nport x",
            3,
            "port x",
            "argument couldn't be parsed into an integer",
        ),
        (
            "logfile \"a",
            1,
            "logfile \"a",
            "Unbalanced quotes in configuration line",
        ),
        (
            "appendonly yes",
            1,
            "appendonly yes",
            "the append-only file is not supported yet",
        ),
        (
            "replicaof h 1",
            1,
            "replicaof h 1",
            "replication is not supported yet",
        ),
        (
            "cluster-enabled yes",
            1,
            "cluster-enabled yes",
            "cluster mode is not supported yet",
        ),
        (
            "dir /no/such/place",
            1,
            "dir /no/such/place",
            "No such file or directory",
        ),
        (
            "user ads on\nuser ads off",
            2,
            "user ads off",
            "Duplicate user found. A user can only be defined once in config files",
        ),
    ];
    for (text, number, line, reason) in cases {
        let error = load(text).expect_err(text);
        let expected = format!(
            "\n*** FATAL CONFIG FILE ERROR (RedoxCache {}) ***\nReading the configuration file, at line {number}\n>>> '{line}'\n{reason}",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(error, expected);
    }
}

#[test]
fn what_promises_nothing_is_accepted_and_reported() {
    let loader = load(
        "appendonly no\nsave 60 1\nreplicaof no one\nio-threads 4\nlua-replicate-commands yes",
    )
    .expect("valid");
    let ignored: Vec<_> = loader.values.ignored().map(|(name, _)| name).collect();
    assert_eq!(ignored, ["io-threads", "save"]);
}

#[test]
fn renames_are_collected_with_their_line() {
    let loader = load("rename-command FLUSHALL \"\"\nrename-command config cfg").expect("valid");
    assert_eq!(loader.renames.len(), 2);
    assert_eq!(loader.renames[0].to, b"");
    let error = loader.renames[1].no_such_command().to_string();
    assert!(
        error.ends_with(
            "at line 2\n>>> 'rename-command config cfg'\nNo such command in rename-command"
        ),
        "{error}"
    );
}

#[test]
fn includes_follow_globs_and_stop_on_loops() {
    let root = std::env::temp_dir().join(format!("redox-include-{}", std::process::id()));
    fs::create_dir_all(&root).expect("a directory");
    fs::write(root.join("a.conf"), "port 1\n").expect("written");
    fs::write(root.join("b.conf"), "port 2\n").expect("written");
    fs::write(
        root.join("loop"),
        format!("include {}/loop", root.display()),
    )
    .expect("written");
    let read = |text: String| load(&text);
    let dir = root.display();
    assert_eq!(
        shown(
            &read(format!("port 9\ninclude {dir}/*.conf")).expect("valid"),
            "port"
        ),
        "2"
    );
    assert_eq!(
        shown(
            &read(format!("dir {dir}\ninclude a.conf")).expect("valid"),
            "port"
        ),
        "1"
    );
    assert_eq!(
        shown(
            &read(format!("port 9\ninclude {dir}/*.none")).expect("valid"),
            "port"
        ),
        "9"
    );
    let missing = read(format!("include {dir}/missing")).expect_err("missing");
    assert_eq!(
        missing,
        format!("Fatal error, can't open config file '{dir}/missing': No such file or directory")
    );
    assert!(
        read(format!("include {dir}/loop"))
            .expect_err("a loop")
            .ends_with("Too many nested includes")
    );
    fs::remove_dir_all(&root).expect("removed");
}
