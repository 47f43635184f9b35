"""Pins shapes, rules and distances of the collision check, and which pair it calls the one that matters."""

import numpy as np
import pytest
from dexora_core.collision import CollisionModel, CollisionRules, Margin, load_rules, load_shapes
from dexora_core.collision.gjk import TOLERANCE_M, Cores, core_distance
from dexora_core.contract import load_contract
from dexora_core.errors import ContractError
from dexora_core.kinematics import KinematicsError
from dexora_core.kinematics_urdf import load_urdf

from dexora_description import collision_path, contract_path, urdf_path

CONTRACT = load_contract(contract_path())
MODEL = CollisionModel.load(urdf_path(), collision_path(), CONTRACT.joint_names)
HOME = CONTRACT.home_rad

RAILS = """<robot name="rails">
  <link name="base"/>
  <link name="one"><collision>{one}</collision></link>
  <link name="two"><collision><geometry><sphere radius="0.1"/></geometry></collision></link>
  <joint name="x" type="prismatic"><parent link="base"/><child link="one"/><axis xyz="1 0 0"/>
    <limit lower="-9" upper="9"/></joint>
  <joint name="y" type="prismatic"><parent link="base"/><child link="two"/><axis xyz="1 0 0"/>
    <limit lower="-9" upper="9"/></joint>
</robot>"""
SPHERE = '<geometry><sphere radius="0.1"/></geometry>'
RULES = """schema: 1
robot: rails
margins:
  - {name: all, between: ["*", "*"], slow_m: 0.02, stop_m: 0.01, reason: test}
never:
  - {reason: none, pairs: [[one, one]]}
"""


def rails(tmp_path, one=SPHERE, rules=RULES):
    (tmp_path / "rails.urdf").write_text(RAILS.format(one=one))
    (tmp_path / "rails.yaml").write_text(rules)
    return CollisionModel.load(tmp_path / "rails.urdf", tmp_path / "rails.yaml", ("x", "y"))


def core(centre, half=(0.0, 0.0, 0.0), disc=0.0, rotation=None):
    turned = np.eye(3) if rotation is None else rotation
    return Cores(np.array([centre], float), turned[None], np.array([half], float), np.array([disc]))


UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
TILT = np.array([[0.5**0.5, 0, 0.5**0.5], [0, 1, 0], [-(0.5**0.5), 0, 0.5**0.5]])


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        (core((0, 0, 0)), core((3, 4, 0)), 5.0),
        (core((0, 0, 0), (1, 1, 1)), core((4, 0.3, 0.2), (1, 1, 1)), 2.0),
        (core((0, 0, 0), (1, 1, 1)), core((3, 3, 0)), 8**0.5),
        (core((0, 0, 0), (0, 0, 1)), core((0, 2, 0), (0, 0, 1), rotation=UP), 1.0),
        (core((0, 0, 0), (0, 0, 1), 0.5), core((2, 0, 0), (0, 0, 1), 0.5), 1.0),
        (core((0, 0, 0), (0, 0, 1), 0.5), core((0, 0, 3), (0, 0, 1), 0.5), 1.0),
        (core((0, 0, 0), (0, 0, 1), 1.0), core((0, 0, 3), (1, 1, 1), rotation=TILT), 2.0 - 2**0.5),
        (core((0, 0, 0), (0, 0, 1), 0.5), core((0.2, 0, 0), (1, 1, 1)), 0.0),
        (core((0, 0, 0), (0, 0, 1)), core((0.5, 0, 0), (0, 0, 1)), 0.5),
    ],
)
def test_core_distance_matches_hand_computed_ones(first, second, distance):
    for a, b in ((first, second), (second, first)):
        found = core_distance(a, b)[0]
        assert distance - TOLERANCE_M <= found <= distance + 1e-9


def test_core_distance_ends_early_above_what_is_enough():
    first, second = core((0, 0, 0), (0, 0, 1), 0.5), core((9, 3, 2), (1, 0.5, 1), 0.0, TILT)
    whole = core_distance(first, second)[0]
    assert 1.0 < core_distance(first, second, 1.0)[0] <= whole + 1e-12


def test_capsules_are_found_among_cylinders_and_spheres():
    kinds = [shape.kind for shape in load_shapes(urdf_path())]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"capsule": 28, "cylinder": 17, "box": 8}


@pytest.mark.parametrize(
    ("one", "hint"),
    [
        ('<geometry><mesh filename="a.stl"/></geometry>', "is mesh; supported are box, cylinder and sphere"),
        ("<geometry/>", "is nothing; supported"),
        ('<geometry><sphere radius="-1"/></geometry>', 'radius="-1"; it must be a length above 0'),
        ('<geometry><sphere radius="wide"/></geometry>', 'radius="wide"'),
        ('<geometry><box size="1 2"/></geometry>', 'size="1 2"; it must be three finite numbers'),
        ('<geometry><box size="0 0 0"/></geometry>', "a box without size"),
        ('<origin xyz="0 0 nan"/>' + SPHERE, 'xyz="0 0 nan"'),
    ],
)
def test_shapes_that_cannot_be_used_are_refused(tmp_path, one, hint):
    with pytest.raises(KinematicsError, match="of one") as caught:
        rails(tmp_path, one)
    assert hint in str(caught.value)


