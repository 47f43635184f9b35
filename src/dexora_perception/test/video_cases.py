"""Writes small real video files."""

import av
import numpy as np


def picture_of(number, height=48, width=64):
    """A picture whose brightness tells its number: 20, 30, 40 ... on the left, a checkerboard right."""
    pixels = np.full((height, width, 3), 20 + 10 * (number % 20), np.uint8)
    pixels[:, width // 2 :] = 255 * (np.indices((height, width // 2)).sum(axis=0) // 8 % 2)[:, :, None]
    return pixels


def number_of(pixels):
    return round((float(pixels[:, : pixels.shape[1] // 2 - 4].mean()) - 20) / 10)


def write_video(path, count=10, rate=20, height=48, width=64):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate = 4_000_000
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture_of(number, height, width), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
