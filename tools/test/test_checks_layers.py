"""Pins that every layer rule fails when an offence is planted in a copy of the sources."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from checks.layers import check_layers
from checks.manifests import check_manifests

LINTER = Path(sys.executable).with_name("lint-imports")
SIBLINGS = ("perception", "policy", "control", "teleop", "sim")


def plant(root, package, file, text):
    """Write a module into a package of the copy."""
    path = root / "src" / package / package / file
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in [path.parent, *path.parent.parents]:
        if folder == root / "src" / package:
            break
        (folder / "__init__.py").touch()
    path.write_text(text)


def lint(root):
    """Run import-linter on the copy and return whether it passed and what it said."""
    packages = ":".join(str(path.parent) for path in sorted((root / "src").glob("*/setup.py")))
    environment = {**os.environ, "PYTHONPATH": packages}
    ended = subprocess.run(
        [LINTER, "--no-cache"], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    return ended.returncode == 0, ended.stdout + ended.stderr


def texts(findings):
    return [str(finding) for finding in findings]


def test_untouched_copy_keeps_the_rules_between_packages(checkout_copy):
    passed, said = lint(checkout_copy)
    assert passed, said


@pytest.mark.parametrize(
    ("package", "imported", "broken"),
    [
        ("dexora_perception", "dexora_policy", "Siblings meet in messages"),
        ("dexora_policy", "dexora_control", "Siblings meet in messages"),
        ("dexora_control", "dexora_sim", "Siblings meet in messages"),
        ("dexora_teleop", "dexora_control", "Siblings meet in messages"),
        ("dexora_sim", "dexora_control", "Siblings meet in messages"),
        ("dexora_core", "dexora_ros", "The core and the robots' data"),
        ("dexora_core", "rclpy", "The core and the robots' data"),
        ("dexora_description", "dexora_core", None),
        ("dexora_ros", "dexora_sim", "The ROS idioms know the core"),
        ("dexora_control", "dexora_train", "The robot side imports neither"),
        ("dexora_train", "dexora_control", "The workstation's package"),
        ("dexora_train", "rclpy", "The workstation's package"),
        ("dexora_bringup", "dexora_sim", "Launch files start the siblings"),
        ("dexora_control", "torch", "The robot runs without torch"),
        ("dexora_sim", "onnxruntime", "The robot runs without torch"),
    ],
)
def test_planted_import_between_packages_breaks_its_rule(checkout_copy, package, imported, broken):
    plant(checkout_copy, package, "planted.py", f'"""Planted."""\n\nimport {imported}\n')
    passed, said = lint(checkout_copy)
    own = texts(check_layers(checkout_copy))
    if broken is None:
        assert any(f"imports {imported}" in text for text in own)
    else:
        assert not passed
        assert any(broken in line and "BROKEN" in line for line in said.splitlines()), said


@pytest.mark.parametrize(
    ("package", "file", "text", "finding"),
    [
        ("dexora_control", "gate.py", "import rclpy", "only *_node.py files and dexora_ros may import ROS"),
        ("dexora_control", "gate.py", "from sensor_msgs.msg import JointState", "imports sensor_msgs"),
        ("dexora_sim", "twin.py", "def f():\n    import dexora_msgs.msg", "imports dexora_msgs"),
        ("dexora_teleop", "a.py", "from std_srvs.srv import Trigger", "imports std_srvs"),
        (
            "dexora_policy",
            "policy_node.py",
            "import torch",
            "only model/, dexora_engines and dexora_train may",
        ),
        ("dexora_perception", "encode.py", "from onnxruntime import InferenceSession", "imports onnxruntime"),
        (
            "dexora_core",
            "fit.py",
            "import scipy",
            "the core may import numpy, yaml, ruckig and the standard library",
        ),
        ("dexora_description", "a.py", "from dexora_core import contract", "imports nothing of ours"),
        ("dexora_train", "a.py", "from dexora_policy import engines", "dexora_train may import"),
        (
            "dexora_train",
            "evaluate/a.py",
            "from dexora_policy.policy_node import main",
            "dexora_train may import",
        ),
    ],
)
def test_planted_import_inside_a_package_is_found(checkout_copy, package, file, text, finding):
    plant(checkout_copy, package, f"planted/{file}", text + "\n")
    found = [text for text in texts(check_layers(checkout_copy)) if "/planted/" in text]
    assert len(found) == 1
    assert finding in found[0]


@pytest.mark.parametrize(
    ("package", "file", "text"),
    [
        ("dexora_control", "planted_node.py", "import rclpy\nfrom dexora_msgs.msg import ActionChunk"),
        ("dexora_ros", "planted/a.py", "import rclpy"),
        ("dexora_policy", "model/planted.py", "import torch"),
        ("dexora_engines", "planted.py", "import tensorrt"),
        ("dexora_train", "planted/a.py", "import torch\nfrom dexora_policy.model import planted"),
        ("dexora_train", "evaluate/planted.py", "from dexora_policy.scheduler import Scheduler"),
        (
            "dexora_core",
            "planted/a.py",
            "import math\nimport numpy\nimport yaml\nfrom dexora_core import errors",
        ),
        ("dexora_core", "planted/b.py", "from . import a\nfrom ..contract import load"),
    ],
)
def test_allowed_import_is_not_found(checkout_copy, package, file, text):
    plant(checkout_copy, package, file, text + "\n")
    assert [found for found in texts(check_layers(checkout_copy)) if file in found] == []


def test_unknown_dependency_is_found(checkout_copy):
    file = checkout_copy / "src/dexora_core/package.xml"
    file.write_text(
        file.read_text().replace(
            "<exec_depend>", "<exec_depend>python3-nonesuch</exec_depend><exec_depend>", 1
        )
    )
    assert any("'python3-nonesuch' is no package" in text for text in texts(check_manifests(checkout_copy)))


def test_undeclared_dependency_is_found(checkout_copy):
    plant(checkout_copy, "dexora_teleop", "planted_node.py", "from visualization_msgs.msg import Marker\n")
    found = texts(check_manifests(checkout_copy))
    assert any(
        "dexora_teleop/package.xml:1: the sources import 'visualization_msgs'" in text for text in found
    )
