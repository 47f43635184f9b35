"""A twin in a process of its own and a client beside it, for system tests.

Times come from the twin's ground truth (`~/true_joint_states`, stamped with simulated time), so that a slow
machine does not change what is measured.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import numpy as np
import rclpy
from builtin_interfaces.msg import Duration
from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import JointTrajectoryControllerState
from dexora_core.contract import load_contract
from dexora_ros.executor_choice import choose_executor
from dexora_ros.qos import COMMAND, EVENTS, LATCHED, SENSOR, STATE
from dexora_ros.stamps import from_ns, to_ns
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.action import ActionClient
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import Bool
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from dexora_description import contract_path
from dexora_msgs.srv import InjectFault

CONTRACT = load_contract(contract_path())
GROUPS = CONTRACT.group_names
START_TIMEOUT_S = 40.0
# This process may be busy for a while and must miss nothing.
EVERYTHING = QoSProfile(depth=500, reliability=ReliabilityPolicy.RELIABLE)
_RUN = "import sys; from {module} import main; sys.exit(main())"


def domain() -> int:
    """Return a domain of this process's own, so that test runs side by side do not meet."""
    return 60 + os.getpid() % 40


def start_process(module, **parameters):
    """Start the node in `module` with parameters; its output goes to this process's."""
    assignments = [f"{name}:={_yaml(value)}" for name, value in {"autostart": True, **parameters}.items()]
    arguments = ["--ros-args", *(part for text in assignments for part in ("-p", text))]
    environment = dict(os.environ, ROS_DOMAIN_ID=str(domain()), ROS_AUTOMATIC_DISCOVERY_RANGE="LOCALHOST")
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-c", _RUN.format(module=module), *arguments]
    return subprocess.Popen(command, env=environment, start_new_session=True)


def _yaml(value):
    return f"'{value}'" if isinstance(value, str) else str(value).lower()


