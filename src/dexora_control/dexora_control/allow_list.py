"""Who may write to the command path: an allow list of publishers by endpoint, and a watch over the topics.

It finds accidents and casual intruders at their first message. Against somebody who owns the host, or forges
endpoint ids, only an authenticated middleware helps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dexora_core.clock import NS_PER_S
from dexora_core.faults import Fault, make_fault

STRANGER_NS = 3 * NS_PER_S
"""How long an endpoint may write before discovery tells whose it is; nothing of it is used meanwhile."""

QUIET_NS = NS_PER_S // 2
"""A publisher that was silent for so long gives way to a new one of the same node, as after a restart."""

UNKNOWN_NAME = "_NODE_NAME_UNKNOWN_"
"""What the middleware calls nodes whose names have not arrived yet."""


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
        self._heard_ns: dict[bytes, int] = {}
        self._reported: set[bytes] = set()
        self._replaced: set[bytes] = set()
        self._strangers: dict[bytes, int] = {}

    @property
    def allowed(self) -> Mapping[bytes, str]:
        """Node names by endpoint id."""
        return self._allowed

    def allows(self, gid: bytes) -> bool:
        """Return whether this endpoint may write."""
        return gid in self._allowed

    def heard(self, now_ns: int, gid: bytes) -> None:
        """Tell that an allowed endpoint wrote."""
        self._heard_ns[gid] = now_ns

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
            self._heard_ns.pop(gid, None)
        return [fault for one in present if (fault := self._judge(now_ns, one)) is not None]

    def dropped(self, now_ns: int, gid: bytes) -> Fault | None:
        """Report a message of an endpoint that is not allowed; None when that was reported before.

        Discovery may be behind the first messages: an endpoint that it does not know yet has some time to
        appear. Its messages are dropped meanwhile.
        """
        if now_ns - self._strangers.setdefault(gid, now_ns) < STRANGER_NS:
            return None
        return self._report(now_ns, gid, f"endpoint {gid.hex()}, not known to discovery")

    def _judge(self, now_ns: int, publisher: Publisher) -> Fault | None:
        if (
            UNKNOWN_NAME in publisher.node
            or publisher.gid in self._allowed
            or publisher.gid in self._replaced
        ):
            return None
        if publisher.node not in self._nodes:
            return self._report(now_ns, publisher.gid, f"node {publisher.node}")
        for gid, node in list(self._allowed.items()):
            if node != publisher.node:
                continue
            if now_ns - self._heard_ns.get(gid, -QUIET_NS) < QUIET_NS:
                return self._report(now_ns, publisher.gid, f"a second publisher of node {publisher.node}")
            del self._allowed[gid]
            self._replaced.add(gid)
        self._allowed[publisher.gid] = publisher.node
        return None

    def _report(self, now_ns: int, gid: bytes, detail: str) -> Fault | None:
        if gid in self._reported:
            return None
        self._reported.add(gid)
        return make_fault("DX-SEC-001", now_ns, self._topic, detail=detail)
