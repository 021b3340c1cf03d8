//! The functions on the mock host and its clock.

use lock::{export_acquire, export_extend, export_holder, export_release};
use redoxcache_udf::mock::{self, Export, Value};

const START_MS: i64 = 1_700_000_000_000;

fn call(function: Export, args: &[&str]) -> Value {
    let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
    mock::invoke(function, &[b"door"], &args)
}

fn pair(first: i64, second: i64) -> Value {
    Value::Array(vec![Value::Int(first), Value::Int(second)])
}

fn start() {
    mock::reset();
    mock::set_now_ms(START_MS);
}

#[test]
fn one_owner_at_a_time() {
    start();
    assert_eq!(call(export_acquire, &["ann", "1000"]), pair(1, START_MS));
    mock::advance_ms(400);
    assert_eq!(call(export_acquire, &["bob", "1000"]), pair(0, 600));
    let held = vec![Value::bulk("ann"), Value::Int(START_MS), Value::Int(600)];
    assert_eq!(call(export_holder, &[]), Value::Array(held));
    assert_eq!(call(export_release, &["bob"]), Value::Int(0));
    assert_eq!(call(export_release, &["ann"]), Value::Int(1));
    assert_eq!(call(export_release, &["ann"]), Value::Int(0));
    assert_eq!(call(export_holder, &[]), Value::Nil);
    let token = START_MS + 400;
    assert_eq!(call(export_acquire, &["bob", "1000"]), pair(1, token));
}

#[test]
fn time_ends_what_is_not_extended() {
    start();
    assert_eq!(call(export_acquire, &["ann", "100"]), pair(1, START_MS));
    mock::advance_ms(99);
    assert_eq!(call(export_extend, &["ann", "100"]), Value::Int(1));
    assert_eq!(call(export_extend, &["bob", "100"]), Value::Int(0));
    mock::advance_ms(99);
    assert_eq!(call(export_acquire, &["bob", "100"]), pair(0, 1));
    mock::advance_ms(1);
    assert_eq!(call(export_extend, &["ann", "100"]), Value::Int(0));
    assert_eq!(call(export_release, &["ann"]), Value::Int(0));
    assert_eq!(
        call(export_acquire, &["bob", "100"]),
        pair(1, START_MS + 199)
    );
}

#[test]
fn tokens_rise_within_a_millisecond_and_past_a_lost_key() {
    start();
    for taken in 0..5 {
        let token = START_MS + taken;
        assert_eq!(call(export_acquire, &["ann", "100"]), pair(1, token));
        assert_eq!(call(export_acquire, &["ann", "200"]), pair(1, token));
        assert_eq!(call(export_release, &["ann"]), Value::Int(1));
    }
    assert_eq!(mock::pttl(b"door"), Some(86_400_000));
    mock::advance_ms(86_400_000);
    assert_eq!(mock::string(b"door"), None);
    let token = START_MS + 86_400_000;
    assert_eq!(call(export_acquire, &["bob", "100"]), pair(1, token));
}

#[test]
fn owners_have_names_and_locks_a_form() {
    start();
    let bad = Value::Error("ERR an argument is not what it should be".to_owned());
    let long = "x".repeat(65);
    for args in [["", "1"], [&long, "1"], ["a", "0"], ["a", "1000000000001"]] {
        assert_eq!(call(export_acquire, &args), bad);
    }
    assert_eq!(call(export_acquire, &[&long[..64], "1"]), pair(1, START_MS));
    assert_eq!(call(export_release, &[&long[..64]]), Value::Int(1));
    for foreign in ["", "1 2", "1 x a"] {
        mock::set_string(b"door", foreign.as_bytes());
        let error = Value::Error("ERR the key does not hold a lock".to_owned());
        assert_eq!(call(export_holder, &[]), error);
    }
}
