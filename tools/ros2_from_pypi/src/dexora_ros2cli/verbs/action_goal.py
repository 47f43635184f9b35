"""`ros2 action send_goal`."""

from __future__ import annotations

import argparse
import threading
from typing import Any

from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from dexora_ros2cli.call import wait_for_future
from dexora_ros2cli.errors import CliError
from dexora_ros2cli.graph import full_topic_name
from dexora_ros2cli.message_in import fill, parse_values
from dexora_ros2cli.message_out import to_yaml
from dexora_ros2cli.output import echo
from dexora_ros2cli.parser import positive_float, refuse_options
from dexora_ros2cli.session import SPIN_SLICE_S, note_stop_signals, session
from dexora_ros2cli.types import load_type

ANSWER_TIMEOUT_S = 5.0
STATUS_NAMES = {
    GoalStatus.STATUS_ACCEPTED: "ACCEPTED",
    GoalStatus.STATUS_EXECUTING: "EXECUTING",
    GoalStatus.STATUS_CANCELING: "CANCELING",
    GoalStatus.STATUS_SUCCEEDED: "SUCCEEDED",
    GoalStatus.STATUS_CANCELED: "CANCELED",
    GoalStatus.STATUS_ABORTED: "ABORTED",
}


class SendGoalVerb:
    """Send an action goal."""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("action_name", help="Name of the ROS action (e.g. '/fibonacci')")
        parser.add_argument(
            "action_type", help="Type of the ROS action (e.g. 'control_msgs/action/FollowJointTrajectory')"
        )
        parser.add_argument(
            "goal", nargs="?", default="{}", help="Goal request values in YAML format (e.g. '{order: 10}')"
        )
        parser.add_argument(
            "-f", "--feedback", action="store_true", help="Echo feedback messages for the goal"
        )
        parser.add_argument(
            "-t",
            "--timeout",
            metavar="N",
            type=positive_float,
            help="Wait for N seconds for the result, then cancel",
        )
        refuse_options(parser, "--stdin")

    @staticmethod
    def main(args: argparse.Namespace) -> None:
        """Send the goal, wait for its result and print it; Ctrl-C cancels the goal before it ends."""
        action_class = load_type(args.action_type, "action")
        goal = action_class.Goal()
        fill(goal, parse_values(args.goal))
        # The middleware must outlive Ctrl-C, or the goal could not be cancelled.
        stop = note_stop_signals()
        with session(args, signals=SignalHandlerOptions.NO) as node:
            name = full_topic_name(node, args.action_name, is_service=True)
            client: Any = ActionClient(node, action_class, name)
            try:
                _run_goal(node, client, goal, args, stop)
            finally:
                client.destroy()


def _run_goal(node: Node, client: Any, goal: Any, args: argparse.Namespace, stop: threading.Event) -> None:
    echo("Waiting for an action server to become available...")
    while not client.wait_for_server(timeout_sec=SPIN_SLICE_S):
        _end_if(stop)
    echo(f"Sending goal:\n     {to_yaml(goal)}")
    sent = client.send_goal_async(goal, feedback_callback=_echo_feedback if args.feedback else None)
    # Whoever presses Ctrl-C now has a goal that may be accepted in a moment: hear the answer first.
    if not wait_for_future(node, sent, ANSWER_TIMEOUT_S):
        raise CliError(f"Failed to send goal: the server did not answer within {ANSWER_TIMEOUT_S:g} s")
    handle = sent.result()
    if not handle.accepted:
        echo("Goal was rejected.")
        return
    echo(f"Goal accepted with ID: {bytes(handle.goal_id.uuid).hex()}\n")
    result = handle.get_result_async()
    if not wait_for_future(node, result, args.timeout, stop):
        _cancel(node, handle)
        _end_if(stop)
        raise CliError(f"Timed out: no result within {args.timeout:g} s")
    answer = result.result()
    echo(f"Result:\n    {to_yaml(answer.result)}")
    echo(f"Goal finished with status: {STATUS_NAMES.get(answer.status, 'UNKNOWN')}")


def _end_if(stop: threading.Event) -> None:
    if stop.is_set():
        raise KeyboardInterrupt


def _echo_feedback(feedback: Any) -> None:
    echo(f"Feedback:\n    {to_yaml(feedback.feedback)}")


def _cancel(node: Node, handle: Any) -> None:
    """Ask the server to cancel the goal and wait for its answer."""
    echo("Canceling goal...")
    future = handle.cancel_goal_async()
    if not wait_for_future(node, future, ANSWER_TIMEOUT_S):
        raise CliError(f"Failed to cancel goal: the server did not answer within {ANSWER_TIMEOUT_S:g} s")
    if not future.result().goals_canceling:
        raise CliError("Failed to cancel goal: the server refused")
    echo("Goal canceled.")
