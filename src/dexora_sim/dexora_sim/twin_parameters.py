"""Parameters of the twin's node."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dexora_core.contract import CameraSpec, RobotContract
from dexora_core.trajectory_execution import ExecutionSettings
from dexora_ros.parameter_specs import param

from dexora_sim.randomisation import LEVELS, Randomisation
from dexora_sim.task_watch import NO_TASK
from dexora_sim.tasks import TASKS


@dataclass(frozen=True)
class TwinParameters:
    """Parameters of `twin_node`."""

    robot: str = param("dexora36", description="Robot contract to load.")
    task: str = param("lift", description="Task whose scene is shown.", choices=(NO_TASK, *TASKS))
    seed: int = param(
        0,
        description="Seed of the first episode; each ~/reset takes the next, beginning with this one.",
        lower=0,
        read_only=False,
    )
    randomisation: str = param("train", description="How far the world varies with the seed.", choices=LEVELS)
    update_rate_hz: float = param(
        125.0,
        description="Rate of controllers, joint states and /clock; rounded to whole physics steps.",
        unit="Hz",
        lower=100.0,
        upper=500.0,
    )
    realtime_factor: float = param(
        1.0,
        description="Speed of the world against the wall clock; 0 is as fast as it goes.",
        lower=0.0,
        upper=100.0,
    )
    image_width: int = param(
        0, description="Width of every image; 0 takes the contract's.", unit="pixel", lower=0, upper=1920
    )
    image_height: int = param(
        0, description="Height of every image; 0 takes the contract's.", unit="pixel", lower=0, upper=1080
    )
    camera_rate_hz: float = param(
        20.0, description="Rate of every camera; 0 renders nothing.", unit="Hz", lower=0.0, upper=60.0
    )
    picture_wait_s: float = param(
        0.0,
        description="The world waits for a picture of a state that is older than this, so that a slow "
        "machine slows the world and not what sees it; 0 never waits.",
        unit="s of simulated time",
        lower=0.0,
        upper=1.0,
    )
    frame_prefix: str = param(
        "", description="Put before every camera's frame, for a second robot in one tree."
    )
    views: tuple[str, ...] = param((), description="Views to render; empty for all of the contract.")
    truth_rate_hz: float = param(
        50.0,
        description="Rate of touch, object poses and task judgement.",
        unit="Hz",
        lower=1.0,
        upper=125.0,
    )
    start_enabled: bool = param(True, description="Whether the joints have power when the node starts.")
    hand_max_rate_hz: float = param(
        0.0,
        description="Highest rate of set-points to the hands; 0 for every tick. Real hands take 6.7.",
        unit="Hz",
        lower=0.0,
        upper=500.0,
    )
    allow_partial_joints_goal: bool = param(
        False, description="Let trajectories name some joints of a group only."
    )
    invalid_goals: str = param(
        "abort",
        description="Answer to an invalid goal: abort with code and sentence, or reject without.",
        choices=("abort", "reject"),
    )
    path_tolerance: float = param(
        0.0, description="Tracking error that aborts a trajectory; 0 for none.", unit="rad", lower=0.0
    )
    goal_tolerance: float = param(
        0.05, description="Position error that still counts as reached; 0 for any.", unit="rad", lower=0.0
    )
    goal_time: float = param(
        3.0, description="How late a goal may be reached; 0 for ever.", unit="s", lower=0.0, upper=600.0
    )
    stopped_velocity_tolerance: float = param(
        0.05, description="Velocity that counts as stopped at a goal.", unit="rad/s", lower=0.0
    )
    fault: str = param("", description="Faults to inject: name[:target[:value]], joined by commas.")
    fault_start: float = param(
        3.0, description="When those faults begin.", unit="s of simulated time", lower=0.0, upper=3600.0
    )

    def settings(self) -> ExecutionSettings:
        """Return how the controllers execute."""
        return ExecutionSettings(
            allow_partial_joints_goal=self.allow_partial_joints_goal,
            path_tolerance_rad=self.path_tolerance,
            goal_tolerance_rad=self.goal_tolerance,
            stopped_velocity_tolerance_rad_s=self.stopped_velocity_tolerance,
            goal_time_s=self.goal_time,
        )

    def levels(self) -> Randomisation:
        """Return how far each aspect of the world varies."""
        off = Randomisation.off()
        return off.but(**dict.fromkeys(vars(off), self.randomisation))

    def cameras(self, contract: RobotContract) -> tuple[CameraSpec, ...]:
        """Return the cameras to render, with the sizes, the rate and the frames asked for.

        Args:
            contract: The robot.

        Raises:
            ContractError: A view that the robot does not have.
        """
        cameras = [contract.camera(view) for view in self.views or contract.views]
        if self.camera_rate_hz == 0.0:
            return ()
        return tuple(
            replace(
                camera,
                width=self.image_width or camera.width,
                height=self.image_height or camera.height,
                rate_hz=self.camera_rate_hz,
                frame_id=self.frame_prefix + camera.frame_id,
            )
            for camera in cameras
        )
