//! The function developer's kit as its users have it: `redoxcache udf …` from an empty directory to a reply of a real server, and what it
//! says of guests that are wrong.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use harness::{Server, ServerBuilder, server::own_binary};

/// A directory of its own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "redox-kit-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Relaxed)
        );
        let dir = env::temp_dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        Place(dir)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a run of the kit came to.
struct Ran {
    good: bool,
    text: String,
}

/// Runs the kit in a directory. AssemblyScript's compiler is taken from the packages of the Node tests.
fn kit(dir: &Path, words: &[&str]) -> Ran {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("node/node_modules/.bin");
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(env::split_paths(&path).chain([packages])).unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new("timeout")
        .arg("300")
        .arg(own_binary())
        .arg("udf")
        .args(words)
        .current_dir(dir)
        .env("PATH", path)
        .env_remove("REDOX_URL")
        .output()
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr)
    );
    Ran {
        good: status.success(),
        text,
    }
}

/// Runs it; it must succeed.
#[track_caller]
fn good(dir: &Path, words: &[&str]) -> String {
    let ran = kit(dir, words);
    assert!(ran.good, "udf {words:?} fails:\n{}", ran.text);
    ran.text
}

/// Runs it; it must fail, and say each of `parts`.
#[track_caller]
fn bad(dir: &Path, words: &[&str], parts: &[&str]) {
    let ran = kit(dir, words);
    assert!(!ran.good, "udf {words:?} succeeds:\n{}", ran.text);
    for part in parts {
        assert!(
            ran.text.contains(part),
            "udf {words:?} does not say {part:?}:\n{}",
            ran.text
        );
    }
}

fn server() -> (Server, String) {
    let server = ServerBuilder::ours().start();
    let url = format!("redis://127.0.0.1:{}", server.port());
    (server, url)
}

fn from_nothing_to_a_reply(language: &str) {
    let place = Place::new();
    good(&place.0, &["new", "limiter", "--lang", language]);
    let dir = place.0.join("limiter");
    let built = kit(&dir, &["build"]);
    if !built.good && built.text.contains(" is missing: ") {
        println!("!! SKIPPED the {language} template: {}", built.text.trim());
        return;
    }
    assert!(built.good, "{}", built.text);
    assert!(
        built.text.contains("library 'limiter' for WASM"),
        "{}",
        built.text
    );
    let tested = good(&dir, &["test"]);
    assert!(tested.contains("5 passed, 0 failed"), "{tested}");

    let (server, url) = server();
    good(&dir, &["deploy", "--url", &url]);
    bad(
        &dir,
        &["deploy", "--url", &url],
        &["Library 'limiter' already exists", "--replace"],
    );
    good(&dir, &["deploy", "--replace", "--url", &url]);
    let mut conn = server.connect();
    let reply = conn.run("FCALL limiter 1 user:1 2 60000").show();
    assert!(reply.starts_with("[1 1 "), "{reply}");
    let list = good(&dir, &["ls", "--url", &url]);
    assert!(
        list.lines()
            .any(|line| line.starts_with("limiter  WASM    limiter")),
        "{list}"
    );
    let stats = good(&dir, &["stats", "limiter", "--url", &url]);
    assert!(
        stats
            .lines()
            .any(|line| line.starts_with("limiter  limiter   1")),
        "{stats}"
    );
    bad(
        &dir,
        &["stats", "nobody", "--url", &url],
        &["no function of 'nobody'"],
    );
    good(&dir, &["rm", "limiter", "--url", &url]);
    bad(
        &dir,
        &["rm", "limiter", "--url", &url],
        &["Library not found"],
    );
    assert!(
        conn.run("FCALL limiter 1 user:1 2 60000")
            .is_error("ERR Function not found")
    );
}

#[test]
fn from_nothing_to_a_reply_in_text() {
    from_nothing_to_a_reply("wat");
}

#[test]
fn from_nothing_to_a_reply_in_rust() {
    from_nothing_to_a_reply("rust");
}

#[test]
fn from_nothing_to_a_reply_in_c() {
    from_nothing_to_a_reply("c");
}

#[test]
fn from_nothing_to_a_reply_in_assemblyscript() {
    from_nothing_to_a_reply("assemblyscript");
}

