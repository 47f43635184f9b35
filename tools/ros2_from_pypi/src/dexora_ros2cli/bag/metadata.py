"""`metadata.yaml`: the summary of a bag in the form of rosbag2 on Kilted (version 9)."""

from __future__ import annotations

from typing import Any

import yaml

from dexora_ros2cli.bag.model import STORAGE_ID, BagSummary, BagTopic, FileSummary

VERSION = 9
FILE_NAME = "metadata.yaml"
ROOT = "rosbag2_bagfile_information"


def qos_to_yaml(offers: tuple[dict[str, Any], ...]) -> str:
    """Return offered profiles as the YAML text that a channel of the file carries."""
    return yaml.safe_dump(list(offers), sort_keys=False) if offers else ""


def qos_from_yaml(text: str) -> tuple[dict[str, Any], ...]:
    """Return the offered profiles in a channel's YAML text; none when it cannot be read."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return ()
    return tuple(item for item in found if isinstance(item, dict)) if isinstance(found, list) else ()


def _topic(summary: BagSummary, topic: BagTopic) -> dict[str, Any]:
    return {
        "topic_metadata": {
            "name": topic.name,
            "type": topic.type_name,
            "serialization_format": topic.serialization,
            "offered_qos_profiles": [dict(offer) for offer in topic.offered_qos],
            "type_description_hash": topic.type_hash,
        },
        "message_count": summary.count_of(topic.name),
    }


def _file(item: FileSummary) -> dict[str, Any]:
    return {
        "path": item.path,
        "starting_time": {"nanoseconds_since_epoch": item.start_ns},
        "duration": {"nanoseconds": item.end_ns - item.start_ns},
        "message_count": item.message_count,
    }


def to_dictionary(summary: BagSummary) -> dict[str, Any]:
    """Return the content of `metadata.yaml` below its root key."""
    return {
        "version": VERSION,
        "storage_identifier": STORAGE_ID,
        "duration": {"nanoseconds": summary.duration_ns},
        "starting_time": {"nanoseconds_since_epoch": summary.start_ns},
        "message_count": summary.message_count,
        "topics_with_message_count": [_topic(summary, topic) for topic in summary.topics],
        "compression_format": "",
        "compression_mode": "",
        "relative_file_paths": [item.path for item in summary.files],
        "files": [_file(item) for item in summary.files],
        "custom_data": summary.custom_data,
        "ros_distro": summary.ros_distro,
    }


def to_yaml(summary: BagSummary) -> str:
    """Return the text of `metadata.yaml`."""
    return yaml.dump({ROOT: to_dictionary(summary)}, Dumper=_PlainDumper, sort_keys=False)


class _PlainDumper(yaml.SafeDumper):
    """Writes equal sub-dictionaries in full: yaml-cpp readers do not expect anchors here."""

    def ignore_aliases(self, _: Any) -> bool:
        """Say that nothing is shared."""
        return True
