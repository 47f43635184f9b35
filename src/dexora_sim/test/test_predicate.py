"""Staged predicates: order of stages, holding times, failures that stay."""

from __future__ import annotations

import pytest
from dexora_sim.tasks import Stage, StagedPredicate
from dexora_sim.world import WorldState


def at(time_s: float, **joints: float) -> WorldState:
    return WorldState(time_s, {}, {}, joints=joints)


def is_on(name: str):
    return lambda world: world.joints.get(name, 0.0) > 0.0


def make(hold_s: float = 0.0) -> StagedPredicate:
    stages = (Stage("first", is_on("a")), Stage("second", is_on("b"), hold_s))
    return StagedPredicate(stages, lambda world: "it broke" if world.joints.get("broken") else "")


def test_stages_in_order_add_up_to_success():
    judge = make()
    assert judge.update(at(0.0)).score == 0.0
    first = judge.update(at(0.1, a=1))
    assert (first.stages, first.score, first.is_success) == (("first",), 0.5, False)
    second = judge.update(at(0.2, b=1))
    assert (second.stages, second.score, second.is_success) == (("first", "second"), 1.0, True)


def test_later_stage_before_the_earlier_one_does_not_count():
    assert make().update(at(0.0, b=1)).stages == ()


def test_several_stages_may_be_reached_at_once():
    assert make().update(at(0.0, a=1, b=1)).is_success


def test_hold_must_last_without_a_break():
    judge = make(hold_s=1.0)
    judge.update(at(0.0, a=1))
    for time_s in (0.1, 0.6, 1.0):
        assert not judge.update(at(time_s, b=1)).is_success
    judge.update(at(1.05))
    assert not judge.update(at(1.1, b=1)).is_success
    assert not judge.update(at(2.05, b=1)).is_success
    assert judge.update(at(2.1, b=1)).is_success


def test_hold_summed_from_steps_of_50_ms_is_not_a_step_late():
    judge = make(hold_s=1.0)
    judge.update(at(0.0, a=1))
    time_s, steps = 0.0, 0
    while not judge.update(at(time_s, b=1)).is_success:
        time_s += 0.05
        steps += 1
    assert steps == 20


def test_stage_reached_stays_reached():
    judge = make()
    judge.update(at(0.0, a=1))
    assert judge.update(at(0.1)).stages == ("first",)


@pytest.mark.parametrize("later", [{"a": 1, "b": 1}, {}])
def test_failure_ends_the_episode_and_says_why(later):
    judge = make()
    judge.update(at(0.0, a=1))
    failed = judge.update(at(0.1, a=1, b=1, broken=1))
    assert (failed.failure, failed.is_success, failed.stages) == ("it broke", False, ("first",))
    assert judge.update(at(0.2, **later)) == failed


def test_success_is_not_taken_back():
    judge = make()
    judge.update(at(0.0, a=1, b=1))
    assert judge.update(at(0.1, broken=1)).is_success
