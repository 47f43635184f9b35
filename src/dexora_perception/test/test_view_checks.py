"""Pins when a camera's picture may not be looked at: rows 1 to 3, 5 and 6 of the fault matrix."""

import numpy as np
import pytest
from dexora_perception.view_checks import FreezeWatch, Picture, ViewBounds, black, misfit, too_old
from encoder_cases import picture

MS = 1_000_000
BOUNDS = ViewBounds(height=48, width=64, max_age_ns=150 * MS)
NOW = 10_000 * MS
REST, MOVED = np.zeros((2, 6)), np.full((2, 6), 0.1)


def seen(pixels, age_ms=10, ahead_ms=0):
    return Picture(pixels, 7, NOW - age_ms * MS, ahead_ms * MS)


def noise(seed=0):
    return picture(seed, 48, 64)


def test_picture_of_the_agreed_size_is_fine():
    assert misfit("top", NOW, BOUNDS, (48, 64)) is None


def test_other_size_is_named_with_the_agreed_one():
    fault = misfit("top", NOW, BOUNDS, (24, 32))
    assert (fault.code, fault.sentence) == (
        "DX-CAM-001",
        "Camera top sends pictures that do not fit: 32x24, agreed are 64x48.",
    )


@pytest.mark.parametrize(("age_ms", "code"), [(150, None), (151, "DX-FRS-006")])
def test_age_counts_to_the_bound(age_ms, code):
    fault = too_old("top", NOW, BOUNDS, seen(noise(), age_ms))
    assert (fault and fault.code) == code


def test_stamp_of_the_future_is_a_fault_not_a_sign_of_youth():
    fault = too_old("top", NOW, BOUNDS, seen(noise(), 0, 51))
    assert (fault.code, fault.sentence) == (
        "DX-CAM-003",
        "Camera top stamps its pictures 51 ms into the future, bound 50 ms.",
    )


def test_clocks_that_differ_by_a_little_are_tolerated():
    assert too_old("top", NOW, BOUNDS, seen(noise(), 0, 50)) is None


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((48, 64, 3), np.uint8),
        np.full((48, 64, 3), 255, np.uint8),
        np.full((48, 64, 3), 128, np.uint8),
        np.broadcast_to(np.array([0, 135, 0], np.uint8), (48, 64, 3)),
        noise() // 100,
    ],
    ids=["black", "white", "grey", "green, as a decoder paints what is missing", "noise in the dark"],
)
def test_picture_that_shows_nothing_is_black(pixels):
    fault = black("front", NOW, BOUNDS, seen(pixels))
    assert fault.code == "DX-CAM-002"
    assert fault.sentence.startswith("Camera front shows nothing: mean ")


@pytest.mark.parametrize(
    "pixels", [noise(), noise() // 16, 200 + noise() // 10], ids=["day", "dusk", "glare"]
)
def test_picture_that_shows_something_is_not_black(pixels):
    assert black("front", NOW, BOUNDS, seen(pixels)) is None


def frozen_after(bounds, pictures, arms):
    """Return how many pictures were shown before the view counted as frozen."""
    watch = FreezeWatch(bounds)
    for number, (pixels, positions) in enumerate(zip(pictures, arms, strict=True), 1):
        fault = watch.check("top", NOW, seen(pixels), positions)
        if fault is not None:
            assert fault.code == "DX-FRS-020"
            assert fault.sentence == f"Camera top sent the same picture {number} times in a row."
            return number
    return None


def test_fifth_equal_picture_is_frozen():
    assert frozen_after(BOUNDS, [noise().copy() for _ in range(9)], [None] * 9) == 5


def test_one_different_pixel_is_life():
    pictures = [noise().copy() for _ in range(12)]
    for number, pixels in enumerate(pictures):
        pixels[3, 3, 0] = number  # a row that the first glance does not look at
    assert frozen_after(BOUNDS, pictures, [None] * 12) is None


def test_change_ends_the_count():
    pictures = [noise()] * 4 + [noise(1)] + [noise()] * 4
    assert frozen_after(BOUNDS, pictures, [None] * 9) is None


WITH_MOTION = ViewBounds(height=48, width=64, max_age_ns=150 * MS, frozen_motion_rad=0.05)


def test_resting_world_may_look_the_same_for_ever():
    assert frozen_after(WITH_MOTION, [noise()] * 50, [REST] * 50) is None


def test_world_in_which_only_one_arm_moves_may_look_the_same_to_the_other_wrist():
    one = np.stack([MOVED[0], REST[0]])
    assert frozen_after(WITH_MOTION, [noise()] * 20, [REST, *[one] * 19]) is None


def test_same_picture_while_both_arms_move_is_frozen():
    assert frozen_after(WITH_MOTION, [noise()] * 20, [*[REST] * 8, *[MOVED] * 12]) == 9


def test_unknown_arms_freeze_nothing_where_motion_is_asked_for():
    assert frozen_after(WITH_MOTION, [noise()] * 20, [None] * 20) is None


def test_motion_counts_from_when_the_arms_became_known():
    assert frozen_after(WITH_MOTION, [noise()] * 20, [*[None] * 5, *[REST] * 5, *[MOVED] * 10]) == 11
