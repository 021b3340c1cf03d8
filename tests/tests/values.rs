//! Big values: from where a value outgrows a read buffer up to ten megabytes, alone, in pipelines, in pieces.

use harness::wire::encode;
use harness::{Conn, Reply, Rng, ServerBuilder, matrix};

/// Sizes around powers of two that buffers and shared values change their mind at.
const SIZES: [usize; 9] = [
    16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 1_048_576, 1_048_577, 10_000_000,
];

fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        bytes.extend_from_slice(&rng.next_u64().to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

#[test]
fn come_back_as_they_went() {
    matrix(&[], |server| {
        for mut conn in [server.connect(), Conn::unix(server.socket()).unwrap()] {
            for size in SIZES {
                let value = noise(size, size as u64);
                assert_eq!(conn.call(&[b"SET", b"big".as_slice(), &value]).text(), "OK");
                assert_eq!(conn.run("STRLEN big").int(), Some(size as i64));
                assert!(conn.run("GET big") == Reply::Bulk(value), "{size} bytes");
            }
        }
    });
}

#[test]
fn keep_their_place_in_a_pipeline() {
    matrix(&[], |server| {
        let mut conn = server.connect();
        let values: Vec<Vec<u8>> = SIZES.iter().take(8).map(|&size| noise(size, 7)).collect();
        let mut out = Vec::new();
        for (i, value) in values.iter().enumerate() {
            encode(&mut out, &[b"SET", format!("k{i}").as_bytes(), value]);
            encode(&mut out, &[b"ECHO", format!("after {i}").as_bytes()]);
            encode(&mut out, &[b"GET", format!("k{i}").as_bytes()]);
        }
        let writer = conn.writer();
        let sender = std::thread::spawn(move || writer.send_raw(&out));
        for (i, value) in values.iter().enumerate() {
            assert_eq!(conn.read().unwrap().text(), "OK");
            assert_eq!(conn.read().unwrap().text(), format!("after {i}"));
            assert!(
                conn.read().unwrap() == Reply::Bulk(value.clone()),
                "value {i}"
            );
        }
        sender.join().unwrap().unwrap();
    });
}

#[test]
fn arrive_in_any_pieces() {
    let server = ServerBuilder::ours().threads(2).start();
    let mut rng = Rng::new(11);
    let mut conn = server.connect();
    for round in 0..20 {
        let value = noise(60_000 + round * 3, round as u64);
        let mut out = Vec::new();
        encode(&mut out, &[b"SET", b"pieces".as_slice(), &value]);
        encode(&mut out, &["GET", "pieces"]);
        let mut rest = out.as_slice();
        while !rest.is_empty() {
            let (head, tail) = rest.split_at((1 + rng.below(20_000)).min(rest.len()));
            conn.send_raw(head).unwrap();
            rest = tail;
        }
        assert_eq!(conn.read().unwrap().text(), "OK");
        assert!(conn.read().unwrap() == Reply::Bulk(value));
    }
}

#[test]
fn are_shared_among_readers_while_they_change() {
    let server = ServerBuilder::ours().threads(2).start();
    let (old, new) = (vec![b'o'; 3_000_000], vec![b'n'; 3_000_000]);
    server.connect().call(&[b"SET", b"v".as_slice(), &old]);
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let mut conn = server.connect();
            let (old, new) = (Reply::Bulk(old.clone()), Reply::Bulk(new.clone()));
            std::thread::spawn(move || {
                for _ in 0..20 {
                    let seen = conn.run("GET v");
                    assert!(seen == old || seen == new, "a torn value");
                }
            })
        })
        .collect();
    let mut writer = server.connect();
    for value in [&new, &old].into_iter().cycle().take(20) {
        writer.call(&[b"SET", b"v".as_slice(), value]);
    }
    readers
        .into_iter()
        .for_each(|reader| reader.join().unwrap());
}
