"""Parameters of the command node."""

from __future__ import annotations

from dataclasses import dataclass

from dexora_core.strategies.registry import STRATEGIES
from dexora_ros.parameter_specs import param


@dataclass(frozen=True)
class CommandParameters:
    """Parameters of `command_node`."""

    robot: str = param("dexora36", description="Robot contract to load.")
    rate_hz: float = param(
        0.0, description="Ticks per second; 0 takes the contract's.", unit="Hz", lower=0.0, upper=500.0
    )
    strategy: str = param(
        "prefix", description="How overlapping chunks are joined.", choices=tuple(STRATEGIES)
    )
    lookahead_s: float = param(
        0.03, description="How far ahead commands lie.", unit="s", lower=0.004, upper=0.2
    )
    dry_run: bool = param(
        False, description="Do everything, but command the controllers below dexora/command/preview."
    )
    publishers: tuple[str, ...] = param(
        ("policy_node", "teleop_node", "expert_node"),
        description="Nodes that may publish chunks; relative to the namespace, or absolute.",
    )
    needs_watchdog: bool = param(True, description="Refuse to run without watchdog_node.")
    needs_clearance: bool = param(True, description="Refuse to run without clearance_node.")
    needs_deadman: bool = param(True, description="Teleoperation needs the deadman switch.")
    needs_enable_state: bool = param(
        True, description="Refuse to start before the state of the enable line is known."
    )
    startup_timeout_s: float = param(
        30.0, description="Longest wait for everything that must be there.", unit="s", lower=0.1, upper=600.0
    )
    watchdog_bound_s: float = param(
        0.0,
        description="Silence of watchdog_node that stops the robot; 0 takes the contract's.",
        unit="s",
        lower=0.0,
        upper=10.0,
    )
    clock_stall_s: float = param(
        0.17,
        description="Standstill of simulated time that stops the robot.",
        unit="s of wall time",
        lower=0.05,
        upper=60.0,
    )
    controller_bound_s: float = param(
        0.08,
        description="Silence of a controller after which it counts as dead and its joints are not believed.",
        unit="s",
        lower=0.02,
        upper=1.0,
    )
    clearance_bound_s: float = param(
        0.25,
        description="Age of the distances that stops the robot; at 0.4 of it the robot slows.",
        unit="s",
        lower=0.05,
        upper=10.0,
    )
    chunk_rate_bound_hz: float = param(
        400.0, description="Chunks per second that count as a flood.", unit="Hz", lower=10.0, upper=10000.0
    )
    chunk_bytes_bound: int = param(
        400_000, description="Largest chunk message.", unit="byte", lower=1000, upper=10_000_000
    )
    realtime_priority: int = param(
        40, description="SCHED_FIFO priority to ask for; 0 asks for none.", lower=0, upper=80
    )
    lock_memory: bool = param(True, description="Ask that pages in use are never swapped out.")
    hand_max_rate_hz: float = param(
        0.0,
        description="Highest rate of commands to hands beside the contract's; 0 for none. Real hands: 6.7.",
        unit="Hz",
        lower=0.0,
        upper=500.0,
    )
    tick_log: str = param(
        "", description="File that lateness and duration of the last ticks are written to at the end."
    )
    speed_scale: float = param(
        0.3, description="Share of the velocity limits used to go to a pose.", lower=0.01, upper=1.0
    )
