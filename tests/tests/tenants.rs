//! Tenants side by side: what one does, the other neither sees nor feels; quotas; removal while in use.

use harness::{Conn, Reply, Server, ServerBuilder, matrix, within};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long what comes by itself may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes a tenant with these options and a user of its name who may do everything that a tenant's user may.
fn create(server: &Server, name: &str, options: &str) {
    let mut admin = server.connect();
    let made = admin.run(&format!("TENANT CREATE {name} {options} PASSWORD pw"));
    assert_eq!(made.text(), "OK", "{name}");
    assert_eq!(admin.run(&format!("ACL SETUSER {name} +@all")).text(), "OK");
}

/// A connection of a tenant's user.
fn enter(server: &Server, name: &str) -> Conn {
    let mut conn = server.connect();
    assert_eq!(conn.run(&format!("AUTH {name} pw")).text(), "OK");
    conn
}

/// What TENANT STATS and similar maps say.
fn fields(map: &Reply) -> HashMap<String, i64> {
    let pairs = map.items().chunks(2);
    pairs
        .filter_map(|pair| Some((pair[0].text(), pair[1].int()?)))
        .collect()
}

fn stats(server: &Server, name: &str) -> HashMap<String, i64> {
    fields(&server.connect().run(&format!("TENANT STATS {name}")))
}

/// What a tenant can find out, as text: its data and everything that counts, lists or logs.
fn view(conn: &mut Conn) -> Vec<String> {
    let asked = [
        "DBSIZE",
        "KEYS *",
        "SCAN 0 COUNT 1000",
        "GET k",
        "TTL k",
        "EXISTS k h l s z",
        "HGETALL h",
        "LRANGE l 0 -1",
        "SMEMBERS s",
        "ZRANGE z 0 -1",
        "OBJECT ENCODING k",
        "MEMORY USAGE k",
        "PUBSUB CHANNELS",
        "PUBSUB NUMPAT",
        "PUBSUB NUMSUB c",
        "PUBSUB SHARDCHANNELS",
        "SLOWLOG LEN",
        "SLOWLOG GET",
        "LATENCY LATEST",
        "LATENCY HISTOGRAM set hset blpop",
        "INFO keyspace",
        "INFO errorstats",
        "CONFIG GET maxmemory*",
        "CLIENT TRACKINGINFO",
        "TENANT WHOAMI",
        "ACL WHOAMI",
    ];
    asked.iter().map(|line| conn.run(line).show()).collect()
}

/// Everything a tenant's user can run that changes, counts, sends or ends something.
const DEEDS: &[&str] = &[
    "SET k 1",
    "HSET h f v",
    "RPUSH l a b c",
    "SADD s a",
    "ZADD z 1 a",
    "XADD x * f v",
    "PFADD p a",
    "SETBIT b 3 1",
    "GEOADD g 1 1 a",
    "EXPIRE k 100",
    "GET k",
    "GET nothing",
    "LPUSH k wrong",
    "MOVE h 3",
    "SELECT 3",
    "SET other 1",
    "SELECT 0",
    "SWAPDB 0 5",
    "SWAPDB 0 5",
    "PUBLISH c message",
    "SPUBLISH c message",
    "SUBSCRIBE c",
    "PSUBSCRIBE c*",
    "SSUBSCRIBE c",
    "UNSUBSCRIBE",
    "PUNSUBSCRIBE",
    "SUNSUBSCRIBE",
    "CLIENT KILL SKIPME yes TYPE normal",
    "CLIENT UNBLOCK 1",
    "CLIENT NO-EVICT on",
    "LATENCY RESET",
    "SLOWLOG RESET",
    "CONFIG SET maxmemory 1",
    "CONFIG RESETSTAT",
    "ACL SETUSER a off",
    "ACL DELUSER a",
    "TENANT DEL a FORCE",
    "TENANT SET a OPS 1",
    "DEBUG SLEEP 0",
    "SHUTDOWN NOSAVE",
    "SAVE",
    "REPLICAOF NO ONE",
    "CLIENT PAUSE 1 ALL",
    "FLUSHDB",
    "SET k 1",
    "FLUSHALL",
    "MULTI",
    "SET k 1",
    "FLUSHALL",
    "EXEC",
];

