"""The twin as four groups of hardware: samples out, targets in, faults on the way, time always onward."""

from __future__ import annotations

import numpy as np
from dexora_core.clock import NS_PER_S
from dexora_core.contract import RobotContract
from dexora_core.trajectory_execution import FloatArray, JointSample

from dexora_sim.fault_board import FaultBoard
from dexora_sim.faults import FaultWorld, JointReport
from dexora_sim.twin import Twin

# Stamp of the first moment: 0 means "now" or "never" in ROS messages.
START_NS = NS_PER_S


class TwinRig:
    """Steps a twin and hands its joints out group by group.

    Args:
        twin: The simulated robot.
        faults: What disturbs it.
        steps_per_tick: Physics steps per tick.
    """

    def __init__(self, twin: Twin, faults: FaultBoard, steps_per_tick: int) -> None:
        self.twin = twin
        self.faults = faults
        self._steps = steps_per_tick
        self._offset_ns = START_NS - twin.time_ns
        self._contract: RobotContract = twin.contract
        self._targets = twin.targets()
        self.sample = self._read()
        self.groups = {
            group.name: GroupJoints(self, twin.contract.group_indices(group.name))
            for group in twin.contract.groups
        }

    @property
    def now_ns(self) -> int:
        """Simulated time [ns]; goes on after a reset."""
        return self._offset_ns + self.twin.time_ns

    @property
    def tick_ns(self) -> int:
        """Simulated time of one tick [ns]."""
        return round(self._steps * self.twin.timestep_s * NS_PER_S)

    def write(self, indices: np.ndarray, position: FloatArray) -> None:
        """Set targets that the next `step` sends to the motors.

        Args:
            indices: Joints in contract order.
            position: rad, one per index.
        """
        self._targets[indices] = position

    def freeze(self) -> None:
        """Set every target to where the joint is, as brakes would."""
        self._targets = self.sample.position.copy()

    def step(self) -> None:
        """Send the targets through the faults to the motors, and advance physics by one tick."""
        position = self.sample.position
        self.twin.set_targets(self.faults.targets(self._targets, position, self.now_ns))
        self.twin.step(self._steps)
        self.sample = self._read()

    def answering(self) -> tuple[str, ...]:
        """Return the groups whose driver answers now."""
        return self.faults.groups(tuple(self.groups), self.now_ns)

    def report(self) -> JointReport:
        """Return the joint states as they are."""
        sample = self.sample
        return JointReport(
            self._contract.joint_names, sample.position, sample.velocity, sample.effort, sample.stamp_ns
        )

    def stamp_ns(self, twin_ns: int) -> int:
        """Return a time of the present episode of the twin as a stamp [ns].

        Args:
            twin_ns: Time since the reset [ns].
        """
        return self._offset_ns + twin_ns

    def reset(self, seed: int) -> None:
        """Start the episode of a seed; time goes on.

        Args:
            seed: Seed >= 0.

        Raises:
            SimulationError: The seed is negative.
        """
        before_ns = self.now_ns
        self.twin.reset(seed)
        self._offset_ns = before_ns + self.tick_ns - self.twin.time_ns
        self._targets = self.twin.targets()
        self.sample = self._read()

    def _read(self) -> JointSample:
        state = self.twin.state()
        return JointSample(state.position, state.velocity, state.effort, self.now_ns)


class GroupJoints:
    """The joints of one group, as a controller sees its hardware.

    Args:
        rig: The whole robot.
        indices: Joints of the group in contract order.
    """

    def __init__(self, rig: TwinRig, indices: np.ndarray) -> None:
        self._rig = rig
        self._indices = indices
        self.joint_names = tuple(rig.twin.contract.joint_names[index] for index in indices)

    def read(self) -> JointSample:
        """Return the newest sample of the group."""
        sample, chosen = self._rig.sample, self._indices
        return JointSample(
            sample.position[chosen], sample.velocity[chosen], sample.effort[chosen], sample.stamp_ns
        )

    def write(self, position: FloatArray) -> None:
        """Set the targets of the group, shape (J,), rad."""
        self._rig.write(self._indices, position)


def fault_world(contract: RobotContract) -> FaultWorld:
    """Return what faults may aim at on a robot.

    Args:
        contract: The robot.
    """
    groups = {group.name: tuple(contract.group_indices(group.name).tolist()) for group in contract.groups}
    return FaultWorld(contract.views, contract.joint_names, groups)
