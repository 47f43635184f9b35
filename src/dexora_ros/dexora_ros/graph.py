"""Who is on a topic: endpoints by node, ids, doubles of a node, and quality of service that cannot meet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from .direct_subscription import ENDPOINT_ID_BYTES


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One publisher or subscription.

    Attributes:
        gid: Its id.
        node: Full name of its node.
    """

    gid: bytes
    node: str


def publishers_of(node: Node, topic: str) -> list[Endpoint]:
    """Return the publishers of a topic as discovery knows them now.

    Args:
        node: The node that looks.
        topic: Full name of the topic.
    """
    return [
        Endpoint(bytes(info.endpoint_gid)[:ENDPOINT_ID_BYTES], _full_name(info))
        for info in node.get_publishers_info_by_topic(topic)
    ]


def count_of_node(node: Node) -> int:
    """Return how many nodes carry this node's full name, itself included."""
    names = Counter((space.rstrip("/") + "/" + name) for name, space in node.get_node_names_and_namespaces())
    return names[node.get_fully_qualified_name()]


def unmet_publishers(node: Node, topic: str, wanted: QoSProfile) -> list[str]:
    """Return why publishers of a topic cannot reach a subscription, one sentence each.

    Args:
        node: The node that looks.
        topic: Full name of the topic.
        wanted: Quality of service of the subscription.
    """
    reasons = []
    for info in node.get_publishers_info_by_topic(topic):
        why = _mismatch(info.qos_profile, wanted)
        if why:
            reasons.append(f"{_full_name(info)} publishes {topic} with {why}")
    return reasons


def unmet_subscriptions(node: Node, topic: str, offered: QoSProfile) -> list[str]:
    """Return why subscriptions to a topic cannot hear a publisher, one sentence each.

    Args:
        node: The node that looks.
        topic: Full name of the topic.
        offered: Quality of service of the publisher.
    """
    reasons = []
    for info in node.get_subscriptions_info_by_topic(topic):
        why = _mismatch(offered, info.qos_profile)
        if why:
            reasons.append(f"{_full_name(info)} listens to {topic} with {why}")
    return reasons


def _mismatch(offered: QoSProfile, wanted: QoSProfile) -> str:
    """Return what keeps a publisher from reaching a subscription, or an empty string.

    `rclpy.qos.qos_check_compatible` takes a deadline that was left out for one of zero.
    """
    if (
        offered.reliability == ReliabilityPolicy.BEST_EFFORT
        and wanted.reliability == ReliabilityPolicy.RELIABLE
    ):
        return "reliability best effort where reliable is wanted"
    if (
        offered.durability == DurabilityPolicy.VOLATILE
        and wanted.durability == DurabilityPolicy.TRANSIENT_LOCAL
    ):
        return "durability volatile where transient local is wanted"
    return ""


def _full_name(info: object) -> str:
    space, name = str(info.node_namespace), str(info.node_name)  # type: ignore[attr-defined]
    return space.rstrip("/") + "/" + name
