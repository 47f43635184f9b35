"""The held-out variant of `lift`: the thing changes, not the task, and an expert still does it."""

import numpy as np
import pytest
from dexora_sim.env import DexoraEnv, EnvConfig
from dexora_sim.experts import make_expert
from dexora_sim.experts.demonstration import demonstrate
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import COLOURS, make_task
from dexora_sim.tasks.furniture import TABLE_TOP_M
from dexora_sim.tasks.lift import CAN_HEIGHT_M
from dexora_sim.tasks.lift_variant import FOOT_HEIGHT_M, FOOT_SIDE_M, NECK_HEIGHT_M, NECK_RADIUS_M
from dexora_sim.tasks.placing import CLEARANCE_M


def test_same_seed_asks_for_the_same_lift_of_another_can():
    plain, variant = make_task("lift"), make_task("lift_variant")
    for seed in range(20):
        one, other = (task.episode(seed, Randomisation.train()) for task in (plain, variant))
        assert (other.goal.hand, other.goal.colour) == (one.goal.hand, one.goal.colour)
        assert other.placements["can"].x_m == one.placements["can"].x_m
        assert other.instruction == one.instruction.replace(" can", " footed can")


def test_can_stands_on_a_foot_that_no_hand_spans_and_the_seed_turns(twins):
    twin = twins("lift_variant")
    twin.reset(0, randomisation=Randomisation.off())
    neck, foot = (int(twin.model.geom(name).id) for name in ("can", "foot"))
    half_foot = [FOOT_SIDE_M / 2, FOOT_SIDE_M / 2, FOOT_HEIGHT_M / 2]
    assert twin.model.geom_size[foot].tolist() == pytest.approx(half_foot)
    assert twin.model.geom_size[neck][:2].tolist() == pytest.approx([NECK_RADIUS_M, NECK_HEIGHT_M / 2])
    bottom_m = twin.world().objects["can"].position[2] - NECK_HEIGHT_M / 2 - FOOT_HEIGHT_M
    assert bottom_m == pytest.approx(TABLE_TOP_M, abs=2 * CLEARANCE_M)
    assert FOOT_HEIGHT_M > CAN_HEIGHT_M / 2, "a hand that grasps as in `lift` would not meet the foot"
    task = make_task("lift_variant")
    turns = [task.episode(seed, Randomisation.train()).placements["can"].yaw_rad for seed in range(40)]
    assert np.ptp(turns) > 1.0
    assert task.episode(1, Randomisation.off()).placements["can"].yaw_rad == 0.0


def test_paint_colours_neck_and_foot(twins):
    twin = twins("lift_variant")
    twin.reset(3)
    colour = COLOURS[twin.episode.colours["can"]]
    for name in ("can", "foot"):
        assert twin.model.geom_rgba[twin.model.geom(name).id].tolist() == pytest.approx(colour)


def test_expert_lifts_it():
    env = DexoraEnv("lift_variant", EnvConfig(image_size=None))
    episode = demonstrate(env, make_expert("lift_variant", env.contract), 1)
    assert episode.is_success, episode
