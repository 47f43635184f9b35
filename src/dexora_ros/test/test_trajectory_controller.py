"""Pins the controller's ROS side: topic, action, state, codes that reach the client, cancel, preemption.

Time is moved by hand, 10 ms per turn of the executor, on both executors that a node may be spun with.
"""

import math
from dataclasses import dataclass

import pytest
import rclpy
from action_msgs.msg import GoalStatus
from builtin_interfaces.msg import Duration
from control_msgs.action import FollowJointTrajectory
from control_msgs.msg import JointComponentTolerance, JointTolerance, JointTrajectoryControllerState
from dexora_core.clock import NS_PER_MS, NS_PER_S, ManualClock
from dexora_core.trajectory_execution import ExecutionSettings, GroupController
from dexora_core.trajectory_execution.testing import HOME, LIMITS, NAMES, START_NS, FakeJoints
from dexora_ros.executor_choice import events_executor, single_threaded_executor
from dexora_ros.managed_node import ManagedNode
from dexora_ros.qos import COMMAND, STATE
from dexora_ros.stamps import from_ns
from dexora_ros.trajectory_controller import ControllerOptions, TrajectoryController
from rclpy.action import ActionClient
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

GOAL = [0.3, -0.4, 1.5]


@dataclass(frozen=True)
class NoParameters:
    """Parameters of the test node: none."""


class ControllerNode(ManagedNode[NoParameters]):
    """A node with one controller on fake joints."""

    def __init__(self, clock, **options):
        super().__init__("joints_node", NoParameters)
        self.clock, self.options, self.joints, self.reason = clock, options, FakeJoints(), ""

    def on_setup(self, parameters):
        settings = ExecutionSettings(stopped_velocity_tolerance_rad_s=0.0)
        group = GroupController(self.joints, LIMITS, settings, START_NS)
        options = ControllerOptions("test_controller", **self.options)
        self.controller = TrajectoryController(self, group, options, self.clock.now_ns, lambda: self.reason)


class Bench:
    """The node, a client beside it, and time that moves by hand."""

    def __init__(self, context_executor, **options):
        self.clock = ManualClock(START_NS)
        self.node = ControllerNode(self.clock, **options)
        assert self.node.bring_up()
        self.client_node = Node("client")
        self.states, self.feedback = [], []
        self.client_node.create_subscription(
            JointTrajectoryControllerState, "test_controller/controller_state", self.states.append, STATE
        )
        self.publisher = self.client_node.create_publisher(
            JointTrajectory, "test_controller/joint_trajectory", COMMAND
        )
        self.action = ActionClient(
            self.client_node, FollowJointTrajectory, "test_controller/follow_joint_trajectory"
        )
        self.executor = context_executor
        for node in (self.node, self.client_node):
            self.executor.add_node(node)
        # An announcement that a busy machine has lost is repeated after seconds.
        self.until(lambda: self.publisher.get_subscription_count() and self.action.server_is_ready(), 4000)

    def until(self, condition, turns=400):
        for _ in range(turns):
            if condition():
                return
            self.turn()
        raise AssertionError("the awaited condition never came true")

    def turn(self, times=1):
        for _ in range(times):
            for _ in range(4):
                self.executor.spin_once(timeout_sec=0.002)
            self.clock.advance(10 * NS_PER_MS)
            self.node.controller.update(self.clock.now_ns())
            assert self.node.fault is None, self.node.fault.traceback_text

    def send(self, goal):
        sent = self.action.send_goal_async(goal, lambda message: self.feedback.append(message.feedback))
        self.until(sent.done)
        handle = sent.result()
        return handle, handle.get_result_async() if handle.accepted else None

    def finish(self, goal):
        _, result = self.send(goal)
        self.until(result.done)
        return result.result()

    def close(self):
        self.node.controller.close("the node goes down")
        self.turn(5)
        for node in (self.node, self.client_node):
            self.executor.remove_node(node)
            node.destroy_node()


@pytest.fixture(params=[events_executor, single_threaded_executor])
def make_bench(ros, request):

    benches = []
    executor = request.param(rclpy.get_default_context())

    def make(**options):
        benches.append(Bench(executor, **options))
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()
    executor.shutdown()


def trajectory(positions, seconds=0.5, names=NAMES, stamp_ns=0, velocities=()):
    message = JointTrajectory(joint_names=list(names))
    message.header.stamp = from_ns(stamp_ns)
    whole, rest = divmod(round(seconds * NS_PER_S), NS_PER_S)
    message.points = [
        JointTrajectoryPoint(
            positions=[float(p) for p in positions],
            velocities=[float(v) for v in velocities],
            time_from_start=Duration(sec=whole, nanosec=rest),
        )
    ]
    return message


def goal_of(message, **bounds):
    return FollowJointTrajectory.Goal(trajectory=message, **bounds)


def test_action_reaches_the_goal_with_feedback_and_state(make_bench):
    bench = make_bench()
    answer = bench.finish(goal_of(trajectory(GOAL)))
    assert answer.status == GoalStatus.STATUS_SUCCEEDED
    assert (answer.result.error_code, answer.result.error_string) == (0, "goal reached")
    assert bench.node.joints.position.tolist() == pytest.approx(GOAL)
    assert bench.feedback[0].joint_names == list(NAMES)
    assert len(bench.feedback[0].desired.positions) == 3
    assert bench.states[-1].joint_names == list(NAMES)
    assert bench.states[-1].output.positions.tolist() == pytest.approx(GOAL)


