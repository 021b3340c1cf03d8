//! What exporters, dashboards and clients ask a server about itself, in their order, and what they read out of the answers.

use harness::{Conn, Reply, Server, matrix};
use std::collections::BTreeMap;

/// The fields of an INFO reply, by name.
fn fields(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn ask(conn: &mut Conn, line: &str) -> Reply {
    let reply = conn.run(line);
    assert!(!reply.is_error(""), "{line}: {reply:?}");
    reply
}

/// Some traffic, so that there is something to see.
fn work(server: &Server) {
    let mut conn = server.connect();
    for line in [
        "SET a 1",
        "GET a",
        "GET none",
        "LPUSH l x y",
        "EXPIRE a 100",
        "INCR l",
        "NOSUCH",
    ] {
        conn.run(line);
    }
}

#[test]
fn redis_exporter_scrapes() {
    matrix(&[], |server| {
        work(server);
        let mut conn = server.connect();
        ask(&mut conn, "CLIENT SETNAME redis_exporter");
        let config = ask(&mut conn, "CONFIG GET *");
        assert!(config.items().len() > 300 && config.items().len().is_multiple_of(2));
        let info = fields(&ask(&mut conn, "INFO ALL").text());
        for name in [
            "redis_version",
            "redis_mode",
            "run_id",
            "process_id",
            "tcp_port",
            "uptime_in_seconds",
            "os",
            "connected_clients",
            "blocked_clients",
            "maxclients",
            "tracking_clients",
            "used_memory",
            "used_memory_rss",
            "used_memory_peak",
            "used_memory_overhead",
            "used_memory_dataset",
            "maxmemory",
            "mem_fragmentation_ratio",
            "allocator_active",
            "loading",
            "rdb_changes_since_last_save",
            "rdb_last_save_time",
            "rdb_last_bgsave_status",
            "aof_enabled",
            "total_connections_received",
            "total_commands_processed",
            "instantaneous_ops_per_sec",
            "total_net_input_bytes",
            "total_net_output_bytes",
            "rejected_connections",
            "expired_keys",
            "evicted_keys",
            "keyspace_hits",
            "keyspace_misses",
            "pubsub_channels",
            "pubsub_patterns",
            "total_error_replies",
            "total_reads_processed",
            "total_writes_processed",
            "connected_slaves",
            "master_repl_offset",
            "used_cpu_sys",
            "used_cpu_user",
            "used_cpu_sys_main_thread",
            "cluster_enabled",
            "errorstat_WRONGTYPE",
        ] {
            assert!(info.contains_key(name), "INFO ALL has no {name}");
        }
        for value in [
            "used_memory",
            "used_memory_rss",
            "mem_fragmentation_ratio",
            "used_cpu_user",
            "uptime_in_seconds",
        ] {
            assert!(
                info[value].parse::<f64>().is_ok(),
                "{value}: {}",
                info[value]
            );
        }
        let get: Vec<&str> = info["cmdstat_get"].split(',').collect();
        let names: Vec<&str> = get
            .iter()
            .filter_map(|figure| figure.split_once('='))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(
            names,
            [
                "calls",
                "usec",
                "usec_per_call",
                "rejected_calls",
                "failed_calls"
            ]
        );
        assert!(info["latency_percentiles_usec_get"].starts_with("p50="));
        assert!(
            info["db0"].starts_with("keys=2,expires=1,avg_ttl="),
            "{}",
            info["db0"]
        );
        assert!(ask(&mut conn, "LATENCY LATEST").items().is_empty());
        let histogram = ask(&mut conn, "LATENCY HISTOGRAM");
        assert!(histogram.items().iter().any(|name| name.text() == "get"));
        assert!(ask(&mut conn, "SLOWLOG LEN").int().is_some());
        assert!(ask(&mut conn, "SLOWLOG GET 1").items().len() <= 1);
        let clients = ask(&mut conn, "CLIENT LIST").text();
        let own = clients
            .lines()
            .find(|line| line.contains(" name=redis_exporter "))
            .expect("its own line");
        for field in [
            "id=",
            "addr=127.0.0.1:",
            " age=",
            " idle=",
            " flags=N ",
            " db=0 ",
            " omem=",
            " cmd=client|list",
            " resp=2",
        ] {
            assert!(own.contains(field), "{field} in {own}");
        }
    });
}

#[test]
fn redisinsight_connects() {
    matrix(&[], |server| {
        work(server);
        let mut conn = server.connect();
        ask(&mut conn, "HELLO 3 SETNAME redisinsight-common-0");
        ask(&mut conn, "HELLO 2");
        assert!(ask(&mut conn, "MODULE LIST").items().is_empty());
        let info = ask(&mut conn, "COMMAND INFO get json.get ft.search");
        assert!(
            info.items()[0].items().len() >= 7
                && info.items()[1].is_null()
                && info.items()[2].is_null()
        );
        let server_info = fields(&ask(&mut conn, "INFO").text());
        assert!(server_info["redis_version"].starts_with("7."));
        assert_eq!(
            ask(&mut conn, "CONFIG GET databases").items()[1].text(),
            "16"
        );
        assert_eq!(
            conn.run("CLUSTER INFO").text(),
            "ERR This instance has cluster support disabled"
        );
        assert!(ask(&mut conn, "MEMORY USAGE a").int() > Some(0));
        assert_eq!(ask(&mut conn, "DBSIZE").int(), Some(2));
        assert_eq!(ask(&mut conn, "MONITOR").text(), "OK");
    });
}

#[test]
fn stackexchange_connects() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        ask(&mut conn, "CLIENT SETNAME app");
        ask(&mut conn, "CLIENT SETINFO LIB-NAME SE.Redis");
        ask(&mut conn, "CLIENT SETINFO LIB-VER 2.8.0");
        ask(&mut conn, "CLIENT ID");
        for (parameter, value) in [
            ("timeout", "0"),
            ("slave-read-only", "yes"),
            ("databases", "16"),
        ] {
            let pair = ask(&mut conn, &format!("CONFIG GET {parameter}"));
            assert_eq!(
                [pair.items()[0].text(), pair.items()[1].text()],
                [parameter, value]
            );
        }
        let replication = fields(&ask(&mut conn, "INFO replication").text());
        assert_eq!(replication["role"], "master");
        assert_eq!(replication["master_replid"].len(), 40);
        assert!(fields(&ask(&mut conn, "INFO server").text()).contains_key("redis_version"));
        assert!(
            conn.run("CLUSTER NODES")
                .is_error("ERR This instance has cluster support disabled")
        );
        assert!(
            conn.run("SENTINEL MASTERS")
                .is_error("ERR unknown command 'SENTINEL', with args beginning with: 'MASTERS' ")
        );
        assert_eq!(ask(&mut conn, "ECHO hello").text(), "hello");
        let own = ask(&mut conn, "CLIENT INFO").text();
        assert!(
            own.contains(" name=app ") && own.contains(" lib-name=SE.Redis lib-ver=2.8.0"),
            "{own}"
        );
        assert_eq!(ask(&mut conn, "ROLE").items()[0].text(), "master");
        assert_eq!(ask(&mut conn, "REPLICAOF NO ONE").text(), "OK");
    });
}

