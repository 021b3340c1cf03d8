"""Lua scripts as applications use them through redis-py: registered scripts, locks, job queues with keys nobody declared."""
import threading
import time

import pytest
import redis
from conftest import every_driver

COMPARE_AND_SET = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2])
  return 1
end
return 0
"""

# The shape of Sidekiq's scheduler: the key is built in the script.
POP_DUE = """
local queue = 'due:' .. ARGV[1]
local job = redis.call('zrange', queue, '-inf', ARGV[2], 'byscore', 'limit', 0, 1)[1]
if job then
  redis.call('zrem', queue, job)
  redis.call('lpush', 'work:' .. ARGV[1], job)
end
return job
"""


def test_a_registered_script_survives_a_flush(client):
    script = client.register_script(COMPARE_AND_SET)
    client.set("k", "a")
    assert script(keys=["k"], args=["a", "b"]) == 1
    assert script(keys=["k"], args=["a", "c"]) == 0
    client.script_flush()
    assert client.script_exists(script.sha) == [False]
    assert script(keys=["k"], args=["b", "c"]) == 1
    assert client.get("k") == "c"


def test_errors_name_the_script_and_the_line(client):
    with pytest.raises(redis.ResponseError, match="WRONGTYPE.*script: [0-9a-f]{40}, on @user_script:2"):
        client.lpush("list", 1)
        client.eval("\nreturn redis.call('GET', KEYS[1])", 1, "list")
    with pytest.raises(redis.ResponseError, match="nonexistent global variable 'nothing'"):
        client.eval("return nothing", 0)
    with pytest.raises(redis.exceptions.NoScriptError):
        client.evalsha("f" * 40, 0)


def test_scripts_leave_nothing_behind(client):
    for attempt in ("redis.call = 1", "string.rep = 1", "x = 1", "rawset(_G, 'x', 1)", "getmetatable('').__index = 1"):
        with pytest.raises(redis.ResponseError, match="readonly table"):
            client.eval(attempt, 0)
    assert client.eval("return redis.call('PING')", 0) in ("PONG", True)


def test_scripts_that_nest_deeply_harm_nobody(client):
    nested = "local function f(n) if n == 0 then return 'x' end return (string.gsub('a', 'a', function() return f(n - 1) end)) end return f(%d)"
    assert client.eval(nested % 150, 0) == "x"
    with pytest.raises(redis.ResponseError, match="C stack overflow"):
        client.eval(nested % 400, 0)
    assert client.eval("return #cjson.encode(cjson.decode(('['):rep(999) .. (']'):rep(999)))", 0) > 0
    with pytest.raises(redis.ResponseError, match="too many results to unpack"):
        client.eval("return unpack({1, 2}, 0, 2147483647)", 0)
    assert client.ping()


def test_the_lock_of_redis_py(client):
    lock = client.lock("lock", timeout=5)
    assert lock.acquire()
    assert not client.lock("lock", timeout=5).acquire(blocking=False)
    lock.extend(3)
    lock.release()
    with pytest.raises(redis.exceptions.LockError):
        lock.release()


def test_a_lock_is_lost_when_its_time_is_over(client):
    mine, other = client.lock("lock", timeout=0.2), client.lock("lock", timeout=60)
    assert mine.acquire()
    assert other.acquire(blocking_timeout=30)
    with pytest.raises(redis.exceptions.LockNotOwnedError):
        mine.release()
    assert other.owned() and other.reacquire()
    other.release()


@every_driver
def test_a_lock_lets_one_in_at_a_time(server):
    """Many wait for one lock; a counter that each reads and writes in two steps loses nothing."""
    failed = []

    def work():
        try:
            with redis.Redis(port=server.port) as mine:
                for _ in range(5):
                    with mine.lock("lock", timeout=60, sleep=0.005):
                        count = int(mine.get("count") or 0)
                        time.sleep(0.001)
                        mine.set("count", count + 1)
        except Exception as error:  # shown below
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failed == []
    with redis.Redis(port=server.port) as reader:
        assert reader.get("count") == b"30"
        assert reader.exists("lock") == 0


@every_driver
def test_nothing_is_popped_twice(server):
    """Scripts on keys that they do not declare, from many connections and cores."""
    with redis.Redis(port=server.port, decode_responses=True) as seeder:
        seeder.zadd("due:mail", {f"job-{n}": n for n in range(100)})
    popped = []

    def work():
        with redis.Redis(port=server.port, decode_responses=True) as mine:
            pop = mine.register_script(POP_DUE)
            while (job := pop(args=["mail", 1000])) is not None:
                popped.append(job)

    threads = [threading.Thread(target=work) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(popped) == sorted(f"job-{n}" for n in range(100))
    with redis.Redis(port=server.port) as reader:
        assert reader.llen("work:mail") == 100


def test_a_script_in_a_transaction_and_one_that_wakes_a_waiter(client, server):
    with client.pipeline() as pipe:
        pipe.set("n", 1).eval("return redis.call('INCR', KEYS[1])", 1, "n").get("n")
        assert pipe.execute() == [True, 2, "2"]
    woken = []

    def wait():
        with redis.Redis(port=server.port, decode_responses=True) as waiter:
            woken.append(waiter.blpop("queue", 10))

    thread = threading.Thread(target=wait)
    thread.start()
    while client.info("clients")["blocked_clients"] == 0:
        time.sleep(0.01)
    client.eval("redis.call('LPUSH', KEYS[1], 'a'); redis.call('LPUSH', KEYS[1], 'b')", 1, "queue")
    thread.join()
    assert woken == [("queue", "b")], "it is served when the script has ended"


# The second asks for more comparisons than a machine makes in its life, within one instruction of Lua.
ENDLESS = [
    "while true do pcall(function() while true do end end) end",
    "return string.find(('a'):rep(64), ('a?'):rep(64) .. ('a'):rep(64))",
]


@pytest.mark.parametrize("script", ENDLESS)
@every_driver
def test_a_script_without_end_is_killed(server, script):
    with redis.Redis(port=server.port) as admin, redis.Redis(port=server.port) as other:
        admin.config_set("busy-reply-threshold", 100)
        ends = []

        def loop():
            with redis.Redis(port=server.port) as looping:
                with pytest.raises(redis.ResponseError) as error:
                    looping.eval(script, 0)
                ends.append(str(error.value))

        thread = threading.Thread(target=loop)
        thread.start()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                other.get("k")
            except redis.ResponseError as error:
                assert str(error).startswith("BUSY") or "BUSY" in type(error).__name__.upper() or "busy" in str(error)
                break
        admin.script_kill()
        thread.join()
        assert ends[0].startswith("Script killed by user with SCRIPT KILL... script: ")
        assert other.get("k") is None
        with pytest.raises(redis.ResponseError, match="No scripts in execution"):
            admin.script_kill()
