"""The newest picture of every camera, when to encode them, and which of them. Pure, time injected.

One encoding shows one world: views that lie further apart than the contract's camera skew are not encoded
together. A view that may not be looked at is masked, and the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from dexora_core.faults import Fault, make_fault
from dexora_core.freshness import SkewMonitor
from numpy.typing import NDArray

from dexora_perception.view_checks import FreezeWatch, Picture, ViewBounds, black, misfit, too_old


@dataclass(frozen=True, slots=True)
class SetTiming:
    """When pictures are encoded.

    Attributes:
        period_ns: Shortest time between two encodings in the long run [ns].
        gather_ns: How long the first new picture waits for those of the other cameras [ns].
        max_skew_ns: Largest difference of capture times in one encoding [ns].
    """

    period_ns: int
    gather_ns: int
    max_skew_ns: int


@dataclass(frozen=True, slots=True)
class Selection:
    """What one encoding is made from.

    Attributes:
        pictures: Pictures by view, in the order of the set.
        masked: Why the other views are absent.
    """

    pictures: Mapping[str, Picture]
    masked: Mapping[str, Fault]


@dataclass(slots=True)
class _View:
    """What is known of one camera."""

    bounds: ViewBounds
    freeze: FreezeWatch
    picture: Picture | None = None
    stamp_ns: int | None = None
    new_since_ns: int | None = None
    fault: Fault | None = None
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("received", "dropped", "refused", "masked"), 0)
    )

    def forget(self) -> None:
        """Forget the picture, not the counts."""
        self.picture = self.stamp_ns = self.new_since_ns = self.fault = None


class ViewSet:
    """Keeps one picture per view.

    Args:
        bounds: What the pictures of each view must keep, in the order of the encoder.
        timing: When they are encoded.
    """

    def __init__(self, bounds: Mapping[str, ViewBounds], timing: SetTiming) -> None:
        self._views = {view: _View(bound, FreezeWatch(bound)) for view, bound in bounds.items()}
        self._timing = timing
        self._skew = SkewMonitor(timing.max_skew_ns)
        self._next_ns: int | None = None
        self._now_ns = 0

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Pictures received, dropped for a newer one and refused, and encodings without it, by view."""
        return {view: dict(state.counts) for view, state in self._views.items()}

    def offer(self, view: str, now_ns: int, picture: Picture) -> None:
        """Take a picture; one of the wrong size is refused, one with the stamp of the last is not new.

        Args:
            view: The camera.
            now_ns: Time of arrival.
            picture: The picture.
        """
        self._observe(now_ns)
        state = self._views[view]
        if picture.stamp_ns == state.stamp_ns:
            return
        fault = misfit(view, now_ns, state.bounds, picture.pixels.shape[:2])
        if fault is not None:
            self.refuse(view, now_ns, fault)
            return
        state.counts["received"] += 1
        state.counts["dropped"] += state.new_since_ns is not None
        state.picture, state.stamp_ns = picture, picture.stamp_ns
        state.new_since_ns = now_ns if state.new_since_ns is None else state.new_since_ns

    def refuse(self, view: str, now_ns: int, fault: Fault) -> None:
        """Mask a view because of what it sent, until it sends something better."""
        self._observe(now_ns)
        state = self._views[view]
        state.forget()
        state.counts["received"] += 1
        state.counts["refused"] += 1
        state.fault = fault

    def is_due(self, now_ns: int) -> bool:
        """Return whether to encode now: all living views have a new picture, or the first waited enough."""
        self._observe(now_ns)
        waiting = [state.new_since_ns for state in self._views.values() if state.new_since_ns is not None]
        if not waiting or (self._next_ns is not None and now_ns < self._next_ns):
            return False
        return now_ns - min(waiting) >= self._timing.gather_ns or not self._awaited(now_ns)

    def select(self, now_ns: int, arms: NDArray[np.float64] | None = None) -> Selection:
        """Return what to encode now, and take it for encoded.

        Args:
            now_ns: The present.
            arms: (A, n) positions of the arms' joints [rad], or None.
        """
        self._observe(now_ns)
        self._schedule(now_ns)
        masked = {view: self._judge(view, state, now_ns, arms) for view, state in self._views.items()}
        faults = {view: fault for view, fault in masked.items() if fault is not None}
        pictures = {
            view: state.picture
            for view, state in self._views.items()
            if state.picture is not None and view not in faults
        }
        stamps = {view: picture.stamp_ns for view, picture in pictures.items()}
        while (skewed := self._skew.check(now_ns, stamps)) is not None:
            faults[skewed.subject] = skewed
            del stamps[skewed.subject], pictures[skewed.subject]
        for view in faults:
            self._views[view].counts["masked"] += 1
        return Selection(pictures, faults)

    def masked(self, now_ns: int) -> dict[str, Fault]:
        """Return which views are silent or refused at this moment, for a report while nothing is encoded."""
        found = {view: self._age_fault(view, state, now_ns) for view, state in self._views.items()}
        return {view: fault for view, fault in found.items() if fault is not None}

    def _judge(self, view: str, state: _View, now_ns: int, arms: NDArray[np.float64] | None) -> Fault | None:
        picture, is_new = state.picture, state.new_since_ns is not None
        state.new_since_ns = None
        if picture is not None and is_new:
            frozen = state.freeze.check(view, now_ns, picture, arms)
            state.fault = black(view, now_ns, state.bounds, picture) or frozen
        return self._age_fault(view, state, now_ns) or state.fault

    @staticmethod
    def _age_fault(view: str, state: _View, now_ns: int) -> Fault | None:
        if state.picture is None:
            return state.fault or make_fault("DX-CAM-004", now_ns, view)
        return too_old(view, now_ns, state.bounds, state.picture)

    def _awaited(self, now_ns: int) -> Sequence[str]:
        """Return the views that live and have no new picture yet."""
        return [
            view
            for view, state in self._views.items()
            if state.new_since_ns is None
            and state.picture is not None
            and too_old(view, now_ns, state.bounds, state.picture) is None
        ]

    def _schedule(self, now_ns: int) -> None:
        """Keep the rate in the long run: a late start does not delay the next by more than half a period."""
        period_ns = self._timing.period_ns
        # The first start may be late for its pictures: the next ones must not wait for its phase for ever.
        planned_ns = now_ns - period_ns // 2 if self._next_ns is None else self._next_ns
        self._next_ns = max(planned_ns + period_ns, now_ns + period_ns // 2)

    def _observe(self, now_ns: int) -> None:
        """Forget everything when the clock is turned back: a world that starts again has other ages."""
        if now_ns < self._now_ns:
            self._next_ns = None
            for state in self._views.values():
                state.forget()
        self._now_ns = now_ns
