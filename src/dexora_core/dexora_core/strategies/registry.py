"""Strategies by name, as the parameter of the command node spells them."""

from __future__ import annotations

from collections.abc import Callable

from dexora_core.errors import ConfigError
from dexora_core.strategies.base import Strategy
from dexora_core.strategies.blend import BlendStrategy
from dexora_core.strategies.ensemble import EnsembleStrategy
from dexora_core.strategies.prefix import PrefixStrategy
from dexora_core.strategies.queue import QueueStrategy
from dexora_core.strategies.replay import ReplayStrategy

STRATEGIES: dict[str, Callable[[], Strategy]] = {
    "replay": ReplayStrategy,
    "ensemble": EnsembleStrategy,
    "queue": QueueStrategy,
    "blend": BlendStrategy,
    "prefix": PrefixStrategy,
}


def make_strategy(name: str) -> Strategy:
    """Return a new strategy.

    Raises:
        ConfigError: There is none of this name; the message lists those that exist.
    """
    if name not in STRATEGIES:
        raise ConfigError(f"unknown strategy {name!r}; choose one of {', '.join(STRATEGIES)}")
    return STRATEGIES[name]()