#[test]
fn what_one_tenant_does_the_other_does_not_see() {
    let flags = [
        "--slowlog-log-slower-than",
        "0",
        "--enable-debug-command",
        "yes",
    ];
    matrix(&flags, |server| {
        create(server, "a", "");
        create(server, "b", "");
        let (mut a, mut b) = (enter(server, "a"), enter(server, "b"));
        for line in ["SET k A", "RPUSH l A", "HSET h A A", "EXPIRE k 1000"] {
            assert!(!a.run(line).is_error(""), "{line}");
        }
        a.run("SLOWLOG RESET");
        let mut listener = enter(server, "a");
        listener.run("SUBSCRIBE c");
        // Looking leaves its own traces, so the second look is compared with a third.
        let strip = |lines: Vec<String>| {
            let own = ["slowlog", "OBJECT", "cmdstat"];
            lines
                .into_iter()
                .filter(|line| !own.iter().any(|word| line.contains(word)))
                .filter(|line| !line.contains("SLOWLOG"))
                .collect::<Vec<_>>()
        };
        view(&mut a);
        a.run("SLOWLOG RESET");
        let before = strip(view(&mut a));
        for line in DEEDS {
            b.send(&line.split(' ').collect::<Vec<_>>()).expect("sent");
        }
        b.send(&["ECHO", "done"]).expect("sent");
        while b.read().expect("a reply").text() != "done" {}
        a.run("SLOWLOG RESET");
        let after = strip(view(&mut a));
        for (one, other) in before.iter().zip(&after) {
            assert_eq!(one, other);
        }
        listener
            .set_read_timeout(Duration::from_millis(100))
            .expect("a timeout");
        assert!(listener.read().is_err(), "nothing was sent to it");
        assert_eq!(stats(server, "a")["keys"], 3);
        assert_eq!(enter(server, "a").run("GET k").text(), "A");
    });
}

/// Words that most commands take something for.
const FILLINGS: [&[&str]; 3] = [&["k"], &["k", "1"], &["l", "0", "-1"]];

/// Whatever the table of commands has, one tenant runs; nothing of it reaches the other.
#[test]
fn no_command_of_the_table_reaches_another_tenant() {
    let server = ServerBuilder::ours().threads(2).start();
    create(&server, "a", "");
    create(&server, "b", "");
    let mut a = enter(&server, "a");
    for line in ["SET k A", "RPUSH l A", "HSET h A A", "EXPIRE k 1000"] {
        assert!(!a.run(line).is_error(""), "{line}");
    }
    let mut listener = enter(&server, "a");
    for channel in ["c", "k", "l", "1"] {
        listener.run(&format!("SUBSCRIBE {channel}"));
    }
    let data = |conn: &mut Conn| -> Vec<String> {
        [
            "DBSIZE",
            "KEYS *",
            "GET k",
            "LRANGE l 0 -1",
            "HGETALL h",
            "PUBSUB NUMSUB k",
            "CLIENT LIST TYPE pubsub",
        ]
        .iter()
        .map(|line| conn.run(line).show())
        .map(|line| line.replace(char::is_numeric, ""))
        .collect()
    };
    let before = data(&mut a);
    let mut ran = 0;
    for command in server.connect().run("COMMAND").items() {
        let name = command.items()[0].text();
        let arity = command.items()[1].int().unwrap_or(1).unsigned_abs() as usize;
        let subcommands = command.items().get(9).map_or(&[][..], Reply::items);
        let mut names = vec![vec![name]];
        names.extend(subcommands.iter().map(|sub| {
            let full = sub.items()[0].text();
            full.split('|').map(str::to_owned).collect()
        }));
        for words in names {
            for filling in FILLINGS {
                let rest = arity.max(words.len() + filling.len()) - words.len();
                let rest = filling
                    .iter()
                    .cycle()
                    .take(rest)
                    .map(|word| (*word).to_owned());
                let line: Vec<String> = words.iter().cloned().chain(rest).collect();
                let mut b = enter(&server, "b");
                b.set_read_timeout(Duration::from_millis(20))
                    .expect("a timeout");
                let _ = b.try_call(&line);
                ran += 1;
            }
        }
    }
    assert!(ran > 1000, "{ran}");
    assert_eq!(data(&mut a), before);
    listener
        .set_read_timeout(Duration::from_millis(100))
        .expect("a timeout");
    assert!(listener.read().is_err(), "nothing was sent to it");
}

