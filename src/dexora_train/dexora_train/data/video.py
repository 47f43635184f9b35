"""Videos of camera views: lossless by default, so that what was seen can be read back bit for bit."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray

from dexora_train.data.errors import DatasetError

Picture = NDArray[np.uint8]
# Without B-frames packets are in order of display, so that files can be joined packet by packet.
_LOSSLESS = ("libx264rgb", "rgb24", {"crf": "0", "preset": "veryfast", "g": "10", "bf": "0"})
_SMALL = ("libx264", "yuv420p", {"crf": "18", "preset": "medium", "g": "10", "bf": "0"})


def write_video(path: Path, frames: Sequence[Picture], rate_hz: int, *, is_lossless: bool = True) -> None:
    """Write an MP4 file.

    Args:
        path: The file.
        frames: Pictures, (H, W, 3) uint8 RGB, all of one size.
        rate_hz: Frames per second.
        is_lossless: True: H.264 in RGB without loss. False: a third of the size, no longer exact.

    Raises:
        DatasetError: There are no frames, or their sizes differ.
    """
    if not len(frames):
        raise DatasetError(f"{path.name}: no frames to write; record at least one.")
    height, width = frames[0].shape[:2]
    codec, pixels, options = _LOSSLESS if is_lossless else _SMALL
    with av.open(str(path), "w") as container:
        stream = cast("av.VideoStream", container.add_stream(codec, rate=rate_hz, options=options))
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        for number, picture in enumerate(frames):
            if picture.shape != (height, width, 3):
                raise DatasetError(
                    f"{path.name}: frame {number} has shape {picture.shape}, must be {(height, width, 3)}."
                )
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def read_frames(path: Path, first: int = 0, count: int | None = None) -> Iterator[Picture]:
    """Yield pictures of a file, (H, W, 3) uint8 RGB.

    Args:
        path: The file.
        first: Number of the first picture wanted.
        count: How many; None is all that follow.

    Raises:
        DatasetError: The file is missing, broken, or ends too early.
    """
    given = 0
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1  # starting threads takes longer than decoding so few pixels
            if first:
                start_s = first / float(stream.average_rate or 1)
                container.seek(round(start_s / float(stream.time_base or 1)), stream=stream)
            for frame in container.decode(stream):
                number = round(float(frame.time or 0.0) * float(stream.average_rate or 1))
                if number < first:
                    continue
                if count is not None and given >= count:
                    return
                given += 1
                # What is stored as RGB needs no conversion, which takes as long as decoding does.
                is_rgb = frame.format.name == "gbrp"
                yield cast("Picture", frame.to_ndarray(format=None if is_rgb else "rgb24"))
    except (av.FFmpegError, OSError, IndexError) as error:
        raise DatasetError(f"{path}: cannot be read as a video ({error}); record it anew.") from error
    if count is not None and given < count:
        raise DatasetError(f"{path}: ends after {given} of {count} frames from number {first}.")


def count_frames(path: Path) -> int:
    """Return how many pictures a file holds, from its packets, without decoding.

    Raises:
        DatasetError: The file is missing or broken.
    """
    try:
        with av.open(str(path)) as container:
            return sum(1 for packet in container.demux(video=0) if packet.size)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise DatasetError(f"{path}: cannot be read as a video ({error}); record it anew.") from error


def join_videos(sources: Sequence[Path], target: Path) -> None:
    """Write the videos one after the other into one file without encoding anew.

    Args:
        sources: Files of `write_video` with the same size, rate and codec.
        target: The file to write.
    """
    with av.open(str(target), "w") as output:
        stream: Any = None
        number = itertools.count()
        for source in sources:
            with av.open(str(source)) as container:
                incoming = container.streams.video[0]
                if stream is None:
                    stream = output.add_stream_from_template(incoming)
                    step = round(1 / (float(incoming.average_rate or 1) * float(incoming.time_base or 1)))
                for packet in container.demux(incoming):
                    if not packet.size:
                        continue
                    packet.pts = packet.dts = next(number) * step
                    packet.duration = step
                    packet.stream = stream
                    output.mux(packet)
