"""Servers for the Python suite: a fresh one for each test, on a free loopback port."""
import os
import shutil
import socket
import subprocess
import tempfile
import time

import pytest
import redis

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("REDOXCACHE_BIN", os.path.join(ROOT, "target", "ci", "redoxcache"))
IS_REDIS = os.path.basename(BINARY).startswith("redis-server")


class Server:
    """A running server; its log is shown by pytest when a test fails."""

    def __init__(self, *flags):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.dir = tempfile.mkdtemp(prefix="redoxcache-py-")
        self.socket = os.path.join(self.dir, "server.sock")
        own = [] if IS_REDIS else ["--threads", "2"]
        self.log = open(os.path.join(self.dir, "log"), "w+")
        self.process = subprocess.Popen(
            [BINARY, "--port", str(self.port), "--save", "", "--dir", self.dir, "--unixsocket", self.socket, *own, *flags],
            stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    self.stop()
                    raise RuntimeError("the server did not start")
                time.sleep(0.01)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.seek(0)
        print(self.log.read())
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def every_driver(test):
    """Runs a test that uses the server fixture once on each of the kernel's interfaces for sockets."""
    flags = [[]] if IS_REDIS else [["--io-driver", "auto"], ["--io-driver", "epoll"]]
    return pytest.mark.parametrize("server", flags, ids=lambda flags: flags[-1] if flags else "redis", indirect=True)(test)


def eventually(holds, seconds=10):
    """Waits until holds() is true, which another connection or thread brings about."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not true after {seconds} s"
        time.sleep(0.01)


@pytest.fixture
def server(request):
    running = Server(*getattr(request, "param", []))
    yield running
    running.stop()


@pytest.fixture(params=[2, 3], ids=["resp2", "resp3"])
def client(server, request):
    """A client in each dialect, decoding replies to text."""
    connected = redis.Redis(port=server.port, protocol=request.param, decode_responses=True, socket_timeout=10)
    yield connected
    connected.close()


@pytest.fixture
def is_redis():
    """Whether the binary is Redis itself, which knows less than newer clients ask for."""
    return IS_REDIS
