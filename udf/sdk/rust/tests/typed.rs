//! The typed layer over the mock: every import, its statuses, and replies.

use redoxcache_udf::mock::{self, Value};
use redoxcache_udf::{
    command, functions, log, now_ms, random, reply, Call, Error, Kind, Level, Rows, SetOptions,
    Side, Type,
};

fn strings(call: &Call) -> Result<(), Error> {
    let (key, mut room) = (call.key(0)?, [0; 8]);
    assert_eq!(key.kind()?, Type::None);
    assert_eq!(key.get(&mut room)?, None);
    assert!(key.set_with(b"12", SetOptions::default().if_absent().ttl_ms(50))?);
    assert!(!key.set_with(b"13", SetOptions::default().if_absent())?);
    assert_eq!(key.pttl()?, Some(50));
    assert_eq!(key.incr_by(30)?, 42);
    assert_eq!(key.get_int()?, Some(42));
    assert!(key.set_with(b"0123456789", SetOptions::default().if_present().keep_ttl())?);
    assert_eq!((key.pttl()?, key.strlen()?), (Some(50), 10));
    assert_eq!(key.get(&mut room), Err(Error::TooLong(10)));
    assert_eq!(key.get_range(7, &mut room)?, Some(&b"789"[..]));
    assert_eq!(key.append(b"ab")?, 12);
    assert_eq!(key.incr_by(1), Err(Error::BadArgument));
    assert_eq!(key.push(Side::Left, b"x"), Err(Error::WrongType));
    let both = SetOptions::default().keep_ttl().ttl_ms(5);
    assert_eq!(key.set_with(b"", both), Err(Error::BadArgument));
    let soon = SetOptions::default().ttl_ms(60);
    assert_eq!(key.compare_and_set(b"0", b"held", soon)?, Some(false));
    assert_eq!(
        key.compare_and_set(b"0123456789ab", b"held", soon)?,
        Some(true)
    );
    let kept = SetOptions::default().keep_ttl();
    assert_eq!(key.compare_and_set(b"held", b"", kept)?, Some(true));
    assert_eq!((key.pttl()?, key.strlen()?), (Some(60), 0));
    assert_eq!(key.compare_and_set(b"", b"", both), Err(Error::BadArgument));
    assert!(key.pexpire(100)? && key.exists()?);
    assert!(key.del()? && !key.del()?);
    assert_eq!(key.compare_and_set(b"", b"", soon)?, None);
    key.set(b"9223372036854775807")?;
    assert_eq!(key.incr_by(1), Err(Error::Overflow));
    reply::status("OK");
    Ok(())
}

fn collections(call: &Call) -> Result<(), Error> {
    let (hash, set, list, zset) = (call.key(0)?, call.key(1)?, call.key(2)?, call.key(3)?);
    let mut room = [0; 16];
    assert!(hash.hset(b"f", b"1")? && !hash.hset(b"f", b"2")?);
    assert_eq!(hash.hincr_by(b"f", 5)?, 7);
    assert_eq!(
        (hash.hget(b"f", &mut room)?, hash.hget_int(b"g")?),
        (Some(&b"7"[..]), None)
    );
    assert!(hash.hdel(b"f")? && !hash.exists()?);
    assert!(set.sadd(b"m")? && !set.sadd(b"m")? && set.sismember(b"m")?);
    assert!(set.srem(b"m")? && !set.srem(b"m")? && set.kind()? == Type::None);
    assert_eq!(
        (
            list.push(Side::Right, b"a")?,
            list.push(Side::Left, b"long element")?
        ),
        (1, 2)
    );
    assert_eq!(list.pop(Side::Left, &mut [0; 2]), Err(Error::TooLong(12)));
    assert_eq!(list.llen()?, 2);
    assert_eq!(list.pop(Side::Right, &mut room)?, Some(&b"a"[..]));
    assert!(zset.zadd(1.5, b"m")? && !zset.zadd(2.5, b"m")?);
    assert_eq!((zset.zincr_by(0.5, b"m")?, zset.zscore(b"n")?), (3.0, None));
    assert_eq!(zset.zadd(f64::NAN, b"m"), Err(Error::BadArgument));
    reply::map(2);
    reply::bulk(b"score");
    reply::float(zset.zscore(b"m")?.unwrap_or_default());
    reply::bulk(b"parts");
    reply::array(3);
    reply::bool(true);
    reply::nil();
    reply::set(0);
    Ok(())
}

