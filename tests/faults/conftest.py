"""Runs every row several times with other seeds, and writes what was measured for docs/faults.md.

Results are written after every run, so that a long series that was cut short goes on with `--fault-resume`.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from .matrix import RECEIVER_MS, ROWS
from .processes import PATIENCE
from .stand import Stand

ROOT = Path(__file__).resolve().parents[2]
# A long series is evidence and is kept with the page made of it; what a short one measures is not.
KEPT, UNKEPT = ROOT / "docs" / "data", ROOT / "build" / "test_results"
for folder in ("src/dexora_core/test", "tests/faults"):
    sys.path.insert(0, str(ROOT / folder))


def pytest_configure(config):
    config.addinivalue_line("markers", "row(number): the test proves this row of the fault matrix")


def pytest_generate_tests(metafunc):
    if "run" in metafunc.fixturenames:
        is_system = metafunc.definition.get_closest_marker("system") is not None
        runs = metafunc.config.getoption("--fault-runs") or (1 if is_system else 3)
        metafunc.parametrize("run", range(runs))


class Results:
    """What was measured, by row, place and test, then by run; every worker of a parallel run has a file."""

    def __init__(self, folder, keeps_old):
        self._folder, self._keeps_old, self._begun = folder, keeps_old, set()

    def has(self, where, name, run):
        """Return whether a run was measured before and is to be kept."""
        return self._keeps_old and run in self._load(where).get(name, {})

    def note(self, where, name, run, values):
        """Keep what one run measured; what an earlier session measured in this test goes."""
        known = self._load(where)
        if not self._keeps_old and name not in self._begun:
            known.pop(name, None)
        self._begun.add(name)
        known.setdefault(name, {})[run] = values
        path = self._path(where)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        fresh.replace(path)

    def _load(self, where):
        path = self._path(where)
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def _path(self, where):
        return self._folder / f"fault-runs-{where}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.json"


class Record:
    """What one run of a row measured."""

    def __init__(self, number, run, is_smoke):
        self.row, self.run, self.number = ROWS[number], run, number
        # Other processes of a test run share the machine; the table has the real figures.
        self._tolerance = (3.0, 1000.0) if is_smoke else (1.0, 0.0)
        self.rng = np.random.default_rng([number, run])
        self.values = None

    def measured(self, detection_ms, reaction_ms=None, code="", level="", **more):
        """Note a result, and whatever else was measured; what is beyond a bound of the row fails the test."""
        self.values = {
            "detection_ms": round(float(detection_ms), 3),
            "reaction_ms": None if reaction_ms is None else round(float(reaction_ms), 3),
            "code": code,
            "level": level,
            **more,
        }
        self._check("seen", detection_ms, self.row.bound_ms)
        if reaction_ms is not None:
            self._check("at rest", reaction_ms, self.row.rest_ms)
        if "receiver_ms" in more:
            self._check("set-points at rest", more["receiver_ms"], RECEIVER_MS)

    def _check(self, what, measured_ms, bound_ms):
        factor, extra_ms = self._tolerance
        allowed_ms = factor * bound_ms + extra_ms
        assert measured_ms <= allowed_ms, (
            f"row {self.number}: {what} after {measured_ms} ms, bound {bound_ms} ms"
        )


@pytest.fixture(scope="session")
def results(request):
    option = request.config.getoption
    return Results(KEPT if option("--fault-runs") else UNKEPT, option("--fault-resume"))


@pytest.fixture
def record(request, run, results):
    number = request.node.get_closest_marker("row").args[0]
    where = "processes" if request.node.get_closest_marker("system") else "path"
    name = f"{number}:{where}:{request.node.originalname}"
    case = request.node.callspec.id
    if results.has(where, name, case):
        pytest.skip("measured before")
    entry = Record(number, run, where == "processes" and not request.config.getoption("--fault-runs"))
    yield entry
    if entry.values is not None:
        results.note(where, name, case, entry.values)


@pytest.fixture(scope="package")
def stand(request):
    """One robot for all modules here that need processes; tests after them need the processor themselves.

    A series on a quiet machine runs it as it is shipped.
    """
    if request.config.getoption("--fault-runs"):
        PATIENCE.clear()
    one = Stand()
    yield one
    one.close()


@pytest.fixture
def robot(stand):
    return stand.ready()
