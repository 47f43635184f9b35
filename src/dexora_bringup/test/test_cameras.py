"""Pins how the cameras of a launch are named, and that a slip of the pen is told."""

import pytest
from dexora_bringup.arguments import LaunchArgumentError
from dexora_bringup.cameras import Camera, parse_cameras


def test_cameras_are_read_in_their_order():
    text = "top=v4l2:/dev/v4l/by-id/usb-0:1,wrist_left=realsense:,front=file:/tmp/a.mp4"
    assert parse_cameras(text) == (
        Camera("top", "v4l2", "/dev/v4l/by-id/usb-0:1"),
        Camera("wrist_left", "realsense", ""),
        Camera("front", "file", "/tmp/a.mp4"),
    )


def test_nothing_is_no_camera():
    assert parse_cameras("") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("top", "is not view=source:device"),
        ("top=webcam:0", "a source of v4l2, realsense, file"),
        ("=file:/a", "is not view=source:device"),
        ("top=v4l2:", "such as top=v4l2:/dev/video0"),
        ("top=file:/a,top=file:/b", "view 'top' is named twice"),
    ],
)
def test_slip_of_the_pen_is_told(text, told):
    with pytest.raises(LaunchArgumentError, match=told):
        parse_cameras(text)
