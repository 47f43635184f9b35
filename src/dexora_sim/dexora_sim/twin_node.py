"""The twin as a ROS 2 node: joint states, cameras, touch, four controllers, /clock, power, faults.

The node's timer advances the world tick by tick on the executor's thread: a tick takes a fraction of its
period, so callbacks and physics share the thread without waiting for each other. Pictures are drawn by
another process.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import partial
from typing import Any

from dexora_core.clock import s_to_ns
from dexora_core.contract import load_contract
from dexora_core.errors import DexoraError
from dexora_core.trajectory_execution import GroupController, GroupLimits
from dexora_ros.camera_publisher import CameraPublisher
from dexora_ros.diagnostics import Check
from dexora_ros.executor import run_node
from dexora_ros.joint_state_publisher import JointStatePublisher
from dexora_ros.managed_node import ManagedNode
from dexora_ros.qos import STATE
from dexora_ros.stamps import set_stamp
from dexora_ros.trajectory_controller import ControllerOptions, TrajectoryController
from rclpy.clock import Clock, ClockType
from rosgraph_msgs.msg import Clock as ClockMessage
from std_srvs.srv import Trigger

from dexora_description import contract_path
from dexora_msgs.srv import InjectFault
from dexora_sim.cameras import CameraRenderer
from dexora_sim.fault_board import FaultBoard
from dexora_sim.fault_hooks import HOOKS
from dexora_sim.faults import FaultRequest
from dexora_sim.pacing import Pacer
from dexora_sim.power_switch_node import PowerSwitch
from dexora_sim.rig import TwinRig, fault_world
from dexora_sim.task_watch import TaskWatch, make_scene
from dexora_sim.truth import TruthPublishers
from dexora_sim.twin import Twin
from dexora_sim.twin_parameters import TwinParameters

SLOW_LOG_PERIOD_S = 10.0
DEGREE = math.pi / 180.0


class TwinNode(ManagedNode[TwinParameters]):
    """Runs the twin behind the interfaces of a real robot."""

    def __init__(self, **node_options: Any) -> None:
        super().__init__("twin_node", TwinParameters, **node_options)

    def on_parameters(self, parameters: TwinParameters) -> None:
        """Take the seed of the next episode; the others are read-only."""
        self._wanted_seed = parameters.seed

    # Going up and down.

    def on_setup(self, parameters: TwinParameters) -> None:
        """Build the world, its cameras and its interfaces; time stands still."""
        self._renderer: CameraRenderer | None = None
        self._wanted_seed = parameters.seed
        contract = load_contract(contract_path(parameters.robot))
        scene = make_scene(parameters.task)
        twin = Twin(contract, scene, parameters.seed, randomisation=parameters.levels())
        steps = max(1, round(1.0 / (parameters.update_rate_hz * twin.timestep_s)))
        self._faults = FaultBoard(HOOKS, fault_world(contract))
        self._rig = TwinRig(twin, self._faults, steps)
        self._watch = TaskWatch(twin, parameters.seed)
        self._power = PowerSwitch(self, parameters.start_enabled, self._follow_power)
        self._pacer = Pacer(self._rig.tick_ns, parameters.realtime_factor)
        self._answered: tuple[str, ...] = tuple(self._rig.groups)
        self._make_controllers(parameters)
        self._make_topics()
        self._make_cameras(parameters)
        for text in filter(None, parameters.fault.split(",")):
            request = FaultRequest.parse(text, parameters.fault_start)
            self.get_logger().warning(self._faults.start(request, self._rig.now_ns))

    def on_start(self) -> None:
        """Let time pass."""
        period_s = self._rig.tick_ns / 1e9 / (self.parameters.realtime_factor or 100.0)
        self._pacer.pause()
        self.create_timer(period_s, self._tick, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self._power.publish()

    def on_stop(self) -> None:
        """Stop time; goals end, and nothing goes on when time does."""
        self._rig.freeze()
        for controller in self._controllers.values():
            controller.hold(self._rig.now_ns, "the twin stops")
            controller.close("the twin stops")

    def on_teardown(self) -> None:
        """End the camera process."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _make_controllers(self, parameters: TwinParameters) -> None:
        contract, now_ns = self._rig.twin.contract, self._rig.now_ns
        self._controllers: dict[str, TrajectoryController] = {}
        for group in contract.groups:
            asked_hz = parameters.hand_max_rate_hz if group.kind == "hand" else 0.0
            rates = [rate for rate in (asked_hz, group.max_rate_hz) if rate]
            limits = GroupLimits.of_group(contract, group.name)
            hardware = self._rig.groups[group.name]
            rules = GroupController(hardware, limits, parameters.settings(), now_ns, min(rates, default=None))
            options = ControllerOptions(group.controller, invalid_goals=parameters.invalid_goals)
            self._controllers[group.name] = TrajectoryController(
                self, rules, options, lambda: self._rig.now_ns, partial(self._blocked, group.name)
            )
            self.diagnostics.add(group.controller, self._controllers[group.name].check)

    def _make_topics(self) -> None:
        self._clock_message = ClockMessage()
        self._clock_publisher = self.create_publisher(ClockMessage, "/clock", STATE)
        self._joints = JointStatePublisher(self, "joint_states")
        self._truth = TruthPublishers(self, self._rig, self._watch, self.parameters.truth_rate_hz)
        self.create_service(InjectFault, "~/inject_fault", self._on_inject_fault)
        self.create_service(Trigger, "~/reset", self._on_reset)
        self.diagnostics.add("world", self._check_world)

    def _make_cameras(self, parameters: TwinParameters) -> None:
        twin = self._rig.twin
        cameras = parameters.cameras(twin.contract)
        self._cameras = {
            camera.view: CameraPublisher(self, camera, float(twin.model.camera(camera.view).fovy[0]) * DEGREE)
            for camera in cameras
        }
        if cameras:
            self._renderer = CameraRenderer(twin.model, cameras)

    # The loop.

    def _tick(self) -> None:
        wall_ns = time.monotonic_ns()
        if self._faults.is_paused(self._rig.now_ns, wall_ns):
            self._pacer.pause()
            return
        for _ in range(0 if self._waits_for_pictures() else self._pacer.due(wall_ns)):
            self._advance()
        self._publish_pictures()
        if self._pacer.is_slow:
            self.get_logger().warning(
                f"the world runs at {self._pacer.realtime_factor:.2f} of real time: this machine is too slow "
                "for what is asked (realtime_factor, image_width, camera_rate_hz); all times stay consistent",
                throttle_duration_sec=SLOW_LOG_PERIOD_S,
            )

    def _waits_for_pictures(self) -> bool:
        bound_ns = s_to_ns(self.parameters.picture_wait_s)
        return (
            bound_ns > 0
            and self._renderer is not None
            and self._renderer.behind_ns(self._rig.twin) >= bound_ns
        )

    def _advance(self) -> None:
        now_ns = self._rig.now_ns
        answering = self._rig.answering()
        for name in answering:
            if name not in self._answered:
                self._controllers[name].hold(now_ns, "the driver answers again")
            self._controllers[name].update(now_ns)
        self._answered = answering
        self._rig.step()
        set_stamp(self._clock_message.clock, self._rig.now_ns)
        self._clock_publisher.publish(self._clock_message)
        report = self._faults.joint_report(self._rig.report())
        if report is not None:
            self._joints.publish(
                report.names, report.position, report.velocity, report.effort, report.stamp_ns
            )
        self._truth.publish()

    def _publish_pictures(self) -> None:
        if self._renderer is None:
            return
        self._renderer.update(self._rig.twin)
        frames = [
            replace(frame, stamp_ns=self._rig.stamp_ns(frame.stamp_ns)) for frame in self._renderer.frames()
        ]
        for frame in self._faults.frames(frames, self._rig.now_ns):
            if frame.view in self._cameras:
                self._cameras[frame.view].publish(frame.image, frame.stamp_ns)

    # Power.

    def _blocked(self, group: str) -> str:
        if not self.is_active:
            return "the twin is not active; activate twin_node"
        if group not in self._answered:
            return f"the driver of {group} does not answer"
        return self._power.line.reason

    def _follow_power(self, reason: str) -> None:
        """Hold every joint where it is: what was commanded before must not go on after a change of power."""
        self.get_logger().warning(reason)
        self._rig.freeze()
        for controller in self._controllers.values():
            controller.hold(self._rig.now_ns, self._power.line.reason or reason)

    # Services.

    def _on_inject_fault(
        self, request: InjectFault.Request, response: InjectFault.Response
    ) -> InjectFault.Response:
        now_ns = self._rig.now_ns
        try:
            response.message = self._inject(request, now_ns)
            response.success = True
        except DexoraError as error:
            response.message = error.message
        response.active = self._faults.active(now_ns)
        response.available = list(self._faults.available)
        self.get_logger().warning(f"fault injection: {response.message}")
        return response

    def _inject(self, request: InjectFault.Request, now_ns: int) -> str:
        if request.fault == "list":
            return "faults that can be injected: " + ", ".join(self._faults.available)
        if request.clear:
            return self._faults.clear(request.fault, request.target)
        wanted = FaultRequest(request.fault, request.target, request.value, request.start, request.duration)
        return self._faults.start(wanted, now_ns)

    def _on_reset(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        seed, self._wanted_seed = self._wanted_seed, self._wanted_seed + 1
        self._rig.reset(seed)
        self._watch.begin(seed)
        for controller in self._controllers.values():
            controller.hold(self._rig.now_ns, "the twin was reset")
        self._truth.publish_status()
        response.success = True
        response.message = f"episode of seed {seed}: {self._watch.status.instruction or 'nothing to do'}"
        return response

    def _check_world(self) -> Check:
        factor, status = self._pacer.realtime_factor, self._watch.status
        values = {
            "realtime factor": f"{factor:.3f}",
            "simulated time [s]": f"{self._rig.now_ns / 1e9:.3f}",
            "task": status.task,
            "seed": str(status.seed),
            "power": self._power.line.reason or "enabled",
            "faults": ", ".join(self._faults.active(self._rig.now_ns)),
        }
        if self._renderer is not None:
            dropped = self._renderer.dropped
            values |= {f"pictures not drawn in time, {view}": str(n) for view, n in dropped.items()}
        if self._pacer.is_slow:
            return Check.warn(f"runs at {factor:.2f} of real time", values)
        return Check.ok(f"runs at {factor:.2f} of real time", values)


def main() -> int:
    """Run the node; exit code as `run_node`."""
    return run_node(TwinNode)
