"""Pins the newest-only set of views: when to encode, what is masked, one world per encoding, recovery."""

import numpy as np
import pytest
from dexora_core.faults import make_fault
from dexora_perception.view_checks import Picture, ViewBounds
from dexora_perception.view_set import SetTiming, ViewSet
from encoder_cases import picture

MS = 1_000_000
VIEWS = ("top", "left", "right")
BOUNDS = ViewBounds(height=48, width=64, max_age_ns=150 * MS)
TIMING = SetTiming(period_ns=50 * MS, gather_ns=25 * MS, max_skew_ns=66 * MS)


class Cameras:
    """A set of views fed with pictures that differ."""

    def __init__(self, timing=TIMING, bounds=BOUNDS):
        self.views = ViewSet(dict.fromkeys(VIEWS, bounds), timing)
        self.shown = 0

    def show(self, now_ms, *views, pixels=None, age_ms=5, stamp_ms=None):
        for view in views:
            self.shown += 1
            captured = now_ms - age_ms if stamp_ms is None else stamp_ms
            image = picture(self.shown, 48, 64) if pixels is None else pixels
            self.views.offer(view, now_ms * MS, Picture(image, captured * MS, captured * MS))

    def is_due(self, now_ms):
        return self.views.is_due(now_ms * MS)

    def select(self, now_ms):
        selection = self.views.select(now_ms * MS)
        return list(selection.pictures), {view: fault.code for view, fault in selection.masked.items()}


@pytest.fixture
def cameras():
    return Cameras()


def test_nothing_is_due_before_a_picture(cameras):
    assert not cameras.is_due(1000)


def test_complete_set_is_due_at_once(cameras):
    cameras.show(1000, *VIEWS)
    assert cameras.is_due(1000)
    assert cameras.select(1000) == (list(VIEWS), {})


def test_same_pictures_are_not_due_twice(cameras):
    cameras.show(1000, *VIEWS)
    cameras.select(1000)
    assert not cameras.is_due(1100)


def test_first_new_picture_waits_for_the_cameras_that_live(cameras):
    cameras.show(1000, *VIEWS)
    cameras.select(1000)
    cameras.show(1050, "top", "left")
    assert not cameras.is_due(1060)
    cameras.show(1061, "right")
    assert cameras.is_due(1061)


def test_waiting_for_a_camera_ends(cameras):
    cameras.show(1000, *VIEWS)
    cameras.select(1000)
    cameras.show(1050, "top", "left")
    assert not cameras.is_due(1074)
    assert cameras.is_due(1075)


def test_nobody_waits_for_a_dead_camera(cameras):
    cameras.show(1000, *VIEWS)
    cameras.select(1000)
    cameras.show(1300, "top", "left")
    assert cameras.is_due(1300)
    views, masked = cameras.select(1300)
    assert (views, masked) == (["top", "left"], {"right": "DX-FRS-006"})


def test_camera_that_never_sent_is_named_so(cameras):
    cameras.show(1000, "top")
    assert cameras.is_due(1025)
    assert cameras.select(1025) == (["top"], {"left": "DX-CAM-004", "right": "DX-CAM-004"})


def test_newest_picture_wins_and_the_others_are_counted(cameras):
    for now_ms in (1000, 1010, 1020):
        cameras.show(now_ms, *VIEWS)
    newest = cameras.views.select(1020 * MS).pictures["right"]
    assert newest.stamp_ns == 1015 * MS
    assert cameras.views.counts["right"] == {"received": 3, "dropped": 2, "refused": 0, "masked": 0}


def test_rate_is_kept_in_the_long_run_in_spite_of_jitter(cameras):
    encoded = []
    for number in range(40):
        now_ms = 1000 + 50 * number + (20 if number % 2 else 0)
        cameras.show(now_ms, *VIEWS)
        for later_ms in range(now_ms, now_ms + 30):
            if cameras.is_due(later_ms):
                cameras.select(later_ms)
                encoded.append(later_ms)
                break
    assert len(encoded) == 40
    assert np.diff(encoded).min() >= 25


def test_faster_cameras_are_encoded_no_faster_than_asked(cameras):
    encoded = 0
    for now_ms in range(1000, 2000, 5):
        cameras.show(now_ms, *VIEWS)
        if cameras.is_due(now_ms):
            cameras.select(now_ms)
            encoded += 1
    assert 19 <= encoded <= 21


