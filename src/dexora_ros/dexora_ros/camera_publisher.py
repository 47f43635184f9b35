"""Publishes the pictures of one camera with its intrinsics."""

from __future__ import annotations

from typing import Any

import numpy as np
from dexora_core.contract import CameraSpec
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image

from .buffers import fill_camera_info, fill_image, focal_from_vertical_view
from .managed_node import ManagedNode
from .qos import SENSOR


class CameraPublisher:
    """The image topic and the camera_info topic of one camera; messages are filled in place.

    The contract's topics are taken below the node's namespace, so that a second robot has its own.

    Args:
        node: The node that publishes.
        camera: View, topics, size and frame.
        vertical_view_rad: Opening angle over the rows [rad].
    """

    def __init__(self, node: ManagedNode[Any], camera: CameraSpec, vertical_view_rad: float) -> None:
        self._camera = camera
        focal_px = focal_from_vertical_view(camera.height, vertical_view_rad)
        self._focal_px = (focal_px, focal_px)
        self._images = node.create_publisher(Image, camera.topic.lstrip("/"), SENSOR)
        self._infos = node.create_publisher(CameraInfo, camera.info_topic.lstrip("/"), SENSOR)
        self._image, self._info = Image(), CameraInfo()

    def publish(self, pixels: NDArray[np.uint8], stamp_ns: int) -> None:
        """Publish one picture.

        Args:
            pixels: (H, W, 3) uint8 RGB.
            stamp_ns: Capture time [ns].
        """
        camera = self._camera
        fill_image(self._image, pixels, "rgb8", stamp_ns, camera.frame_id)
        size = (camera.width, camera.height)
        fill_camera_info(self._info, size, self._focal_px, stamp_ns, camera.frame_id)
        self._images.publish(self._image)
        self._infos.publish(self._info)
