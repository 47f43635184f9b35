"""Stamps: exact in nanoseconds both ways, and refused where a message cannot hold them."""

import pytest
from builtin_interfaces.msg import Duration, Time
from dexora_ros.stamps import duration_from_ns, from_ns, set_stamp, to_ns

LAST_NS = (2**31 - 1) * 10**9 + 999_999_999


@pytest.mark.parametrize("stamp_ns", [0, 1, 999_999_999, 10**9, 1_763_672_000_123_456_789, LAST_NS])
def test_stamp_survives_both_ways(stamp_ns):
    assert to_ns(from_ns(stamp_ns)) == stamp_ns


@pytest.mark.parametrize("stamp_ns", [-1, LAST_NS + 1])
def test_stamp_that_does_not_fit_is_refused(stamp_ns):
    with pytest.raises(ValueError, match=f"stamp {stamp_ns} ns does not fit a message"):
        from_ns(stamp_ns)


def test_existing_stamp_is_written_in_place():
    stamp = Time()
    assert set_stamp(stamp, 2_000_000_001) is stamp
    assert (stamp.sec, stamp.nanosec) == (2, 1)


@pytest.mark.parametrize(
    ("duration_ns", "parts"), [(1_500_000_000, (1, 500_000_000)), (-1, (-1, 999_999_999))]
)
def test_duration_has_a_positive_nanosecond_part(duration_ns, parts):
    duration = duration_from_ns(duration_ns)
    assert (duration.sec, duration.nanosec) == parts
    assert to_ns(duration) == duration_ns
    assert isinstance(duration, Duration)
