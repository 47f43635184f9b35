"""Plays a task's expert from what arrives by topic: joint positions, object poses, and the episode's seed."""

from __future__ import annotations

from collections.abc import Mapping

import mujoco
import numpy as np
from dexora_core.clock import NS_PER_S, s_to_ns
from dexora_core.contract import RobotContract
from dexora_core.trajectory_execution import FloatArray

from dexora_sim.experts import ACTION_RATE_HZ, View, make_expert
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import make_task
from dexora_sim.world import BodyState

PERIOD_NS = round(NS_PER_S / ACTION_RATE_HZ)
# Object poses of the episode before are gone after this long.
SETTLE_NS = s_to_ns(0.2)


class ExpertPlayer:
    """An expert that is told what it would see.

    Args:
        contract: The robot.
        task: Name of the task.
        levels: How far the world varies; must be the twin's.

    Raises:
        SimulationError: There is no such task, or nobody knows how to do it.
    """

    def __init__(self, contract: RobotContract, task: str, levels: Randomisation) -> None:
        self._contract = contract
        self._expert = make_expert(task, contract)
        self._task = make_task(task)
        self._levels = levels
        self._seed: int | None = None
        self._is_waiting = False
        self._next_ns: int | None = None
        self._objects: dict[str, BodyState] = {}

    @property
    def is_done(self) -> bool:
        """Whether the plan is at its end."""
        return not self._is_waiting and self._expert.is_done

    def begin(self, seed: int) -> None:
        """Start an episode as soon as its world has been seen.

        Args:
            seed: Seed of the episode.
        """
        self._seed, self._is_waiting = seed, True
        self._next_ns = None
        self._objects.clear()

    def see(
        self,
        name: str,
        position: tuple[float, float, float],
        quaternion: tuple[float, float, float, float],
    ) -> None:
        """Take note of where an object is.

        Args:
            name: Body of the scene.
            position: In the world frame [m].
            quaternion: T_world_body as (w, x, y, z).
        """
        rotation = np.zeros(9)
        mujoco.mju_quat2Mat(rotation, np.array(quaternion))
        self._objects[name] = BodyState(np.array(position), rotation.reshape(3, 3))

    def act(self, positions: Mapping[str, float], stamp_ns: int) -> FloatArray | None:
        """Return the next targets if it is time for them.

        Args:
            positions: Joint positions by name [rad].
            stamp_ns: When they were true [ns].

        Returns:
            Targets due one period after `stamp_ns`, shape (J,), contract order, or None.
        """
        if self._next_ns is None:
            self._next_ns = stamp_ns + SETTLE_NS
        if self._seed is None or stamp_ns < self._next_ns or not self._sees_all(positions):
            return None
        is_late = stamp_ns - self._next_ns >= PERIOD_NS
        self._next_ns = (stamp_ns if is_late else self._next_ns) + PERIOD_NS
        q_rad = np.array([positions[name] for name in self._contract.joint_names])
        if not np.isfinite(q_rad).all():
            return None
        view = View(q_rad, dict(self._objects))
        if self._is_waiting:
            self._is_waiting = False
            self._expert.reset(self._task.episode(self._seed, self._levels).goal, view, self._seed)
        return self._expert.act(view)

    def _sees_all(self, positions: Mapping[str, float]) -> bool:
        sees_objects = all(name in self._objects for name in self._task.object_names)
        return sees_objects and all(name in positions for name in self._contract.joint_names)
