"""Pins what is acknowledged between two episodes: holds whose cause has gone, and nothing that is latched."""

from types import SimpleNamespace

import pytest
from dexora_sim.policy_scene_node import MOVED_FAULT, POSE_FAULTS, PolicySceneChange
from std_srvs.srv import Trigger

from dexora_msgs.msg import Fault, SafetyState
from dexora_msgs.srv import ResetFault

MS = 1_000_000
LEVELS = {
    "DX-GAT-007": SafetyState.LEVEL_HOLD,
    "DX-GAT-009": SafetyState.LEVEL_SOFT_STOP,
    "DX-GAT-013": SafetyState.LEVEL_SOFT_STOP,
    "DX-FRS-002": SafetyState.LEVEL_HOLD,
    "DX-GRP-001": SafetyState.LEVEL_HOLD,
    "DX-GRP-005": SafetyState.LEVEL_SOFT_STOP,
    "DX-GAT-012": SafetyState.LEVEL_LATCHED_HOLD,
    "DX-HWD-001": SafetyState.LEVEL_POWER_REQUEST,
}


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
        self.calls, self.acknowledged, self.warnings = [], [], []
        self.lease = SimpleNamespace(epoch=None, is_settled=True, ask=self._grant, give_back=self._give_back)
        node = SimpleNamespace(
            create_client=self._client,
            get_name=lambda: "policy_player_node",
            get_logger=lambda: SimpleNamespace(warning=self.warnings.append),
        )
        self.change = PolicySceneChange(node, "twin_node", self.lease)
        self.tell()

    def tell(self):
        self.change.see(SafetyState(faults=[Fault(code=code, level=LEVELS[code]) for code in self.stops]))

    def _grant(self, _now_ns):
        self.stops = [code for code in self.stops if code != "DX-GRP-005"]
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
            self.stays.difference_update(POSE_FAULTS)
            self.stops.append(MOVED_FAULT)
        return Trigger.Response(success=True)

    def _reset(self, request):
        self.acknowledged.append((request.operator_name, tuple(request.codes)))
        self.stops = [code for code in self.stops if code not in request.codes or code in self.stays]
        return ResetFault.Response(success=not self.stops, remaining=self.stops, message="still there")

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


@pytest.mark.parametrize("code", [*POSE_FAULTS, "DX-FRS-002"])
def test_hold_whose_cause_has_gone_is_acknowledged_by_name(code):
    world = World([code])
    world.play()
    assert not world.change.is_running
    assert world.acknowledged == [("policy_player_node", (code,))]
    assert world.calls.count("twin_node/reset") == 1


def test_soft_stop_beside_it_ends_with_the_lease_and_moves_nothing():
    world = World(["DX-GAT-007", "DX-GRP-005"])
    world.play()
    assert not world.change.is_running
    assert world.acknowledged == [("policy_player_node", ("DX-GAT-007",))]
    assert world.calls.count("twin_node/reset") == 1


def test_cause_that_stays_as_long_as_the_robot_does_ends_by_putting_it_elsewhere_first():
    world = World(["DX-GAT-009"], stays_until_moved=["DX-GAT-009"])
    world.play()
    assert not world.change.is_running
    assert world.calls[:3] == ["dexora/command/reset_fault", "twin_node/reset", "dexora/command/reset_fault"]
    assert world.calls[3:] == ["dexora/command/let_go", "twin_node/reset", "dexora/command/rebase"]
    assert world.acknowledged[-1][1] == ("DX-GAT-009", MOVED_FAULT)


@pytest.mark.parametrize("code", ["DX-HWD-001", MOVED_FAULT])
def test_latched_hold_waits_for_an_operator(code):
    world = World([code])
    world.play()
    assert world.change.is_running
    assert world.acknowledged == []
    assert world.calls == []


def test_hold_that_keeps_its_cause_is_tried_again_now_and_then_and_told():
    world = World(["DX-GRP-001"], stays_until_moved=["DX-GRP-001"])
    world.play(steps=1500)
    assert world.change.is_running
    assert len(world.acknowledged) == 3, "12 s"
    assert world.warnings == ["the next episode has to wait: still there"] * 3
    assert "twin_node/reset" not in world.calls
    world.stays.clear()
    for step in range(1500, 2400):
        world.change.advance(step * 8 * MS)
        world.tell()
        if not world.change.is_running:
            return
    raise AssertionError("it went on waiting after its cause had gone")
