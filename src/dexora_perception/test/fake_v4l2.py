"""A V4L2 camera as FFmpeg's device input shows it through PyAV: states, queue, stamps and errors.

What is imitated: a device that is not there (ENOENT), that somebody else streams from (EBUSY), a driver that
picks another size than asked for, a queue of a few buffers that drops when it is full, EAGAIN while it is
empty, ENODEV after the plug was pulled, damaged packets, monotonic stamps, one stream per device.
"""

import errno
from fractions import Fraction
from types import SimpleNamespace

import av
import numpy as np

QUEUE = 4
MICROSECOND = Fraction(1, 1_000_000)


class Time:
    """Clocks that move when somebody sleeps; cameras take pictures meanwhile."""

    def __init__(self):
        self.now_ns = 1_000_000_000_000
        self.cameras = []

    def sleep(self, seconds):
        end_ns = self.now_ns + round(seconds * 1e9)
        while self.now_ns < end_ns:
            self.now_ns = min(self.now_ns + 1_000_000, end_ns)
            for camera in self.cameras:
                camera.tick()


class FakeCamera:
    """The device."""

    def __init__(self, time, size=(64, 48), rate_hz=20.0):
        self.time, self.size = time, size
        self.period_ns = round(1e9 / rate_hz)
        self.is_plugged, self.is_silent, self.is_busy, self.is_damaged = True, False, False, False
        self.queue, self.streams, self.taken, self.opened_with = [], 0, 0, []
        self.next_ns = time.now_ns
        self.stamp_offset_ns = 0
        time.cameras.append(self)

    def tick(self):
        """Take the pictures that are due."""
        while self.next_ns <= self.time.now_ns:
            if self.streams and self.is_plugged and not self.is_silent and len(self.queue) < QUEUE:
                self.taken += 1
                self.queue.append((self.next_ns, self.taken, self.is_damaged))
            self.next_ns += self.period_ns

    def open(self, name, format=None, options=None):
        """What `av.open` does with a device."""
        self.opened_with.append((name, format, options))
        if not self.is_plugged:
            raise av.error.FileNotFoundError(errno.ENOENT, "No such file or directory", name)
        if self.is_busy or self.streams:
            raise av.error.FFmpegError(errno.EBUSY, "Device or resource busy", name)
        self.streams += 1
        return FakeContainer(self)

    def pixels(self, number):
        """The picture of this number."""
        generator = np.random.default_rng(number)
        return generator.integers(0, 256, (self.size[1], self.size[0], 3), dtype=np.uint8)


class FakeContainer:
    """An opened device."""

    def __init__(self, camera):
        self._camera, self._is_open = camera, True
        width, height = camera.size
        stream = SimpleNamespace(
            codec_context=SimpleNamespace(width=width, height=height), decode=self._decode
        )
        self.streams = SimpleNamespace(video=[stream])

    def demux(self, _stream):
        while True:
            assert self._is_open, "demux of a closed container"
            if not self._camera.is_plugged:
                raise OSError(errno.ENODEV, "No such device")
            if not self._camera.queue:
                raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
            taken_ns, number, is_damaged = self._camera.queue.pop(0)
            stamp = (taken_ns + self._camera.stamp_offset_ns) // 1000
            yield SimpleNamespace(pts=stamp, time_base=MICROSECOND, size=1, content=(number, is_damaged))

    def _decode(self, packet):
        number, is_damaged = packet.content
        if is_damaged:
            raise av.error.InvalidDataError(errno.EIO, "Invalid data found when processing input")
        pixels = self._camera.pixels(number)
        return [SimpleNamespace(is_corrupt=False, to_ndarray=lambda format: pixels, number=number)]

    def close(self):
        if self._is_open:
            self._is_open = False
            self._camera.streams -= 1
            self._camera.queue.clear()
