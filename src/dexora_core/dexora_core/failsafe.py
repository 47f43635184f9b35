"""How bad is it: the stop ladder as a pure state machine, ordered by severity, with time as an argument.

Every tick reports the conditions that hold now. The worst active fault decides the level. How a fault ends
depends on its level:

* L0 and L1 end by themselves when their condition has been gone for one second;
* L2 ends with the next lease that is granted after its condition has gone;
* L3 ends when an operator acknowledges it after its condition has gone;
* latched faults (L4, L5) need the operator and a passed self-test. An L5 whose condition has gone, such as a
  released emergency stop, stays as a latched hold.

Nothing here ever makes the robot move again: after L2 and above a source must take a fresh lease.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dexora_core.clock import NS_PER_MS, NS_PER_S
from dexora_core.faults import Fault, Level

OBSERVATION_CODES = frozenset(
    {"DX-FRS-001", "DX-FRS-006", "DX-FRS-007", "DX-FRS-008", "DX-FRS-020"},
)
"""Faults of what a policy sees: while one holds no new chunk is taken, for it would act blindly."""


@dataclass(frozen=True, slots=True)
class FailsafeConfig:
    """Settings of the ladder.

    Attributes:
        clear_ns: How long a condition must be gone before an L0 or L1 ends.
        degraded_scale: Fraction of the velocity limits left at L1.
        power_delay_ns: Longest time from L5 to the request to remove power; at rest it is asked at once.
    """

    clear_ns: int = NS_PER_S
    degraded_scale: float = 0.5
    power_delay_ns: int = 300 * NS_PER_MS


@dataclass(frozen=True, slots=True)
class SafetyStatus:
    """What is allowed, and why.

    Attributes:
        level: Worst active level.
        latched: Whether an active fault needs `reset`.
        faults: Active faults, worst first, then oldest first.
        speed_scale: Allowed fraction of the velocity limits; 0 from L2 on.
        may_move: Whether the owner may move the robot.
        takes_chunks: Whether new chunks may be taken.
        asks_power_off: Whether the enable line shall open.
    """

    level: Level
    latched: bool
    faults: tuple[Fault, ...]
    speed_scale: float
    may_move: bool
    takes_chunks: bool
    asks_power_off: bool

    @property
    def summary(self) -> str:
        """One sentence for an operator."""
        if not self.faults:
            return "All is well."
        return f"{self.level.label}: {self.faults[0].sentence} {self.faults[0].spec.remedy}"


@dataclass(slots=True)
class _Entry:
    fault: Fault
    seen_ns: int
    is_present: bool = True

    @property
    def level(self) -> Level:
        """Level that the fault demands now."""
        if self.fault.level is Level.POWER_REQUEST and not self.is_present:
            return Level.LATCHED_HOLD
        return self.fault.level


class Failsafe:
    """The ladder.

    Args:
        config: Settings.
    """

    def __init__(self, config: FailsafeConfig | None = None) -> None:
        self._config = config or FailsafeConfig()
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._power_since_ns: int | None = None

    def update(self, now_ns: int, present: Iterable[Fault], is_at_rest: bool = False) -> SafetyStatus:
        """Report all conditions that hold now and return what is allowed.

        Args:
            now_ns: The present.
            present: Faults whose condition holds, each of them every tick.
            is_at_rest: Whether the robot's command is at rest.
        """
        for entry in self._entries.values():
            entry.is_present = False
        for fault in present:
            known = self._entries.get(fault.key)
            if known is None:
                self._entries[fault.key] = _Entry(fault, now_ns)
            else:
                known.seen_ns, known.is_present = now_ns, True
        for key, entry in list(self._entries.items()):
            gone_ns = now_ns - entry.seen_ns
            if not entry.is_present and entry.level <= Level.DEGRADE and gone_ns >= self._config.clear_ns:
                del self._entries[key]
        return self._status(now_ns, is_at_rest)

    def refuses_lease(self) -> Fault | None:
        """Return the fault that forbids a new lease; None when one may be granted."""
        for entry in self._ranked():
            if entry.level >= Level.HOLD or (entry.level is Level.SOFT_STOP and entry.is_present):
                return entry.fault
        return None

    def lease_granted(self) -> None:
        """Tell that a source took a fresh lease: soft stops whose condition has gone are over."""
        self._drop(lambda entry: entry.level is Level.SOFT_STOP and not entry.is_present)

    def withdraw(self, code: str) -> None:
        """Tell that the condition of a fault has been removed since the last update."""
        for entry in self._entries.values():
            entry.is_present = entry.is_present and entry.fault.code != code

    def reset(self, codes: Sequence[str], self_test_ok: bool) -> tuple[str, ...]:
        """Acknowledge faults as an operator; motion does not resume.

        Args:
            codes: Codes to acknowledge; empty means all.
            self_test_ok: Whether the self-test passed; latched faults need it.

        Returns:
            Codes of L2 and above that are still active, because their condition holds, the self-test failed
            or they were not named.
        """
        self._drop(
            lambda entry: (
                (not codes or entry.fault.code in codes)
                and not entry.is_present
                and (self_test_ok or not entry.fault.spec.latched)
            )
        )
        return tuple(entry.fault.code for entry in self._ranked() if entry.level >= Level.SOFT_STOP)

    def _drop(self, is_over: Callable[[_Entry], bool]) -> None:
        self._entries = {key: entry for key, entry in self._entries.items() if not is_over(entry)}

    def _ranked(self) -> list[_Entry]:
        return sorted(self._entries.values(), key=lambda entry: (-entry.level, entry.fault.since_ns))

    def _status(self, now_ns: int, is_at_rest: bool) -> SafetyStatus:
        entries = self._ranked()
        level = entries[0].level if entries else Level.OK
        may_move = level < Level.SOFT_STOP
        scale = 1.0 if level < Level.DEGRADE else self._config.degraded_scale
        blind = any(entry.is_present and entry.fault.code in OBSERVATION_CODES for entry in entries)
        return SafetyStatus(
            level,
            any(entry.fault.spec.latched for entry in entries),
            tuple(entry.fault for entry in entries),
            scale if may_move else 0.0,
            may_move,
            may_move and not blind,
            self._asks_power_off(now_ns, level, is_at_rest),
        )

    def _asks_power_off(self, now_ns: int, level: Level, is_at_rest: bool) -> bool:
        if level is not Level.POWER_REQUEST:
            self._power_since_ns = None
            return False
        if self._power_since_ns is None:
            self._power_since_ns = now_ns
        return is_at_rest or now_ns - self._power_since_ns >= self._config.power_delay_ns
