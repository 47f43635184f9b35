"""The events of the subset."""

from .._subset import module_getattr
from . import process
from .include_launch_description import IncludeLaunchDescription
from .matchers import matches_action
from .shutdown import Shutdown
from .timer_event import TimerEvent

__all__ = ["IncludeLaunchDescription", "Shutdown", "TimerEvent", "matches_action", "process"]

__getattr__ = module_getattr(__name__)
