"""Descriptions of what actions run."""

from .._subset import module_getattr
from .executable import Executable

__all__ = ["Executable"]

__getattr__ = module_getattr(__name__)
