"""A small dataset that nobody simulated: smooth motions of the real robot's joints and random pictures."""

import numpy as np
import pytest
from dexora_core.contract import load_contract
from dexora_train.data import layout
from dexora_train.data.episode import RecordedEpisode
from dexora_train.data.staging import Staging
from dexora_train.data.writer import DatasetPlan, write_dataset

from dexora_description import contract_path

SIZE, RATE_HZ, VIEWS, TRUTH = (32, 32), 20, ("top", "wrist_left"), ("target_x", "target_y")


@pytest.fixture(scope="session")
def contract():
    return load_contract(contract_path("dexora36"))


def made_episode(contract, number, length=12):
    rng = np.random.default_rng(number)
    phase = np.linspace(0.0, 1.0, length)[:, None] * 0.2
    state = (contract.home_rad + phase * rng.uniform(-0.5, 0.5, len(contract.joints))).astype(np.float32)
    state = np.clip(state, contract.lower_rad, contract.upper_rad).astype(np.float32)
    images = {view: rng.integers(0, 256, (length, *SIZE, 3), dtype=np.uint8) for view in VIEWS}
    truth = rng.normal(size=(length, len(TRUTH))).astype(np.float32)
    return RecordedEpisode(f"touch thing {number % 2}", state, state, images, truth, {"seed": number})


@pytest.fixture(scope="session")
def staged(tmp_path_factory, contract):
    """Three episodes in memory, and their staging folder."""
    staging = Staging(tmp_path_factory.mktemp("data") / "staging", RATE_HZ)
    episodes = [made_episode(contract, number, 12 + number) for number in range(3)]
    for number, episode in enumerate(episodes):
        staging.add(f"touch-{number}", episode)
    return staging, episodes


@pytest.fixture(scope="session")
def plan_of(contract):
    features = layout.features_of(contract, VIEWS, SIZE, TRUTH)
    return lambda version: DatasetPlan(contract.name, RATE_HZ, features, version)


@pytest.fixture
def dataset(tmp_path, staged, plan_of):
    """Write the three episodes; returns the folder."""

    def write(version=layout.V3):
        write_dataset(tmp_path / "dataset", plan_of(version), staged[0].episodes())
        return tmp_path / "dataset"

    return write
