"""redis-py's larger features: WATCH, a lock without scripts, iterators, hash-field expiry, users, its own cache."""
import asyncio
import threading
import uuid

import pytest
import redis
import redis.asyncio
from conftest import eventually, every_driver
from redis.backoff import NoBackoff
from redis.cache import CacheConfig
from redis.retry import Retry

ONCE = Retry(NoBackoff(), 0)


def test_a_transaction_is_all_or_nothing(client):
    with client.pipeline() as pipe:
        pipe.set("a", 1).incr("a").lpush("l", "x", "y").lrange("l", 0, -1)
        assert pipe.execute() == [True, 2, 2, ["y", "x"]]
        pipe.set("a", "text").incr("a").set("b", 1)
        with pytest.raises(redis.ResponseError, match="not an integer"):
            pipe.execute()
    assert client.mget("a", "b") == ["text", "1"]
    with client.pipeline() as pipe:
        pipe.set("c", 1).execute_command("NOSUCH")
        with pytest.raises(redis.ResponseError, match="unknown command"):
            pipe.execute()
    assert client.exists("c") == 0


def test_watch_notices_another_writer(client, server):
    client.set("n", 1)
    with redis.Redis(port=server.port) as other, client.pipeline() as pipe:
        pipe.watch("n")
        assert pipe.get("n") == "1"
        other.set("n", 10)
        pipe.multi()
        pipe.incr("n")
        with pytest.raises(redis.WatchError):
            pipe.execute()
    assert client.get("n") == "10"


@every_driver
def test_watched_counters_lose_nothing(server):
    """The counter of every tutorial: read, add, write, again after a WatchError, from many threads."""
    pool = redis.ConnectionPool(port=server.port)

    def count():
        mine = redis.Redis(connection_pool=pool)
        for _ in range(25):
            mine.transaction(lambda pipe: add_one(pipe), "n")

    def add_one(pipe):
        value = int(pipe.get("n") or 0)
        pipe.multi()
        pipe.set("n", value + 1)

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert redis.Redis(connection_pool=pool).get("n") == b"150"


class WatchedLock:
    """A lock by SET NX PX that lets go only of what it still holds, by WATCH where others use a script."""

    def __init__(self, client, name):
        self.client, self.name, self.token = client, name, uuid.uuid4().hex

    def acquire(self, ms):
        return bool(self.client.set(self.name, self.token, nx=True, px=ms))

    def release(self):
        with self.client.pipeline() as pipe:
            try:
                pipe.watch(self.name)
                if pipe.get(self.name) != self.token:
                    return False
                pipe.multi()
                pipe.delete(self.name)
                return pipe.execute() == [1]
            except redis.WatchError:
                return False


def test_a_lock_is_held_by_one(client):
    mine, theirs = WatchedLock(client, "lock"), WatchedLock(client, "lock")
    assert mine.acquire(10_000) and not theirs.acquire(10_000)
    assert not theirs.release() and mine.release()
    assert theirs.acquire(30)
    eventually(lambda: mine.acquire(10_000))
    assert not theirs.release() and client.get("lock") == mine.token


def test_iterators_visit_everything(client, is_redis):
    client.mset({f"user:{i}": i for i in range(500)})
    client.hset("hash", mapping={f"f{i}": i for i in range(500)})
    client.sadd("set", *range(500))
    client.zadd("zset", {f"m{i}": i for i in range(500)})
    assert set(client.scan_iter("user:*", count=20)) == {f"user:{i}" for i in range(500)}
    assert set(client.scan_iter(_type="hash")) == {"hash"}
    assert dict(client.hscan_iter("hash", count=20)) == {f"f{i}": str(i) for i in range(500)}
    if not is_redis:  # newer than the reference
        assert set(client.hscan_iter("hash", no_values=True)) == {f"f{i}" for i in range(500)}
    assert {int(m) for m in client.sscan_iter("set", count=20)} == set(range(500))
    assert {tuple(pair) for pair in client.zscan_iter("zset", match="m1*")} == {
        (f"m{i}", float(i)) for i in range(500) if str(i).startswith("1")}


def test_fields_of_a_hash_expire(client, is_redis):
    if is_redis:
        pytest.skip("the reference is older than fields that expire")
    client.hset("h", mapping={"soon": 1, "later": 2, "never": 3})
    assert client.hpexpire("h", 40, "soon") == [1]
    assert client.hexpire("h", 100, "later", "absent") == [1, -2]
    assert client.httl("h", "later", "never", "absent") == [100, -1, -2]
    assert client.hpersist("h", "later") == [1]
    eventually(lambda: client.hgetall("h") == {"later": "2", "never": "3"})
    assert client.hsetex("h", mapping={"fresh": 1}, ex=60) == 1
    assert client.hgetex("h", "fresh", persist=True) == ["1"]
    assert client.hgetdel("h", "fresh", "later", "never") == ["1", "2", "3"]
    assert client.exists("h") == 0


