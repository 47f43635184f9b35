"""One camera as a node: a USB camera, a RealSense, or a video file.

| topic | type | direction |
|---|---|---|
| the view's, by the contract, such as `dexora/camera/top/image_raw` | sensor_msgs/Image | out |
| beside it `camera_info` | sensor_msgs/CameraInfo | out; only with a calibration |

The camera is opened while the node is configured: one that is not there, or has no such mode, is refused. One
that is lost later is opened again, with growing delays. While there is no picture, none is published.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from dexora_core.contract import CameraSpec, load_contract
from dexora_ros.buffers import fill_image
from dexora_ros.diagnostics import Check
from dexora_ros.executor import run_node
from dexora_ros.managed_node import ManagedNode
from dexora_ros.qos import SENSOR
from dexora_ros.stamps import set_stamp
from sensor_msgs.msg import CameraInfo, Image

from dexora_description import contract_path
from dexora_perception.calibration import Calibration, load_calibration
from dexora_perception.camera_parameters import CameraParameters
from dexora_perception.capture import Backoff, Capture
from dexora_perception.sources import CameraSource, Frame
from dexora_perception.sources.source import Mode


class CameraNode(ManagedNode[CameraParameters]):
    """Publishes one camera's pictures."""

    def __init__(self, **node_options: Any) -> None:
        super().__init__("camera_node", CameraParameters, subsystem="camera", **node_options)

    # Going up and down.

    def on_setup(self, parameters: CameraParameters) -> None:
        """Open the camera; a refusal ends here."""
        self._source: CameraSource | None = None
        camera = self._camera = parameters.camera(load_contract(contract_path(parameters.robot)))
        self._info = self._read_calibration(parameters.calibration)
        self._source = make_source(camera, parameters)
        self._source.open()
        self._image = Image()
        self._images = self.create_publisher(Image, camera.topic.lstrip("/"), SENSOR)
        self._infos = self.create_publisher(CameraInfo, camera.info_topic.lstrip("/"), SENSOR)
        self._capture = Capture(
            self._source, self._publish, self._tell, Backoff(parameters.longest_backoff_s)
        )
        self.diagnostics.add(camera.view, self._check)

    def on_start(self) -> None:
        """Read the camera on a thread of its own."""
        self._capture.start(self.guard(self._capture.run))

    def on_stop(self) -> None:
        """End the thread; the camera stays open."""
        self._capture.stop()

    def on_teardown(self) -> None:
        """Give the camera back."""
        if self._source is not None:
            self._source.close()
            self._source = None

    def _read_calibration(self, path: str) -> CameraInfo | None:
        if not path:
            return None
        size = (self._camera.width, self._camera.height)
        return _camera_info(load_calibration(Path(path).expanduser(), size), self._camera.frame_id)

    # On the capture thread.

    def _publish(self, frame: Frame) -> None:
        age_ns = max(time.monotonic_ns() - frame.capture_ns, 0)
        stamp_ns = max(self.get_clock().now().nanoseconds - age_ns, 0)
        self._images.publish(fill_image(self._image, frame.image, "rgb8", stamp_ns, self._camera.frame_id))
        if self._info is not None:
            set_stamp(self._info.header.stamp, stamp_ns)
            self._infos.publish(self._info)

    def _tell(self, trouble: str) -> None:
        if trouble:
            self.get_logger().error(trouble)
        else:
            self.get_logger().info(f"camera {self._camera.view} delivers again")

    # Diagnostics.

    def _check(self) -> Check:
        state = self._capture.state
        values = {
            "pictures": str(state.pictures),
            "losses": str(state.losses),
            "failures since the last picture": str(state.attempts),
        }
        if state.trouble:
            return Check.error(state.trouble, values)
        if state.is_over:
            return Check.stale("the file has come to its end", values)
        if not self.is_active:
            return Check.ok("not active", values)
        if not state.pictures:
            return Check.warn("no picture yet", values)
        values["age of the last picture [ms]"] = f"{(time.monotonic_ns() - state.last_capture_ns) / 1e6:.1f}"
        return Check.ok("delivers", values)


def make_source(camera: CameraSpec, parameters: CameraParameters) -> CameraSource:
    """Return the source that the parameters ask for; what it needs is imported here and not before."""
    mode = Mode(camera.width, camera.height, camera.rate_hz)
    if parameters.source == "realsense":
        from dexora_perception.sources.realsense_source import RealSenseSource  # noqa: PLC0415

        return RealSenseSource(camera.view, parameters.device, mode, timeout_s=parameters.timeout_s)
    if parameters.source == "v4l2":
        from dexora_perception.sources.v4l2_source import V4l2Source  # noqa: PLC0415

        return V4l2Source(
            camera.view,
            parameters.device,
            mode,
            pixel_format=parameters.pixel_format,
            timeout_s=parameters.timeout_s,
        )
    from dexora_perception.sources.file_source import FileSource  # noqa: PLC0415

    return FileSource(camera.view, str(Path(parameters.device).expanduser()), mode, loops=parameters.loop)


def _camera_info(calibration: Calibration, frame_id: str) -> CameraInfo:
    info = CameraInfo(width=calibration.width, height=calibration.height)
    info.header.frame_id = frame_id
    info.distortion_model, info.d = calibration.model, list(calibration.distortion)
    info.k, info.r, info.p = list(calibration.k), list(calibration.r), list(calibration.p)
    return info


def main() -> int:
    """Run the node; exit code as `run_node`."""
    return run_node(CameraNode)
