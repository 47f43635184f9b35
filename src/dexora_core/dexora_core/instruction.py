"""Instructions are data: checked for length, characters and known-ness, never interpreted.

A checked instruction goes to the tokenizer and into the features of the policy, and nowhere else. Nothing of
its text reaches a limit, a parameter, a path or a command.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from dexora_core.errors import InstructionError
from dexora_core.refusal import refusal

MAX_CHARACTERS = 512
TEMPLATE_CHARACTERS = "<>[]{}|\\`"
"""Special tokens of language models are written with these (`<|eot|>`, `[INST]`); sentences are not."""

_SEPARATORS = ("Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Instruction:
    """A checked instruction.

    Attributes:
        text: The text in force; the spelling of training where the instruction is known.
        is_known: Whether the policy was trained on it.
        closest: The most similar known instruction; empty when nothing is known.
    """

    text: str
    is_known: bool = False
    closest: str = ""


def check_instruction(text: str, known: Sequence[str] | None = None) -> Instruction:
    """Return the instruction, or refuse it.

    Args:
        text: What was asked for; spaces around it do not count.
        known: Instructions that the policy was trained on; None or empty when there is no list, and then
            every instruction counts as known.

    Raises:
        InstructionError: Empty or too long (DX-POL-001), control characters (DX-POL-002), characters of
            language-model templates (DX-POL-003). An unknown instruction is no error: see `is_known`.
    """
    if len(text) > MAX_CHARACTERS:
        raise refusal(
            InstructionError,
            "DX-POL-001",
            detail=f"{len(text)} characters, at most {MAX_CHARACTERS} are allowed",
        )
    _check_characters(text)
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    if not plain:
        raise refusal(InstructionError, "DX-POL-001", detail="it is empty")
    if not known:
        return Instruction(plain, True, "")
    spellings = {normal_form(one): one for one in known}
    wanted = normal_form(plain)
    if wanted in spellings:
        return Instruction(spellings[wanted], True, spellings[wanted])
    closest = get_close_matches(wanted, spellings, n=1, cutoff=0.0)
    return Instruction(plain, False, spellings[closest[0]] if closest else "")


def unknown_instruction(instruction: Instruction) -> InstructionError:
    """Return the refusal of an instruction that the policy was not trained on (DX-POL-004)."""
    return refusal(InstructionError, "DX-POL-004", instruction.text, closest=instruction.closest)


def normal_form(text: str) -> str:
    """Return what two spellings of one instruction share: case, spaces and the final stop do not count."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.split()).rstrip(".!").rstrip()


def _check_characters(text: str) -> None:
    for character in text:
        category = unicodedata.category(character)
        if category.startswith("C") or category in _SEPARATORS:
            raise refusal(InstructionError, "DX-POL-002", detail=f"U+{ord(character):04X}")
    # Tokenizers fold wide and small forms into plain ones, so the folded text is looked at.
    found = _first_of(TEMPLATE_CHARACTERS, unicodedata.normalize("NFKD", text))
    if found:
        raise refusal(InstructionError, "DX-POL-003", detail=f"'{found}'")


def _first_of(characters: Iterable[str], text: str) -> str:
    return next((one for one in characters if one in text), "")
