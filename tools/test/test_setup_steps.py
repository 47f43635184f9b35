"""Pins the order of the steps, what each change makes them do again, and that they resume after a break."""

import shutil

import pytest
from setup_workspace.errors import SetupError


def kinds(calls):
    return [call.split()[0] for call in calls]


def test_fresh_machine_does_every_step_in_order(machine):
    said = machine.set_up()
    assert kinds(machine.calls) == ["venv", "pip", "pip", "colcon"]
    assert (
        "-r requirements/robot.txt -r requirements/simulation.txt -r requirements/development.txt"
        in machine.calls[1]
    )
    assert "training" not in machine.calls[1]
    assert machine.calls[2].endswith("-e tools/ros2_from_pypi")
    assert "--packages-select a_msgs a_node control_msgs" in machine.calls[3]
    assert "built a_msgs" in said
    assert "all output in .setup/log" in said


def test_second_start_does_nothing_and_says_nothing(machine):
    machine.set_up()
    machine.forget()
    assert machine.set_up() == ""
    assert machine.calls == []


def test_robot_only_installs_the_robot_file_alone(machine):
    machine.set_up("robot")
    assert "-r requirements/robot.txt" in machine.calls[1]
    assert "simulation" not in machine.calls[1]


def test_smaller_environment_after_a_larger_one_does_nothing(machine):
    machine.set_up("development")
    machine.forget()
    machine.set_up("robot")
    assert machine.calls == []


def test_changed_requirement_installs_all_known_files_and_builds_nothing(machine):
    machine.set_up("training")
    machine.forget()
    (machine.workspace.requirements / "robot.txt").write_text("robot==2\nros-robot==1\n")
    machine.set_up("simulation")
    assert kinds(machine.calls) == ["pip"]
    assert machine.calls[0].count("-r ") == 4


def test_changed_ros_version_builds_everything_again(machine):
    machine.set_up()
    machine.forget()
    (machine.workspace.requirements / "robot.txt").write_text("robot==1\nros-robot==2\n")
    machine.set_up()
    assert kinds(machine.calls) == ["pip", "colcon"]
    assert "a_msgs a_node control_msgs" in machine.calls[1]


def test_edited_python_source_builds_nothing(machine):
    source = machine.workspace.root / "src/a_node/a_node/thing.py"
    source.write_text("one = 1\n")
    machine.set_up()
    machine.forget()
    source.write_text("one = 2\n")
    machine.set_up()
    assert machine.calls == []


def test_new_python_file_builds_its_package_alone(machine):
    machine.set_up()
    machine.forget()
    (machine.workspace.root / "src/a_node/a_node/new.py").write_text("")
    machine.set_up()
    assert "--packages-select a_node --event" in machine.calls[0]


def test_new_test_file_builds_nothing(machine):
    machine.set_up()
    machine.forget()
    tests = machine.workspace.root / "src/a_node/test"
    tests.mkdir()
    (tests / "test_a.py").write_text("")
    machine.set_up()
    assert machine.calls == []


def test_edited_message_builds_its_package_alone(machine):
    message = machine.workspace.root / "src/a_msgs/A.msg"
    message.write_text("int32 a\n")
    machine.set_up()
    machine.forget()
    message.write_text("int32 b\n")
    machine.set_up()
    assert "--packages-select a_msgs --event" in machine.calls[0]


def test_interfaces_that_are_installed_are_not_built(machine):
    machine.set_up()
    index = machine.workspace.venv / "share/ament_index/resource_index/packages"
    index.mkdir(parents=True)
    (index / "control_msgs").write_text("")
    machine.forget()
    (machine.workspace.root / "colcon.meta").write_text('{"names": {}}')
    machine.set_up()
    assert "--packages-select a_msgs a_node --event" in machine.calls[0]


def test_cmake_paths_of_the_wheels_are_rewritten_after_every_installation(machine):
    machine.set_up()
    file = machine.workspace.venv / "share/ros/cmake/x.cmake"
    assert file.read_text() == f'include "{machine.home}/include"\n'


def test_deleted_environment_is_made_again_with_all_that_was_built_on_it(machine):
    machine.set_up()
    shutil.rmtree(machine.workspace.venv)
    machine.forget()
    machine.set_up()
    assert kinds(machine.calls) == ["venv", "pip", "pip", "colcon"]


def test_environment_left_half_made_is_made_again(machine):
    machine.settings["FAKE_VENV_FAILS"] = "1"
    with pytest.raises(SetupError):
        machine.set_up()
    (machine.workspace.venv / "bin").mkdir(parents=True)
    del machine.settings["FAKE_VENV_FAILS"]
    machine.forget()
    machine.set_up()
    assert kinds(machine.calls) == ["venv", "pip", "pip", "colcon"]


def test_moved_checkout_is_set_up_anew(machine, tmp_path):
    machine.set_up()
    moved = tmp_path / "moved"
    machine.workspace.root.rename(moved)
    machine.workspace = type(machine.workspace)(moved)
    machine.forget()
    machine.set_up()
    assert kinds(machine.calls) == ["venv", "pip", "pip", "colcon"]


def test_interrupted_installation_removes_what_is_half_installed_and_goes_on(machine):
    machine.set_up()
    libraries = machine.workspace.venv / "lib/python3.11/site-packages"
    (libraries / "half-1.dist-info").mkdir()
    (machine.workspace.state / "pip-running").write_text("")
    (machine.workspace.state / "stamps/pip-robot").unlink()
    machine.forget()
    assert "half installed, so once more: half-1" in machine.set_up()
    assert kinds(machine.calls) == ["pip"]
    assert not (libraries / "half-1.dist-info").exists()


def test_failed_build_keeps_what_was_finished(machine):
    machine.settings["FAKE_COLCON_FAILS"] = "a_node"
    with pytest.raises(
        SetupError, match=r"^Building a_node failed \(error: no\): read \.setup/log.*start again\.$"
    ):
        machine.set_up()
    del machine.settings["FAKE_COLCON_FAILS"]
    machine.forget()
    machine.set_up()
    assert "--packages-select a_node control_msgs --event" in machine.calls[0]


def test_failed_build_is_tried_once_more_from_nothing(machine):
    machine.settings["FAKE_COLCON_FAILS"] = "a_node"
    with pytest.raises(SetupError):
        machine.set_up()
    assert kinds(machine.calls).count("colcon") == 2


def test_package_that_vanished_from_the_install_space_is_built_again(machine):
    machine.set_up()
    shutil.rmtree(machine.workspace.install / "a_msgs")
    machine.forget()
    machine.set_up()
    assert "--packages-select a_msgs --event" in machine.calls[0]
