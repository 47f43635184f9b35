"""The layer rules that depend on file names and folders, which import-linter cannot express.

import-linter (pyproject.toml) holds the rules between packages; these hold inside them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from checks.result import Finding
from checks.sources import Source, library_sources

# Packages of generated interfaces that do not end in _msgs.
_INTERFACES = (
    "builtin_interfaces",
    "rcl_interfaces",
    "service_interfaces",
    "type_description_interfaces",
    "std_srvs",
)
_HEAVY = ("torch", "torchvision", "transformers", "diffusers", "tensorrt", "pycuda", "onnxruntime")
_HEAVY_FOLDERS = ("model", "dexora_engines")
# ruckig is the motion library of requirements/robot.txt: it computes and knows no ROS.
_CORE_MAY_IMPORT = ("dexora_core", "numpy", "yaml", "ruckig")
# What the workstation's package may use of the robot side's packages.
_TRAIN_MAY_IMPORT = (
    "dexora_policy.model",
    "dexora_policy.solver_plan",
    "dexora_perception.model",
    "dexora_perception.preprocess",
)
# Evaluation plays a policy as the robot does, by the robot's own code: all of it that knows no ROS.
_EVALUATION = "evaluate"


def check_layers(root: Path) -> list[Finding]:
    """Return every import below src/ that breaks a layer rule."""
    return [finding for source in library_sources(root, "src") for finding in _offences(source)]


def _offences(source: Source) -> Iterator[Finding]:
    package = source.parts[1]
    seen: set[tuple[int, str]] = set()
    for line, name in source.imports():
        text = (
            _ros_rule(source, package, name)
            or _heavy_rule(source, package, name)
            or _package_rule(source, package, name)
        )
        if text and (line, text) not in seen:
            seen.add((line, text))
            yield Finding(source.name, line, text)


def _ros_rule(source: Source, package: str, name: str) -> str | None:
    top = name.partition(".")[0]
    is_ros = top == "rclpy" or top.endswith("_msgs") or top in _INTERFACES
    if not is_ros or package == "dexora_ros" or source.path.name.endswith("_node.py"):
        return None
    return (
        f"imports {top}: only *_node.py files and dexora_ros may import ROS; move the logic out "
        "of ROS's reach"
    )


def _heavy_rule(source: Source, package: str, name: str) -> str | None:
    top = name.partition(".")[0]
    if (
        top not in _HEAVY
        or package == "dexora_train"
        or any(part in _HEAVY_FOLDERS for part in source.parts[2:-1])
    ):
        return None
    return f"imports {top}: only model/, dexora_engines and dexora_train may; the robot runs without it"


def _package_rule(source: Source, package: str, name: str) -> str | None:
    top = name.partition(".")[0]
    if package == "dexora_core" and top not in _CORE_MAY_IMPORT and top not in sys.stdlib_module_names:
        return (
            f"imports {top}: the core may import {', '.join(_CORE_MAY_IMPORT[1:])} and the "
            "standard library only"
        )
    if package == "dexora_description" and top.startswith("dexora_") and top != package:
        return f"imports {top}: dexora_description is data and imports nothing of ours"
    if (
        package == "dexora_train"
        and top in ("dexora_policy", "dexora_perception")
        and not _is_for_training(name)
        and not (_EVALUATION in source.parts and not _is_of_a_node(name))
    ):
        return (
            f"imports {name}: dexora_train may import {' and '.join(_TRAIN_MAY_IMPORT)} of these "
            "packages only"
        )
    return None


def _is_of_a_node(name: str) -> bool:
    return any(part.endswith("_node") for part in name.split("."))


def _is_for_training(name: str) -> bool:
    return any(name == allowed or name.startswith(f"{allowed}.") for allowed in _TRAIN_MAY_IMPORT)
