"""Job queues as applications run them: RQ and Celery hand jobs to real worker processes and take the results."""
import operator
import os
import subprocess
import sys

import celery
import pytest
import redis
import rq
from celery_jobs import application
from conftest import eventually, every_driver

HERE = os.path.dirname(os.path.abspath(__file__))


def start(server, *command):
    """Starts a Python module in a process of its own that finds celery_jobs.py and the server."""
    environment = {**os.environ, "PYTHONPATH": HERE, "CELERY_JOBS_URL": url(server), "RQ_REDIS_URL": url(server)}
    log = open(os.path.join(server.dir, "worker.log"), "w+")
    process = subprocess.Popen([sys.executable, "-m", *command], env=environment, cwd=server.dir, stdin=subprocess.DEVNULL,
                               stdout=log, stderr=subprocess.STDOUT)
    process.log = log
    return process


def url(server):
    return f"redis://127.0.0.1:{server.port}/0"


def end(process, seconds):
    """Waits for a process and shows its output; its exit code."""
    try:
        process.wait(timeout=seconds)
    finally:
        process.kill()
        process.wait()
        process.log.seek(0)
        print(process.log.read())
        process.log.close()
    return process.returncode


@every_driver
def test_rq_works_off_its_queue(server):
    """A worker in burst mode runs what is queued, one forked process a job, and ends."""
    client = redis.Redis(port=server.port)
    high, low = rq.Queue("high", connection=client), rq.Queue("low", connection=client)
    good = low.enqueue(operator.truediv, 84, 2)
    bad = low.enqueue(operator.truediv, 1, 0)
    after = low.enqueue(operator.truediv, 9, 3, depends_on=good)
    urgent = high.enqueue(operator.truediv, 1, 4)
    assert (high.count, low.count) == (1, 2)
    assert end(start(server, "rq.cli", "worker", "--burst", "high", "low"), 60) == 0
    for job in good, bad, after, urgent:
        job.refresh()
    assert [job.return_value() for job in (good, after, urgent)] == [42.0, 3.0, 0.25]
    assert bad.get_status() == "failed" and "ZeroDivisionError" in bad.latest_result().exc_string
    assert urgent.ended_at < good.ended_at < after.ended_at
    assert high.is_empty() and low.is_empty() and low.failed_job_registry.get_job_ids() == [bad.id]
    assert rq.Worker.all(connection=client) == []


@pytest.fixture
def jobs(server):
    """A Celery application whose worker runs, which must end in an orderly way."""
    worker = start(server, "celery", "-A", "celery_jobs", "worker", "--pool=solo", "--loglevel=INFO", "--without-mingle", "--without-gossip")
    app = application(url(server))
    try:
        with redis.Redis(port=server.port) as client:
            eventually(lambda: worker.poll() is not None or client.exists("_kombu.binding.celery"), 60)
        assert worker.poll() is None, "the worker ended"
        yield app
    finally:
        app.close()
        worker.terminate()
        code = end(worker, 20)
    assert code == 0


@every_driver
def test_celery_runs_tasks_and_returns_results(jobs):
    add = jobs.tasks["add"]
    assert add.delay(40, 2).get(timeout=30) == 42
    assert celery.group(add.s(i, i) for i in range(20)).delay().get(timeout=30) == [2 * i for i in range(20)]
    assert jobs.tasks["third_time_lucky"].delay().get(timeout=30) == 2
    assert (add.s(1, 2) | add.s(10)).delay().get(timeout=30) == 13
    with pytest.raises(TypeError):
        add.delay("text", 1).get(timeout=30)
