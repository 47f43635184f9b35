"""What every source of pictures offers, and how it fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from dexora_core.errors import HardwareError
from dexora_core.refusal import refusal
from numpy.typing import NDArray

# A clock that differs from the host's by more belongs to something else.
_PLAUSIBLE_AGE_NS = 5_000_000_000


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture.

    Attributes:
        image: (H, W, 3) uint8 RGB, owned by the receiver.
        capture_ns: When it was taken, on the host's monotonic clock [ns].
    """

    image: NDArray[np.uint8]
    capture_ns: int


@dataclass(frozen=True, slots=True)
class Mode:
    """What a source is asked for.

    Attributes:
        width: Columns.
        height: Rows.
        rate_hz: Pictures per second.
    """

    width: int
    height: int
    rate_hz: float

    def __str__(self) -> str:
        return f"{self.width}x{self.height} at {self.rate_hz:g} Hz"


@dataclass(frozen=True, slots=True)
class Clocks:
    """The host's clocks, to be replaced in tests.

    Attributes:
        monotonic_ns: Monotonic time [ns].
        wall_ns: Wall-clock time [ns].
        sleep: Waits [s].
    """

    monotonic_ns: Callable[[], int] = time.monotonic_ns
    wall_ns: Callable[[], int] = time.time_ns
    sleep: Callable[[float], None] = time.sleep

    def from_monotonic(self, capture_ns: int) -> int:
        """Return a capture time on the monotonic clock; the present when it is not a time of that clock."""
        return self._plausible(capture_ns, self.monotonic_ns())

    def from_wall(self, capture_ns: int) -> int:
        """Return a capture time on the wall clock as monotonic time; the present when it is no such time."""
        now_ns = self.monotonic_ns()
        return self._plausible(now_ns + capture_ns - self.wall_ns(), now_ns)

    @staticmethod
    def _plausible(capture_ns: int, now_ns: int) -> int:
        age_ns = now_ns - capture_ns
        return now_ns if age_ns > _PLAUSIBLE_AGE_NS else min(capture_ns, now_ns)


class CameraLostError(HardwareError):
    """The camera was there and no longer delivers; opening it again may help."""


class SourceEndedError(HardwareError):
    """There is nothing more to come, as wanted."""


class CameraSource(Protocol):
    """One camera. `open` and `read` are called by one thread at a time; `close` ends what `open` began."""

    def open(self) -> None:
        """Start the stream.

        Raises:
            HardwareError: `DX-CAM-006`: it is not there, is used by somebody else, or has no such mode.
        """

    def read(self) -> Frame:
        """Wait for the newest picture, for a limited time.

        Raises:
            CameraLostError: `DX-CAM-005`: unplugged, or silent for too long.
            SourceEndedError: A file has come to its end.
        """

    def close(self) -> None:
        """Stop the stream; closing what is not open does nothing."""


def cannot_open(view: str, detail: str) -> HardwareError:
    """Return the error of a camera that cannot be opened."""
    return refusal(HardwareError, "DX-CAM-006", view, detail=detail)


def lost(view: str, detail: str) -> CameraLostError:
    """Return the error of a camera that is lost."""
    return refusal(CameraLostError, "DX-CAM-005", view, detail=detail)


def check_size(view: str, what: str, size: tuple[int, int], mode: Mode) -> None:
    """Refuse pictures of another size than asked for.

    Args:
        view: The camera.
        what: Its device or file.
        size: Width and height that it delivers.
        mode: What was asked for.

    Raises:
        HardwareError: `DX-CAM-006`.
    """
    if size != (mode.width, mode.height):
        detail = f"{what} delivers {size[0]}x{size[1]}, asked for were {mode.width}x{mode.height}"
        raise cannot_open(view, detail)