def test_late_first_encoding_does_not_make_all_later_pictures_wait(cameras):
    """Regression: pictures waited for the phase of the first start, up to 25 ms for ever."""
    cameras.show(1000, *VIEWS)
    cameras.select(1020)
    for now_ms in range(1050, 2000, 50):
        cameras.show(now_ms, *VIEWS)
        assert cameras.is_due(now_ms)
        cameras.select(now_ms)


def test_repeated_stamp_is_no_new_picture_and_grows_old(cameras):
    cameras.show(1000, *VIEWS)
    cameras.select(1000)
    for now_ms in range(1050, 1300, 50):
        cameras.show(now_ms, "top", "left")
        cameras.show(now_ms, "right", stamp_ms=995)
    assert cameras.select(1250)[1] == {"right": "DX-FRS-006"}


def test_view_that_lies_too_far_behind_the_others_is_masked(cameras):
    cameras.show(1000, *VIEWS)
    cameras.show(1060, "top", "left", age_ms=0)
    cameras.show(1060, "right", stamp_ms=993)
    assert cameras.select(1060) == (["top", "left"], {"right": "DX-FRS-008"})


def test_skew_of_the_bound_is_one_world(cameras):
    cameras.show(1060, "top", "left", age_ms=0)
    cameras.show(1060, "right", stamp_ms=994)
    assert cameras.select(1060) == (list(VIEWS), {})


def test_black_view_is_masked_and_comes_back(cameras):
    cameras.show(1000, "top", "left")
    cameras.show(1000, "right", pixels=np.zeros((48, 64, 3), np.uint8))
    assert cameras.select(1000)[1] == {"right": "DX-CAM-002"}
    assert cameras.views.counts["right"]["masked"] == 1
    cameras.show(1050, *VIEWS)
    assert cameras.select(1050) == (list(VIEWS), {})


def test_black_view_stays_masked_while_nothing_new_comes(cameras):
    cameras.show(1000, "right", pixels=np.zeros((48, 64, 3), np.uint8))
    cameras.select(1000)
    cameras.show(1050, "top", "left")
    assert cameras.select(1050)[1] == {"right": "DX-CAM-002"}


def test_frozen_view_is_masked_and_comes_back(cameras):
    frozen = picture(999, 48, 64)
    for number in range(6):
        cameras.show(1000 + 50 * number, "top", "left")
        cameras.show(1000 + 50 * number, "right", pixels=frozen.copy())
        masked = cameras.select(1000 + 50 * number)[1]
        assert masked == ({"right": "DX-FRS-020"} if number >= 4 else {})
    cameras.show(1300, *VIEWS)
    assert cameras.select(1300)[1] == {}


def test_view_of_the_wrong_size_is_masked_and_comes_back(cameras):
    cameras.show(1000, *VIEWS)
    cameras.show(1010, "right", pixels=picture(0, 24, 32))
    assert cameras.select(1010) == (["top", "left"], {"right": "DX-CAM-001"})
    assert cameras.views.counts["right"]["refused"] == 1
    cameras.show(1060, *VIEWS)
    assert cameras.select(1060) == (list(VIEWS), {})


def test_garbage_masks_the_view_until_something_better_comes(cameras):
    cameras.show(1000, *VIEWS)
    cameras.views.refuse("left", 1001 * MS, make_fault("DX-CAM-001", 0, "left", detail="garbage"))
    assert cameras.select(1002)[1] == {"left": "DX-CAM-001"}
    cameras.show(1050, *VIEWS)
    assert cameras.select(1050)[1] == {}


def test_all_views_may_be_masked(cameras):
    cameras.show(1000, *VIEWS)
    assert cameras.select(1500) == ([], dict.fromkeys(VIEWS, "DX-FRS-006"))


def test_silent_views_are_reported_without_an_encoding(cameras):
    cameras.show(1000, "top")
    found = {view: fault.code for view, fault in cameras.views.masked(1500 * MS).items()}
    assert found == {"top": "DX-FRS-006", "left": "DX-CAM-004", "right": "DX-CAM-004"}


def test_world_that_starts_again_forgets_the_pictures_of_before(cameras):
    cameras.show(100_000, *VIEWS)
    cameras.select(100_000)
    cameras.show(20, "top")
    assert cameras.select(45) == (["top"], {"left": "DX-CAM-004", "right": "DX-CAM-004"})
    cameras.show(60, *VIEWS)
    assert cameras.is_due(95)
