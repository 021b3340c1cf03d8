//! Where the kernel refuses io_uring, as container engines' default seccomp profiles do, the server starts on
//! epoll and says so.

use harness::ServerBuilder;

/// Starts a program under a filter that answers EPERM to io_uring_setup.
const LAUNCHER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/python/deny_io_uring.py");

#[test]
fn refused_io_uring_falls_back_to_epoll() {
    let server = ServerBuilder::ours()
        .threads(2)
        .launcher(&["python3", LAUNCHER])
        .start();
    let mut conn = server.connect();
    conn.run("SET k v");
    assert_eq!(conn.run("GET k").text(), "v");
    assert_eq!(server.info("multiplexing_api").as_deref(), Some("epoll"));
    if !server.is_redis() {
        assert!(
            server.log_text().contains("epoll"),
            "the log says which driver runs:\n{}",
            server.log_text()
        );
    }
}

#[test]
fn a_driver_asked_for_by_name_is_named() {
    let server = ServerBuilder::ours()
        .args(&["--io-driver", "epoll"])
        .start();
    assert_eq!(server.info("multiplexing_api").as_deref(), Some("epoll"));
}
