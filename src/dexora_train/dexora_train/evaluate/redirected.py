"""`reach` with another wish: the same scene of a seed, and one of the two other objects is asked for."""

from __future__ import annotations

from dataclasses import replace

from dexora_sim.randomisation import Randomisation, stream
from dexora_sim.tasks.base import Goal
from dexora_sim.tasks.placing import Placement
from dexora_sim.tasks.reach import SHAPES, Reach

from dexora_train.evaluate.errors import EvaluationError


class RedirectedReach(Reach):
    """The scene of `reach`, object for object; instruction and judge are about another one of the three.

    Where a policy goes to the named object in both, it listens; where it goes to the same one, it does not.
    """

    @classmethod
    def of(cls, name: str) -> RedirectedReach:
        """Return it for the task of that name.

        Raises:
            EvaluationError: Another task than `reach`.
        """
        if name != Reach.name:
            raise EvaluationError(
                f"task {name!r} has one object only; a wrong instruction needs {Reach.name!r}."
            )
        return cls()

    def choose(self, seed: int, levels: Randomisation) -> tuple[Goal, dict[str, Placement], dict[str, str]]:
        """Choose as `reach` does, then name one of the objects that it did not choose, in its own colour."""
        goal, placements, colours = super().choose(seed, levels)
        others = [shape for shape in SHAPES if shape != goal.target]
        other = str(stream(seed, "redirected").choice(others))
        return replace(goal, target=other, colour=colours[other], shape=other), placements, colours