/// The lines of the README's section about functions that are to be typed: those for the shell, and those for Python.
fn typed_lines() -> (String, String) {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = fs::read_to_string(readme).unwrap();
    let section = text
        .split("\n## ")
        .find(|part| part.starts_with("Functions"));
    let typed: Vec<&str> = section
        .expect("README has a section about functions")
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .collect();
    let at = typed.iter().position(|line| line.starts_with("import "));
    let (shell, python) = typed.split_at(at.expect("it goes on in Python"));
    (shell.join("\n"), python.join("\n"))
}

/// Who copies the README's lines, on a machine with nothing but the server and a compiler, gets a rate limiter that answers.
#[test]
fn the_lines_of_the_readme_do_what_they_say() {
    let place = Place::new();
    let (shell, python) = typed_lines();
    let bin = place.0.join("bin");
    fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(own_binary(), bin.join("redoxcache")).unwrap();
    let port = harness::server::free_port().to_string();
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.venv/bin/python");
    let python = python.replace("Redis()", &format!("Redis(port={port})"));
    place.write("reply.py", &format!("{python}\nprint(allowed, left)\n"));
    let script = format!(
        "export REDOX_URL=redis://127.0.0.1:{port}\n{shell}\ncode=$?\n[ -x {venv} ] && {venv} ../reply.py\nkill %1\nexit $code",
        venv = venv.display()
    )
    // The server is given a moment to come up, which somebody who types gives it anyway.
    .replace(" &\n", " & until redis-cli -p 6379 ping >/dev/null 2>&1; do sleep 0.05; done\n")
    .replace("redis-cli FCALL", "redis-cli -p 6379 FCALL");
    let script = script.replace("6379", &port);
    let ran = Command::new("timeout")
        .args(["300", "bash", "-c", &script])
        .current_dir(&place.0)
        .env_clear()
        .env("HOME", &place.0)
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let erred = String::from_utf8_lossy(&ran.stderr);
    if erred.contains(" is missing: ") {
        println!("!! SKIPPED the README's lines: {erred}");
        return;
    }
    assert!(ran.status.success(), "{script}\n{said}\n{erred}");
    assert!(said.contains("5 passed, 0 failed"), "{said}\n{erred}");
    assert!(
        said.contains("library 'limiter' is loaded"),
        "{said}\n{erred}"
    );
    assert!(said.contains("\n1\n9\n"), "{said}\n{erred}");
    if venv.exists() {
        assert!(said.contains("1 8\n"), "{said}\n{erred}");
    }
}

/// Copies a directory.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), &to).unwrap()),
        }
    }
}

#[test]
fn the_shipped_functions_pass_their_cases() {
    let place = Place::new();
    let udf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../udf");
    copy(&udf.join("sdk/rust"), &place.0.join("sdk/rust"));
    for entry in fs::read_dir(udf.join("examples")).unwrap().flatten() {
        if !entry.path().join("cases.toml").exists() {
            continue;
        }
        let dir = place.0.join("examples").join(entry.file_name());
        copy(&entry.path(), &dir);
        let ran = kit(&dir, &["test"]);
        if !ran.good && ran.text.contains(" is missing: ") {
            println!("!! SKIPPED the shipped functions: {}", ran.text.trim());
            return;
        }
        assert!(ran.good, "{}:\n{}", dir.display(), ran.text);
    }
}

const MEMORY: &str = "(memory (export \"memory\") 1)";

/// A module with a function `f` of this body, and what else is given.
fn with_f(rest: &str, body: &str) -> String {
    format!(
        "(module {rest} {MEMORY} (func (export \"f\") (param i32 i32 i32) (result i32) {body}))"
    )
}

