//! Users and their rights over real sockets: what one connection changes holds for all others at once, on whatever core, and
//! every reply is Redis's.

use harness::{Conn, Reply, Server, ServerBuilder, matrix};
use redis::RedisResult;
use std::fs;
use std::time::{Duration, Instant};

const NO_KEY: &str =
    "NOPERM this user has no permissions to access one of the keys used as arguments";

/// A connection of a user that is made first.
fn user(server: &Server, name: &str, rules: &str) -> Conn {
    let made = server
        .connect()
        .run(&format!("ACL SETUSER {name} on nopass {rules}"));
    assert_eq!(made.text(), "OK", "{rules}");
    let mut conn = server.connect();
    assert_eq!(conn.run(&format!("AUTH {name} x")).text(), "OK");
    conn
}

/// The fields of a flat map reply.
fn field(map: &Reply, name: &str) -> String {
    let pairs = map.items().chunks(2);
    let mut found = pairs.filter(|pair| pair[0].text() == name);
    found.next().map_or_else(String::new, |pair| show(&pair[1]))
}

/// Whether the connection ends soon.
fn ends(conn: &mut Conn) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        if conn.try_call(&["PING"]).is_err() {
            return true;
        }
    }
    false
}

/// The words of a reply in a fixed order: that in which Redis lists commands is not the same twice.
fn words(reply: &Reply) -> Vec<String> {
    let mut words: Vec<String> = match reply.items() {
        [] => show(reply).split(' ').map(str::to_owned).collect(),
        items => items.iter().flat_map(words).collect(),
    };
    words.sort();
    words
}

/// A reply that holds no others, as text.
fn show(reply: &Reply) -> String {
    reply
        .int()
        .map_or_else(|| reply.text(), |number| number.to_string())
}

/// What redis-server answers to the same lines, on one connection; replies that differ by nature are left out.
#[test]
fn the_conversation_is_redis_own() {
    let lines: Vec<&str> = include_str!("acl_conversation.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    matrix(&[], |server| {
        let theirs = ServerBuilder::reference().start();
        let (mut ours, mut reference) = (server.connect(), theirs.connect());
        for line in &lines {
            let (our, their) = (ours.run(line), reference.run(line));
            assert_eq!(words(&our), words(&their), "{line}");
        }
    });
}

#[test]
fn a_change_holds_at_once_on_every_connection() {
    matrix(&[], |server| {
        let mut admin = server.connect();
        let mut conns: Vec<Conn> = (0..4).map(|_| user(server, "bob", "~a* +@all")).collect();
        for round in 0..20 {
            let rule = ["-get", "+get"][round % 2];
            admin.run(&format!("ACL SETUSER bob {rule}"));
            for conn in &mut conns {
                let denied = conn.run("GET abc").is_error("NOPERM");
                assert_eq!(denied, rule == "-get");
            }
        }
    });
}

#[test]
fn a_pipeline_is_judged_request_by_request() {
    matrix(&[], |server| {
        let mut bob = user(server, "bob", "~a* +@all -incr");
        let lines = [
            ("SET a 1", "OK"),
            ("SET b 1", NO_KEY),
            ("GET a", "1"),
            (
                "INCR a",
                "NOPERM this user has no permissions to run the 'incr' command",
            ),
            ("ACL SETUSER bob +incr", "OK"),
            ("INCR a", "2"),
            ("AUTH default x", "OK"),
            ("SET b 1", "OK"),
            ("AUTH bob x", "OK"),
            ("GET b", NO_KEY),
            ("GET a", "2"),
        ];
        for (line, _) in &lines {
            bob.send(&line.split(' ').collect::<Vec<_>>())
                .expect("sent");
        }
        for (line, reply) in &lines {
            assert_eq!(show(&bob.read().expect("a reply")), *reply, "{line}");
        }
    });
}

