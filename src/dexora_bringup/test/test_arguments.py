"""Launch arguments: read with their bounds, and refused with the value, the bound and what to do."""

import pytest
from dexora_bringup.arguments import LaunchArgumentError
from launch import LaunchContext

from dexora_bringup import arguments


@pytest.fixture
def given():
    """Return a function that makes a context in which arguments have these texts."""

    def make(**texts):
        context = LaunchContext()
        context.launch_configurations.update(texts)
        return context

    return make


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("", ""), ("robot2", "robot2/"), ("/robot2/", "robot2/"), ("lab/robot_2", "lab/robot_2/")],
)
def test_namespace_without_its_slashes_is_the_prefix_of_frames(given, text, prefix):
    context = given(namespace=text)
    assert arguments.frame_prefix(context) == prefix
    assert arguments.namespace(context) == prefix.rstrip("/")


@pytest.mark.parametrize("text", ["2nd", "a b", "a//b", "roböt", "a-b"])
def test_namespace_that_is_no_ros_name_is_refused(given, text):
    with pytest.raises(LaunchArgumentError, match="is not a ROS name; write letters, digits and underscores"):
        arguments.namespace(given(namespace=text))


@pytest.mark.parametrize(("text", "is_set"), [("true", True), ("On", True), ("0", False), ("no", False)])
def test_flag_takes_the_usual_words(given, text, is_set):
    assert arguments.flag(given(expert=text), "expert") is is_set


def test_flag_that_is_neither_is_refused(given):
    with pytest.raises(
        LaunchArgumentError, match="expert:='perhaps' is neither true nor false; write expert:=true"
    ):
        arguments.flag(given(expert="perhaps"), "expert")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x", r"seed:='x' is not a number; give one in \[0, 2147483647\] steps"),
        ("-1", r"seed:=-1 is outside \[0, 2147483647\] steps"),
        ("nan", "seed:=nan is outside"),
        ("inf", "seed:=inf is outside"),
        ("1.5", "seed:=1.5 is not a whole number"),
        ("1e3", "seed:=1e3 is not a whole number"),
    ],
)
def test_number_that_cannot_be_is_refused_with_its_bounds(given, text, sentence):
    with pytest.raises(LaunchArgumentError, match=sentence):
        arguments.number(given(seed=text), "seed", 0, 2**31 - 1, "steps", is_whole=True)


def test_robot_without_a_contract_is_refused_with_those_that_there_are(given):
    arguments.check_robot(given(robot="dexora36"))
    with pytest.raises(
        LaunchArgumentError, match="robot:= names an unknown robot 'r2d2'; known robots are dexora36"
    ):
        arguments.check_robot(given(robot="r2d2"))


def test_number_at_a_bound_is_taken(given):
    assert arguments.number(given(rate="60"), "rate", 0, 60, "Hz") == 60.0
