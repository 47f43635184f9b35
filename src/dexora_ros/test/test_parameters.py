"""Declaration of parameters on a node: descriptors, overrides of any source, unknown names, later changes."""

from dataclasses import dataclass

import pytest
from dexora_core.errors import ConfigError
from dexora_ros.parameters import declare_parameters, param, watch_parameters
from rclpy.node import Node
from rclpy.parameter import Parameter


@dataclass(frozen=True)
class Sample:
    """Sample."""

    rate_hz: float = param(30.0, description="Rate.", unit="Hz", lower=1.0, upper=120.0)
    depth: int = param(4, description="Depth.", lower=1)
    scale: float = param(1.0, description="Scale.", lower=0.0, upper=1.0, read_only=False)
    views: tuple[str, ...] = param((), description="Views.", read_only=False)
    gains: tuple[float, ...] = param((1.0,), description="Gains.")


@pytest.fixture
def make_node(ros):
    nodes = []

    def make(**overrides):
        parameters = [Parameter(name, value=value) for name, value in overrides.items()]
        nodes.append(Node("sample", parameter_overrides=parameters))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()


def test_defaults_are_declared_with_descriptors(make_node):
    node = make_node()
    assert declare_parameters(node, Sample) == Sample()
    descriptor = node.describe_parameter("rate_hz")
    assert descriptor.description == "Rate. [Hz]"
    assert descriptor.read_only
    assert (descriptor.floating_point_range[0].from_value, descriptor.floating_point_range[0].to_value) == (
        1,
        120,
    )
    assert node.describe_parameter("depth").integer_range[0].from_value == 1


def test_overrides_are_taken_and_whole_numbers_widened(make_node):
    node = make_node(rate_hz=20, views=["top"], gains=[1, 2])
    values = declare_parameters(node, Sample)
    assert values == Sample(rate_hz=20.0, views=("top",), gains=(1.0, 2.0))
    assert node.get_parameter("rate_hz").value == 20.0
    assert node.get_parameter("views").value == ["top"]


def test_all_mistakes_are_listed_at_once(make_node):
    node = make_node(rate=10.0, rate_hz=float("nan"), depth=0)
    with pytest.raises(ConfigError) as refusal:
        declare_parameters(node, Sample)
    text = str(refusal.value)
    assert "node 'sample' refuses its parameters" in text
    assert "unknown: rate; allowed: depth, gains, rate_hz, scale, views" in text
    assert "'rate_hz' is nan: must be finite" in text
    assert "'depth' is 0: must be >= 1" in text


def test_names_that_rclpy_owns_are_not_unknown(make_node):
    node = make_node(use_sim_time=False)
    assert declare_parameters(node, Sample) == Sample()


def test_missing_required_parameter_is_refused(make_node):
    @dataclass(frozen=True)
    class Required:
        path: str = param(description="Bundle directory.")

    with pytest.raises(ConfigError, match=r"parameter 'path' must be set \(Bundle directory.\)"):
        declare_parameters(make_node(), Required)


def test_change_of_read_only_parameter_is_refused(make_node):
    node = make_node()
    declare_parameters(node, Sample)
    (result,) = node.set_parameters([Parameter("rate_hz", value=10.0)])
    assert not result.successful
    assert "read-only" in result.reason


@pytest.mark.parametrize("value", [float("nan"), 2.0, -0.1])
def test_bad_change_is_refused_and_not_handed_over(make_node, value):
    node = make_node()
    changes = []
    watch_parameters(node, declare_parameters(node, Sample), changes.append)
    (result,) = node.set_parameters([Parameter("scale", value=value)])
    assert not result.successful
    assert "scale" in result.reason
    assert changes == []


def test_good_changes_are_handed_over_and_kept(make_node):
    node = make_node()
    changes = []
    watch_parameters(node, declare_parameters(node, Sample), changes.append)
    node.set_parameters([Parameter("scale", value=0.5)])
    node.set_parameters([Parameter("views", value=["top", "front"])])
    assert changes == [Sample(scale=0.5), Sample(scale=0.5, views=("top", "front"))]


def test_element_of_wrong_type_is_refused_on_change(make_node):
    node = make_node()
    watch_parameters(node, declare_parameters(node, Sample), lambda _values: None)
    (result,) = node.set_parameters([Parameter("views", value=[1, 2])])
    assert not result.successful
    assert "must be str, is int" in result.reason
