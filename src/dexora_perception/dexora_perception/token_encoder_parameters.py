"""Parameters of the token encoder's node."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dexora_core.clock import NS_PER_S, s_to_ns
from dexora_core.contract import AgeLimit, RobotContract
from dexora_ros.parameter_specs import param

from dexora_perception.token_encoder import DTYPES, ENGINE_KINDS, EngineChoice
from dexora_perception.view_checks import ViewBounds
from dexora_perception.view_set import SetTiming

HEADROOM = 1.25
"""Cameras a little faster than the encoder may be would make every picture wait for most of a period."""


@dataclass(frozen=True)
class TokenEncoderParameters:
    """Parameters of `token_encoder_node`."""

    bundle: str = param(description="Directory of the model bundle.")
    robot: str = param("dexora36", description="Robot contract to load.")
    encoder_id: str = param("", description="Encoder that the bundle must hold; empty takes any.")
    engine: str = param("onnx", description="Engine that runs the encoder.", choices=ENGINE_KINDS)
    precision: str = param(
        "",
        description="Precision of the encoder; empty takes the manifest's.",
        choices=("", "fp32", "fp16", "bf16", "int8"),
    )
    threads: int = param(1, description="Threads of the CPU for the engine.", lower=1, upper=64)
    cache_dir: str = param(
        "", description="Where engines built on this machine are kept; empty is beside the bundle."
    )
    warm_up_runs: int = param(
        3, description="Encodings of every number of views before the node may start.", lower=1, upper=100
    )
    dtype: str = param("float16", description="Type of the published tokens.", choices=DTYPES)
    max_rate_hz: float = param(
        0.0,
        description="Most encodings per second; 0 takes 1.25 times the contract's camera rate.",
        unit="Hz",
        lower=0.0,
        upper=240.0,
    )
    gather_s: float = param(
        0.025,
        description="How long the first new picture waits for those of the other cameras.",
        unit="s",
        lower=0.0,
        upper=0.5,
    )
    image_width: int = param(
        0, description="Width of every picture; 0 takes the contract's.", unit="pixel", lower=0, upper=4096
    )
    image_height: int = param(
        0, description="Height of every picture; 0 takes the contract's.", unit="pixel", lower=0, upper=4096
    )
    max_age_s: float = param(
        0.0,
        description="Oldest picture that is encoded; 0 takes the contract's limit for new chunks.",
        unit="s",
        lower=0.0,
        upper=10.0,
    )
    max_skew_s: float = param(
        0.0,
        description="Largest difference of captures in one encoding; 0 takes the contract's.",
        unit="s",
        lower=0.0,
        upper=10.0,
    )
    frozen_frames: int = param(
        5, description="Equal pictures in a row that make a view frozen.", lower=2, upper=1000
    )
    frozen_motion_rad: float = param(
        0.0,
        description="Equal pictures count only once every arm has moved by this since the last change; 0 "
        "always counts them. Set it in simulation, where a resting world is drawn equal again and again.",
        unit="rad",
        lower=0.0,
        upper=3.0,
    )
    min_mean: float = param(
        4.0, description="A darker picture is black.", unit="of 255", lower=0.0, upper=255.0
    )
    max_mean: float = param(
        251.0, description="A brighter picture is overexposed.", unit="of 255", lower=0.0, upper=255.0
    )
    min_contrast: float = param(
        2.0,
        description="Standard deviation below which a picture shows nothing.",
        unit="of 255",
        lower=0.0,
        upper=127.0,
    )

    def choice(self) -> EngineChoice:
        """Return which engine runs the encoder."""
        cache_dir = Path(self.cache_dir).expanduser() if self.cache_dir else None
        return EngineChoice(self.engine, self.precision, self.threads, cache_dir)

    def bounds(self, contract: RobotContract, views: tuple[str, ...]) -> dict[str, ViewBounds]:
        """Return what the pictures of each view must keep.

        Args:
            contract: The robot.
            views: Views of the bundle, in its order.
        """
        max_age_ns = s_to_ns(self.max_age_s or _no_chunk_s(contract.ages.camera))
        cameras = [contract.camera(view) for view in views]
        return {
            camera.view: ViewBounds(
                height=self.image_height or camera.height,
                width=self.image_width or camera.width,
                max_age_ns=max_age_ns,
                frozen_frames=self.frozen_frames,
                frozen_motion_rad=self.frozen_motion_rad,
                min_mean=self.min_mean,
                max_mean=self.max_mean,
                min_contrast=self.min_contrast,
            )
            for camera in cameras
        }

    def timing(self, contract: RobotContract, views: tuple[str, ...]) -> SetTiming:
        """Return when pictures are encoded.

        Args:
            contract: The robot.
            views: Views of the bundle.
        """
        cameras_hz = max(contract.camera(view).rate_hz for view in views)
        rate_hz = self.max_rate_hz or HEADROOM * cameras_hz
        return SetTiming(
            period_ns=round(NS_PER_S / rate_hz),
            gather_ns=s_to_ns(self.gather_s),
            max_skew_ns=s_to_ns(self.max_skew_s or _no_chunk_s(contract.ages.camera_skew)),
        )


def _no_chunk_s(limit: AgeLimit) -> float:
    """Return the age from which no chunk may be computed any more [s]."""
    known = (limit.no_chunk_s, limit.stop_s, limit.warn_s)
    return next((bound for bound in known if bound is not None), limit.nominal_s)
