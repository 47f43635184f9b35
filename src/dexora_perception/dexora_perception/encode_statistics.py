"""How the encoder is doing: counts since the start, and times over the last encodings."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WINDOW = 300
"""Encodings that percentiles are taken over."""


@dataclass(frozen=True, slots=True)
class EncodeRecord:
    """One encoding.

    Attributes:
        started_ns: When it began, on the receiver's clock [ns].
        published_ns: When its tokens were handed to the middleware [ns].
        captured_ns: Captures of its views on the same clock [ns].
        resize_s: Time for resizing [s].
        engine_s: Time in the engine [s].
    """

    started_ns: int
    published_ns: int
    captured_ns: Sequence[int]
    resize_s: float
    engine_s: float


class EncodeStatistics:
    """Counts and percentiles.

    Args:
        max_age_ns: Tokens whose oldest capture is older than this when published are stale [ns].
    """

    def __init__(self, max_age_ns: int) -> None:
        self._max_age_ns = max_age_ns
        self._records: deque[EncodeRecord] = deque(maxlen=WINDOW)
        self.encodes = self.stale_encodes = self.refused_encodes = self.blind = 0

    def add(self, record: EncodeRecord) -> None:
        """Count an encoding that was published."""
        self.encodes += 1
        self.stale_encodes += record.published_ns - min(record.captured_ns) > self._max_age_ns
        self._records.append(record)

    def summary(self) -> dict[str, str]:
        """Return everything as text, by name with unit."""
        values = {
            "encodes": str(self.encodes),
            "stale encodes": str(self.stale_encodes),
            "encodes refused": str(self.refused_encodes),
            "times without any view": str(self.blind),
        }
        if not self._records:
            return values
        at_start = [(r.started_ns - min(r.captured_ns)) / 1e6 for r in self._records]
        at_end = [(r.published_ns - min(r.captured_ns)) / 1e6 for r in self._records]
        return values | {
            "rate [Hz]": f"{self._rate_hz():.1f}",
            "resize [ms] p50 p95 p99": _percentiles([r.resize_s * 1e3 for r in self._records]),
            "engine [ms] p50 p95 p99": _percentiles([r.engine_s * 1e3 for r in self._records]),
            "age at encode start [ms] p50 p95 p99": _percentiles(at_start),
            "age at publication [ms] p50 p95 p99": _percentiles(at_end),
        }

    def _rate_hz(self) -> float:
        span_ns = self._records[-1].started_ns - self._records[0].started_ns
        return (len(self._records) - 1) * 1e9 / span_ns if span_ns > 0 else 0.0


def _percentiles(samples: Sequence[float]) -> str:
    return " ".join(f"{value:.1f}" for value in np.percentile(samples, (50, 95, 99)))
