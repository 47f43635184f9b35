"""The whole robot in processes (twin, command node, watchdog, policy) and a client that watches it.

Times are simulated time: faults are stamped with the newest ground truth when they are injected, detection
with the stamp of the safety state that names them, reactions with the ground truth of the joints.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import rclpy
from dexora_core.contract import load_contract
from dexora_ros.qos import LATCHED, STATE, STATUS
from dexora_ros.stamps import to_ns
from dexora_ros.transport import transport_environment
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool
from std_srvs.srv import SetBool

from dexora_description import contract_path
from dexora_msgs.msg import CommandStatus, SafetyState
from dexora_msgs.srv import InjectFault, RequestControl, ResetFault

CONTRACT = load_contract(contract_path())
ARMS = np.concatenate([CONTRACT.group_indices(group) for group in ("left_arm", "right_arm")])
START_TIMEOUT_S = 60.0
REST_RAD_S = 0.02
EVERYTHING = QoSProfile(depth=500, reliability=ReliabilityPolicy.RELIABLE)
EVERY_STATE = QoSProfile(
    depth=100, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
REMAPS = ("enable_state:=/twin_node/enable_state", "set_enable:=/twin_node/set_enable")
_RUN = "import sys; from {module} import main; sys.exit(main())"
MODULES = {
    "twin": "dexora_sim.twin_node",
    "command": "dexora_control.command_node",
    "watchdog": "dexora_control.watchdog_node",
    "policy": "mock_policy",
}
DEFAULTS = {
    "twin": {"task": "none", "camera_rate_hz": 0.0, "truth_rate_hz": 20.0},
    "command": {"use_sim_time": True, "startup_timeout_s": 60.0, "clock_stall_s": 0.5},
    "watchdog": {"joint_states_bound_s": 3.0},
    "policy": {},
}


def domain():
    """Return a domain of this process's own, apart from those of other tests that start a twin."""
    return 1 + os.getpid() % 59


def start_process(kind, domain_id=None, **parameters):
    """Start one of the robot's processes."""
    values = {**DEFAULTS[kind], **parameters}
    if kind != "policy":
        values["autostart"] = True
    arguments = ["--ros-args"]
    for name, value in values.items():
        text = f"'{value}'" if isinstance(value, str) else str(value).lower()
        arguments += ["-p", f"{name}:={text}"]
    for remap in REMAPS:
        arguments += ["-r", remap]
    environment = {**os.environ, **transport_environment(), "ROS_DOMAIN_ID": str(domain_id or domain())}
    here = str(Path(__file__).parent)
    environment["PYTHONPATH"] = os.pathsep.join([here, *(path for path in sys.path if path)])
    command = [sys.executable, "-c", _RUN.format(module=MODULES[kind]), *arguments]
    return subprocess.Popen(command, env=environment, start_new_session=True)


def _end(process):
    try:
        process.wait(timeout=10.0)
    except subprocess.TimeoutExpired:
        process.kill()


