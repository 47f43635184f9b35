"""The settings of the command path from the parameters of its node."""

from __future__ import annotations

from dataclasses import replace

from dexora_core.clock import s_to_ns
from dexora_core.command_types import AgeBounds, CommandConfig
from dexora_core.contract import RobotContract

from dexora_control.command_parameters import CommandParameters

_SLOW_SHARE = 0.4


def command_config(contract: RobotContract, parameters: CommandParameters) -> CommandConfig:
    """Return the settings of the command path.

    Args:
        contract: The robot.
        parameters: Parameters of the command node. In a dry run the robot is not expected to follow.
    """
    stop_ns = s_to_ns(parameters.clearance_bound_s)
    clearance = AgeBounds(round(_SLOW_SHARE * stop_ns), stop_ns)
    config = CommandConfig.from_contract(
        contract,
        strategy=parameters.strategy,
        needs_watchdog=parameters.needs_watchdog,
        clearance=clearance,
        needs_clearance=parameters.needs_clearance,
        needs_deadman=parameters.needs_deadman,
    )
    collision = replace(config.gate.collision, stale_ns=clearance.warn_ns)
    gate = replace(config.gate, lookahead_s=parameters.lookahead_s, collision=collision)
    if parameters.dry_run:
        gate = replace(gate, tracking_bound_rad=None)
    watchdog = config.watchdog
    if parameters.watchdog_bound_s:
        watchdog = replace(watchdog, stop_ns=s_to_ns(parameters.watchdog_bound_s))
    rates = dict(config.max_rate_hz)
    asked_hz = parameters.hand_max_rate_hz
    for group in contract.groups:
        if group.kind == "hand" and asked_hz:
            rates[group.name] = min(rates.get(group.name, asked_hz), asked_hz)
    return replace(config, gate=gate, watchdog=watchdog, max_rate_hz=rates)
