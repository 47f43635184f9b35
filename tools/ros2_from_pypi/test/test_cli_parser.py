"""Pins what needs no graph: help, exit codes, refusals that name the subset, and that help imports no ROS."""

import subprocess
import sys

import pytest
from dexora_ros2cli.main import build_parser, load_verb, main
from dexora_ros2cli.registry import PLAIN, VERBS

ALL = [(command, verb, entry) for command, verbs in VERBS.items() for verb, entry in verbs.items()]


@pytest.mark.parametrize(("command", "verb", "entry"), ALL)
def test_every_verb_has_help(command, verb, entry, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, verb, "--help"])
    assert ended.value.code == 0
    assert entry.summary in capsys.readouterr().out


@pytest.mark.parametrize("entry", PLAIN.values())
def test_every_plain_command_exists(entry):
    assert callable(load_verb(entry).main)


def test_no_command_prints_help_and_succeeds(capsys):
    assert main([]) == 0
    assert "Various topic related sub-commands" in capsys.readouterr().out


def test_no_verb_prints_the_verbs_and_succeeds(capsys):
    assert main(["topic"]) == 0
    assert "Output messages from a topic" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["doctor"], "'doctor'"),
        (["topic", "bw", "/x"], "'bw'"),
        (["topic", "list", "--frobnicate"], "--frobnicate"),
        (["topic", "pub", "/x", "std_msgs/msg/String", "--stdin"], "--stdin"),
        (["bag", "record", "-a", "--max-bag-size", "5"], "--max-bag-size"),
        (["bag", "play", "x", "--start-paused"], "--start-paused"),
        (["bag", "record", "-a", "-s", "sqlite3"], "sqlite3"),
    ],
)
def test_what_is_outside_the_subset_is_named_and_ends_with_2(words, named, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    text = capsys.readouterr().err
    assert named in text
    assert "needs an installed ROS 2" in text


def test_missing_argument_ends_with_2(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["topic", "echo"])
    assert ended.value.code == 2
    assert "topic_name" in capsys.readouterr().err


def test_listing_commands_imports_no_middleware():
    code = (
        "import sys; from dexora_ros2cli.main import main; main(['topic']); sys.exit('rclpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


def test_arguments_that_look_like_options_reach_the_executable():
    words = ["run", "pkg", "exe", "--ros-args", "-p", "a:=1"]
    assert build_parser(words).parse_args(words).argv == ["--ros-args", "-p", "a:=1"]


def test_launch_takes_package_file_and_arguments():
    words = ["launch", "pkg", "x.launch.py", "a:=1", "b:=2"]
    args = build_parser(words).parse_args(words)
    assert (args.package_name, args.launch_file_name) == ("pkg", "x.launch.py")
    assert args.launch_arguments == ["a:=1", "b:=2"]


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["pkg", "prefix", "nope"], 1, "Package not found"),
        (["run", "nope", "x"], 1, "Package 'nope' not found"),
        (["run", "std_msgs", "x"], 1, "No executable found: package 'std_msgs' has no 'x'; it has: none"),
        (["interface", "show", "std_msgs/String"], 1, "Expected three parts"),
        (["interface", "show", "std_msgs/msg/Nope"], 1, "Could not find the interface"),
        (["interface", "package", "nope"], 1, "Unknown package 'nope'"),
        (["launch", "nope", "x.launch.py"], 1, "Package 'nope' not found"),
        (["launch", "nope.launch.py"], 1, "No launch file supplied"),
        (["bag", "info", "/nowhere"], 1, "does not exist!"),
        (["bag", "record"], 1, "Need to specify at least one option"),
    ],
)
def test_what_cannot_be_done_ends_with_1_and_a_sentence(words, code, text, capsys):
    assert main(words) == code
    assert text in capsys.readouterr().err


def test_interface_is_shown_with_its_parts_indented(capsys):
    assert main(["interface", "show", "std_msgs/msg/Header", "--no-comments"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "builtin_interfaces/Time stamp",
        "\tint32 sec",
        "\tuint32 nanosec",
        "string frame_id",
    ]


def test_outer_comments_are_shown_and_inner_ones_only_on_request(capsys):
    main(["interface", "show", "std_msgs/msg/Header"])
    shown = capsys.readouterr().out
    assert "# Two-integer timestamp" in shown
    assert "\t#" not in shown
    main(["interface", "show", "std_msgs/msg/Header", "--all-comments"])
    assert "\t#" in capsys.readouterr().out


def test_packages_and_interfaces_are_listed(capsys):
    main(["pkg", "list"])
    assert "std_msgs" in capsys.readouterr().out.splitlines()
    main(["interface", "list", "-s"])
    assert capsys.readouterr().out.startswith("Services:\n    ")
    main(["interface", "package", "std_srvs"])
    assert capsys.readouterr().out.splitlines() == [
        "std_srvs/srv/Empty",
        "std_srvs/srv/SetBool",
        "std_srvs/srv/Trigger",
    ]
