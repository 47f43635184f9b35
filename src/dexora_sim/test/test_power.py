"""Pins the enable line: a pressed stop takes power, its release never brings it back."""

import pytest
from dexora_sim.power import DISABLED, PRESSED, PowerLine


def test_pressing_takes_power_and_release_does_not_return_it():
    power = PowerLine(True)
    assert power.reason == ""
    power.set_stop(True)
    assert (power.is_enabled, power.reason) == (False, PRESSED)
    power.set_stop(False)
    assert (power.is_enabled, power.reason) == (False, DISABLED)
    assert power.ask(True) == (True, "enabled")
    assert power.reason == ""


def test_power_is_refused_while_the_stop_is_pressed():
    power = PowerLine(False)
    power.set_stop(True)
    assert power.ask(True) == (False, PRESSED)
    assert not power.is_enabled


@pytest.mark.parametrize("is_enabled", [True, False])
def test_power_can_always_be_taken_away(is_enabled):
    power = PowerLine(is_enabled)
    assert power.ask(False)[0]
    assert power.reason == DISABLED
