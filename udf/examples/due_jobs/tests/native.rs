//! The functions on the mock host and its clock.

use due_jobs::{export_add, export_move};
use redoxcache_udf::mock::{self, Value};

fn add(job: &str, delay_ms: &str) -> Value {
    mock::invoke(
        export_add,
        &[b"later"],
        &[job.as_bytes(), delay_ms.as_bytes()],
    )
}

/// An empty schedule at 1,000,000 ms.
fn start() {
    mock::reset();
    mock::set_now_ms(1_000_000);
}

fn move_due(most: &str) -> (i64, i64) {
    match mock::invoke(export_move, &[b"later", b"queue"], &[most.as_bytes()]) {
        Value::Array(parts) => match parts[..] {
            [Value::Int(moved), Value::Int(next_ms)] => (moved, next_ms),
            ref other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn due_jobs_move_in_order_and_the_next_one_is_known() {
    start();
    assert_eq!(move_due("10"), (0, -1));
    for (job, delay_ms) in [("c", "300"), ("a", "100"), ("b", "100"), ("d", "0")] {
        assert_eq!(add(job, delay_ms), Value::Int(1));
    }
    assert_eq!(add("c", "200"), Value::Int(0));
    assert_eq!(move_due("10"), (1, 100));
    assert_eq!(move_due("10"), (0, 100));
    mock::advance_ms(150);
    assert_eq!(move_due("1"), (1, 0));
    assert_eq!(move_due("1"), (1, 50));
    mock::advance_ms(50);
    assert_eq!(move_due("1000"), (1, -1));
    assert_eq!(mock::list(b"queue"), [b"d", b"a", b"b", b"c"]);
}

#[test]
fn arguments_have_bounds() {
    start();
    let bad = Value::Error("ERR an argument is not what it should be".to_owned());
    let long = "x".repeat(4097);
    for (job, delay_ms) in [("", "1"), (&*long, "1"), ("a", "-1"), ("a", "x")] {
        assert_eq!(add(job, delay_ms), bad);
    }
    for most in ["0", "1001", "-1"] {
        let keys: [&[u8]; 2] = [b"later", b"queue"];
        assert_eq!(mock::invoke(export_move, &keys, &[most.as_bytes()]), bad);
    }
}

#[test]
fn a_queue_that_is_none_keeps_the_jobs_where_they_are() {
    start();
    add("a", "0");
    mock::set_string(b"queue", b"x");
    let keys: [&[u8]; 2] = [b"later", b"queue"];
    match mock::invoke(export_move, &keys, &[b"1"]) {
        Value::Error(text) => assert!(text.starts_with("WRONGTYPE ")),
        other => panic!("{other:?}"),
    }
    assert_eq!(mock::sorted_set(b"later").len(), 1);
}

#[test]
fn many_and_long_jobs_move_in_order() {
    start();
    let job = |at: usize| format!("{at:04}{}", "x".repeat(at * 31 % 4093));
    for at in 0..200 {
        add(&job(at), &at.to_string());
    }
    mock::advance_ms(99);
    assert_eq!(move_due("70"), (70, 0));
    assert_eq!(move_due("1000"), (30, 1));
    mock::advance_ms(1000);
    assert_eq!(move_due("1000"), (100, -1));
    let moved: Vec<Vec<u8>> = (0..200).map(|at| job(at).into_bytes()).collect();
    assert_eq!(mock::list(b"queue"), moved);
}
