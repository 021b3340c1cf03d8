//! The functions on the mock host and its clock.

use cache_lease::{export_drop, export_fill, export_get};
use redoxcache_udf::mock::{self, Export, Value};

const START_MS: i64 = 1_700_000_000_000;

fn call(function: Export, args: &[&str]) -> Value {
    let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
    mock::invoke(function, &[b"page"], &args)
}

fn get() -> Value {
    call(export_get, &["500"])
}

fn fill(token: i64, value: &str) -> Value {
    call(export_fill, &[&token.to_string(), value, "1000", "2000"])
}

fn number(word: &str, number: i64) -> Value {
    Value::Array(vec![Value::bulk(word), Value::Int(number)])
}

fn value(word: &str, value: &str) -> Value {
    Value::Array(vec![Value::bulk(word), Value::bulk(value)])
}

fn start() {
    mock::reset();
    mock::set_now_ms(START_MS);
}

#[test]
fn one_fills_while_the_others_wait() {
    start();
    assert_eq!(get(), number("fill", START_MS));
    mock::advance_ms(100);
    assert_eq!(get(), number("wait", 400));
    assert_eq!(fill(START_MS + 1, "forged"), Value::Int(0));
    assert_eq!(fill(START_MS, "v"), Value::Int(1));
    assert_eq!(get(), value("fresh", "v"));
    assert_eq!(fill(START_MS, "again"), Value::Int(0));
    assert_eq!(mock::pttl(b"page"), Some(3000));
}

#[test]
fn one_refreshes_while_the_others_take_what_is_stale() {
    start();
    get();
    fill(START_MS, "old");
    mock::advance_ms(1000);
    let token = START_MS + 1000;
    let refresh = vec![
        Value::bulk("refresh"),
        Value::bulk("old"),
        Value::Int(token),
    ];
    assert_eq!(get(), Value::Array(refresh));
    assert_eq!(get(), value("stale", "old"));
    assert_eq!(fill(token, "new"), Value::Int(1));
    assert_eq!(get(), value("fresh", "new"));
    mock::advance_ms(2900);
    assert_eq!(mock::pttl(b"page"), Some(100));
    get();
    assert_eq!(mock::pttl(b"page"), Some(500));
    mock::advance_ms(500);
    assert_eq!(get(), number("fill", START_MS + 4400));
}

#[test]
fn a_lease_that_is_over_goes_to_the_next_one() {
    start();
    get();
    fill(START_MS, "old");
    mock::advance_ms(1000);
    get();
    mock::advance_ms(499);
    assert_eq!(get(), value("stale", "old"));
    mock::advance_ms(1);
    let late = START_MS + 1000;
    let token = late + 500;
    let refresh = vec![
        Value::bulk("refresh"),
        Value::bulk("old"),
        Value::Int(token),
    ];
    assert_eq!(get(), Value::Array(refresh));
    assert_eq!(fill(late, "late"), Value::Int(0));
    assert_eq!(fill(token, "new"), Value::Int(1));
}

#[test]
fn what_was_dropped_is_not_filled_by_an_older_lease() {
    start();
    assert_eq!(call(export_drop, &[]), Value::Int(0));
    get();
    assert_eq!(call(export_drop, &[]), Value::Int(1));
    assert_eq!(fill(START_MS, "old"), Value::Int(0));
    assert_eq!(get(), number("fill", START_MS + 1));
    assert_eq!(fill(START_MS + 1, "new"), Value::Int(1));
    assert_eq!(call(export_drop, &[]), Value::Int(1));
    assert_eq!(get(), number("fill", START_MS + 2));
}

#[test]
fn values_of_any_length_up_to_the_longest() {
    for len in [0, 1024, 1025, 32_768] {
        start();
        get();
        let long = "v".repeat(len);
        assert_eq!(fill(START_MS, &long), Value::Int(1));
        assert_eq!(get(), value("fresh", &long));
    }
    let refused = Value::Error("ERR a value of 32769 bytes does not fit".to_owned());
    assert_eq!(fill(START_MS, &"v".repeat(32_769)), refused);
}