#[test]
fn watching_waiting_and_tracking_end_at_the_tenant() {
    matrix(&["--notify-keyspace-events", "KEA"], |server| {
        create(server, "a", "");
        create(server, "b", "");
        let (mut a, mut b) = (enter(server, "a"), enter(server, "b"));
        a.run("WATCH k");
        b.run("SET k 1");
        a.run("MULTI");
        a.run("SET k 2");
        assert_eq!(
            a.run("EXEC").items().len(),
            1,
            "nothing watched has changed"
        );

        a.hello3().expect("RESP3");
        a.run("CLIENT TRACKING on");
        a.run("GET k");
        let mut broadcast = enter(server, "a");
        broadcast.hello3().expect("RESP3");
        broadcast.run("CLIENT TRACKING on BCAST");
        let mut events = enter(server, "a");
        events.run("PSUBSCRIBE *");
        let mut waiter = enter(server, "a");
        waiter.send(&["BLPOP", "q", "0"]).expect("sent");
        within(PATIENCE, "it waits", || {
            server.info("blocked_clients").as_deref() == Some("1")
        });
        b.run("SET k 3");
        b.run("RPUSH q x");
        b.run("FLUSHALL");
        for conn in [&mut a, &mut broadcast, &mut events, &mut waiter] {
            conn.set_read_timeout(Duration::from_millis(50))
                .expect("a timeout");
            assert!(conn.read().is_err());
        }
        enter(server, "a").run("RPUSH q y");
        waiter
            .set_read_timeout(Duration::from_secs(5))
            .expect("a timeout");
        assert_eq!(waiter.read().expect("served").items()[1].text(), "y");
    });
}

#[test]
fn a_user_belongs_to_one_tenant_and_a_connection_to_its_user() {
    matrix(&[], |server| {
        create(server, "a", "");
        let mut admin = server.connect();
        assert!(admin.run("ACL SETUSER x tenant=nowhere").is_error("ERR"));
        assert!(admin.run("ACL SETUSER default tenant=a").is_error("ERR"));
        assert!(admin.run("ACL LIST").show().contains("tenant=a"));
        admin.run("SET k default");
        let mut conn = enter(server, "a");
        conn.run("SET k a");
        conn.run("SUBSCRIBE c");
        conn.run("RESET");
        assert_eq!(conn.run("TENANT WHOAMI").text(), "default");
        assert_eq!(conn.run("GET k").text(), "default");
        conn.run("AUTH a pw");
        assert_eq!(conn.run("GET k").text(), "a");
        // A transaction stays where it began.
        conn.run("MULTI");
        conn.run("AUTH default x");
        conn.run("GET k");
        let replies = conn.run("EXEC");
        assert!(replies.items()[0].is_error("ERR a transaction cannot"));
        assert_eq!(replies.items()[1].text(), "a");
        // Who is moved has to log in again.
        admin.run("ACL SETUSER a tenant=default");
        assert!(conn.try_call(&["GET", "k"]).is_err() || conn.try_call(&["GET", "k"]).is_err());
        assert_eq!(enter(server, "a").run("GET k").text(), "default");
    });
}

#[test]
fn a_limit_of_memory_is_its_own() {
    matrix(&[], |server| {
        create(server, "a", "MAXMEMORY 1mb");
        create(server, "b", "MAXMEMORY 1mb POLICY allkeys-lru");
        let (mut a, mut b) = (enter(server, "a"), enter(server, "b"));
        let value = "x".repeat(10_000);
        let fill = |conn: &mut Conn| {
            (0..300)
                .map(|at| conn.call(&["SET", &format!("key{at}"), &value]))
                .filter(|reply| reply.is_error("OOM"))
                .count()
        };
        assert!((150..250).contains(&fill(&mut a)));
        assert_eq!(fill(&mut b), 0);
        assert!(stats(server, "b")["evicted_keys"] > 150);
        for name in ["a", "b"] {
            let used = stats(server, name)["used_memory_dataset"];
            assert!((700_000..1_050_000).contains(&used), "{name}: {used}");
        }
        let info = b.run("INFO memory").text();
        assert!(
            info.contains("maxmemory:1048576\r\n") && info.contains("maxmemory_policy:allkeys-lru")
        );
        assert_eq!(server.connect().run("SET k v").text(), "OK");
    });
}

