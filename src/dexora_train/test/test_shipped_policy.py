"""Pins that the policy which ships is whole, small, and does its tasks in scenes that training never saw."""

import re
from pathlib import Path

import pytest
import yaml
from dexora_core.bundle import load_bundle
from dexora_train.data.collect import FIRST_EVALUATION_SEED
from dexora_train.evaluate.episode import play
from dexora_train.evaluate.run import model_of, scene_of
from dexora_train.evaluate.settings import EvaluationSettings
from dexora_train.learning.train_config import TrainConfig

from dexora_bringup.bundles import SHIPPED_TASKS

SOURCES = Path(__file__).resolve().parents[2]
BUNDLE = SOURCES / "dexora_bringup/bundles/dexora36_compact"
MOST_BYTES = 40_000_000
SETTINGS = EvaluationSettings()


def test_bundle_is_whole_small_and_says_where_it_comes_from():
    bundle = load_bundle(BUNDLE)
    assert sum(path.stat().st_size for path in BUNDLE.iterdir()) < MOST_BYTES
    assert bundle.manifest.robot == "dexora36"
    assert bundle.manifest.precision == "int8"
    assert bundle.manifest.n_action_steps == 4, "asked at every step, it loses a fifth of the boxes"
    assert any("episodes of" in line for line in bundle.manifest.lineage)


def test_tasks_that_ship_are_demonstrated_and_drawn():
    script = (SOURCES.parent / "tools/build_bundle").read_text()
    demonstrated = set(re.findall(r"--task (\w+)", script))
    recipe = (SOURCES / "dexora_train/dexora_train/configs/compact.yaml").read_text()
    assert demonstrated == set(TrainConfig.from_dict(yaml.safe_load(recipe)).scene_tasks)
    assert set(SHIPPED_TASKS) <= demonstrated


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("task", SHIPPED_TASKS)
def test_policy_does_most_of_what_it_is_told(task):
    scene, model = scene_of(task, SETTINGS), model_of(str(BUNDLE), SETTINGS)
    seeds = range(FIRST_EVALUATION_SEED, FIRST_EVALUATION_SEED + 6)
    results = [play(scene, model, SETTINGS, seed, lambda _: None) for seed in seeds]
    assert sum(result.is_success for result in results) >= 4, [result.ending for result in results]
