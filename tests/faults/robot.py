"""The whole robot in processes (twin, command node, watchdog, policy) and a client that watches it.

Times are simulated time: faults are stamped with the time at which they are injected, between two ground
truths by the wall clock; detection with the stamp of the safety state that names them; reactions with the
ground truth of the joints.
"""

import os
import re
import signal
import time

import numpy as np
import rclpy
from control_msgs.action import FollowJointTrajectory
from dexora_core.contract import load_contract
from dexora_ros.executor_choice import choose_executor
from dexora_ros.qos import EVENTS, LATCHED, SENSOR, STATE, STATUS
from dexora_ros.stamps import to_ns
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.action import ActionClient
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Header
from std_srvs.srv import SetBool

from dexora_description import contract_path
from dexora_msgs.msg import CommandStatus, SafetyState
from dexora_msgs.srv import InjectFault, RequestControl, ResetFault

from .processes import end_processes, free_domain, start_process

CONTRACT = load_contract(contract_path())
ARMS = np.concatenate([CONTRACT.group_indices(group) for group in ("left_arm", "right_arm")])
START_TIMEOUT_S = 60.0
REST_RAD_S = 0.02
LONGEST_GUESS_NS = 20_000_000
MOST_WAITING = 1000
EVERYTHING = QoSProfile(depth=500, reliability=ReliabilityPolicy.RELIABLE)
EVERY_STATE = QoSProfile(
    depth=100, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
KINDS = ("twin", "watchdog", "policy", "command")


class Robot:
    """Starts the processes, and knows what they say."""

    def __init__(self):
        self.domain_id = free_domain()
        self.processes, self.heard_s, self.watching_s, self.heard = {}, {}, 0.0, 0
        self.started_s = dict.fromkeys(KINDS, 0.0)
        self.context = Context()
        rclpy.init(context=self.context, domain_id=self.domain_id, args=[])
        self.node = Node("fault_client", context=self.context)
        self.executor = choose_executor(self.context).executor
        self.executor.add_node(self.node)
        self.truth, self.safety, self.statuses, self.joints, self.enabled = [], [], [], [], None
        self._listen()
        self.estop = self.node.create_publisher(Bool, "/twin_node/estop", STATE)
        self.control = self.node.create_client(RequestControl, "/dexora/command/request_control")
        self.resets = self.node.create_client(ResetFault, "/dexora/command/reset_fault")
        self.fault = self.node.create_client(InjectFault, "/twin_node/inject_fault")
        self.enable = self.node.create_client(SetBool, "/twin_node/set_enable")
        self.poses = ActionClient(self.node, FollowJointTrajectory, "/dexora/command/go_to")

    def _listen(self):
        self.listen(JointState, "/twin_node/true_joint_states", self._from("twin", self.truth), EVERYTHING)
        self.listen(JointState, "/joint_states", self._from("", self.joints), EVERYTHING)
        told = self._from("command", self.safety)
        self.listen(SafetyState, "/dexora/command/safety_state", told, EVERY_STATE)
        self.listen(CommandStatus, "/dexora/command/status", self._from("", self.statuses), STATUS)
        self.listen(Bool, "/twin_node/enable_state", self._on_enabled, LATCHED)
        self.listen(Header, "/dexora/watchdog/heartbeat", self._from("watchdog", []), SENSOR)
        self.listen(Header, "/dexora/policy/heartbeat", self._from("policy", []), SENSOR)
        self.listen(DiagnosticArray, "/diagnostics", self._on_diagnostics, EVENTS)

    def listen(self, kind, topic, callback, profile):
        """Subscribe; the present is known when nothing waits in any of these subscriptions."""

        def count(message):
            self.heard += 1
            callback(message)

        return self.node.create_subscription(kind, topic, count, profile)

    # Processes.

    def start(self, *kinds, **parameters):
        """Start processes that are not running."""
        for kind in kinds or KINDS:
            if kind not in self.processes:
                options = parameters.get(kind, {})
                self.processes[kind] = start_process(kind, self.domain_id, **options)
                if kind in self.started_s:
                    self.started_s[kind] = time.monotonic()

    def up(self):
        """Wait until everybody who was started is there, and hears those it needs."""
        self.until(lambda: not self.missing(), START_TIMEOUT_S, "a complete robot")
        self.call(self.control, RequestControl.Request(operation=2, source="policy", holder="nobody"))

    def missing(self):
        """Return who or what has not shown up yet, in words."""
        lacking = [
            f"any word of {kind}"
            for kind, started_s in self.started_s.items()
            if kind in self.processes and self.heard_s.get(kind, -1.0) < started_s
        ]
        if self.watching_s < max(self.started_s["watchdog"], self.started_s["command"]):
            lacking.append("a watchdog that hears the command node")
        lacking += [] if self.joints else ["joint states"]
        lacking += [] if self.enabled is not None else ["the state of the enable line"]
        clients = (self.control, self.resets, self.fault, self.enable)
        lacking += [f"service {one.srv_name}" for one in clients if not one.service_is_ready()]
        lacking += [] if self.estop.get_subscription_count() else ["a listener of the emergency stop"]
        return lacking

    def kill(self, *kinds):
        """Kill processes the hard way; return the time of the kill [ns]."""
        now_ns = self.now_ns()
        for kind in kinds:
            os.kill(self.processes[kind].pid, signal.SIGKILL)
        for kind in kinds:
            self.processes.pop(kind).wait()
        return now_ns

    def end(self, kind):
        """End a process the gentle way; return its exit code."""
        self.processes[kind].send_signal(signal.SIGINT)
        return self.processes.pop(kind).wait(timeout=20.0)

    def freeze(self, kind):
        """Stop a process without ending it; return the time [ns]."""
        now_ns = self.now_ns()
        os.kill(self.processes[kind].pid, signal.SIGSTOP)
        return now_ns

    def thaw(self, kind):
        """Let a frozen process go on."""
        os.kill(self.processes[kind].pid, signal.SIGCONT)

    def close(self):
        """End everything; processes first, as nothing should be destroyed while peers come and go."""
        end_processes(self.processes.values())
        self.poses.destroy()
        self.node.destroy_node()
        self.executor.shutdown()
        rclpy.shutdown(context=self.context)

    # Waiting.

    def until(self, condition, timeout_s=15.0, what="the awaited condition"):
        """Spin until a condition is true."""
        end = time.monotonic() + timeout_s
        while not condition():
            for kind, process in self.processes.items():
                assert process.poll() is None, f"{kind} ended with {process.returncode}"
            assert time.monotonic() < end, f"{what} did not come true within {timeout_s} s; {self.describe()}"
            self.executor.spin_once(timeout_sec=0.02)

    def describe(self):
        """Return what is known of the robot, for a failed test."""
        told = f"{self.safety[-1].owner}: {self.safety[-1].summary}" if self.safety else "never heard"
        counts = [f"{self.statuses[-1].chunks_accepted} chunks taken"] if self.statuses else []
        counts += list(self.statuses[-1].discard_reasons) if self.statuses else []
        lacking = self.missing()
        missing = f"; missing: {', '.join(lacking)}" if lacking else ""
        return f"domain {self.domain_id}, safety state {told}, {', '.join(counts)}{missing}"

    def let_pass(self, seconds):
        """Wait for simulated time."""
        end_ns = self._truth_ns() + round(seconds * 1e9)
        self.until(lambda: self._truth_ns() >= end_ns, 10 + 10 * seconds, f"{seconds} s of simulated time")

    def now_ns(self):
        """The present in simulated time [ns]: the newest ground truth, and the wall time since it came."""
        for _ in range(MOST_WAITING):
            before = self.heard
            self.executor.spin_once(timeout_sec=0.0)
            if self.heard == before:
                break
        if not self.truth:
            return 0
        since_ns = round((time.monotonic() - self.heard_s["twin"]) * 1e9)
        return self._truth_ns() + min(since_ns, LONGEST_GUESS_NS)

    def call(self, client, request):
        """Call a service and wait for its answer; a request may go to a dead server while endpoints meet."""
        futures = [client.call_async(request)]
        asked_s = [time.monotonic()]

        def answered():
            if time.monotonic() - asked_s[0] > 1.0:
                asked_s[0] = time.monotonic()
                futures.append(client.call_async(request))
            return any(future.done() for future in futures)

        self.until(answered, what=f"answer of {client.srv_name}")
        return next(future.result() for future in futures if future.done())

    # Acting.

    def inject(self, fault, target="", value=0.0, duration=0.0):
        """Inject a fault into the twin; return when it began, as the twin told it [ns]."""
        request = InjectFault.Request(fault=fault, target=target, value=value, duration=duration)
        answer = self.call(self.fault, request)
        assert answer.success, answer.message
        return round(float(re.search(r"begins at ([0-9.]+) s", answer.message).group(1)) * 1e9)

    def clear(self):
        """End all faults of the twin."""
        assert self.call(self.fault, InjectFault.Request(clear=True)).success

    def acquire(self, source="policy", holder="policy_node"):
        """Ask for control."""
        request = RequestControl.Request(operation=0, source=source, holder=holder)
        return self.call(self.control, request)

    def release(self, source="policy", holder="policy_node"):
        """Give control back."""
        return self.call(self.control, RequestControl.Request(operation=1, source=source, holder=holder))

    def reset(self):
        """Acknowledge all faults."""
        return self.call(self.resets, ResetFault.Request(operator_name="fault test"))

    def recover(self):
        """End every fault, enable, reset and give control back, until nothing is wrong any more."""
        self.estop.publish(Bool(data=False))
        self.clear()
        end = time.monotonic() + 20.0
        while True:
            if self.enabled is False:
                self.call(self.enable, SetBool.Request(data=True))
            self.let_pass(0.2)
            answer = self.reset()
            if answer.success and self.enabled:
                break
            assert time.monotonic() < end, f"no recovery: {answer.message}; {self.describe()}"
        self.until(lambda: self.safety[-1].level <= 2, what="a healthy robot")

    def move(self):
        """Let the policy take control and wait until the robot moves well."""

        def moves():
            if self.safety[-1].level > SafetyState.LEVEL_SOFT_STOP:
                self.recover()
            if self.safety[-1].owner != "policy" and self.safety[-1].level <= SafetyState.LEVEL_SOFT_STOP:
                self.acquire()
            return self.speed() > 0.25

        self.until(moves, what="a moving robot")

    def speed(self, index=ARMS):
        """Fastest of some joints now [rad/s]."""
        return float(np.abs(np.array(self.truth[-1].velocity)[index]).max())

    # Judging.

    def detected(self, code, since_ns, timeout_s=5.0):
        """Wait for a fault to be told; return its delay [ms] and the state that told it."""

        def find():
            return next((m for m in self.safety if any(f.code == code for f in m.faults)), None)

        self.until(lambda: find() is not None, timeout_s, f"fault {code}")
        message = find()
        since = next(to_ns(f.since) for f in message.faults if f.code == code)
        return max(since - since_ns, 0) / 1e6, message

    def rested(self, since_ns, index=ARMS, timeout_s=5.0):
        """Wait until joints rest; return when they began to rest, after a time [ms]."""

        def quiet():
            newest = self.truth[-12:]
            return len(newest) == 12 and all(
                np.abs(np.array(m.velocity)[index]).max() < REST_RAD_S for m in newest
            )

        self.until(quiet, timeout_s, "rest")
        rows = [m for m in self.truth if to_ns(m.header.stamp) >= since_ns]
        speeds = np.array([np.abs(np.array(m.velocity)[index]).max() for m in rows])
        moving = np.flatnonzero(speeds >= REST_RAD_S)
        last = rows[moving[-1]] if len(moving) else rows[0]
        return (to_ns(last.header.stamp) - since_ns) / 1e6

    def forget(self):
        """Forget what was said so far, except the newest."""
        for seen in (self.truth, self.safety, self.statuses, self.joints):
            del seen[:-1]

    def _truth_ns(self):
        return to_ns(self.truth[-1].header.stamp) if self.truth else 0

    def _from(self, kind, seen):
        def remember(message):
            self.heard_s[kind] = time.monotonic()
            seen.append(message)
            del seen[:-4000]

        return remember

    def _on_enabled(self, message):
        self.enabled = message.data

    def _on_diagnostics(self, message):
        if any(s.name.endswith("watchdog: watch") and s.message == "watching" for s in message.status):
            self.watching_s = time.monotonic()
