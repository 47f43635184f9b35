"""`ros2 bag record`."""

from __future__ import annotations

import argparse
import os
import threading
import time
from datetime import datetime
from pathlib import Path

import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from dexora_ros2cli.bag.pipeline import WriterThread
from dexora_ros2cli.bag.recorder import Recorder, RecorderOptions
from dexora_ros2cli.bag.selection import Selection
from dexora_ros2cli.bag.writer import BagWriter
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.output import echo
from dexora_ros2cli.session import note_stop_signals, session
from dexora_ros2cli.verbs.bag_record_arguments import add_record_arguments

SPIN_S = 0.05
DEFAULT_DISTRO = "kilted"


class RecordVerb:
    """Record ROS data to a bag."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_record_arguments(parser)

    @staticmethod
    def main(args: argparse.Namespace) -> int:
        """Record until Ctrl-C or SIGTERM and finish the bag; exit code 1 when the disk ended it."""
        selection = _selection(args)
        selection.check()
        stop = note_stop_signals()
        writer = BagWriter(
            Path(args.output or f"{datetime.now():rosbag2_%Y_%m_%d-%H_%M_%S}"),
            ros_distro=os.environ.get("ROS_DISTRO", DEFAULT_DISTRO),
            compression=args.storage_preset_profile,
            custom_data=_custom_data(args.custom_data),
        )
        sink = WriterThread(writer, cache_bytes=args.max_cache_size)
        with session(args, args.node_name, signals=SignalHandlerOptions.NO) as node:
            recorder = Recorder(node, sink, _options(args, selection))
            sink.start()
            _record(node, recorder, sink, args, stop)
            _finish(node, recorder, sink)
        return 0 if sink.error is None else 1


def _selection(args: argparse.Namespace) -> Selection:
    if args.topics_positional:
        echo(
            '[WARN] [ros2bag]: Positional "topics" argument deprecated. '
            'Please use optional "--topics" argument instead.',
            err=True,
        )
    topics = [*args.topics, *args.topics_positional]
    is_all = args.all or args.all_topics
    if not (is_all or topics or args.topic_types or args.regex):
        raise CliError(
            "[ERROR] [ros2bag]: Need to specify at least one option out of --all, --all-topics, --topics, "
            "--topic-types or --regex"
        )
    return Selection(
        is_all=is_all,
        topics=tuple(_absolute(name) for name in topics),
        topic_types=tuple(args.topic_types),
        regex=args.regex or None,
        exclude_topics=tuple(_absolute(name) for name in args.exclude_topics),
        exclude_types=tuple(args.exclude_topic_types),
        exclude_regex=args.exclude_regex or None,
        include_hidden=args.include_hidden_topics,
    )


def _absolute(name: str) -> str:
    return name if name.startswith("/") else f"/{name}"


def _options(args: argparse.Namespace, selection: Selection) -> RecorderOptions:
    return RecorderOptions(
        selection,
        include_unpublished=args.include_unpublished_topics,
        ignore_leaf_topics=args.ignore_leaf_topics,
        use_ros_time=args.use_sim_time,
    )


def _custom_data(words: list[str]) -> dict[str, str] | None:
    pairs = dict(word.partition("=")[::2] for word in words)
    return pairs or None


def _record(
    node: Node, recorder: Recorder, sink: WriterThread, args: argparse.Namespace, stop: threading.Event
) -> None:
    node.get_logger().info("Recording...")
    next_look_s = 0.0
    looks_left = 1 if args.no_discovery else None
    while not stop.is_set() and sink.error is None:
        now_s = time.monotonic()
        if now_s >= next_look_s and looks_left != 0:
            next_look_s = now_s + args.polling_interval * 1e-3
            recorder.discover()
            looks_left = None if looks_left is None else looks_left - 1
        rclpy.spin_once(node, timeout_sec=SPIN_S)


def _finish(node: Node, recorder: Recorder, sink: WriterThread) -> None:
    """Close the bag and report what was and what was not recorded."""
    summary = sink.stop()
    logger = node.get_logger()
    if sink.error is not None:
        logger.error(f"Recording stopped: {sink.error}")
    if recorder.lost or sink.dropped:
        logger.warning(
            f"{recorder.lost} messages were lost on the way to the recorder and {sink.dropped} were dropped "
            "because the disk was too slow or had refused before"
        )
    missing = [name for name in recorder.topics if not summary.count_of(name)]
    if missing:
        logger.warning(f"No message came on: {', '.join(missing)}")
    if all(item.is_complete for item in summary.files):  # else only `ros2 bag info` knows what can be read
        logger.info(f"Recording stopped: {summary.message_count} messages on {len(summary.topics)} topics")