def test_model_without_shapes_is_refused(tmp_path):
    path = tmp_path / "bare.urdf"
    text = RAILS.format(one="").replace("<collision></collision>", "")
    path.write_text(text.replace(f"<collision>{SPHERE}</collision>", ""))
    with pytest.raises(KinematicsError, match="has no collision shapes"):
        load_shapes(path)


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("schema: 1", "schema: 2", "this version of dexora reads schema 1"),
        ("robot: rails", "robot: other", "robot is 'other'; it must be 'rails'"),
        ("stop_m: 0.01", "stop_m: 0.05", "margins[0].slow_m is 0.02; it must be above 0.05"),
        ("stop_m: 0.01", "stop_m: -0.1", "margins[0].stop_m is -0.1; it must be at least 0"),
        ('["*", "*"]', '["*", one]', "the last must be between ['*', '*']"),
        ('["*", "*"]', '["*"]', "it must be a list of two names"),
        ("[one, one]", "[one, tow]", "no link fits tow"),
        ("reason: test", "because: test", "unknown key 'because'"),
        ("schema: 1", "schema: [", "not valid YAML"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(tmp_path, old, new, hint):
    with pytest.raises(ContractError) as caught:
        rails(tmp_path, rules=RULES.replace(old, new))
    assert hint in str(caught.value)


def test_absent_rules_are_refused(tmp_path):
    with pytest.raises(ContractError, match="cannot be read"):
        load_rules(tmp_path / "none.yaml")


def test_distance_follows_the_joints(tmp_path):
    model = rails(tmp_path)
    assert model.pair_names == (("one", "two"),)
    found = model.distances(np.array([[0.0, 0.5], [1.0, -1.0], [0.0, 0.15]]))
    assert found[:, 0] == pytest.approx([0.3, 1.8, -0.05], abs=TOLERANCE_M)


@pytest.mark.parametrize(
    ("now", "ahead", "distance", "reached"),
    [
        ([0.30], [0.28, 0.25], 0.10, 0.05),
        ([0.209], [0.209, 0.209], 0.009, 0.009),  # at rest inside the margin: not parting
        ([0.204], [0.204, 0.206, 0.209], 0.004, 0.009),  # parting: the end of the way counts
        ([0.204], [0.2039, 0.209], 0.004, 0.009),  # noise on the way
        ([0.204], [0.202, 0.230], 0.004, 0.002),  # first nearer, then apart
        ([0.215], [0.205, 0.230], 0.015, 0.005),
        ([0.22, 0.205], [0.23, 0.24], 0.005, 0.04),
    ],
)
def test_judgement_tells_now_and_ahead(tmp_path, now, ahead, distance, reached):
    model = rails(tmp_path)
    found = model.judge(*(np.array([[0.0, y] for y in row]) for row in (now, ahead)))
    assert found.distance_m == pytest.approx(distance, abs=TOLERANCE_M)
    assert found.ahead_m == pytest.approx(reached, abs=TOLERANCE_M)
    assert (found.pair, found.slow_m, found.stop_m) == ("one and two", 0.02, 0.01)


def test_pair_that_closes_counts_more_than_a_nearer_one_that_parts(tmp_path):
    rules = RULES.replace("[one, one]", "[two, two]")
    text = RAILS.format(one=SPHERE).replace(
        "</robot>",
        '<link name="three"><collision><geometry><sphere radius="0.1"/></geometry></collision></link>'
        '<joint name="z" type="prismatic"><parent link="base"/><child link="three"/><axis xyz="1 0 0"/>'
        '<limit lower="-9" upper="9"/></joint></robot>',
    )
    (tmp_path / "rails.urdf").write_text(text)
    (tmp_path / "rails.yaml").write_text(rules)
    model = CollisionModel.load(tmp_path / "rails.urdf", tmp_path / "rails.yaml", ("x", "y", "z"))
    now, ahead = np.array([[0.0, 0.202, 0.411]]), np.array([[0.0, 0.206, 0.411], [0.0, 0.21, 0.411]])
    assert model.judge(now, ahead).pair == "two and three"
    assert model.judge(now, ahead + np.array([0.0, 0.0, 0.01])).pair == "one and two"


def test_nothing_in_sight_still_names_a_pair(tmp_path):
    found = rails(tmp_path).judge(np.array([[0.0, 5.0]]), np.array([[0.0, 5.0]]))
    assert 0.05 < found.distance_m <= 4.8


def test_positions_that_are_not_finite_are_refused():
    with pytest.raises(KinematicsError, match="not finite"):
        MODEL.distances(np.full((1, 36), np.nan))


def test_every_watched_pair_has_room_at_home():
    distances = MODEL.distances(HOME[None])[0]
    tight = [pair for pair, d in zip(MODEL.pair_names, distances, strict=True) if d < 0.02]
    assert tight == []


def test_exceptions_of_the_shipped_robot_are_needed():
    """Every pair of links that is never checked does come closer than the slow margin, at some pose."""
    never = [pair for pair in load_rules(collision_path()).never if "*" not in "".join(pair)]
    rng = np.random.default_rng(7)
    share = np.clip(rng.uniform(-0.3, 1.3, (300, 36)), 0.0, 1.0)  # with many joints at their limits
    poses = CONTRACT.lower_rad + share * (CONTRACT.upper_rad - CONTRACT.lower_rad)
    model = unruled_model()
    smallest = {}
    for pair, d in zip(model.pair_names, model.distances(poses).min(axis=0), strict=True):
        smallest[frozenset(pair)] = min(d, smallest.get(frozenset(pair), np.inf))
    assert [pair for pair in never if smallest[frozenset(pair)] > 0.02] == []


def unruled_model():
    margin = Margin("all", ("*", "*"), 0.02, 0.01, "test")
    rules = CollisionRules("dexora36", (margin,), ())
    return CollisionModel(load_urdf(urdf_path()), load_shapes(urdf_path()), rules, CONTRACT.joint_names)
