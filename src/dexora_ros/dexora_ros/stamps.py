"""Message stamps as whole nanoseconds: arithmetic on times is done on `int`, never on floats of seconds."""

from __future__ import annotations

from builtin_interfaces.msg import Duration, Time
from dexora_core.clock import NS_PER_S

_MAX_SECONDS = 2**31 - 1


def to_ns(stamp: Time | Duration) -> int:
    """Return a stamp or a duration in ns."""
    return int(stamp.sec) * NS_PER_S + int(stamp.nanosec)


def from_ns(stamp_ns: int) -> Time:
    """Return `stamp_ns` as a new message.

    Raises:
        ValueError: The stamp is negative or later than the message can hold (year 2038).
    """
    return set_stamp(Time(), stamp_ns)


def set_stamp(stamp: Time, stamp_ns: int) -> Time:
    """Write `stamp_ns` into an existing message and return that message.

    Raises:
        ValueError: The stamp is negative or later than the message can hold (year 2038).
    """
    seconds, nanoseconds = divmod(int(stamp_ns), NS_PER_S)
    if not 0 <= seconds <= _MAX_SECONDS:
        raise ValueError(
            f"stamp {stamp_ns} ns does not fit a message: must be 0 to {_MAX_SECONDS}.999999999 s; "
            "pass nanoseconds of the node's clock"
        )
    stamp.sec = seconds
    stamp.nanosec = nanoseconds
    return stamp


def duration_from_ns(duration_ns: int) -> Duration:
    """Return `duration_ns` as a message; a negative one has a negative `sec`, as ROS defines it."""
    seconds, nanoseconds = divmod(int(duration_ns), NS_PER_S)
    return Duration(sec=seconds, nanosec=nanoseconds)