#[test]
fn what_is_refused_is_named_by_build_test_deploy_and_server() {
    let place = Place::new();
    place.write("cases.toml", A_CASE);
    let (server, url) = server();
    let mut conn = server.connect();
    for (text, parts) in [
        (
            format!(
                "(module {MEMORY} (func (export \"f\") (param i32) (result i32) (i32.const 0)))"
            ),
            &[
                "function 'f' has the type (i32) -> i32, it must be (i32, i32, i32) -> i32",
                "argv, nkeys and nargs",
            ][..],
        ),
        (
            "(module (func (export \"f\") (param i32 i32 i32) (result i32) (i32.const 0)))".into(),
            &["has no memory", "(memory (export \"memory\") 1)"],
        ),
        (
            with_f(
                "(import \"env\" \"print\" (func (param i32)))",
                "(i32.const 0)",
            ),
            &["imports 'env' 'print'", "from 'redox1' only"],
        ),
        (
            with_f(
                "(import \"redox1\" \"gett\" (func (param i32)))",
                "(i32.const 0)",
            ),
            &["'redox1' has no function 'gett'"],
        ),
        (
            with_f(
                "(import \"redox1\" \"strlen\" (func (param i32) (result i32)))",
                "(i32.const 0)",
            ),
            &[
                "import 'strlen' has the type",
                "it must be (i32, i32) -> i32",
                "docs/functions/abi.md",
            ],
        ),
        (
            with_f("(data (i32.const 65530) \"0123456789\")", "(i32.const 0)"),
            &["data segment 0", "out of bounds", "2 pages"],
        ),
        (
            format!(
                "(module {MEMORY} (func (export \"a-b\") (param i32 i32 i32) (result i32) (i32.const 0)))"
            ),
            &["function 'a-b'", "letters, digits and underscores"],
        ),
        (
            format!(
                "(module (import \"redox1\" \"register\" (func $r (param i32 i32 i32) (result i32))) {MEMORY} (data (i32.const 0) \"g\") (func (export \"g\") (param i32)) (func (export \"redox_load\") (result i32) (call $r (i32.const 0) (i32.const 1) (i32.const 0))))"
            ),
            &["function 'g' has the type (i32) -> nothing"],
        ),
        (
            format!("(module {MEMORY})"),
            &[
                "No functions registered in library 'wrong'",
                "export one of type",
            ],
        ),
        (with_f("", "(local.get 9)"), &["unknown local"]),
        ("(module (func".into(), &["expected"]),
    ] {
        let path = place.write("wrong.wat", &text);
        let path = path.to_str().unwrap();
        bad(&place.0, &["build", path], parts);
        bad(&place.0, &["test", path], parts);
        bad(&place.0, &["deploy", path, "--url", &url], parts);
        let code = format!("#!wasm name=wrong\n{text}");
        let reply = conn.call(&["FUNCTION", "LOAD", &code]).show();
        for part in parts {
            assert!(
                reply.contains(part),
                "the server does not say {part:?}: {reply}"
            );
        }
    }
}

const A_CASE: &str = "[[case]]\nname = \"it replies\"\ncall = \"f 1 k\"\nexpect = 1\n";

const RET: &str = "(import \"redox1\" \"ret_array\" (func $array (param i32))) (import \"redox1\" \"ret_int\" (func $int (param i64)))";
const STRLEN: &str = "(import \"redox1\" \"strlen\" (func $strlen (param i32 i32) (result i32)))";

#[test]
fn what_fails_in_a_call_is_named_by_test_and_server() {
    let place = Place::new();
    place.write("cases.toml", A_CASE);
    let (server, url) = server();
    let mut conn = server.connect();
    for (text, kind, advice) in [
        (
            with_f("", "(loop $l (br $l)) (i32.const 0)"),
            "time limit of",
            "bound its loops",
        ),
        (
            with_f("", "(i32.load (i32.const -8))"),
            "out of bounds memory access",
            "check its pointers and lengths",
        ),
        (
            with_f(STRLEN, "(call $strlen (i32.const 65536) (i32.const 70000))"),
            "out of bounds pointer",
            "check its pointers and lengths",
        ),
        (
            with_f(
                RET,
                "(loop $l (call $array (i32.const 1)) (br $l)) (i32.const 0)",
            ),
            "its reply nests too deep",
            "flatten its reply",
        ),
        (
            with_f(
                RET,
                "(call $array (i32.const 2)) (call $int (i64.const 1)) (i32.const 0)",
            ),
            "its reply is incomplete",
            "write that many",
        ),
        (
            with_f(
                RET,
                "(call $int (i64.const 1)) (call $int (i64.const 1)) (i32.const 0)",
            ),
            "it replies twice",
            "announce several values with ret_array",
        ),
        (
            with_f("", "(i32.const -1)"),
            "it fails without an error",
            "ret_error",
        ),
        (
            with_f("", "(i32.const 7)"),
            "the unknown status 7",
            "return 0, -1",
        ),
        (with_f("", "unreachable"), "unreachable", "panicked"),
    ] {
        let path = place.write("guest.wat", &text);
        let path = path.to_str().unwrap();
        bad(
            &place.0,
            &["test", path],
            &["function 'f' trapped", kind, advice, "0 passed, 1 failed"],
        );
        good(&place.0, &["deploy", path, "--replace", "--url", &url]);
        let reply = conn.run("FCALL f 1 k").show();
        assert!(
            reply.contains("function 'f' trapped")
                && reply.contains(kind)
                && reply.contains(advice),
            "{reply}"
        );
    }
    let stats = good(&place.0, &["stats", "guest", "--url", &url]);
    assert!(stats.contains("guest    f"), "{stats}");
}