#[test]
fn a_minimum_is_kept_whatever_others_do() {
    let flags = ["--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru"];
    matrix(&flags, |server| {
        create(server, "a", "MIN-MEMORY 1mb");
        create(server, "greedy", "");
        let refused = server.connect().run("TENANT CREATE c MIN-MEMORY 4mb");
        assert!(refused.is_error("ERR min-memory of all tenants together"));
        let (mut a, mut greedy) = (enter(server, "a"), enter(server, "greedy"));
        let value = "x".repeat(10_000);
        for at in 0..60 {
            assert_eq!(a.call(&["SET", &format!("key{at}"), &value]).text(), "OK");
        }
        for at in 0..1000 {
            let reply = greedy.call(&["SET", &format!("key{at}"), &value]);
            assert_eq!(reply.text(), "OK");
        }
        assert_eq!(a.run("DBSIZE").int(), Some(60), "it is below its minimum");
        assert!(stats(server, "greedy")["evicted_keys"] > 500);
    });
}

#[test]
fn rates_sizes_and_connections_have_limits() {
    matrix(&[], |server| {
        create(server, "slow", "OPS 100 BURST 10");
        create(
            server,
            "strict",
            "OPS 100 BURST 10 OPS-ACTION reply MAXCLIENTS 2 MAX-VALUE 1kb",
        );
        let mut slow = enter(server, "slow");
        let begun = Instant::now();
        (0..60).for_each(|_| slow.send(&["INCR", "n"]).expect("sent"));
        (0..60).for_each(|_| drop(slow.read().expect("a reply")));
        let took = begun.elapsed();
        assert!(took > Duration::from_millis(400), "{took:?}");
        assert!(stats(server, "slow")["throttled"] > 0);

        let mut strict = enter(server, "strict");
        let refused = (0..50)
            .map(|_| strict.run("PING"))
            .filter(|reply| reply.is_error("QUOTA ops "))
            .count();
        assert!((20..50).contains(&refused), "{refused}");
        std::thread::sleep(Duration::from_millis(200));
        let large = strict.call(&["SET", "k", &"x".repeat(1025)]);
        assert_eq!(large.text(), "QUOTA max-value 1025 > 1024 (tenant strict)");
        let _second = enter(server, "strict");
        let mut third = server.connect();
        let full = third.run("AUTH strict pw");
        assert_eq!(full.text(), "ERR max number of clients reached");
    });
}

#[test]
fn a_tenant_is_removed_while_it_is_in_use() {
    matrix(&[], |server| {
        let mut admin = server.connect();
        for round in 0..5 {
            create(server, "a", "");
            let mut conns: Vec<Conn> = (0..4).map(|_| enter(server, "a")).collect();
            conns[0].send(&["BLPOP", "q", "0"]).expect("sent");
            conns[1].run("WATCH k");
            for (at, conn) in conns.iter_mut().enumerate().skip(1) {
                for key in 0..500 {
                    let key = format!("key{at}:{key}");
                    conn.send(&["SET", key.as_str(), "value"]).expect("sent");
                }
            }
            assert!(admin.run("TENANT DEL a").is_error("ERR Tenant has"));
            assert_eq!(admin.run("TENANT DEL a FORCE").text(), "OK", "{round}");
            for conn in &mut conns {
                let _ = conn.read_to_close();
            }
            assert!(server.connect().run("AUTH a pw").is_error("WRONGPASS"));
            assert!(admin.run("TENANT STATS a").is_error("ERR No such tenant"));
        }
        create(server, "a", "");
        assert_eq!(enter(server, "a").run("DBSIZE").int(), Some(0));
        assert!(admin.run("TENANT DEL default FORCE").is_error("ERR"));
        within(PATIENCE, "nobody is left", || {
            admin.run("TENANT DEL a").text() == "OK"
        });
    });
}