class TwinClient:
    """Talks to a running twin and remembers what it says."""

    def __init__(self, **parameters):
        self.process = start_process(
            "dexora_sim.twin_node", **{"image_width": 64, "image_height": 48, "task": "none", **parameters}
        )
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain(), args=[])
        self.node = Node("twin_client", context=self.context)
        self.executor = choose_executor(self.context).executor
        self.executor.add_node(self.node)
        self.truth, self.joint_states, self.pictures = [], [], []
        self.states = {group: [] for group in GROUPS}
        self.pictures_of, self.enabled, self.status, self.clock_ns = Counter(), None, None, 0
        self.diagnostics = {}
        self._subscribe()
        self._connect()
        self.until(lambda: self.truth and self.is_ready(), START_TIMEOUT_S, "the twin is up")

    def _subscribe(self):
        node = self.node
        node.create_subscription(JointState, "/twin_node/true_joint_states", self.truth.append, EVERYTHING)
        node.create_subscription(JointState, "/joint_states", self.joint_states.append, EVERYTHING)
        node.create_subscription(Clock, "/clock", self._on_clock, STATE)
        node.create_subscription(Bool, "/twin_node/enable_state", self._on_enabled, LATCHED)
        node.create_subscription(DiagnosticStatus, "/twin_node/task_status", self._on_status, LATCHED)
        node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, EVENTS)
        for camera in CONTRACT.cameras:
            node.create_subscription(Image, camera.topic, self._picture_sink(camera.view), SENSOR)
        for group in GROUPS:
            topic = f"/{group}_controller/controller_state"
            node.create_subscription(
                JointTrajectoryControllerState, topic, self.states[group].append, EVERYTHING
            )

    def _connect(self):
        node = self.node
        self.commands = {
            group: node.create_publisher(JointTrajectory, f"/{group}_controller/joint_trajectory", COMMAND)
            for group in GROUPS
        }
        self.actions = {
            group: ActionClient(node, FollowJointTrajectory, f"/{group}_controller/follow_joint_trajectory")
            for group in GROUPS
        }
        self.estop = node.create_publisher(Bool, "/twin_node/estop", STATE)
        self.enable = node.create_client(SetBool, "/twin_node/set_enable")
        self.fault = node.create_client(InjectFault, "/twin_node/inject_fault")
        self.reset = node.create_client(Trigger, "/twin_node/reset")

    def is_ready(self):
        publishers = [*self.commands.values(), self.estop]
        is_heard = all(publisher.get_subscription_count() for publisher in publishers)
        are_actions_offered = all(client.server_is_ready() for client in self.actions.values())
        services = (self.enable, self.fault, self.reset)
        return is_heard and are_actions_offered and all(client.service_is_ready() for client in services)

    # Waiting.

    def until(self, condition, timeout_s=15.0, what="the awaited condition"):
        end = time.monotonic() + timeout_s
        while not condition():
            assert self.process.poll() is None, f"the twin ended with {self.process.returncode}"
            assert time.monotonic() < end, f"{what} did not come true within {timeout_s} s"
            self.executor.spin_once(timeout_sec=0.05)

    def let_pass(self, seconds):
        """Wait until the ground truth of so many simulated seconds after the present has been heard.

        On a busy machine messages wait here for a while; of the clock only the newest one does.
        """
        known_ns = self.clock_ns
        self.until(lambda: self.clock_ns > known_ns, what="the present")
        end_ns = self.clock_ns + round(seconds * 1e9)
        self.until(lambda: self.now_ns() >= end_ns, 10.0 + 10.0 * seconds, f"{seconds} s of simulated time")

    def now_ns(self):
        return to_ns(self.truth[-1].header.stamp)

    def call(self, client, request):
        future = client.call_async(request)
        self.until(future.done, what=f"answer of {client.srv_name}")
        return future.result()

    # Acting.

    def position(self, group):
        return np.array(self.truth[-1].position)[CONTRACT.group_indices(group)]

    def speed(self, group):
        return np.abs(np.array(self.truth[-1].velocity)[CONTRACT.group_indices(group)]).max()

    def trajectory(self, group, *rows, stamp_ns=0):
        """Return a message; each row is (seconds, positions[, velocities])."""
        message = JointTrajectory(joint_names=list(CONTRACT.group_joints(group)))
        message.header.stamp = from_ns(stamp_ns)
        for seconds, positions, *velocities in rows:
            whole, rest = divmod(round(seconds * 1e9), 10**9)
            point = JointTrajectoryPoint(time_from_start=Duration(sec=whole, nanosec=rest))
            point.positions = [float(value) for value in positions]
            point.velocities = [float(value) for row in velocities for value in row]
            message.points.append(point)
        return message

    def send(self, group, *rows, **options):
        self.commands[group].publish(self.trajectory(group, *rows, **options))

    def start_goal(self, group, message, **bounds):
        goal = FollowJointTrajectory.Goal(trajectory=message, **bounds)
        sent = self.actions[group].send_goal_async(goal)
        self.until(sent.done, what="answer to a goal")
        return sent.result(), sent.result().get_result_async()

    def run_goal(self, group, message, timeout_s=20.0, **bounds):
        _, result = self.start_goal(group, message, **bounds)
        self.until(result.done, timeout_s, "result of a goal")
        return result.result()

    def inject(self, fault, target="", value=0.0, duration=0.0, clear=False):
        request = InjectFault.Request(fault=fault, target=target, value=value, duration=duration, clear=clear)
        return self.call(self.fault, request)

    def truth_since(self, stamp_ns, group):
        """Return times [s] since `stamp_ns`, positions and velocities (N, J) of a group."""
        index = CONTRACT.group_indices(group)
        rows = [m for m in self.truth if to_ns(m.header.stamp) >= stamp_ns]
        seconds = np.array([(to_ns(m.header.stamp) - stamp_ns) / 1e9 for m in rows])
        positions = np.array([np.array(m.position)[index] for m in rows])
        velocities = np.array([np.array(m.velocity)[index] for m in rows])
        return seconds, positions, velocities

    def calm_down(self):
        """End faults, hold every joint where it is by a change of power, and wait until nothing moves."""
        self.estop.publish(Bool(data=False))
        self.inject("", clear=True)
        for is_wanted in (False, True):
            assert self.call(self.enable, SetBool.Request(data=is_wanted)).success
        self.until(lambda: all(self.speed(group) < 0.02 for group in GROUPS), what="standstill")
        for seen in (self.truth, self.joint_states, self.pictures, *self.states.values()):
            del seen[:-1]
        self.pictures_of.clear()

    def close(self):
        """End the twin, and then this end of it; return the twin's exit code.

        In this order: what is destroyed while peers come and go, or later by the garbage collector, may wait
        for ever in the middleware.
        """
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(timeout=15.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            for action in self.actions.values():
                action.destroy()
            self.node.destroy_node()
            self.executor.shutdown()
            rclpy.shutdown(context=self.context)

    def _on_clock(self, message):
        self.clock_ns = to_ns(message.clock)

    def _on_enabled(self, message):
        self.enabled = message.data

    def _on_status(self, message):
        self.status = message

    def _on_diagnostics(self, message):
        self.diagnostics.update({status.name: status for status in message.status})

    def _picture_sink(self, view):
        def take(message):
            self.pictures_of[view] += 1
            self.pictures.append((view, message, self.clock_ns))
            del self.pictures[:-200]

        return take
