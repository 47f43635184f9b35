"""Rows of benchmarks/command_path.py, and the folders from which it takes the robot of the tests."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src/dexora_core/test"), str(ROOT)]


def figures(samples: Sequence[float]) -> dict[str, float]:
    """Return p50, p99, p99.9 and the largest of some samples; NaN of none."""
    p50, p99, p999 = np.percentile(samples, (50, 99, 99.9)) if len(samples) else (np.nan,) * 3
    largest = float(np.max(samples)) if len(samples) else np.nan
    return {"p50": float(p50), "p99": float(p99), "p99.9": float(p999), "max": largest}


def row(what: str, side: str, unit: str, samples: Sequence[float]) -> dict[str, Any]:
    """Return a table row with the distribution of some samples.

    Args:
        what: The quantity and its conditions.
        side: Who was measured.
        unit: Unit of the samples.
        samples: What was measured.
    """
    return {"what": what, "side": side, "unit": unit, "n": len(samples)} | figures(samples)
