"""Whether a camera's picture may be looked at: size, age, blackness, frozen content. Pure, time injected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from dexora_core.clock import NS_PER_MS
from dexora_core.faults import Fault, make_fault
from numpy.typing import NDArray

# Brightness is judged by every eighth row and column.
_SAMPLE_STEP = 8
# Two pictures that differ do so in the first rows looked at; the rest is compared only when those are equal.
_GLANCE_STEP = 16


@dataclass(frozen=True, slots=True)
class ViewBounds:
    """What a picture must keep.

    Attributes:
        height: Rows.
        width: Columns.
        max_age_ns: Oldest capture that may be encoded [ns].
        max_ahead_ns: Farthest that a stamp may lie in the receiver's future [ns].
        frozen_frames: Equal pictures in a row that make a view frozen.
        frozen_motion_rad: Equal pictures count only once every arm has moved by this since the picture last
            changed [rad]; 0 counts them always, which is right for cameras with noise.
        min_mean: Darker than this is black, of 255.
        max_mean: Brighter than this is overexposed, of 255.
        min_contrast: Standard deviation below which nothing is to be seen, of 255.
    """

    height: int
    width: int
    max_age_ns: int
    max_ahead_ns: int = 50 * NS_PER_MS
    frozen_frames: int = 5
    frozen_motion_rad: float = 0.0
    min_mean: float = 4.0
    max_mean: float = 251.0
    min_contrast: float = 2.0


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of one camera.

    Attributes:
        pixels: (H, W, 3) uint8 RGB.
        stamp_ns: Capture time by the sender's clock [ns].
        captured_ns: The same on the receiver's clock, never later than the arrival [ns].
        ahead_ns: How far the stamp lay in the future when the picture arrived [ns].
    """

    pixels: NDArray[np.uint8]
    stamp_ns: int
    captured_ns: int
    ahead_ns: int = 0


def misfit(view: str, now_ns: int, bounds: ViewBounds, size: tuple[int, int]) -> Fault | None:
    """Return the fault of a picture of another size than agreed.

    Args:
        view: The camera.
        now_ns: Time of arrival.
        bounds: What was agreed.
        size: Height and width that arrived.
    """
    if size == (bounds.height, bounds.width):
        return None
    detail = f"{size[1]}x{size[0]}, agreed are {bounds.width}x{bounds.height}"
    return make_fault("DX-CAM-001", now_ns, view, detail=detail)


def too_old(view: str, now_ns: int, bounds: ViewBounds, picture: Picture) -> Fault | None:
    """Return the fault of a picture that was captured too long ago, or not yet."""
    if picture.ahead_ns > bounds.max_ahead_ns:
        values = {"ahead_ms": picture.ahead_ns // NS_PER_MS, "bound_ms": bounds.max_ahead_ns // NS_PER_MS}
        return make_fault("DX-CAM-003", now_ns, view, **values)
    age_ns = now_ns - picture.captured_ns
    if age_ns <= bounds.max_age_ns:
        return None
    values = {"age_ms": age_ns // NS_PER_MS, "bound_ms": bounds.max_age_ns // NS_PER_MS}
    return make_fault("DX-FRS-006", now_ns, view, **values)


def black(view: str, now_ns: int, bounds: ViewBounds, picture: Picture) -> Fault | None:
    """Return the fault of a picture that shows nothing: black, overexposed, or of one colour."""
    sample = picture.pixels[::_SAMPLE_STEP, ::_SAMPLE_STEP].reshape(-1, 3)
    mean, contrast = float(sample.mean()), float(sample.std(axis=0).max())
    if bounds.min_mean <= mean <= bounds.max_mean and contrast >= bounds.min_contrast:
        return None
    return make_fault("DX-CAM-002", now_ns, view, mean=f"{mean:.1f}", contrast=f"{contrast:.1f}")


class FreezeWatch:
    """Counts equal pictures in a row.

    Args:
        bounds: How many of them, and how far the arms must have moved.
    """

    def __init__(self, bounds: ViewBounds) -> None:
        self._bounds = bounds
        self._last: NDArray[np.uint8] | None = None
        self._arms: NDArray[np.float64] | None = None
        self._repeats = 0

    def check(
        self, view: str, now_ns: int, picture: Picture, arms: NDArray[np.float64] | None
    ) -> Fault | None:
        """Compare a picture with the one before and return the fault of a frozen view.

        Args:
            view: The camera.
            now_ns: Time of arrival.
            picture: A picture that was not compared before.
            arms: (A, n) positions of the joints of A arms [rad]; None while they are unknown.
        """
        if self._last is None or not _are_equal(self._last, picture.pixels):
            self._last, self._arms, self._repeats = picture.pixels, arms, 1
            return None
        self._repeats += 1
        if self._arms is None:
            self._arms = arms
        if self._repeats < self._bounds.frozen_frames or not self._have_moved(arms):
            return None
        return make_fault("DX-FRS-020", now_ns, view, count=self._repeats)

    def _have_moved(self, arms: NDArray[np.float64] | None) -> bool:
        bound_rad = self._bounds.frozen_motion_rad
        if bound_rad == 0.0:
            return True
        if arms is None or self._arms is None:
            return False
        return bool((np.abs(arms - self._arms).max(axis=1) >= bound_rad).all())


def _are_equal(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    if one.shape != other.shape or not np.array_equal(one[::_GLANCE_STEP], other[::_GLANCE_STEP]):
        return False
    return np.array_equal(one, other)
