"""What becomes of an instruction that the policy was not trained on: confirmed, refused or accepted."""

from __future__ import annotations

from collections.abc import Sequence

from dexora_core.clock import NS_PER_S
from dexora_core.instruction import Instruction, check_instruction, unknown_instruction

CONFIRM_NS = 30 * NS_PER_S
"""The same unknown instruction, sent again within this time, is confirmed."""


class InstructionGate:
    """Checks instructions for one bundle.

    Args:
        known: Instructions that the policy was trained on; empty where it takes any.
        unknown: `confirm`, `refuse` or `accept`.
    """

    def __init__(self, known: Sequence[str], unknown: str) -> None:
        self._known, self._unknown = known, unknown
        self._asked: tuple[str, int] | None = None

    def check(self, text: str, now_ns: int, *, is_confirmed: bool = False) -> Instruction:
        """Return a checked instruction.

        Args:
            text: What was asked for.
            now_ns: The present, on a clock that always runs.
            is_confirmed: Whether somebody wrote it down on purpose, as in a launch file.

        Raises:
            InstructionError: It is malformed (DX-POL-001 to 003), or not known (DX-POL-004) and neither
                accepted nor confirmed.
        """
        instruction = check_instruction(text, self._known)
        if instruction.is_known or self._unknown == "accept":
            return instruction
        if self._unknown == "confirm":
            asked, self._asked = self._asked, (instruction.text, now_ns)
            is_repeated = asked is not None and asked[0] == instruction.text
            if is_confirmed or (is_repeated and asked is not None and now_ns - asked[1] <= CONFIRM_NS):
                self._asked = None
                return instruction
        raise unknown_instruction(instruction)
