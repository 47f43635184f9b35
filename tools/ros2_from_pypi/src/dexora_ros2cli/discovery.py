"""Knowing when the graph is complete, without a daemon.

Two participants on one host usually find each other within 0.2 s, but when the single reply to a newcomer
is lost, the newcomer waits for the other's periodic announcement: up to 3 s by default. A fixed wait is
therefore either slow or wrong. Every participant on this host holds one UDP port whose number follows from
its domain (RTPS port mapping), so the kernel's table of ports tells how many participants there are to be
found, and the wait ends as soon as all of them are.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from rclpy.node import Node

PORT_BASE = 7400
DOMAIN_GAIN = 250
METATRAFFIC_OFFSET = 10
PARTICIPANT_GAIN = 2
MAX_PARTICIPANTS = 120

# Only reached while the kernel says that somebody is missing: two announcement periods (3 s) and some, as on
# a machine that stands still for a moment an announcement can be lost too.
LONGEST_WAIT_S = 8.0
# Nodes and endpoints follow their participant within this time.
SETTLE_S = 0.3
POLL_S = 0.02
# The kernel hands its table out in pages, and a line may fall between two of them when another socket closes.
COUNT_READINGS = 8
DISCOVERY_TOPIC = "ros_discovery_info"
# Almost every node publishes one of these, under a placeholder until its name is known.
COMMON_TOPICS = ("/rosout", "/parameter_events")
UNKNOWN_NODE = "_NODE_NAME_UNKNOWN_"


def participants_on_host(domain_id: int, table: str | None = None) -> int | None:
    """Return how many participants of `domain_id` run on this host, from the kernel's table of UDP ports.

    Args:
        domain_id: ROS domain.
        table: text of the table; default: this host's.

    Returns:
        The number, or None where the table cannot be read.
    """
    if table is None:
        try:
            table = Path("/proc/net/udp").read_text(encoding="ascii")
        except OSError:
            return None
    first = PORT_BASE + DOMAIN_GAIN * domain_id + METATRAFFIC_OFFSET
    wanted = range(first, first + PARTICIPANT_GAIN * MAX_PARTICIPANTS, PARTICIPANT_GAIN)
    ports = {int(line.split()[1].rpartition(":")[2], 16) for line in table.splitlines()[1:] if line.strip()}
    return len(ports.intersection(wanted))


def participants_found(node: Node) -> int:
    """Return how many participants `node` knows, itself included."""
    infos = node.get_publishers_info_by_topic(DISCOVERY_TOPIC, no_mangle=True)
    return len({bytes(info.endpoint_gid)[:12] for info in infos})


def _graph_size(node: Node) -> tuple[int, int, int]:
    nodes = len(node.get_node_names_and_namespaces())
    return nodes, len(node.get_topic_names_and_types()), len(node.get_service_names_and_types())


def _domain_id() -> int:
    return int(os.environ.get("ROS_DOMAIN_ID", "0") or "0")


def wait_for_graph(node: Node, spin_time_s: float | None) -> None:
    """Wait until `node` knows the graph.

    Args:
        node: the observer.
        spin_time_s: wait exactly this long [s]; None waits as long as needed, at most LONGEST_WAIT_S.
    """
    wait_for(node, lambda: False, spin_time_s)


def wait_for(node: Node, is_found: Callable[[], bool], spin_time_s: float | None) -> bool:
    """Wait until `is_found` says so or the graph is known to be complete without it.

    Args:
        node: the observer.
        is_found: asked after every change of the graph.
        spin_time_s: give up after this long [s]; None as in `wait_for_graph`.

    Returns:
        The last answer of `is_found`.
    """
    start = changed = time.monotonic()
    limit_s = LONGEST_WAIT_S if spin_time_s is None else spin_time_s
    size = _graph_size(node)
    counts: deque[int | None] = deque(maxlen=COUNT_READINGS)
    while not is_found():
        counts.append(participants_on_host(_domain_id()))
        now = time.monotonic()
        if now - start >= limit_s:
            return is_found()
        if (current := _graph_size(node)) != size:
            size, changed = current, now
        if spin_time_s is None and now - changed >= SETTLE_S and _all_found(node, counts):
            return is_found()
        time.sleep(POLL_S)
    return True


def _all_found(node: Node, counts: Sequence[int | None]) -> bool:
    expected = max(count or 0 for count in counts)
    if not expected or participants_found(node) < expected:
        return False
    # A participant's endpoints come first and the names of its nodes in a message of their own, later.
    if len(node.get_node_names_and_namespaces()) < expected:
        return False
    infos = [info for topic in COMMON_TOPICS for info in node.get_publishers_info_by_topic(topic)]
    return all(info.node_name != UNKNOWN_NODE for info in infos)