fn several(call: &Call) -> Result<(), Error> {
    let (hash, list, zset) = (call.key(0)?, call.key(1)?, call.key(2)?);
    assert_eq!(hash.hmget_int([b"f"])?, [None]);
    assert_eq!(hash.hmset([(b"f", b"-1"), (b"g", b"word")])?, 2);
    assert_eq!(hash.hmset([(b"f", b"12"), (b"h", b"")])?, 1);
    assert_eq!(hash.hmget_int([b"f", b"x"])?, [Some(12), None]);
    let fields: [&[u8]; 4] = [b"g", b"x", b"h", b"f"];
    let found = [Some(&b"word"[..]), None, Some(b""), Some(b"12")];
    assert_eq!(hash.hmget(fields, &mut [0; 22])?, found);
    assert_eq!(hash.hmget(fields, &mut [0; 21]), Err(Error::TooLong(22)));
    assert_eq!(hash.hmget_int([b"g"]), Err(Error::BadArgument));
    assert_eq!(list.push_all(Side::Right, &[b"a", b"b"])?, 2);
    assert_eq!(list.push_all(Side::Left, &[b"c", b"d"])?, 4);
    assert_eq!(list.push_all(Side::Left, &[]), Err(Error::BadArgument));
    for (score, member) in [(1.5, b"m"), (2.5, b"n"), (-1.0, b"l")] {
        zset.zadd(score, member)?;
    }
    assert_eq!((zset.zcard()?, zset.zrank(b"m")?), (3, Some(1)));
    assert_eq!((zset.zrevrank(b"n")?, zset.zrank(b"x")?), (Some(0), None));
    let mut rows = Rows::<40>::new();
    zset.zrange(0, -1, &mut rows)?;
    let first: [(f64, &[u8]); 3] = [(-1.0, b"l"), (1.5, b"m"), (2.5, b"n")];
    assert!(rows.iter().eq(first));
    zset.zrevrange(0, 0, &mut rows)?;
    assert!(rows.iter().eq([(2.5, &b"n"[..])]));
    zset.zrange(3, 9, &mut rows)?;
    assert!(rows.is_empty());
    let mut small = Rows::<30>::new();
    zset.zrange(0, -1, &mut small)?;
    assert_eq!(small.iter().count(), 2);
    assert_eq!(
        zset.zrange(0, 0, &mut Rows::<12>::new()),
        Err(Error::TooLong(1))
    );
    assert!(zset.zrem(b"m")? && !zset.zrem(b"m")?);
    assert_eq!((zset.zremrange(0, 0)?, zset.zremrange(-5, -1)?), (1, 1));
    assert!(!zset.exists()?);
    let word: [&[u8]; 1] = [b"x"];
    assert_eq!(list.hmget(word, &mut []), Err(Error::WrongType));
    assert_eq!(list.zcard(), Err(Error::WrongType));
    reply::ints(&[1, -2, i64::MAX]);
    Ok(())
}

fn others(call: &Call) -> Result<(), Error> {
    let answer = command(&[b"LRANGE", call.key(0)?.name(), b"0", b"-1"])?;
    assert_eq!((answer.kind(), answer.len()), (Kind::Array, 2));
    let mut room = [0; 8];
    assert_eq!(answer.at(1)?.bytes(&mut room)?, b"17");
    assert_eq!((answer.at(1)?.int(), answer.at(1)?.float()), (17, 17.0));
    assert_eq!(answer.at(2).err(), Some(Error::BadArgument));
    for _ in 0..5000 {
        // Every answer is given back, so any number may come and go.
        assert!(!answer.at(0)?.is_empty());
    }
    log(Level::Notice, b"seen");
    reply::array(2);
    reply::int(now_ms());
    reply::int(i64::from(random() != random()));
    Ok(())
}

