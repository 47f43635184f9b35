"""Plays a task's expert from what arrives by topic: joint positions, object poses, and the episode's seed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

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
# Targets are decided so long before they are due: time for the chunk's way, and for the command path to plan.
LEAD_STEPS = 2
# What a chunk repeats and what it foresees: with both, one continues the other without a step.
PAST_STEPS, AHEAD_STEPS = 2, 12
# The command path brings the robot to rest when nothing comes for longer than this.
MOST_MISSED_STEPS = 3


@dataclass(frozen=True)
class Outlook:
    """What the expert has decided, on a time axis.

    Attributes:
        start_ns: When the first step is due [ns]; the others follow every `PERIOD_NS`.
        positions: Joint targets [rad], shape (PAST_STEPS + AHEAD_STEPS, J), contract order.
        known_steps: So many steps at the beginning are what the outlook before said for the same times.
        seen_ns: When the joints were where they were looked at [ns].
    """

    start_ns: int
    positions: FloatArray
    known_steps: int
    seen_ns: int


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
        self._ready_ns: int | None = None
        self._next_ns: int | None = None
        self._objects: dict[str, BodyState] = {}
        self._given: deque[FloatArray] = deque(maxlen=PAST_STEPS + 1)
        self._last: Outlook | None = None

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
        self._ready_ns = None
        self._objects.clear()
        self.pause()

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

    def is_ready(self, positions: Mapping[str, float], stamp_ns: int) -> bool:
        """Return whether everything that the expert must know is known, and nothing is of the episode before.

        Args:
            positions: Joint positions by name [rad].
            stamp_ns: When they were true [ns].
        """
        if self._ready_ns is None:
            self._ready_ns = stamp_ns + SETTLE_NS
        if self._seed is None or stamp_ns < self._ready_ns or not self._sees_all(positions):
            return False
        return all(math.isfinite(positions[name]) for name in self._contract.joint_names)

    def pause(self) -> None:
        """Stand still: the plan goes on with the next call of `act`, however much later."""
        self._next_ns = None
        self._given.clear()
        self._last = None

    def act(self, positions: Mapping[str, float], stamp_ns: int) -> Outlook | None:
        """Return what is to be done, if it is time to decide.

        An expert that was kept from acting goes on where its outlook has brought the robot meanwhile.

        Args:
            positions: Joint positions by name [rad].
            stamp_ns: When they were true [ns].

        Returns:
            The targets decided now, with those before and those foreseen, or None.
        """
        if not self.is_ready(positions, stamp_ns):
            return None
        self._next_ns = stamp_ns if self._next_ns is None else self._next_ns
        if stamp_ns < self._next_ns:
            return None
        view = View(np.array([positions[name] for name in self._contract.joint_names]), dict(self._objects))
        self._take_up(view)
        missed = (stamp_ns - self._next_ns) // PERIOD_NS
        for _ in range(min(missed, MOST_MISSED_STEPS)):
            self._given.append(self._expert.step())
        self._given.append(self._expert.act(view))
        decided_ns = self._next_ns + missed * PERIOD_NS
        self._next_ns = decided_ns + PERIOD_NS
        return self._outlook(decided_ns + (LEAD_STEPS - PAST_STEPS) * PERIOD_NS, stamp_ns)

    def _take_up(self, view: View) -> None:
        """Begin the episode, or go on after a pause: at rest, as far as anybody knows."""
        if self._is_waiting:
            self._is_waiting = False
            assert self._seed is not None
            self._expert.reset(self._task.episode(self._seed, self._levels).goal, view, self._seed)
        if not self._given:
            self._given.extend([self._expert.targets] * PAST_STEPS)

    def _outlook(self, start_ns: int, seen_ns: int) -> Outlook:
        positions = np.vstack([*self._given, self._expert.ahead(AHEAD_STEPS - 1)])
        self._last = Outlook(start_ns, positions, self._known(start_ns, positions), seen_ns)
        return self._last

    def _known(self, start_ns: int, positions: FloatArray) -> int:
        """Return how many steps at the beginning are those of the outlook before."""
        if self._last is None:
            return 0
        before = self._last.positions[(start_ns - self._last.start_ns) // PERIOD_NS :]
        is_same = (before == positions[: len(before)]).all(axis=1)
        return int(np.argmin(is_same)) if not is_same.all() else len(is_same)

    def _sees_all(self, positions: Mapping[str, float]) -> bool:
        sees_objects = all(name in self._objects for name in self._task.object_names)
        return sees_objects and all(name in positions for name in self._contract.joint_names)
