//! Starting and stopping: flags as redis-server takes them, a clean end on SIGTERM, a quick one on the second.

use harness::{Conn, ServerBuilder, matrix};
use std::time::Duration;

#[test]
fn sigterm_ends_it_with_status_zero() {
    for driver in ["auto", "epoll"] {
        let mut server = ServerBuilder::ours()
            .args(&["--io-driver", driver])
            .threads(2)
            .unix_socket()
            .start();
        let mut conn = server.connect();
        conn.run("SET k v");
        server.signal("TERM");
        let status = server
            .wait_exit(Duration::from_secs(60))
            .expect("it ends within a minute");
        assert_eq!(status.code(), Some(0));
        assert!(conn.try_call(&["PING"]).is_err(), "clients are let go");
        assert!(!server.socket().exists(), "the Unix socket is removed");
    }
}

#[test]
fn shutdown_command_ends_it() {
    let mut server = ServerBuilder::ours().threads(2).start();
    server.connect().send(&["SHUTDOWN", "NOSAVE"]).unwrap();
    assert_eq!(
        server
            .wait_exit(Duration::from_secs(60))
            .and_then(|status| status.code()),
        Some(0)
    );
}

#[test]
fn shutdown_saves_before_it_ends_if_it_is_asked_to() {
    let mut server = ServerBuilder::ours().threads(2).start();
    let mut conn = server.connect();
    conn.run("SET k v");
    let file = server.dir().join("dump.rdb");
    std::fs::create_dir(&file).expect("the directory is there");
    let refused = conn.run("SHUTDOWN SAVE");
    assert!(refused.is_error("ERR Errors trying to SHUTDOWN. Check logs."));
    assert_eq!(conn.run("SET k w").text(), "OK", "the server goes on");
    std::fs::remove_dir(&file).expect("nothing is in it");
    assert!(conn.try_call(&["SHUTDOWN", "SAVE"]).is_err(), "no reply");
    let status = server.wait_exit(Duration::from_secs(60));
    assert_eq!(status.and_then(|status| status.code()), Some(0));
    let saved = std::fs::read(&file).expect("the data is saved");
    assert!(saved.starts_with(b"REDIS") && saved.windows(3).any(|three| three == b"\x01k\x01"));
}

#[test]
fn starts_in_well_under_a_second_and_idles_for_free() {
    let server = ServerBuilder::ours().threads(2).start();
    // in CPU time, which a busy machine does not stretch
    let before = server.cpu_time();
    assert!(
        before < Duration::from_secs(1),
        "{before:?} of CPU to the first PONG"
    );
    std::thread::sleep(Duration::from_secs(2));
    let idle = server.cpu_time() - before;
    assert!(
        idle < Duration::from_millis(100),
        "{idle:?} of CPU in two idle seconds"
    );
    // How much of the program's file is resident depends on the build; what it allocates does not.
    let anonymous = server.anonymous_bytes() / 1024;
    assert!(
        (1..3072).contains(&anonymous),
        "{anonymous} KiB of memory with nothing in it"
    );
}

#[test]
fn unknown_directives_are_refused() {
    let failed = ServerBuilder::ours()
        .args(&["--no-such-directive", "yes"])
        .try_start();
    assert!(failed.is_err(), "it started with a directive nobody knows");
}

#[test]
fn the_configuration_can_come_from_a_file_and_flags_win() {
    let dir = std::env::temp_dir().join(format!("redoxcache-conf-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("redis.conf");
    std::fs::write(
        &file,
        "# a comment\nmaxclients 77\ntimeout 3\nmaxmemory-policy \"allkeys-lru\"\n",
    )
    .unwrap();
    let program = harness::server::own_binary();
    let port = harness::server::free_port();
    let mut child = std::process::Command::new(program)
        .args([
            file.as_os_str(),
            "--port".as_ref(),
            port.to_string().as_ref(),
            "--timeout".as_ref(),
            "9".as_ref(),
            "--save".as_ref(),
            "".as_ref(),
        ])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut conn = (0..3000)
        .find_map(|_| {
            Conn::tcp(port).ok().or_else(|| {
                std::thread::sleep(Duration::from_millis(10));
                None
            })
        })
        .expect("it comes up");
    let get = |conn: &mut Conn, name: &str| {
        conn.call(&["CONFIG", "GET", name])
            .items()
            .last()
            .map(|value| value.text())
    };
    let seen = (
        get(&mut conn, "maxclients"),
        get(&mut conn, "timeout"),
        get(&mut conn, "maxmemory-policy"),
    );
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::remove_dir_all(dir).unwrap();
    assert_eq!(
        seen,
        (
            Some("77".into()),
            Some("9".into()),
            Some("allkeys-lru".into())
        )
    );
}

#[test]
fn a_unix_socket_serves_what_tcp_serves() {
    matrix(&["--unixsocketperm", "700"], |server| {
        server.connect().run("SET k over-tcp");
        assert_eq!(
            Conn::unix(server.socket()).unwrap().run("GET k").text(),
            "over-tcp"
        );
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(server.socket()).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o700);
    });
}
