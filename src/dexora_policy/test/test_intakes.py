"""Tokens and joint states: what is refused under which code, and how old is too old."""

import numpy as np
import pytest
from dexora_policy.joint_intake import JointIntake
from dexora_policy.token_intake import TokenIntake
from policy_cases import CONTRACT, HOME, MS, NAMES, D, J, N, V, manifest, raw_tokens

BOUND = 150 * MS


@pytest.fixture
def intake():
    return TokenIntake(manifest(), BOUND)


@pytest.fixture
def joints():
    return JointIntake(CONTRACT, 50 * MS)


def code(fault):
    return None if fault is None else fault.code


def test_without_tokens_nothing_is_inferred_and_their_encoder_is_named(intake):
    assert code(intake.check(0)) == "DX-POL-005"
    assert "eyes-1" in intake.check(0).sentence


def test_fresh_tokens_are_kept_in_the_order_of_the_bundle(intake):
    data = np.arange(V * N * D, dtype=np.float32).reshape(V, N, D)
    views = list(reversed(CONTRACT.views))
    assert intake.offer(0, raw_tokens(view_names=views, data=data)) is None
    assert np.array_equal(intake.newest.values, data[::-1])
    assert intake.newest.view_mask.all()
    assert intake.newest.oldest_camera_ns == -50 * MS - (V - 1)


def test_missing_view_is_zero_and_masked(intake):
    raw = raw_tokens(view_names=CONTRACT.views[1:], view_stamps_ns=[0] * (V - 1), data=np.ones((V - 1, N, D)))
    assert intake.offer(0, raw) is None
    assert intake.newest.view_mask.tolist() == [False] + [True] * (V - 1)
    assert not intake.newest.values[0].any()


def test_int8_tokens_are_scaled(intake):
    assert intake.offer(0, raw_tokens(data=np.full((V, N, D), 10, np.int8), scale=0.5)) is None
    assert np.allclose(intake.newest.values, 5.0)


def test_tokens_of_another_encoder_are_refused_and_both_are_named(intake):
    fault = intake.offer(0, raw_tokens(encoder_id="other-2"))
    assert code(fault) == "DX-POL-007"
    assert "'other-2'" in fault.sentence
    assert "'eyes-1'" in fault.sentence


@pytest.mark.parametrize(
    "changes",
    [
        {"data": np.ones((V, N + 1, D))},
        {"data": np.ones((V - 1, N, D))},
        {"view_stamps_ns": [0]},
        {"view_names": ["elsewhere"] * V},
        {"view_names": [CONTRACT.views[0]] * V},
        {"view_names": [], "view_stamps_ns": [], "data": np.ones((0, N, D))},
        {"data": np.full((V, N, D), np.nan)},
        {"scale": np.inf},
    ],
)
def test_wrong_shape_views_or_values_are_refused(intake, changes):
    assert code(intake.offer(0, raw_tokens(**changes))) == "DX-POL-008"
    assert intake.newest is None


def test_old_tokens_are_refused_with_age_and_bound(intake):
    intake.offer(0, raw_tokens())
    assert intake.check(99 * MS) is None
    fault = intake.check(101 * MS)
    assert code(fault) == "DX-POL-006"
    assert "151 ms old, bound 150 ms" in fault.sentence


def test_tokens_stamped_in_the_future_age_from_their_arrival(intake):
    intake.offer(0, raw_tokens(view_stamps_ns=[10**12] * V))
    assert intake.check(149 * MS) is None
    assert code(intake.check(151 * MS)) == "DX-POL-006"


def test_joints_are_known_once_every_one_was_seen(joints):
    assert code(joints.check(0)) == "DX-POL-009"
    assert joints.offer(0, NAMES[:20], HOME[:20], 0) is None
    assert joints.positions is None
    assert joints.offer(10 * MS, NAMES[20:], HOME[20:], 9 * MS) is None
    assert np.array_equal(joints.positions, HOME)
    assert joints.stamp_ns == 0
    assert joints.check(50 * MS) is None
    assert "51 ms old, bound 50 ms" in joints.check(51 * MS).sentence


def test_joints_arrive_in_any_order(joints):
    order = np.random.default_rng(0).permutation(J)
    joints.offer(0, [NAMES[k] for k in order], HOME[order], 0)
    assert np.array_equal(joints.positions, HOME)


@pytest.mark.parametrize(
    ("names", "positions", "text"),
    [
        (NAMES, np.where(np.arange(J) == 3, np.nan, HOME), NAMES[3]),
        (NAMES, HOME[:-1], "35 positions for 36 names"),
        (("knee",), [0.0], "knee"),
        ((), [], "no joint"),
    ],
)
def test_unusable_joint_state_is_refused_and_says_why(joints, names, positions, text):
    fault = joints.offer(0, names, positions, 0)
    assert code(fault) == "DX-POL-009"
    assert text in fault.sentence
    assert joints.positions is None
