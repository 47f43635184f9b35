"""Who may write to the command path: an allow list of publishers by endpoint, and a watch over the topics.

It finds accidents and casual intruders at their first message. Against somebody who owns the host, or forges
endpoint ids, only an authenticated middleware helps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dexora_core.faults import Fault, make_fault


@dataclass(frozen=True, slots=True)
class Publisher:
    """A publisher as discovery knows it.

    Attributes:
        gid: Its endpoint id.
        node: Full name of its node.
    """

    gid: bytes
    node: str


class AllowList:
    """Endpoints that may write to one topic.

    Args:
        topic: Name of the topic in faults.
        nodes: Full names of the nodes that may publish.
    """

    def __init__(self, topic: str, nodes: Iterable[str]) -> None:
        self._topic = topic
        self._nodes = frozenset(nodes)
        self._allowed: dict[bytes, str] = {}
        self._reported: set[bytes] = set()

    @property
    def allowed(self) -> Mapping[bytes, str]:
        """Node names by endpoint id."""
        return self._allowed

    def allows(self, gid: bytes) -> bool:
        """Return whether this endpoint may write; 0.1 us, for every message."""
        return gid in self._allowed

    def watch(self, now_ns: int, publishers: Iterable[Publisher]) -> list[Fault]:
        """Compare with who is there now; allowed nodes that are new are taken in.

        Args:
            now_ns: The present.
            publishers: Who publishes to the topic, from discovery.

        Returns:
            One fault for every intruder that was not reported before.
        """
        present = list(publishers)
        gone = set(self._allowed) - {publisher.gid for publisher in present}
        for gid in gone:
            del self._allowed[gid]
        return [fault for one in present if (fault := self._judge(now_ns, one)) is not None]

    def dropped(self, now_ns: int, gid: bytes) -> Fault | None:
        """Report a message of an endpoint that is not allowed; None when that was reported before."""
        return self._report(now_ns, gid, f"endpoint {gid.hex()}, not known to discovery")

    def _judge(self, now_ns: int, publisher: Publisher) -> Fault | None:
        if publisher.node not in self._nodes:
            return self._report(now_ns, publisher.gid, f"node {publisher.node}")
        doubles = [
            gid for gid, node in self._allowed.items() if node == publisher.node and gid != publisher.gid
        ]
        if doubles:
            return self._report(now_ns, publisher.gid, f"a second publisher of node {publisher.node}")
        self._allowed[publisher.gid] = publisher.node
        return None

    def _report(self, now_ns: int, gid: bytes, detail: str) -> Fault | None:
        if gid in self._reported:
            return None
        self._reported.add(gid)
        return make_fault("DX-SEC-001", now_ns, self._topic, detail=detail)
