"""The underlay's types are the types of installed ROS 2: their RIHS01 hashes decide whether two nodes talk.

A field renamed, reordered or retyped changes the hash, and then an installed node and ours silently stop
understanding each other. The values are those of control_msgs 6 and of the messages they use on Kilted.
"""

import json
from pathlib import Path

import pytest
from ament_index_python.packages import PackageNotFoundError, get_package_share_directory

HASHES = {
    "control_msgs/action/FollowJointTrajectory": (
        "ff29901b2693f5deb847e96084a1c2cdb26e70b7c847be21859b70a55fb29cf0"
    ),
    "control_msgs/msg/JointTolerance": ("c254f9cece0f3b733017b6990fd46d1326e25242d6b8844398c97d9a88e7d648"),
    "control_msgs/msg/JointComponentTolerance": (
        "739ea7566931944d33830fa10f1bf5e7a7fbdc3172bce7a7eaac642bd6e3ffa4"
    ),
    "control_msgs/msg/JointTrajectoryControllerState": (
        "51d8dd89cc624cbe9daaeeb4d80d6de9b86168ffdc3be41fefc0953e3c26e480"
    ),
    "tf2_msgs/msg/TFMessage": ("e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087"),
}


def _share(package: str) -> Path:
    try:
        return Path(get_package_share_directory(package))
    except PackageNotFoundError:
        pytest.skip(f"{package} is not built: run 'make setup'")


@pytest.mark.parametrize(("type_name", "digest"), HASHES.items())
def test_built_type_has_the_hash_of_the_original(type_name, digest):
    package, kind, name = type_name.split("/")
    description = json.loads((_share(package) / kind / f"{name}.json").read_text())
    found = {entry["type_name"]: entry["hash_string"] for entry in description["type_hashes"]}
    assert found[type_name] == f"RIHS01_{digest}"


def test_error_codes_of_the_trajectory_action_are_those_users_know():
    action = pytest.importorskip("control_msgs.action").FollowJointTrajectory
    result = action.Result
    assert (result.SUCCESSFUL, result.INVALID_GOAL, result.INVALID_JOINTS) == (0, -1, -2)
    assert (result.OLD_HEADER_TIMESTAMP, result.PATH_TOLERANCE_VIOLATED, result.GOAL_TOLERANCE_VIOLATED) == (
        -3,
        -4,
        -5,
    )
