"""Faults of processes: who is hit and how, where its process is, and what the arms did about it."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from dexora_core.clock import NS_PER_MS
from dexora_core.errors import ConfigError
from dexora_core.motion.limits import FloatArray, MotionLimits

VICTIMS = {"policy": "", "command": "command_node", "watchdog": "watchdog_node"}
"""Node that is hit; the policy is whoever publishes chunks."""
BLOWS = {"killed": signal.SIGKILL, "stalled": signal.SIGSTOP}
PROCESS_FAULTS = tuple(f"{victim}_{blow}" for victim in VICTIMS for blow in BLOWS)
REST_RAD_S = 0.02
"""Arms slower than this rest."""
_QUIET_NS = 100 * NS_PER_MS


@dataclass(frozen=True)
class ProcessFault:
    """A fault of a process.

    Attributes:
        name: As typed, such as `policy_killed`.
        victim: Who is hit: policy, command or watchdog.
        blow: killed or stalled.
    """

    name: str
    victim: str
    blow: str

    @classmethod
    def parse(cls, name: str) -> ProcessFault:
        """Read a name.

        Raises:
            ConfigError: There is no such fault.
        """
        if name not in PROCESS_FAULTS:
            raise ConfigError(
                f"no fault of a process is called {name!r}; there are {', '.join(PROCESS_FAULTS)}"
            )
        return cls(name, *name.split("_"))

    @property
    def signal(self) -> signal.Signals:
        """What the process is sent."""
        return BLOWS[self.blow]


def siblings(pid: int, processes: Path = Path("/proc")) -> dict[str, int]:
    """Return the process ids of the nodes that the same parent, the launch, has started, by node name.

    Args:
        pid: Process whose siblings are asked for.
        processes: Where the system shows its processes.
    """
    parent = _parent(processes / str(pid))
    found = {}
    for directory in processes.iterdir():
        if not directory.name.isdigit() or _parent(directory) != parent or parent is None:
            continue
        name = _node_of(directory)
        if name:
            found[name] = int(directory.name)
    return found


def is_node(pid: int, name: str, processes: Path = Path("/proc")) -> bool:
    """Return whether a process is, still, the node of a name.

    Args:
        pid: The process.
        name: The node.
        processes: Where the system shows its processes.
    """
    return _node_of(processes / str(pid)) == name


def _node_of(directory: Path) -> str:
    name = re.search(r"\0__node:=([^\0]+)\0", _read(directory / "cmdline"))
    return "" if name is None else name[1]


def _parent(directory: Path) -> str | None:
    """Return the parent's id; None for a process that has ended."""
    fields = _read(directory / "stat").rpartition(")")[2].split()
    return fields[1] if len(fields) > 1 else None


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


@dataclass
class StopMeter:
    """Measures how the arms come to rest after a moment.

    Attributes:
        limits: Limits of the robot.
        since_ns: The moment [ns].
    """

    limits: MotionLimits
    since_ns: int
    _moved_ns: int = 0
    _seen_ns: int = 0
    _peaks: FloatArray = field(default_factory=lambda: np.zeros(3))
    _last: dict[str, tuple[int, FloatArray]] = field(default_factory=dict)

    def speed(self, stamp_ns: int, speed_rad_s: float) -> None:
        """Note the speed of the fastest arm joint, as it really is."""
        self._seen_ns = stamp_ns
        if speed_rad_s >= REST_RAD_S:
            self._moved_ns = stamp_ns

    def reference(self, stamp_ns: int, group: str, velocity: FloatArray, acceleration: FloatArray) -> None:
        """Note what the controller of a group follows, shape (G,) [rad/s, rad/s2]."""
        own, last = self.limits.groups[group], self._last.get(group)
        self._last[group] = stamp_ns, acceleration
        shares = [velocity / self.limits.velocity[own], acceleration / self.limits.acceleration[own]]
        if last is not None and stamp_ns > last[0]:
            jerk = (acceleration - last[1]) / ((stamp_ns - last[0]) * 1e-9)
            shares.append(jerk / self.limits.jerk[own])
        peaks = [float(np.abs(share).max()) for share in shares]
        self._peaks[: len(peaks)] = np.maximum(self._peaks[: len(peaks)], peaks)

    @property
    def is_at_rest(self) -> bool:
        """Whether the arms have rested for a while."""
        return self._seen_ns - max(self._moved_ns, self.since_ns) > _QUIET_NS

    @property
    def rest_ms(self) -> int:
        """Time from the moment until no arm joint moved any more [ms]."""
        return max(self._moved_ns - self.since_ns, 0) // NS_PER_MS

    @property
    def shares(self) -> tuple[float, float, float]:
        """Largest velocity, acceleration and jerk that was commanded, as shares of the joints' limits.

        The jerk is a mean over the time between two reports of the controllers.
        """
        velocity, acceleration, jerk = self._peaks.tolist()
        return velocity, acceleration, jerk
