//! DEBUG DIGEST and DIGEST-VALUE: the expected hashes are a real Redis 7.0.15's for the same data.

use harness::matrix;

const DATA: [&str; 9] = [
    "SET a 1",
    "SET b hello EX 100",
    "RPUSH l a b c 1 2",
    "SADD s 1 2 3",
    "SADD s2 x y 1",
    "HSET h f v g 1",
    "ZADD z 1.5 a 2 b inf c 3.14159265358979 d",
    "SELECT 3",
    "SET q w",
];

#[test]
fn are_those_of_redis_whatever_the_encoding_and_the_shards() {
    for set_max in ["512", "0"] {
        let flags = [
            "--enable-debug-command",
            "yes",
            "--set-max-intset-entries",
            set_max,
            "--hash-max-listpack-entries",
            set_max,
            "--zset-max-listpack-entries",
            set_max,
        ];
        matrix(&flags, |server| {
            let mut conn = server.connect();
            assert_eq!(conn.run("DEBUG DIGEST").text(), "0".repeat(40));
            DATA.iter().for_each(|line| drop(conn.run(line)));
            assert_eq!(
                conn.run("DEBUG DIGEST").text(),
                "eb0cbf77b88b3ab2cac97f28687a015945fee9b9"
            );
            conn.run("SELECT 0");
            for (key, digest) in [
                ("a", "b4fc66738120fba0b5aa500ab5c2bf89cea1c5da"),
                ("b", "d037c4eb8a8b36b602fbced4000daeab0714c1e3"),
                ("l", "f48a1249517530ff1906fc79ddbf9b687f71f06f"),
                ("s", "2a462a3f51a1db89738ebbeef0c47ce1bbc85246"),
                ("s2", "03ee76a1ebe8db27d61b3ea784011d5acc537675"),
                ("h", "6679ee22f89ed8001eeb5309d0900265ea56c03a"),
                ("z", "24c6034be511b6e9949293efe8499e0e4992e8c4"),
                ("none", "0000000000000000000000000000000000000000"),
            ] {
                let reply = conn.run(&format!("DEBUG DIGEST-VALUE {key}"));
                assert_eq!(reply.items()[0].text(), digest, "{key}");
            }
        });
    }
}
