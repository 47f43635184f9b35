"""Who is on a topic: publishers by id and node, doubles of a node, quality of service that cannot meet."""

import time

import pytest
from dexora_ros.direct_subscription import DirectSubscription
from dexora_ros.graph import count_of_node, publishers_of, unmet_publishers, unmet_subscriptions
from std_msgs.msg import Header

from dexora_ros import qos

from .sample_node import SampleNode

TOPIC = "/graph_sample"


@pytest.fixture
def node(ros):
    node = SampleNode()
    yield node
    node.destroy_node()


def test_publisher_is_listed_with_its_node_and_the_id_that_its_messages_carry(node):
    publisher = node.create_publisher(Header, TOPIC, qos.STATE)
    subscription = DirectSubscription(node, Header, TOPIC, qos.STATE)
    (endpoint,) = publishers_of(node, TOPIC)
    assert endpoint.node == "/sample_node"
    publisher.publish(Header())
    deadline_s = time.monotonic() + 5.0
    while (taken := subscription.take()) is None:
        assert time.monotonic() < deadline_s, "no message arrived within 5 s"
    assert taken.publisher == endpoint.gid


def test_only_node_of_its_name_counts_one(node):
    assert count_of_node(node) == 1


def test_second_node_of_the_same_name_counts_two(node):
    second = SampleNode()
    assert count_of_node(node) == 2
    second.destroy_node()


def test_best_effort_publisher_cannot_reach_a_reliable_subscription_and_is_named(node):
    node.create_publisher(Header, TOPIC, qos.SENSOR)
    (reason,) = unmet_publishers(node, TOPIC, qos.STATE)
    assert reason == f"/sample_node publishes {TOPIC} with reliability best effort where reliable is wanted"
    assert unmet_publishers(node, TOPIC, qos.SENSOR) == []


def test_late_joiner_that_wants_the_last_message_cannot_hear_a_volatile_publisher(node):
    node.create_subscription(Header, TOPIC, lambda _: None, qos.LATCHED)
    (reason,) = unmet_subscriptions(node, TOPIC, qos.STATE)
    assert (
        reason == f"/sample_node listens to {TOPIC} with durability volatile where transient local is wanted"
    )
    assert unmet_subscriptions(node, TOPIC, qos.LATCHED) == []
