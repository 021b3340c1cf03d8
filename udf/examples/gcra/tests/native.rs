//! The function on the mock host and its clock.

use gcra::export_gcra;
use redoxcache_udf::mock::{self, Value};

fn take(args: &[&str]) -> Value {
    let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
    mock::invoke(export_gcra, &[b"user"], &args)
}

fn reply(parts: [i64; 5]) -> Value {
    Value::Array(parts.map(Value::Int).to_vec())
}

fn start() {
    mock::reset();
    mock::set_now_ms(1_700_000_000_000);
}

#[test]
fn a_burst_then_the_rate() {
    start();
    let limit = ["2", "10", "60"];
    assert_eq!(take(&limit), reply([0, 3, 2, -1, 6]));
    assert_eq!(take(&limit), reply([0, 3, 1, -1, 12]));
    assert_eq!(take(&limit), reply([0, 3, 0, -1, 18]));
    assert_eq!(take(&limit), reply([1, 3, 0, 6, 18]));
    mock::advance_ms(5999);
    assert_eq!(take(&limit), reply([1, 3, 0, 1, 13]));
    mock::advance_ms(1);
    assert_eq!(take(&limit), reply([0, 3, 0, -1, 18]));
    mock::advance_ms(18_000);
    assert_eq!(mock::string(b"user"), None);
    assert_eq!(take(&limit), reply([0, 3, 2, -1, 6]));
}

#[test]
fn quantities_are_all_or_nothing() {
    start();
    assert_eq!(take(&["9", "1", "1", "0"]), reply([0, 10, 10, -1, 0]));
    assert_eq!(mock::string(b"user"), None);
    assert_eq!(take(&["9", "1", "1", "7"]), reply([0, 10, 3, -1, 7]));
    assert_eq!(take(&["9", "1", "1", "4"]), reply([1, 10, 3, 1, 7]));
    assert_eq!(take(&["9", "1", "1", "11"]), reply([1, 10, 3, -1, 7]));
    assert_eq!(take(&["9", "1", "1", "3"]), reply([0, 10, 0, -1, 10]));
}

#[test]
fn any_second_sees_no_more_than_the_rate() {
    start();
    let (mut granted, per_second) = (0, "7");
    for _ in 0..5000 {
        granted += i64::from(take(&["0", per_second, "1"]) == reply([0, 1, 0, -1, 1]));
        mock::advance_ms(1);
    }
    assert!((34..=35).contains(&granted), "{granted} in 5 s");
}

#[test]
fn limits_have_bounds() {
    start();
    for args in [
        &["0", "0", "1"][..],
        &["-1", "1", "1"],
        &["0", "1", "0"],
        &["0", "1", "1.5"],
        &["0", "1", "1", "-1"],
        &["1000000", "1", "1000000"],
    ] {
        let refused = Value::Error("ERR an argument is not what it should be".to_owned());
        assert_eq!(take(args), refused, "{args:?}");
    }
    assert!(matches!(take(&["1", "1"]), Value::Error(_)));
}
