"""Parameters of a camera's node."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dexora_core.contract import CameraSpec, RobotContract
from dexora_ros.parameter_specs import param

SOURCES = ("v4l2", "realsense", "file")


@dataclass(frozen=True)
class CameraParameters:
    """Parameters of `camera_node`."""

    view: str = param(description="View of the contract that this camera is.")
    source: str = param(description="What kind of camera it is.", choices=SOURCES)
    device: str = param(
        "",
        description="V4L2: device, such as /dev/v4l/by-id/...; RealSense: serial number, empty for the only "
        "one; file: its path.",
    )
    robot: str = param("dexora36", description="Robot contract to load.")
    image_width: int = param(
        0, description="Width of every picture; 0 takes the contract's.", unit="pixel", lower=0, upper=4096
    )
    image_height: int = param(
        0, description="Height of every picture; 0 takes the contract's.", unit="pixel", lower=0, upper=4096
    )
    rate_hz: float = param(
        0.0,
        description="Rate to ask the camera for; 0 takes the contract's. A file has its own.",
        unit="Hz",
        lower=0.0,
        upper=240.0,
    )
    pixel_format: str = param(
        "",
        description="V4L2: format on the wire; empty leaves it to the driver.",
        choices=("", "mjpeg", "yuyv422"),
    )
    loop: bool = param(True, description="File: begin again after the end.")
    timeout_s: float = param(
        1.0, description="Silence after which the camera counts as lost.", unit="s", lower=0.1, upper=30.0
    )
    longest_backoff_s: float = param(
        5.0, description="Longest wait before a lost camera is tried again.", unit="s", lower=0.1, upper=300.0
    )
    calibration: str = param(
        "", description="Calibration file of camera_calibration; empty publishes no camera_info."
    )
    frame_prefix: str = param("", description="Put before the camera's frame, for a second robot.")

    def camera(self, contract: RobotContract) -> CameraSpec:
        """Return the camera with the size, the rate and the frame asked for.

        Args:
            contract: The robot.

        Raises:
            ContractError: The robot has no such view.
        """
        camera = contract.camera(self.view)
        return replace(
            camera,
            width=self.image_width or camera.width,
            height=self.image_height or camera.height,
            rate_hz=self.rate_hz or camera.rate_hz,
            frame_id=self.frame_prefix + camera.frame_id,
        )