class Robot:
    """Starts the processes, and knows what they say."""

    def __init__(self):
        self.processes = {}
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain(), args=[])
        self.node = Node("fault_client", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.truth, self.safety, self.statuses, self.joints, self.enabled = [], [], [], [], None
        node = self.node
        node.create_subscription(JointState, "/twin_node/true_joint_states", self.truth.append, EVERYTHING)
        node.create_subscription(JointState, "/joint_states", self.joints.append, EVERYTHING)
        node.create_subscription(SafetyState, "/dexora/command/safety_state", self._on_safety, EVERY_STATE)
        node.create_subscription(CommandStatus, "/dexora/command/status", self.statuses.append, STATUS)
        node.create_subscription(Bool, "/twin_node/enable_state", self._on_enabled, LATCHED)
        self.estop = node.create_publisher(Bool, "/twin_node/estop", STATE)
        self.control = node.create_client(RequestControl, "/dexora/command/request_control")
        self.resets = node.create_client(ResetFault, "/dexora/command/reset_fault")
        self.fault = node.create_client(InjectFault, "/twin_node/inject_fault")
        self.enable = node.create_client(SetBool, "/twin_node/set_enable")

    # Processes.

    def start(self, *kinds, **parameters):
        """Start processes that are not running."""
        for kind in kinds or ("twin", "watchdog", "policy", "command"):
            if kind not in self.processes:
                self.processes[kind] = start_process(kind, **parameters.get(kind, {}))

    def up(self):
        """Wait until the command node is active and nothing is wrong."""
        services = (self.control, self.resets, self.fault, self.enable)
        self.until(lambda: self.truth and self.safety, START_TIMEOUT_S, "the robot is up")
        self.until(lambda: all(one.service_is_ready() for one in services), START_TIMEOUT_S, "services")

    def kill(self, *kinds):
        """Kill processes the hard way; return the time of the kill [ns]."""
        now_ns = self.now_ns()
        for kind in kinds:
            os.kill(self.processes[kind].pid, signal.SIGKILL)
        for kind in kinds:
            self.processes.pop(kind).wait()
        return now_ns

    def freeze(self, kind):
        """Stop a process without ending it; return the time [ns]."""
        now_ns = self.now_ns()
        os.kill(self.processes[kind].pid, signal.SIGSTOP)
        return now_ns

    def thaw(self, kind):
        """Let a frozen process go on."""
        os.kill(self.processes[kind].pid, signal.SIGCONT)

    def close(self):
        """End everything that was started."""
        self.node.destroy_node()
        self.executor.shutdown()
        rclpy.shutdown(context=self.context)
        for process in self.processes.values():
            os.kill(process.pid, signal.SIGCONT)
            process.send_signal(signal.SIGINT)
        for process in self.processes.values():
            _end(process)

    # Waiting.

    def until(self, condition, timeout_s=15.0, what="the awaited condition"):
        """Spin until a condition is true."""
        end = time.monotonic() + timeout_s
        while not condition():
            for kind, process in self.processes.items():
                assert process.poll() is None, f"{kind} ended with {process.returncode}"
            told = f"{self.safety[-1].owner}: {self.safety[-1].summary}" if self.safety else "nothing"
            if self.statuses:
                told += f" {self.statuses[-1].chunks_accepted} {self.statuses[-1].discard_reasons}"
            assert time.monotonic() < end, f"{what} did not come true within {timeout_s} s; safety: {told}"
            self.executor.spin_once(timeout_sec=0.02)

    def let_pass(self, seconds):
        """Wait for simulated time."""
        end_ns = self.now_ns() + round(seconds * 1e9)
        self.until(lambda: self.now_ns() >= end_ns, 10 + 10 * seconds, f"{seconds} s of simulated time")

    def now_ns(self):
        """Newest simulated time [ns]."""
        return to_ns(self.truth[-1].header.stamp) if self.truth else 0

    def call(self, client, request):
        """Call a service and wait for its answer; an answer may be lost while endpoints still meet."""
        futures = [client.call_async(request)]
        asked_s = [time.monotonic()]

        def answered():
            if time.monotonic() - asked_s[0] > 2.0:
                asked_s[0] = time.monotonic()
                futures.append(client.call_async(request))
            return any(future.done() for future in futures)

        self.until(answered, what=f"answer of {client.srv_name}")
        return next(future.result() for future in futures if future.done())

    # Acting.

    def inject(self, fault, target="", value=0.0, duration=0.0):
        """Inject a fault into the twin; return its time [ns]."""
        request = InjectFault.Request(fault=fault, target=target, value=value, duration=duration)
        now_ns = self.now_ns()
        answer = self.call(self.fault, request)
        assert answer.success, answer.message
        return now_ns

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
            assert time.monotonic() < end, f"no recovery: {answer.message}"
        self.until(lambda: self.safety[-1].level <= 2, what="a healthy robot")

    def move(self):
        """Let the policy take control and wait until the robot moves well."""

        def moves():
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
        """Wait until joints rest; return when they began to slow and when they rested, after a time [ms]."""

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

    def _on_safety(self, message):
        self.safety.append(message)
        del self.safety[:-2000]

    def _on_enabled(self, message):
        self.enabled = message.data
