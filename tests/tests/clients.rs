//! What client libraries do first: connect, introduce themselves, set, get, pipeline. Through the `redis` crate,
//! over TCP and Unix sockets, in both dialects.

use harness::{Server, ServerBuilder, matrix};
use redis::{Commands, Connection, RedisResult};

fn urls(server: &Server) -> Vec<String> {
    let socket = server.socket().display();
    vec![
        format!("redis://127.0.0.1:{}/", server.port()),
        format!("redis://127.0.0.1:{}/?protocol=resp3", server.port()),
        format!("redis+unix://{socket}"),
        format!("redis+unix://{socket}?protocol=resp3"),
    ]
}

fn connect(url: &str) -> Connection {
    redis::Client::open(url)
        .and_then(|client| client.get_connection())
        .unwrap_or_else(|e| panic!("{url}: {e}"))
}

#[test]
fn sets_and_gets() {
    matrix(&[], |server| {
        for url in urls(server) {
            let mut conn = connect(&url);
            let () = conn.set("greeting", "hello").unwrap();
            assert_eq!(conn.get::<_, String>("greeting").unwrap(), "hello", "{url}");
            assert_eq!(conn.get::<_, Option<String>>("absent").unwrap(), None);
            assert_eq!(conn.del::<_, i64>("greeting").unwrap(), 1);
        }
    });
}

#[test]
fn keeps_types_apart() {
    matrix(&[], |server| {
        for url in urls(server) {
            let mut conn = connect(&url);
            let () = redis::cmd("FLUSHALL").query(&mut conn).unwrap();
            let () = conn.hset_multiple("hash", &[("a", 1), ("b", 2)]).unwrap();
            let mut fields: Vec<(String, i64)> = conn.hgetall("hash").unwrap();
            fields.sort();
            assert_eq!(fields, [("a".into(), 1), ("b".into(), 2)]);
            let () = conn
                .zadd_multiple("zset", &[(1.5, "x"), (-2.0, "y")])
                .unwrap();
            let ranked: Vec<(String, f64)> = conn.zrange_withscores("zset", 0, -1).unwrap();
            assert_eq!(ranked, [("y".into(), -2.0), ("x".into(), 1.5)]);
            let wrong: RedisResult<String> = conn.get("hash");
            assert_eq!(wrong.unwrap_err().code(), Some("WRONGTYPE"));
        }
    });
}

#[test]
fn pipelines_answer_in_order() {
    matrix(&[], |server| {
        for url in urls(server) {
            let mut conn = connect(&url);
            let mut pipe = redis::pipe();
            for i in 0..500 {
                pipe.set(format!("key:{i}"), i)
                    .ignore()
                    .get(format!("key:{i}"));
            }
            let answers: Vec<i64> = pipe.query(&mut conn).unwrap();
            assert_eq!(answers, (0..500).collect::<Vec<_>>(), "{url}");
        }
    });
}

#[test]
fn introduces_itself() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        let hello = conn.run("HELLO 3 SETNAME tester");
        assert!(format!("{hello:?}").contains("\"proto\": :3"), "{hello:?}");
        if !server.is_redis() {
            // newer than the reference
            assert_eq!(conn.run("CLIENT SETINFO LIB-NAME suite").text(), "OK");
            assert_eq!(conn.run("CLIENT SETINFO LIB-VER 1.0").text(), "OK");
        }
        assert_eq!(conn.run("CLIENT GETNAME").text(), "tester");
        assert!(
            conn.run("CLIENT MAINT_NOTIFICATIONS ON")
                .is_error("ERR unknown subcommand")
        );
        assert_eq!(
            conn.run("PING").text(),
            "PONG",
            "an unknown subcommand leaves the connection open"
        );
        assert!(conn.run("HELLO 4").is_error("NOPROTO"));
    });
}

/// The subcommand before must not decide what the next one of its container is.
#[test]
fn pipelined_subcommands_are_told_apart() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        let mut out = Vec::new();
        for command in [
            ["CLIENT", "SETNAME", "me"].as_slice(),
            &["CLIENT", "ID"],
            &["CLIENT", "GETNAME"],
        ] {
            harness::wire::encode(&mut out, command);
        }
        conn.send_raw(&out).unwrap();
        assert_eq!(conn.read().unwrap().text(), "OK");
        assert!(conn.read().unwrap().int().is_some());
        assert_eq!(conn.read().unwrap().text(), "me");
    });
}

#[test]
fn many_databases_are_apart() {
    let server = ServerBuilder::ours().threads(2).start();
    let mut conn = server.connect();
    for db in 0..16 {
        assert_eq!(conn.run(&format!("SELECT {db}")).text(), "OK");
        assert_eq!(conn.run(&format!("SET same {db}")).text(), "OK");
    }
    for db in 0..16 {
        conn.run(&format!("SELECT {db}"));
        assert_eq!(conn.run("GET same").text(), db.to_string());
        assert_eq!(conn.run("DBSIZE").int(), Some(1));
    }
}