/// Tenants come, change and go while others work in them.
#[test]
fn a_storm_of_changes_under_load_harms_nobody() {
    let server = ServerBuilder::ours().threads(2).start();
    create(&server, "stays", "");
    let mut stays = enter(&server, "stays");
    (0..100).for_each(|at| drop(stays.run(&format!("SET key{at} value"))));
    let end = Instant::now() + Duration::from_secs(3);
    let work = || {
        let mut ran = 0;
        while Instant::now() < end {
            let mut conn = server.connect();
            if conn.try_call(&["AUTH", "comes", "pw"]).is_err() {
                continue;
            }
            for line in [
                "SET k v",
                "LPUSH l a b",
                "BLPOP q 0.01",
                "PUBLISH c m",
                "WATCH k",
                "MULTI",
                "INCR n",
                "EXEC",
                "FLUSHALL",
            ] {
                if conn.try_call(&line.split(' ').collect::<Vec<_>>()).is_err() {
                    break;
                }
                ran += 1;
            }
        }
        ran
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        let mut admin = server.connect();
        while Instant::now() < end {
            admin.run("TENANT CREATE comes OPS 100000 PASSWORD pw");
            admin.run("TENANT SET comes MAXMEMORY 1mb POLICY allkeys-lru");
            std::thread::sleep(Duration::from_millis(5));
            admin.run("TENANT SET comes OPS 0 MAX-VALUE 10");
            admin.run("TENANT STATS comes");
            admin.run("TENANT DEL comes FORCE");
        }
        let ran: u64 = workers
            .into_iter()
            .map(|worker| worker.join().expect("no panic"))
            .sum();
        assert!(ran > 100, "{ran}");
    });
    assert_eq!(stays.run("DBSIZE").int(), Some(100));
    let log = server.log_text();
    assert!(!log.contains("panic"), "{log}");
}

