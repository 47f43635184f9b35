"""The only exit to the controllers: a loop with a deadline in a process, and a thread, of its own.

Each tick takes what arrived, does one `CommandPath.tick`, and sends four short trajectories that end at rest.
Services, lifecycle and parameters are served in the slack between two ticks. See
docs/explanation/command_path.md.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dexora_core.clock import NS_PER_MS, NS_PER_S, s_to_ns
from dexora_core.command_path import CommandPath
from dexora_core.command_types import CommandOutput, TickInputs
from dexora_core.contract import RobotContract, load_contract
from dexora_core.faults import Level, make_fault
from dexora_core.motion.limits import FloatArray
from dexora_core.path_clock import SimulatedPathClock, WallPathClock
from dexora_ros.direct_subscription import detach_clock
from dexora_ros.node_fault import NodeFault
from dexora_ros.paced_node import PacedNode, run_paced_node
from dexora_ros.transport import leave_shared_memory

from dexora_control import realtime
from dexora_control.command_housekeeping_node import Housekeeping
from dexora_control.command_inputs_node import CommandInputs
from dexora_control.command_outputs_node import CommandOutputs
from dexora_control.command_parameters import CommandParameters
from dexora_control.command_services_node import CommandServices, may_rebase
from dexora_control.go_to_node import GoTo
from dexora_control.pacing import Pacer, Wake
from dexora_control.path_config import command_config
from dexora_control.start_gate_node import StartGate
from dexora_control.tick_log import TickLog
from dexora_description import contract_path

HEARTBEAT_NS = 20 * NS_PER_MS
SERVE_NS = 4 * NS_PER_MS
STARVED_NS = 50 * NS_PER_MS
SLACK_NS = NS_PER_MS
LET_GO_NS = 2 * NS_PER_S
"""A simulation that put the robot elsewhere has said so by `rebase` after this long."""
LOG_TICKS, LOG_WINDOW = 40_000, 2000


class CommandNode(PacedNode):
    """Turns chunks into safe joint trajectories, on time."""

    def __init__(self, **node_options: Any) -> None:
        self._path: CommandPath | None = None
        super().__init__("command_node", CommandParameters, **node_options)

    # What the services see.

    @property
    def path(self) -> CommandPath | None:
        """The command path; None while the node is not active."""
        return self._path

    @property
    def now_ns(self) -> int:
        """The present in path time [ns]."""
        return self._read_clock()

    @property
    def contract(self) -> RobotContract:
        """The robot."""
        return self._contract

    # Going up and down.

    def on_setup(self, parameters: CommandParameters) -> None:
        """Load the robot and make the topics; command nothing."""
        self._contract = load_contract(contract_path(parameters.robot))
        self._period_ns = round(NS_PER_S / (parameters.rate_hz or self._contract.rates.control_hz))
        self._read_sim_time = detach_clock(self)
        self._path_clock: SimulatedPathClock | WallPathClock = WallPathClock()
        if self._read_sim_time is not None:
            self._path_clock = SimulatedPathClock(s_to_ns(parameters.clock_stall_s))
        self.inputs = CommandInputs(self, self._contract, parameters, self._path_clock)
        self.outputs = CommandOutputs(self, self._contract, self._path_clock, parameters.dry_run)
        self._offered = CommandServices(self, self)
        self._go_to = GoTo(self, self._contract, self, parameters.speed_scale)
        self.scheduling = realtime.Scheduling("not running", ())
        self.log = TickLog(LOG_TICKS, LOG_WINDOW)
        self.output: CommandOutput | None = None
        self._housekeeping = Housekeeping(self, self._contract, self.inputs, self.outputs)

    def on_start(self) -> None:
        """Wait for everything that must be there, then start where the robot is.

        Raises:
            ConfigError: Something is missing; the sentence lists what.
        """
        self.inputs.forget()
        gate = StartGate(self, self._contract, self.parameters, self.inputs, self.outputs)
        position = gate.wait(self._read_clock, lambda: self._path_clock.is_known)
        epoch = int(time.time()) % 2**31
        self._path = self._make_path(position, epoch)
        for fault in self.inputs.watch(self._path_clock.now_ns):
            self._path.supervision.event(fault)
        self.log.clear()
        self._beat_ns = 0
        self._is_off = False
        self._let_go_ns: int | None = None
        self.output = None
        self.get_logger().info(
            f"active at {NS_PER_S / self._period_ns:g} Hz, strategy {self.parameters.strategy}"
            + (", dry run" if self.parameters.dry_run else "")
        )

    def on_stop(self) -> None:
        """Say so. Every controller holds a stop already."""
        self._path = None
        self.outputs.beat("inactive")
        fault = self.fault
        if fault is None:
            self.outputs.tell_end("command_node is not active.", Level.HOLD)

    def on_fault(self, fault: NodeFault) -> None:
        """Tell an exception as a latched fault of the ladder."""
        told = make_fault("DX-CMD-003", 0, fault.where, detail=f"{fault.error_type}: {fault.message}")
        if self._path is not None:
            self.outputs.tell_end(f"L4: {told.sentence} {told.spec.remedy}", Level.LATCHED_HOLD)

    def _make_path(self, position: FloatArray, epoch: int) -> CommandPath:
        config = command_config(self._contract, self.parameters)
        return CommandPath(self._contract, config, position, self._path_clock.now_ns, epoch=epoch)

    # The loop.

    def run_until(self, should_stop: Callable[[], bool]) -> None:
        """Tick until the node is no longer active."""
        parameters = self.parameters
        self.scheduling = realtime.obtain(parameters.realtime_priority, parameters.lock_memory)
        for refusal in self.scheduling.refusals:
            self.get_logger().warning(f"{refusal}; ticks may be late under load")
        realtime.stop_garbage_collection()
        tick = self.guard(self.tick)
        pacer = Pacer(self._period_ns)
        self._served_ns = pacer.due_ns
        try:
            while self.is_active and not should_stop():
                wake = pacer.wait()
                tick(wake)
                self.log.add(wake.lateness_ns, time.monotonic_ns() - wake.now_ns, wake.skipped)
                self._use_slack(pacer.due_ns)
        finally:
            realtime.give_back()
            if parameters.tick_log:
                self.log.save(Path(parameters.tick_log))

    def tick(self, wake: Wake) -> None:
        """Do one tick: take, decide, send.

        Args:
            wake: The wake-up that it belongs to.
        """
        path = self._path
        assert path is not None
        now_ns = self._read_clock()
        if self._let_go_ns is not None:
            self._wait_elsewhere(wake, now_ns)
            return
        before = self.output
        self._follow_power(path, now_ns)
        conditions = self.inputs.take(path, now_ns) + self._path_clock.faults(wake.now_ns)
        output = path.tick(now_ns, TickInputs(wake.lateness_ns, tuple(conditions)))
        self.output = output
        if before is None or output.now_ns > before.now_ns:
            self.outputs.send(output)
        self.inputs.clearance.tell(path, now_ns)
        self._beat(wake)
        self.outputs.tell_safety(output)
        self._go_to.watch()

    def _beat(self, wake: Wake) -> None:
        if wake.now_ns - self._beat_ns >= HEARTBEAT_NS - self._period_ns // 2:
            self._beat_ns = wake.now_ns
            self.outputs.beat("active")

    def _wait_elsewhere(self, wake: Wake, now_ns: int) -> None:
        """Only live while a simulation moves the robot; go on where it is when nobody says that it has."""
        self._beat(wake)
        if self._let_go_ns is not None and now_ns - self._let_go_ns > LET_GO_NS:
            self._let_go_ns = None
            self.rebase()

    def _read_clock(self) -> int:
        monotonic_ns = time.monotonic_ns()
        if isinstance(self._path_clock, SimulatedPathClock):
            reading_ns = self._read_sim_time() if self._read_sim_time is not None else None
            self._path_clock.update(monotonic_ns, reading_ns)
        else:
            self._path_clock.update(monotonic_ns, time.time_ns())
        return self._path_clock.now_ns

    def _follow_power(self, path: CommandPath, now_ns: int) -> None:
        """Without power the robot may be moved by hand: the path rests where it is, and sends nothing."""
        is_off = self.inputs.is_enabled is False
        if is_off != self._is_off:
            self._is_off = is_off
            path.set_external(now_ns, is_off)

    def _use_slack(self, due_ns: int) -> None:
        """Do one chore and serve ROS while there is time; without time, serve now and then all the same."""
        now_ns = time.monotonic_ns()
        if due_ns - now_ns > SLACK_NS:
            self._housekeeping.do_one(now_ns)
            now_ns = time.monotonic_ns()
        waited_ns = now_ns - self._served_ns
        if (waited_ns >= SERVE_NS and due_ns - now_ns > SLACK_NS) or waited_ns >= STARVED_NS:
            self._served_ns = now_ns
            self.serve()

    # For the services and the diagnostics.

    def self_test(self) -> str:
        """Return what is wrong with the robot and its connections; empty when nothing is."""
        path = self._path
        if path is None or path.joints.positions is None:
            return "not every joint has been seen"
        deaf = set(self._contract.group_names) - set(self.outputs.listening)
        if deaf:
            return f"the controllers of {', '.join(sorted(deaf))} do not listen"
        measured, limits = path.joints.positions, path.limits
        tolerance = path.config.gate.start_tolerance_rad
        outside = (measured > limits.upper + tolerance) | (measured < limits.lower - tolerance)
        names = [name for name, is_out in zip(limits.names, outside, strict=True) if is_out]
        return f"outside their limits: {', '.join(names)}" if names else ""

    def let_go(self) -> str:
        """Send nothing until `rebase`, because a simulation is about to put the robot elsewhere.

        Returns:
            Why not, or an empty string.
        """
        trouble = self._must_stay()
        if not trouble:
            self._let_go_ns = self._read_clock()
        return trouble

    def rebase(self) -> str:
        """Start again where the robot is measured, after a simulation put it elsewhere; return why not."""
        trouble = self._must_stay()
        position = None if trouble else self.inputs.look()
        if trouble or position is None:
            return trouble or f"no position yet of {', '.join(self.inputs.missing_joints())}"
        assert self._path is not None
        self._let_go_ns = None
        self._path = self._make_path(position, self._path.arbiter.epoch + 1)
        return ""

    def _must_stay(self) -> str:
        if not self._path_clock.is_simulated:
            return "only a simulated robot may be put elsewhere; use reset_fault"
        assert self._path is not None
        return may_rebase(self._path)


def main() -> int:
    """Run the node; exit code as `dexora_ros.executor.run_node`."""
    leave_shared_memory()
    return run_paced_node(CommandNode)


if __name__ == "__main__":
    sys.exit(main())
