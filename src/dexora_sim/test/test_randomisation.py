"""Domain randomisation: what each aspect changes, that it goes back, and that the aspects are independent."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from dexora_sim.errors import SimulationError
from dexora_sim.randomisation import Randomisation, draw, stream
from dexora_sim.ranges import RANGES, SPARE_TEXTURES, TRAIN_TEXTURES, Span

CHANGES = {
    "mass": {"body_mass", "body_inertia"},
    "friction": {"geom_friction"},
    "size": {"geom_size", "geom_rbound", "body_inertia"},
    "colour": {"geom_rgba", "mat_rgba"},
    "texture": {"geom_matid"},
    "light": {"light_pos", "light_diffuse"},
    "camera": {"cam_pos", "cam_quat"},
    "distractor": {"body_pos"},
    "pose": set(),
    "start": set(),
}
WATCHED = sorted(set().union(*CHANGES.values()))
ASPECTS = [field.name for field in fields(Randomisation)]


def values(twin) -> dict[str, np.ndarray]:
    return {name: np.array(getattr(twin.model, name)) for name in WATCHED}


def test_every_aspect_is_described_here():
    assert set(CHANGES) == set(ASPECTS)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_one_aspect_changes_its_own_fields_and_no_others(twins, aspect):
    twin = twins("lift")
    twin.reset(4, randomisation=Randomisation.off())
    nominal, start = values(twin), twin.data.qpos.copy()
    twin.reset(4, randomisation=Randomisation.off().but(**{aspect: "ood"}))
    changed = {name for name, now in values(twin).items() if not np.array_equal(now, nominal[name])}
    assert changed == CHANGES[aspect]
    moves = not np.array_equal(twin.data.qpos, start)
    assert moves == (aspect in ("pose", "start", "size")), "a smaller can stands lower"


def test_off_after_train_restores_the_nominal_world(twins):
    twin = twins("lift")
    twin.reset(4, randomisation=Randomisation.off())
    nominal, qpos = values(twin), twin.data.qpos.copy()
    twin.reset(9, randomisation=Randomisation.train().but(distractor="ood"))
    twin.reset(4, randomisation=Randomisation.off())
    for name, now in values(twin).items():
        np.testing.assert_array_equal(now, nominal[name], err_msg=name)
    np.testing.assert_array_equal(twin.data.qpos, qpos)


def test_switching_one_aspect_leaves_the_others_as_they_were(twins):
    twin = twins("reach")
    twin.reset(5, randomisation=Randomisation.train())
    before = values(twin)
    twin.reset(5, randomisation=Randomisation.train().but(light="ood", camera="off"))
    after = values(twin)
    for name in ("body_mass", "geom_friction", "geom_size", "geom_rgba", "geom_matid"):
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)


def test_mass_and_size_keep_inertia_consistent(twins):
    twin = twins("lift")
    body = twin.model.body("can").id
    twin.reset(1, randomisation=Randomisation.off())
    mass, inertia = twin.model.body_mass[body], twin.model.body_inertia[body].copy()
    twin.reset(1, randomisation=Randomisation.off().but(mass="train", size="train"))
    radius, half, _ = twin.model.geom_size[twin.model.body_geomadr[body]]
    now = twin.model.body_mass[body]
    assert now != mass
    about_axis, across = 0.5 * now * radius**2, now * (3 * radius**2 + 4 * half**2) / 12
    np.testing.assert_allclose(sorted(twin.model.body_inertia[body]), sorted((across, across, about_axis)))
    assert not np.allclose(inertia, twin.model.body_inertia[body])


@pytest.mark.parametrize(
    "name", [name for name, levels in RANGES.items() if name not in ("distractor", "light_shift_m")]
)
def test_ood_lies_outside_train(name):
    low, high = RANGES[name]["train"].intervals[0]
    for first, last in RANGES[name]["ood"].intervals:
        assert first > high or last < low


def test_spare_textures_are_not_trained_on():
    assert not set(TRAIN_TEXTURES) & set(SPARE_TEXTURES)


def test_draw_stays_in_the_span_and_uses_all_of_it():
    span = Span.of((-2.0, -1.0), (3.0, 6.0))
    numbers = draw(np.random.default_rng(0), span, 2000)
    inside = ((numbers >= -2) & (numbers <= -1)) | ((numbers >= 3) & (numbers <= 6))
    assert inside.all()
    assert 0.2 < (numbers < 0).mean() < 0.3


def test_streams_of_two_aspects_or_seeds_differ():
    numbers = {stream(seed, name).random() for seed in (0, 1) for name in ("mass", "light")}
    assert len(numbers) == 4


def test_unknown_level_lists_the_levels():
    with pytest.raises(SimulationError, match="light is 'bright', must be off, train, ood"):
        Randomisation(light="bright")


def test_unknown_aspect_lists_the_aspects():
    with pytest.raises(SimulationError, match="unknown aspect smell; there are pose, mass"):
        Randomisation.train().but(smell="ood")


def test_distractors_stand_on_the_table_when_they_take_part(twins):
    twin = twins("reach")
    names = [f"distractor_{i}" for i in range(3)]
    twin.reset(2, randomisation=Randomisation.off())
    assert all(twin.data.body(name).xpos[2] < -1 for name in names)
    counts = set()
    for seed in range(12):
        twin.reset(seed, randomisation=Randomisation.off().but(distractor="ood"))
        counts.add(sum(twin.data.body(name).xpos[2] > 0.8 for name in names))
    assert counts == {1, 2, 3}
