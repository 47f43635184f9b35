"""The arguments of `ros2 bag record`."""

from __future__ import annotations

import argparse
from typing import Any

from dexora_ros2cli.bag.pipeline import DEFAULT_CACHE_BYTES
from dexora_ros2cli.bag.writer import COMPRESSIONS
from dexora_ros2cli.parser import non_negative_int, positive_int, refuse_options

DEFAULT_POLLING_MS = 100


def add_record_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the original has and the subset supports; refuse by name what it does not."""
    parser.add_argument(
        "-o",
        "--output",
        help="Destination of the bag to create, defaults to a timestamped folder in the current directory",
    )
    parser.add_argument(
        "-s", "--storage", default="mcap", choices=("mcap",), help="Storage identifier to be used"
    )
    _add_selection(parser)
    _add_discovery(parser)
    parser.add_argument(
        "--max-cache-size",
        type=non_negative_int,
        default=DEFAULT_CACHE_BYTES,
        help="Maximum bytes of messages that wait for the disk; 0 is no bound. Default: %(default)d",
    )
    parser.add_argument("--disable-keyboard-controls", action="store_true", help="Accepted: there are none")
    parser.add_argument("--use-sim-time", action="store_true", help="Use /clock for message timestamps")
    parser.add_argument(
        "--node-name",
        default="rosbag2_recorder",
        help="Specify the recorder node name. Default is %(default)s",
    )
    parser.add_argument(
        "--custom-data",
        nargs="*",
        default=[],
        metavar="KEY=VALUE",
        help="Words to store in the bag's metadata",
    )
    parser.add_argument(
        "--storage-preset-profile",
        default="none",
        choices=tuple(COMPRESSIONS),
        help="Compression of the chunks. Default: %(default)s",
    )
    _refuse(parser)


def _add_selection(parser: argparse.ArgumentParser) -> None:
    many: dict[str, Any] = {"nargs": "+", "default": []}
    parser.add_argument("topics_positional", nargs="*", metavar="Topic", help="Deprecated form of --topics")
    parser.add_argument("--topics", metavar="Topic", help="Space-delimited list of topics to record", **many)
    parser.add_argument("--topic-types", metavar="TopicType", help="Topic types to record", **many)
    parser.add_argument("-a", "--all", action="store_true", help="Record all topics (exclude hidden topics)")
    parser.add_argument("--all-topics", action="store_true", help="Record all topics (exclude hidden topics)")
    parser.add_argument(
        "-e", "--regex", default="", help="Record only topics containing provided regular expression"
    )
    parser.add_argument(
        "-x", "--exclude-regex", default="", help="Exclude topics containing provided regular expression"
    )
    parser.add_argument("--exclude-topics", metavar="Topic", help="Topics not being recorded", **many)
    parser.add_argument(
        "--exclude-topic-types", metavar="TopicType", help="Topic types not being recorded", **many
    )


def _add_discovery(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--include-unpublished-topics", action="store_true", help="Record topics which have no publisher"
    )
    parser.add_argument("--include-hidden-topics", action="store_true", help="Record hidden topics as well")
    parser.add_argument(
        "--no-discovery", action="store_true", help="Only topics present at startup will be recorded"
    )
    parser.add_argument(
        "-p",
        "--polling-interval",
        type=positive_int,
        default=DEFAULT_POLLING_MS,
        help="Time in ms to wait between querying available topics for recording. Default: %(default)d",
    )
    parser.add_argument(
        "--ignore-leaf-topics", action="store_true", help="Ignore topics without a subscription"
    )


def _refuse(parser: argparse.ArgumentParser) -> None:
    refuse_options(
        parser,
        "--services",
        "--all-services",
        "--exclude-services",
        "--actions",
        "--all-actions",
        "--exclude-actions",
        "--static-topics-path",
        "--qos-profile-overrides-path",
        "-b",
        "--max-bag-size",
        "-d",
        "--max-bag-duration",
        "--max-bag-files",
        "--max-cache-duration",
        "--start-paused",
        "--snapshot-mode",
        "-f",
        "--serialization-format",
        "--storage-config-file",
        "--compression-mode",
        "--compression-format",
        "--compression-queue-size",
        "--compression-threads",
    )
