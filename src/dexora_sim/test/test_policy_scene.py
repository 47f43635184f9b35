"""Pins what is acknowledged between two episodes: what a policy's motion led to, and nothing else."""

from types import SimpleNamespace

import pytest
from dexora_sim.policy_scene_node import MOTION_FAULTS, MOVED_FAULT, PolicySceneChange
from std_srvs.srv import Trigger

from dexora_msgs.msg import Fault, SafetyState
from dexora_msgs.srv import ResetFault

MS = 1_000_000


class Answered:
    """A future that has its answer."""

    def __init__(self, answer):
        self._answer = answer

    def done(self):
        return True

    def result(self):
        return self._answer


class World:
    """The services of command node and twin, and the lease, as a player sees them."""

    def __init__(self, stops=(), stays_until_moved=()):
        self.stops, self.stays = list(stops), set(stays_until_moved)
        self.calls, self.acknowledged = [], []
        self.lease = SimpleNamespace(epoch=None, is_settled=True, ask=self._grant, give_back=self._give_back)
        node = SimpleNamespace(
            create_client=self._client,
            get_name=lambda: "policy_player_node",
            get_logger=lambda: SimpleNamespace(warning=lambda text: None),
        )
        self.change = PolicySceneChange(node, "twin_node", self.lease)
        self.tell()

    def tell(self):
        level = SafetyState.LEVEL_HOLD
        self.change.see(SafetyState(faults=[Fault(code=code, level=level) for code in self.stops]))

    def _grant(self, _now_ns):
        if not self.stops:
            self.lease.epoch = 1

    def _give_back(self, _now_ns):
        self.lease.epoch = None

    def _client(self, _type, name):
        def call(request):
            self.calls.append(name)
            return Answered(self._reset(request) if name.endswith("reset_fault") else self._trigger(name))

        return SimpleNamespace(service_is_ready=lambda: True, call_async=call)

    def _trigger(self, name):
        if name == "twin_node/reset" and self.stops:
            self.stays.clear()
            self.stops.append(MOVED_FAULT)
        return Trigger.Response(success=True)

    def _reset(self, request):
        self.acknowledged.append((request.operator_name, tuple(request.codes)))
        self.stops = [code for code in self.stops if code not in request.codes or code in self.stays]
        return ResetFault.Response(success=not self.stops)

    def play(self, steps=400):
        self.change.begin()
        for step in range(steps):
            if not self.change.is_running:
                return
            self.change.advance(step * 8 * MS)
            self.tell()


def test_healthy_robot_is_brought_to_the_next_scene_without_an_operator():
    world = World()
    world.play()
    assert not world.change.is_running
    assert world.calls == ["dexora/command/let_go", "twin_node/reset", "dexora/command/rebase"]


@pytest.mark.parametrize("code", MOTION_FAULTS)
def test_what_a_motion_led_to_is_acknowledged_by_name(code):
    world = World([code])
    world.play()
    assert not world.change.is_running
    assert world.acknowledged == [("policy_player_node", (code,))]
    assert world.calls.count("twin_node/reset") == 1


def test_cause_that_stays_as_long_as_the_robot_does_ends_by_putting_it_elsewhere_first():
    world = World(["DX-GAT-009"], stays_until_moved=["DX-GAT-009"])
    world.play()
    assert not world.change.is_running
    assert world.calls[:3] == ["dexora/command/reset_fault", "twin_node/reset", "dexora/command/reset_fault"]
    assert world.calls[3:] == ["dexora/command/let_go", "twin_node/reset", "dexora/command/rebase"]
    assert world.acknowledged[-1][1] == ("DX-GAT-009", MOVED_FAULT)


@pytest.mark.parametrize("code", ["DX-HWD-001", "DX-FRS-017", "DX-GRP-001", MOVED_FAULT])
def test_what_is_no_matter_of_motion_waits_for_an_operator(code):
    world = World([code])
    world.play()
    assert world.change.is_running
    assert world.acknowledged == []
    assert world.calls == []


def test_fault_that_stops_nothing_is_not_acknowledged():
    world = World()
    world.change.see(SafetyState(faults=[Fault(code="DX-GAT-009", level=SafetyState.LEVEL_DEGRADE)]))
    world.tell = lambda: None
    world.play()
    assert world.acknowledged == []
