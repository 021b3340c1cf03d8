"""Caches of frameworks over the server: Django's own Redis backend, django-redis, and dogpile.cache."""
import time

import django
import pytest
from conftest import eventually, every_driver
from django.conf import settings
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache as DjangosOwn
from dogpile.cache import make_region

if not settings.configured:
    settings.configure(USE_TZ=True, CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}})
    django.setup()


def cache_of(backend, port, **options):
    """A Django cache of a backend's class, with a prefix, over the server's database 1."""
    where = {"BACKEND": backend, "LOCATION": f"redis://127.0.0.1:{port}/1", "KEY_PREFIX": "site", **options}
    return type(caches)({"default": where})["default"]


@pytest.fixture(params=["django.core.cache.backends.redis.RedisCache", "django_redis.cache.RedisCache"], ids=["django", "django_redis"])
def cache(request, server):
    opened = cache_of(request.param, server.port)
    yield opened
    opened.close()


@every_driver
def test_values_come_back_as_they_went(cache):
    for value in ("text", 7, 1.5, None, True, ["a", {"b": (1, 2)}], b"\x00\xff", "x" * 100_000):
        cache.set("k", value)
        assert cache.get("k", "default") == value
    assert cache.get("absent") is None and cache.get("absent", 5) == 5
    assert "k" in cache and "absent" not in cache
    assert cache.add("k", "second") is False and cache.add("new", "first") is True
    assert cache.get("new") == "first"
    assert cache.get_or_set("made", lambda: "made once") == "made once"
    assert cache.get_or_set("made", lambda: "made twice") == "made once"
    assert cache.delete("k") is True and cache.delete("k") is False


def test_counters(cache):
    cache.set("n", 41)
    assert cache.incr("n") == 42 and cache.incr("n", 8) == 50 and cache.decr("n", 51) == -1
    assert cache.get("n") == -1
    if isinstance(cache, DjangosOwn):  # django-redis asks a script whether the counter is there
        with pytest.raises(ValueError):
            cache.incr("absent")


def test_many_at_once(cache):
    assert not cache.set_many({f"k{i}": i for i in range(200)}, timeout=100), "the keys that could not be set"
    assert cache.get_many([f"k{i}" for i in range(0, 400, 2)]) == {f"k{i}": i for i in range(0, 200, 2)}
    cache.delete_many([f"k{i}" for i in range(150)])
    assert set(cache.get_many([f"k{i}" for i in range(200)])) == {f"k{i}" for i in range(150, 200)}
    cache.clear()
    assert cache.get_many([f"k{i}" for i in range(200)]) == {}


def test_timeouts(cache):
    cache.set("soon", 1, timeout=1)
    cache.set("kept", 1, timeout=1)
    cache.set("ever", 1, timeout=None)
    cache.set("gone", 1, timeout=0)
    assert cache.get("gone") is None and cache.get("soon") == 1
    assert cache.touch("kept", 100) is True and cache.touch("absent", 100) is False
    time.sleep(1.1)
    eventually(lambda: cache.get("soon") is None)
    assert cache.get("kept") == 1 and cache.get("ever") == 1


def test_versions(cache):
    cache.set("k", "one")
    cache.set("k", "two", version=2)
    assert cache.get("k") == "one" and cache.get("k", version=2) == "two"
    assert cache.incr_version("k") == 2
    assert cache.get("k") is None and cache.get("k", version=2) == "one"


def test_django_redis_finds_keys_and_their_time(server):
    cache = cache_of("django_redis.cache.RedisCache", server.port)
    cache.set_many({f"user:{i}": i for i in range(300)}, timeout=100)
    cache.set("other", 1, timeout=None)
    assert set(cache.iter_keys("user:*")) == {f"user:{i}" for i in range(300)}
    assert 90 < cache.ttl("user:1") <= 100 and cache.ttl("other") is None and cache.ttl("absent") == 0
    assert cache.persist("user:1") and cache.ttl("user:1") is None
    assert cache.expire("user:1", 50) and 40 < cache.ttl("user:1") <= 50
    assert cache.delete_pattern("user:*") == 300
    assert cache.keys("*") == ["other"]
    cache.close()


def test_dogpile_makes_a_value_once(server):
    made = []
    region = make_region().configure("dogpile.cache.redis", expiration_time=60, arguments={
        "host": "127.0.0.1", "port": server.port, "redis_expiration_time": 120})

    @region.cache_on_arguments()
    def square(n):
        made.append(n)
        return n * n

    assert [square(n) for n in (3, 4, 3, 3)] == [9, 16, 9, 9] and made == [3, 4]
    square.invalidate(3)
    assert square(3) == 9 and made == [3, 4, 3]
    region.set_multi({"a": 1, "b": {"nested": [1, 2]}})
    assert region.get_multi(["a", "b"]) == [1, {"nested": [1, 2]}]
    region.delete_multi(["a", "b"])
    assert not any(region.get_multi(["a", "b"]))
