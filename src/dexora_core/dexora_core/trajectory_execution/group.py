"""A controller with its hardware: read, compute, and write no more often than the hardware takes."""

from __future__ import annotations

import numpy as np

from dexora_core.errors import HardwareError
from dexora_core.trajectory_execution.executor import ControllerState, ExecutionSettings, TrajectoryExecutor
from dexora_core.trajectory_execution.hardware import JointGroupHardware
from dexora_core.trajectory_execution.motion import NS_PER_S
from dexora_core.trajectory_execution.request import GroupLimits


class GroupController:
    """Runs one executor on one group's hardware.

    Args:
        hardware: The group's joints.
        limits: Names and limits.
        settings: How to execute.
        now_ns: Current time [ns].
        max_rate_hz: Highest rate of writes that the hardware takes [Hz]; None for every tick. Between two
            writes newer set-points replace older ones, nothing queues.

    Raises:
        HardwareError: The hardware does not answer, its joints are not those of `limits`, or a position is
            not finite.
    """

    def __init__(
        self,
        hardware: JointGroupHardware,
        limits: GroupLimits,
        settings: ExecutionSettings,
        now_ns: int,
        max_rate_hz: float | None = None,
    ) -> None:
        if tuple(hardware.joint_names) != limits.joint_names:
            raise HardwareError(
                f"the hardware's joints {', '.join(hardware.joint_names)} are not the controller's: "
                f"{', '.join(limits.joint_names)}; make driver and contract agree on names and order"
            )
        self._hardware = hardware
        start = hardware.read().position
        lost = [name for name, value in zip(limits.joint_names, start, strict=True) if not np.isfinite(value)]
        if lost:
            raise HardwareError(
                f"the hardware reports no finite position of {', '.join(lost)}, so nothing can be held; "
                "check encoders and bus, then start again"
            )
        self.executor = TrajectoryExecutor(limits, settings, start, now_ns)
        self._period_ns = round(NS_PER_S / max_rate_hz) if max_rate_hz else 0
        self._written_ns: int | None = None
        self.fault = ""

    def update(self, now_ns: int) -> ControllerState | None:
        """Advance to a time.

        Hardware that answers again holds where it is then, not where it was: it may have been moved.

        Args:
            now_ns: Current time [ns].

        Returns:
            The state to report, or None while the hardware does not answer; `fault` then says why.
        """
        try:
            sample = self._hardware.read()
            if self.fault:
                self.executor.hold_at(sample.position, now_ns, "the hardware answers again")
            state = self.executor.update(now_ns, sample)
            if self._is_due(now_ns):
                self._hardware.write(state.output.position)
                self._written_ns = now_ns
        except HardwareError as error:
            self.fault = error.message
            position = self.executor.output.position
            self.executor.hold_at(position, now_ns, f"the hardware does not answer: {error.message}")
            return None
        self.fault = ""
        return state

    def rehold(self, now_ns: int, reason: str) -> None:
        """Drop what is running and hold the measured position.

        Args:
            now_ns: Current time [ns].
            reason: Sentence for the goal that ends by it.

        Raises:
            HardwareError: The hardware does not answer.
        """
        self.executor.hold_at(self._hardware.read().position, now_ns, reason)

    def _is_due(self, now_ns: int) -> bool:
        if self._written_ns is None or now_ns < self._written_ns:
            return True
        return now_ns - self._written_ns >= self._period_ns
