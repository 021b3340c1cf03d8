"""redis-py as applications use it: both dialects, pipelines, cursors, expiry, errors, pools, Unix sockets."""
import threading
import time

import pytest
import redis


def test_connects_and_says_who_it_is(client):
    assert client.ping()
    assert client.client_id() > 0
    info = client.info()
    assert info["redis_version"].count(".") == 2
    assert info["loading"] == 0
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_strings(client):
    assert client.set("k", "v", ex=100) is True
    assert client.get("k") == "v"
    assert 90 < client.ttl("k") <= 100
    assert client.set("k", "w", nx=True) is None
    assert client.set("k", "w", xx=True, get=True) == "v"
    assert client.getdel("k") == "w"
    assert client.incrby("n", 5) == 5
    assert client.incrbyfloat("f", 0.1) == pytest.approx(0.1)
    assert client.mset({"a": 1, "b": 2}) is True
    assert client.mget("a", "b", "absent") == ["1", "2", None]


def test_hashes(client):
    assert client.hset("h", mapping={"a": 1, "b": "two"}) == 2
    assert client.hgetall("h") == {"a": "1", "b": "two"}
    assert client.hmget("h", "a", "absent") == ["1", None]
    assert dict(client.hscan_iter("h")) == {"a": "1", "b": "two"}
    assert client.hincrbyfloat("h", "x", 1.5) == 1.5
    assert sorted(client.hkeys("h")) == ["a", "b", "x"]


def test_lists(client):
    assert client.rpush("l", "a", "b", "c") == 3
    assert client.lrange("l", 0, -1) == ["a", "b", "c"]
    assert client.lmove("l", "m", "LEFT", "RIGHT") == "a"
    assert client.lpop("l", 5) == ["b", "c"]
    assert client.exists("l") == 0


def test_sets(client):
    assert client.sadd("s", *range(10)) == 10
    assert client.smembers("s") == {str(i) for i in range(10)}
    client.sadd("t", 5, 6, "x")
    assert client.sinter("s", "t") == {"5", "6"}
    assert client.smismember("s", ["1", "x"]) == [1, 0]
    assert set(client.sscan_iter("s")) == {str(i) for i in range(10)}


def test_sorted_sets(client):
    assert client.zadd("z", {"a": 1, "b": 2.5, "c": -1}) == 3
    scored = [tuple(pair) for pair in client.zrange("z", 0, -1, withscores=True)]
    assert scored == [("c", -1.0), ("a", 1.0), ("b", 2.5)]
    assert client.zrank("z", "b") == 2
    assert client.zincrby("z", 10, "c") == 9.0
    assert client.zrangebyscore("z", 1, "(9") == ["a", "b"]
    assert [tuple(pair) for pair in client.zpopmin("z", 2)] == [("a", 1.0), ("b", 2.5)]


def test_expiry(client):
    client.set("soon", 1, px=50)
    client.set("later", 1, px=100_000)
    time.sleep(0.2)
    assert client.get("soon") is None
    assert client.exists("later") == 1
    assert client.persist("later")
    assert client.ttl("later") == -1
    assert client.ttl("soon") == -2


def test_expired_keys_go_without_being_asked_for(client):
    client.mset({f"k{i}": i for i in range(500)})
    with client.pipeline(transaction=False) as pipe:
        for i in range(500):
            pipe.pexpire(f"k{i}", 20)
        pipe.execute()
    end = time.monotonic() + 10
    while client.dbsize() and time.monotonic() < end:
        time.sleep(0.05)
    assert client.dbsize() == 0


def test_pipelines(client):
    with client.pipeline(transaction=False) as pipe:
        for i in range(1000):
            pipe.set(f"k{i}", i)
            pipe.get(f"k{i}")
        answers = pipe.execute()
    assert answers[1::2] == [str(i) for i in range(1000)]
    assert all(answers[0::2])


