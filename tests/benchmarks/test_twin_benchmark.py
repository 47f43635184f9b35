"""Twin benchmark: latencies belong to their joint states, and a block runs the node with its neighbours."""

import _twin_ros
import pytest
from _twin_ros import Block, Condition


def test_latency_runs_from_the_publishing_of_the_same_stamp():
    heard = {"arrival_ns": [1_000_000_000, 1_020_000_000], "stamp_ns": [8_000_000, 16_000_000]}
    published_ns = {8_000_000: 999_000_000, 16_000_000: 1_018_000_000, 24_000_000: 0}
    block = _twin_ros._block(heard, published_ns, 80.0)
    assert block.latencies_ms == pytest.approx([1.0, 2.0])
    assert block.factor == pytest.approx(0.4)


def test_twin_that_sent_nothing_is_an_error():
    with pytest.raises(RuntimeError, match="fewer than two joint states"):
        _twin_ros._block({"arrival_ns": [], "stamp_ns": []}, {}, 0.0)


@pytest.mark.parametrize(("factor", "pictures_per_s", "speed"), [(9.0, 160.0, 2.0), (1.5, 400.0, 1.5)])
def test_speed_is_that_of_the_slower_of_world_and_cameras(factor, pictures_per_s, speed):
    assert Block(factor, pictures_per_s, []).speed == speed


@pytest.mark.system
def test_block_measures_the_running_node_with_its_cameras():
    block = _twin_ros.run_block(Condition((48, 64), 1.0), 1.0)
    assert block.latencies_ms
    assert min(block.latencies_ms) > 0.0
    assert block.pictures_per_s > 0.0
    assert block.factor > 0.1
