"""Row 54 on the real nodes: arms that a policy drives into each other stop before they touch, and may part.

The fault is the first motion whose judgement asks for a stop, by the time of the command that was judged;
the twin's ground truth says whether anything touched.
"""

import time

import mujoco
import numpy as np
import pytest
import rclpy
from closing import meeting_pose
from dexora_ros.qos import SENSOR
from dexora_ros.stamps import to_ns
from rclpy.context import Context
from rclpy.node import Node

from dexora_description import mjcf_path
from dexora_msgs.msg import Clearance, SafetyState

from .processes import DEFAULTS, MODULES
from .robot import CONTRACT, Robot

pytestmark = [pytest.mark.system, pytest.mark.slow]
MODULES["closing"] = "closing_policy"
DEFAULTS["closing"] = {}
# A machine that is busy with other tests stops the clock for a while; simulated time hides the rest.
WITH = {"command": {"needs_clearance": True, "clock_stall_s": 5.0}, "watchdog": {"command_bound_s": 1.0}}
KINDS = ("twin", "watchdog", "clearance", "command")


class WatchedRobot(Robot):
    """A robot with a collision check, and every answer of it."""

    def __init__(self):
        super().__init__()
        self.clearances = []
        self.node.create_subscription(
            Clearance, "/dexora/command/clearance", self._from("clearance", self.clearances), 100
        )

    def drive(self, goal, seconds, is_done, what):
        """Let a policy drive to a pose until something is true; what else stops the robot is acknowledged."""
        if "closing" in self.processes:
            self.kill("closing")
        self.let_pass(1.0)  # a policy that was silent for so long may be replaced
        begun_s = time.monotonic()
        self.start("closing", closing={"goal": [float(q) for q in goal], "seconds": float(seconds)})
        self.until(lambda: self.heard_s.get("policy", 0.0) > begun_s, 60.0, "a policy")

        def goes_on():
            done = is_done()
            if not done and self.safety[-1].owner != "policy":
                if self.safety[-1].level >= SafetyState.LEVEL_HOLD:
                    self.reset()
                self.acquire()
            return done

        self.until(goes_on, 120.0, what)

    def is_at(self, pose):
        """Whether the robot is close to a pose."""
        return np.abs(np.array(self.truth[-1].position) - pose).max() < 0.05


@pytest.fixture(scope="module")
def watched():
    robot = WatchedRobot()
    robot.start(*KINDS, **WITH)
    robot.up()
    yield robot
    robot.close()


def touches(states):
    """Pairs of the robot's bodies that touch in any of the true states."""
    model = mujoco.MjModel.from_xml_path(str(mjcf_path()))
    data, found = mujoco.MjData(model), set()
    for state in states:
        for name, position in zip(state.name, state.position, strict=True):
            data.qpos[model.joint(name).qposadr[0]] = position
        mujoco.mj_forward(model, data)
        for contact in data.contact:
            bodies = [model.body(model.geom_bodyid[geom]).name for geom in contact.geom]
            if len({name[:4] for name in bodies}) == 2:
                found.add(tuple(sorted(bodies)))
    return found


@pytest.mark.row(54)
def test_row_54_arms_driven_into_each_other(record, watched):
    robot = watched
    robot.recover()
    robot.drive(CONTRACT.home_rad, 2.0, lambda: robot.is_at(CONTRACT.home_rad), "a robot at home")
    robot.release()
    robot.forget()
    robot.clearances.clear()

    def is_stopped():
        return any(f.code == "DX-GAT-009" for message in robot.safety for f in message.faults)

    goal, seconds = meeting_pose(CONTRACT, record.rng), record.rng.uniform(0.8, 2.0)
    robot.drive(goal, seconds, is_stopped, "a stop before a collision")
    robot.let_pass(0.3)
    since_ns = onset_ns(robot.clearances)
    detection_ms, message = robot.detected("DX-GAT-009", since_ns)
    rest_ms = robot.rested(since_ns)
    assert touches(robot.truth) == set(), "the ground truth shows a touch"
    record.measured(detection_ms, rest_ms, "DX-GAT-009", f"L{message.level - 1}")
    robot.drive(CONTRACT.home_rad, 3.0, lambda: robot.is_at(CONTRACT.home_rad), "a robot that parted")


def onset_ns(answers):
    """Time of the first motion in the answers whose judgement asks for a stop [ns]."""
    asking = (a for a in answers if min(a.distance, a.ahead) < a.stop and a.ahead <= a.distance)
    return to_ns(next(asking).header.stamp)


def test_answers_come_at_fifty_hertz(watched):
    watched.recover()
    watched.clearances.clear()
    watched.let_pass(4.0)
    stamps = np.array([to_ns(one.header.stamp) for one in watched.clearances])
    assert len(stamps) >= 0.8 * 50 * 4.0
    assert np.median(np.diff(stamps)) <= 25e6


def test_stranger_cannot_tell_distances(watched):
    watched.recover()
    context = Context()
    rclpy.init(context=context, domain_id=watched.domain_id, args=[])
    stranger = Node("helpful_node", context=context)
    publisher = stranger.create_publisher(Clearance, "/dexora/command/clearance", SENSOR)
    try:
        watched.forget()
        since_ns = watched.now_ns()

        def spoken():
            publisher.publish(Clearance(distance=1.0, ahead=1.0, slow=0.02, stop=0.01))
            return any(f.code == "DX-SEC-001" for m in watched.safety for f in m.faults)

        watched.until(spoken, what="a stranger that is noticed")
        _, message = watched.detected("DX-SEC-001", since_ns)
        assert "clearance" in next(f.subject for f in message.faults if f.code == "DX-SEC-001")
    finally:
        stranger.destroy_node()
        rclpy.shutdown(context=context)
    watched.recover()


def test_killed_check_stops_the_robot_with_its_own_code(watched):
    watched.recover()
    watched.drive(CONTRACT.home_rad, 2.0, lambda: watched.safety[-1].owner == "policy", "a policy")
    watched.forget()
    since_ns = watched.kill("clearance")
    detection_ms, message = watched.detected("DX-GAT-015", since_ns)
    assert detection_ms < 600.0
    assert "clearance_node" in message.summary
    watched.let_pass(0.1)
    watched.rested(since_ns)
    assert not watched.acquire().granted
    watched.start("clearance")
    watched.until(lambda: watched.acquire().granted, 30.0, "the lease, once the check is back")
