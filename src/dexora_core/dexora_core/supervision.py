"""Everything that watches: which conditions hold now, for the stop ladder."""

from __future__ import annotations

from collections import deque

from dexora_core.chunk import ActionChunk
from dexora_core.clock import NS_PER_MS, NS_PER_S
from dexora_core.command_types import AgeBounds, CommandConfig, TickInputs
from dexora_core.faults import Fault, make_fault
from dexora_core.freshness import AgeBound, AgeMonitor, DeadmanMonitor

_REACTION_NS = 20 * NS_PER_MS
"""From the bound of an age to the tick that acts on it: a tick, and a step of a clock that is not finer."""


class Supervision:
    """Ages of the sources, the deadman, the watchdog, the enable line, late ticks and bad chunks.

    Args:
        config: Settings.
    """

    def __init__(self, config: CommandConfig) -> None:
        self._config = config
        policy = AgeBounds(config.policy.warn_ns - _REACTION_NS, config.policy.stop_ns - _REACTION_NS)
        self._waits_ns = policy.warn_ns
        self.deadman = DeadmanMonitor(config.deadman_ns)
        self.sources = {
            "policy": _age("policy", "DX-FRS-009", "DX-FRS-010", policy),
            "teleop": _age("teleop", "DX-FRS-012", "DX-FRS-013", config.teleop),
        }
        self.watchdog = AgeMonitor("watchdog", AgeBound("DX-FRS-017", config.watchdog.stop_ns - _REACTION_NS))
        self._events: list[Fault] = []
        self._missed: deque[int] = deque()
        self._bad: deque[int] = deque()
        self._jumps: deque[int] = deque()
        self._enable_closed = True
        self._was_opened = False
        self._power_request = self._power_reason = ""

    def activate(self, now_ns: int) -> None:
        """Start to expect the watchdog."""
        if self._config.needs_watchdog:
            self.watchdog.arm(now_ns)

    def event(self, fault: Fault) -> None:
        """Report a fault that happens at a moment; it counts in the next tick."""
        self._events.append(fault)

    def owner_changed(self, now_ns: int, owner: str) -> None:
        """Expect the messages of the new owner, and of nobody else."""
        self.deadman.start()
        for source, age in self.sources.items():
            if source == owner:
                age.arm(now_ns)
            else:
                age.disarm()

    def is_waiting(self, now_ns: int, owner: str) -> bool:
        """Return whether the policy is silent for so long that the robot comes to rest and waits for it.

        A policy that comes back before its silence is a fault goes on; so the motion of one that does not has
        ended when the fault is told.
        """
        return owner == "policy" and self.sources[owner].age_ns(now_ns) > self._waits_ns

    def heard(self, now_ns: int, source: str, stamp_ns: int) -> None:
        """Tell that the owner of the robot sent a chunk, whether it is taken or not."""
        age = self.sources.get(source)
        if age is not None and age.is_armed:
            age.seen(now_ns, stamp_ns)

    def set_enable_line(self, is_closed: bool) -> None:
        """Tell the state of the hardware's enable line; open means that the emergency stop is pressed.

        An opening counts even when the line is closed again before the next tick.
        """
        self._enable_closed = is_closed
        self._was_opened = self._was_opened or not is_closed

    def set_power_request(self, reason: str) -> None:
        """Tell whether the watchdog asks for the enable line to open; empty means that it does not.

        A request counts even when it is withdrawn before the next tick.
        """
        self._power_request = reason
        self._power_reason = reason or self._power_reason

    def bad_chunk(self, now_ns: int, source: str) -> None:
        """Count a chunk with NaN; several of them in a short time latch."""
        self._bad.append(now_ns)
        while now_ns - self._bad[0] > self._config.bad_window_ns:
            self._bad.popleft()
        if len(self._bad) >= self._config.bad_chunks:
            window_s = self._config.bad_window_ns // NS_PER_S
            self.event(make_fault("DX-CHK-002", now_ns, source, count=len(self._bad), window_s=window_s))
            self._bad.clear()

    def jump(self, now_ns: int, source: str, jump_rad: float) -> None:
        """Count a chunk that starts far from the motion in force; several of them in a short time stop."""
        if jump_rad <= self._config.jump_rad:
            return
        self._jumps.append(now_ns)
        while now_ns - self._jumps[0] > NS_PER_S:
            self._jumps.popleft()
        if len(self._jumps) >= self._config.bad_chunks:
            values = {"count": len(self._jumps), "window_s": 1, "jump_rad": round(jump_rad, 2)}
            self.event(make_fault("DX-CHK-016", now_ns, source, **values))
            self._jumps.clear()

    def camera_age(self, now_ns: int, chunk: ActionChunk) -> Fault | None:
        """Return the fault when a chunk was made from a camera image that was too old then."""
        stamps = chunk.stamps
        if not stamps.oldest_camera_ns:
            return None
        age_ns = (stamps.inference_start_ns or chunk.received_ns) - stamps.oldest_camera_ns
        for code, bound_ns in (
            ("DX-FRS-007", self._config.camera_stop_ns),
            ("DX-FRS-006", self._config.camera_no_chunk_ns),
        ):
            if age_ns > bound_ns:
                values = {"age_ms": age_ns // NS_PER_MS, "bound_ms": bound_ns // NS_PER_MS}
                return make_fault(code, now_ns, "oldest view", **values)
        return None

    def starving(self, now_ns: int, left_ns: int) -> list[Fault]:
        """Return the fault when the motion left is too short to come back from a lost policy."""
        bound_ns = self._config.min_buffered_ns
        if left_ns >= bound_ns:
            return []
        values = {"horizon_ms": left_ns // NS_PER_MS, "bound_ms": bound_ns // NS_PER_MS}
        return [make_fault("DX-FRS-011", now_ns, "", **values)]

    def conditions(self, now_ns: int, inputs: TickInputs, owner: str) -> list[Fault]:
        """Return the faults that hold now and forget the events among them."""
        faults, self._events = self._events, []
        faults.extend(inputs.conditions)
        checks = [self.watchdog.check(now_ns), *(age.check(now_ns) for age in self.sources.values())]
        if owner == "teleop" and self._config.needs_deadman:
            checks.append(self.deadman.check(now_ns))
        faults.extend(fault for fault in checks if fault is not None)
        if self._was_opened:
            faults.append(make_fault("DX-HWD-001", now_ns))
        if self._power_reason:
            faults.append(make_fault("DX-HWD-002", now_ns, detail=self._power_reason))
        self._was_opened, self._power_reason = not self._enable_closed, self._power_request
        faults.extend(self._lateness(now_ns, inputs.lateness_ns))
        return faults

    def _lateness(self, now_ns: int, lateness_ns: int) -> list[Fault]:
        faults, config = [], self._config
        if lateness_ns > config.tick.warn_ns:
            late_ms, bound_ms = lateness_ns / NS_PER_MS, config.tick.warn_ns / NS_PER_MS
            faults.append(make_fault("DX-CMD-001", now_ns, late_ms=round(late_ms, 1), bound_ms=bound_ms))
            self._missed.append(now_ns)
        while self._missed and now_ns - self._missed[0] > config.missed_window_ns:
            self._missed.popleft()
        if len(self._missed) >= 3 or lateness_ns > config.tick.stop_ns:
            window_ms = config.missed_window_ns // NS_PER_MS
            faults.append(make_fault("DX-CMD-002", now_ns, count=len(self._missed), window_ms=window_ms))
        return faults


def _age(subject: str, warn: str, stop: str, bounds: AgeBounds) -> AgeMonitor:
    return AgeMonitor(subject, AgeBound(warn, bounds.warn_ns), AgeBound(stop, bounds.stop_ns))
