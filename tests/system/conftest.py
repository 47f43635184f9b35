"""Fixtures of the system tests: launches that leave nothing behind, whatever a test did."""

from __future__ import annotations

import pytest

from .launched import Launched


@pytest.fixture
def launch(tmp_path):
    """Return a function that starts a launch file; what is left of it is killed after the test."""
    started = []

    def start(*words, domain=None):
        started.append(Launched(tmp_path, *words, domain=domain))
        return started[-1]

    yield start
    for launched in started:
        launched.kill()


@pytest.fixture(scope="module")
def module_launch(tmp_path_factory):
    """Return a function that starts a launch file which all tests of a module ask."""
    started = []

    def start(*words, domain=None):
        started.append(Launched(tmp_path_factory.mktemp("launch"), *words, domain=domain))
        return started[-1]

    yield start
    for launched in started:
        launched.kill()
