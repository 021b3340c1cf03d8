//! The function on the mock host and its clock.

use redoxcache_udf::mock::{self, Value};
use redoxcache_udf::now_ms;
use sliding_window::export_sliding_window;

const START_MS: i64 = 1_700_000_000_000;

fn take(args: &[&str]) -> Value {
    let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
    mock::invoke(export_sliding_window, &[b"user"], &args)
}

fn reply(parts: [i64; 3]) -> Value {
    Value::Array(parts.map(Value::Int).to_vec())
}

fn start() {
    mock::reset();
    mock::set_now_ms(START_MS);
}

#[test]
fn a_limit_in_any_window() {
    start();
    assert_eq!(take(&["3", "1000"]), reply([1, 2, 0]));
    mock::advance_ms(450);
    assert_eq!(take(&["3", "1000", "2"]), reply([1, 0, 0]));
    assert_eq!(take(&["3", "1000"]), reply([0, 0, 650]));
    assert_eq!(take(&["3", "1000", "2"]), reply([0, 0, 1050]));
    mock::advance_ms(649);
    assert_eq!(take(&["3", "1000"]), reply([0, 0, 1]));
    mock::advance_ms(1);
    assert_eq!(take(&["3", "1000"]), reply([1, 0, 0]));
    mock::advance_ms(1100);
    assert_eq!(mock::string(b"user"), None);
}

#[test]
fn no_window_sees_more_than_the_limit() {
    start();
    let mut granted_at = Vec::new();
    for step in 0..4000 {
        mock::advance_ms(1 + step % 7);
        match take(&["5", "333"]) {
            Value::Array(parts) if parts[0] == Value::Int(1) => granted_at.push(now_ms()),
            _ => {}
        }
    }
    assert!(granted_at.len() > 200);
    for six in granted_at.windows(6) {
        assert!(six[5] - six[0] >= 333, "{six:?}");
    }
}

#[test]
fn looking_takes_nothing_and_too_much_never_comes() {
    start();
    assert_eq!(take(&["3", "1000", "0"]), reply([1, 3, 0]));
    assert_eq!(mock::string(b"user"), None);
    assert_eq!(take(&["3", "1000", "4"]), reply([0, 3, -1]));
}

#[test]
fn another_window_starts_anew_and_a_clock_that_goes_back_waits() {
    start();
    assert_eq!(take(&["2", "1000", "2"]), reply([1, 0, 0]));
    mock::set_now_ms(START_MS - 500);
    assert_eq!(take(&["2", "1000"]), reply([0, 0, 1600]));
    assert_eq!(take(&["2", "2000"]), reply([1, 1, 0]));
}

#[test]
fn what_it_does_not_know_it_leaves_alone() {
    start();
    let error = |text: &str| Value::Error(text.to_owned());
    for foreign in [
        "",
        "7",
        "a b",
        "100 1 2 3",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14",
    ] {
        mock::set_string(b"user", foreign.as_bytes());
        assert_eq!(
            take(&["2", "1000"]),
            error("ERR the key does not hold a window")
        );
    }
    for args in [&["0", "1"][..], &["1", "0"], &["1", "x"], &["1", "1", "-1"]] {
        assert_eq!(
            take(args),
            error("ERR an argument is not what it should be")
        );
    }
}
