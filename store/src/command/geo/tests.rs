//! Replies and events, as redis-server 7.0.15 gives them.

use resp::Protocol;

use crate::command::testing::Bench;

fn sicily() -> Bench {
    let mut bench = Bench::new();
    bench.check(&[
        (
            "GEOADD s 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
            ":2",
        ),
        ("GEOADD s 13.583333 37.316667 Agrigento", ":1"),
    ]);
    bench
}

#[test]
fn adding() {
    let mut bench = sicily();
    bench.check(&[
        ("GEOADD s NX 0 0 Palermo 1 1 Origin", ":1"),
        ("GEOADD s XX CH 0 0 Origin 1 1 Nowhere", ":1"),
        ("GEOADD s CH 0 0 Origin", ":0"),
        ("GEOADD none XX 0 0 a", ":0"),
        ("EXISTS none", ":0"),
        ("ZSCORE s Palermo", "$16 3479099956230698"),
        ("GEOADD s NX XX 0 0 a", "-ERR syntax error"),
        ("GEOADD s NX CH CH", "-ERR syntax error"),
        ("GEOADD s 0 0 a 0", "-ERR syntax error"),
        ("GEOADD s 0 x a", "-ERR value is not a valid float"),
        (
            "GEOADD s 200 0 a",
            "-ERR invalid longitude,latitude pair 200.000000,0.000000",
        ),
    ]);
    bench.run("GEOADD s CH 0 1 Origin 0 2 New");
    assert_eq!(
        (&bench.events[..], bench.dirty),
        (&["zadd s".to_owned()][..], 2)
    );
}

#[test]
fn looking_up() {
    let mut bench = sicily();
    bench.check(&[
        (
            "GEOPOS s Palermo none",
            "*2 *2 $20 13.36138933897018433 $20 38.11555639549629859 *-1",
        ),
        ("GEOPOS none a", "*1 *-1"),
        ("GEOPOS s", "*0"),
        (
            "GEOHASH s Palermo none Catania",
            "*3 $11 sqc8b49rny0 $-1 $11 sqdtr74hyu0",
        ),
        ("GEODIST s Palermo Catania", "$11 166274.1516"),
        ("GEODIST s Palermo Catania km", "$8 166.2742"),
        ("GEODIST s Palermo Palermo", "$6 0.0000"),
        ("GEODIST s Palermo none", "$-1"),
        ("GEODIST none a b", "$-1"),
        (
            "GEODIST s a b yards",
            "-ERR unsupported unit provided. please use M, KM, FT, MI",
        ),
        ("GEODIST s a b m m", "-ERR syntax error"),
    ]);
    bench.protocol = Protocol::Resp3;
    bench.check(&[
        (
            "GEOPOS s Palermo none",
            "*2 *2 ,13.36138933897018433 ,38.11555639549629859 _",
        ),
        ("GEODIST s Palermo Catania", "$11 166274.1516"),
    ]);
}

#[test]
fn searching() {
    let mut bench = sicily();
    bench.check(&[
        ("GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km ASC", "*3 $7 Catania $9 Agrigento $7 Palermo"),
        ("GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1", "*1 $7 Catania"),
        ("GEOSEARCH s FROMMEMBER Palermo BYBOX 400 200 km DESC COUNT 2", "*2 $7 Catania $9 Agrigento"),
        ("GEORADIUS s 15 37 100 km WITHDIST WITHHASH WITHCOORD", "*1 *4 $7 Catania $7 56.4413 :3479447370796909 *2 $20 15.08726745843887329 $20 37.50266842333162032"),
        ("GEORADIUSBYMEMBER s Agrigento 100 km", "*2 $9 Agrigento $7 Palermo"),
        ("GEORADIUS_RO s 15 37 100 km STORE x", "-ERR syntax error"),
        ("GEORADIUSBYMEMBER s nobody 100 km", "-ERR could not decode requested zset member"),
        ("GEORADIUSBYMEMBER none nobody x y", "*0"),
        ("GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 1 km", "*0"),
        ("GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km COUNT 2 ANY", "*2 $9 Agrigento $7 Palermo"),
    ]);
}

