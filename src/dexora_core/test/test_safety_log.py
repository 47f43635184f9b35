"""Pins what a person is told about the stop ladder: every change of a stop once, nothing that flickers."""

import pytest
from dexora_core.clock import NS_PER_MS, NS_PER_S
from dexora_core.failsafe import Failsafe
from dexora_core.faults import make_fault
from dexora_core.safety_log import DEGRADE_NS, SafetyLog

LATE = make_fault("DX-CMD-001", 0, late_ms=16.0, bound_ms=15.0)
SILENT = make_fault("DX-FRS-010", 0, age_ms=301, bound_ms=300)
DEAD = make_fault("DX-FRS-017", 0, age_ms=101, bound_ms=100)
NOTE = make_fault("DX-FRS-019", 0, jump_s=3.0)


@pytest.fixture
def told():
    """Return a function that lets faults hold at a time [ns] and returns what is told."""
    failsafe, log = Failsafe(), SafetyLog()

    def tell(now_ns, *faults):
        return log.line(now_ns, failsafe.update(now_ns, list(faults)))

    tell.failsafe = failsafe
    return tell


def test_all_is_well_is_told_once_at_the_start(told):
    assert told(0) == "All is well."
    assert [told(k * 100 * NS_PER_MS) for k in range(1, 30)] == [""] * 29


def test_stop_is_told_once_with_code_sentence_and_remedy(told):
    told(0)
    line = told(NS_PER_MS, SILENT)
    assert line == f"DX-FRS-010 L2: {SILENT.sentence} {SILENT.spec.remedy}"
    assert told(2 * NS_PER_MS, SILENT) == ""
    assert told(NS_PER_S) == ""


def test_worse_stop_on_top_is_told_and_so_is_its_end(told):
    told(0)
    told(NS_PER_MS, SILENT)
    assert told(2 * NS_PER_MS, SILENT, DEAD).startswith("DX-FRS-017 L3")
    told.failsafe.update(NS_PER_S, [])
    assert told.failsafe.reset([], True) == ()
    told.failsafe.lease_granted()
    assert told(NS_PER_S) == "All is well."


def test_notes_are_not_told(told):
    told(0)
    assert told(NS_PER_MS, NOTE) == ""


def test_degraded_states_that_flicker_are_told_once_in_a_while(told):
    told(0)
    lines = [told(k * 2 * NS_PER_S, *([LATE] if k % 2 else [])) for k in range(1, 8)]
    assert lines[0].startswith("DX-CMD-001 L1: A tick started 16.0 ms late")
    assert lines[:6] == [lines[0], "All is well.", "", "", "", ""]
    assert 7 * 2 * NS_PER_S > 2 * NS_PER_S + DEGRADE_NS
    assert lines[6] == lines[0]
