"""Fault hooks on pictures, between the camera process and the image topics.

Numbers in brackets are rows of the fault matrix.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from dexora_core.clock import NS_PER_S
from dexora_core.errors import ConfigError

from dexora_sim.cameras import Frame
from dexora_sim.faults import Fault, FaultHook, FaultRequest, FaultWorld

MAX_DELAY_S = 2.0
_SEED = 0


class _ViewFault(Fault):
    """Changes the pictures of some views one by one."""

    def __init__(self, views: Sequence[str]) -> None:
        self._views = frozenset(views)

    def frames(self, frames: Sequence[Frame], now_ns: int) -> list[Frame]:
        """Send the pictures of the views through `change`; None drops one."""
        changed = [self.change(frame) if frame.view in self._views else frame for frame in frames]
        return [frame for frame in changed if frame is not None]

    def change(self, frame: Frame) -> Frame | None:
        """Return what becomes of a picture."""
        return frame


class CameraDrop(_ViewFault):
    """Pictures are lost [1]."""

    def __init__(self, views: Sequence[str], share: float) -> None:
        super().__init__(views)
        self._share = share
        self._random = np.random.default_rng(_SEED)

    def change(self, frame: Frame) -> Frame | None:
        """Lose it or not."""
        return None if self._random.random() < self._share else frame


class CameraFreeze(_ViewFault):
    """The first picture is repeated, with new stamps [2] or with its own [3]."""

    def __init__(self, views: Sequence[str], is_stamp_frozen: bool) -> None:
        super().__init__(views)
        self._is_stamp_frozen = is_stamp_frozen
        self._first: dict[str, Frame] = {}

    def change(self, frame: Frame) -> Frame:
        """Replace it by the first one."""
        first = self._first.setdefault(frame.view, frame)
        return first if self._is_stamp_frozen else replace(first, stamp_ns=frame.stamp_ns)


class CameraUniform(_ViewFault):
    """Pictures are of one brightness: black, or overexposed [6]."""

    def __init__(self, views: Sequence[str], brightness: float) -> None:
        super().__init__(views)
        self._level = round(255 * brightness)

    def change(self, frame: Frame) -> Frame:
        """Paint it over."""
        return replace(frame, image=np.full_like(frame.image, self._level))


class CameraMirror(_ViewFault):
    """Pictures are mirrored left to right [4]."""

    def change(self, frame: Frame) -> Frame:
        """Mirror it."""
        return replace(frame, image=np.ascontiguousarray(frame.image[:, ::-1]))


class CameraSize(_ViewFault):
    """Pictures are smaller than the contract says, by a whole factor [5]."""

    def __init__(self, views: Sequence[str], factor: int) -> None:
        super().__init__(views)
        self._factor = factor

    def change(self, frame: Frame) -> Frame:
        """Shrink it."""
        return replace(frame, image=np.ascontiguousarray(frame.image[:: self._factor, :: self._factor]))


class CameraDelay(Fault):
    """Pictures come late, with their true capture stamps [7]."""

    def __init__(self, views: Sequence[str], delay_s: float) -> None:
        self._views = frozenset(views)
        self._delay_ns = round(delay_s * NS_PER_S)
        self._waiting: deque[Frame] = deque()

    def frames(self, frames: Sequence[Frame], now_ns: int) -> list[Frame]:
        """Keep new pictures back, let old ones go."""
        self._waiting.extend(frame for frame in frames if frame.view in self._views)
        passing = [frame for frame in frames if frame.view not in self._views]
        while self._waiting and now_ns - self._waiting[0].stamp_ns >= self._delay_ns:
            passing.append(self._waiting.popleft())
        return passing


class CameraSwap(Fault):
    """Two cameras are plugged in the wrong way round [4]."""

    def __init__(self, one: str, other: str) -> None:
        self._other = {one: other, other: one}

    def frames(self, frames: Sequence[Frame], now_ns: int) -> list[Frame]:
        """Exchange the views."""
        return [replace(frame, view=self._other.get(frame.view, frame.view)) for frame in frames]


def _swap(request: FaultRequest, views: tuple[str, ...], world: FaultWorld) -> Fault:
    if len(set(views)) != 2:
        raise ConfigError(
            f"fault camera_swap needs two views, '{request.target}' was given; write them as "
            f"{world.views[0]}+{world.views[-1]}"
        )
    return CameraSwap(*views)


CAMERA_HOOKS = (
    FaultHook(
        "camera_drop",
        "view",
        "pictures are lost",
        lambda r, t, w: CameraDrop(t, r.value),
        value="share of lost pictures",
        default=1.0,
        bounds=(0.0, 1.0),
    ),
    FaultHook(
        "camera_freeze",
        "view",
        "one picture is repeated",
        lambda r, t, w: CameraFreeze(t, r.value == 1.0),
        value="0 with new stamps, 1 with the old stamp",
        bounds=(0.0, 1.0),
        is_whole=True,
    ),
    FaultHook(
        "camera_black",
        "view",
        "pictures are of one brightness",
        lambda r, t, w: CameraUniform(t, r.value),
        value="brightness, 0 black to 1 white",
        bounds=(0.0, 1.0),
    ),
    FaultHook("camera_mirror", "view", "pictures are mirrored", lambda r, t, w: CameraMirror(t)),
    FaultHook(
        "camera_size",
        "view",
        "pictures are smaller than agreed",
        lambda r, t, w: CameraSize(t, round(r.value)),
        value="whole factor",
        default=2.0,
        bounds=(2.0, 16.0),
        is_whole=True,
    ),
    FaultHook(
        "camera_delay",
        "view",
        "pictures come late",
        lambda r, t, w: CameraDelay(t, r.value),
        value="delay in s",
        default=0.1,
        bounds=(0.0, MAX_DELAY_S),
    ),
    FaultHook("camera_swap", "view", "two cameras are exchanged", _swap, True),
)
