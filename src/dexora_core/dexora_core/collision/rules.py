"""Which parts of a robot are to stay how far apart: `collision/<robot>.yaml`, read strictly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from dexora_core.contract.fields import Fields
from dexora_core.contract.load import read_yaml
from dexora_core.errors import ContractError

SCHEMA = 1
Pair = tuple[str, str]


@dataclass(frozen=True)
class Margin:
    """How far two kinds of links stay apart.

    Attributes:
        name: What it is about.
        between: Patterns of the two links, in either order.
        slow_m: Below this distance the robot slows [m].
        stop_m: Below this distance it stops [m].
        reason: Why so.
    """

    name: str
    between: Pair
    slow_m: float
    stop_m: float
    reason: str


@dataclass(frozen=True)
class CollisionRules:
    """The rules of one robot.

    Attributes:
        robot: Its name.
        margins: The first that fits a pair counts; the last fits every pair.
        never: Patterns of pairs that are not checked.
    """

    robot: str
    margins: tuple[Margin, ...]
    never: tuple[Pair, ...]

    def margin(self, first: str, second: str) -> Margin | None:
        """Return the margin of two links; None when they are never checked."""
        if any(_fits(pair, first, second) for pair in self.never):
            return None
        return next(margin for margin in self.margins if _fits(margin.between, first, second))

    def check_links(self, links: Sequence[str]) -> None:
        """Refuse rules that name a link which the robot does not have.

        Errors:
            ContractError: patterns that fit none of `links`.
        """
        patterns = {name for pair in (*self.never, *(m.between for m in self.margins)) for name in pair}
        lost = sorted(name for name in patterns if not any(fnmatchcase(link, name) for link in links))
        if lost:
            msg = f"collision rules of {self.robot}: no link fits {', '.join(lost)}; correct the name"
            raise ContractError(f"{msg} or give the link a collision shape")


def load_rules(path: Path | str) -> CollisionRules:
    """Load `collision/<robot>.yaml`.

    Errors:
        ContractError: the file is absent, not YAML, named unlike its robot, or breaks a rule; the message
            names the file.
    """
    path = Path(path)
    try:
        rules = _rules(read_yaml(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ContractError(f"collision rules {path}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ContractError(f"collision rules {path}: not valid YAML: {error}") from error
    except ContractError as error:
        raise ContractError(f"collision rules {path.name}: {error.message}") from error
    if rules.robot != path.stem:
        msg = f"collision rules {path.name}: robot is '{rules.robot}'; it must be '{path.stem}'"
        raise ContractError(f"{msg}, as the file says")
    return rules


def _rules(document: Any) -> CollisionRules:
    top = Fields(document, "", ("schema", "robot", "margins", "never"))
    if top.whole("schema", lower=1) != SCHEMA:
        raise ContractError(f"schema is {top.raw('schema')}; this version of dexora reads schema {SCHEMA}")
    margins = tuple(_margin(value, where) for where, value in top.items("margins"))
    if margins[-1].between != ("*", "*"):
        raise ContractError("margins: the last must be between ['*', '*'], so that every pair has one")
    return CollisionRules(top.text("robot"), margins, tuple(_never(top)))


def _margin(value: Any, where: str) -> Margin:
    fields = Fields(value, where, ("name", "between", "slow_m", "stop_m", "reason"))
    stop_m = fields.number("stop_m", lower=0.0, upper=1.0)
    return Margin(
        name=fields.text("name"),
        between=_pair(fields.raw("between"), fields.at("between")),
        slow_m=fields.number("slow_m", above=stop_m, upper=1.0),
        stop_m=stop_m,
        reason=fields.text("reason"),
    )


def _never(top: Fields) -> list[Pair]:
    pairs = []
    for where, value in top.items("never"):
        entry = Fields(value, where, ("reason", "pairs"))
        entry.text("reason")
        pairs += [_pair(pair, place) for place, pair in entry.items("pairs")]
    return pairs


def _pair(value: Any, where: str) -> Pair:
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(v, str) and v for v in value):
        raise ContractError(f"{where} is {value!r}; it must be a list of two names of links")
    return value[0], value[1]


def _fits(pair: Pair, first: str, second: str) -> bool:
    a, b = pair
    straight = fnmatchcase(first, a) and fnmatchcase(second, b)
    return straight or (fnmatchcase(second, a) and fnmatchcase(first, b))
