"""The robot's twin: MuJoCo at 500 Hz behind joint targets, joint states and fingertip forces.

Time comes from physics. The same contract, scene, seed and calls give bit-identical trajectories, also after
a reset: a reset restores the model before it randomises it and clears the solver's warm start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from dexora_core.clock import NS_PER_S
from dexora_core.contract import RobotContract
from dexora_core.trajectory_execution import JointSample
from numpy.typing import NDArray

from dexora_description import mjcf_path
from dexora_sim.agreement import check_agreement
from dexora_sim.errors import SimulationError
from dexora_sim.randomisation import Randomisation, Randomiser
from dexora_sim.scene import TIMESTEP_S, EmptyScene, ResetContext, Scene, compose
from dexora_sim.snapshot import Looks, Snapshot
from dexora_sim.world import WorldReader, WorldState

HOOK_STEPS = 5
"""A scene's own rules run every fifth physics step, 10 ms."""
FloatArray = NDArray[np.float64]
_UNSTABLE = (
    mujoco.mjtWarning.mjWARN_BADQPOS,
    mujoco.mjtWarning.mjWARN_BADQVEL,
    mujoco.mjtWarning.mjWARN_BADQACC,
)


class Twin:
    """A simulated robot in a scene.

    Args:
        contract: The robot.
        scene: What stands around it; nothing when left out.
        seed: Seed of the first episode.
        randomisation: Which aspects of the world vary with the seed; none when left out.
        mjcf: The robot's model; the contract's own when left out.
        timestep_s: Physics step in s, at most 2 ms.

    Raises:
        SimulationError: The model does not compile.
        ContractError: The model does not follow the contract.
    """

    def __init__(
        self,
        contract: RobotContract,
        scene: Scene | None = None,
        seed: int = 0,
        *,
        randomisation: Randomisation | None = None,
        mjcf: Path | None = None,
        timestep_s: float = TIMESTEP_S,
    ) -> None:
        self.contract = contract
        self.scene: Scene = scene if scene is not None else EmptyScene()
        self.randomisation = randomisation or Randomisation.off()
        path = mjcf or mjcf_path(contract.name)
        self.model = compose(path, self.scene, timestep_s)
        check_agreement(self.model, contract, path.name)
        self.data = mujoco.MjData(self.model)
        self.episode: Any = None
        """What the scene says about the present episode."""
        joints = [self.model.joint(name) for name in contract.joint_names]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._dofs = np.array([joint.dofadr[0] for joint in joints])
        self._actuators = np.array([self.model.actuator(name).id for name in contract.joint_names])
        self._touch = _touch_addresses(self.model)
        self._reader = WorldReader(self.model, self.scene.object_names)
        self._randomiser = Randomiser(self.model, self.scene.object_names)
        self._resets = 0
        self._steps = 0
        self.reset(seed)

    @property
    def timestep_s(self) -> float:
        """Physics step in s."""
        return float(self.model.opt.timestep)

    @property
    def time_ns(self) -> int:
        """Simulated time since the reset in ns, exact multiples of the physics step."""
        return self._steps * round(self.timestep_s * NS_PER_S)

    @property
    def steps(self) -> int:
        """Physics steps since the reset."""
        return self._steps

    @property
    def resets(self) -> int:
        """Number of resets so far."""
        return self._resets

    def reset(
        self, seed: int, *, randomisation: Randomisation | None = None, q_rad: FloatArray | None = None
    ) -> Any:
        """Start the episode of a seed with the robot at rest.

        Args:
            seed: Seed of everything that is random, >= 0.
            randomisation: Replaces the aspects that vary, from now on.
            q_rad: Start pose, shape (J,); where the scene starts it when left out.

        Returns:
            What the scene says about the episode; also kept in `episode`.

        Raises:
            SimulationError: The seed is negative or the pose is malformed.
        """
        if seed < 0:
            raise SimulationError(f"seed {seed} is negative; use 0 or more.")
        if randomisation is not None:
            self.randomisation = randomisation
        context = ResetContext(self.model, self.data, seed, self.randomisation)
        self._randomiser.restore(self.model)
        self.scene.paint(context)
        self._randomiser.vary(self.model, self.data, seed, self.randomisation)
        mujoco.mj_resetData(self.model, self.data)
        self._resets += 1
        self._steps = 0
        start_rad = self.scene.start_rad(self.contract, seed, self.randomisation) if q_rad is None else q_rad
        self.set_targets(start_rad)
        self.data.qpos[self._qpos] = start_rad
        self.episode = self.scene.reset(context)
        mujoco.mj_forward(self.model, self.data)
        self._looks = Looks.read(self.model, self._resets)
        return self.episode

    def set_targets(self, q_rad: FloatArray) -> None:
        """Set the positions that the joints are driven to, clipped into the contract's limits.

        Args:
            q_rad: Joint positions [rad], shape (J,), contract order.

        Raises:
            SimulationError: Wrong shape or a value that is not finite.
        """
        values = np.asarray(q_rad, dtype=np.float64)
        if values.shape != self._qpos.shape:
            raise SimulationError(f"targets have shape {values.shape}, must be {self._qpos.shape}.")
        if not np.isfinite(values).all():
            joint = self.contract.joint_names[int(np.flatnonzero(~np.isfinite(values))[0])]
            raise SimulationError(f"target of {joint} is not finite; keep NaN and infinity out of commands.")
        self.data.ctrl[self._actuators] = np.clip(values, self.contract.lower_rad, self.contract.upper_rad)

    def step(self, n: int = 1) -> None:
        """Advance physics by `n` steps; how calls are split does not change the trajectory.

        Raises:
            SimulationError: Physics has become unstable since the reset.
        """
        while n > 0:
            batch = min(n, HOOK_STEPS - self._steps % HOOK_STEPS)
            mujoco.mj_step(self.model, self.data, batch)
            self._refuse_instability()
            self._steps += batch
            n -= batch
            if self._steps % HOOK_STEPS == 0:
                self.scene.after_step(self.model, self.data)

    def _refuse_instability(self) -> None:
        """Say what MuJoCo only logs: where numbers explode, it puts everything at zero in mid-episode."""
        for warning in _UNSTABLE:
            found = self.data.warning[warning.value]
            if found.number:
                body = _body_of(self.model, warning, found.lastinfo)
                raise SimulationError(
                    f"physics became unstable at '{body}' after {self.time_ns / NS_PER_S:.3f} s; the episode "
                    "is void: reset the twin, and check masses, overlaps and forces if it happens again."
                )

    def state(self) -> JointSample:
        """Return joint states of this moment, arrays (J,) in contract order, owned by the caller."""
        return JointSample(
            self.data.qpos[self._qpos].copy(),
            self.data.qvel[self._dofs].copy(),
            self.data.qfrc_actuator[self._dofs].copy(),
            self.time_ns,
        )

    def targets(self) -> FloatArray:
        """Return the targets in force [rad], shape (J,), contract order."""
        return np.array(self.data.ctrl[self._actuators])

    def touch(self) -> dict[str, float]:
        """Return the normal force [N] on each fingertip by sensor name, e.g. `left_thumb_touch`."""
        return {name: float(self.data.sensordata[address]) for name, address in self._touch.items()}

    def world(self) -> WorldState:
        """Return the ground truth of this moment, for predicates and experts; no robot has it."""
        return self._reader.read(self.data)

    def snapshot(self) -> Snapshot:
        """Return what cameras need to draw this moment."""
        return Snapshot(self.time_ns, self.data.qpos.copy(), self._looks)


def _body_of(model: mujoco.MjModel, warning: mujoco.mjtWarning, index: int) -> str:
    """Return the body that an entry of qpos, or of qvel and qacc, belongs to."""
    if warning is mujoco.mjtWarning.mjWARN_BADQPOS:
        body = model.jnt_bodyid[np.searchsorted(model.jnt_qposadr, index, side="right") - 1]
    else:
        body = model.dof_bodyid[index]
    return str(model.body(body).name)


def _touch_addresses(model: mujoco.MjModel) -> dict[str, int]:
    """Return the place of every touch sensor in the sensor array, by name."""
    touch = mujoco.mjtSensor.mjSENS_TOUCH
    ids = np.flatnonzero(model.sensor_type == touch.value)
    return {model.sensor(i).name: int(model.sensor_adr[i]) for i in ids}
