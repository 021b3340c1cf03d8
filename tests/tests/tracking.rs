//! Key events and client-side caching, with everybody on a core of their own.

use harness::{Conn, Reply, Server, matrix};

fn read(conn: &mut Conn) -> String {
    conn.read().expect("a message").show_flat()
}

/// A connection that listens: `line` has no other reply than pushes.
fn listener(server: &Server, line: &str) -> Conn {
    let mut conn = server.connect();
    conn.hello3().expect("RESP3");
    conn.send(&line.split(' ').collect::<Vec<_>>())
        .expect("sent");
    read(&mut conn);
    conn
}

fn resp3(server: &Server, lines: &[&str]) -> Conn {
    let mut conn = server.connect();
    conn.hello3().expect("RESP3");
    for line in lines {
        assert!(!conn.run(line).is_error(""), "{line}");
    }
    conn
}

#[test]
fn events_come_in_order_whoever_listens_where() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        conn.run("FLUSHALL");
        conn.run("CONFIG SET notify-keyspace-events KEA");
        assert_eq!(
            conn.run("CONFIG GET notify-keyspace-events").show_flat(),
            "notify-keyspace-events AKE"
        );
        let mut listeners: Vec<Conn> = (0..3)
            .map(|_| listener(server, "PSUBSCRIBE __key*@0__:*"))
            .collect();
        for line in [
            "RPUSH list a",
            "LPOP list",
            "MULTI",
            "SET a 1",
            "DEL a",
            "SET b 2",
            "EXEC",
            "PEXPIRE b 1",
            "SET c 1 PX 20",
        ] {
            conn.run(line);
        }
        std::thread::sleep(std::time::Duration::from_millis(30));
        conn.run("GET b");
        let events = [
            "rpush list",
            "lpop list",
            "del list",
            "set a",
            "del a",
            "set b",
            "expire b",
            "set c",
            "expire c",
        ];
        for listener in &mut listeners {
            for event in events {
                let (name, key) = event.split_once(' ').expect("two words");
                assert_eq!(
                    read(listener),
                    format!("pmessage __key*@0__:* __keyspace@0__:{key} {name}")
                );
                assert_eq!(
                    read(listener),
                    format!("pmessage __key*@0__:* __keyevent@0__:{name} {key}")
                );
            }
            let mut expired: Vec<String> = (0..4).map(|_| read(listener)).collect();
            expired.retain(|message| message.contains("__keyevent@0__:expired"));
            expired.sort();
            assert!(expired[0].ends_with(" b") && expired[1].ends_with(" c"));
        }
        conn.run("CONFIG SET notify-keyspace-events ''");
    });
}

#[test]
fn who_reads_a_key_is_told_of_its_change_once() {
    matrix(&[], |server| {
        let mut readers: Vec<Conn> = (0..4)
            .map(|_| resp3(server, &["CLIENT TRACKING ON"]))
            .collect();
        let mut writer = server.connect();
        writer.run("MSET a 1 b 2");
        for reader in &mut readers {
            reader.run("GET a");
            reader.run("MGET a b");
        }
        assert_eq!(server.info("tracking_total_keys").as_deref(), Some("2"));
        assert_eq!(server.info("tracking_total_items").as_deref(), Some("8"));
        assert_eq!(server.info("tracking_clients").as_deref(), Some("4"));
        writer.run("SET a 3");
        writer.run("SET a 4");
        writer.run("PEXPIRE b 5");
        for reader in &mut readers {
            assert_eq!(read(reader), "invalidate a");
            assert_eq!(read(reader), "invalidate b");
            reader.run("GET b");
        }
        writer.run("FLUSHALL");
        for reader in &mut readers {
            let message = read(reader);
            match message.as_str() {
                // It expired first, unless the flush was faster.
                "invalidate b" => assert_eq!(read(reader), "invalidate null"),
                other => assert_eq!(other, "invalidate null"),
            }
        }
        assert_eq!(server.info("tracking_total_keys").as_deref(), Some("0"));
    });
}

