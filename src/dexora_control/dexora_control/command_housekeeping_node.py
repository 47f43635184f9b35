"""What the command node does beside its ticks: reports, watches over the graph, diagnostics."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from dexora_core.clock import NS_PER_S
from dexora_core.command_path import CommandPath
from dexora_core.command_types import CommandOutput
from dexora_core.contract import RobotContract
from dexora_core.faults import Fault, Level, make_fault
from dexora_core.safety_log import SafetyLog
from dexora_ros.diagnostics import Check, Diagnostics
from dexora_ros.graph import count_of_node
from std_srvs.srv import SetBool

from dexora_control.chores import Chores
from dexora_control.command_inputs_node import CommandInputs
from dexora_control.command_outputs_node import CommandOutputs
from dexora_control.realtime import Scheduling, collect_young
from dexora_control.tick_log import TickLog

ASK_NS = NS_PER_S // 5


class Household(Protocol):
    """What the housekeeping needs of the node."""

    log: TickLog
    output: CommandOutput | None
    scheduling: Scheduling
    diagnostics: Diagnostics

    @property
    def path(self) -> CommandPath | None:
        """The command path; None while the node is not active."""

    @property
    def now_ns(self) -> int:
        """The present in path time [ns]."""

    def guard(self, callback: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a callback."""

    def create_client(self, service_type: Any, name: str) -> Any:
        """Make a client."""

    def get_fully_qualified_name(self) -> str:
        """Name of the node."""

    def get_logger(self) -> Any:
        """Logger of the node."""


class Housekeeping:
    """Chores of the command node, each a fraction of a millisecond, one per slack.

    Args:
        node: The command node.
        contract: The robot.
        inputs: Its subscriptions.
        outputs: Its publishers.
    """

    def __init__(
        self, node: Household, contract: RobotContract, inputs: CommandInputs, outputs: CommandOutputs
    ) -> None:
        self._node, self._contract = node, contract
        self._inputs, self._outputs = inputs, outputs
        self._enable = node.create_client(SetBool, "set_enable")
        self._asked_ns = 0
        self._safety_log = SafetyLog()
        tenth_ns, half_ns = NS_PER_S // 10, NS_PER_S // 2
        chores: dict[Callable[[], None], int] = {
            self._tell_status: tenth_ns,
            self._tell_safety: tenth_ns,
            self._tell_preview: tenth_ns,
            self._watch_controllers: tenth_ns // 2,
            self._watch_chunks: tenth_ns * 2,
            self._watch_unheard: tenth_ns * 2,
            self._watch_doubles: tenth_ns * 2,
            self._ask_power_off: tenth_ns // 2,
            collect_young: NS_PER_S,
        }
        chores |= {self._watcher_of(group): half_ns for group in contract.group_names}
        self._chores = Chores({node.guard(run): period_ns for run, period_ns in chores.items()})
        node.diagnostics.add("scheduling", self._check_scheduling)
        node.diagnostics.add("command path", self._check_path)

    def do_one(self, now_ns: int) -> None:
        """Do the most overdue chore, if one is due.

        Args:
            now_ns: Steady time.
        """
        self._chores.do_one(now_ns)

    def _raise(self, faults: list[Fault]) -> None:
        path = self._node.path
        if path is not None:
            for fault in faults:
                path.supervision.event(fault)

    def _tell_status(self) -> None:
        path = self._node.path
        if path is not None:
            label, legs = self._node.scheduling.label, self._inputs.ages.figures()
            self._outputs.tell_status(path, self._node.log, label, legs)

    def _tell_safety(self) -> None:
        if self._node.output is None or self._node.path is None:
            return
        status = self._node.output.safety
        self._outputs.tell_safety(self._node.output, is_due=True)
        text, logger = self._safety_log.line(time.monotonic_ns(), status), self._node.get_logger()
        if not text:
            return
        if status.level <= Level.NOTE:
            logger.info(text)
        elif status.level < Level.HOLD:
            logger.warning(text)
        else:
            logger.error(text)

    def _tell_preview(self) -> None:
        if self._node.path is not None:
            self._outputs.tell_preview(self._node.path)

    def _watch_controllers(self) -> None:
        self._inputs.controllers.set_listening(self._contract.group_names, self._outputs.listening)

    def _watch_chunks(self) -> None:
        self._raise(self._inputs.watch(self._node.now_ns))

    def _watch_unheard(self) -> None:
        self._raise(self._inputs.unheard(self._node.now_ns))

    def _watch_doubles(self) -> None:
        if count_of_node(self._node) > 1:  # type: ignore[arg-type]
            name = self._node.get_fully_qualified_name()
            self._raise([make_fault("DX-SEC-002", self._node.now_ns, name)])

    def _watcher_of(self, group: str) -> Callable[[], None]:
        def watch_exit() -> None:
            self._raise(self._outputs.watch(self._node.now_ns, group))

        return watch_exit

    def _ask_power_off(self) -> None:
        """Ask the enable line to open while the watchdog wants it, in case that it cannot."""
        if not self._inputs.power_request or self._inputs.is_enabled is False:
            return
        now_ns = time.monotonic_ns()
        if now_ns - self._asked_ns > ASK_NS and self._enable.service_is_ready():
            self._asked_ns = now_ns
            self._enable.call_async(SetBool.Request(data=False))

    def _check_scheduling(self) -> Check:
        label, refusals = self._node.scheduling.label, self._node.scheduling.refusals
        return Check.warn("; ".join(refusals), {"scheduling": label}) if refusals else Check.ok(label)

    def _check_path(self) -> Check:
        output = self._node.output
        if output is None or self._node.path is None:
            return Check.stale("not active")
        log = self._node.log
        figures, level = log.figures(), output.safety.level
        values = {
            "owner": output.owner,
            "level": level.label,
            "ticks": str(log.count),
            "skipped ticks": str(log.skipped),
            "tick lateness p99 [ms]": f"{figures.lateness_p99 * 1e3:.3f}",
            "tick duration p99 [ms]": f"{figures.duration_p99 * 1e3:.3f}",
        }
        make = Check.ok if level <= Level.NOTE else Check.warn if level <= Level.DEGRADE else Check.error
        return make(output.safety.summary, values)
