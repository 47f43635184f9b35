"""Pins the contract of dexora36: layout, limits that stop in time, permutation by name, and a stable hash."""

import pathlib

import numpy as np
import pytest
import yaml
from dexora_core.contract import load_contract, parse_contract
from dexora_core.errors import ContractError

PATH = pathlib.Path(__file__).parents[2] / "dexora_description/robots/dexora36.yaml"
CONTRACT = load_contract(PATH)
STOP_BUDGET_S = 0.2


def zero_based(names):
    return [f"{name.rsplit('_', 1)[0]}_{int(name.rsplit('_', 1)[1]) - 1}" for name in names]


def reversed_mappings(value):
    if isinstance(value, dict):
        return {key: reversed_mappings(value[key]) for key in reversed(value)}
    return [reversed_mappings(item) for item in value] if isinstance(value, list) else value


def test_layout_is_the_release_order():
    arms = [f"{side}_arm_joint_{k}" for side in ("left", "right") for k in range(1, 7)]
    hands = [f"{side}_hand_joint_{k}" for side in ("left", "right") for k in range(1, 13)]
    assert list(CONTRACT.joint_names) == arms + hands
    assert CONTRACT.group_indices("right_arm").tolist() == list(range(6, 12))
    assert CONTRACT.group_joints("left_hand")[0] == "left_hand_joint_1"
    assert CONTRACT.views == ("top", "wrist_left", "wrist_right", "front")


def test_arm_limits_are_the_intersection_of_both_published_ranges():
    published = (
        ((-3.141593, 2.094395), (-3.151, 2.080)),
        ((-2.967060, 0.174533), (-2.963, 0.181)),
        ((-0.087266, 3.141593), (-0.094, 3.161)),
        ((-2.967060, 2.967060), (-3.012, 3.012)),
        ((-1.745329, 1.745329), (-1.859, 1.859)),
        ((-2.967060, 2.967060), (-3.017, 3.017)),
    )
    for arm in ("left_arm", "right_arm"):
        for index, (clamp, kdl) in zip(CONTRACT.group_indices(arm), published, strict=True):
            assert CONTRACT.lower_rad[index] == max(clamp[0], kdl[0])
            assert CONTRACT.upper_rad[index] == min(clamp[1], kdl[1])


def test_arrays_are_read_only():
    for field in ("lower_rad", "upper_rad", "max_velocity_rad_s", "max_jerk_rad_s3", "home_rad"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(CONTRACT, field)[0] = 1.0


def test_every_joint_stops_from_full_speed_within_the_budget():
    v, a, j = CONTRACT.max_velocity_rad_s, CONTRACT.max_acceleration_rad_s2, CONTRACT.max_jerk_rad_s3
    assert np.all(v >= a * a / j), "the formula below holds only where full acceleration is reached"
    assert np.all(v / a + a / j <= STOP_BUDGET_S)


def test_dynamic_limits_say_that_they_are_assumed():
    assert {joint.limits_source for joint in CONTRACT.joints} == {"assumed"}


def test_permutation_brings_values_into_policy_order():
    shuffled = list(np.random.default_rng(0).permutation(CONTRACT.joint_names))
    values = np.array([CONTRACT.joint_names.index(name) for name in shuffled])
    assert values[CONTRACT.permutation(shuffled)].tolist() == list(range(36))


def test_permutation_of_one_group():
    names = list(reversed(CONTRACT.group_joints("right_arm")))
    assert CONTRACT.permutation(names, group="right_arm").tolist() == [5, 4, 3, 2, 1, 0]


def test_zero_based_list_means_the_same_joints():
    assert CONTRACT.permutation(zero_based(CONTRACT.joint_names)).tolist() == list(range(36))


def test_hand_names_of_the_vendor_are_aliases():
    names = ["left_pinky_joint2", "left_thumb_bend", "left_index_bend"]
    assert CONTRACT.resolve(names) == ("left_hand_joint_12", "left_hand_joint_1", "left_hand_joint_4")
    assert CONTRACT.joint("right_mid_joint1").name == "right_hand_joint_7"


def test_each_group_is_counted_by_its_own_evidence():
    names = zero_based(CONTRACT.group_joints("left_arm")) + list(CONTRACT.group_joints("right_arm"))
    assert CONTRACT.resolve(names) == CONTRACT.joint_names[:12]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["left_arm_joint_0", "left_arm_joint_6"], "counts both from 0 and from 1"),
        (["left_arm_joint_0", "right_arm_joint_2"], "does not show whether it counts from 0 or from 1"),
        (["left_arm_joint_1", "left_arm_joint_1"], "the same joint twice: left_arm_joint_1"),
        (["left_thumb_bend", "left_hand_joint_1"], "the same joint twice"),
        (["left_thumb_bent"], r"unknown joint names: 'left_thumb_bent' \(did you mean 'left_thumb_bend'\?\)"),
    ],
)
def test_bad_names_are_refused(names, words):
    with pytest.raises(ContractError, match=words):
        CONTRACT.resolve(names)


def test_missing_and_foreign_names_are_listed():
    names = [*CONTRACT.group_joints("left_arm")[:5], "right_arm_joint_6"]
    with pytest.raises(ContractError, match=r"missing: left_arm_joint_6; not of it: right_arm_joint_6"):
        CONTRACT.permutation(names, group="left_arm")


def test_unknown_group_and_view_list_what_exists():
    with pytest.raises(ContractError, match="no group 'leg'; groups are left_arm"):
        CONTRACT.group_indices("leg")
    with pytest.raises(ContractError, match="no camera view 'head'; views are top"):
        CONTRACT.camera("head")


def test_camera_info_topic_stands_beside_the_images():
    assert CONTRACT.camera("top").info_topic == "/dexora/camera/top/camera_info"


def test_rates_give_step_and_horizon():
    assert CONTRACT.rates.step_dt_s == pytest.approx(0.05)
    assert CONTRACT.rates.horizon_s == pytest.approx(1.6)


def test_hash_ignores_comments_key_order_and_number_spelling():
    document = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    document["rates"]["control_hz"] = 100.0
    text = yaml.safe_dump(reversed_mappings(document), sort_keys=False)
    assert parse_contract(text).hash == CONTRACT.hash


def test_hash_changes_with_a_limit_and_with_the_joint_order():
    document = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    document["joints"][0]["upper_rad"] = 2.0
    changed = parse_contract(yaml.safe_dump(document))
    assert changed.hash != CONTRACT.hash
    assert changed.layout_hash != CONTRACT.layout_hash


def test_age_limit_changes_the_hash_but_not_the_layout():
    document = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    document["ages"]["policy"]["warn_s"] = 0.1
    changed = parse_contract(yaml.safe_dump(document))
    assert changed.hash != CONTRACT.hash
    assert changed.layout_hash == CONTRACT.layout_hash
