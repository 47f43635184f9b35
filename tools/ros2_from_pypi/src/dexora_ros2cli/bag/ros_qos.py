"""Quality of service between rclpy and the dictionaries that a bag carries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rclpy.duration import Duration
from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSHistoryPolicy,
    QoSLivelinessPolicy,
    QoSProfile,
    QoSReliabilityPolicy,
)

RECORD_DEPTH = 100
# Numbers that bags of older distributions carry instead of words.
_RELIABLE = ("reliable", 1)
_LATCHED = ("transient_local", 1)
_KEEP_ALL = ("keep_all", 2)
_INFINITE_S = 9223372036


def _time(duration: Duration) -> dict[str, int]:
    seconds, rest = divmod(duration.nanoseconds, 1_000_000_000)
    return {"sec": seconds, "nsec": rest}


def to_dictionary(profile: QoSProfile) -> dict[str, Any]:
    """Return a profile as `metadata.yaml` has it."""
    return {
        "history": QoSHistoryPolicy(profile.history).short_key,
        "depth": profile.depth,
        "reliability": QoSReliabilityPolicy(profile.reliability).short_key,
        "durability": QoSDurabilityPolicy(profile.durability).short_key,
        "deadline": _time(profile.deadline),
        "lifespan": _time(profile.lifespan),
        "liveliness": QoSLivelinessPolicy(profile.liveliness).short_key,
        "liveliness_lease_duration": _time(profile.liveliness_lease_duration),
        "avoid_ros_namespace_conventions": bool(profile.avoid_ros_namespace_conventions),
    }


def for_recording(offers: Sequence[QoSProfile]) -> QoSProfile:
    """Return what to ask for so that every publisher in `offers` is heard, as reliably as all of them can."""
    is_reliable = all(offer.reliability == QoSReliabilityPolicy.RELIABLE for offer in offers)
    is_latched = all(offer.durability == QoSDurabilityPolicy.TRANSIENT_LOCAL for offer in offers)
    return QoSProfile(
        depth=RECORD_DEPTH,
        reliability=QoSReliabilityPolicy.RELIABLE if is_reliable else QoSReliabilityPolicy.BEST_EFFORT,
        durability=QoSDurabilityPolicy.TRANSIENT_LOCAL if is_latched else QoSDurabilityPolicy.VOLATILE,
    )


def for_playing(offers: Sequence[dict[str, Any]]) -> QoSProfile:
    """Return what to offer so that whoever listened to the recorded publishers also hears the player."""
    profile = QoSProfile(depth=RECORD_DEPTH, reliability=QoSReliabilityPolicy.RELIABLE)
    if offers and not all(offer.get("reliability") in _RELIABLE for offer in offers):
        profile.reliability = QoSReliabilityPolicy.BEST_EFFORT
    if offers and all(offer.get("durability") in _LATCHED for offer in offers):
        profile.durability = QoSDurabilityPolicy.TRANSIENT_LOCAL
        # A late listener of a latched topic gets as much as the recorded publisher kept.
        profile.depth = max(int(offer.get("depth", 0)) for offer in offers) or 1
    if offers and all(offer.get("history") in _KEEP_ALL for offer in offers):
        profile.history = QoSHistoryPolicy.KEEP_ALL
    if offers and offers[0].get("deadline", {}).get("sec", 0) not in (0, _INFINITE_S):
        deadline = offers[0]["deadline"]
        profile.deadline = Duration(seconds=deadline["sec"], nanoseconds=deadline.get("nsec", 0))
    return profile