def test_topic_is_executed(make_bench):
    bench = make_bench()
    bench.publisher.publish(trajectory(GOAL))
    bench.until(lambda: bench.node.joints.position.tolist() == pytest.approx(GOAL))


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        (trajectory(GOAL, names=("a", "b", "x")), -2, "unknown x; missing c"),
        (trajectory([*GOAL, 0.0]), -1, "4 positions for 3 joints"),
        (trajectory([0.0] * 35, names=[f"j{k}" for k in range(35)]), -2, "35 joint names do not match"),
        (trajectory([0.0, math.nan, 1.0]), -1, "positions of b at point 0: nan is not a finite number"),
        (trajectory([5.0, 0.0, 1.0]), -1, "outside [-1.0000, 1.0000]"),
        (trajectory(GOAL, stamp_ns=1), -3, "ended"),
        (JointTrajectory(joint_names=list(NAMES)), -1, "needs 1 to 10000 points, this one has 0"),
        (trajectory(GOAL, velocities=(0.1, 0.0, 0.0)), -1, "must end at rest"),
    ],
)
def test_bad_goal_reaches_the_client_as_code_and_sentence(make_bench, message, code, words):
    bench = make_bench()
    answer = bench.finish(goal_of(message))
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert answer.result.error_code == code
    assert words in answer.result.error_string
    assert bench.node.joints.position.tolist() == HOME.tolist()


def test_bad_goal_is_rejected_where_that_is_asked_for(make_bench):
    bench = make_bench(invalid_goals="reject")
    handle, _ = bench.send(goal_of(trajectory([5.0, 0.0, 1.0])))
    assert not handle.accepted
    assert bench.finish(goal_of(trajectory(GOAL))).status == GoalStatus.STATUS_SUCCEEDED


def test_bad_topic_message_moves_nothing_and_is_counted(make_bench):
    bench = make_bench()
    bench.publisher.publish(trajectory([0.0, math.nan, 1.0]))
    bench.until(lambda: bench.node.controller.check().values["refused trajectories"] == "1")
    bench.turn(20)
    assert "INVALID_GOAL" in bench.node.controller.check().values["last refusal"]
    assert bench.node.joints.position.tolist() == HOME.tolist()


def test_cancel_stops_and_reports_cancelled(make_bench):
    bench = make_bench()
    handle, result = bench.send(goal_of(trajectory(GOAL, 5.0)))
    bench.turn(20)
    cancel = handle.cancel_goal_async()
    bench.until(lambda: cancel.done() and result.done())
    assert result.result().status == GoalStatus.STATUS_CANCELED
    assert "cancelled" in result.result().result.error_string
    bench.turn(20)
    stopped = bench.node.joints.position.tolist()
    bench.turn(20)
    assert bench.node.joints.position.tolist() == stopped
    assert abs(stopped[0] - HOME[0]) < 0.1


def test_newer_goal_aborts_the_older(make_bench):
    bench = make_bench()
    _, first = bench.send(goal_of(trajectory(GOAL, 5.0)))
    bench.turn(10)
    assert bench.finish(goal_of(trajectory(HOME, 0.3))).status == GoalStatus.STATUS_SUCCEEDED
    assert first.done()
    assert first.result().status == GoalStatus.STATUS_ABORTED
    assert "replaced" in first.result().result.error_string


def test_path_tolerance_aborts_with_its_code(make_bench):
    bench = make_bench()
    bench.node.joints.write = lambda position: None
    bounds = [JointTolerance(name="c", position=0.05)]
    answer = bench.finish(goal_of(trajectory(GOAL, 1.0), path_tolerance=bounds))
    assert answer.result.error_code == FollowJointTrajectory.Result.PATH_TOLERANCE_VIOLATED
    assert "tolerance violated by c" in answer.result.error_string


def test_goal_time_tolerance_aborts_with_its_code(make_bench):
    bench = make_bench()
    bench.node.joints.write = lambda position: None
    bounds = [JointTolerance(name="c", position=0.05)]
    limit = Duration(nanosec=200_000_000)
    answer = bench.finish(goal_of(trajectory(GOAL, 0.2), goal_tolerance=bounds, goal_time_tolerance=limit))
    assert answer.result.error_code == FollowJointTrajectory.Result.GOAL_TOLERANCE_VIOLATED


def test_blocked_controller_refuses_with_the_reason(make_bench):
    bench = make_bench()
    bench.node.reason = "the emergency stop is pressed"
    answer = bench.finish(goal_of(trajectory(GOAL)))
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert answer.result.error_string == "the emergency stop is pressed"


def test_multi_dof_goal_is_refused(make_bench):
    bench = make_bench()
    goal = goal_of(trajectory(GOAL))
    goal.component_goal_tolerance.append(JointComponentTolerance())
    assert "not supported" in bench.finish(goal).result.error_string


def test_dead_hardware_aborts_the_goal(make_bench):
    bench = make_bench()
    _, result = bench.send(goal_of(trajectory(GOAL, 5.0)))
    bench.turn(10)
    bench.node.joints.is_dead = True
    bench.until(result.done)
    assert "no answer on the bus" in result.result().result.error_string
    assert "no answer" in bench.node.controller.check().message
