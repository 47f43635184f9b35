"""Which joint a name means: contract names, aliases, and names that count from 0 instead of 1.

`left_arm_joint_1` is the second joint for somebody who counts from 0 and the first joint here. A single name
cannot tell, a list can: one that holds `left_arm_joint_0` counts that group from 0, one that holds the last
name `left_arm_joint_6` counts it from 1. A list that does both, or that counts one group from 0 and leaves
another group's counting open, is refused.
"""

from __future__ import annotations

import difflib
import re

from dexora_core.errors import ContractError

_NUMBERED = re.compile(r"^(?P<prefix>.*[^0-9])(?P<number>[0-9]+)$")


class NameTable:
    """Maps lists of names to joint positions.

    Args:
        joints: (name, group, aliases) of each joint in policy order.
        zero_based_groups: groups whose numbered names may also be counted from 0.

    Errors:
        ContractError: two joints share a name, or a group to be counted from 0 is not numbered 1..N.
    """

    def __init__(
        self, joints: tuple[tuple[str, str, tuple[str, ...]], ...], zero_based_groups: frozenset[str]
    ) -> None:
        self._exact: dict[str, int] = {}
        self._names = tuple(name for name, _, _ in joints)
        for index, (name, _, aliases) in enumerate(joints):
            for spelling in (name, *aliases):
                self._add(spelling, index)
        self._series = tuple(self._numbered_series(joints, group) for group in sorted(zero_based_groups))

    def indices(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Return the joint position of each name.

        Errors:
            ContractError: unknown, duplicate or ambiguous names, listed with what they might have meant.
        """
        lookup = self._exact | self._zero_based_overrides(frozenset(names))
        unknown = [name for name in names if name not in lookup]
        if unknown:
            raise ContractError(self._unknown_message(unknown))
        found = tuple(lookup[name] for name in names)
        twice = [name for name, index in zip(names, found, strict=True) if found.count(index) > 1]
        if twice:
            msg = f"joint names mean the same joint twice: {', '.join(twice)}; give each joint once"
            raise ContractError(msg)
        return found

    def _add(self, spelling: str, index: int) -> None:
        if spelling in self._exact:
            first = self._names[self._exact[spelling]]
            pair = f"{first} and {self._names[index]}"
            msg = f"duplicate joint name '{spelling}' (of {pair}); names and aliases must be unique"
            raise ContractError(msg)
        self._exact[spelling] = index

    def _numbered_series(
        self, joints: tuple[tuple[str, str, tuple[str, ...]], ...], group: str
    ) -> tuple[str, list[int]]:
        members = [index for index, joint in enumerate(joints) if joint[1] == group]
        matches = [_NUMBERED.match(self._names[index]) for index in members]
        expected = [str(number) for number in range(1, len(members) + 1)]
        prefixes = {match["prefix"] for match in matches if match}
        if [match["number"] for match in matches if match] != expected or len(prefixes) != 1:
            wanted = f"<prefix>1..<prefix>{len(members)}"
            msg = f"group '{group}' has zero_based_names, so its joints must be named {wanted} in order"
            raise ContractError(msg)
        return prefixes.pop(), members

    def _zero_based_overrides(self, names: frozenset[str]) -> dict[str, int]:
        zero = [(prefix, members) for prefix, members in self._series if f"{prefix}0" in names]
        if not zero:
            return {}
        for prefix, members in self._series:
            self._refuse_ambiguity(prefix, len(members), names)
        return {
            f"{prefix}{number}": index for prefix, members in zero for number, index in enumerate(members)
        }

    @staticmethod
    def _refuse_ambiguity(prefix: str, count: int, names: frozenset[str]) -> None:
        used = sorted(number for number in range(count + 1) if f"{prefix}{number}" in names)
        counts_from_0, counts_from_1 = 0 in used, count in used
        if used and counts_from_0 == counts_from_1:
            why = (
                "counts both from 0 and from 1"
                if counts_from_0
                else "does not show whether it counts from 0 or from 1"
            )
            listed = ", ".join(f"{prefix}{number}" for number in used)
            wanted = f"{prefix}1..{prefix}{count}"
            msg = f"ambiguous joint names: the list {why} ({listed}); use the contract's names {wanted}"
            raise ContractError(msg)

    def _unknown_message(self, unknown: list[str]) -> str:
        hints = []
        for name in unknown:
            close = difflib.get_close_matches(name, self._exact, n=1)
            hints.append(f"'{name}'" + (f" (did you mean '{close[0]}'?)" if close else ""))
        return (
            f"unknown joint names: {', '.join(hints)}; known are {', '.join(self._names)} and their aliases"
        )
