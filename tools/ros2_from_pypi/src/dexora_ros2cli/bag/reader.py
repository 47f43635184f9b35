"""Reading bags, also those that their recorder could not finish: up to the last whole record."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.records import Channel, Message, Schema
from mcap.stream_reader import CRCValidationError, StreamReader

from dexora_ros2cli.bag.metadata import FILE_NAME, ROOT, qos_from_yaml
from dexora_ros2cli.bag.model import STORAGE_ID, BagError, BagSummary, BagTopic, FileSummary
from dexora_ros2cli.bag.scan import Extent, Prefix, intact_extent
from dexora_ros2cli.errors import outside_subset


class BagMessage(NamedTuple):
    """One recorded message: topic, arrival and sending time [ns since 1970], CDR bytes."""

    topic: str
    log_ns: int
    publish_ns: int
    data: bytes


class Bag:
    """A bag on disk.

    Args:
        path: the bag's directory, or one of its MCAP files.

    Raises:
        BagError: there is no bag, or none that can be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._info = _read_info(path)
        self._files = _find_files(path, self._info)
        self._extents = {file: _extent(file) for file in self._files}
        self.summary = self._summarize()

    @property
    def truncated(self) -> list[FileSummary]:
        """The files that their recorder did not finish."""
        return [item for item in self.summary.files if not item.is_complete]

    def messages(self, topics: Collection[str] | None = None) -> Iterator[BagMessage]:
        """Yield messages in the order of their arrival.

        Args:
            topics: only these; None for all.
        """
        for file in self._files:
            reader = _finished if self._extents[file].is_complete else _unfinished
            for channel, message in reader(file, self._extents[file], topics):
                yield BagMessage(channel.topic, message.log_time, message.publish_time, message.data)

    def _summarize(self) -> BagSummary:
        topics: dict[str, BagTopic] = {}
        files = [_summarize_file(file, self._extents[file], topics) for file in self._files]
        return BagSummary(
            files,
            [topics[name] for name in sorted(topics)],
            str(self._info.get("ros_distro") or "unknown"),
            self._info.get("custom_data"),
        )


def _read_info(path: Path) -> dict[str, Any]:
    """Return what `metadata.yaml` says, or nothing when it was never written."""
    file = path / FILE_NAME
    if not file.is_file():
        return {}
    try:
        info = yaml.safe_load(file.read_text(encoding="utf-8"))[ROOT]
    except (yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise BagError(f"'{file}' is not the metadata of a bag: {error}") from error
    storage = info.get("storage_identifier")
    if storage != STORAGE_ID:
        raise BagError(outside_subset(f"the storage '{storage}' of bag '{path}'"))
    if info.get("compression_mode"):
        raise BagError(outside_subset(f"the {info['compression_mode'].lower()} compression of bag '{path}'"))
    return dict(info)


def _find_files(path: Path, info: dict[str, Any]) -> list[Path]:
    if path.is_file():
        if path.suffix != ".mcap":
            raise BagError(outside_subset(f"a bag file of the kind '{path.suffix or path.name}'"))
        return [path]
    if not path.is_dir():
        raise BagError(f"Bag path '{path}' does not exist!")
    named = [path / Path(name).name for name in info.get("relative_file_paths", [])]
    missing = [file.name for file in named if not file.is_file()]
    if missing:
        raise BagError(f"Bag '{path}' lacks its file(s) {', '.join(missing)}")
    files = named or sorted(path.glob("*.mcap"))
    if not files:
        raise BagError(
            f"Could not find metadata for bag: '{path}' holds neither {FILE_NAME} nor an MCAP file"
        )
    return files


def _extent(file: Path) -> Extent:
    extent = intact_extent(file)
    if not extent.is_mcap:
        raise BagError(f"'{file}' is not an MCAP file: it does not begin like one")
    return extent


def _summarize_file(file: Path, extent: Extent, topics: dict[str, BagTopic]) -> FileSummary:
    item = FileSummary(file.name, size_bytes=extent.size, is_complete=extent.is_complete)
    if extent.is_complete and _from_summary(file, item, topics):
        return item
    schemas: dict[int, Schema] = {}
    channels: dict[int, Channel] = {}
    for record in _records(file, extent.length):
        if isinstance(record, Schema):
            schemas[record.id] = record
        elif isinstance(record, Channel):
            channels[record.id] = record
            topics.setdefault(record.topic, _topic(record, schemas.get(record.schema_id)))
        elif isinstance(record, Message):
            item.count(channels[record.channel_id].topic, record.log_time)
    return item


def _from_summary(file: Path, item: FileSummary, topics: dict[str, BagTopic]) -> bool:
    """Fill in what the summary section says; false when there is none."""
    with file.open("rb") as stream:
        summary = make_reader(stream).get_summary()
    if summary is None or summary.statistics is None:
        return False
    counts = summary.statistics.channel_message_counts
    for number, channel in summary.channels.items():
        topics.setdefault(channel.topic, _topic(channel, summary.schemas.get(channel.schema_id)))
        item.counts[channel.topic] = item.counts.get(channel.topic, 0) + counts.get(number, 0)
    item.start_ns, item.end_ns = summary.statistics.message_start_time, summary.statistics.message_end_time
    return True


def _topic(channel: Channel, schema: Schema | None) -> BagTopic:
    return BagTopic(
        channel.topic,
        schema.name if schema else "",
        channel.metadata.get("topic_type_hash", ""),
        schema.data.decode("utf-8", "replace") if schema else "",
        schema.encoding if schema else "",
        qos_from_yaml(channel.metadata.get("offered_qos_profiles", "")),
        channel.message_encoding,
    )


def _records(file: Path, length: int) -> Iterator[Any]:
    """Yield the records of the first `length` bytes, and stop at the first that is damaged."""
    with io.BufferedReader(Prefix(file, length), buffer_size=2**20) as stream:
        records = iter(StreamReader(stream, validate_crcs=True).records)
        while True:
            try:
                record = next(records)
            except (StopIteration, McapError, CRCValidationError, ValueError, OSError):
                return
            yield record


def _finished(file: Path, _: Extent, topics: Collection[str] | None) -> Iterator[tuple[Channel, Message]]:
    with file.open("rb") as stream:
        try:
            for _schema, channel, message in make_reader(stream).iter_messages(topics=topics):
                yield channel, message
        except (McapError, CRCValidationError) as error:
            raise BagError(f"'{file}' is damaged: {error}") from error


def _unfinished(
    file: Path, extent: Extent, topics: Collection[str] | None
) -> Iterator[tuple[Channel, Message]]:
    channels: dict[int, Channel] = {}
    for record in _records(file, extent.length):
        if isinstance(record, Channel):
            channels[record.id] = record
        elif isinstance(record, Message):
            channel = channels[record.channel_id]
            if topics is None or channel.topic in topics:
                yield channel, record