fn fails(call: &Call) -> Result<(), Error> {
    call.expects(1, 1)?;
    call.expects_in(1, 0..=1)?;
    match call.int_in(0, 0..=9)? {
        0 => Err(Error::Text("BUSY try later")),
        1 => redoxcache_udf::Key::new(b"other").set(b"x"),
        _ => {
            reply::error(b"plain words");
            Err(Error::Replied)
        }
    }
}

fn touch(call: &Call) -> Result<(), Error> {
    let options = SetOptions::default().ttl_ms(10).if_absent();
    reply::bool(call.key(0)?.set_with(b"x", options)?);
    Ok(())
}

functions! {
    "strings" [] => strings as export_strings,
    "collections" [NO_WRITES, STATELESS] => collections as export_collections,
    "several" [] => several as export_several,
    "others" [] => others as export_others,
    "fails" [ALLOW_OOM] => fails as export_fails,
    "touch" [] => touch as export_touch,
}

#[test]
fn typed_imports_do_what_they_say() {
    mock::reset();
    assert_eq!(
        mock::invoke(export_strings, &[b"k"], &[]),
        Value::Status("OK".into())
    );
    mock::advance_ms(5);
    let keys: [&[u8]; 4] = [b"h", b"s", b"l", b"z"];
    let parts = vec![Value::Bool(true), Value::Nil, Value::Set(vec![])];
    let expected = vec![
        (Value::bulk("score"), Value::Float(3.0)),
        (Value::bulk("parts"), Value::Array(parts)),
    ];
    assert_eq!(
        mock::invoke(export_collections, &keys, &[]),
        Value::Map(expected)
    );
}

#[test]
fn several_parts_at_once() {
    mock::reset();
    let expected = [1, -2, i64::MAX].map(Value::Int).to_vec();
    assert_eq!(
        mock::invoke(export_several, &[b"h", b"l", b"z"], &[]),
        Value::Array(expected)
    );
    assert_eq!(mock::list(b"l"), [b"d", b"c", b"a", b"b"]);
}

#[test]
fn expiry_follows_the_tests_clock() {
    mock::reset();
    let touched = || mock::invoke(export_touch, &[b"k"], &[]);
    assert_eq!(
        (touched(), touched()),
        (Value::Bool(true), Value::Bool(false))
    );
    mock::advance_ms(10);
    assert_eq!(touched(), Value::Bool(true));
}

#[test]
fn other_commands_answer_what_the_test_says() {
    mock::reset();
    mock::set_now_ms(77);
    mock::answer_commands(|args| {
        assert_eq!(args[0], b"LRANGE");
        Value::Array(vec![Value::bulk("a"), Value::bulk("17")])
    });
    let expected = Value::Array(vec![Value::Int(77), Value::Int(1)]);
    assert_eq!(mock::invoke(export_others, &[b"k"], &[]), expected);
    assert_eq!(mock::logged(), ["seen"]);
}

#[test]
fn errors_have_their_texts() {
    mock::reset();
    let error = |args: &[&[u8]]| match mock::invoke(export_fails, &[b"k"], args) {
        Value::Error(text) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(error(&[b"0"]), "BUSY try later");
    assert_eq!(
        error(&[b"1"]),
        "ERR the function touches a key that it was not given"
    );
    assert_eq!(error(&[b"2"]), "ERR plain words");
    assert_eq!(error(&[b"10"]), error(&[b"x"]));
    assert_eq!(error(&[b"x"]), "ERR an argument is not what it should be");
    assert_eq!(error(&[]), "ERR wrong number of keys or arguments");
}

#[test]
fn libraries_register_their_functions() {
    let names = mock::registered(redox_load).expect("it registers");
    let expected = [
        ("strings", 0),
        ("collections", 33),
        ("several", 0),
        ("others", 0),
        ("fails", 2),
        ("touch", 0),
    ];
    assert_eq!(
        names,
        expected.map(|(name, flags)| (name.to_owned(), flags))
    );
}
