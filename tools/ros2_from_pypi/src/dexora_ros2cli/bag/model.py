"""What a bag consists of: topics, files, and the summary that `metadata.yaml` and `ros2 bag info` show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dexora_ros2cli.errors import CliError

STORAGE_ID = "mcap"
SERIALIZATION = "cdr"


class BagError(CliError):
    """A bag cannot be written or read; the text names the file and says what to do."""


@dataclass(frozen=True)
class BagTopic:
    """A recorded topic.

    Attributes:
        name: absolute topic name.
        type_name: `package/msg/Name`.
        type_hash: RIHS01 hash of the type; empty when unknown.
        definition: full text of the message definition with all it depends on; empty when unknown.
        encoding: language of the definition, "ros2msg"; empty when unknown.
        offered_qos: one dictionary for each publisher's offer, in rosbag2's form.
        serialization: encoding of the messages.
    """

    name: str
    type_name: str
    type_hash: str = ""
    definition: str = ""
    encoding: str = ""
    offered_qos: tuple[dict[str, Any], ...] = ()
    serialization: str = SERIALIZATION


@dataclass
class FileSummary:
    """One file of a bag.

    Attributes:
        path: file name inside the bag's directory.
        start_ns: time of the first message [ns since 1970], 0 without messages.
        end_ns: time of the last message [ns since 1970].
        counts: messages of each topic.
        size_bytes: size on disk.
        is_complete: false when the recorder did not live to finish the file.
    """

    path: str
    start_ns: int = 0
    end_ns: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    size_bytes: int = 0
    is_complete: bool = True

    @property
    def message_count(self) -> int:
        """Number of messages."""
        return sum(self.counts.values())

    def count(self, topic: str, log_ns: int) -> None:
        """Take one message into account."""
        if not self.message_count:
            self.start_ns = self.end_ns = log_ns
        self.start_ns = min(self.start_ns, log_ns)
        self.end_ns = max(self.end_ns, log_ns)
        self.counts[topic] = self.counts.get(topic, 0) + 1


@dataclass
class BagSummary:
    """A whole bag."""

    files: list[FileSummary]
    topics: list[BagTopic]
    ros_distro: str = ""
    custom_data: dict[str, str] | None = None

    @property
    def message_count(self) -> int:
        """Number of messages in all files."""
        return sum(item.message_count for item in self.files)

    @property
    def size_bytes(self) -> int:
        """Size of all files."""
        return sum(item.size_bytes for item in self.files)

    @property
    def start_ns(self) -> int:
        """Time of the first message [ns], 0 without messages."""
        return min((item.start_ns for item in self.files if item.message_count), default=0)

    @property
    def duration_ns(self) -> int:
        """Time from the first to the last message [ns]."""
        return max((item.end_ns for item in self.files if item.message_count), default=0) - self.start_ns

    def count_of(self, topic: str) -> int:
        """Return the number of messages of a topic in all files."""
        return sum(item.counts.get(topic, 0) for item in self.files)
