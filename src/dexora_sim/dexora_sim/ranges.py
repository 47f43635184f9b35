"""Named ranges of domain randomisation: "train" is what training sees, "ood" lies outside of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A set of numbers to draw from uniformly.

    Attributes:
        intervals: Pairs (low, high); their union is the set.
    """

    intervals: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, *intervals: tuple[float, float]) -> Span:
        """Build a span from its intervals."""
        return cls(intervals)


NOMINAL = Span.of((1.0, 1.0))
"""The factor of an aspect that is off."""
RANGES: dict[str, dict[str, Span]] = {
    # factors on the nominal value
    "mass": {"train": Span.of((0.8, 1.25)), "ood": Span.of((0.5, 0.7), (1.4, 1.8))},
    "friction": {"train": Span.of((0.8, 1.2)), "ood": Span.of((0.55, 0.7), (1.4, 1.7))},
    "size": {"train": Span.of((0.96, 1.04)), "ood": Span.of((0.88, 0.93), (1.07, 1.12))},
    "colour": {"train": Span.of((0.85, 1.1)), "ood": Span.of((0.5, 0.7), (1.25, 1.5))},
    "light": {"train": Span.of((0.75, 1.2)), "ood": Span.of((0.3, 0.5), (1.5, 1.8))},
    # red, green and blue of the table
    "table_colour": {"train": Span.of((0.55, 0.95)), "ood": Span.of((0.1, 0.4))},
    "light_shift_m": {"train": Span.of((-0.3, 0.3)), "ood": Span.of((-1.2, -0.6), (0.6, 1.2))},
    "camera_shift_m": {"train": Span.of((0.0, 0.01)), "ood": Span.of((0.02, 0.04))},
    "camera_turn_rad": {"train": Span.of((0.0, 0.02)), "ood": Span.of((0.04, 0.08))},
    # on each arm joint of the start pose
    "start_rad": {"train": Span.of((-0.03, 0.03)), "ood": Span.of((-0.1, -0.05), (0.05, 0.1))},
    # a number of objects
    "distractor": {"train": Span.of((0.0, 0.0)), "ood": Span.of((1.0, 3.0))},
    # place of an object along each side of its region: 0 is the middle, 1 the edge of the training region
    "pose": {
        "off": Span.of((0.0, 0.0)),
        "train": Span.of((-1.0, 1.0)),
        "ood": Span.of((-1.3, -1.1), (1.1, 1.3)),
    },
}
"""Spans by aspect and level; an aspect that is off keeps its nominal value."""

TRAIN_TEXTURES = ("table_plain", "table_wood", "table_speckle", "table_linen")
SPARE_TEXTURES = ("table_checker", "table_stripes")
