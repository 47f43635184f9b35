"""Pins that every environment is pinned to its last package: the same commit installs the same software."""

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
INSTALLED = ("robot", "simulation", "development", "training")
SUPPORTED = ("3.10", "3.11", "3.12", "3.13")


def lines(name):
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def pins(*names, python=None):
    environment = {"python_version": python} if python else None
    read = [Requirement(line) for name in names for line in lines(name)]
    return [pin for pin in read if pin.marker is None or pin.marker.evaluate(environment)]


@pytest.mark.parametrize("name", ["robot", "simulation", "development", "training", "gpu"])
def test_every_line_is_an_exact_version(name):
    inexact = [line for line in lines(name) if not re.match(r"^[\w.\[\]-]+==[\w.+]+(; .+)?$", line)]
    assert inexact == []


@pytest.mark.parametrize("python", SUPPORTED)
def test_every_package_has_one_pin_per_python(python):
    names = [canonicalize_name(pin.name) for pin in pins(*INSTALLED, python=python)]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_the_robot_has_no_torch_and_no_simulator():
    names = {canonicalize_name(pin.name) for pin in pins("robot")}
    assert names.isdisjoint({"torch", "transformers", "diffusers", "mujoco", "onnx"})


def test_what_the_pinned_packages_need_is_pinned_too():
    pinned = {canonicalize_name(pin.name) for pin in pins(*INSTALLED)}
    todo = [(pin.name, pin.extras) for pin in pins(*INSTALLED)]
    seen, unpinned = set(), set()
    while todo:
        name, extras = todo.pop()
        key = (canonicalize_name(name), frozenset(extras))
        if key in seen:
            continue
        seen.add(key)
        if key[0] not in pinned:
            unpinned.add(f"{name} (needed by a pinned package)")
        todo += needs(name, extras)
    assert sorted(unpinned) == []


def needs(name, extras):
    try:
        required = [Requirement(line) for line in distribution(name).requires or []]
    except PackageNotFoundError:
        return []
    wanted = [{"extra": extra} for extra in extras] or [{"extra": ""}]
    return [
        (requirement.name, requirement.extras)
        for requirement in required
        if requirement.marker is None or any(requirement.marker.evaluate(extra) for extra in wanted)
    ]
