"""From joint states and the command node's intent to the distance that it leads to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dexora_core.collision import CollisionModel, Judgement
from dexora_core.contract import RobotContract
from dexora_core.motion.limits import FloatArray


class ClearanceJudge:
    """Keeps the newest joint state and intent, and judges them together.

    The robot counts where it is measured and where it is commanded. Fingers count only where they are
    commanded: an object between them, or the other hand's, is meant to hold them off their command.

    Args:
        contract: The robot.
        model: Its shapes and margins, in the contract's order of joints.
    """

    def __init__(self, contract: RobotContract, model: CollisionModel) -> None:
        self._names = contract.joint_names
        self._model = model
        self._index = {name: index for index, name in enumerate(self._names)}
        self._measured = np.full(len(self._names), np.nan)
        self._measured_ns = 0
        self._intent: FloatArray | None = None
        self._intent_ns = 0
        hands = [contract.group_indices(group.name) for group in contract.groups if group.kind == "hand"]
        self._fingers = np.concatenate([np.empty(0, dtype=np.intp), *hands])

    @property
    def lacks(self) -> str:
        """Joints that have not been measured; empty when there are none."""
        return ", ".join(
            name for name, q in zip(self._names, self._measured, strict=True) if not np.isfinite(q)
        )

    def measured(self, names: Sequence[str], positions: Sequence[float], stamp_ns: int) -> None:
        """Take a joint state of some or all joints; what is not finite or unknown is left out.

        Args:
            names: Joint names.
            positions: One per name [rad].
            stamp_ns: Its time [ns].
        """
        for name, position in zip(names, positions, strict=False):
            index = self._index.get(name)
            if index is not None and np.isfinite(position):
                self._measured[index] = position
        self._measured_ns = stamp_ns

    def intent(self, names: Sequence[str], poses: Sequence[Sequence[float]], stamp_ns: int) -> None:
        """Take what the command node is about to do, see `dexora_core.intent`.

        One that does not fit the robot is as good as none: the clearance gets old, and the robot stops.

        Args:
            names: Joint names; must be those of the contract, in its order.
            poses: Commanded now, at rest, then asked for [rad], each of shape (J,).
            stamp_ns: Its time [ns].
        """
        rows = np.array([np.asarray(pose, dtype=np.float64) for pose in poses if len(pose) == len(names)])
        if tuple(names) == self._names and len(rows) == len(poses) >= 2 and np.isfinite(rows).all():
            self._intent, self._intent_ns = rows, stamp_ns

    def forget_intent(self) -> None:
        """Judge the measured pose alone, until there is an intent again."""
        self._intent = None

    def judge(self) -> tuple[int, Judgement] | None:
        """Return the time that is judged [ns] and the pair that matters; None while joints are unknown."""
        if not np.isfinite(self._measured).all():
            return None
        if self._intent is None:
            pose = self._measured[None]
            return self._measured_ns, self._model.judge(pose, pose)
        measured = self._measured.copy()
        measured[self._fingers] = self._intent[0, self._fingers]
        now = np.stack([measured, self._intent[0]])
        return self._intent_ns, self._model.judge(now, self._intent[1:])
