"""Helpers that actions and substitutions share."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._subset import module_getattr
from .._text import TextSubstitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution

if TYPE_CHECKING:
    from ..launch_context import LaunchContext
    from ..launch_description_entity import LaunchDescriptionEntity

__getattr__ = module_getattr(__name__)


def _normalize_one(item: Any) -> Substitution:
    if isinstance(item, Substitution):
        return item
    if isinstance(item, (str, Path)):
        return TextSubstitution(text=str(item))
    raise TypeError(
        f"Failed to normalize given item of type '{type(item)}', when only 'str' or "
        "'launch.Substitution' were expected."
    )


def normalize_to_list_of_substitutions(subs: SomeSubstitutionsType) -> list[Substitution]:
    """Return a text, a path, a substitution or several of them as a list of substitutions.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(subs, (str, Path, Substitution)) or not isinstance(subs, Iterable):
        return [_normalize_one(subs)]
    return [_normalize_one(item) for item in subs]


def perform_substitutions(context: LaunchContext, subs: Iterable[Substitution]) -> str:
    """Return the values of the substitutions, put together."""
    return "".join(context.perform_substitution(sub) for sub in subs)


def normalize_to_list_of_entities(
    entities: Iterable[LaunchDescriptionEntity | Iterable[LaunchDescriptionEntity]],
) -> list[LaunchDescriptionEntity]:
    """Return entities and lists of entities as one flat list."""
    flat: list[LaunchDescriptionEntity] = []
    for entity in entities:
        if isinstance(entity, Iterable):
            flat.extend(normalize_to_list_of_entities(entity))
        else:
            flat.append(entity)
    return flat


def ensure_argument_type(argument: Any, types: Any, argument_name: str, caller: str | None = None) -> None:
    """Refuse an argument of the wrong type.

    Raises:
        TypeError: it is an instance of none of `types`; the text names argument, caller and types.
    """
    accepted = tuple(types) if isinstance(types, (list, tuple)) else (types,)
    if isinstance(argument, accepted):
        return
    prefix = f"'{caller}' " if caller else ""
    expected = ", ".join(f"'{t}'" for t in accepted)
    raise TypeError(
        f"{prefix}expected '{argument_name}' to be one of [{expected}], but got '{argument}' "
        f"of type '{type(argument)}'"
    )


def is_a(obj: Any, entity_type: type) -> bool:
    """Return whether `obj` is an instance of `entity_type`."""
    return isinstance(obj, entity_type)


def is_a_subclass(obj: Any, entity_type: type) -> bool:
    """Return whether `obj`, a class or an instance, belongs to `entity_type`."""
    return issubclass(obj, entity_type) if inspect.isclass(obj) else isinstance(obj, entity_type)
