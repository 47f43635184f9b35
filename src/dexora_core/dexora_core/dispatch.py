"""Which groups are sent something in a tick: not frozen ones, and no more often than their bus can take."""

from __future__ import annotations

from collections.abc import Mapping

from dexora_core.clock import NS_PER_S
from dexora_core.coupling import GroupMode
from dexora_core.motion import MotionLimits, Plan
from dexora_core.trajectory import Points, command_points

_RATE_SLACK = 0.02


class Dispatcher:
    """Cuts the plan into trajectories for the groups that are due. Nothing queues: the newest plan goes out.

    Args:
        limits: Limits of the robot.
        max_rate_hz: Highest rate of messages by group; missing groups have none.
        hold_s: Every trajectory lasts at least this long [s].
    """

    def __init__(self, limits: MotionLimits, max_rate_hz: Mapping[str, float], hold_s: float) -> None:
        self._groups = limits.groups
        self._period_ns = {
            group: int(NS_PER_S / rate_hz * (1 - _RATE_SLACK)) for group, rate_hz in max_rate_hz.items()
        }
        self._hold_s = hold_s
        self._sent_ns: dict[str, int] = {}

    def trajectories(self, plan: Plan, now_ns: int, modes: Mapping[str, GroupMode]) -> dict[str, Points]:
        """Return what to send, by group."""
        due = {
            group: self._groups[group] for group, mode in modes.items() if self._is_due(group, mode, now_ns)
        }
        self._sent_ns.update(dict.fromkeys(due, now_ns))
        return command_points(plan, now_ns, due, self._hold_s) if due else {}

    def _is_due(self, group: str, mode: GroupMode, now_ns: int) -> bool:
        if mode is GroupMode.FROZEN:
            return False
        sent_ns = self._sent_ns.get(group)
        return sent_ns is None or now_ns - sent_ns >= self._period_ns.get(group, 0)
