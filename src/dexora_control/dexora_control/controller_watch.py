"""Which controllers live and listen, as the command path needs to know it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from dexora_core.contract import RobotContract
from dexora_core.faults import Fault, make_fault
from dexora_core.motion.limits import FloatArray


class ControllerWatch:
    """Watches the signs of life of every group's controller.

    A driver that died may go on being reported in the joint states with its last values. Its controller stops
    to report, and then the group's joints are taken out of the joint states: the path sees a silent group.

    Args:
        contract: The robot.
        bound_ns: A group whose controller is silent for longer is not believed any more [ns].
    """

    def __init__(self, contract: RobotContract, bound_ns: int) -> None:
        self._group_of = {joint.name: joint.group for joint in contract.joints}
        self._bound_ns = bound_ns
        self._heard_ns: dict[str, int] = {}
        self._deaf: frozenset[str] = frozenset()

    def heard(self, now_ns: int, group: str) -> None:
        """Tell that a group's controller reported; it is watched from its first report on."""
        self._heard_ns[group] = now_ns

    def set_listening(self, groups: Iterable[str], listening: Iterable[str]) -> None:
        """Tell which groups' controllers listen to their topic."""
        self._deaf = frozenset(groups) - frozenset(listening)

    def silent(self, now_ns: int) -> frozenset[str]:
        """Return the groups whose controller does not report any more."""
        return frozenset(
            group for group, heard_ns in self._heard_ns.items() if now_ns - heard_ns > self._bound_ns
        )

    def believable(
        self, now_ns: int, names: Sequence[str], positions: FloatArray
    ) -> tuple[Sequence[str], FloatArray]:
        """Return a joint state without the joints of silent groups.

        Args:
            now_ns: The present.
            names: Joint names.
            positions: Their positions [rad]; a message of another length is handed on as it is.
        """
        silent = self.silent(now_ns)
        if not silent or len(names) != len(positions):
            return names, positions
        known = self._group_of
        kept = [index for index, name in enumerate(names) if known.get(name, "") not in silent]
        return [names[index] for index in kept], np.asarray(positions)[kept]

    def faults(self, now_ns: int) -> list[Fault]:
        """Return one fault per group whose controller does not listen, or does not report any more."""
        return [make_fault("DX-GRP-004", now_ns, group) for group in sorted(self._deaf | self.silent(now_ns))]
