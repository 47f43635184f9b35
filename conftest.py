"""Gives every parallel test worker a ROS domain of its own, so that nodes of two tests never meet."""

import os
import signal

import pytest

# A run in the background of a script inherits an ignored Ctrl-C; the processes under test must not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
_DOMAINS = 101
if _WORKER != "0":
    _base = int(os.environ.get("ROS_DOMAIN_ID", "0"))
    os.environ["ROS_DOMAIN_ID"] = str((_base + 50 + int(_WORKER)) % _DOMAINS)
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Only the root may add options for tests that are started from the root."""
    parser.addoption(
        "--fault-runs",
        type=int,
        default=0,
        help="runs per row of tests/faults; 0: 3 of the path, 1 of processes",
    )
    parser.addoption(
        "--fault-resume", action="store_true", help="leave out the runs of tests/faults that have a result"
    )
