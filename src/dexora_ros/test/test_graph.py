"""Who is on a topic: publishers by id and node, doubles of a node, quality of service that cannot meet."""

import os
import time

import pytest
import rclpy
from dexora_ros.direct_subscription import DirectSubscription
from dexora_ros.graph import count_of_node, publishers_of, unmet_publishers, unmet_subscriptions
from std_msgs.msg import Header

from dexora_ros import qos


@pytest.fixture
def node(ros, request):
    # A name and a topic of its own: discovery may still know the nodes of the test before.
    node = rclpy.create_node(f"{request.node.name}_{os.getpid()}", start_parameter_services=False)
    yield node
    node.destroy_node()


@pytest.fixture
def topic(node):
    return f"/{node.get_name()}/sample"


def test_publisher_is_listed_with_its_node_and_the_id_that_its_messages_carry(node, topic):
    publisher = node.create_publisher(Header, topic, qos.STATE)
    subscription = DirectSubscription(node, Header, topic, qos.STATE)
    (endpoint,) = publishers_of(node, topic)
    assert endpoint.node == node.get_fully_qualified_name()
    publisher.publish(Header())
    deadline_s = time.monotonic() + 5.0
    while (taken := subscription.take()) is None:
        assert time.monotonic() < deadline_s, "no message arrived within 5 s"
    assert taken.publisher == endpoint.gid


def test_only_node_of_its_name_counts_one(node):
    assert count_of_node(node) == 1


def test_second_node_of_the_same_name_counts_two(node):
    second = rclpy.create_node(node.get_name(), start_parameter_services=False)
    assert count_of_node(node) == 2
    second.destroy_node()


def test_best_effort_publisher_cannot_reach_a_reliable_subscription_and_is_named(node, topic):
    node.create_publisher(Header, topic, qos.SENSOR)
    (reason,) = unmet_publishers(node, topic, qos.STATE)
    name = node.get_fully_qualified_name()
    assert reason == f"{name} publishes {topic} with reliability best effort where reliable is wanted"
    assert unmet_publishers(node, topic, qos.SENSOR) == []


def test_late_joiner_that_wants_the_last_message_cannot_hear_a_volatile_publisher(node, topic):
    node.create_subscription(Header, topic, lambda _: None, qos.LATCHED)
    (reason,) = unmet_subscriptions(node, topic, qos.STATE)
    name = node.get_fully_qualified_name()
    assert reason == f"{name} listens to {topic} with durability volatile where transient local is wanted"
    assert unmet_subscriptions(node, topic, qos.LATCHED) == []
