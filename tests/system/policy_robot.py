"""The twin with everything between its cameras and its controllers, in processes, and a client beside it.

Rates and motion are judged in simulated time, so that a slow machine does not change them.
"""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import rclpy
from dexora_core.contract import load_contract
from dexora_ros.executor_choice import choose_executor
from dexora_ros.qos import LATCHED, STATUS
from dexora_ros.stamps import to_ns
from dexora_ros.transport import transport_environment
from rclpy.action import ActionClient
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Header
from std_srvs.srv import SetBool
from trajectory_msgs.msg import JointTrajectory

from dexora_description import contract_path
from dexora_msgs.action import RunPolicy
from dexora_msgs.msg import ActionChunk, CommandStatus, PolicyStatus, SafetyState, VisualTokens
from dexora_msgs.srv import InjectFault, ResetFault, SetInstruction

from .launched import free_domain

CONTRACT = load_contract(contract_path())
ARMS = np.concatenate([CONTRACT.group_indices(group) for group in ("left_arm", "right_arm")])
WIDTH, HEIGHT = 64, 48
REST_RAD_S = 0.02
START_TIMEOUT_S = 90.0
# A busy machine makes pictures late in simulated time too: the world is slowed, and bounds on ages are wide.
PATIENT_S = 0.45
ALL = QoSProfile(depth=500, reliability=ReliabilityPolicy.RELIABLE)
SOME = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
MODULES = {
    "twin": "dexora_sim.twin_node",
    "watchdog": "dexora_control.watchdog_node",
    "command": "dexora_control.command_node",
    "tokens": "dexora_perception.token_encoder_node",
    "policy": "dexora_policy.policy_node",
}
PICTURES = {"image_width": WIDTH, "image_height": HEIGHT}
OPTIONS = {
    "twin": {
        "task": "lift",
        "camera_rate_hz": 20.0,
        "truth_rate_hz": 50.0,
        "realtime_factor": 0.4,
        **PICTURES,
    },
    "watchdog": {"joint_states_bound_s": 3.0},
    "command": {
        "use_sim_time": True,
        "startup_timeout_s": START_TIMEOUT_S,
        "clock_stall_s": 0.5,
        "needs_clearance": False,
    },
    "tokens": {"use_sim_time": True, "frozen_motion_rad": 0.1, "max_age_s": PATIENT_S, **PICTURES},
    "policy": {
        "use_sim_time": True,
        "token_bound_s": PATIENT_S,
        "joint_bound_s": PATIENT_S,
        "patience_s": 30.0,
    },
}
LATE_CODES = ("DX-CMD-002", "DX-HWD-002", "DX-FRS-002", "DX-FRS-017", "DX-FRS-018")
ATTEMPTS = 4
REMAPS = ("enable_state:=/twin_node/enable_state", "set_enable:=/twin_node/set_enable")
_RUN = "import sys; from {module} import main; sys.exit(main())"


def start_process(kind, domain_id, values):
    """Start a node that configures and activates itself."""
    arguments = ["--ros-args", "-p", "autostart:=true"]
    for name, value in values.items():
        arguments += ["-p", f"{name}:={repr(value) if isinstance(value, str) else str(value).lower()}"]
    for remap in REMAPS:
        arguments += ["-r", remap]
    environment = {**os.environ, **transport_environment(), "ROS_DOMAIN_ID": str(domain_id)}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-c", _RUN.format(module=MODULES[kind]), *arguments]
    return subprocess.Popen(command, env=environment, start_new_session=True)


def again_when_starved(test):
    """Try a test on a robot again when the machine, busy with other things, stopped that robot by itself."""

    @functools.wraps(test)
    def attempt(robot):
        for _ in range(ATTEMPTS - 1):
            try:
                return test(robot)
            except AssertionError:
                if not robot.is_starved():
                    raise
            robot.ready()
        return test(robot)

    return attempt


def _end(process):
    try:
        process.wait(timeout=15.0)
    except subprocess.TimeoutExpired:
        process.kill()


