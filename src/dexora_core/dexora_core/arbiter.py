"""Who commands: one lease on the robot, with an epoch, priorities and a holder.

At any time exactly one source owns the robot, or nobody does and it holds. A higher class takes over at once;
it keeps the robot until it gives it back, and then nobody owns it until a source asks again. Equal classes do
not take over from each other. Every change of owner raises the epoch, and chunks carry the epoch under which
they were computed.
"""

from __future__ import annotations

from dataclasses import dataclass

from dexora_core.faults import Fault, make_fault

HOLD = "hold"
"""Name of the owner when nobody owns the robot."""

PRIORITY: dict[str, int] = {"policy": 1, "homing": 2, "teleop": 3}
"""Sources in rising priority. The emergency stop stands above all: it revokes the lease."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Answer to a request.

    Attributes:
        granted: Whether it was granted.
        epoch: Epoch in force now; to be stamped on chunks when granted.
        owner: Who owns the robot now.
        fault: Why it was refused; None when granted.
        changed: Whether the owner changed, so that the motion must be taken over.
    """

    granted: bool
    epoch: int
    owner: str
    fault: Fault | None = None
    changed: bool = False


class Arbiter:
    """Grants, keeps and ends the lease.

    Args:
        epoch: First epoch; a restarted node may start higher than its predecessor ended.
    """

    def __init__(self, epoch: int = 0) -> None:
        self._epoch = epoch
        self._owner = HOLD
        self._holder = ""

    @property
    def owner(self) -> str:
        """Source that owns the robot; `hold` when nobody does."""
        return self._owner

    @property
    def holder(self) -> str:
        """Node that holds the lease; empty when nobody does."""
        return self._holder

    @property
    def epoch(self) -> int:
        """Epoch in force; it never falls."""
        return self._epoch

    def acquire(self, now_ns: int, source: str, holder: str, forbidden: Fault | None = None) -> Grant:
        """Ask for the robot.

        Args:
            now_ns: The present.
            source: Class of the source: policy, homing or teleop.
            holder: Node that asks.
            forbidden: Fault that forbids any new lease, from the failsafe.
        """
        if source not in PRIORITY:
            return self._refuse(make_fault("DX-ARB-004", now_ns, source))
        if (source, holder) == (self._owner, self._holder):
            return Grant(True, self._epoch, self._owner)
        if forbidden is not None:
            detail = f"{forbidden.code} is active"
            return self._refuse(make_fault("DX-ARB-003", now_ns, source, detail=detail))
        if source == self._owner:
            return self._refuse(make_fault("DX-ARB-002", now_ns, source, holder=self._holder))
        if self._owner != HOLD and PRIORITY[source] < PRIORITY[self._owner]:
            return self._refuse(make_fault("DX-ARB-001", now_ns, source, owner=self._owner))
        self._change(source, holder)
        return Grant(True, self._epoch, self._owner, changed=True)

    def renew(self, now_ns: int, source: str, holder: str) -> Grant:
        """Confirm a lease that is held; it is refused when it has been lost."""
        if (source, holder) == (self._owner, self._holder):
            return Grant(True, self._epoch, self._owner)
        return self._refuse(make_fault("DX-ARB-005", now_ns, source))

    def release(self, now_ns: int, source: str, holder: str) -> Grant:
        """Give the robot back; nobody owns it then."""
        if (source, holder) != (self._owner, self._holder):
            return self._refuse(make_fault("DX-ARB-005", now_ns, source))
        self._change(HOLD, "")
        return Grant(True, self._epoch, HOLD, changed=True)

    def revoke(self) -> bool:
        """Take the robot from whoever owns it, as the emergency stop and every stop do.

        Returns:
            Whether somebody owned it.
        """
        if self._owner == HOLD:
            return False
        self._change(HOLD, "")
        return True

    def refuses(self, now_ns: int, source: str, epoch: int) -> Fault | None:
        """Return why a chunk of `source` computed under `epoch` is not obeyed; None when it is."""
        if source != self._owner:
            return make_fault("DX-CHK-008", now_ns, source, owner=self._owner)
        if epoch != self._epoch:
            return make_fault("DX-CHK-007", now_ns, source, epoch=epoch, current=self._epoch)
        return None

    def _refuse(self, fault: Fault) -> Grant:
        return Grant(False, self._epoch, self._owner, fault)

    def _change(self, owner: str, holder: str) -> None:
        self._owner, self._holder = owner, holder
        self._epoch += 1