def test_users_may_do_what_their_rules_say(client, server):
    client.acl_setuser("reader", enabled=True, passwords=["+secret"], keys=["app:*"], commands=["+get", "+@connection"])
    client.mset({"app:k": "v", "other": "hidden"})
    assert "reader" in client.acl_users()
    assert client.acl_getuser("reader")["enabled"]
    with redis.Redis(port=server.port, username="reader", password="secret", decode_responses=True) as reader:
        assert reader.get("app:k") == "v"
        with pytest.raises(redis.exceptions.NoPermissionError):
            reader.set("app:k", "w")
        with pytest.raises(redis.exceptions.NoPermissionError):
            reader.get("other")
    with redis.Redis(port=server.port, username="reader", password="wrong", retry=ONCE) as intruder:
        with pytest.raises(redis.exceptions.AuthenticationError):
            intruder.ping()
    assert {entry["reason"] for entry in client.acl_log()} == {"command", "key", "auth"}
    assert client.acl_dryrun("reader", "get", "app:k") == "OK"
    assert client.acl_deluser("reader") == 1
    assert client.acl_whoami() == "default"


def test_a_password_for_everybody(server):
    with redis.Redis(port=server.port) as client:
        client.config_set("requirepass", "sesame")
    with redis.Redis(port=server.port, retry=ONCE) as client, pytest.raises(redis.exceptions.AuthenticationError):
        client.ping()
    for protocol in 2, 3:
        with redis.Redis(port=server.port, password="sesame", protocol=protocol) as client:
            assert client.ping()


def test_asynchronous_clients(server):
    """Many tasks over one pool of connections, one of them blocked, one subscribed."""
    async def talk():
        client = redis.asyncio.Redis(port=server.port, decode_responses=True)
        async with client, client.pubsub() as pubsub:
            await pubsub.subscribe("c")
            assert (await pubsub.get_message(timeout=10))["type"] == "subscribe"
            popped = asyncio.create_task(client.blpop("queue", timeout=10))
            assert await asyncio.gather(*(client.incrby("n", i) for i in range(50)))
            assert await client.get("n") == "1225"
            await client.publish("c", "hello")
            assert (await pubsub.get_message(timeout=10))["data"] == "hello"
            await client.rpush("queue", "job")
            assert list(await popped) == ["queue", "job"]
            async with client.pipeline(transaction=True) as pipe:
                assert await pipe.set("a", 1).incr("a").execute() == [True, 2]
            assert {key async for key in client.scan_iter()} == {"n", "a"}

    asyncio.run(talk())


@pytest.fixture
def caching(server, is_redis):
    """A client that keeps replies until the server says that their keys changed."""
    if is_redis:
        pytest.skip("redis-py caches nothing from a server as old as the reference")
    with redis.Redis(port=server.port, protocol=3, decode_responses=True, cache_config=CacheConfig()) as client:
        client.ping()
        yield client


def cached(client):
    return {tuple(key.redis_keys) for key in client.get_cache().collection}


@every_driver
def test_a_cached_reply_goes_when_its_key_changes(caching, client):
    client.mset({"k": "old", "kept": "same"})
    assert caching.get("k") == "old" and caching.get("kept") == "same"
    assert cached(caching) == {("k",), ("kept",)}
    client.set("k", "new")
    eventually(lambda: caching.get("k") == "new")
    assert caching.get("kept") == "same"
    client.delete("k")
    eventually(lambda: caching.get("k") is None)


def test_a_cached_reply_saves_the_way_to_the_server(caching, client):
    client.set("k", "v")
    assert caching.get("k") == "v"
    before = client.info("commandstats")["cmdstat_get"]["calls"]
    assert [caching.get("k") for _ in range(50)] == ["v"] * 50
    assert client.info("commandstats")["cmdstat_get"]["calls"] == before


def test_cached_replies_go_by_expiry_and_flush(caching, client):
    client.set("soon", 1, px=100)
    client.hset("h", "f", "v")
    assert caching.get("soon") == "1" and caching.hgetall("h") == {"f": "v"}
    eventually(lambda: caching.get("soon") is None)
    client.hset("h", "f", "w")
    eventually(lambda: caching.hgetall("h") == {"f": "w"})
    client.flushall()
    eventually(lambda: caching.hgetall("h") == {})
