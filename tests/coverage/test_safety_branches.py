"""Pins that no branch of what keeps the robot safe is untested: gate, stop ladder, arbiter and timeline."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "src" / "dexora_core"
WATCHED = ("arbiter.py", "failsafe.py", "gate.py", "timeline.py", "stages")
TESTS = ("arbiter", "command_path", "coupling", "failsafe", "gate", "gate_stages", "strategies", "timeline")


def is_watched(name):
    """Return whether a file is one of those, or lies in one of those folders."""
    parts = Path(name).parts
    return parts[-2:] in {("dexora_core", file) for file in WATCHED} or parts[-2] in WATCHED


@pytest.mark.slow
def test_every_branch_of_gate_failsafe_arbiter_and_timeline_is_tested(tmp_path):
    data = f"--data-file={tmp_path / 'coverage'}"
    tests = [str(path) for name in TESTS if (path := CORE / "test" / f"test_{name}.py").is_file()]
    pytest_run = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    run = [sys.executable, "-m", "coverage", "run", "--branch", data, *pytest_run]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    report = tmp_path / "coverage.json"
    write = [sys.executable, "-m", "coverage", "json", data, "-o", str(report), "-q"]
    subprocess.run(write, cwd=ROOT, check=True, timeout=60)
    files = {
        name: found for name, found in json.loads(report.read_text())["files"].items() if is_watched(name)
    }
    assert len(files) >= 12, f"only {sorted(files)} were looked at"
    holes = {
        Path(name).name: (found["missing_lines"], found["missing_branches"])
        for name, found in files.items()
        if found["missing_lines"] or found["missing_branches"]
    }
    assert not holes, f"untested lines and branches: {holes}"
