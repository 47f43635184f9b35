"""Runs every row several times with other seeds, and writes what was measured for docs/faults.md."""

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from .matrix import ROWS

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "test_results"
for folder in ("src/dexora_core/test", "tests/faults"):
    sys.path.insert(0, str(ROOT / folder))

_MEASURED = defaultdict(list)


def pytest_configure(config):
    config.addinivalue_line("markers", "row(number): the test proves this row of the fault matrix")


def pytest_generate_tests(metafunc):
    if "run" in metafunc.fixturenames:
        is_system = metafunc.definition.get_closest_marker("system") is not None
        runs = metafunc.config.getoption("--fault-runs") or (1 if is_system else 3)
        metafunc.parametrize("run", range(runs))


class Record:
    """What one run of a row measured."""

    def __init__(self, number, run, where, is_smoke):
        self.row, self.run, self.where = ROWS[number], run, where
        self.number, self.is_smoke = number, is_smoke
        self.rng = np.random.default_rng([number, run])
        self.values = None

    def measured(self, detection_ms, reaction_ms=None, code="", level=""):
        """Note a result; detection beyond the row's bound fails the test."""
        self.values = {
            "detection_ms": round(float(detection_ms), 3),
            "reaction_ms": None if reaction_ms is None else round(float(reaction_ms), 3),
            "code": code,
            "level": level,
        }
        bound_ms = self.row.bound_ms
        if self.is_smoke:  # other processes of a test run share the machine; the table has the real figures
            bound_ms = 2.0 * bound_ms + 50.0
        assert detection_ms <= bound_ms, (
            f"row {self.number}: seen after {detection_ms} ms, bound {bound_ms} ms"
        )


@pytest.fixture
def record(request, run):
    number = request.node.get_closest_marker("row").args[0]
    where = "processes" if request.node.get_closest_marker("system") else "path"
    is_smoke = where == "processes" and not request.config.getoption("--fault-runs")
    entry = Record(number, run, where, is_smoke)
    yield entry
    if entry.values is not None:
        _MEASURED[f"{number}:{where}:{request.node.originalname}"].append(entry.values)


def pytest_sessionfinish(session):
    """Keep what was measured; every worker of a parallel run has a file of its own."""
    if not _MEASURED:
        return
    worker = getattr(session.config, "workerinput", {}).get("workerid", "main")
    part = "processes" if any(":processes:" in name for name in _MEASURED) else "path"
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"faults-{part}-{worker}.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    known.update(_MEASURED)
    path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