class PolicyRobot:
    """Starts the whole graph on a bundle, and knows what it says.

    Args:
        bundle: Directory of the bundle.
        options: Further parameters by process.
    """

    def __init__(self, bundle, **options):
        self.domain_id = free_domain()
        self.options = {kind: {**OPTIONS[kind], **options.get(kind, {})} for kind in MODULES}
        for kind in ("tokens", "policy"):
            self.options[kind].setdefault("bundle", str(bundle))
        self.processes, self.started_s, self.beat_s = {}, {}, {}
        self.truth, self.safety, self.statuses, self.enabled = [], [], [], None
        self.chunks, self.commands, self.tokens, self.told, self.feedback = [], [], [], [], []
        self.context = Context()
        rclpy.init(context=self.context, domain_id=self.domain_id, args=[])
        self.node = Node("policy_client", context=self.context)
        self.executor = choose_executor(self.context).executor
        self.executor.add_node(self.node)
        self._listen()
        node = self.node
        self.runs = ActionClient(node, RunPolicy, "/dexora/policy/run")
        self.instructions = node.create_client(SetInstruction, "/dexora/policy/set_instruction")
        self.resets = node.create_client(ResetFault, "/dexora/command/reset_fault")
        self.faults = node.create_client(InjectFault, "/twin_node/inject_fault")
        self.enable = node.create_client(SetBool, "/twin_node/set_enable")

    def _listen(self):
        listen = self.node.create_subscription
        listen(JointState, "/twin_node/true_joint_states", self.truth.append, ALL)
        listen(SafetyState, "/dexora/command/safety_state", self.safety.append, LATCHED)
        listen(CommandStatus, "/dexora/command/status", self.statuses.append, STATUS)
        listen(Bool, "/twin_node/enable_state", self._on_enabled, LATCHED)
        listen(ActionChunk, "/dexora/command/chunk", self.chunks.append, ALL)
        listen(JointTrajectory, "/left_arm_controller/joint_trajectory", self.commands.append, ALL)
        listen(VisualTokens, "/dexora/perception/tokens", self.tokens.append, SOME)
        listen(PolicyStatus, "/dexora/policy/status", self.told.append, STATUS)
        for kind in ("command", "watchdog", "policy"):
            listen(Header, f"/dexora/{kind}/heartbeat", self._beat_of(kind), SOME)

    # Processes.

    def ready(self):
        """Start what is not running; wait until nothing is wrong and nobody moves the robot."""
        for kind in MODULES:
            if kind not in self.processes:
                self.processes[kind] = start_process(kind, self.domain_id, self.options[kind])
                self.started_s[kind] = time.monotonic()
        self.until(lambda: not self.missing(), START_TIMEOUT_S, "a complete robot")
        self.recover()
        self.until(lambda: self.safety[-1].owner == "hold", what="a robot that nobody moves")
        for seen in (self.truth, self.safety, self.tokens, self.told):
            del seen[:-1]
        self.chunks.clear()
        self.commands.clear()

    def missing(self):
        """Return who has not been heard since it was started, or is not reached yet."""
        lacking = [
            kind
            for kind in ("command", "watchdog", "policy")
            if self.beat_s.get(kind, -1.0) < self.started_s[kind]
        ]
        lacking += [] if self.truth and self.safety and self.enabled is not None else ["the twin"]
        lacking += [] if self.runs.server_is_ready() else ["RunPolicy"]
        clients = (self.instructions, self.resets, self.faults, self.enable)
        return lacking + [client.srv_name for client in clients if not client.service_is_ready()]

    def recover(self):
        """End every fault, enable and reset, until nothing is wrong any more and tokens arrive."""
        self.call(self.faults, InjectFault.Request(clear=True))

        def is_well():
            if not self.enabled:
                self.call(self.enable, SetBool.Request(data=True))
            self.let_pass(0.2)
            return self.enabled and self.call(self.resets, ResetFault.Request(operator_name="test")).success

        self.until(is_well, 30.0, "a healthy robot")
        count = len(self.tokens)
        self.until(lambda: len(self.tokens) > count + 3, 30.0, "tokens")

    def kill(self, kind):
        """Kill a process the hard way."""
        self.processes[kind].kill()
        self.processes.pop(kind).wait()

    def close(self):
        """End everything; processes first, as nothing should be destroyed while peers come and go."""
        for process in self.processes.values():
            process.send_signal(signal.SIGINT)
        for process in self.processes.values():
            _end(process)
        self.runs.destroy()
        self.node.destroy_node()
        self.executor.shutdown()
        rclpy.shutdown(context=self.context)

    def resident_mb(self, kind):
        """Largest resident memory of a process so far [MB]."""
        status = Path(f"/proc/{self.processes[kind].pid}/status").read_text(encoding="ascii")
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024

    # Waiting.

    def until(self, condition, timeout_s=20.0, what="the awaited condition"):
        """Spin until a condition is true."""
        end = time.monotonic() + timeout_s
        while not condition():
            for kind, process in self.processes.items():
                assert process.poll() is None, f"{kind} ended with {process.returncode}"
            assert time.monotonic() < end, f"{what} did not come true within {timeout_s} s; {self.describe()}"
            self.executor.spin_once(timeout_sec=0.02)

    def let_pass(self, seconds):
        """Wait for simulated time."""
        end_ns = to_ns(self.truth[-1].header.stamp) + round(seconds * 1e9)
        self.until(lambda: to_ns(self.truth[-1].header.stamp) >= end_ns, 10 + 20 * seconds, f"{seconds} s")

    def describe(self):
        """Return what is known of the robot, for a failed test."""
        safety = f"{self.safety[-1].owner}: {self.safety[-1].summary}" if self.safety else "never heard"
        told = self.told[-1] if self.told else PolicyStatus()
        refused = dict(zip(told.discard_reasons, told.discard_counts, strict=True))
        return (
            f"missing {self.missing()}; command node {safety}; {len(self.chunks)} chunks; refused {refused}"
        )

    def call(self, client, request):
        """Call a service and wait for its answer; a request may go to a dead server while endpoints meet."""
        futures, asked_s = [client.call_async(request)], [time.monotonic()]

        def answered():
            if time.monotonic() - asked_s[0] > 2.0:
                asked_s[0] = time.monotonic()
                futures.append(client.call_async(request))
            return any(future.done() for future in futures)

        self.until(answered, 30.0, f"answer of {client.srv_name}")
        return next(future.result() for future in futures if future.done())

    # Acting.

    def run(self, instruction, timeout_s=0.0):
        """Send a goal; return its handle and the future of its result."""
        self.feedback = []
        goal = RunPolicy.Goal(instruction=instruction, timeout=float(timeout_s))
        sent = self.runs.send_goal_async(goal, feedback_callback=lambda m: self.feedback.append(m.feedback))
        self.until(sent.done, what="answer to a goal")
        return sent.result(), sent.result().get_result_async()

    def drives(self, instruction):
        """Begin a run and wait until the policy commands; return the handle and the future of the result."""
        count = len(self.chunks)
        handle, future = self.run(instruction)

        def commands():
            assert not future.done(), future.result().result
            return len(self.chunks) > count + 2 and self.safety[-1].owner == "policy"

        self.until(commands, 40.0, "a policy that commands")
        return handle, future

    def result(self, future, timeout_s=40.0):
        """Wait for the end of a run."""
        self.until(future.done, timeout_s, "the end of a run")
        return future.result().result

    def tell(self, instruction):
        """Change the instruction."""
        return self.call(self.instructions, SetInstruction.Request(instruction=instruction))

    def inject(self, fault, target=""):
        """Inject a fault into the twin."""
        answer = self.call(self.faults, InjectFault.Request(fault=fault, target=target))
        assert answer.success, answer.message

    # Judging.

    def position(self):
        """True positions of all joints [rad]."""
        return np.array(self.truth[-1].position)

    def speed(self):
        """Fastest joint of the arms [rad/s]."""
        return float(np.abs(np.array(self.truth[-1].velocity)[ARMS]).max())

    def distance(self, pose):
        """Largest distance of a joint of the arms to a pose [rad]."""
        return float(np.abs(self.position() - pose)[ARMS].max())

    def rests(self):
        """Wait for rest; the robot must not move again by itself."""
        self.until(lambda: self.speed() < REST_RAD_S, what="a robot at rest")
        self.let_pass(0.5)
        assert self.speed() < REST_RAD_S

    def is_starved(self):
        """Return whether the machine, not the test, stopped the robot: somebody had no time to run."""
        return any(self.said(code) for code in LATE_CODES)

    def said(self, code):
        """Return whether the command node has told a fault."""
        return any(fault.code == code for message in self.safety for fault in message.faults)

    def _on_enabled(self, message):
        self.enabled = message.data

    def _beat_of(self, kind):
        def take(message):
            if message.frame_id == "active":
                self.beat_s[kind] = time.monotonic()

        return take
