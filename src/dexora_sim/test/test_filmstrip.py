"""A filmstrip shows an episode from its first to its last moment, and something moves in it."""

import numpy as np
from dexora_sim.filmstrip import film, strip


def test_film_of_an_expert_starts_at_rest_and_shows_motion():
    pictures = film("reach", 0, 64, 48)
    assert pictures[0].shape == (48, 64, 3)
    assert len(pictures) > 40
    assert np.abs(pictures[0].astype(int) - pictures[-1].astype(int)).max() > 50


def test_strip_holds_the_first_and_the_last_picture():
    pictures = [np.full((4, 6, 3), shade, np.uint8) for shade in range(10)]
    row = strip(pictures, 3)
    assert row.shape == (4, 18, 3)
    assert row[0, 0, 0] == 0
    assert row[0, -1, 0] == 9
