"""What a figure needs beside it: hardware, versions, commit, and how busy the machine was with others."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_PACKAGES = ("rclpy", "ros-fastdds", "numpy", "onnxruntime", "mujoco", "torch")


def conditions() -> dict[str, Any]:
    """Return what a figure needs beside it: hardware, versions, commit, load."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "gpu": _command_output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "versions": {name: version for name in _PACKAGES if (version := _version(name))},
        "commit": _command_output("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _command_output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


class ForeignLoad:
    """CPU time that processes other than this one and its finished children took since construction."""

    def __init__(self) -> None:
        self._begin_s = time.monotonic()
        self._busy_s = _machine_busy_s()
        self._own_s = _own_cpu_s()

    def percent_of_one_core(self) -> float:
        """Return the foreign load so far."""
        busy_s = _machine_busy_s() - self._busy_s
        own_s = _own_cpu_s() - self._own_s
        return 100.0 * max(0.0, busy_s - own_s) / max(1e-3, time.monotonic() - self._begin_s)


def _machine_busy_s() -> float:
    fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _iowait, interrupts, soft_interrupts, steal = map(int, fields[:8])
    return (user + nice + system + interrupts + soft_interrupts + steal) / os.sysconf("SC_CLK_TCK")


def _own_cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
