"""What an expert is: a plan of moves, worked off at 20 Hz into 36 joint targets.

A plan is a generator of moves. It is asked for the next move when the last one is over, and it sees the world
as it is then: that is how an expert reacts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import ClassVar

import numpy as np
from dexora_core.contract import RobotContract
from numpy.typing import NDArray

from dexora_sim.experts.arms import HANDS, BimanualKinematics, Pose
from dexora_sim.randomisation import stream
from dexora_sim.tasks.base import Goal
from dexora_sim.tasks.rules import Rise
from dexora_sim.world import BodyState

FloatArray = NDArray[np.float64]
Path = Callable[[float], Pose]
ACTION_RATE_HZ = 20.0
"""Rate at which an expert acts; one step of an action chunk."""
_UPRIGHT = 0.95
"""Cosine of the tilt up to which a thing stands."""
_LEFT_BEHIND_M = 0.03
"""A thing that rose by less did not come along."""
_HOLD_S = 1.5
_SPEED_SHARE = 0.8
"""Experts stay this far inside the contract's velocity limits."""


@dataclass(frozen=True)
class View:
    """What an expert sees; ground truth, which no robot has.

    Attributes:
        position_rad: Joint positions [rad], shape (J,), contract order.
        objects: State of each object of the scene, by body name, world frame.
    """

    position_rad: FloatArray
    objects: Mapping[str, BodyState]


@dataclass(frozen=True)
class Move:
    """Where the hands go next, and how they close; what is left out stays as it is.

    Attributes:
        duration_s: Time that the move takes at the expert's nominal pace [s].
        palms: By hand, the pose at the end, reached along a straight line, or the path itself: a function of
            the share of the way, 0 to 1.
        fingers: Hand joint targets at the end [rad], shape (12,), by hand.
    """

    duration_s: float
    palms: Mapping[str, Pose | Path] = field(default_factory=dict)
    fingers: Mapping[str, FloatArray] = field(default_factory=dict)