const LUA: &str = "#!lua name=words
redis.register_function('greet', function(keys, args)
    redis.call('INCR', 'greeted')
    return 'hello ' .. args[1]
end)
redis.register_function{function_name = 'greeted', flags = {'no-writes'}, callback = function(keys)
    return tonumber(redis.call('GET', keys[1]) or 0)
end}
";

#[test]
fn from_nothing_to_a_reply_in_lua() {
    let place = Place::new();
    place.write("words.lua", LUA);
    let cases = "[[case]]\nname = \"it greets\"\ncall = \"greet 0 you\"\nexpect = \"hello you\"\nexpect_keys = { \"GET greeted\" = \"1\" }\n\n\
        [[case]]\nname = \"it counts\"\nsetup = [\"SET greeted 7\"]\ncall = \"greeted 1 greeted\"\nexpect = 7\n";
    place.write("cases.toml", cases);
    let built = good(&place.0, &["build"]);
    assert!(built.contains("library 'words' for LUA"), "{built}");
    assert!(built.contains("  greeted  [no-writes]"), "{built}");
    let tested = good(&place.0, &["test"]);
    assert!(tested.contains("2 passed, 0 failed"), "{tested}");
    let (server, url) = server();
    good(&place.0, &["deploy", "words.lua", "--url", &url]);
    let mut conn = server.connect();
    assert_eq!(conn.run("FCALL greet 0 you").text(), "hello you");
    assert_eq!(conn.run("FCALL_RO greeted 1 greeted").int(), Some(1));
    let list = good(&place.0, &["ls", "--url", &url]);
    let is_there = |line: &str| line.split_whitespace().take(2).eq(["words", "LUA"]);
    assert!(list.lines().any(is_there), "{list}");
    good(&place.0, &["rm", "words", "--url", &url]);
    let one = good(&place.0, &["test", "--only", "counts"]);
    assert!(one.contains("1 passed, 0 failed"), "{one}");
    bad(
        &place.0,
        &["test", "--only", "nothing"],
        &["no case has 'nothing' in its name"],
    );
}

#[test]
fn what_is_wrong_with_a_library_in_lua_is_named_by_build_test_deploy_and_server() {
    let place = Place::new();
    place.write("cases.toml", A_CASE);
    let (server, url) = server();
    let mut conn = server.connect();
    let register = "redis.register_function";
    for (body, parts) in [
        (
            "local x = 1".to_owned(),
            &[
                "No functions registered in library 'wrong'",
                "redis.register_function",
            ][..],
        ),
        ("local x = = 1".to_owned(), &["unexpected symbol"]),
        (format!("{register}('f', 1)"), &["must be a function"]),
        (
            format!("{register}('a-b', function() end)"),
            &["can only contain letters"],
        ),
        ("redis.call('GET', 'k')".to_owned(), &["call"]),
        ("while true do end".to_owned(), &["timeout"]),
    ] {
        let code = format!("#!lua name=wrong\n{body}\n");
        let path = place.write("wrong.lua", &code);
        let path = path.to_str().unwrap();
        for words in [
            &["build", path][..],
            &["test", path],
            &["deploy", path, "--url", &url],
        ] {
            bad(&place.0, words, parts);
        }
        let reply = conn.call(&["FUNCTION", "LOAD", &code]).show();
        for part in parts {
            assert!(reply.contains(part), "{body}: {reply} lacks {part:?}");
        }
    }
    // A call that never ends, and one that fails.
    let code = "#!lua name=wrong\nredis.register_function('f', function() while true do end end)\n";
    let path = place.write("wrong.lua", code);
    bad(
        &place.0,
        &["test", path.to_str().unwrap()],
        &["killed", "bound its loops", "0 passed, 1 failed"],
    );
    let code = "#!lua name=wrong\nredis.register_function('f', function() return redis.call('HGETALL', {}) end)\n";
    let path = place.write("wrong.lua", code);
    bad(
        &place.0,
        &["test", path.to_str().unwrap()],
        &["must be strings or integers", "0 passed, 1 failed"],
    );
}

