"""Images and tokens in messages: bit-exact, in place, without copies on receipt, strict about sizes."""

from array import array

import numpy as np
import pytest
from dexora_ros.stamps import to_ns
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CameraInfo, Image

from dexora_msgs.msg import VisualTokens
from dexora_ros import buffers

ENCODINGS = [
    ("rgb8", np.uint8, (3,)),
    ("bgr8", np.uint8, (3,)),
    ("rgba8", np.uint8, (4,)),
    ("bgra8", np.uint8, (4,)),
    ("mono8", np.uint8, ()),
    ("mono16", np.uint16, ()),
    ("16UC1", np.uint16, ()),
    ("32FC1", np.float32, ()),
]


def random_pixels(dtype, shape, seed=0):
    generator = np.random.default_rng(seed)
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(generator.bytes(size), dtype=dtype).reshape(shape)


@pytest.mark.parametrize(("encoding", "dtype", "channels"), ENCODINGS)
def test_image_is_bit_exact_through_the_wire_format(encoding, dtype, channels):
    pixels = random_pixels(dtype, (7, 5, *channels))
    message = buffers.fill_image(Image(), pixels, encoding, 1_500_000_000, "optical")
    received = deserialize_message(serialize_message(message), Image)
    view = buffers.image_view(received)
    assert view.tobytes() == pixels.tobytes()
    assert (view.shape, view.dtype) == (pixels.shape, pixels.dtype)
    assert (received.header.frame_id, to_ns(received.header.stamp)) == ("optical", 1_500_000_000)
    assert (received.height, received.width, received.step) == (7, 5, pixels[0].nbytes)


def test_image_buffer_is_reused_while_the_size_stays():
    message = buffers.fill_image(Image(), random_pixels(np.uint8, (4, 4, 3), 1), "rgb8", 0, "a")
    buffer = message.data
    buffers.fill_image(message, random_pixels(np.uint8, (4, 4, 3), 2), "rgb8", 0, "a")
    assert message.data is buffer
    buffers.fill_image(message, random_pixels(np.uint8, (2, 4, 3), 3), "rgb8", 0, "a")
    assert len(message.data) == 24


def test_resizing_leaves_views_of_the_old_size_alone():
    message = buffers.fill_image(Image(), random_pixels(np.uint8, (4, 4, 3), 1), "rgb8", 0, "a")
    old = buffers.image_view(message)
    copy = old.copy()
    buffers.fill_image(message, random_pixels(np.uint8, (8, 8, 3), 2), "rgb8", 0, "a")
    assert (old == copy).all()


def test_image_view_shares_memory_with_the_message():
    message = buffers.fill_image(Image(), random_pixels(np.uint8, (4, 4, 3)), "rgb8", 0, "a")
    view = buffers.image_view(message)
    assert np.shares_memory(view, np.frombuffer(message.data, np.uint8))


def test_non_contiguous_pixels_are_sent_correctly():
    pixels = random_pixels(np.uint8, (6, 8, 3))[::2, ::-1]
    message = buffers.fill_image(Image(), pixels, "rgb8", 0, "a")
    assert (buffers.image_view(message) == pixels).all()


def test_row_padding_and_big_endian_of_foreign_senders_are_understood():
    depth = np.array([[1, 2], [300, 4]], dtype=">u2")
    rows = np.zeros((2, 6), dtype=np.uint8)
    rows[:, :4] = depth.view(np.uint8).reshape(2, 4)
    data = array("B", rows.tobytes())
    message = Image(height=2, width=2, step=6, encoding="16UC1", is_bigendian=1, data=data)
    assert (buffers.image_view(message) == depth).all()


