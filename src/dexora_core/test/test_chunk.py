"""Fault rows 17, 18, 23, 24: a malformed chunk is refused whole, and the error says what was expected."""

from dataclasses import replace

import numpy as np
import pytest
from chunk_cases import make_chunk, small_limits
from dexora_core.chunk import ChunkChecker, ChunkStamps, RawChunk
from dexora_core.errors import ChunkError
from dexora_core.faults import SPECS
from dexora_core.motion import MotionLimits
from gate_cases import exact_order
from hypothesis import given, settings
from hypothesis import strategies as st

LIMITS = small_limits()
CHECKER = ChunkChecker(LIMITS, exact_order(LIMITS.names))


def raw(**fields):
    base = RawChunk("policy", 7, 2, 10, 0.05, 4, LIMITS.names, np.zeros(12, dtype=np.float32), 1, "p", "lift")
    return replace(base, **fields)


def test_good_chunk_arrives_in_contract_order():
    values = np.tile([0.1, 0.2, 0.3], 4)
    chunk = CHECKER.check(raw(joint_names=("j2", "j0", "j1"), positions=values), 99)
    assert chunk.positions[0].tolist() == [0.2, 0.3, 0.1]
    assert (chunk.horizon, chunk.step_ns, chunk.received_ns, chunk.prefix_steps) == (4, 50_000_000, 99, 1)
    assert chunk.end_ns == 10 + 3 * 50_000_000
    with pytest.raises(ValueError, match="read-only"):
        chunk.positions[0, 0] = 1.0


def test_single_step_holds_for_one_step_time():
    chunk = CHECKER.check(raw(horizon=1, positions=[0, 0, 0]), 0)
    assert chunk.end_ns == 10 + 50_000_000


@pytest.mark.parametrize(
    ("stamps", "observed"),
    [(ChunkStamps(), 10), (ChunkStamps(oldest_camera_ns=3), 3), (ChunkStamps(3, 4, 5), 5)],
)
def test_observation_time_comes_from_the_newest_stamp_there_is(stamps, observed):
    assert CHECKER.check(raw(stamps=stamps), 0).observed_ns == observed


@pytest.mark.parametrize(
    ("fields", "code", "text"),
    [
        ({"positions": [0.0, np.nan] + [0.0] * 10}, "DX-CHK-001", "step 0, joint j1"),
        ({"positions": [0.0] * 11 + [np.inf]}, "DX-CHK-001", "step 3, joint j2"),
        ({"joint_names": ("j0", "j1")}, "DX-CHK-003", "expected layout: j0, j1, j2"),
        ({"joint_names": ("j0", "j1", "j1")}, "DX-CHK-003", "do not fit"),
        ({"positions": np.zeros(11)}, "DX-CHK-004", "expected 4 steps x 3 joints = 12"),
        ({"horizon": 0}, "DX-CHK-004", "between 1 and 2048"),
        ({"horizon": 4096}, "DX-CHK-004", "between 1 and 2048"),
        ({"step_dt_s": np.nan}, "DX-CHK-004", "between 0.001 and 1 s"),
        ({"step_dt_s": 0.0}, "DX-CHK-004", "between 0.001 and 1 s"),
        ({"positions": [0.0] * 11 + [2.2]}, "DX-CHK-009", "joint j2"),
        ({"positions": np.full(12, 45.0)}, "DX-CHK-010", "not degrees"),
    ],
)
def test_malformed_chunk_is_refused_with_what_was_expected(fields, code, text):
    with pytest.raises(ChunkError, match=text) as caught:
        CHECKER.check(raw(**fields), 0)
    assert caught.value.code == code
    assert code in SPECS


def test_small_excess_is_left_to_the_gate():
    assert CHECKER.check(raw(positions=[2.05] * 12), 0).positions.max() == 2.05


@pytest.mark.parametrize("count", [35, 39, 40])
def test_sizes_of_other_robots_are_refused_naming_the_layout(count):
    names = tuple(f"j{k}" for k in range(36))
    one = np.ones(36)
    limits = MotionLimits(names, -one, one, one, one, one, {})
    checker = ChunkChecker(limits, exact_order(names))
    given_names = tuple(f"j{k}" for k in range(count))
    with pytest.raises(ChunkError, match=f"{count} joint names, the robot has 36; expected layout: j0, j1"):
        checker.check(RawChunk("policy", 1, 1, 0, 0.05, 2, given_names, np.zeros(2 * count)), 0)
    with pytest.raises(ChunkError, match="expected 2 steps x 36 joints = 72"):
        checker.check(RawChunk("policy", 1, 1, 0, 0.05, 2, names, np.zeros(2 * count)), 0)


@settings(max_examples=200, deadline=None)
@given(
    positions=st.lists(st.floats(width=32), max_size=30),
    horizon=st.integers(-3, 10),
    step=st.floats(),
    prefix=st.integers(-5, 50),
)
def test_any_content_is_a_chunk_or_a_chunk_error(positions, horizon, step, prefix):
    try:
        chunk = CHECKER.check(
            raw(positions=positions, horizon=horizon, step_dt_s=step, prefix_steps=prefix), 0
        )
    except ChunkError as error:
        assert error.code in SPECS
    else:
        assert np.isfinite(chunk.positions).all()
        assert 0 <= chunk.prefix_steps <= chunk.horizon


def test_helper_builds_lines():
    assert make_chunk(slope=1.0).positions[2, 0] == pytest.approx(0.1)
