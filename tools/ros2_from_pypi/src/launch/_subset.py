"""Refusing, by its name, what lies outside the subset of ROS 2 that this package covers."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import inspect
import sys
from collections.abc import Callable, Hashable, Sequence
from functools import cache
from types import ModuleType
from typing import Any, TypeVar, cast

_PACKAGES = ("launch", "launch_ros", "ros2launch")
_ADVICE = (
    "is not part of the subset of ROS 2 that came from PyPI (tools/ros2_from_pypi/README.md lists it); "
    "it needs an installed ROS 2"
)
_T = TypeVar("_T", bound="Checked")


class OutsideSubsetError(ModuleNotFoundError):
    """A module or a name of the originals that the subset does not have was asked for."""

    def __init__(self, qualified_name: str, subject: str = "") -> None:
        super().__init__(f"{subject or repr(qualified_name)} {_ADVICE}", name=qualified_name)


class UnknownArgumentError(TypeError):
    """A class of the subset was called with a keyword argument that it does not take."""


def module_getattr(module_name: str) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module of the subset: loads submodules, names what is missing."""

    def getattr_of_module(name: str) -> Any:
        qualified = f"{module_name}.{name}"
        if name.startswith("_"):
            raise AttributeError(f"module '{module_name}' has no attribute '{name}'")
        package_path = getattr(sys.modules[module_name], "__path__", None)
        if package_path and importlib.machinery.PathFinder.find_spec(qualified, package_path):
            return importlib.import_module(qualified)
        raise OutsideSubsetError(qualified)

    return getattr_of_module


class _OutsideSubsetFinder(importlib.abc.MetaPathFinder):
    """The last finder asked: nobody has the module, so it lies outside the subset."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Refuse modules of our packages by name, leave all others alone."""
        del path, target
        package, _, rest = fullname.partition(".")
        if rest and package in _PACKAGES:
            raise OutsideSubsetError(fullname)
        return None


def install_finder() -> None:
    """Let `import launch.<missing>` say what it needs; does nothing the second time."""
    if not any(isinstance(finder, _OutsideSubsetFinder) for finder in sys.meta_path):
        sys.meta_path.append(_OutsideSubsetFinder())


@cache
def accepted_keywords(cls: type) -> frozenset[str]:
    """Return the keyword arguments that `cls(...)` takes, following `**kwargs` up the bases."""
    names: set[str] = set()
    for base in cls.__mro__:
        if base is object or "__init__" not in base.__dict__:
            continue
        parameters = list(inspect.signature(base.__dict__["__init__"]).parameters.values())[1:]
        keyword_kinds = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        names.update(p.name for p in parameters if p.kind in keyword_kinds)
        if all(p.kind is not inspect.Parameter.VAR_KEYWORD for p in parameters):
            break
    return frozenset(names)


class Checked:
    """Base of the public classes: an unknown keyword argument is an error that names it."""

    def __new__(cls: type[_T], *_args: Any, **kwargs: Any) -> _T:
        """Create the object after comparing the keyword arguments with the signature."""
        unknown = sorted(set(kwargs) - accepted_keywords(cast(Hashable, cls)))
        if unknown:
            public = cls.__module__.split("._")[0]
            listed = ", ".join(f"'{name}'" for name in unknown)
            raise UnknownArgumentError(f"argument {listed} of {public}.{cls.__name__} {_ADVICE}")
        return super().__new__(cls)
