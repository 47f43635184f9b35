"""A film has its words below the pictures, plays endlessly, and is never larger than it may be."""

import numpy as np
import pytest
from dexora_sim.errors import SimulationError
from dexora_sim.film import captioned, write_film
from PIL import Image


def pictures(count, size=(48, 64)):
    """Return noise that no encoder can make small."""
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (*size, 3), dtype=np.uint8) for _ in range(count)]


def test_words_stand_below_the_picture_and_leave_it_as_it_was():
    (picture,) = pictures(1, (200, 300))
    page = captioned(picture, "lift the red can", "done in 4.2 s")
    assert page.shape == (220, 300, 3)
    np.testing.assert_array_equal(page[:200], picture)
    bar = page[200:].mean(axis=(0, 2))
    assert bar[:150].max() > 40, "words at the left"
    assert bar[200:].max() > 40, "words at the right"


def test_words_that_are_too_long_are_written_smaller_and_do_not_meet():
    (picture,) = pictures(1, (200, 300))
    words = "pass the yellow tube from the left hand to the right hand and back again"
    bar = captioned(picture, words, "not done")[200:].max(axis=(0, 2))
    dark = np.flatnonzero(bar < 60)
    assert np.diff(np.flatnonzero(bar >= 60)).max() > 3, "a gap between both"
    assert {0, 299} <= set(dark.tolist()), "nothing is cut off"


@pytest.mark.parametrize("suffix", [".webp", ".gif"])
def test_film_shows_every_picture_as_long_as_asked_and_starts_over(tmp_path, suffix):
    path = tmp_path / f"film{suffix}"
    size = write_film(path, pictures(4), 100, 10**6)
    assert path.stat().st_size == size
    with Image.open(path) as film:
        assert (film.n_frames, film.size, film.info.get("loop")) == (4, (64, 48), 0)
        film.load()
        assert film.info["duration"] == 100


def test_quality_falls_until_the_film_is_small_enough(tmp_path):
    path = tmp_path / "film.webp"
    best = write_film(path, pictures(4), 100, 10**6)
    assert write_film(path, pictures(4), 100, best - 1) < best


def test_film_that_cannot_be_small_enough_is_refused_and_nothing_is_written(tmp_path):
    path = tmp_path / "film.webp"
    with pytest.raises(
        SimulationError, match=r"4 pictures of 64x48 make \d+ bytes .* the limit is 100; take"
    ):
        write_film(path, pictures(4), 100, 100)
    assert not path.exists()


def test_what_is_no_film_is_refused(tmp_path):
    with pytest.raises(SimulationError, match=r"film\.png is no film; let its name end with \.webp or \.gif"):
        write_film(tmp_path / "film.png", pictures(1), 100, 10**6)
    with pytest.raises(SimulationError, match="needs a picture"):
        write_film(tmp_path / "film.gif", [], 100, 10**6)
