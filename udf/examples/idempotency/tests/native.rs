//! The functions on the mock host and its clock.

use idempotency::{export_begin, export_cancel, export_finish, export_replay};
use redoxcache_udf::mock::{self, Export, Value};

fn call(function: Export, args: &[&str]) -> Value {
    let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
    mock::invoke(function, &[b"pay:7"], &args)
}

fn words(parts: &[&str]) -> Value {
    Value::Array(parts.iter().map(Value::bulk).collect())
}

#[test]
fn done_once_and_answered_alike() {
    mock::reset();
    assert_eq!(call(export_begin, &["a", "1000"]), words(&["started"]));
    mock::advance_ms(300);
    let running = vec![Value::bulk("running"), Value::Int(700)];
    assert_eq!(call(export_begin, &["b", "1000"]), Value::Array(running));
    assert_eq!(call(export_replay, &[]), Value::Nil);
    assert_eq!(call(export_finish, &["b", "no", "9"]), Value::Int(0));
    assert_eq!(call(export_finish, &["a", "paid", "5000"]), Value::Int(1));
    assert_eq!(call(export_finish, &["a", "twice", "9"]), Value::Int(0));
    assert_eq!(call(export_begin, &["b", "1000"]), words(&["done", "paid"]));
    assert_eq!(call(export_begin, &["a", "1000"]), words(&["done", "paid"]));
    assert_eq!(call(export_replay, &[]), Value::bulk("paid"));
    assert_eq!(mock::pttl(b"pay:7"), Some(5000));
    mock::advance_ms(5000);
    assert_eq!(call(export_replay, &[]), Value::Nil);
    assert_eq!(call(export_begin, &["b", "1000"]), words(&["started"]));
}

#[test]
fn work_that_ends_in_nothing_is_begun_again() {
    mock::reset();
    assert_eq!(call(export_begin, &["a", "100"]), words(&["started"]));
    assert_eq!(call(export_begin, &["a", "200"]), words(&["started"]));
    assert_eq!(call(export_cancel, &["b"]), Value::Int(0));
    assert_eq!(call(export_cancel, &["a"]), Value::Int(1));
    assert_eq!(call(export_cancel, &["a"]), Value::Int(0));
    assert_eq!(call(export_begin, &["b", "100"]), words(&["started"]));
    mock::advance_ms(100);
    assert_eq!(call(export_finish, &["b", "late", "9"]), Value::Int(0));
    assert_eq!(call(export_begin, &["a", "100"]), words(&["started"]));
}

#[test]
fn responses_of_any_length_up_to_the_longest() {
    for len in [0, 1, 1023, 1024, 1025, 32_768] {
        mock::reset();
        let response = "r".repeat(len);
        call(export_begin, &["a", "100"]);
        assert_eq!(call(export_finish, &["a", &response, "9"]), Value::Int(1));
        assert_eq!(call(export_replay, &[]), Value::bulk(&response));
        assert_eq!(
            call(export_begin, &["b", "100"]),
            words(&["done", &response])
        );
    }
    let long = "r".repeat(32_769);
    let refused = Value::Error("ERR a value of 32769 bytes does not fit".to_owned());
    assert_eq!(call(export_finish, &["a", &long, "9"]), refused);
}

#[test]
fn owners_are_compared_whole() {
    mock::reset();
    let longest = "o".repeat(64);
    call(export_begin, &[&longest, "100"]);
    assert_eq!(call(export_cancel, &[&longest[..63]]), Value::Int(0));
    assert_eq!(call(export_cancel, &[&longest]), Value::Int(1));
    let bad = Value::Error("ERR an argument is not what it should be".to_owned());
    assert_eq!(call(export_begin, &["", "100"]), bad);
    assert_eq!(call(export_begin, &[&"o".repeat(65), "100"]), bad);
    for foreign in ["", "x"] {
        mock::set_string(b"pay:7", foreign.as_bytes());
        let error = Value::Error("ERR the key does not hold a request".to_owned());
        assert_eq!(call(export_replay, &[]), error);
    }
}
