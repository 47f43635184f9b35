"""The held-out variant of `lift`: the thing changes, not the task, and an expert still does it."""

import mujoco
import numpy as np
import pytest
from dexora_sim.env import DexoraEnv, EnvConfig
from dexora_sim.experts import make_expert
from dexora_sim.experts.demonstration import demonstrate
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import make_task
from dexora_sim.tasks.lift_variant import HALF_SIDE_M, HEIGHT_M


def test_same_seed_asks_for_the_same_lift_of_another_can():
    plain, variant = make_task("lift"), make_task("lift_variant")
    for seed in range(20):
        one, other = (task.episode(seed, Randomisation.train()) for task in (plain, variant))
        assert (other.goal.hand, other.goal.colour) == (one.goal.hand, one.goal.colour)
        assert other.placements["can"].x_m == one.placements["can"].x_m
        assert other.instruction == one.instruction.replace(" can", " square can")


def test_can_is_square_and_turned_by_the_seed(twins):
    twin = twins("lift_variant")
    twin.reset(0, randomisation=Randomisation.off())
    geom = int(twin.model.body("can").geomadr[0])
    assert twin.model.geom_type[geom] == mujoco.mjtGeom.mjGEOM_BOX
    assert twin.model.geom_size[geom].tolist() == pytest.approx([HALF_SIDE_M, HALF_SIDE_M, HEIGHT_M / 2])
    task = make_task("lift_variant")
    turns = [task.episode(seed, Randomisation.train()).placements["can"].yaw_rad for seed in range(40)]
    assert np.ptp(turns) > 1.0
    assert task.episode(1, Randomisation.off()).placements["can"].yaw_rad == 0.0


def test_expert_lifts_it():
    env = DexoraEnv("lift_variant", EnvConfig(image_size=None))
    episode = demonstrate(env, make_expert("lift_variant", env.contract), 1)
    assert episode.is_success, episode
