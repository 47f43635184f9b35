"""Pins that a malformed contract is refused before anything moves, naming value, bound and remedy."""

import pathlib

import pytest
import yaml
from dexora_core.contract import load_contract, parse_contract
from dexora_core.errors import ContractError

PATH = pathlib.Path(__file__).parents[2] / "dexora_description/robots/dexora36.yaml"
TEXT = PATH.read_text(encoding="utf-8")


def document():
    return yaml.safe_load(TEXT)


def refused(changed):
    with pytest.raises(ContractError) as info:
        parse_contract(yaml.safe_dump(changed, sort_keys=False), origin="bad.yaml")
    assert str(info.value).startswith("contract bad.yaml: ")
    return str(info.value)


def with_value(path, value):
    changed = document()
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed


def without(path):
    changed = document()
    target = changed
    for key in path[:-1]:
        target = target[key]
    del target[path[-1]]
    return changed


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("colour",), "red", ["unknown key 'colour'", "allowed keys are schema, name"]),
        (("schema",), 7, ["schema is 7", "reads schema 1"]),
        (("units", "angle"), "deg", ["units.angle is 'deg'", "allowed are rad"]),
        (("joints", 0, "lower_deg"), -180, ["'lower_deg'", "bad unit", "lower_rad"]),
        (("joints", 0, "lower_rad"), -180, ["joints[0].lower_rad is -180", "not in degrees"]),
        (("joints", 0, "lower_rad"), 3.0, ["left_arm_joint_1", "lower_rad 3 is not below upper_rad 2.08"]),
        (("joints", 0, "upper_rad"), float("nan"), ["joints[0].upper_rad is nan", "finite number"]),
        (("joints", 0, "upper_rad"), float("inf"), ["upper_rad is inf", "finite number"]),
        (("joints", 0, "upper_rad"), True, ["upper_rad is True", "finite number"]),
        (("joints", 0, "upper_rad"), "2.08", ["upper_rad is '2.08'", "finite number"]),
        (("joints", 0, "home_rad"), 2.5, ["home_rad 2.5 is outside its limits [-3.14159, 2.08]"]),
        (("joints", 0, "group"), "leg", ["joints[0].group is 'leg'", "left_arm, right_arm"]),
        (("joints", 0, "limits"), "fast", ["joints[0].limits is 'fast'", "arm_proximal, arm_distal, finger"]),
        (("joints", 1, "name"), "left_arm_joint_1", ["duplicate joint name 'left_arm_joint_1'"]),
        (("joints", 0, "aliases"), ["left_thumb_bend"], ["duplicate joint name 'left_thumb_bend'"]),
        (("joints", 0, "aliases"), "left", ["joints[0].aliases is 'left'", "list of texts"]),
        (("joints", 5, "name"), "left_wrist", ["zero_based_names", "<prefix>1..<prefix>6"]),
        (("joints",), [], ["joints is []", "at least one entry"]),
        (("groups", 0, "kind"), "leg", ["groups[0].kind is 'leg'", "arm, hand"]),
        (("groups", 1, "name"), "left_arm", ["duplicate group left_arm"]),
        (("groups", 2, "max_rate_hz"), 0, ["groups[2].max_rate_hz is 0", "above 0"]),
        (("groups", 0, "zero_based_names"), "yes", ["zero_based_names is 'yes'", "true or false"]),
        (("limits", "finger", "max_jerk_rad_s3"), 0, ["limits.finger.max_jerk_rad_s3 is 0", "above 0"]),
        (("limits", "finger", "source"), "guess", ["source is 'guess'", "assumed, published, measured"]),
        (("limits",), {}, ["limits is empty"]),
        (("cameras", 0, "topic"), "image_raw", ["cameras[0].topic is 'image_raw'", "matches"]),
        (("cameras", 1, "view"), "top", ["duplicate camera view top"]),
        (("cameras", 0, "width"), 640.5, ["cameras[0].width is 640.5", "whole number"]),
        (("ages", "policy", "warn_s"), 0.5, ["ages.policy: warn_s 0.5 must be below stop_s 0.3"]),
        (("ages", "deadman"), {"nominal_s": 0.01}, ["ages.deadman: no limit is given"]),
        (("ages", "camera"), 3, ["ages.camera is 3", "must be a mapping"]),
        (("rates", "policy_hz"), 200, ["rates.policy_hz 200 is above rates.control_hz 100"]),
    ],
)
def test_wrong_value_is_refused_with_place_and_bound(path, value, words):
    message = refused(with_value(path, value))
    assert all(word in message for word in words), message


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (("joints", 0, "upper_rad"), ["joints[0] of left_arm_joint_1: missing upper_rad"]),
        (("limits", "finger", "max_jerk_rad_s3"), ["limits.finger: missing max_jerk_rad_s3"]),
        (("cameras", 0, "topic"), ["cameras[0]: missing topic", "view, topic, frame_id"]),
        (("ages", "teleop"), ["ages: missing teleop"]),
        (("cameras",), ["the file of dexora36: missing cameras"]),
    ],
)
def test_missing_key_is_refused_by_name(path, words):
    message = refused(without(path))
    assert all(word in message for word in words), message


def test_duplicate_key_is_refused_instead_of_overridden():
    with pytest.raises(ContractError, match=r"duplicate key name in the mapping of line \d+"):
        parse_contract(TEXT.replace("name: dexora36", "name: dexora36\nname: other"))


def test_group_without_joints_is_refused():
    changed = document()
    changed["groups"].append({"name": "torso", "kind": "arm", "controller": "torso_controller"})
    assert "group without joints: torso" in refused(changed)


@pytest.mark.parametrize("text", ["", "[1, 2]", "42"])
def test_text_that_is_no_mapping_is_refused(text):
    with pytest.raises(ContractError, match=r"the file is .*; it must be a mapping"):
        parse_contract(text)


def test_broken_yaml_is_refused():
    with pytest.raises(ContractError, match="not valid YAML"):
        parse_contract("joints: [")


def test_absent_file_is_refused_with_its_path(tmp_path):
    with pytest.raises(ContractError, match=r"nowhere\.yaml: cannot be read .*robots/<robot>\.yaml"):
        load_contract(tmp_path / "nowhere.yaml")


def test_copied_file_that_still_names_the_other_robot_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(ContractError, match=r"mine\.yaml: name is 'dexora36'; it must be 'mine'"):
        load_contract(path)


def test_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"name: \xff\xfe")
    with pytest.raises(ContractError, match=r"mine\.yaml: is no UTF-8 text .*; save it as UTF-8"):
        load_contract(path)
