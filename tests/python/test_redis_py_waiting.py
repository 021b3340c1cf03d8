"""redis-py where replies come later or unasked: publish/subscribe, blocking pops, streams with consumer groups."""
import threading
import time

import pytest
import redis
from conftest import eventually, every_driver


@pytest.fixture
def other(server):
    """A second connection, for the side that is not waited for."""
    with redis.Redis(port=server.port, decode_responses=True, socket_timeout=10) as client:
        yield client


class Later(threading.Thread):
    """Runs a call in a thread of its own; result() joins it and hands its value or its error over."""

    def __init__(self, call, *args, **kwargs):
        super().__init__(daemon=True)
        self.call, self.value, self.error = lambda: call(*args, **kwargs), None, None
        self.start()

    def run(self):
        try:
            self.value = self.call()
        except Exception as error:
            self.error = error

    def result(self):
        self.join(15)
        assert not self.is_alive(), "the call still waits"
        if self.error:
            raise self.error
        return self.value


def blocked(client, count=1):
    eventually(lambda: client.info("clients")["blocked_clients"] == count)


def next_message(pubsub):
    message = pubsub.get_message(timeout=10)
    assert message is not None, "no message came"
    return message["type"], message["channel"], message["data"]


@every_driver
def test_subscribers_hear_what_is_published(client, other):
    with client.pubsub() as pubsub:
        pubsub.subscribe("news", "weather")
        pubsub.psubscribe("n?ws")
        assert [next_message(pubsub) for _ in range(3)] == [
            ("subscribe", "news", 1), ("subscribe", "weather", 2), ("psubscribe", "n?ws", 3)]
        assert other.publish("news", "hello") == 2
        assert sorted(next_message(pubsub) for _ in range(2)) == [("message", "news", "hello"), ("pmessage", "news", "hello")]
        assert other.publish("nobody listens", "x") == 0
        assert other.pubsub_numsub("news", "empty") == [("news", 1), ("empty", 0)]
        assert sorted(other.pubsub_channels()) == ["news", "weather"]
        assert other.pubsub_numpat() == 1
        pubsub.unsubscribe("news")
        assert next_message(pubsub) == ("unsubscribe", "news", 2)
        assert other.publish("news", "again") == 1
    eventually(lambda: other.pubsub_channels() == [] and other.pubsub_numpat() == 0)


def test_messages_come_in_order_and_complete(client, other):
    with client.pubsub(ignore_subscribe_messages=True) as pubsub:
        pubsub.subscribe("numbers")
        eventually(lambda: other.pubsub_numsub("numbers") == [("numbers", 1)])
        with other.pipeline(transaction=False) as pipe:
            for i in range(2000):
                pipe.publish("numbers", i)
            assert pipe.execute() == [1] * 2000
        heard = []
        while len(heard) < 2000:
            message = pubsub.get_message(timeout=10)
            if message:
                heard.append(int(message["data"]))
        assert heard == list(range(2000))


def test_handlers_run_in_a_thread(client, other):
    heard = []
    pubsub = client.pubsub()
    pubsub.subscribe(**{"work": lambda message: heard.append(message["data"])})
    thread = pubsub.run_in_thread(sleep_time=0.01)
    try:
        eventually(lambda: other.publish("work", "x") == 1)
        eventually(lambda: "x" in heard)
    finally:
        thread.stop()
        thread.join(10)
        pubsub.close()


def test_sharded_channels(client, other):
    with client.pubsub() as pubsub:
        pubsub.ssubscribe("shard")
        assert next_message(pubsub) == ("ssubscribe", "shard", 1)
        assert other.spublish("shard", "hello") == 1
        assert other.publish("shard", "elsewhere") == 0
        message = pubsub.get_sharded_message(timeout=10) if hasattr(pubsub, "get_sharded_message") else pubsub.get_message(timeout=10)
        assert (message["type"], message["data"]) == ("smessage", "hello")


def test_a_health_check_passes_while_subscribed(server, other):
    with redis.Redis(port=server.port, decode_responses=True, health_check_interval=1) as client, client.pubsub() as pubsub:
        pubsub.subscribe("c")
        assert next_message(pubsub) == ("subscribe", "c", 1)
        time.sleep(1.1)
        assert pubsub.get_message(timeout=0.2) is None
        other.publish("c", "still here")
        assert next_message(pubsub) == ("message", "c", "still here")


@every_driver
def test_blocking_pops_wait_for_a_push(client, other):
    pop = Later(client.blpop, ["empty", "queue"], timeout=10)
    blocked(other)
    assert other.rpush("queue", "job") == 1
    assert list(pop.result()) == ["queue", "job"]
    assert other.exists("queue") == 0


