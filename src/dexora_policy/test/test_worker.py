"""The thread that infers: one job at a time, failures as values, and an end even when a model hangs."""

import threading

import pytest
from dexora_policy.worker import Worker

from dexora_policy import worker as module


@pytest.fixture
def make():
    made = []

    def build(run):
        done, arrived = [], threading.Event()

        def deliver(one):
            done.append(one)
            arrived.set()

        made.append(Worker(run, deliver))
        return made[-1], done, arrived

    yield build
    for one in made:
        one.close()


def test_job_runs_on_another_thread_and_is_busy_until_collected(make):
    worker, done, arrived = make(lambda job: (job, threading.current_thread().name))
    worker.submit(7)
    assert worker.is_busy
    assert arrived.wait(10.0)
    assert (done[0].job, done[0].result, done[0].error) == (7, (7, "inference"), None)
    assert worker.is_busy
    worker.collected()
    assert not worker.is_busy


def test_failure_is_returned_and_the_next_job_runs(make):
    worker, done, arrived = make(lambda job: 1 / job)
    worker.submit(0)
    assert arrived.wait(10.0)
    assert isinstance(done[0].error, ZeroDivisionError)
    arrived.clear()
    worker.collected()
    worker.submit(2)
    assert arrived.wait(10.0)
    assert done[1].result == 0.5


def test_hanging_model_does_not_hold_the_end(make, monkeypatch):
    monkeypatch.setattr(module, "JOIN_S", 0.05)
    release = threading.Event()
    worker, _, _ = make(lambda _job: release.wait(10.0))
    worker.submit(1)
    assert not worker.close()
    release.set()