#[test]
fn connections_of_a_deleted_user_end() {
    matrix(&[], |server| {
        let mut conns: Vec<Conn> = (0..4).map(|_| user(server, "bob", "+@all")).collect();
        let mut own = user(server, "bob", "+@all");
        assert_eq!(own.run("ACL DELUSER bob nobody").int(), Some(1));
        assert!(own.try_call(&["PING"]).is_err());
        assert!(conns.iter_mut().all(ends));
        assert!(server.connect().run("AUTH bob x").is_error("WRONGPASS"));
        // Another user of that name is somebody else.
        let mut again = user(server, "bob", "+ping");
        assert_eq!(again.run("PING").text(), "PONG");
    });
}

#[test]
fn exec_asks_again() {
    matrix(&[], |server| {
        let mut admin = server.connect();
        let mut bob = user(server, "bob", "~a* +@all");
        bob.run("MULTI");
        assert!(bob.run("GET b").is_error("NOPERM"));
        assert!(bob.run("EXEC").is_error("EXECABORT"));
        bob.run("MULTI");
        bob.run("SET a 1");
        bob.run("INCR a");
        admin.run("ACL SETUSER bob -incr");
        let replies = bob.run("EXEC");
        assert_eq!(replies.items()[0].text(), "OK");
        assert_eq!(
            replies.items()[1].text(),
            "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: no permission to execute the command or subcommand"
        );
        let log = admin.run("ACL LOG 1");
        assert_eq!(field(&log.items()[0], "context"), "multi");
        assert_eq!(field(&log.items()[0], "object"), "incr");
        bob.run("MULTI");
        admin.run("ACL SETUSER bob -exec");
        assert_eq!(
            bob.run("EXEC").text(),
            "EXECABORT Transaction discarded because of: NOPERM this user has no permissions to run the 'exec' command"
        );
    });
}

#[test]
fn denials_are_logged_and_counted() {
    matrix(&[], |server| {
        let mut admin = server.connect();
        let mut bob = user(server, "bob", "+get");
        bob.run("CLIENT SETNAME x");
        bob.run("GET secret");
        bob.run("GET secret");
        bob.run("AUTH bob2 wrong");
        let log = admin.run("ACL LOG");
        let seen: Vec<[String; 5]> = log
            .items()
            .iter()
            .map(|entry| {
                ["count", "reason", "context", "object", "username"].map(|name| field(entry, name))
            })
            .collect();
        assert_eq!(
            seen,
            [
                ["1", "auth", "toplevel", "AUTH", "bob2"],
                ["2", "key", "toplevel", "secret", "bob"],
                ["1", "command", "toplevel", "client|setname", "bob"],
            ]
        );
        let client = field(&log.items()[1], "client-info");
        assert!(client.contains(" cmd=get user=bob "), "{client}");
        for (name, count) in [("auth", "1"), ("cmd", "1"), ("key", "2"), ("channel", "0")] {
            let counted = server.info(&format!("acl_access_denied_{name}"));
            assert_eq!(counted.as_deref(), Some(count), "{name}");
        }
        admin.run("ACL LOG RESET");
        assert!(admin.run("ACL LOG").items().is_empty());
    });
}

#[test]
fn the_default_user_and_requirepass_are_one() {
    let server = ServerBuilder::ours()
        .args(&["--requirepass", "one"])
        .start();
    let mut admin = server.connect();
    assert!(admin.run("GET a").is_error("NOAUTH"));
    assert!(admin.run("HELLO 3").is_error("NOAUTH"));
    assert_eq!(admin.run("AUTH one").text(), "OK");
    admin.run("ACL SETUSER default >two");
    for password in ["one", "two"] {
        assert_eq!(
            server.connect().run(&format!("AUTH {password}")).text(),
            "OK"
        );
    }
    admin.run("CONFIG SET requirepass three");
    assert!(server.connect().run("AUTH two").is_error("WRONGPASS"));
    assert_eq!(server.connect().run("AUTH three").text(), "OK");
    let mut waiting = server.connect();
    admin.call(&["CONFIG", "SET", "requirepass", ""]);
    assert_eq!(
        waiting.run("PING").text(),
        "PONG",
        "no password is asked for any more"
    );
    admin.run("ACL SETUSER default off");
    assert!(server.connect().run("PING").is_error("NOAUTH"));
    assert_eq!(admin.run("PING").text(), "PONG", "who is in stays in");
    admin.run("ACL SETUSER default on");
    assert_eq!(admin.run("RESET").text(), "RESET");
    assert_eq!(admin.run("PING").text(), "PONG");
}

