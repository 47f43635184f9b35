"""How chunks that overlap become one motion: five strategies behind one interface, to be compared."""

from dexora_core.strategies.base import Offer, Strategy
from dexora_core.strategies.blend import BlendStrategy
from dexora_core.strategies.ensemble import EnsembleStrategy
from dexora_core.strategies.prefix import PrefixStrategy
from dexora_core.strategies.queue import QueueStrategy
from dexora_core.strategies.registry import STRATEGIES, make_strategy
from dexora_core.strategies.replay import ReplayStrategy

__all__ = [
    "STRATEGIES",
    "BlendStrategy",
    "EnsembleStrategy",
    "Offer",
    "PrefixStrategy",
    "QueueStrategy",
    "ReplayStrategy",
    "Strategy",
    "make_strategy",
]
