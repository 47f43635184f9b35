"""Turns actions at 20 Hz into smooth set-points at the physics rate, late on purpose when asked.

An action becomes due `delay_s` after it was given; until then the old target stays. When due, the set-point
moves from where it is to the action in a straight line that takes one action period, no joint faster than
its limit. A joint that the limit holds back arrives later. A newer action starts a new line from wherever
the set-point is. An action given at the time of step k is thus reached, at the earliest, at step k + 1: it is
the chunk step that is due then.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from dexora_sim.errors import SimulationError

FloatArray = NDArray[np.float64]


class SetPoints:
    """Set-points of all joints, one per physics step.

    Args:
        max_velocity_rad_s: Velocity limits [rad/s], shape (J,).
        timestep_s: Physics step in s.
        period_s: Time between actions in s; a whole number of physics steps.
        delay_s: How late actions become due in s, rounded to physics steps.

    Raises:
        SimulationError: A time is out of range.
    """

    def __init__(
        self, max_velocity_rad_s: FloatArray, timestep_s: float, period_s: float, delay_s: float = 0.0
    ) -> None:
        self._ramp_steps = round(period_s / timestep_s)
        if self._ramp_steps < 1 or abs(self._ramp_steps * timestep_s - period_s) > 1e-9:
            raise SimulationError(
                f"action period {period_s} s is not a whole number of physics steps of {timestep_s} s."
            )
        self._timestep_s = timestep_s
        self._reach = np.asarray(max_velocity_rad_s) * timestep_s
        self.set_delay(delay_s)
        self.reset(np.zeros_like(self._reach))

    def set_delay(self, delay_s: float) -> None:
        """Change how late actions become due; actions already given keep their time.

        Raises:
            SimulationError: The delay is negative or not finite.
        """
        if not np.isfinite(delay_s) or delay_s < 0.0:
            raise SimulationError(f"action delay {delay_s} s is out of range; use 0 or more.")
        self._delay_steps = round(delay_s / self._timestep_s)

    def reset(self, q_rad: FloatArray) -> None:
        """Rest at joint positions [rad], shape (J,), with no action waiting."""
        self._now = np.array(q_rad, dtype=np.float64)
        self._line_start, self._goal = self._now.copy(), self._now.copy()
        self._line_steps = self._ramp_steps
        self._step = 0
        self._waiting: deque[tuple[int, FloatArray]] = deque()

    def give(self, action_rad: FloatArray) -> None:
        """Take an action at the present time: joint targets [rad], shape (J,), inside the position limits."""
        self._waiting.append((self._step + self._delay_steps, np.array(action_rad, dtype=np.float64)))

    def next(self) -> FloatArray:
        """Return the set-point for the next physics step [rad], shape (J,)."""
        while self._waiting and self._waiting[0][0] <= self._step:
            self._goal = self._waiting.popleft()[1]
            self._line_start = self._now
            self._line_steps = 0
        self._step += 1
        self._line_steps = min(self._line_steps + 1, self._ramp_steps)
        share = self._line_steps / self._ramp_steps
        wanted = self._line_start + share * (self._goal - self._line_start)
        self._now = self._now + np.clip(wanted - self._now, -self._reach, self._reach)
        return self._now