#[test]
fn tenants_come_from_the_configuration_and_go_back_to_it() {
    let dir = std::env::temp_dir().join(format!("redoxcache-tenants-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory");
    let (file, socket) = (dir.join("redis.conf"), dir.join("web.sock"));
    let text = format!(
        "tenant web min-memory 1mb maxmemory 2mb maxmemory-policy allkeys-lfu ops 50000\nuser web on >pw ~* &* +@all tenant=web\nunixsocket {} tenant=web\n",
        socket.display()
    );
    std::fs::write(&file, &text).expect("written");
    let start = || {
        ServerBuilder::ours()
            .config_file(file.to_str().expect("text"))
            .args(&["--maxmemory", "100mb", "--dir", dir.to_str().expect("text")])
            .start()
    };
    {
        let mut server = start();
        let mut bound = Conn::unix(&socket).expect("a connection");
        assert_eq!(bound.run("TENANT WHOAMI").text(), "web");
        assert_eq!(bound.run("SET k v").text(), "OK");
        assert!(bound.run("CONFIG SET maxmemory 1").is_error("NOPERM"));
        assert_eq!(enter(&server, "web").run("GET k").text(), "v");
        let mut admin = server.connect();
        assert!(admin.run("GET k").is_null());
        admin.run("TENANT CREATE ads OPS 10 WEIGHT 300");
        admin.run("ACL SETUSER other on >pw ~* +@all tenant=ads");
        assert!(bound.run("AUTH other pw").is_error("ERR this socket"));
        assert_eq!(admin.run("CONFIG REWRITE").text(), "OK");
        assert_eq!(admin.run("SAVE").text(), "OK");
        server.signal("TERM");
        assert!(server.wait_exit(Duration::from_secs(10)).is_some());
    }
    let written = std::fs::read_to_string(&file).expect("read");
    assert!(
        written.contains("tenant ads ops 10 weight 300"),
        "{written}"
    );
    assert!(written.contains("tenant=web"), "{written}");
    {
        let server = start();
        let list = server.connect().run("TENANT LIST").show();
        assert!(list.contains("ads") && list.contains("web"), "{list}");
        assert_eq!(enter(&server, "other").run("TENANT WHOAMI").text(), "ads");
        assert_eq!(
            enter(&server, "web").run("GET k").text(),
            "v",
            "saved and read"
        );
        assert!(server.connect().run("GET k").is_null());
    }
    let _ = std::fs::remove_dir_all(&dir);
}

#[test]
fn ten_thousand_idle_tenants_cost_next_to_nothing() {
    let server = ServerBuilder::ours().threads(2).start();
    let mut admin = server.connect();
    admin.run("PING");
    let before = server.rss_bytes();
    for at in 0..10_000 {
        let name = format!("t{at}");
        admin
            .send(&["TENANT", "CREATE", &name, "PASSWORD", "pw"])
            .expect("sent");
        if at % 100 == 99 {
            (0..100).for_each(|_| assert_eq!(admin.read().expect("a reply").text(), "OK"));
        }
    }
    let grown = server.rss_bytes().saturating_sub(before);
    assert!(grown < 10 << 20, "{grown} bytes");
    assert_eq!(enter(&server, "t9999").run("SET k v").text(), "OK");
}

/// How many commands of a tenant have run, as TENANT STATS says.
fn commands(stats: &Reply) -> i64 {
    fields(stats)["commands"]
}

#[test]
fn a_core_is_shared_by_tenants_whatever_their_connections() {
    // With a turn for each connection it would be sixteen times as many.
    check_shares("", 4.0);
}

#[test]
fn a_core_is_shared_by_weight() {
    // A tenth is its due.
    check_shares("WEIGHT 10", 0.5);
}

/// A tenant with these options asks over sixteen connections, and one of the usual weight over one: for each of its
/// commands at most so many of the other run.
fn check_shares(options: &str, most: f64) {
    const ASKED: usize = 300;
    for io_driver in ["auto", "epoll"] {
        let server = ServerBuilder::ours()
            .args(&["--io-driver", io_driver])
            .threads(1)
            .start();
        create(&server, "noise", options);
        let mut admin = server.connect();
        let mut noise: Vec<Conn> = (0..16).map(|_| enter(&server, "noise")).collect();
        for conn in [&mut admin, &mut noise[0]] {
            for set in ["a", "b"] {
                let members = (0..1900).map(|member| format!("member:{member}"));
                let words: Vec<String> = ["SADD", set]
                    .map(str::to_owned)
                    .into_iter()
                    .chain(members)
                    .collect();
                assert_eq!(conn.call(&words).int(), Some(1900));
            }
        }
        let heavy: Vec<u8> =
            b"*4\r\n$10\r\nSINTERCARD\r\n$1\r\n2\r\n$1\r\na\r\n$1\r\nb\r\n".repeat(ASKED);
        for conn in &mut noise {
            conn.send_raw(&heavy).expect("sent");
        }
        let look = b"*3\r\n$6\r\nTENANT\r\n$5\r\nSTATS\r\n$5\r\nnoise\r\n";
        let asked = [&look[..], &heavy, &look[..]].concat();
        admin.send_raw(&asked).expect("sent");
        let before = commands(&admin.read().expect("a reply"));
        for _ in 0..ASKED {
            assert_eq!(admin.read().expect("a reply").int(), Some(1900));
        }
        let meanwhile = commands(&admin.read().expect("a reply")) - before;
        assert!(
            (meanwhile as f64) < most * ASKED as f64,
            "{meanwhile} commands of the neighbour during {ASKED} with {io_driver}"
        );
        for conn in &mut noise {
            (0..ASKED).for_each(|_| assert_eq!(conn.read().expect("a reply").int(), Some(1900)));
        }
    }
}

#[test]
fn a_tenant_alone_waits_for_nobody() {
    let server = ServerBuilder::ours().threads(1).start();
    let mut conns: Vec<Conn> = (0..4).map(|_| server.connect()).collect();
    for conn in &mut conns {
        (0..2000).for_each(|_| conn.send(&["INCR", "n"]).expect("sent"));
    }
    for conn in &mut conns {
        (0..2000).for_each(|_| drop(conn.read().expect("a reply")));
    }
    assert_eq!(stats(&server, "default")["turns_waited"], 0);
}

#[test]
fn no_command_makes_a_string_longer_than_its_tenant_may() {
    matrix(&[], |server| {
        create(server, "small", "MAX-VALUE 100");
        let mut conn = enter(server, "small");
        conn.run(&format!("SET s {}", "x".repeat(95)));
        for line in [
            "APPEND s 123456",
            "SETRANGE s 100 x",
            "SETBIT s 800 1",
            "SETBIT new 800 1",
            "BITFIELD s SET u8 800 1",
            "BITFIELD new INCRBY u8 #100 1",
        ] {
            let refused = conn.run(line);
            assert_eq!(
                refused.text(),
                "QUOTA max-value 101 > 100 (tenant small)",
                "{line}"
            );
        }
        conn.run("MULTI");
        conn.run("APPEND s 123456");
        conn.run("SETBIT s 799 1");
        let done = conn.run("EXEC");
        assert!(done.items()[0].is_error("QUOTA max-value 101 > 100"));
        assert_eq!(done.items()[1].int(), Some(0));
        assert_eq!(conn.run("STRLEN s").int(), Some(100));
        assert_eq!(conn.run("EXISTS new").int(), Some(0));
        assert!(
            conn.run("EVAL return(redis.call('append','s','1')) 0")
                .is_error("QUOTA max-value 101 > 100")
        );
    });
}
