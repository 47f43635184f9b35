"""Fixtures of the simulation's tests: the contract, twins that tests share, and hands that grip by qpos."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from dexora_core.contract import RobotContract, load_contract
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import make_task
from dexora_sim.twin import Twin
from dexora_sim.world import BodyState, WorldState

from dexora_description import contract_path


@pytest.fixture(scope="session")
def contract() -> RobotContract:
    """The robot that the suite ships."""
    return load_contract(contract_path())


@pytest.fixture(scope="session")
def twins(contract):
    """Returns the shared twin of a task; a test resets it before use."""
    made: dict[str, Twin] = {}

    def twin_of(name: str) -> Twin:
        if name not in made:
            made[name] = Twin(contract, make_task(name))
        return made[name]

    return twin_of


class Puppeteer:
    """Puts bodies and hands where a test wants them, by setting qpos; no physics."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin

    def put(self, name: str, position, rotation=None) -> None:
        """Move a free body to a position [m] and, if given, a rotation matrix."""
        model, data = self.twin.model, self.twin.data
        address = int(model.jnt_qposadr[model.body(name).jntadr[0]])
        data.qpos[address : address + 3] = position
        if rotation is not None:
            mujoco.mju_mat2Quat(data.qpos[address + 3 : address + 7], np.ascontiguousarray(rotation).ravel())
        mujoco.mj_forward(model, data)

    def height(self, name: str, rise_m: float) -> None:
        """Raise a free body straight up."""
        self.put(name, self.twin.world().objects[name].position + np.array((0.0, 0.0, rise_m)))

    def grip(self, hand: str, name: str, radius_m: float, along_m: float = 0.0) -> None:
        """Put a round object into a hand and close the fingers until they and the thumb touch it."""
        mujoco.mj_forward(self.twin.model, self.twin.data)
        state = self.twin.world().hands[hand]
        axis_y = state.rotation[:, 1]
        upright = np.column_stack([state.rotation[:, 0], np.cross(axis_y, state.rotation[:, 0]), axis_y])
        middle = state.palm + state.rotation[:, 0] * (radius_m - 0.001) + axis_y * along_m
        self.put(name, middle, upright)
        self.bend(hand, range(1, 13), 0.0)
        self._close(hand, name, range(5, 13), "mid")
        for swing in (1.2, 1.5, 0.9, 0.6):
            self.bend(hand, (1,), swing)
            if self._close(hand, name, (2, 3), "thumb"):
                return
        raise AssertionError(f"the thumb of the {hand} hand does not reach the {name}")

    def bend(self, hand: str, numbers, angle_rad: float) -> None:
        """Set finger joints, counted from 1."""
        model, data = self.twin.model, self.twin.data
        for number in numbers:
            data.qpos[int(model.joint(f"{hand}_hand_joint_{number}").qposadr[0])] = angle_rad
        mujoco.mj_forward(model, data)

    def _close(self, hand: str, name: str, numbers, digit: str) -> bool:
        for angle_rad in np.linspace(0.0, 1.5, 61):
            self.bend(hand, numbers, float(angle_rad))
            if digit in self.twin.world().digits(hand, name):
                return True
        return False


@pytest.fixture
def puppeteer():
    """Returns a puppeteer for a twin."""
    return Puppeteer


class Script:
    """Plays scripted states to a task's judge."""

    def __init__(self, twin: Twin, seed: int = 0) -> None:
        self.twin = twin
        self.episode = self.twin.reset(seed, randomisation=Randomisation.off())
        self.puppet = Puppeteer(twin)
        self.judge = self.twin.scene.predicate(self.episode)
        self.start = {body: state.position for body, state in self.twin.world().objects.items()}
        self.judge.update(self.twin.world())

    def show(self, seconds: float = 0.0):
        """Show the present state once, and again for a while."""
        for _ in range(1 + round(seconds / 0.05)):
            self.twin.data.time += 0.05
            progress = self.judge.update(self.twin.world())
        return progress

    def touch(self, hand: str, name: str) -> None:
        """Bring an object to a fingertip."""
        tip = self.twin.world().hands[hand].tips["mid"]
        self.puppet.put(name, tip)
        assert self.twin.world().digits(hand, name)

    def pretend_risen(self, name: str, rise_m: float) -> None:
        """Pretend that the object stood lower at first, so that it is now `rise_m` above its start."""
        world = self.twin.world()
        height_m = world.objects[name].position[2]
        low = dict(world.objects)
        low[name] = BodyState(np.array([9.0, 0.0, height_m - rise_m]))
        self.judge = self.twin.scene.predicate(self.episode)
        self.judge.update(WorldState(world.time_s, low, world.hands))


@pytest.fixture
def play(twins):
    """Starts the script of a task."""
    return lambda name, seed=0: Script(twins(name), seed)
