"""How old is it: ages of every signal on the receiver's monotonic clock, as pure monitors.

An age starts with the arrival of a message whose stamp differs from the one before. A sender that repeats
itself, freezes its stamps or stamps the future does not stay alive by it, and a jump of the wall clock
changes no age.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dexora_core.clock import NS_PER_MS
from dexora_core.faults import Fault, make_fault


@dataclass(frozen=True, slots=True)
class AgeBound:
    """What happens when a signal gets too old.

    Attributes:
        code: Fault that is raised.
        bound_ns: Age beyond which it is raised [ns].
    """

    code: str
    bound_ns: int


class AgeMonitor:
    """Watches the age of one signal while it is needed.

    Args:
        subject: Name of the signal in the fault.
        bounds: What happens at which age; the largest bound that is exceeded counts.
    """

    def __init__(self, subject: str, *bounds: AgeBound) -> None:
        self._subject = subject
        self._bounds = sorted(bounds, key=lambda bound: -bound.bound_ns)
        self._seen_ns: int | None = None
        self._stamp_ns: int | None = None

    def arm(self, now_ns: int) -> None:
        """Start to expect the signal; its age counts from now."""
        self._stamp_ns = None
        self._seen_ns = now_ns

    def disarm(self) -> None:
        """Stop to expect the signal."""
        self._seen_ns = self._stamp_ns = None

    @property
    def is_armed(self) -> bool:
        """Whether the signal is expected."""
        return self._seen_ns is not None

    def seen(self, now_ns: int, stamp_ns: int | None = None) -> bool:
        """Tell that a message arrived; return whether it counts as new.

        Args:
            now_ns: Time of arrival.
            stamp_ns: The sender's stamp, only compared with the one before; None when it has none.
        """
        if stamp_ns is not None:
            if stamp_ns == self._stamp_ns:
                return False
            self._stamp_ns = stamp_ns
        self._seen_ns = now_ns
        return True

    def age_ns(self, now_ns: int) -> int:
        """Return the age [ns]; 0 while the signal is not expected."""
        return 0 if self._seen_ns is None else max(now_ns - self._seen_ns, 0)

    def check(self, now_ns: int) -> Fault | None:
        """Return the fault of the largest bound that is exceeded."""
        age_ns = self.age_ns(now_ns)
        for bound in self._bounds:
            if age_ns > bound.bound_ns:
                values = {"age_ms": age_ns // NS_PER_MS, "bound_ms": bound.bound_ns // NS_PER_MS}
                return make_fault(bound.code, now_ns, self._subject, **values)
        return None


class DeadmanMonitor:
    """Watches an enabling switch: it must be seen released before it counts, and again from time to time.

    Args:
        bound_ns: Largest age of its signal while it enables [ns].
        confirm_ns: It must have been seen released within this time, when control is asked for and while it
            enables [ns].
    """

    def __init__(self, bound_ns: int = 50 * NS_PER_MS, confirm_ns: int = 30 * 60 * 1000 * NS_PER_MS) -> None:
        self._age = AgeMonitor("deadman", AgeBound("DX-FRS-015", bound_ns))
        self._confirm_ns = confirm_ns
        self._released_ns: int | None = None
        self._pressed = self._was_released = False

    def update(self, now_ns: int, is_pressed: bool) -> None:
        """Tell the state of the switch."""
        self._age.seen(now_ns)
        self._pressed = is_pressed
        if not is_pressed:
            self._released_ns = now_ns
            self._was_released = True

    def start(self) -> None:
        """Tell that motion under the switch begins: from now on a release counts, however short."""
        self._was_released = False

    def check(self, now_ns: int) -> Fault | None:
        """Return why motion may not go on; None while the switch has been held and its signal is fresh."""
        if self._was_released or not self._pressed:
            return make_fault("DX-FRS-014", now_ns)
        return self._age.check(now_ns) or self._stuck(now_ns)

    def refuses_enable(self, now_ns: int) -> Fault | None:
        """Return why control may not be given to a source that needs the switch; None when it may."""
        stuck = self._stuck(now_ns)
        if stuck is not None:
            return stuck
        if not self._pressed:
            return make_fault("DX-FRS-014", now_ns)
        return self._age.check(now_ns)

    def _stuck(self, now_ns: int) -> Fault | None:
        """Return the fault while the switch may be stuck: nobody has released it for too long."""
        if self._released_ns is None:
            return make_fault("DX-FRS-016", now_ns, detail="since the start")
        if now_ns - self._released_ns > self._confirm_ns:
            minutes = self._confirm_ns // (60_000 * NS_PER_MS)
            return make_fault("DX-FRS-016", now_ns, detail=f"for {minutes} minutes")
        return None


class ClockStallMonitor:
    """Watches that a clock which should run, such as simulated time, does run.

    Args:
        bound_ns: Longest steady time without an advance [ns].
    """

    def __init__(self, bound_ns: int = 200 * NS_PER_MS) -> None:
        self._bound_ns = bound_ns
        self._reading_ns: int | None = None
        self._advanced_ns = 0

    def update(self, steady_ns: int, reading_ns: int) -> Fault | None:
        """Compare the clock with steady time; return the fault while it stands still.

        Args:
            steady_ns: Time of a clock that always runs.
            reading_ns: Time of the watched clock; a jump back counts as an advance.
        """
        if reading_ns != self._reading_ns:
            self._reading_ns, self._advanced_ns = reading_ns, steady_ns
        age_ns = steady_ns - self._advanced_ns
        if age_ns <= self._bound_ns:
            return None
        values: dict[str, Any] = {"age_ms": age_ns // NS_PER_MS, "bound_ms": self._bound_ns // NS_PER_MS}
        return make_fault("DX-FRS-018", steady_ns, **values)


class SkewMonitor:
    """Compares the capture times of the cameras that one observation was made from.

    Args:
        bound_ns: Largest difference [ns].
    """

    def __init__(self, bound_ns: int = 66 * NS_PER_MS) -> None:
        self._bound_ns = bound_ns

    def check(self, now_ns: int, stamps_ns: dict[str, int]) -> Fault | None:
        """Return the fault when the views are too far apart; its subject is the oldest view."""
        if len(stamps_ns) < 2:
            return None
        oldest = min(stamps_ns, key=lambda view: stamps_ns[view])
        skew_ns = max(stamps_ns.values()) - stamps_ns[oldest]
        if skew_ns <= self._bound_ns:
            return None
        values = {"skew_ms": skew_ns // NS_PER_MS, "bound_ms": self._bound_ns // NS_PER_MS}
        return make_fault("DX-FRS-008", now_ns, oldest, **values)
