"""The Celery application of test_jobs.py: its tasks, for the worker's process and for the one that asks.

Celery's worker lets go of a lock by a script when it starts, and binds the queues of its remote control by another. Until
the server has scripts, WATCH lets go of the lock here and remote control is off; all else is Celery's own.
"""
import os

import celery
import redis
import redis.lock


def release_by_watch(lock, token):
    with lock.redis.pipeline() as pipe:
        pipe.watch(lock.name)
        if pipe.get(lock.name) != token:
            raise redis.exceptions.LockNotOwnedError(lock.name)
        pipe.multi()
        pipe.delete(lock.name)
        pipe.execute()


redis.lock.Lock.do_release = release_by_watch


def application(url):
    """An application with its tasks, whose broker and result backend are at the URL."""
    made = celery.Celery("celery_jobs", broker=url, backend=url, set_as_current=False)
    made.conf.update(broker_connection_retry_on_startup=False, worker_enable_remote_control=False, result_extended=True)

    @made.task(name="add", shared=False)
    def add(a, b):
        return a + b

    @made.task(name="third_time_lucky", shared=False, bind=True, max_retries=2)
    def third_time_lucky(self):
        if self.request.retries < 2:
            raise self.retry(countdown=0)
        return self.request.retries

    return made


app = application(os.environ.get("CELERY_JOBS_URL"))
