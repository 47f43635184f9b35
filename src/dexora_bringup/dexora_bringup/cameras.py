"""The cameras of a real robot, from one launch argument, such as `cameras:=top=v4l2:/dev/video0`."""

from __future__ import annotations

from dataclasses import dataclass

from launch import LaunchContext
from launch_ros.actions import Node

from dexora_bringup.arguments import Argument, LaunchArgumentError, frame_prefix, value

SOURCES = ("v4l2", "realsense", "file")
CAMERAS = Argument(
    "cameras",
    "",
    "Cameras to start, view=source:device joined by commas; sources are v4l2, realsense (device is the "
    "serial number, empty for the only one) and file. Empty for none.",
)


@dataclass(frozen=True)
class Camera:
    """One camera of the argument.

    Attributes:
        view: View of the contract.
        source: One of `SOURCES`.
        device: Device, serial number or file; may be empty for a RealSense.
    """

    view: str
    source: str
    device: str


def parse_cameras(text: str) -> tuple[Camera, ...]:
    """Return the cameras that the argument names.

    Raises:
        LaunchArgumentError: It is not of the form, or a view is named twice.
    """
    cameras: list[Camera] = []
    for part in filter(None, text.split(",")):
        view, has_source, rest = part.partition("=")
        source, _, device = rest.partition(":")
        if not view or not has_source or source not in SOURCES or not (device or source == "realsense"):
            raise LaunchArgumentError(
                f"cameras: {part!r} is not view=source:device with a source of {', '.join(SOURCES)}, such as "
                "top=v4l2:/dev/video0"
            )
        if view in {camera.view for camera in cameras}:
            raise LaunchArgumentError(f"cameras: view {view!r} is named twice; name each camera once")
        cameras.append(Camera(view, source, device))
    return tuple(cameras)


def camera_nodes(context: LaunchContext) -> list[Node]:
    """Return a `camera_node` for each camera of the argument."""
    return [
        Node(
            package="dexora_perception",
            executable="camera_node",
            name=f"camera_{camera.view}",
            parameters=[
                {
                    "robot": value(context, "robot"),
                    "view": camera.view,
                    "source": camera.source,
                    "device": camera.device,
                    "frame_prefix": frame_prefix(context),
                    "autostart": True,
                }
            ],
            ros_arguments=["--log-level", value(context, "log_level")],
            output="screen",
        )
        for camera in parse_cameras(value(context, "cameras"))
    ]