#[test]
fn mistakes_in_searches() {
    let mut bench = sicily();
    bench.check(&[
        ("GEOSEARCH s FROMLONLAT 15 37 FROMMEMBER Palermo BYRADIUS 1 km", "-ERR syntax error"),
        ("GEOSEARCH s BYRADIUS 1 km ASC WITHDIST", "-ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH"),
        ("GEOSEARCH s FROMLONLAT 15 37 ASC WITHDIST", "-ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH"),
        ("GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 1 km ANY", "-ERR the ANY argument requires COUNT argument"),
        ("GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 1 km COUNT 0", "-ERR COUNT must be > 0"),
        ("GEOSEARCH s FROMLONLAT 15 37 BYRADIUS x km", "-ERR need numeric radius"),
        ("GEOSEARCH s FROMLONLAT 15 37 BYRADIUS -1 km", "-ERR radius cannot be negative"),
        ("GEOSEARCH s FROMLONLAT 15 37 BYBOX 1 x km", "-ERR need numeric height"),
        ("GEOSEARCH s FROMLONLAT 15 37 BYBOX -1 1 km", "-ERR height or width cannot be negative"),
        ("GEORADIUS s 15 37 1 km STORE d WITHDIST", "-ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options"),
        ("GEOSEARCHSTORE d s FROMLONLAT 15 37 BYRADIUS 1 km WITHDIST", "-ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options"),
    ]);
}

#[test]
fn storing() {
    let mut bench = sicily();
    bench.check(&[
        ("GEOSEARCHSTORE d s FROMLONLAT 15 37 BYRADIUS 200 km", ":3"),
        ("ZSCORE d Palermo", "$16 3479099956230698"),
        ("GEORADIUS s 15 37 100 km STORE d STOREDIST e", ":1"),
        ("ZRANGE e 0 -1", "*1 $7 Catania"),
        ("ZSCORE e Catania", "$18 56.441257870158204"),
        (
            "GEOSEARCHSTORE d none FROMMEMBER a BYRADIUS 1 m STOREDIST",
            ":0",
        ),
        ("EXISTS d", ":0"),
        ("GEORADIUS s 0 0 1 m STORE e", ":0"),
        ("EXISTS e", ":0"),
    ]);
    bench.run("GEORADIUSBYMEMBER s Palermo 1000 km STORE d");
    assert_eq!(
        (&bench.events[..], bench.dirty),
        (&["new d".to_owned(), "georadiusstore d".to_owned()][..], 3)
    );
    bench.run("GEOSEARCHSTORE d s FROMLONLAT 0 0 BYRADIUS 1 km");
    assert_eq!(bench.events, ["del d"]);
}

#[test]
fn keys_of_repeated_destinations_are_found() {
    use crate::command::{key_positions, tables};
    let command = tables().find(|command| command.spec.name == "georadius");
    let spec = &command.expect("it is in the table").spec;
    for (line, expected) in [
        ("GEORADIUS s 0 0 1 m", &[1][..]),
        ("GEORADIUS s 0 0 1 m STORE a", &[1, 7]),
        ("GEORADIUS s 0 0 1 m STORE a STOREDIST b", &[1, 7, 9]),
        ("GEORADIUS s 0 0 1 m STORE a STORE b", &[1, 7, 9]),
        (
            "GEORADIUS s 0 0 1 m STORE STOREDIST STOREDIST b",
            &[1, 7, 8, 9],
        ),
    ] {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let mut found = Vec::new();
        key_positions(spec, resp::Args::from_slices(&words), |index, _| {
            found.push(index)
        })
        .expect("the specs fit");
        assert_eq!(found, expected, "{line}");
    }
}
