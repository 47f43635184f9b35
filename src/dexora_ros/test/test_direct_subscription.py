"""Subscriptions read by hand: order, newest only, size limit, messages that are only noticed."""

import time

import pytest
from dexora_ros.direct_subscription import DirectSubscription, detach_clock
from rclpy.node import Node
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock
from std_msgs.msg import String

from dexora_ros import qos

from .sample_node import SampleNode

TOPIC = "/direct_sample"


@pytest.fixture
def node(ros):
    node = SampleNode()
    yield node
    node.destroy_node()


def wait_for(read):
    """What `read` finds, asked again and again for some seconds."""
    deadline_s = time.monotonic() + 5.0
    while (found := read()) is None:
        assert time.monotonic() < deadline_s, "no message arrived within 5 s"
    return found


def test_empty_subscription_returns_none_at_once(node):
    subscription = DirectSubscription(node, String, TOPIC, qos.EVENTS)
    assert subscription.take() is None
    assert subscription.newest() is None


def test_messages_are_taken_oldest_first(node):
    publisher = node.create_publisher(String, TOPIC, qos.EVENTS)
    subscription = DirectSubscription(node, String, TOPIC, qos.EVENTS)
    for word in ("first", "second"):
        publisher.publish(String(data=word))
    assert wait_for(subscription.take).message.data == "first"
    assert wait_for(subscription.take).message.data == "second"


def test_newest_drops_what_came_before_it(node):
    publisher = node.create_publisher(String, TOPIC, qos.STATE)
    subscription = DirectSubscription(node, String, TOPIC, qos.STATE)
    for number in range(5):
        publisher.publish(String(data=str(number)))
    while wait_for(subscription.newest).message.data != "4":
        pass
    assert subscription.newest() is None


def test_message_above_the_size_limit_is_measured_but_not_decoded(node):
    publisher = node.create_publisher(String, TOPIC, qos.EVENTS)
    subscription = DirectSubscription(node, String, TOPIC, qos.EVENTS, max_bytes=100)
    publisher.publish(String(data="x" * 200))
    publisher.publish(String(data="short"))
    large = wait_for(subscription.take)
    assert (large.message, large.size > 200) == (None, True)
    assert wait_for(subscription.take).message.data == "short"


def test_without_decoding_only_the_arrival_is_told(node):
    publisher = node.create_publisher(String, TOPIC, qos.EVENTS)
    subscription = DirectSubscription(node, String, TOPIC, qos.EVENTS, decode=False)
    publisher.publish(String(data="x"))
    assert wait_for(subscription.take).message is None


def test_subscription_leaves_no_work_to_an_executor(node):
    DirectSubscription(node, String, TOPIC, qos.EVENTS)
    own = next(found for found in node.subscriptions if found.topic_name == TOPIC)
    assert not own.callback_group.can_execute(own)


def node_on(topic, use_sim_time=True):
    arguments = ["--ros-args", "-r", f"/clock:={topic}"]
    overrides = [Parameter("use_sim_time", value=use_sim_time)]
    return Node("on_its_clock", cli_args=arguments, parameter_overrides=overrides)


@pytest.mark.parametrize("topic", ["/clock", "/robot2/clock"])
def test_clock_is_read_by_hand_wherever_it_is_published(ros, topic):
    node = node_on(topic)
    try:
        read = detach_clock(node)
        publisher = node.create_publisher(Clock, topic, qos.STATE)
        message = Clock()
        message.clock.sec = 7
        publisher.publish(message)
        assert wait_for(read) == 7_000_000_000
        assert node.get_clock().now().nanoseconds == 7_000_000_000
    finally:
        node.destroy_node()


def test_node_on_its_own_time_has_no_clock_to_read(ros):
    node = node_on("/clock", use_sim_time=False)
    try:
        assert detach_clock(node) is None
    finally:
        node.destroy_node()
