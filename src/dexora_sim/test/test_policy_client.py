"""Pins what the player knows of the policy: what is missing, how fast it answers, every end of a run."""

import math
from types import SimpleNamespace

import pytest
from dexora_sim.policy_client_node import IDLE_STATUSES, SILENT_NS, PolicyClient

from dexora_msgs.action import RunPolicy
from dexora_msgs.msg import AgeStatistics, CommandStatus, PolicyStatus, VisualTokens
from dexora_sim import policy_client_node

WORDS = "lift the red can"


class Promise:
    """A future that is kept by hand."""

    def __init__(self):
        self._then, self._value = None, None

    def add_done_callback(self, then):
        self._then = then

    def result(self):
        return self._value

    def keep(self, value):
        self._value = value
        self._then(self)


class Goals:
    """An action client whose server does what a test says."""

    def __init__(self, *_):
        self.sent, self.is_ready = [], True

    def server_is_ready(self):
        return self.is_ready

    def send_goal_async(self, goal, feedback):
        self.sent.append((goal, feedback, Promise()))
        return self.sent[-1][2]


class Handle:
    """An accepted or a refused goal."""

    def __init__(self, accepted=True):
        self.accepted, self.cancelled, self.ended = accepted, 0, Promise()

    def cancel_goal_async(self):
        self.cancelled += 1

    def get_result_async(self):
        return self.ended

    def finish(self, **result):
        self.ended.keep(SimpleNamespace(result=RunPolicy.Result(**result)))


class Desk:
    """A policy client with everything around it, and a wall clock that is turned by hand."""

    def __init__(self, monkeypatch):
        self.now_ns, self.listeners, self.destroyed = 1, {}, []
        monkeypatch.setattr(policy_client_node, "ActionClient", Goals)
        monkeypatch.setattr(policy_client_node.time, "monotonic_ns", lambda: self.now_ns)
        node = SimpleNamespace(
            own=lambda entity: entity,
            guard=lambda callback: callback,
            create_subscription=self._listen,
            destroy_subscription=self.destroyed.append,
        )
        self.client = PolicyClient(node)
        self.client.listen()
        self.goals = self.client._goals

    def _listen(self, _type, topic, callback, _qos):
        self.listeners[topic] = callback
        return topic

    def status(self, instruction="", rate=0.0, count=1):
        message = PolicyStatus(policy_id="tiny", engine="onnx", precision="int8", steps=2)
        message.instruction, message.rate = instruction, rate
        for _ in range(count):
            self.listeners["dexora/policy/status"](message)

    def begin(self, handle=None):
        self.client.begin(WORDS, 17.0)
        handle = handle or Handle()
        self.goals.sent[-1][2].keep(handle)
        return handle

    def feedback(self, chunks):
        self.goals.sent[-1][1](SimpleNamespace(feedback=RunPolicy.Feedback(chunks=chunks)))

    def ages(self, p50, p95):
        ages = [
            AgeStatistics(leg="inference", p50=9.0),
            AgeStatistics(leg="capture_to_command", p50=p50, p95=p95),
        ]
        self.listeners["dexora/command/status"](CommandStatus(ages=ages))


@pytest.fixture
def desk(monkeypatch):
    return Desk(monkeypatch)


def test_policy_is_missing_until_it_speaks_and_sees(desk):
    assert desk.client.missing == "policy_node"
    desk.status()
    assert "first tokens" in desk.client.missing
    desk.listeners["dexora/perception/tokens"](VisualTokens())
    desk.goals.is_ready = False
    assert desk.client.missing == "policy_node"
    desk.goals.is_ready = True
    assert desk.client.missing == ""
    assert desk.destroyed == ["dexora/perception/tokens"], "tokens are large and of no further use"
    desk.now_ns += SILENT_NS + 1
    assert desk.client.missing == "policy_node"


def test_run_is_asked_for_with_words_and_time_and_ends_with_its_reason(desk):
    desk.status()
    handle = desk.begin()
    goal = desk.goals.sent[0][0]
    assert (goal.instruction, goal.timeout) == (WORDS, 17.0)
    assert desk.client.end is None
    handle.finish(reason="It lost control.", code="DX-POL-018", chunks=9)
    assert (desk.client.end.reason, desk.client.end.code) == ("It lost control.", "DX-POL-018")
    assert desk.client.pace.chunks == 9


def test_goal_that_is_not_taken_is_an_end(desk):
    desk.status()
    desk.begin(Handle(accepted=False))
    assert "took no goal" in desk.client.end.reason


def test_cancel_before_the_goal_is_accepted_is_done_when_it_is(desk):
    desk.status()
    desk.client.begin(WORDS, 17.0)
    desk.client.cancel()
    handle = Handle()
    desk.goals.sent[-1][2].keep(handle)
    assert handle.cancelled == 1
    handle.finish(reason="cancelled")
    desk.client.cancel()
    assert handle.cancelled == 1, "it has ended"


def test_pace_is_that_of_the_present_run(desk):
    desk.status()
    desk.begin()
    desk.ages(0.9, 0.9)
    assert math.isnan(desk.client.pace.age_p50_s), "of a run before"
    desk.feedback(3)
    desk.status(WORDS, rate=5.0)
    desk.ages(0.25, 0.5)
    pace = desk.client.pace
    assert (pace.chunks, pace.rate_hz, pace.age_p50_s, pace.age_p95_s) == (3, 5.0, 0.25, 0.5)
    assert desk.client.policy == {"policy": "tiny", "engine": "onnx", "precision": "int8", "steps": "2"}
    desk.begin()
    assert desk.client.pace.chunks == 0


def test_policy_that_dies_in_a_run_ends_it(desk):
    desk.status()
    desk.begin()
    desk.status(WORDS, rate=5.0)
    desk.now_ns += SILENT_NS + 1
    assert "says nothing any more" in desk.client.end.reason


def test_policy_that_was_restarted_knows_nothing_of_the_run(desk):
    desk.status()
    desk.begin()
    desk.status(WORDS)
    desk.status(count=IDLE_STATUSES - 1)
    assert desk.client.end is None
    desk.status()
    assert "started again" in desk.client.end.reason
    desk.begin()
    assert desk.client.end is None


def test_goal_that_is_accepted_after_its_run_was_given_up_is_cancelled(desk):
    desk.status()
    desk.client.begin(WORDS, 17.0)
    desk.status(count=IDLE_STATUSES)
    assert desk.client.end is not None
    handle = Handle()
    desk.goals.sent[-1][2].keep(handle)
    assert handle.cancelled == 1


def test_late_words_of_an_earlier_run_change_nothing(desk):
    desk.status()
    first = desk.begin()
    desk.begin()
    desk.goals.sent[0][1](SimpleNamespace(feedback=RunPolicy.Feedback(chunks=99)))
    first.finish(reason="late", chunks=99)
    assert desk.client.pace.chunks == 0
    assert desk.client.end is None
