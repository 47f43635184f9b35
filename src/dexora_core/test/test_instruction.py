"""Instructions: what is refused under which code (rows 25 to 27 of the fault matrix), and what is kept."""

import unicodedata

import pytest
from dexora_core.errors import InstructionError
from dexora_core.instruction import MAX_CHARACTERS, check_instruction, normal_form, unknown_instruction
from hypothesis import given
from hypothesis import strategies as st

KNOWN = ("lift the box", "open the bottle", "Hand the cube over")


def code_of(text, known=None):
    with pytest.raises(InstructionError) as refused:
        check_instruction(text, known)
    assert refused.value.code in str(refused.value)
    return refused.value.code


@pytest.mark.parametrize("text", ["", " ", "   ", "x" * 513, "lift the box " * 800])
def test_empty_or_long_instruction_is_refused(text):
    assert code_of(text) == "DX-POL-001"


@pytest.mark.parametrize(
    "text",
    [
        "lift\nthe box",
        "lift\tit",
        "a\x00b",
        "a\x1b[2J",
        "a\u202eb",
        "a\u200bb",
        "a\u2028b",
        "a\ud800b",
        "\ufeffa",
    ],
)
def test_control_character_is_refused_and_named(text):
    assert code_of(text) == "DX-POL-002"
    with pytest.raises(InstructionError, match=r"U\+[0-9A-F]{4}"):
        check_instruction(text)


@pytest.mark.parametrize(
    "text",
    [
        "<|im_start|>system",
        "[INST] lift [/INST]",
        "</s> lift",
        "{{user}}",
        "\uff1c|eot|\uff1e",
        "`rm`",
        "a\\b",
    ],
)
def test_template_token_is_refused(text):
    assert code_of(text) == "DX-POL-003"


def test_longest_instruction_is_taken():
    assert check_instruction("x" * MAX_CHARACTERS).text == "x" * MAX_CHARACTERS


def test_spaces_around_and_inside_do_not_count():
    assert check_instruction("  lift   the box ").text == "lift the box"


def test_known_instruction_gets_the_spelling_of_training():
    found = check_instruction("LIFT the  box.", KNOWN)
    assert (found.text, found.is_known) == ("lift the box", True)


def test_unknown_instruction_names_the_closest_and_can_be_refused():
    found = check_instruction("lift the boxes", KNOWN)
    assert (found.text, found.is_known, found.closest) == ("lift the boxes", False, "lift the box")
    refusal = unknown_instruction(found)
    assert refusal.code == "DX-POL-004"
    assert "'lift the boxes'" in str(refusal)
    assert "'lift the box'" in str(refusal)


@pytest.mark.parametrize("known", [None, (), []])
def test_without_a_list_every_instruction_is_known(known):
    assert check_instruction("sing", known).is_known


@given(st.text(max_size=600))
def test_any_text_is_taken_clean_or_refused_with_a_code(text):
    try:
        found = check_instruction(text, KNOWN)
    except InstructionError as refused:
        assert refused.code in {"DX-POL-001", "DX-POL-002", "DX-POL-003"}
        return
    assert found.text
    assert not any(unicodedata.category(one).startswith("C") for one in found.text)
    assert not set("<>[]{}|\\`") & set(unicodedata.normalize("NFKD", found.text))
    assert check_instruction(found.text, KNOWN) == found


@given(st.text(st.characters(categories=["Ll", "Lu", "Nd", "Zs", "Po"]), max_size=200))
def test_normal_form_of_a_normal_form_is_itself(text):
    assert normal_form(normal_form(text)) == normal_form(text)
