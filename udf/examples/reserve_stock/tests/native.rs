//! The functions on the mock host.

use redoxcache_udf::mock::{self, Export, Value};
use reserve_stock::{export_add, export_commit, export_counts, export_release, export_reserve};

fn call(function: Export, args: &[&str]) -> Value {
    let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
    mock::invoke(function, &[b"shoes"], &args)
}

fn ints(parts: &[i64]) -> Value {
    Value::Array(parts.iter().copied().map(Value::Int).collect())
}

#[test]
fn reserved_given_back_and_sold() {
    mock::reset();
    assert_eq!(call(export_counts, &[]), ints(&[0, 0, 0]));
    assert_eq!(call(export_add, &["10"]), Value::Int(10));
    assert_eq!(call(export_reserve, &["a", "4"]), ints(&[1, 6]));
    assert_eq!(call(export_reserve, &["b", "7"]), ints(&[0, 6]));
    assert_eq!(call(export_reserve, &["b", "6"]), ints(&[1, 0]));
    assert_eq!(call(export_release, &["a"]), ints(&[4, 4]));
    assert_eq!(call(export_commit, &["b"]), ints(&[6, 4]));
    assert_eq!(call(export_counts, &[]), ints(&[4, 0, 6]));
}

#[test]
fn every_call_may_be_repeated() {
    mock::reset();
    call(export_add, &["10"]);
    for _ in 0..2 {
        assert_eq!(call(export_reserve, &["a", "4"]), ints(&[1, 6]));
    }
    let other = Value::Error("ERR the reservation has another quantity".to_owned());
    assert_eq!(call(export_reserve, &["a", "5"]), other);
    assert_eq!(call(export_commit, &["a"]), ints(&[4, 6]));
    assert_eq!(call(export_commit, &["a"]), ints(&[0, 6]));
    assert_eq!(call(export_release, &["a"]), ints(&[0, 6]));
}

#[test]
fn arguments_have_bounds() {
    mock::reset();
    let bad = Value::Error("ERR an argument is not what it should be".to_owned());
    let long = "x".repeat(65);
    for args in [
        ["", "1"],
        [&long, "1"],
        ["a", "0"],
        ["a", "-1"],
        ["a", "1.5"],
    ] {
        assert_eq!(call(export_reserve, &args), bad);
    }
    assert_eq!(call(export_add, &["0"]), bad);
    for _ in 0..1000 {
        call(export_add, &["1000000000000"]);
    }
    let full = Value::Error("ERR increment or decrement would overflow".to_owned());
    assert_eq!(call(export_add, &["1"]), full);
    assert_eq!(mock::hash(b"shoes").len(), 1);
}