#[test]
fn broadcasts_go_by_prefix_and_redirects_to_resp2() {
    matrix(&[], |server| {
        let mut target = server.connect();
        let id = target.run("CLIENT ID").int().expect("a number");
        target.run("SUBSCRIBE __redis__:invalidate");
        let mut source = server.connect();
        source.run(&format!(
            "CLIENT TRACKING ON BCAST REDIRECT {id} PREFIX user: PREFIX order:"
        ));
        let overlap = source.run("CLIENT TRACKING ON BCAST PREFIX user:1");
        assert_eq!(
            overlap.text(),
            "ERR Prefix 'user:1' overlaps with an existing prefix 'user:'. Prefixes for a single client must not overlap."
        );
        source.run(&format!(
            "CLIENT TRACKING ON BCAST REDIRECT {id} PREFIX note:"
        ));
        let mut writer = server.connect();
        writer.run("SET other 1");
        writer.run("MSET user:1 1 user:2 2");
        assert_eq!(
            read(&mut target),
            "message __redis__:invalidate user:1 user:2"
        );
        writer.run("SET note:1 1");
        assert_eq!(read(&mut target), "message __redis__:invalidate note:1");
        source.run("CLIENT TRACKING OFF");
        writer.run("SET user:1 1");
        assert_eq!(
            writer.run("PUBLISH __redis__:invalidate end").int(),
            Some(1)
        );
        assert_eq!(read(&mut target), "message __redis__:invalidate end");
    });
}

#[test]
fn a_broken_redirection_is_told() {
    matrix(&[], |server| {
        let mut target = server.connect();
        let id = target.run("CLIENT ID").int().expect("a number");
        let mut source = resp3(
            server,
            &[
                &format!("CLIENT TRACKING ON REDIRECT {id}"),
                "SET k 1",
                "GET k",
            ],
        );
        drop(target);
        let mut writer = server.connect();
        while writer
            .run(&format!("CLIENT LIST ID {id}"))
            .text()
            .contains("id=")
        {}
        writer.run("SET k 2");
        assert_eq!(read(&mut source), format!("tracking-redir-broken {id}"));
        assert!(source.run("CLIENT INFO").show_flat().contains("flags=tR"));
    });
}

#[test]
fn opting_in_and_out_holds_for_one_command() {
    matrix(&[], |server| {
        let mut writer = server.connect();
        let mut opt_in = resp3(server, &["CLIENT TRACKING ON OPTIN", "SET a 1", "SET b 1"]);
        for line in ["CLIENT CACHING YES", "GET a", "GET b"] {
            opt_in.run(line);
        }
        let mut opt_out = resp3(server, &["CLIENT TRACKING ON OPTOUT NOLOOP"]);
        for line in ["CLIENT CACHING NO", "GET a", "GET b", "SET b 2", "GET b"] {
            opt_out.run(line);
        }
        writer.run("SET b 3");
        writer.run("SET a 3");
        assert_eq!(read(&mut opt_in), "invalidate a");
        assert_eq!(read(&mut opt_out), "invalidate b");
        assert_eq!(opt_out.run("PING").text(), "PONG");
    });
}

#[test]
fn the_table_keeps_to_its_limit() {
    matrix(&[], |server| {
        let mut writer = server.connect();
        writer.run("CONFIG SET tracking-table-max-keys 10");
        let mut reader = resp3(server, &["CLIENT TRACKING ON"]);
        for n in 0..60 {
            reader.send(&["GET", &format!("key:{n}")]).expect("sent");
        }
        let mut told = 0;
        let mut answered = 0;
        while told < 50 || answered < 60 {
            match reader.read().expect("a reply") {
                Reply::Push(_) => told += 1,
                _ => answered += 1,
            }
        }
        assert_eq!(told, 50);
        assert_eq!(server.info("tracking_total_keys").as_deref(), Some("10"));
        writer.run("CONFIG SET tracking-table-max-keys 1000000");
    });
}
