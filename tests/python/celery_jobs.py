"""The Celery application of test_jobs.py, with Celery's defaults: its tasks, for the worker's process and for the one that asks."""
import os

import celery


def application(url):
    """An application with its tasks, whose broker and result backend are at the URL."""
    made = celery.Celery("celery_jobs", broker=url, backend=url, set_as_current=False)
    made.conf.update(broker_connection_retry_on_startup=False, result_extended=True)

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