@pytest.mark.parametrize(
    ("pixels", "encoding", "reason"),
    [
        (np.zeros((4, 4, 3), np.uint8), "yuv422", "image encoding 'yuv422' is unknown: must be one of rgb8"),
        (np.zeros((4, 4, 4), np.uint8), "rgb8", r"must be \(H, W, 3\) of uint8"),
        (np.zeros((4, 4, 3), np.float32), "rgb8", "type float32 cannot be sent as 'rgb8'"),
        (np.zeros((0, 4, 3), np.uint8), "rgb8", "shape \\(0, 4, 3\\)"),
        (np.zeros(4, np.uint8), "mono8", "cannot be sent"),
    ],
)
def test_pixels_that_do_not_fit_are_refused(pixels, encoding, reason):
    with pytest.raises(ValueError, match=reason):
        buffers.fill_image(Image(), pixels, encoding, 0, "a")


@pytest.mark.parametrize("change", [{"step": 10}, {"height": 5}, {"width": 0}, {"width": 9}])
def test_image_of_contradictory_size_is_refused(change):
    message = buffers.fill_image(Image(), random_pixels(np.uint8, (4, 4, 3)), "rgb8", 0, "a")
    for name, value in change.items():
        setattr(message, name, value)
    with pytest.raises(ValueError, match="must be height x step"):
        buffers.image_view(message)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8])
def test_tokens_are_bit_exact_through_the_wire_format(dtype):
    tokens = random_pixels(dtype, (2, 5, 8))
    message = buffers.fill_tokens(VisualTokens(), tokens, ["top", "front"], [20, 10], scale=0.5)
    received = deserialize_message(serialize_message(message), VisualTokens)
    view = buffers.token_view(received)
    assert view.tobytes() == tokens.tobytes()
    assert (view.shape, view.dtype) == (tokens.shape, tokens.dtype)
    assert received.view_names == ["top", "front"]
    assert [to_ns(stamp) for stamp in received.view_stamps] == [20, 10]
    assert to_ns(received.header.stamp) == 10
    assert received.scale == 0.5


def test_token_buffer_is_reused_and_viewed_without_copy():
    message = buffers.fill_tokens(VisualTokens(), np.ones((1, 2, 4), np.float32), ["top"], [1])
    buffer = message.data
    buffers.fill_tokens(message, np.zeros((1, 2, 4), np.float32), ["top"], [2])
    assert message.data is buffer
    assert np.shares_memory(buffers.token_view(message), np.frombuffer(buffer, np.uint8))


@pytest.mark.parametrize(
    ("tokens", "names", "stamps", "scale", "reason"),
    [
        (np.zeros((1, 2, 4)), ["top"], [1], 1.0, "type float64 cannot be sent"),
        (np.zeros((2, 4), np.float32), ["top"], [1], 1.0, r"must be \(views, tokens, width\)"),
        (np.zeros((2, 2, 4), np.float32), ["top"], [1, 2], 1.0, "2 views come with 1 names and 2 stamps"),
        (np.zeros((1, 2, 4), np.float32), ["top"], [1], float("nan"), "token scale is nan"),
        (np.zeros((1, 2, 4), np.int8), ["top"], [1], 0.0, "must be finite and positive"),
    ],
)
def test_tokens_that_do_not_fit_are_refused(tokens, names, stamps, scale, reason):
    with pytest.raises(ValueError, match=reason):
        buffers.fill_tokens(VisualTokens(), tokens, names, stamps, scale=scale)


@pytest.mark.parametrize(
    "change", [{"dtype": "float64"}, {"dim": 5}, {"view_names": []}, {"view_stamps": []}]
)
def test_tokens_of_contradictory_size_are_refused(change):
    message = buffers.fill_tokens(VisualTokens(), np.ones((1, 2, 4), np.float32), ["top"], [1])
    for name, value in change.items():
        setattr(message, name, value)
    with pytest.raises(ValueError, match="must be"):
        buffers.token_view(message)


def test_camera_info_describes_a_centred_pinhole():
    focal = buffers.focal_from_vertical_view(480, np.pi / 2)
    message = buffers.fill_camera_info(CameraInfo(), (640, 480), (focal, focal), 5, "optical")
    assert focal == pytest.approx(240.0)
    assert list(message.k) == pytest.approx([240.0, 0, 319.5, 0, 240.0, 239.5, 0, 0, 1])
    assert (message.width, message.height, to_ns(message.header.stamp)) == (640, 480, 5)
