"""Users through redis-py, in both dialects."""
import pytest
import redis


def connect(server, protocol, **options):
    return redis.Redis(port=server.port, protocol=protocol, decode_responses=True, socket_timeout=10, **options)


def test_users_and_their_rights(server, client):
    assert client.acl_whoami() == "default"
    assert "keyspace" in client.acl_cat()
    assert "geoadd" in client.acl_cat("geo")
    assert len(client.acl_genpass(64)) == 16
    client.acl_setuser("app", enabled=True, passwords=["+secret"], keys=["app:*"], categories=["+@all", "-@dangerous"])
    described = client.acl_getuser("app")
    assert "on" in described["flags"]
    assert set(client.acl_users()) == {"app", "default"}
    assert any(line.startswith("user app on #") for line in client.acl_list())

    protocol = client.connection_pool.connection_kwargs["protocol"]
    app = connect(server, protocol, username="app", password="secret")
    assert app.acl_whoami() == "app"
    assert app.set("app:1", "v") is True
    with pytest.raises(redis.exceptions.NoPermissionError):
        app.set("other", "v")
    with pytest.raises(redis.exceptions.NoPermissionError):
        app.flushall()
    with pytest.raises(redis.exceptions.NoPermissionError):
        app.pipeline().set("app:1", "w").get("other").execute()
    log = client.acl_log()
    assert log[0]["reason"] == "key" and log[0]["object"] == "other" and log[0]["username"] == "app"
    assert client.acl_dryrun("app", "get", "app:1") in (True, "OK", b"OK")
    assert client.acl_log_reset()

    assert client.acl_deluser("app") == 1
    with pytest.raises((redis.exceptions.ConnectionError, redis.exceptions.AuthenticationError)):
        app.ping()


def test_wrong_passwords(server, client):
    client.acl_setuser("app", enabled=True, passwords=["+secret"], commands=["+ping"])
    protocol = client.connection_pool.connection_kwargs["protocol"]
    with pytest.raises(redis.exceptions.AuthenticationError):
        connect(server, protocol, username="app", password="guess").ping()
    assert connect(server, protocol, username="app", password="secret").ping()
