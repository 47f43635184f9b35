"""Pins the look into serialized images against the middleware's own serialization, and against garbage."""

import numpy as np
import pytest
from dexora_perception.serialized_image import read_image
from dexora_ros.buffers import fill_image
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 10, 3), dtype=np.uint8)
STAMP_NS = 1_700_000_000_123_456_789


def serialized(encoding="rgb8", frame="top_optical_frame", pixels=PIXELS):
    return bytes(serialize_message(fill_image(Image(), pixels, encoding, STAMP_NS, frame)))


@pytest.mark.parametrize("frame", ["", "a", "ab", "abc", "top_optical_frame"])
def test_header_and_pixels_are_those_of_the_message(frame):
    image = read_image(serialized(frame=frame))
    assert (image.stamp_ns, image.height, image.width, image.encoding) == (STAMP_NS, 6, 10, "rgb8")
    np.testing.assert_array_equal(image.pixels(), PIXELS)


def test_pixels_are_a_view_on_the_message():
    assert not read_image(serialized()).pixels().flags.owndata


def test_bgr_is_turned_into_rgb():
    np.testing.assert_array_equal(read_image(serialized("bgr8")).pixels(), PIXELS[:, :, ::-1])


def test_padding_at_the_end_of_rows_is_skipped():
    message = fill_image(Image(), np.zeros((2, 4, 3), np.uint8), "rgb8", 0, "f")
    padded = np.arange(2 * 16, dtype=np.uint8).reshape(2, 16)
    message.step, message.data = 16, padded.tobytes()
    found = read_image(bytes(serialize_message(message))).pixels()
    np.testing.assert_array_equal(found.reshape(2, 12), padded[:, :12])


def test_other_encoding_is_refused_with_those_allowed():
    content = serialized("mono8", pixels=PIXELS[:, :, 0])
    with pytest.raises(ValueError, match="encoding 'mono8', must be one of rgb8, bgr8"):
        read_image(content).pixels()


def test_empty_picture_is_refused():
    with pytest.raises(ValueError, match="0x0 of step 0 with 0 bytes"):
        read_image(bytes(serialize_message(Image(encoding="rgb8")))).pixels()


def test_lost_end_is_refused():
    with pytest.raises(ValueError, match="10x6 of step 30 with 80 bytes"):
        read_image(serialized()[:-100]).pixels()


def test_big_endian_stream_is_refused():
    with pytest.raises(ValueError, match="no little-endian CDR stream: it begins with 00 00 00 00"):
        read_image(b"\x00\x00" + serialized()[2:])


@given(st.integers(0, 60))
def test_header_that_is_cut_short_is_refused(length):
    with pytest.raises(ValueError, match=r"cut short|no little-endian"):
        read_image(serialized()[:length])


@given(st.binary(max_size=200))
def test_garbage_never_gives_a_picture_that_is_not_there(content):
    try:
        pixels = read_image(b"\x00\x01\x00\x00" + content).pixels()
    except ValueError:
        return
    assert pixels.size <= len(content)
