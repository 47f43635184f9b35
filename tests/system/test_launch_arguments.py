"""Pins that arguments which cannot work end with one sentence and start nothing; all are described."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.system
FILES = ("robot", "mujoco", "real_robot", "isaac_sim", "teleop")
REFUSED = {
    "expert without task": (
        ("expert:=true", "task:=none"),
        "expert:=true has no expert for task:=none; choose one of reach, reach_either, lift, ",
    ),
    "episodes that nobody plays": (
        ("episodes:=3", "expert:=false"),
        "episodes counts what a policy or an expert plays, and none plays here",
    ),
    "expert without a way to the robot": (
        ("expert:=true", "command_path:=false"),
        "leave command_path:=false or expert:=true out",
    ),
    "policy's fault without a policy": (
        ("fault:=policy_killed", "task:=none"),
        "hits who publishes chunks, and nobody does here",
    ),
    "two processes' faults": (("fault:=policy_killed,command_killed",), "hits several processes"),
    "fault of nobody": (("fault:=cook_killed",), "there are policy_killed, policy_stalled, command_killed, "),
    "fault of a command path that is off": (
        ("fault:=command_killed", "command_path:=false"),
        "is about the command path; leave command_path:=false out",
    ),
    "dry run of nothing": (
        ("dry_run:=true", "command_path:=false"),
        "dry_run:=true is about command_node; leave command_path:=false out, or dry_run",
    ),
    "negative width": (("image_width:=-3",), "image_width:=-3 is outside [0, 1920] pixel"),
    "seed that is no number": (("seed:=x",), "seed:='x' is not a number; give one in [0, 2147483647]"),
    "seed that is not whole": (("seed:=1.5",), "seed:=1.5 is not a whole number"),
    "rate that is no number": (("camera_rate:=nan",), "camera_rate:=nan is outside [0, 60] Hz"),
    "unknown task": (
        ("task:=dance",),
        'Argument "task" provided value "dance" is not valid. Valid options are: (',
    ),
    "neither yes nor no": (("expert:=perhaps",), "write expert:=true or expert:=false"),
    "namespace that is no name": (("namespace:=2nd robot",), "namespace:='2nd robot' is not a ROS name"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_arguments_that_cannot_work_end_with_one_sentence_and_start_nothing(launch, name):
    words, sentence = REFUSED[name]
    launched = launch("mujoco.launch.py", *words)
    assert launched.wait(30.0) == 1
    errors = [line for line in launched.output.splitlines() if "[ERROR] [launch]:" in line]
    assert len(errors) == 1, launched.output
    assert sentence in errors[0]
    assert "process started" not in launched.output
    assert "Traceback" not in launched.output
    assert launched.survivors() == []


@pytest.mark.parametrize("file", FILES)
def test_every_argument_is_described(launch, file):
    launched = launch(f"{file}.launch.py", "--show-args")
    assert launched.wait(30.0) == 0
    blocks = re.findall(
        r"^    '(\w+)':\n        (.+)\n        \(default: .*\)$", launched.output, re.MULTILINE
    )
    names = [name for name, _ in blocks]
    assert names == re.findall(r"^    '(\w+)':", launched.output, re.MULTILINE)
    assert {"robot", "namespace", "log_level"} <= set(names)
    assert all(len(text.split()) > 3 and "no description" not in text for _, text in blocks)
    assert "process started" not in launched.output
