"""The thread of the bottle: it rises as it turns, lets go at its end, and needs a hand on the bottle."""

from __future__ import annotations

import math

import numpy as np
import pytest
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks.bottle import (
    PITCH_M_PER_RAD,
    RISE_JOINT,
    SEAT_M,
    THREAD_END_RAD,
    THREAD_FRICTION_NM,
    TURN_JOINT,
    WELD,
)


class Bench:
    """The bottle on the table with torques in place of hands."""

    def __init__(self, twin, randomisation=None) -> None:
        self.twin = twin
        twin.reset(0, randomisation=randomisation or Randomisation.off())
        self.bottle, self.cap = twin.model.body("bottle").id, twin.model.body("cap").id
        self.weld = twin.model.equality(WELD).id
        twin.data.xfrc_applied[:] = 0.0
        twin.step(100)

    def twist(self, torque_nm: float, seconds: float, *, is_held: bool) -> None:
        """Turn the cap, with or without a hand that holds the bottle; stop when the thread ends."""
        force = self.twin.data.xfrc_applied
        for _ in range(round(seconds / 0.01)):
            on = float(self.is_on)
            force[self.cap, 5] = torque_nm * on
            force[self.bottle, 5] = -torque_nm * on * is_held
            self.twin.step(5)

    @property
    def is_on(self) -> bool:
        return bool(self.twin.data.eq_active[self.weld])

    def joint(self, name: str) -> float:
        return self.twin.world().joints[name]


def test_closed_cap_sits_on_its_seat(twins):
    world = Bench(twins("open_bottle")).twin.world()
    gap = world.objects["cap"].position - world.objects["bottle"].position
    np.testing.assert_allclose(gap, (0.0, 0.0, SEAT_M), atol=0.0012)


@pytest.mark.parametrize("level", ["train", "ood"])
def test_cap_of_any_size_stays_where_it_is_put(twins, level):
    twin = twins("open_bottle")
    for seed in range(6):
        twin.reset(seed, randomisation=Randomisation.off().but(size=level, mass=level))
        before = twin.world().objects
        twin.step(150)
        after = twin.world().objects
        gap = [world["cap"].position - world["bottle"].position for world in (before, after)]
        np.testing.assert_allclose(*gap, atol=4e-4)


def test_less_than_the_friction_does_not_turn_it(twins):
    bench = Bench(twins("open_bottle"))
    bench.twist(0.8 * THREAD_FRICTION_NM, 1.0, is_held=True)
    assert abs(bench.joint(TURN_JOINT)) < 0.02


def test_turning_lifts_the_cap_by_its_pitch(twins):
    bench = Bench(twins("open_bottle"))
    while bench.joint(TURN_JOINT) < 2.0:
        bench.twist(1.3 * THREAD_FRICTION_NM, 0.01, is_held=True)
    rise = bench.joint(RISE_JOINT)
    assert rise == pytest.approx(PITCH_M_PER_RAD * bench.joint(TURN_JOINT), abs=4e-4)
    assert bench.is_on


def test_cap_comes_off_after_more_than_half_a_turn(twins):
    bench = Bench(twins("open_bottle"))
    bench.twist(1.5 * THREAD_FRICTION_NM, 2.0, is_held=True)
    assert not bench.is_on
    assert bench.joint(TURN_JOINT) >= THREAD_END_RAD > math.pi
    bench.twin.data.xfrc_applied[bench.cap, 2] = 0.6  # twice its weight
    bench.twin.step(150)
    world = bench.twin.world()
    assert world.objects["cap"].position[2] - world.objects["bottle"].position[2] > SEAT_M + 0.05


def test_pulling_does_not_take_a_closed_cap_off(twins):
    bench = Bench(twins("open_bottle"))
    bench.twin.data.xfrc_applied[bench.cap, 2] = 2.0
    bench.twin.step(250)
    world = bench.twin.world()
    gap = world.objects["cap"].position[2] - world.objects["bottle"].position[2]
    assert gap == pytest.approx(SEAT_M, abs=0.003)


def test_bottle_that_nobody_holds_turns_with_its_cap(twins):
    bench = Bench(twins("open_bottle"))
    bench.twist(0.9 * THREAD_FRICTION_NM, 0.15, is_held=False)
    assert abs(bench.joint(TURN_JOINT)) < 0.05
    assert bench.twin.world().objects["bottle"].rotation[1, 0] > 0.1


def test_reset_closes_the_bottle_again(twins):
    bench = Bench(twins("open_bottle"))
    bench.twist(1.5 * THREAD_FRICTION_NM, 2.0, is_held=True)
    bench.twin.reset(1)
    assert bench.is_on
    assert bench.joint(TURN_JOINT) == 0.0
