"""Which faults are in force, and the way through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dexora_core.clock import NS_PER_S
from dexora_core.errors import ConfigError
from dexora_core.trajectory_execution import FloatArray

from dexora_sim.cameras import Frame
from dexora_sim.faults import Fault, FaultHook, FaultRequest, FaultWorld, JointReport


@dataclass(frozen=True)
class _Entry:
    request: FaultRequest
    fault: Fault
    start_ns: int
    end_ns: float

    @property
    def label(self) -> str:
        return f"{self.request.fault}:{self.request.target}" if self.request.target else self.request.fault


class FaultBoard:
    """Holds the faults of a twin and sends what passes a seam through the active ones, oldest first.

    Args:
        hooks: What can be injected.
        world: What can be aimed at.
    """

    def __init__(self, hooks: Sequence[FaultHook], world: FaultWorld) -> None:
        self._hooks = {hook.name: hook for hook in hooks}
        self._world = world
        self._entries: list[_Entry] = []
        self._now_ns = 0

    @property
    def available(self) -> tuple[str, ...]:
        """Names of all hooks."""
        return tuple(self._hooks)

    def start(self, request: FaultRequest, now_ns: int) -> str:
        """Inject a fault; one of the same name and target is replaced.

        Args:
            request: What to inject.
            now_ns: Current simulated time [ns].

        Returns:
            One sentence that tells when it begins.

        Raises:
            ConfigError: Unknown hook or target, or a number outside its bounds; the message lists what is
                allowed.
        """
        hook = self._hook(request.fault)
        targets = _resolve_targets(hook, request.target, self._world)
        request = _with_value(hook, request)
        start_ns = now_ns + round(request.start_s * NS_PER_S)
        end_ns = start_ns + round(request.duration_s * NS_PER_S) if request.duration_s else math.inf
        entry = _Entry(request, hook.make(request, targets, self._world), start_ns, end_ns)
        self._entries = [other for other in self._entries if other.label != entry.label] + [entry]
        return f"{entry.label} begins at {start_ns / NS_PER_S:.3f} s of simulated time: {hook.summary}"

    def clear(self, fault: str = "", target: str = "") -> str:
        """End faults now.

        Args:
            fault: Name of the hook; empty ends all.
            target: Target as it was given; empty ends those of every target.

        Returns:
            One sentence.

        Raises:
            ConfigError: Unknown hook.
        """
        if fault:
            self._hook(fault)
        kept: list[_Entry] = []
        ended: list[_Entry] = []
        for entry in self._entries:
            is_meant = fault in ("", entry.request.fault) and target in ("", entry.request.target)
            (ended if is_meant else kept).append(entry)
        self._entries = kept
        return f"ended: {', '.join(entry.label for entry in ended)}" if ended else "nothing to end"

    def active(self, now_ns: int) -> list[str]:
        """Return the faults in force as `fault:target`.

        Args:
            now_ns: Current simulated time [ns].
        """
        return [entry.label for entry in self._in_force(now_ns)]

    def frames(self, frames: Sequence[Frame], now_ns: int) -> list[Frame]:
        """Send pictures through the active faults."""
        passing = list(frames)
        for entry in self._in_force(now_ns):
            passing = entry.fault.frames(passing, now_ns)
        return passing

    def joint_report(self, report: JointReport) -> JointReport | None:
        """Send joint states through the active faults."""
        passing: JointReport | None = report
        for entry in self._in_force(report.stamp_ns):
            passing = entry.fault.joint_report(passing)
        return passing

    def targets(self, targets: FloatArray, position: FloatArray, now_ns: int) -> FloatArray:
        """Send targets through the active faults."""
        for entry in self._in_force(now_ns):
            targets = entry.fault.targets(targets, position, now_ns)
        return targets

    def groups(self, groups: tuple[str, ...], now_ns: int) -> tuple[str, ...]:
        """Return the groups whose driver answers."""
        for entry in self._in_force(now_ns):
            groups = entry.fault.groups(groups)
        return groups

    def is_paused(self, now_ns: int, wall_ns: int) -> bool:
        """Whether the world stands still."""
        return any(entry.fault.is_paused(wall_ns) for entry in self._in_force(now_ns))

    def _in_force(self, now_ns: int) -> list[_Entry]:
        return [entry for entry in self._entries if entry.start_ns <= now_ns < entry.end_ns]

    def _hook(self, name: str) -> FaultHook:
        if name not in self._hooks:
            raise ConfigError(f"fault '{name}' is unknown; there are {', '.join(self._hooks)}")
        return self._hooks[name]


def _resolve_targets(hook: FaultHook, target: str, world: FaultWorld) -> tuple[str, ...]:
    known = {"view": world.views, "joint": world.joints, "group": tuple(world.groups), "": ()}[hook.target]
    names = tuple(name for name in target.split("+") if name)
    if not hook.target and names:
        raise ConfigError(f"fault {hook.name} takes no target, '{target}' was given")
    unknown = [name for name in names if name not in known]
    if unknown or (hook.needs_target and not names):
        given = f"'{', '.join(unknown)}' is none" if unknown else "none was given"
        raise ConfigError(f"fault {hook.name} aims at a {hook.target}, {given}; there are {', '.join(known)}")
    return names or known


def _with_value(hook: FaultHook, request: FaultRequest) -> FaultRequest:
    for what, number in (("start", request.start_s), ("duration", request.duration_s)):
        if not (math.isfinite(number) and number >= 0.0):
            raise ConfigError(f"{what} of fault {hook.name} is {number}; it must be 0 s or more")
    value = request.value or hook.default
    low, high = hook.bounds
    if not low <= value <= high or (hook.is_whole and value != round(value)):
        meaning = f"{hook.value}, {low:g} to {high:g}" if hook.value else "not used, 0"
        meaning += ", a whole number" if hook.is_whole else ""
        raise ConfigError(f"value of fault {hook.name} is {value:g}; it must be {meaning}")
    return FaultRequest(request.fault, request.target, value, request.start_s, request.duration_s)