#[test]
fn users_survive_in_files() {
    let server = ServerBuilder::ours().start();
    let path = server.dir().join("users.acl");
    fs::write(
        &path,
        "user alice on >pw ~* +@all\n\nuser default on nopass ~* &* +@all\n",
    )
    .unwrap();
    let path = path.display().to_string();
    let server = ServerBuilder::ours().args(&["--aclfile", &path]).start();
    let mut admin = server.connect();
    admin.run("ACL SETUSER bob on nopass +get ~b");
    assert_eq!(admin.run("ACL SAVE").text(), "OK");
    let saved = fs::read_to_string(&path).unwrap();
    assert_eq!(saved.lines().count(), 3, "{saved}");
    let mut bob = server.connect();
    bob.run("AUTH bob x");
    assert_eq!(admin.run("ACL LOAD").text(), "OK");
    assert!(ends(&mut bob));
    assert_eq!(admin.run("ACL USERS").items().len(), 3);
    for (text, error) in [
        (
            "user x on\nuser x off\n",
            "Duplicate user 'x' found on line 2. ",
        ),
        (
            "user x +nonsense\n",
            ":1: Error in applying operation '+nonsense': Unknown command or category name in ACL. ",
        ),
        (
            "nonsense\n",
            ":1 should start with user keyword followed by the username. ",
        ),
        (
            "user x (+get\n",
            ":1: Unmatched parenthesis in selector definition.",
        ),
    ] {
        fs::write(&path, text).unwrap();
        let refused = admin.run("ACL LOAD").text();
        assert!(refused.contains(error), "{refused}");
        assert!(refused.ends_with("WARNING: ACL errors detected, no change to the previously active ACL rules was performed"));
    }
    assert_eq!(admin.run("ACL USERS").items().len(), 3);
}

#[test]
fn users_are_configured_and_rewritten() {
    let dir = ServerBuilder::ours().start();
    let file = dir.dir().join("redis.conf");
    fs::write(&file, "# mine\nuser bob on nopass ~* +@all -flushall (+get ~x)\nuser default on nopass ~* +ping +config\n").unwrap();
    let file = file.display().to_string();
    let server = ServerBuilder::ours().config_file(&file).start();
    let mut admin = server.connect();
    assert!(admin.run("GET a").is_error("NOPERM"));
    admin.run("AUTH bob x");
    assert!(admin.run("FLUSHALL").is_error("NOPERM"));
    admin.run("ACL SETUSER carol on >pw");
    assert_eq!(admin.run("CONFIG REWRITE").text(), "OK");
    let text = fs::read_to_string(&file).unwrap();
    let users: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("user "))
        .collect();
    assert_eq!(
        users,
        [
            "user bob on nopass ~* resetchannels +@all -flushall (~x resetchannels -@all +get)",
            "user carol on #30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4 resetchannels -@all",
            "user default on nopass sanitize-payload ~* resetchannels -@all +config +ping",
        ],
        "{text}"
    );
    assert!(text.starts_with("# mine\n"));
}

