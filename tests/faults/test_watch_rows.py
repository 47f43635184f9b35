"""Rows of the fault matrix that the command node's own watches decide, with injected time."""

import numpy as np
import pytest
from dexora_control.allow_list import STRANGER_NS, AllowList, Publisher
from dexora_control.command_parameters import CommandParameters
from dexora_control.message_rate import RateBudget, RateBudgets
from dexora_core.clock import NS_PER_S, s_to_ns
from dexora_core.errors import ConfigError
from dexora_core.faults import Level
from dexora_core.path_clock import SimulatedPathClock, WallPathClock
from dexora_ros.parameter_specs import checked, specs_of
from path_cases import CONTRACT, MS, Loop, sway

RULES = {spec.name: spec for spec in specs_of(CommandParameters)}
LEFT_ARM = CONTRACT.group_indices("left_arm")


def swaying(record, motion=sway):
    loop = Loop()
    loop.tick(2)
    assert loop.path.acquire(loop.now, "policy", "policy_node").granted
    loop.tick(100 + int(record.rng.integers(0, 40)), policy=motion)
    return loop


def stuck_from_now(loop, joints):
    """Let some joints stay where they are; the others follow their commands."""
    where = {g: loop.receivers[g].state_at(loop.now)[0].copy() for g in CONTRACT.group_names}

    def feed():
        for group, index in loop.path.limits.groups.items():
            measured = loop.receivers[group].state_at(loop.now)[0].copy()
            hit = np.isin(index, joints)
            measured[hit] = where[group][hit]
            loop.path.joint_state(loop.now, [CONTRACT.joint_names[k] for k in index], measured, loop.now + 1)

    return feed


def fast(t, rate=2.0):
    wanted = CONTRACT.home_rad.copy()
    wanted[LEFT_ARM[3:]] += 0.6 * (1 - np.cos(rate * t))
    return np.clip(wanted, CONTRACT.lower_rad, CONTRACT.upper_rad)


@pytest.mark.row(12)
def test_row_12_joint_blocked(record):
    def slow(t):  # too slow for the comparison of motions, which finds fast ones first
        return fast(t, 0.8)

    loop = swaying(record, slow)
    loop.silent = set(CONTRACT.group_names)
    feed, over_ns = stuck_from_now(loop, LEFT_ARM[3:4]), None
    for _ in range(300):
        feed()
        loop.tick(policy=slow)
        error = np.abs(loop.path.joints.positions - loop.last.state[0])[LEFT_ARM]
        if over_ns is None and (error > 0.3).any():
            over_ns = loop.now
        if "DX-GAT-007" in loop.codes():
            break
    assert "DX-GAT-007" in loop.codes()
    record.measured((loop.now - over_ns) / MS, None, "DX-GAT-007", loop.last.safety.level.label)
    assert loop.last.safety.level is Level.HOLD


@pytest.mark.row(30)
def test_row_30_commands_not_executed(record):
    loop = swaying(record, fast)
    while np.abs(loop.last.state[1][LEFT_ARM]).max() < 1.0:
        loop.tick(policy=fast)
    loop.silent = set(CONTRACT.group_names)
    feed, since = stuck_from_now(loop, LEFT_ARM), loop.now
    for _ in range(60):
        feed()
        loop.tick(policy=fast)
        if "DX-GRP-005" in loop.codes():
            break
    assert "DX-GRP-005" in loop.codes()
    record.measured((loop.now - since) / MS, None, "DX-GRP-005", loop.last.safety.level.label)


@pytest.mark.row(39)
def test_row_39_wall_clock_jumps_by_an_hour(record):
    clock, jump_ns = WallPathClock(), int(record.rng.choice([-1, 1])) * 3600 * NS_PER_S
    clock.update(10 * NS_PER_S, 1000 * NS_PER_S)
    assert clock.to_path(999 * NS_PER_S) == 9 * NS_PER_S
    clock.update(10 * NS_PER_S + 10 * MS, 1000 * NS_PER_S + jump_ns + 10 * MS)
    assert clock.now_ns == 10 * NS_PER_S + 10 * MS
    assert clock.to_ros(clock.now_ns) == 1000 * NS_PER_S + jump_ns + 10 * MS
    (fault,) = clock.faults(clock.now_ns)
    assert (fault.code, fault.level) == ("DX-FRS-019", Level.NOTE)
    assert clock.faults(clock.now_ns) == []
    record.measured(0.0, None, fault.code, "L0")


