"""Pins which settings of the command path come from the node's parameters, and which from the contract."""

import numpy as np
import pytest
from dexora_control.command_parameters import CommandParameters
from dexora_control.path_config import command_config
from dexora_core.clock import NS_PER_MS
from dexora_core.contract import load_contract

from dexora_description import contract_path

CONTRACT = load_contract(contract_path())


@pytest.mark.parametrize(("bound_s", "stop_ns"), [(0.0, 100 * NS_PER_MS), (0.5, 500 * NS_PER_MS)])
def test_bound_of_the_watchdog_is_the_contracts_unless_it_is_given(bound_s, stop_ns):
    config = command_config(CONTRACT, CommandParameters(watchdog_bound_s=bound_s))
    assert config.watchdog.stop_ns == stop_ns


def test_in_a_dry_run_the_robot_is_not_expected_to_follow():
    assert command_config(CONTRACT, CommandParameters(dry_run=True)).gate.tracking_bound_rad is None
    assert np.isfinite(command_config(CONTRACT, CommandParameters()).gate.tracking_bound_rad).any()


def test_slow_hands_are_sent_no_more_than_they_take_and_arms_are_not_slowed():
    config = command_config(CONTRACT, CommandParameters(hand_max_rate_hz=6.7))
    assert config.max_rate_hz["left_hand"] == config.max_rate_hz["right_hand"] == 6.7
    assert "left_arm" not in config.max_rate_hz
