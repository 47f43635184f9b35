"""Pins how a source of chunks holds the lease: asks again, notices a loss, ignores what is older."""

import pytest
from dexora_core.clock import NS_PER_S
from dexora_ros.control_lease import ASK_NS, LOST_NS, ControlLease

from dexora_msgs.msg import SafetyState
from dexora_msgs.srv import RequestControl


class Future:
    """An answer that comes when the test says so."""

    def __init__(self):
        self._callbacks, self._value = [], None

    def add_done_callback(self, callback):
        self._callbacks.append(callback)

    def result(self):
        return self._value

    def answer(self, **fields):
        self._value = RequestControl.Response(**fields)
        for callback in self._callbacks:
            callback(self)


class Client:
    def __init__(self):
        self.is_ready, self.requests, self.futures = True, [], []

    def service_is_ready(self):
        return self.is_ready

    def call_async(self, request):
        self.requests.append(request)
        self.futures.append(Future())
        return self.futures[-1]


class Logger:
    def __init__(self):
        self.lines = []

    def warning(self, text):
        self.lines.append(text)


class Node:
    def __init__(self):
        self.client, self.logger, self.tell = Client(), Logger(), None

    def create_client(self, _type, name):
        assert name == "dexora/command/request_control"
        return self.client

    def create_subscription(self, _type, name, callback, _profile):
        assert name == "dexora/command/safety_state"
        self.tell = callback

    def guard(self, callback):
        return callback

    def get_name(self):
        return "policy_node"

    def get_logger(self):
        return self.logger


@pytest.fixture
def node():
    return Node()


@pytest.fixture
def losses():
    return []


@pytest.fixture
def lease(node, losses):
    made = ControlLease(node, "policy", lambda: losses.append(1))
    made.follow()
    return made


def grant(lease, node, epoch=7):
    lease.ask(NS_PER_S)
    node.client.futures[-1].answer(granted=True, epoch=epoch, owner="policy")


def test_control_is_asked_by_the_nodes_name_and_the_epoch_kept(lease, node):
    grant(lease, node)
    request = node.client.requests[0]
    assert (request.operation, request.source, request.holder) == (0, "policy", "policy_node")
    assert (lease.epoch, lease.is_settled) == (7, True)


def test_nothing_is_asked_while_the_service_is_not_there_or_control_is_held(lease, node):
    node.client.is_ready = False
    lease.ask(NS_PER_S)
    assert node.client.requests == []
    node.client.is_ready = True
    grant(lease, node)
    lease.ask(100 * NS_PER_S)
    assert len(node.client.requests) == 1


def test_refused_request_is_repeated_after_a_while_and_told_once(lease, node):
    for count in range(3):
        lease.ask(NS_PER_S + count * ASK_NS)
        lease.ask(NS_PER_S + count * ASK_NS + 1)
        node.client.futures[-1].answer(granted=False, epoch=7, owner="teleop", message="not now")
    assert len(node.client.requests) == 3
    assert node.logger.lines == ["not now"]
    assert lease.epoch is None


def test_lost_answer_is_not_waited_for_for_ever_and_not_taken_late(lease, node):
    lease.ask(NS_PER_S)
    lease.ask(NS_PER_S + LOST_NS - 1)
    assert len(node.client.requests) == 1
    lease.ask(NS_PER_S + LOST_NS)
    assert len(node.client.requests) == 2
    node.client.futures[0].answer(granted=True, epoch=3, owner="policy")
    assert lease.epoch is None
    node.client.futures[1].answer(granted=True, epoch=4, owner="policy")
    assert lease.epoch == 4


@pytest.mark.parametrize(("owner", "epoch"), [("hold", 8), ("teleop", 8), ("policy", 9)])
def test_loss_is_noticed(lease, node, losses, owner, epoch):
    grant(lease, node)
    node.tell(SafetyState(owner=owner, epoch=epoch))
    assert lease.epoch is None
    assert losses == [1]


def test_state_from_before_the_grant_is_no_loss(lease, node, losses):
    grant(lease, node)
    node.tell(SafetyState(owner="hold", epoch=6))
    node.tell(SafetyState(owner="policy", epoch=7))
    assert lease.epoch == 7
    assert losses == []


def test_given_back_lease_is_gone_at_once_and_no_loss(lease, node, losses):
    grant(lease, node)
    lease.give_back(2 * NS_PER_S)
    assert (lease.epoch, lease.is_settled) == (None, False)
    assert node.client.requests[-1].operation == RequestControl.Request.RELEASE
    node.client.futures[-1].answer(granted=True, epoch=8, owner="hold")
    node.tell(SafetyState(owner="hold", epoch=8))
    assert lease.is_settled
    assert losses == []