@pytest.mark.row(40)
def test_row_40_simulated_time_stops_or_starts_again(record):
    clock = SimulatedPathClock(s_to_ns(RULES["clock_stall_s"].default))
    clock.update(0, 5 * NS_PER_S)
    assert clock.faults(0) == []
    stalled = next(t for t in range(0, 400 * MS, 10 * MS) if clock.faults(t))
    assert clock.faults(stalled)[0].code == "DX-FRS-018"
    clock.update(stalled, NS_PER_S)
    assert clock.now_ns == 5 * NS_PER_S, "path time never runs backwards"
    assert clock.to_ros(clock.now_ns) == NS_PER_S
    assert [fault.code for fault in clock.faults(stalled)] == ["DX-FRS-019"]
    record.measured(stalled / MS, None, "DX-FRS-018", "L3")


@pytest.mark.row(41)
@pytest.mark.parametrize("kind", ["rate", "size"])
def test_row_41_flooded_topic(record, kind):
    budget = RateBudget("dexora/command/chunk", 400.0, 400_000)
    admitted, told_ns = 0, None
    for k in range(1000):  # 10 kHz, or one message of 1 MB
        now = k * MS // 10
        admitted += budget.admits(now, 1_000_000 if kind == "size" else 5000)
        fault = budget.fault(now)
        if fault is not None and told_ns is None:
            told_ns = now
            code = "DX-CMD-009" if kind == "size" else "DX-CMD-007"
            assert (fault.code, fault.level) == (code, Level.DEGRADE)
    assert admitted <= (40 if kind == "rate" else 0)
    assert budget.fault(10 * NS_PER_S) is None
    record.measured(told_ns / MS, None, code, "L1")


def test_who_floods_a_topic_takes_nothing_from_the_others():
    budgets, admitted = RateBudgets("dexora/command/chunk", 400.0, 400_000), {b"flood": 0, b"policy": 0}
    for k in range(5000):
        publisher = b"policy" if k % 500 == 0 else b"flood"
        admitted[publisher] += budgets.admits(k * MS // 10, publisher)
    assert admitted[b"policy"] == 10
    assert admitted[b"flood"] == 200, "400 per second for half a second"
    assert budgets.fault(500 * MS).code == "DX-CMD-007"
    for k in range(100):
        budgets.admits(NS_PER_S, b"%d" % k)
    assert budgets.fault(NS_PER_S) is None, "publishers that come and go do not fill the memory"


@pytest.mark.row(42)
def test_row_42_rogue_is_dropped_at_its_first_message(record):
    names = AllowList("dexora/command/chunk", ["/policy_node"])
    assert names.watch(0, [Publisher(b"policy", "/policy_node")]) == []
    assert names.allows(b"policy")
    assert not names.allows(b"rogue")
    faults = names.watch(1, [Publisher(b"policy", "/policy_node"), Publisher(b"rogue", "/rogue_node")])
    assert [fault.code for fault in faults] == ["DX-SEC-001"]
    assert "/rogue_node" in faults[0].sentence
    assert not names.allows(b"rogue")
    assert names.watch(2, [Publisher(b"rogue", "/rogue_node")]) == [], "told once"
    assert names.dropped(0, b"ghost") is None
    assert names.dropped(STRANGER_NS, b"ghost").code == "DX-SEC-001"
    record.measured(0.0, None, "DX-SEC-001", "L4")


def test_restarted_policy_replaces_its_dead_predecessor_and_a_living_double_does_not():
    names = AllowList("chunk", ["/policy_node"])
    names.watch(0, [Publisher(b"old", "/policy_node")])
    names.heard(NS_PER_S, b"old")
    both = [Publisher(b"old", "/policy_node"), Publisher(b"new", "/policy_node")]
    assert [f.code for f in names.watch(NS_PER_S + MS, both)] == ["DX-SEC-001"]
    third = [*both, Publisher(b"third", "/policy_node")]
    assert names.watch(3 * NS_PER_S, third) == []
    assert not names.allows(b"old")


@pytest.mark.row(45)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rate_hz", 5000.0),
        ("rate_hz", float("nan")),
        ("lookahead_s", 0.0),
        ("strategy", "magic"),
        ("dry_run", 1),
    ],
)
def test_row_45_parameter_out_of_range(record, name, value):
    with pytest.raises(ConfigError, match=name):
        checked(RULES[name], value)
    record.measured(0.0, None, "", "refused")
