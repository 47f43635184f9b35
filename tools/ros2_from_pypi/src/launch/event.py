"""The base of all events."""

from __future__ import annotations

from ._subset import Checked


class Event(Checked):
    """Something that happened, handed to the event handlers that match it."""

    name = "launch.Event"
