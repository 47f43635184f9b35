"""The small frozen values that a robot contract is made of. Pure data: no YAML, no files, no ROS."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JointSpec:
    """One joint: its name, its group and every limit that a command to it must respect.

    `limits_source` says where velocity, acceleration and jerk limits come from: "assumed", "published" or
    "measured". Position limits are always published ones.
    """

    name: str
    group: str
    lower_rad: float
    upper_rad: float
    max_velocity_rad_s: float
    max_acceleration_rad_s2: float
    max_jerk_rad_s3: float
    home_rad: float
    aliases: tuple[str, ...] = ()
    limits_source: str = "assumed"


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """Joints that one controller moves.

    `max_rate_hz` is the highest command rate that the controller takes; None means no limit of its own.
    With `zero_based_names` the joints are also known by the same names counted from 0.
    """

    name: str
    kind: str
    controller: str
    max_rate_hz: float | None = None
    zero_based_names: bool = False


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """One camera view: where its images appear, in which frame, and their size [px] and rate [Hz]."""

    view: str
    topic: str
    frame_id: str
    width: int
    height: int
    rate_hz: float

    @property
    def info_topic(self) -> str:
        """Topic of the camera's intrinsics, beside its images (ROS convention)."""
        return self.topic.rsplit("/", 1)[0] + "/camera_info"


@dataclass(frozen=True, slots=True)
class AgeLimit:
    """How old one signal may be [s].

    Args:
        nominal_s: the age that is normal.
        warn_s: older than this degrades (L1); None where the signal has no warning level.
        stop_s: older than this stops the robot (L2 or above); None where it never stops by itself.
        no_chunk_s: older than this, no new chunk may be computed from the signal; None where not used.
    """

    nominal_s: float
    warn_s: float | None = None
    stop_s: float | None = None
    no_chunk_s: float | None = None


@dataclass(frozen=True, slots=True)
class AgeLimits:
    """Age limits of every signal, and the shortest buffered horizon [s] before the policy counts as lost."""

    tick: AgeLimit
    joint_states: AgeLimit
    camera: AgeLimit
    camera_skew: AgeLimit
    policy: AgeLimit
    teleop: AgeLimit
    deadman: AgeLimit
    watchdog: AgeLimit
    min_buffered_horizon_s: float


@dataclass(frozen=True, slots=True)
class RateSpec:
    """Rates of the command path and of the policy."""

    control_hz: float
    policy_hz: float
    horizon_steps: int

    @property
    def step_dt_s(self) -> float:
        """Time between two steps of an action chunk [s]."""
        return 1.0 / self.policy_hz

    @property
    def horizon_s(self) -> float:
        """Time that one action chunk covers [s]."""
        return self.horizon_steps / self.policy_hz
