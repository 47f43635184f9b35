"""`ros2 bag play`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rclpy.signals import SignalHandlerOptions

from dexora_ros2cli.bag.player import Player, PlayerOptions
from dexora_ros2cli.bag.reader import Bag
from dexora_ros2cli.discovery import wait_for_graph
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.parser import non_negative_float, positive_float, refuse_options
from dexora_ros2cli.session import note_stop_signals, session
from dexora_ros2cli.verbs.bag_info import warn_of_truncation

NODE_NAME = "rosbag2_player"
DEFAULT_CLOCK_HZ = 40.0


class PlayVerb:
    """Play back ROS data from a bag."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        many: dict[str, Any] = {"nargs": "+", "default": []}
        parser.add_argument(
            "bag_path", type=Path, help="Bag to open: its directory or one of its .mcap files"
        )
        parser.add_argument("-s", "--storage", choices=("mcap",), help="Storage implementation of the bag")
        parser.add_argument(
            "-r", "--rate", type=positive_float, default=1.0, help="Rate at which to play back messages"
        )
        parser.add_argument("--topics", metavar="topic", help="Topics to replay. Default: all", **many)
        parser.add_argument("--exclude-topics", metavar="topic", help="Topics not to replay", **many)
        parser.add_argument("-l", "--loop", action="store_true", help="Start again at the end, indefinitely")
        parser.add_argument("-m", "--remap", metavar="old:=new", help="Topics to be remapped", **many)
        parser.add_argument(
            "--clock",
            type=positive_float,
            nargs="?",
            const=DEFAULT_CLOCK_HZ,
            default=0.0,
            help="Publish to /clock at a specific frequency in Hz (default without a number: 40)",
        )
        parser.add_argument(
            "-d", "--delay", type=non_negative_float, default=0.0, help="Wait before play [s]"
        )
        parser.add_argument(
            "--start-offset", type=non_negative_float, default=0.0, help="Start this far into the bag [s]"
        )
        parser.add_argument("--playback-duration", type=float, default=-1.0, help="Play only this long [s]")
        parser.add_argument(
            "--disable-keyboard-controls", action="store_true", help="Accepted: there are none"
        )
        parser.add_argument("--read-ahead-queue-size", type=int, help=argparse.SUPPRESS)
        _refuse(parser)

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Play the bag to its end, or again and again with --loop, until Ctrl-C."""
        bag = Bag(args.bag_path)
        warn_of_truncation(bag)
        stop = note_stop_signals()
        with session(args, NODE_NAME, signals=SignalHandlerOptions.NO) as node:
            player = Player(node, bag, _options(args), stop.is_set)
            wait_for_graph(node, None)  # so that those who listen already hear the first message
            node.get_logger().info(f"Playing {len(player.topics)} topics at rate {args.rate:g}")
            player.play_once()
            while args.loop and not stop.is_set():
                player.play_once()


def _options(args: argparse.Namespace) -> PlayerOptions:
    return PlayerOptions(
        rate=args.rate,
        topics=tuple(args.topics),
        exclude_topics=tuple(args.exclude_topics),
        remap=_remapping(args.remap),
        start_offset_s=args.start_offset,
        duration_s=args.playback_duration if args.playback_duration >= 0.0 else None,
        delay_s=args.delay,
        clock_hz=args.clock,
    )


def _remapping(rules: list[str]) -> dict[str, str]:
    pairs = {}
    for rule in rules:
        old, separator, new = rule.partition(":=")
        if not (old and separator and new):
            raise CliError(f"'{rule}' is not a remapping of the form old:=new")
        pairs[old] = new
    return pairs


def _refuse(parser: argparse.ArgumentParser) -> None:
    refuse_options(
        parser,
        "-p",
        "--start-paused",
        "--services",
        "--exclude-services",
        "--actions",
        "-e",
        "--regex",
        "-x",
        "--exclude-regex",
        "--qos-profile-overrides-path",
        "--storage-config-file",
        "--clock-topics",
        "--clock-topics-all",
        "--playback-until-sec",
        "--playback-until-nsec",
        "--wait-for-all-acked",
        "--publish-service-requests",
        "-i",
        "--input",
    )
