"""Pins the picture that the encoder sees: exact area means, nothing cut off, the same on every machine."""

import hashlib
from fractions import Fraction

import numpy as np
import pytest
from dexora_perception.preprocess import FILL, area_mean, fitted, resize, resize_into
from hypothesis import given, settings
from hypothesis import strategies as st


def random_picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def exact_mean(image, height, width):
    """Area means in exact arithmetic, halves rounded up; slow and plain."""
    result = np.empty((height, width, 3), np.uint8)
    row_shares, column_shares = shares(image.shape[0], height), shares(image.shape[1], width)
    for i, j, channel in np.ndindex(height, width, 3):
        total = sum(
            row * column * int(image[r, c, channel])
            for r, row in row_shares[i].items()
            for c, column in column_shares[j].items()
        )
        result[i, j, channel] = int(total + Fraction(1, 2))
    return result


def shares(source_length, length):
    found = []
    for k in range(length):
        begin, end = Fraction(source_length * k, length), Fraction(source_length * (k + 1), length)
        overlaps = {n: min(Fraction(n + 1), end) - max(Fraction(n), begin) for n in range(source_length)}
        found.append({n: part / (end - begin) for n, part in overlaps.items() if part > 0})
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 9), st.integers(1, 9), st.integers(0, 999))
def test_every_pixel_is_the_mean_of_the_area_it_covers(height, width, rows, columns, seed):
    image = random_picture(height, width, seed)
    np.testing.assert_array_equal(area_mean(image, rows, columns), exact_mean(image, rows, columns))


def test_picture_of_the_contract_is_the_same_on_every_machine():
    numbers = np.arange(480 * 640 * 3, dtype=np.int64)
    square = resize((numbers * 7919 // 8 % 256).astype(np.uint8).reshape(480, 640, 3), 96)
    digest = hashlib.sha256(square.tobytes()).hexdigest()
    assert digest[:16] == "154693389f073fec"


def test_wide_picture_keeps_its_ratio_between_bars_of_the_mean_colour():
    square = resize(random_picture(480, 640), 96)
    assert (square[:12] == FILL).all()
    assert (square[84:] == FILL).all()
    np.testing.assert_array_equal(square[12:84], area_mean(random_picture(480, 640), 72, 96))


def test_tall_picture_has_its_bars_at_the_sides():
    square = resize(random_picture(64, 32), 16)
    assert (square[:, :4] == FILL).all()
    assert (square[:, 12:] == FILL).all()


def test_square_picture_of_the_right_size_is_unchanged():
    image = random_picture(96, 96)
    np.testing.assert_array_equal(resize(image, 96), image)


def test_smaller_picture_is_enlarged():
    square = resize(np.full((3, 4, 3), 77, np.uint8), 8)
    assert (square[1:7] == 77).all()


def test_largest_sum_does_not_overflow():
    assert (resize(np.full((2161, 3847, 3), 255, np.uint8), 97)[30:60] == 255).all()


def test_strided_picture_gives_what_its_copy_gives():
    image = random_picture(48, 64)
    np.testing.assert_array_equal(resize(image[:, ::-1, ::-1], 16), resize(image[:, ::-1, ::-1].copy(), 16))


def test_existing_square_is_filled_and_nothing_of_before_remains():
    square = np.full((96, 96, 3), 9, np.uint8)
    assert resize_into(random_picture(480, 640), square) is square
    np.testing.assert_array_equal(square, resize(random_picture(480, 640), 96))


def test_extreme_ratio_keeps_one_row():
    assert fitted(1, 1000, 16) == (1, 16)


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
    ],
    ids=["grey", "four channels", "empty", "float"],
)
def test_what_is_no_picture_is_refused_with_its_shape(bad):
    with pytest.raises(ValueError, match=r"of shape .* is no picture: must be \(H, W, 3\) uint8"):
        resize(bad, 16)
