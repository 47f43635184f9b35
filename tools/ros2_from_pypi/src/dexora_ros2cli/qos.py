"""Quality of service on the command line, and matching what publishers offer."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSHistoryPolicy,
    QoSLivelinessPolicy,
    QoSPresetProfiles,
    QoSProfile,
    QoSReliabilityPolicy,
)

from dexora_ros2cli.output import echo
from dexora_ros2cli.parser import non_negative_float, non_negative_int

OPTIONS = ("profile", "depth", "history", "reliability", "durability", "liveliness")


def add_qos_arguments(parser: argparse.ArgumentParser, verb: str, default: str) -> None:
    """Declare the `--qos-*` options.

    Args:
        parser: parser of the verb.
        verb: what the endpoint does ("subscribe", "publish"), for the help.
        default: preset that is the starting point.
    """
    parser.add_argument(
        "--qos-profile",
        choices=QoSPresetProfiles.short_keys(),
        help=f"Quality of service preset profile to {verb} with (default: {default})",
    )
    parser.add_argument("--qos-depth", metavar="N", type=non_negative_int, help=f"Queue size to {verb} with")
    for name, policy in (
        ("history", QoSHistoryPolicy),
        ("reliability", QoSReliabilityPolicy),
        ("durability", QoSDurabilityPolicy),
        ("liveliness", QoSLivelinessPolicy),
    ):
        parser.add_argument(
            f"--qos-{name}",
            choices=policy.short_keys(),
            help=f"Quality of service {name} setting to {verb} with",
        )
    parser.add_argument(
        "--qos-liveliness-lease-duration-seconds",
        metavar="SECONDS",
        type=non_negative_float,
        help="Quality of service liveliness lease duration [s]",
    )
    parser.set_defaults(qos_default=default)


def is_given(args: argparse.Namespace) -> bool:
    """Return whether the user asked for any quality of service."""
    names = [*(f"qos_{option}" for option in OPTIONS), "qos_liveliness_lease_duration_seconds"]
    return any(getattr(args, name) is not None for name in names)


def profile_from(args: argparse.Namespace) -> QoSProfile:
    """Return the profile that the options ask for: the preset with each given policy put over it."""
    profile: QoSProfile = QoSPresetProfiles.get_from_short_key(args.qos_profile or args.qos_default)
    if args.qos_history is not None:
        profile.history = QoSHistoryPolicy.get_from_short_key(args.qos_history)
    if args.qos_durability is not None:
        profile.durability = QoSDurabilityPolicy.get_from_short_key(args.qos_durability)
    if args.qos_reliability is not None:
        profile.reliability = QoSReliabilityPolicy.get_from_short_key(args.qos_reliability)
    if args.qos_liveliness is not None:
        profile.liveliness = QoSLivelinessPolicy.get_from_short_key(args.qos_liveliness)
    if args.qos_depth is not None:
        profile.depth = args.qos_depth
    elif profile.durability == QoSDurabilityPolicy.TRANSIENT_LOCAL and profile.depth == 0:
        profile.depth = 1  # a latched topic that keeps nothing would be useless
    if args.qos_liveliness_lease_duration_seconds is not None:
        profile.liveliness_lease_duration = Duration(seconds=args.qos_liveliness_lease_duration_seconds)
    return profile


def subscription_profile(node: Node, topic: str, args: argparse.Namespace) -> QoSProfile:
    """Return a profile for `topic`: what the user asked for, else one that every publisher can serve."""
    profile = profile_from(args)
    if is_given(args):
        return profile
    offers = [info.qos_profile for info in node.get_publishers_info_by_topic(topic)]
    notes = adapt_to_offers(profile, offers)
    for note in notes:
        echo(note, err=True)
    return profile


def adapt_to_offers(profile: QoSProfile, offers: Sequence[QoSProfile]) -> list[str]:
    """Ask in `profile` for the most that all `offers` can give, and return remarks for the user."""
    if not offers:
        return []
    notes = []
    reliable = sum(offer.reliability == QoSReliabilityPolicy.RELIABLE for offer in offers)
    profile.reliability = (
        QoSReliabilityPolicy.RELIABLE if reliable == len(offers) else QoSReliabilityPolicy.BEST_EFFORT
    )
    if 0 < reliable < len(offers):
        notes.append(
            "Some, but not all, publishers are offering RELIABLE reliability. "
            "Falling back to BEST_EFFORT as it will connect to all publishers"
        )
    latched = sum(offer.durability == QoSDurabilityPolicy.TRANSIENT_LOCAL for offer in offers)
    profile.durability = (
        QoSDurabilityPolicy.TRANSIENT_LOCAL if latched == len(offers) else QoSDurabilityPolicy.VOLATILE
    )
    if 0 < latched < len(offers):
        notes.append(
            "Some, but not all, publishers are offering TRANSIENT_LOCAL durability. "
            "Falling back to VOLATILE as it will connect to all publishers"
        )
    return notes
