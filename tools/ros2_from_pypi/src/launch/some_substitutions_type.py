"""What is accepted wherever a substitution is wanted."""

from __future__ import annotations

import collections.abc
from collections.abc import Iterable
from pathlib import Path
from typing import Union

from .substitution import Substitution

SomeSubstitutionsType = Union[str, Path, Substitution, Iterable[str | Path | Substitution]]
SomeSubstitutionsType_types_tuple = (str, Path, Substitution, collections.abc.Iterable)
