"""Writing a bag: one MCAP file in rosbag2's directory layout, safe against the death of the process.

A message is on its way to the disk within `flush_period_s` of its arrival: the chunk in progress is closed
and handed to the operating system that often, whatever its size. Killing the process with SIGKILL therefore
loses at most that much of every topic, and what was written stays readable (`reader.py`).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from mcap.writer import CompressionType, Writer

from dexora_ros2cli.bag.metadata import FILE_NAME, qos_to_yaml, to_yaml
from dexora_ros2cli.bag.model import BagError, BagSummary, BagTopic, FileSummary

PROFILE = "ros2"
LIBRARY = "dexora"
CHUNK_BYTES = 768 * 1024
FLUSH_PERIOD_S = 0.2

COMPRESSIONS = {"none": CompressionType.NONE, "zstd_fast": CompressionType.ZSTD}


class BagWriter:
    """Writes one bag. Not for several threads at a time: `pipeline.py` gives it a thread of its own.

    Args:
        directory: the bag; must not exist yet.
        ros_distro: name of the distribution that recorded it.
        compression: a key of COMPRESSIONS.
        custom_data: words of the user for `metadata.yaml`.
        flush_period_s: age that a message may reach before it leaves the process [s].
        clock: monotonic time [s].

    Raises:
        BagError: the directory exists or cannot be created.
    """

    def __init__(
        self,
        directory: Path,
        *,
        ros_distro: str = "",
        compression: str = "none",
        custom_data: dict[str, str] | None = None,
        flush_period_s: float = FLUSH_PERIOD_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.directory = directory
        self._period_s = flush_period_s
        self._clock = clock
        self._oldest_s: float | None = None
        self._channels: dict[str, int] = {}
        self._schemas: dict[str, int] = {}
        try:
            directory.mkdir(parents=True, exist_ok=False)
            self._path = directory / f"{directory.name}_0.mcap"
            self._stream = self._path.open("wb")
        except FileExistsError as error:
            raise BagError(
                f"Output folder '{directory}' already exists. Choose another name with -o"
            ) from error
        except OSError as error:
            raise BagError(f"Cannot create the bag '{directory}': {error.strerror}") from error
        self.file = FileSummary(self._path.name)
        self.summary = BagSummary([self.file], [], ros_distro, custom_data)
        self._mcap = Writer(self._stream, chunk_size=CHUNK_BYTES, compression=COMPRESSIONS[compression])
        self._guarded(self._begin)

    @property
    def path(self) -> Path:
        """The file that is written."""
        return self._path

    def add_topic(self, topic: BagTopic) -> None:
        """Make `topic` known; a second time does nothing."""
        if topic.name in self._channels:
            return
        if topic.type_name not in self._schemas:
            self._schemas[topic.type_name] = self._mcap.register_schema(
                topic.type_name, topic.encoding, topic.definition.encode()
            )
        self._channels[topic.name] = self._mcap.register_channel(
            topic.name,
            topic.serialization,
            self._schemas[topic.type_name],
            {"offered_qos_profiles": qos_to_yaml(topic.offered_qos), "topic_type_hash": topic.type_hash},
        )
        self.summary.topics.append(topic)

    def write(self, topic: str, data: bytes, log_ns: int, publish_ns: int, sequence: int = 0) -> None:
        """Append one serialized message.

        Args:
            topic: a topic that was added.
            data: the message in CDR.
            log_ns: time of arrival [ns since 1970].
            publish_ns: time of sending [ns since 1970].
            sequence: the publisher's number of the message.

        Raises:
            BagError: the disk refuses; the file stays readable up to the last flush.
        """
        channel = self._channels[topic]
        self._guarded(lambda: self._mcap.add_message(channel, log_ns, data, publish_ns, sequence))
        self.file.count(topic, log_ns)
        if self._oldest_s is None:
            self._oldest_s = self._clock()
        self.flush_if_due()

    def flush_if_due(self) -> None:
        """Hand the chunk in progress to the operating system once its oldest message is old enough."""
        if self._oldest_s is not None and self._clock() - self._oldest_s >= self._period_s:
            self.flush()

    def flush(self) -> None:
        """Hand everything written so far to the operating system."""
        self._guarded(self._mcap.flush)
        self._oldest_s = None

    def close(self) -> BagSummary:
        """Finish file and `metadata.yaml`, and return the summary.

        Raises:
            BagError: the disk refuses.
        """
        self._guarded(self._finish)
        self.file.size_bytes = self._path.stat().st_size
        return self.summary

    def abandon(self) -> None:
        """Give the file up as it is, after an error; it stays readable up to the last flush."""
        self.file.is_complete = False
        with contextlib.suppress(
            OSError
        ):  # what is still buffered cannot be written: that is why we are here
            self._stream.close()

    def _begin(self) -> None:
        self._mcap.start(profile=PROFILE, library=LIBRARY)
        self._stream.flush()

    def _finish(self) -> None:
        text = to_yaml(self.summary)
        self._mcap.flush()
        self._mcap.add_metadata("rosbag2", {"serialized_metadata": text})
        self._mcap.finish()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        (self.directory / FILE_NAME).write_text(text, encoding="utf-8")

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except OSError as error:
            raise BagError(
                f"Cannot write to '{self._path}': {error.strerror}. What was written before can be read: "
                f"ros2 bag info {self.directory}"
            ) from error