class Expert(ABC):
    """Base of all experts. A subclass writes `plan`, and `stray` where it knows how attempts fail.

    Args:
        contract: The robot.
    """

    task: ClassVar[str]
    """Name of the task that it does."""
    frame: ClassVar[str] = "palm"
    """Site of a hand that its poses are about: "palm" or a fingertip."""
    orientation_cost: ClassVar[float] = 0.3
    """How much it minds a palm turned by 1 rad against one 1 m off."""

    def __init__(self, contract: RobotContract) -> None:
        self._contract = contract
        self._arms = BimanualKinematics(contract, self.frame, self.orientation_cost)
        self._hand_index = {hand: contract.group_indices(f"{hand}_hand") for hand in HANDS}
        self._plan: Iterator[Move] = iter(())
        self._aside: Iterator[Move] = iter(())
        self._is_astray = False
        self._move: Move | None = None
        self._coming: deque[FloatArray] = deque()

    @abstractmethod
    def plan(self, goal: Goal) -> Iterator[Move]:
        """Yield the moves of an episode; `self.view` is the world at the moment of asking."""

    def stray(self, goal: Goal) -> Iterator[Move]:
        """Yield the moves to where a failed attempt leaves the robot; none where nothing is known of that."""
        return iter(())

    @property
    def is_astray(self) -> bool:
        """Whether the present move only leads to where a failed attempt ends: nothing to learn from."""
        return self._is_astray

    @property
    def is_done(self) -> bool:
        """Whether the plan is at its end; the robot then holds."""
        return self._move is None

    def reset(self, goal: Goal, view: View, seed: int, *, begins_astray: bool = False) -> None:
        """Start an episode.

        Args:
            goal: What is to be done.
            view: The world at its beginning.
            seed: Seed of the expert's small variations of pace, path and grasp.
            begins_astray: Whether it shall first go where a failed attempt ends, if it knows of one.
        """
        self.rng = stream(seed, "expert")
        self.view = view
        self._pace = float(self.rng.uniform(0.9, 1.15))
        self._arms.reset(view.position_rad)
        self._fingers = {hand: view.position_rad[index].copy() for hand, index in self._hand_index.items()}
        self._palms = {hand: self._arms.palm(hand) for hand in HANDS}
        self._target_rad = np.array(view.position_rad)
        self._given_rad = np.array(view.position_rad)
        self._steps = self._steps_done = 0
        self._coming.clear()
        self._plan = self.plan(goal)
        self._aside = self.stray(goal) if begins_astray else iter(())
        self._begin_next()

    def act(self, view: View) -> FloatArray:
        """Return joint targets for the next 50 ms [rad], shape (J,), contract order, inside the limits."""
        self.view = view
        if self._move is not None and not self.is_moving:
            self._begin_next()
        return self.step()

    @property
    def targets(self) -> FloatArray:
        """The targets given last [rad], shape (J,), contract order; before the first ones, the start."""
        return self._given_rad.copy()

    @property
    def is_moving(self) -> bool:
        """Whether the present move has targets left."""
        return bool(self._coming) or self._steps_done < self._steps

    def step(self) -> FloatArray:
        """Return the next targets of the present move, without a look at the world; at its end it rests."""
        self._given_rad = self.ahead(1)[0]
        if self._coming:
            self._coming.popleft()
        return self._given_rad.copy()

    def ahead(self, count: int) -> FloatArray:
        """Return what is coming as far as it is decided: the rest of the present move, then rest.

        The next move is decided by what the world looks like then, and begins at rest, so nothing that is
        returned here contradicts it.

        Args:
            count: Number of steps of 50 ms.

        Returns:
            Joint targets [rad], shape (count, J), contract order.
        """
        while len(self._coming) < count and self._steps_done < self._steps:
            self._coming.append(self._work_off())
        targets = list(islice(self._coming, count))
        return np.array(targets + [self._target_rad] * (count - len(targets)))

    def _work_off(self) -> FloatArray:
        """Return the targets of the next step of the present move that has none yet."""
        assert self._move is not None
        self._steps_done += 1
        share = smooth(self._steps_done / self._steps)
        palms = {hand: _along(self._from_palms[hand], self._move.palms.get(hand), share) for hand in HANDS}
        targets = self._arms.follow(palms)
        for hand, index in self._hand_index.items():
            start = self._from_fingers[hand]
            end = self._move.fingers.get(hand, start)
            self._fingers[hand] = start + share * (end - start)
            targets[index] = self._fingers[hand]
        self._palms = palms
        self._target_rad = self._within_limits(targets)
        self._arms.adopt(self._target_rad)
        return self._target_rad

    def palm(self, hand: str) -> Pose:
        """Return where a palm has been sent."""
        return self._palms[hand]

    def until_raised(self, goal: Goal, attempt: Callable[[Goal], Iterator[Move]]) -> Iterator[Move]:
        """Yield attempts at a lift until the target is up, or has toppled, and hold it then."""
        rise = Rise(goal.target)
        rise(self.view)
        is_left_behind = True
        while is_left_behind:
            yield from attempt(goal)
            is_upright = self.view.objects[goal.target].rotation[2, 2] > _UPRIGHT
            is_left_behind = bool(is_upright) and rise(self.view) < _LEFT_BEHIND_M
        yield Move(_HOLD_S)

    def vary(self, spread_m: float) -> FloatArray:
        """Return a small random offset, uniform within +-spread, shape (3,)."""
        return np.array(self.rng.uniform(-spread_m, spread_m, 3))

    def sway(self, spread_m: float, up_m: float = 0.0) -> FloatArray:
        """Return an offset that varies sideways only and goes up by a given height, shape (3,)."""
        return self.vary(spread_m) * np.array([1.0, 1.0, 0.0]) + np.array([0.0, 0.0, up_m])

    def _within_limits(self, targets: FloatArray) -> FloatArray:
        """Return targets inside the contract's positions and a share of its velocities; arms lag."""
        reach = self._contract.max_velocity_rad_s * _SPEED_SHARE / ACTION_RATE_HZ
        nearer = self._target_rad + np.clip(targets - self._target_rad, -reach, reach)
        return np.clip(nearer, self._contract.lower_rad, self._contract.upper_rad)

    def _begin_next(self) -> None:
        self._move = next(self._aside, None)
        self._is_astray = self._move is not None
        self._move = self._move or next(self._plan, None)
        if self._move is None:
            return
        seconds = self._move.duration_s * self._pace
        self._steps = max(1, round(seconds * ACTION_RATE_HZ))
        self._steps_done = 0
        self._from_palms = dict(self._palms)
        self._from_fingers = {hand: value.copy() for hand, value in self._fingers.items()}


def _along(start: Pose, target: Pose | Path | None, share: float) -> Pose:
    """Return where a hand is after a share of its move; without a target it stays."""
    if target is None:
        return start
    return start.blend(target, share) if isinstance(target, Pose) else target(share)


def smooth(share: float) -> float:
    """Return the minimum-jerk position for a share of the time, both 0 to 1 (Flash and Hogan, 1985)."""
    return share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