#[test]
fn a_stand_alone_server_refuses_in_words() {
    matrix(&["--enable-debug-command", "yes"], |server| {
        let mut conn = server.connect();
        for (line, error) in [
            (
                "CLUSTER KEYSLOT a",
                "ERR This instance has cluster support disabled",
            ),
            (
                "CLUSTER HELP",
                "ERR This instance has cluster support disabled",
            ),
            (
                "CLUSTER NOPE",
                "ERR unknown subcommand 'NOPE'. Try CLUSTER HELP.",
            ),
            ("ASKING", "ERR This instance has cluster support disabled"),
            ("READONLY", "ERR This instance has cluster support disabled"),
            ("FAILOVER", "ERR FAILOVER requires connected replicas."),
            ("FAILOVER ABORT", "ERR No failover in progress."),
            (
                "FAILOVER TIMEOUT 0",
                "ERR FAILOVER timeout must be greater than 0",
            ),
            ("FAILOVER NOW", "ERR syntax error"),
            (
                "MODULE UNLOAD x",
                "ERR Error unloading module: no such module with that name",
            ),
            (
                "SLOWLOG NOPE",
                "ERR unknown subcommand 'NOPE'. Try SLOWLOG HELP.",
            ),
            (
                "LATENCY HELP x",
                "ERR wrong number of arguments for 'latency|help' command",
            ),
        ] {
            assert_eq!(conn.run(line).text(), error, "{line}");
        }
        assert!(
            conn.run("MODULE LOAD /x.so")
                .is_error("ERR Error loading the extension.")
        );
        let before = server.info("master_replid");
        ask(&mut conn, "DEBUG CHANGE-REPL-ID");
        assert_ne!(server.info("master_replid"), before);
    });
}

#[test]
fn memory_is_told_by_redis_names() {
    matrix(&["--enable-debug-command", "yes"], |server| {
        let mut conn = server.connect();
        ask(&mut conn, "DEBUG POPULATE 2000 key 100");
        assert_eq!(ask(&mut conn, "DBSIZE").int(), Some(2000));
        assert_eq!(ask(&mut conn, "STRLEN key:7").int(), Some(100));
        let stats = ask(&mut conn, "MEMORY STATS");
        let names: Vec<String> = stats.items().chunks(2).map(|pair| pair[0].text()).collect();
        assert_eq!((names.len(), names[10].as_str()), (28, "db.0"));
        let figure = |name: &str| {
            let at = names.iter().position(|known| known == name).expect(name);
            stats.items()[2 * at + 1].clone()
        };
        assert_eq!(figure("keys.count").int(), Some(2000));
        let (dataset, overhead) = (
            figure("dataset.bytes").int(),
            figure("overhead.total").int(),
        );
        assert!(
            dataset > Some(200_000) && overhead > Some(16_000),
            "{dataset:?} {overhead:?}"
        );
        let total = figure("total.allocated").int();
        assert_eq!(dataset.zip(overhead).map(|(a, b)| a + b), total);
        assert_eq!(figure("db.0").items().len(), 6);
        assert!(ask(&mut conn, "MEMORY DOCTOR").text().ends_with('\n'));
        assert!(
            ask(&mut conn, "MEMORY MALLOC-STATS")
                .text()
                .contains("resident")
        );
        assert_eq!(ask(&mut conn, "MEMORY PURGE").text(), "OK");
        assert!(
            ask(&mut conn, "DEBUG HTSTATS 0")
                .text()
                .contains("number of elements: 2000")
        );
    });
}
