//! The functions on the mock host.

use leaderboard::{export_add, export_around, export_top};
use redoxcache_udf::mock::{self, Export, Value};

fn call(function: Export, args: &[&str]) -> Value {
    let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
    mock::invoke(function, &[b"board"], &args)
}

fn pair(rank: i64, points: i64) -> Value {
    Value::Array(vec![Value::Int(rank), Value::Int(points)])
}

fn rows(rows: &[(i64, &str, i64)]) -> Value {
    let row = |&(rank, member, points): &(i64, &str, i64)| {
        Value::Array(vec![
            Value::Int(rank),
            Value::bulk(member),
            Value::Int(points),
        ])
    };
    Value::Array(rows.iter().map(row).collect())
}

#[test]
fn most_points_first_and_ties_by_name() {
    mock::reset();
    assert_eq!(call(export_add, &["bob", "10"]), pair(1, 10));
    assert_eq!(call(export_add, &["ann", "10"]), pair(1, 10));
    assert_eq!(call(export_add, &["cid", "11"]), pair(1, 11));
    assert_eq!(call(export_add, &["dee", "-3"]), pair(4, -3));
    assert_eq!(call(export_add, &["bob", "0"]), pair(3, 10));
    assert_eq!(call(export_add, &["bob", "2"]), pair(1, 12));
    let first = [(1, "bob", 12), (2, "cid", 11)];
    assert_eq!(call(export_top, &["2"]), rows(&first));
    assert_eq!(call(export_add, &["bob", "-2"]), pair(3, 10));
    let all = [
        (1, "cid", 11),
        (2, "ann", 10),
        (3, "bob", 10),
        (4, "dee", -3),
    ];
    assert_eq!(call(export_top, &["1000"]), rows(&all));
}

#[test]
fn around_a_member() {
    mock::reset();
    for (member, points) in [
        ("a", "50"),
        ("b", "40"),
        ("c", "30"),
        ("d", "20"),
        ("e", "10"),
    ] {
        call(export_add, &[member, points]);
    }
    let around_c = [(2, "b", 40), (3, "c", 30), (4, "d", 20)];
    assert_eq!(call(export_around, &["c", "1"]), rows(&around_c));
    let around_a = [(1, "a", 50), (2, "b", 40), (3, "c", 30)];
    assert_eq!(call(export_around, &["a", "2"]), rows(&around_a));
    assert_eq!(call(export_around, &["e", "0"]), rows(&[(5, "e", 10)]));
    assert_eq!(call(export_around, &["x", "3"]), rows(&[]));
}

#[test]
fn arguments_have_bounds() {
    mock::reset();
    let bad = Value::Error("ERR an argument is not what it should be".to_owned());
    let long = "x".repeat(257);
    for args in [
        ["", "1"],
        [&long, "1"],
        ["a", "1.5"],
        ["a", "1000000000001"],
    ] {
        assert_eq!(call(export_add, &args), bad);
    }
    assert_eq!(call(export_top, &["0"]), bad);
    assert_eq!(call(export_around, &["a", "501"]), bad);
    assert_eq!(mock::sorted_set(b"board"), []);
}

#[test]
fn rows_that_take_more_than_one_look() {
    mock::reset();
    let name = |at: usize| format!("{at:04}{}", "x".repeat(at % 250));
    for at in 0..300 {
        call(export_add, &[&name(at), &(1000 - at).to_string()]);
    }
    let names: Vec<String> = (0..300).map(name).collect();
    let expected: Vec<(i64, &str, i64)> = (0..300)
        .map(|at| (at as i64 + 1, &*names[at], 1000 - at as i64))
        .collect();
    assert_eq!(call(export_top, &["1000"]), rows(&expected));
    assert_eq!(call(export_top, &["260"]), rows(&expected[..260]));
    let around = call(export_around, &[&names[200], "100"]);
    assert_eq!(around, rows(&expected[100..]));
}
