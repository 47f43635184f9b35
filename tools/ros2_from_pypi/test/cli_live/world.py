"""A lifecycle node with topics of three qualities of service, parameters, a service and an action."""

import contextlib
import sys
import time

import rclpy
from control_msgs.action import FollowJointTrajectory
from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSDurabilityPolicy, QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import SetBool

PERIOD_S = 0.02
JOINTS = 36


class World(LifecycleNode):
    """Everything that the verbs look at."""

    def __init__(self):
        super().__init__("talker")
        self.count = 0
        self.chatter = self.create_publisher(String, "chatter", 10)
        self.joints = self.create_publisher(JointState, "joint_states", qos_profile_sensor_data)
        latched = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
        self.latched = self.create_publisher(String, "latched", latched)
        self.latched.publish(String(data="once"))
        gain = ParameterDescriptor(
            description="a gain", floating_point_range=[FloatingPointRange(from_value=0.0, to_value=2.0)]
        )
        self.declare_parameter("gain", 1.5, gain)
        self.declare_parameter("names", ["a", "b"])
        self.declare_parameter("limits.lower", -1)
        self.create_service(SetBool, "switch", self.switch)
        self.create_subscription(String, "commands", lambda message: None, 10)
        self.create_timer(PERIOD_S, self.talk)
        self.server = ActionServer(
            self,
            FollowJointTrajectory,
            "arm/follow_joint_trajectory",
            self.follow,
            goal_callback=self.consider,
            cancel_callback=lambda goal: CancelResponse.ACCEPT,
            callback_group=ReentrantCallbackGroup(),
        )

    def talk(self):
        self.count += 1
        self.chatter.publish(String(data=f"hello {self.count}"))
        message = JointState(name=[f"joint_{index}" for index in range(JOINTS)])
        message.position = [0.5 * index for index in range(JOINTS)]
        self.joints.publish(message)

    def switch(self, request, response):
        response.success = request.data
        response.message = "done"
        return response

    def consider(self, goal):
        return GoalResponse.ACCEPT if goal.trajectory.joint_names else GoalResponse.REJECT

    def follow(self, goal):
        """Report three steps, or go on for goal_time_tolerance seconds."""
        result = FollowJointTrajectory.Result(error_string="done")
        for index in range(max(3, 10 * goal.request.goal_time_tolerance.sec)):
            if goal.is_cancel_requested:
                goal.canceled()
                return result
            goal.publish_feedback(FollowJointTrajectory.Feedback(index=index))
            time.sleep(0.1)
        goal.succeed()
        return result


def main():
    rclpy.init()
    node = World()
    executor = MultiThreadedExecutor(3)
    executor.add_node(node)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException, RuntimeError):
        executor.spin()


main()
