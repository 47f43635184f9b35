"""The rules of the watchdog: what it expects, when it asks for the enable line to open, when that is over."""

from __future__ import annotations

from dataclasses import dataclass

from dexora_core.clock import NS_PER_MS, NS_PER_S

ACTIVE = "active"
"""State in the command node's heartbeat in which it may move the robot."""

REQUEST_PREFIX = "open: "
"""Beginning of the state in the watchdog's heartbeat while it asks for the enable line to open."""


@dataclass(frozen=True, slots=True)
class WatchdogBounds:
    """Largest silences [ns].

    Attributes:
        command_ns: Of the command node's heartbeat.
        joint_states_ns: Of the joint states; 0 does not watch them.
        quiet_ns: The request ends when everything has been well for this long.
        period_ns: Longest time between two checks that says nothing about the watchdog itself.
    """

    command_ns: int = 100 * NS_PER_MS
    joint_states_ns: int = 500 * NS_PER_MS
    quiet_ns: int = NS_PER_S
    period_ns: int = 40 * NS_PER_MS


class Watchdog:
    """Watches from outside. It expects nothing until the command node says that it is active.

    Args:
        bounds: Largest silences.
    """

    def __init__(self, bounds: WatchdogBounds | None = None) -> None:
        self._bounds = bounds or WatchdogBounds()
        self._is_armed = False
        self._command_ns = self._joints_ns = 0
        self._well_since_ns: int | None = None
        self._checked_ns: int | None = None
        self._request = ""
        self._is_open = False

    @property
    def is_armed(self) -> bool:
        """Whether the command node is expected to live."""
        return self._is_armed

    @property
    def request(self) -> str:
        """Why the enable line shall open; empty when it need not."""
        return self._request

    @property
    def must_ask(self) -> bool:
        """Whether the enable line is to be asked to open and has not confirmed it."""
        return bool(self._request) and not self._is_open

    def command_heartbeat(self, now_ns: int, state: str) -> None:
        """Take a heartbeat of the command node; one that says it is not active ends the expectation."""
        if state == ACTIVE and not self._is_armed:
            self._joints_ns = now_ns
        self._is_armed = state == ACTIVE
        self._command_ns = now_ns

    def joint_states(self, now_ns: int) -> None:
        """Tell that joint states arrived."""
        self._joints_ns = now_ns

    def opened(self) -> None:
        """Tell that the enable line confirmed that it is open."""
        self._is_open = True

    def check(self, now_ns: int) -> str:
        """Judge the present; return why the enable line shall open, or an empty string.

        Time in which the watchdog itself did not run counts for nobody's silence: messages may be waiting.
        """
        self._forgive(now_ns)
        trouble = self._trouble(now_ns) if self._is_armed else ""
        if trouble:
            self._well_since_ns = None
            if not self._request:
                self._is_open = False
            self._request = self._request or trouble
        elif self._request:
            if self._well_since_ns is None:
                self._well_since_ns = now_ns
            if now_ns - self._well_since_ns >= self._bounds.quiet_ns and self._is_open:
                self._request = ""
        return self._request

    def _forgive(self, now_ns: int) -> None:
        if self._checked_ns is not None:
            blind_ns = max(now_ns - self._checked_ns - self._bounds.period_ns, 0)
            self._command_ns += blind_ns
            self._joints_ns += blind_ns
        self._checked_ns = now_ns

    def _trouble(self, now_ns: int) -> str:
        bounds = self._bounds
        for what, age_ns, bound_ns in (
            ("heartbeat of command_node", now_ns - self._command_ns, bounds.command_ns),
            ("joint states", now_ns - self._joints_ns, bounds.joint_states_ns),
        ):
            if bound_ns and age_ns > bound_ns:
                bound_ms = bound_ns // NS_PER_MS
                return f"no {what} for {age_ns // NS_PER_MS} ms, bound {bound_ms} ms"
        return ""
