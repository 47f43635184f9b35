"""The story of a process's fault for the person who watches: what happened, what the robot did, what next."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from dexora_core.clock import NS_PER_MS, ns_to_s

from dexora_sim.process_faults import ProcessFault, StopMeter

DEGRADE_LEVEL, HOLD_LEVEL = 2, 4
"""Levels of SafetyState: L1, above which the robot stops, and L3, from which an operator has to reset."""
_WHAT = {
    ("policy", "killed"): "{who}, the source of all chunks, was killed",
    ("policy", "stalled"): "{who}, the source of all chunks, stopped running",
    ("command", "killed"): "{who}, the only one that commands the controllers, was killed",
    ("command", "stalled"): "{who}, the only one that commands the controllers, stopped running",
    ("watchdog", "killed"): "{who}, which watches from outside, was killed",
    ("watchdog", "stalled"): "{who}, which watches from outside, stopped running",
}
_RESET = (
    """ros2 service call /dexora/command/reset_fault dexora_msgs/srv/ResetFault "{operator_name: you}\""""
)


@dataclass
class Story:
    """What happened to whom.

    Attributes:
        fault: The fault.
        victims: Name and process id of who was hit.
        since_ns: When [ns].
        speed_rad_s: Speed of the fastest arm joint then.
        restart: Command that starts a policy again; empty when there is none.
        noticed: Code of the first fault that the stop ladder told since; empty while none is told.
        noticed_ns: When it was seen [ns].
        reason: The fault that stopped the robot, a `dexora_msgs/Fault`; None while none is told.
        stopped_ns: When it was seen [ns].
        level: Level of the stop ladder then.
    """

    fault: ProcessFault
    victims: tuple[tuple[str, int], ...]
    since_ns: int
    speed_rad_s: float
    restart: str = ""
    noticed: str = ""
    noticed_ns: int = 0
    reason: Any = None
    stopped_ns: int = 0
    level: int = 0

    def note(self, fault: Any, seen_ns: int, level: int) -> None:
        """Take the worst that the stop ladder says; what was there before counts for nothing.

        Args:
            fault: A `dexora_msgs/Fault`.
            seen_ns: When it was seen first [ns].
            level: Level of the ladder, as in `dexora_msgs/SafetyState`.
        """
        if seen_ns < self.since_ns or level < DEGRADE_LEVEL:
            return
        if not self.noticed:
            self.noticed, self.noticed_ns = fault.code, seen_ns
        if self.reason is None and level > DEGRADE_LEVEL:
            self.reason, self.stopped_ns, self.level = fault, seen_ns, level


def tell(story: Story, meter: StopMeter) -> list[str]:
    """Return the story in three lines.

    Args:
        story: What happened.
        meter: What the arms did.
    """
    who = " and ".join(name for name, _pid in story.victims)
    what = _WHAT[story.fault.victim, story.fault.blow].format(who=who)
    return [
        f"WHAT HAPPENED: {what} ({story.fault.signal.name}) at {ns_to_s(story.since_ns):.2f} s of simulated "
        f"time, while the arms moved at {story.speed_rad_s:.2f} rad/s.",
        f"WHAT THE ROBOT DID: {_noticed(story)} The arms came to rest {meter.rest_ms} ms after the fault, "
        f"{_within(meter)}. They hold, and the hands keep their grip.",
        f"WHAT TO DO NEXT: {_next(story)}",
    ]


def _noticed(story: Story) -> str:
    if story.reason is None:
        return "The controllers ran to the end of what they had been sent, which is always a stop."
    stopped = f"stopped the robot after {_after_ms(story, story.stopped_ns)} ms"
    if story.noticed != story.reason.code:
        stopped = f"noticed after {_after_ms(story, story.noticed_ns)} ms ({story.noticed}) and {stopped}"
    return f"command_node {stopped} ({story.reason.code}: {story.reason.sentence})"


def _after_ms(story: Story, seen_ns: int) -> int:
    return (seen_ns - story.since_ns) // NS_PER_MS


def _within(meter: StopMeter) -> str:
    velocity, acceleration, jerk = (round(100 * share) for share in meter.shares)
    largest = f"velocity {velocity} %, acceleration {acceleration} %, jerk {jerk} %"
    return f"at most at these shares of their limits: {largest}"


def _next(story: Story) -> str:
    steps = [] if story.reason is None else [story.reason.remedy]
    if story.fault.blow == "stalled":
        pids = shlex.join(str(pid) for _name, pid in story.victims)
        steps.append(f"Here: `kill -CONT {pids}` lets it go on.")
    elif story.fault.victim == "policy" and story.restart:
        steps.append(f"Here: `{story.restart}`.")
    elif story.fault.victim == "command":
        steps.append("End this launch with Ctrl-C and start it again.")
    if story.level >= HOLD_LEVEL:
        steps.append(f"Then, as the operator: `{_RESET}`.")
    steps.append("Nothing moves until then; Ctrl-C ends the launch. Read on: docs/how-to/watch_a_fault.md.")
    return " ".join(steps)