#[test]
fn cases_show_what_was_otherwise() {
    let place = Place::new();
    let cases = "[[case]]\nname = \"first\"\nsetup = [\"SET k 12\"]\ncall = \"f 1 k\"\nexpect = [1, 3]\nexpect_keys = { \"GET k\" = \"12\" }\n";
    place.write("cases.toml", cases);
    let body = "(call $array (i32.const 2)) (call $int (i64.const 1)) (call $int (i64.extend_i32_s (call $strlen (i32.load (local.get 0)) (i32.load offset=4 (local.get 0))))) (i32.const 0)";
    place.write("guest.wat", &with_f(&format!("{RET} {STRLEN}"), body));
    bad(
        &place.0,
        &["test"],
        &[
            "FAILED first",
            "expected: [1, 3]",
            "found:    [1, 2]",
            "0 passed, 1 failed",
            "1 of 1 cases failed",
        ],
    );
    place.write("cases.toml", &cases.replace("[1, 3]", "[1, 2]"));
    good(&place.0, &["test"]);
    place.write(
        "cases.toml",
        &cases
            .replace("[1, 3]", "[1, 2]")
            .replace("\"12\" }", "\"13\" }"),
    );
    bad(
        &place.0,
        &["test"],
        &["GET k", "expected: \"13\"", "found:    \"12\""],
    );
    place.write("cases.toml", &cases.replace("f 1 k", "g 1 k"));
    bad(
        &place.0,
        &["test"],
        &["Function not found", "library 'guest' has f"],
    );
    place.write("cases.toml", &cases.replace("setup", "setpu"));
    bad(&place.0, &["test"], &["cases.toml", "setpu"]);
}

#[test]
fn servers_that_cannot_be_used_are_told_apart() {
    let place = Place::new();
    bad(
        &place.0,
        &["ls", "--url", "redis://127.0.0.1:1"],
        &["no server answers", "REDOX_URL"],
    );
    bad(
        &place.0,
        &["ls", "--url", "rediss://127.0.0.1:1"],
        &["does not speak TLS"],
    );
    bad(&place.0, &["ls", "--url", "http//x"], &["not an address"]);
    let locked = ServerBuilder::ours()
        .args(&["--requirepass", "secret"])
        .unix_socket()
        .start();
    let at = |user: &str| format!("redis://{user}127.0.0.1:{}", locked.port());
    bad(
        &place.0,
        &["ls", "--url", &at("")],
        &["wants a password", "redis://user:password@host"],
    );
    bad(
        &place.0,
        &["ls", "--url", &at(":wrong@")],
        &["not accepted"],
    );
    assert_eq!(
        good(&place.0, &["ls", "--url", &at(":secret@")]),
        "no libraries\n"
    );
    let socket = format!("redis+unix://{}?pass=secret", locked.socket().display());
    assert_eq!(good(&place.0, &["ls", "--url", &socket]), "no libraries\n");
    let mut conn = locked.connect();
    conn.run("AUTH secret");
    conn.run("ACL SETUSER reader on >r ~* +@read");
    bad(
        &place.0,
        &["ls", "--url", &at("reader:r@")],
        &["NOPERM", "+function"],
    );
}
