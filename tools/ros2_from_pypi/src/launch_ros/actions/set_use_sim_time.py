"""The clock of the nodes that follow."""

from __future__ import annotations

from typing import Any

from launch.some_substitutions_type import SomeSubstitutionsType

from .set_parameter import SetParameter


class SetUseSimTime(SetParameter):
    """Sets `use_sim_time` of all nodes that follow, to the end of the scoped group."""

    def __init__(self, value: bool | SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(name="use_sim_time", value=value, **kwargs)