def test_scan_sees_every_key_once_at_least(client):
    with client.pipeline(transaction=False) as pipe:
        for i in range(5000):
            pipe.set(f"key:{i}", i)
        pipe.execute()
    assert set(client.scan_iter(count=37)) == {f"key:{i}" for i in range(5000)}
    assert set(client.scan_iter(match="key:12*")) == {f"key:{i}" for i in range(5000) if str(i).startswith("12")}


def test_scan_while_the_keyspace_grows(client):
    client.mset({f"old:{i}": i for i in range(2000)})
    seen, cursor, fresh = set(), 0, 0
    while True:
        cursor, page = client.scan(cursor, count=50)
        seen.update(page)
        client.mset({f"new:{fresh}:{i}": i for i in range(100)})
        fresh += 1
        if cursor == 0:
            break
    assert {f"old:{i}" for i in range(2000)} <= seen


def test_errors(client):
    client.set("k", "text")
    with pytest.raises(redis.ResponseError, match="value is not an integer or out of range"):
        client.incr("k")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE Operation against a key holding the wrong kind of value"):
        client.lpush("k", 1)
    with pytest.raises(redis.ResponseError, match="unknown command 'NOSUCH', with args beginning with: 'a' "):
        client.execute_command("NOSUCH", "a")
    with pytest.raises(redis.ResponseError, match="wrong number of arguments for 'get' command"):
        client.execute_command("GET")


def test_binary_values(server):
    with redis.Redis(port=server.port) as client:
        value = bytes(range(256)) * 300
        client.set(b"\x00\xff key", value)
        assert client.get(b"\x00\xff key") == value


def test_unix_socket(server):
    with redis.Redis(unix_socket_path=server.socket, decode_responses=True) as client:
        client.set("k", "v")
        assert client.get("k") == "v"


def test_pool_of_threads(server):
    pool = redis.ConnectionPool(port=server.port, max_connections=16)

    def count():
        client = redis.Redis(connection_pool=pool)
        for _ in range(200):
            client.incr("n")

    threads = [threading.Thread(target=count) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert redis.Redis(connection_pool=pool).get("n") == b"3200"


def test_databases(server):
    one, two = (redis.Redis(port=server.port, db=db) for db in (1, 2))
    one.set("k", 1)
    assert two.get("k") is None
    one.move("k", 2)
    assert two.get("k") == b"1" and one.exists("k") == 0


def test_resp3_types(server):
    with redis.Redis(port=server.port, protocol=3, decode_responses=True) as client:
        client.hset("h", "f", "v")
        assert client.execute_command("HGETALL", "h") == {"f": "v"}
        client.zadd("z", {"m": 1.5})
        assert client.execute_command("ZSCORE", "z", "m") == 1.5
        assert client.execute_command("CONFIG", "GET", "maxclients")["maxclients"].isdigit()


def test_library_names_are_kept(server, is_redis):
    if is_redis:
        pytest.skip("CLIENT SETINFO is newer than the reference")
    with redis.Redis(port=server.port, decode_responses=True) as client:
        assert "lib-name=redis-py" in client.execute_command("CLIENT", "INFO", NEVER_DECODE=True).decode()


def test_publish_and_subscribe(client):
    messages = client.pubsub(ignore_subscribe_messages=True)
    messages.subscribe("news")
    messages.psubscribe("n*")
    deadline = time.time() + 10
    while client.pubsub_numsub("news") != [("news", 1)] or client.pubsub_numpat() != 1:
        assert messages.get_message(timeout=0.1) is None
        assert time.time() < deadline
    assert client.publish("news", "hello") == 2
    got = []
    while len(got) < 2 and time.time() < deadline:
        message = messages.get_message(timeout=1)
        if message:
            got.append((message["type"], message["channel"], message["data"]))
    assert sorted(got) == [("message", "news", "hello"), ("pmessage", "news", "hello")]
    messages.unsubscribe()
    messages.punsubscribe()
    messages.close()