#[test]
fn mistakes_in_users_stop_the_start() {
    for (flags, text) in [
        (
            &["--user", "foo", "--user", "foo"][..],
            "Duplicate user found. A user can only be defined once in config files",
        ),
        (
            &["--user", "foo", "+nonsense"],
            "Unknown command or category name in ACL",
        ),
        (
            &["--user", "foo", "on", "--aclfile", "/nowhere"],
            "please define either an ACL file or declare users directly in your redis.conf",
        ),
        (
            &["--aclfile", "/nowhere"],
            "Error loading ACLs, opening file '/nowhere': No such file or directory",
        ),
    ] {
        let refused = ServerBuilder::ours().args(flags).try_start();
        let refused = refused.err().expect("it must not start");
        assert!(refused.contains(text), "{refused}");
    }
}

/// A whole session of the `redis` crate as a restricted user.
#[test]
fn client_libraries_work_as_users() {
    let carol = ["--user", "carol", "on", ">pw", "~c:*", "+@all"];
    matrix(&carol, |server| {
        for protocol in ["", "?protocol=resp3"] {
            let url = format!("redis://carol:pw@127.0.0.1:{}/{protocol}", server.port());
            let client = redis::Client::open(url).expect("a url");
            let mut conn = client.get_connection().expect("logged in");
            let set: RedisResult<String> = redis::cmd("SET").arg("c:1").arg(1).query(&mut conn);
            assert_eq!(set.as_deref(), Ok("OK"));
            let denied: RedisResult<String> = redis::cmd("GET").arg("d").query(&mut conn);
            assert_eq!(denied.unwrap_err().code(), Some("NOPERM"));
            let who: String = redis::cmd("ACL")
                .arg("WHOAMI")
                .query(&mut conn)
                .expect("allowed");
            assert_eq!(who, "carol");
        }
        let wrong = format!("redis://carol:no@127.0.0.1:{}/", server.port());
        let client = redis::Client::open(wrong).expect("a url");
        assert!(client.get_connection().is_err());
    });
}

#[test]
fn clients_are_killed_by_user_and_age() {
    matrix(&[], |server| {
        let mut admin = server.connect();
        let mut bob = user(server, "bob", "+@all");
        let list = admin.run("CLIENT LIST").text();
        assert!(
            list.lines().any(|line| line.contains(" user=bob ")),
            "{list}"
        );
        assert_eq!(admin.run("CLIENT KILL USER bob MAXAGE 1000").int(), Some(0));
        assert_eq!(admin.run("CLIENT KILL USER bob").int(), Some(1));
        assert!(!admin.run("CLIENT LIST").text().contains("user=bob"));
        assert!(ends(&mut bob));
        assert!(
            admin
                .run("CLIENT KILL USER nobody")
                .is_error("ERR No such user 'nobody'")
        );
    });
}

#[test]
fn subscribers_go_when_their_channels_do() {
    matrix(&[], |server| {
        let mut admin = server.connect();
        for (subscribe, rules, stays) in [
            ("SUBSCRIBE a1", "resetchannels &a1 &b", true),
            ("SUBSCRIBE a1", "resetchannels &b", false),
            ("PSUBSCRIBE a*", "resetchannels &a* &c", true),
            ("PSUBSCRIBE a*", "resetchannels &*a*", false),
            ("SSUBSCRIBE s1", "resetchannels &a*", false),
            ("SUBSCRIBE a1", "allchannels", true),
        ] {
            let mut conns: Vec<Conn> = (0..4)
                .map(|_| user(server, "bob", "resetchannels &a* &s1 +@all"))
                .collect();
            for conn in &mut conns {
                assert_eq!(show(&conn.run(subscribe).items()[2]), "1");
            }
            assert!(conns[0].run("SUBSCRIBE other").is_error("NOPERM"));
            admin.run(&format!("ACL SETUSER bob {rules}"));
            for conn in &mut conns {
                match stays {
                    true => assert!(conn.try_call(&["PING"]).is_ok(), "{subscribe} {rules}"),
                    false => assert!(ends(conn), "{subscribe} {rules}"),
                }
            }
            admin.run("ACL DELUSER bob");
        }
    });
}
