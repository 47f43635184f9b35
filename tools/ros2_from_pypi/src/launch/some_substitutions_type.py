"""What is accepted wherever a substitution is wanted."""

from __future__ import annotations

import collections.abc
from collections.abc import Iterable
from pathlib import Path

from .substitution import Substitution

SomeSubstitutionsType = str | Path | Substitution | Iterable[str | Path | Substitution]
SomeSubstitutionsType_types_tuple = (str, Path, Substitution, collections.abc.Iterable)
