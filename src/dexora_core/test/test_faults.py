"""The fault table: stable codes, sensible rows, sentences that fill in, and a table for the documentation."""

import re
import string

import pytest
from dexora_core.errors import DexoraError, FaultTableError
from dexora_core.faults import SPECS, Level, fault_spec, fault_table_markdown, make_fault

from dexora_core import errors, fault_table, faults


def test_codes_are_well_formed_and_in_order_within_their_area():
    last = {}
    for code in SPECS:
        area, number = re.fullmatch(r"DX-([A-Z]{3})-(\d{3})", code).groups()
        assert int(number) == last.get(area, 0) + 1
        last[area] = int(number)


def test_latched_faults_stop_and_power_requests_are_latched():
    for spec in SPECS.values():
        if spec.latched:
            assert spec.level >= Level.LATCHED_HOLD, spec.code
        if spec.level is Level.POWER_REQUEST:
            assert spec.latched


def test_every_row_says_what_happened_and_what_to_do():
    for spec in SPECS.values():
        assert spec.sentence.endswith("."), spec.code
        assert spec.remedy.endswith("."), spec.code
        for _, field, _, _ in string.Formatter().parse(spec.sentence):
            assert field is None or field.isidentifier()


def test_fault_fills_in_its_sentence_and_admits_what_it_does_not_know():
    fault = make_fault("DX-FRS-013", 5, "glove", age_ms=120)
    assert fault.sentence == "The teleoperation command is 120 ms old, bound unknown ms; the robot stopped."
    assert (fault.code, fault.key, fault.level) == ("DX-FRS-013", ("DX-FRS-013", "glove"), Level.SOFT_STOP)


def test_unknown_code_is_an_error():
    with pytest.raises(FaultTableError, match="unknown fault code 'DX-XXX-001'"):
        fault_spec("DX-XXX-001")


def test_code_listed_twice_is_an_error(monkeypatch):
    row = fault_table.ROWS[0]
    monkeypatch.setattr(faults, "ROWS", (row, row))
    with pytest.raises(FaultTableError, match="listed twice"):
        faults._specs()


def test_levels_have_the_names_of_the_ladder():
    assert [level.label for level in Level] == ["OK", "L0", "L1", "L2", "L3", "L4", "L5"]


def test_table_for_the_documentation_lists_every_code():
    table = fault_table_markdown()
    assert table.count("\n") == len(SPECS) + 2
    for spec in SPECS.values():
        assert f"| {spec.code} | {spec.level.label} | {'yes' if spec.latched else 'no'} |" in table


def test_every_error_is_a_dexora_error_and_carries_its_code():
    for name in dir(errors):
        kind = getattr(errors, name)
        if isinstance(kind, type) and issubclass(kind, Exception):
            assert issubclass(kind, DexoraError)
    error = errors.ChunkError("too long", code="DX-CHK-004")
    assert str(error) == "DX-CHK-004: too long"
    assert (error.code, error.message, str(DexoraError("plain"))) == ("DX-CHK-004", "too long", "plain")
