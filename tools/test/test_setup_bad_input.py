"""Pins that every bad input ends a set-up in one sentence that holds the remedy."""

import re

import pytest
from setup_workspace import preflight
from setup_workspace.errors import SetupError
from setup_workspace.paths import Workspace
from setup_workspace.preflight import Machine

GOOD = Machine("Linux", "x86_64", ("glibc", "2.36"), "CPython")


def sentence(raised):
    """Return the error's text after checking that it is a single sentence on a single line."""
    text = str(raised.value)
    assert "\n" not in text
    assert text.endswith(".")
    assert not re.search(r"[a-z]\. [A-Z]", text)
    return text


def test_supported_machine_passes():
    preflight.check_machine(GOOD)


@pytest.mark.parametrize(
    ("machine", "remedy"),
    [
        (Machine("Darwin", "x86_64", ("", ""), "CPython"), "use a container of docker/"),
        (Machine("Linux", "aarch64", ("glibc", "2.36"), "CPython"), "install ROS 2 (Jazzy or Kilted)"),
        (Machine("Linux", "x86_64", ("glibc", "2.36"), "PyPy"), "make setup PYTHON="),
        (Machine("Linux", "x86_64", ("glibc", "2.27"), "CPython"), "use Debian"),
        (Machine("Linux", "x86_64", ("", ""), "CPython"), "use Debian"),
    ],
)
def test_unsupported_machine_names_the_way_out(machine, remedy):
    with pytest.raises(SetupError) as raised:
        preflight.check_machine(machine)
    assert remedy in sentence(raised)


@pytest.mark.parametrize(
    "environment",
    [
        {"ROS_DISTRO": "jazzy"},
        {"AMENT_PREFIX_PATH": "/opt/ros/kilted"},
        {"AMENT_PREFIX_PATH": "/home/me/other/install/x"},
        {"PYTHONPATH": "/home/me:/opt/ros/humble/lib/python3.10/site-packages"},
        {"CMAKE_PREFIX_PATH": "/opt/ros/jazzy"},
    ],
)
def test_foreign_ros_environment_is_refused(environment, tmp_path):
    with pytest.raises(SetupError) as raised:
        preflight.check_environment(Workspace(tmp_path), environment)
    text = sentence(raised)
    assert "is sourced in this shell" in text
    assert "open a new shell" in text


def test_own_environment_is_accepted(tmp_path):
    own = {"AMENT_PREFIX_PATH": f"{tmp_path}/install/a:{tmp_path}/.venv", "PYTHONPATH": f"{tmp_path}/build/a"}
    preflight.check_environment(Workspace(tmp_path), own)


def test_path_with_a_space_is_refused(tmp_path):
    with pytest.raises(SetupError) as raised:
        preflight.check_path(Workspace(tmp_path / "my robot"))
    assert "holds a space" in sentence(raised)
    assert "move the checkout" in sentence(raised)


@pytest.mark.parametrize("character", list(";:'\"$&*"))
def test_path_that_breaks_scripts_is_refused(tmp_path, character):
    with pytest.raises(SetupError) as raised:
        preflight.check_path(Workspace(tmp_path / f"a{character}b"))
    assert f"the character {character}" in sentence(raised)


def test_path_of_ordinary_letters_is_accepted(tmp_path):
    preflight.check_path(Workspace(tmp_path / "Bücher_2-x.y+z@home"))


def test_checkout_that_cannot_be_written_is_refused(tmp_path):
    # The superuser may write everywhere, so that a file in the directory's place stands for a read-only disk.
    (tmp_path / ".setup").write_text("")
    with pytest.raises(SetupError) as raised:
        preflight.check_writable(Workspace(tmp_path))
    assert "cannot be written to" in sentence(raised)
    assert "make it writable" in sentence(raised)


def test_small_disk_is_refused_with_both_figures(tmp_path):
    with pytest.raises(SetupError) as raised:
        preflight.check_disk(Workspace(tmp_path), needed_bytes=10**18)
    assert re.search(r"Only [\d.]+ GB are free .* needs 1000000000\.0 GB", sentence(raised))


def test_missing_compiler_is_named_with_the_line_that_installs_it(machine):
    (machine.home / "bin/dpkg-query").unlink()
    (machine.home / "bin/g++").unlink()
    machine.settings["PATH"] = str(machine.home / "bin")
    with pytest.raises(SetupError) as raised:
        machine.set_up()
    assert "sudo apt-get install -y g++" in sentence(raised)
    assert machine.calls == []


def test_compiler_that_vanished_after_the_first_set_up_is_named(machine):
    machine.set_up()
    (machine.home / "bin/g++").unlink()
    machine.settings["PATH"] = f"{machine.home}/bin:{machine.home}/tools"
    for name in ("mkdir", "touch", "bash"):
        machine.command(name)
    (machine.workspace.root / "src/a_msgs/A.msg").write_text("int32 b\n")
    with pytest.raises(SetupError) as raised:
        machine.set_up()
    assert "No g++ found" in sentence(raised)


def test_missing_headers_are_named(machine):
    (machine.home / "include/Python.h").unlink()
    with pytest.raises(SetupError) as raised:
        machine.set_up()
    assert "headers of Python 3.11" in sentence(raised)


def test_python_without_venv_is_named(machine):
    machine.settings["FAKE_VENV_FAILS"] = "1"
    with pytest.raises(SetupError) as raised:
        machine.set_up()
    assert "apt-get install -y python3.11-venv" in sentence(raised)


@pytest.mark.parametrize(
    "said",
    [
        "WARNING: Retrying ... NewConnectionError('...: [Errno -3] Temporary failure in name resolution')",
        "WARNING: Retrying ... ConnectTimeoutError",
        "ERROR: Could not install packages due to an OSError: HTTPSConnectionPool: Max retries exceeded",
    ],
)
def test_no_network_is_named(machine, said):
    machine.settings["FAKE_PIP_SAYS"] = said
    with pytest.raises(SetupError) as raised:
        machine.set_up()
    assert sentence(raised).startswith("The package index cannot be reached: check the network")


def test_full_disk_is_named(machine):
    machine.settings["FAKE_PIP_SAYS"] = "ERROR: [Errno 28] No space left on device"
    with pytest.raises(SetupError) as raised:
        machine.set_up()
    assert "The disk is full" in sentence(raised)


def test_wrong_pin_hands_on_what_pip_said(machine):
    machine.settings["FAKE_PIP_SAYS"] = "ERROR: No matching distribution found for robot==1"
    with pytest.raises(SetupError) as raised:
        machine.set_up()
    assert "No matching distribution found for robot==1" in sentence(raised)
    assert "correct requirements/" in sentence(raised)


def test_workspace_built_by_something_else_is_left_alone(machine):
    (machine.workspace.install / "a_msgs").mkdir(parents=True)
    with pytest.raises(SetupError) as raised:
        machine.set_up()
    assert "make clean" in sentence(raised)
    assert (machine.workspace.install / "a_msgs").exists()


def test_environment_made_by_something_else_is_left_alone(machine):
    (machine.workspace.venv / "bin").mkdir(parents=True)
    with pytest.raises(SetupError) as raised:
        machine.set_up()
    assert "was not made by this set-up" in sentence(raised)
    assert (machine.workspace.venv / "bin").exists()


def test_broken_manifest_is_named(machine):
    (machine.workspace.root / "src/a_msgs/package.xml").write_text("<package>")
    with pytest.raises(SetupError) as raised:
        machine.set_up()
    assert "a_msgs/package.xml cannot be read" in sentence(raised)
