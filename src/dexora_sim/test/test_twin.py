"""The twin as hardware: determinism, time, refused targets, tracking, touch, agreement with the contract."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np
import pytest
from dexora_core.errors import ContractError
from dexora_sim.agreement import check_agreement
from dexora_sim.errors import SimulationError
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import make_task
from dexora_sim.twin import Twin

from dexora_description import mjcf_path


def wave(twin: Twin, k: int) -> np.ndarray:
    """Targets of step k: all joints swing about the start, differently."""
    phase = np.arange(36) * 0.7
    return twin.start + 0.2 * np.sin(0.03 * k + phase) - 0.2 * np.sin(phase)


def trajectory(twin: Twin, seed: int, batches: list[int]) -> bytes:
    twin.reset(seed, randomisation=Randomisation.train())
    twin.start = twin.targets()
    out = b""
    for k, batch in enumerate(batches):
        twin.set_targets(wave(twin, k))
        twin.step(batch)
        out += twin.data.qpos.tobytes() + twin.data.qvel.tobytes() + twin.state().effort.tobytes()
    return out


def test_same_seed_gives_the_same_bits_after_a_reset_and_in_a_new_twin(contract):
    first, second = Twin(contract, make_task("lift")), Twin(contract, make_task("lift"))
    batches = [10] * 40
    reference = trajectory(first, 7, batches)
    trajectory(first, 8, batches)
    assert trajectory(first, 7, batches) == reference
    assert trajectory(second, 7, batches) == reference


def test_different_seeds_give_different_worlds(twins):
    assert trajectory(twins("lift"), 1, [10] * 3) != trajectory(twins("lift"), 2, [10] * 3)


def test_how_steps_are_split_changes_nothing(twins):
    twin = twins("open_bottle")
    ends = []
    for batches in ([1] * 63, [63], [7, 20, 30, 6]):
        twin.reset(3)
        for batch in batches:
            twin.step(batch)
        ends.append(twin.data.qpos.tobytes())
    assert ends[0] == ends[1] == ends[2]


def test_time_comes_from_physics_and_restarts(twins):
    twin = twins("lift")
    twin.reset(0)
    assert twin.time_ns == 0
    twin.step(13)
    assert twin.time_ns == 26_000_000
    assert twin.state().stamp_ns == 26_000_000
    assert twin.data.time == pytest.approx(0.026)
    twin.reset(0)
    assert twin.time_ns == 0


def test_without_scene_it_starts_at_home_and_stays(contract):
    twin = Twin(contract)
    twin.step(500)
    np.testing.assert_allclose(twin.state().position, contract.home_rad, atol=0.02)
    assert np.abs(twin.state().velocity).max() < 0.01


def test_start_pose_can_be_chosen(twins, contract):
    twin = twins("lift")
    wanted = (contract.lower_rad + contract.upper_rad) / 2
    twin.reset(0, q_rad=wanted)
    np.testing.assert_allclose(twin.state().position, wanted)


def test_slow_motion_is_tracked_like_a_stiff_servo_arm(twins):
    twin = twins("lift")
    twin.reset(0, randomisation=Randomisation.off())
    start = twin.targets()
    worst = 0.0
    for k in range(500):
        target = start + 0.15 * np.sin(2 * np.pi * 0.5 * k * 0.002) * (np.arange(36) < 12)
        twin.set_targets(target)
        twin.step()
        worst = max(worst, float(np.abs(twin.state().position - target)[:12].max()))
    assert worst < 0.03, "a servo arm lags by a few hundredths of a radian at half a radian per second"


def test_target_not_finite_is_refused_by_name(twins):
    twin = twins("lift")
    bad = twin.targets()
    bad[7] = np.nan
    with pytest.raises(SimulationError, match="target of right_arm_joint_2 is not finite"):
        twin.set_targets(bad)


def test_target_of_the_wrong_shape_is_refused(twins):
    with pytest.raises(SimulationError, match=r"shape \(35,\), must be \(36,\)"):
        twins("lift").set_targets(np.zeros(35))


def test_targets_beyond_the_limits_are_clipped(twins, contract):
    twin = twins("lift")
    twin.reset(0)
    twin.set_targets(np.full(36, 99.0))
    np.testing.assert_array_equal(twin.targets(), contract.upper_rad)


@pytest.mark.parametrize("numbers", ["qpos", "qvel"])
def test_unstable_physics_voids_the_episode_until_the_reset(twins, numbers):
    twin = twins("lift")
    twin.reset(0)
    twin.step(5)
    getattr(twin.data, numbers)[-1] = np.inf
    for _ in range(2):
        with pytest.raises(
            SimulationError, match=r"unstable at 'can' after 0\.010 s; the episode is void: reset"
        ):
            twin.step(3)
    twin.reset(0)
    twin.step(5)
    assert np.isfinite(twin.state().position).all()


def test_negative_seed_is_refused(twins):
    with pytest.raises(SimulationError, match="seed -1 is negative"):
        twins("lift").reset(-1)


def test_touch_reports_every_fingertip_and_feels_a_press(twins, puppeteer):
    twin = twins("lift")
    twin.reset(0, randomisation=Randomisation.off())
    assert len(twin.touch()) == 10
    assert set(twin.touch().values()) == {0.0}
    puppeteer(twin).grip("right", "can", 0.033)
    assert max(force for name, force in twin.touch().items() if name.startswith("right")) > 0.1
    assert all(force == 0.0 for name, force in twin.touch().items() if name.startswith("left"))


def test_state_is_a_copy(twins):
    twin = twins("lift")
    twin.reset(0)
    before = twin.state()
    twin.set_targets(twin.targets() + 0.1)
    kept = before.position.copy()
    twin.step(50)
    np.testing.assert_array_equal(before.position, kept)


def test_contract_with_another_limit_is_a_disagreement(twins, contract):
    joint = replace(contract.joints[3], upper_rad=1.0)
    other = replace(contract, joints=(*contract.joints[:3], joint, *contract.joints[4:]))
    with pytest.raises(
        ContractError, match=r"joint left_arm_joint_4 has range .*, contract says .*, 1\] rad"
    ):
        check_agreement(twins("lift").model, other, "lift.xml")


def test_model_of_another_robot_is_refused_with_a_list(contract, tmp_path):
    path = tmp_path / "other.xml"
    path.write_text("<mujoco><worldbody><body name='b'><geom size='.1'/></body></worldbody></mujoco>")
    with pytest.raises(
        ContractError,
        match=r"model other\.xml disagrees.*joint missing: left_arm_joint_1, .*camera missing: top",
    ):
        Twin(contract, mjcf=path)


def test_missing_model_file_says_so(contract):
    with pytest.raises(SimulationError, match=r"nowhere\.xml does not exist"):
        Twin(contract, mjcf=Path("/nowhere.xml"))


@pytest.mark.parametrize("timestep_s", [0.0, -0.001, 0.004])
def test_physics_step_out_of_range_is_refused(contract, timestep_s):
    with pytest.raises(SimulationError, match=r"use 0 < step <= 0\.002 s"):
        Twin(contract, timestep_s=timestep_s)


def test_shipped_model_agrees_with_the_contract(contract):
    model = mujoco.MjModel.from_xml_path(str(mjcf_path()))
    check_agreement(model, contract, "shipped")
