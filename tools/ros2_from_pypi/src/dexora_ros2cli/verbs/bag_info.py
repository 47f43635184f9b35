"""`ros2 bag info`."""

from __future__ import annotations

import argparse
from pathlib import Path

from dexora_ros2cli.bag.info_text import info_text, seconds_text
from dexora_ros2cli.bag.reader import Bag
from dexora_ros2cli.output import echo, warn
from dexora_ros2cli.parser import refuse_options


class InfoVerb:
    """Print information about a bag to the screen."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "bag_path", type=Path, help="Bag to open: its directory or one of its .mcap files"
        )
        parser.add_argument("-s", "--storage", choices=("mcap",), help="Storage implementation of the bag")
        parser.add_argument("-t", "--topic-name", action="store_true", help="Only display topic names")
        refuse_options(parser, "-v", "--verbose", "--sort")

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Print the summary; a bag that was not finished is read as far as it goes, and says so."""
        bag = Bag(args.bag_path)
        warn_of_truncation(bag)
        if args.topic_name:
            for topic in bag.summary.topics:
                echo(topic.name)
            return
        echo(info_text(bag.summary))


def warn_of_truncation(bag: Bag) -> None:
    """Tell the user which files end early and how much of them could be read."""
    for item in bag.truncated:
        seconds = seconds_text(item.end_ns - item.start_ns)
        warn(
            f"'{item.path}' is truncated: its recorder was killed or ran out of disk before it could finish "
            f"it. Recovered {item.message_count} messages over {seconds} s by reading from the beginning; "
            "what came after the last whole chunk is lost."
        )