def test_blocking_pops_of_every_kind(client, other):
    calls = [
        (lambda: client.brpop("l", timeout=10), lambda: other.rpush("l", "v"), ["l", "v"]),
        (lambda: client.blmove("l", "m", 10, "LEFT", "RIGHT"), lambda: other.rpush("l", "moved"), "moved"),
        (lambda: client.brpoplpush("l", "m", 10), lambda: other.rpush("l", "old"), "old"),
        (lambda: client.bzpopmin("z", timeout=10), lambda: other.zadd("z", {"low": 1.5, "high": 2}), ["z", "low", 1.5]),
        (lambda: client.bzpopmax("y", timeout=10), lambda: other.zadd("y", {"low": 1, "high": 2}), ["y", "high", 2.0]),
        (lambda: client.blmpop(10, 2, "k", "l", direction="LEFT", count=5), lambda: other.rpush("l", "a", "b"), ["l", ["a", "b"]]),
    ]
    for wait, push, expected in calls:
        pop = Later(wait)
        blocked(other)
        push()
        value = pop.result()
        assert (value if isinstance(value, str) else list(value)) == expected
    name, members = Later(client.bzmpop, 10, 1, ["y"], min=True).result()
    assert name == "y" and [[m, float(s)] for m, s in members] == [["low", 1.0]]
    assert other.lrange("m", 0, -1) == ["old", "moved"]


def test_a_blocking_pop_gives_up_in_time(client):
    start = time.monotonic()
    assert client.blpop("empty", timeout=0.2) is None
    assert client.bzpopmin("empty", timeout=0.2) is None
    assert 0.35 < time.monotonic() - start < 5
    assert client.ping()


def test_every_waiting_worker_gets_its_share(server, other):
    """Many workers wait on one queue, jobs come one by one and in bulk; each is handed out once, none is lost."""
    def work():
        done = []
        with redis.Redis(port=server.port, decode_responses=True) as mine:
            while True:
                job = mine.blpop("jobs", timeout=10)[1]
                if job == "stop":
                    return done
                done.append(int(job))

    workers = [Later(work) for _ in range(8)]
    blocked(other, 8)
    for job in range(200):
        other.rpush("jobs", job)
    other.rpush("jobs", *range(200, 1000))
    other.rpush("jobs", *["stop"] * 8)
    assert sorted(job for worker in workers for job in worker.result()) == list(range(1000))


def test_a_blocked_client_can_be_released(client, other):
    ident = client.client_id()
    pop = Later(client.blpop, "empty", timeout=10)
    blocked(other)
    waiting = [entry["id"] for entry in other.client_list() if entry["cmd"] == "blpop"]
    assert len(waiting) == 1 and int(waiting[0]) >= ident
    assert other.client_unblock(int(waiting[0])) == 1
    assert pop.result() is None


def test_a_stream_is_read_as_it_grows(client, other):
    first = other.xadd("s", {"n": 1})
    reader = Later(client.xread, {"s": "$"}, block=10_000)
    blocked(other)
    second = other.xadd("s", {"n": 2})
    assert entries(reader.result())["s"] == [(second, {"n": "2"})]
    assert [ident for ident, _ in client.xrange("s")] == [first, second]
    assert [ident for ident, _ in client.xrevrange("s", count=1)] == [second]
    assert client.xlen("s") == 2
    assert client.xtrim("s", maxlen=1, approximate=False) == 1
    assert client.xread({"s": second}, block=50) in (None, [], {})


def entries(reply):
    """{stream: [(id, fields)]} of an XREAD reply, a list of pairs in RESP2 and a map of wrapped lists in RESP3."""
    pairs = reply.items() if isinstance(reply, dict) else reply
    found = {}
    for name, items in pairs:
        if len(items) == 1 and isinstance(items[0], list):
            items = items[0]
        found[name] = [(ident, fields) for ident, fields in items]
    return found


@every_driver
def test_a_consumer_group_shares_a_stream(client, other):
    assert client.xgroup_create("s", "g", id="0", mkstream=True)
    with pytest.raises(redis.ResponseError, match="BUSYGROUP"):
        client.xgroup_create("s", "g")
    reader = Later(client.xreadgroup, "g", "alice", {"s": ">"}, count=10, block=10_000)
    blocked(other)
    idents = [other.xadd("s", {"n": i}) for i in range(4)]
    got = entries(reader.result())["s"]
    rest = entries(other.xreadgroup("g", "bob", {"s": ">"}))
    taken = [ident for ident, _ in got] + [ident for ident, _ in rest.get("s", [])]
    assert taken == idents
    assert client.xack("s", "g", idents[0]) == 1
    pending = client.xpending("s", "g")
    assert pending["pending"] == 3 and pending["min"] == idents[1] and pending["max"] == idents[3]
    assert {row["message_id"] for row in client.xpending_range("s", "g", "-", "+", 10)} == set(idents[1:])
    claimed = client.xclaim("s", "g", "carol", 0, [idents[1]])
    assert [ident for ident, _ in claimed] == [idents[1]]
    cursor, moved, gone = client.xautoclaim("s", "g", "carol", 0)
    assert cursor == "0-0" and [ident for ident, _ in moved] == idents[1:] and gone == []
    assert client.xack("s", "g", *idents) == 3
    groups = client.xinfo_groups("s")
    assert groups[0]["name"] == "g" and groups[0]["pending"] == 0
    assert {row["name"] for row in client.xinfo_consumers("s", "g")} >= {"alice", "carol"}
    assert client.xinfo_stream("s")["length"] == 4
    assert client.xgroup_delconsumer("s", "g", "carol") == 0
    assert client.xgroup_destroy("s", "g") == 1
