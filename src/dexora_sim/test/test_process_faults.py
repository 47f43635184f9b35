"""Pins how processes are found and hit, how the way to rest is measured, and what a person is told."""

import signal

import numpy as np
import pytest
from dexora_core.contract import load_contract
from dexora_core.errors import ConfigError
from dexora_core.motion.limits import MotionLimits
from dexora_sim.process_faults import PROCESS_FAULTS, ProcessFault, StopMeter, is_node, siblings
from dexora_sim.process_report import Story, tell

from dexora_description import contract_path
from dexora_msgs.msg import Fault

LIMITS = MotionLimits.from_contract(load_contract(contract_path()))
MS = 1_000_000
START = 5_000 * MS


def process(directory, pid, parent, *words, name="python3"):
    """Make what the system shows of a process."""
    entry = directory / str(pid)
    entry.mkdir()
    (entry / "stat").write_text(f"{pid} ({name}) S {parent} 1 1 0")
    (entry / "cmdline").write_text("\0".join(words) + "\0")


def node(name):
    return "expert", "--ros-args", "-r", f"__node:={name}", "-r", "__ns:=/"


def test_nodes_of_the_same_launch_are_found_by_name(tmp_path):
    process(tmp_path, 10, 1, "ros2", "launch")
    process(tmp_path, 11, 10, *node("process_fault_node"))
    process(tmp_path, 12, 10, *node("expert_node"), name="odd) name (")
    process(tmp_path, 13, 1, *node("command_node"))
    process(tmp_path, 14, 10, "sh", "-c", "sleep")
    (tmp_path / "15").mkdir()
    (tmp_path / "self").mkdir()
    assert siblings(11, tmp_path) == {"process_fault_node": 11, "expert_node": 12}
    assert is_node(12, "expert_node", tmp_path)
    assert not is_node(12, "policy_node", tmp_path)
    assert not is_node(99, "expert_node", tmp_path)


def test_process_that_has_ended_has_no_siblings(tmp_path):
    (tmp_path / "15").mkdir()
    assert siblings(15, tmp_path) == {}


@pytest.mark.parametrize("name", PROCESS_FAULTS)
def test_every_fault_has_a_signal_and_a_story(name):
    fault = ProcessFault.parse(name)
    assert fault.signal in {signal.SIGKILL, signal.SIGSTOP}
    lines = tell(Story(fault, (("some_node", 42),), START, 0.5), StopMeter(LIMITS, START))
    assert [line.partition(":")[0] for line in lines] == [
        "WHAT HAPPENED",
        "WHAT THE ROBOT DID",
        "WHAT TO DO NEXT",
    ]
    assert "some_node" in lines[0]


def test_unknown_fault_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match="'policy_lost'; there are policy_killed, policy_stalled, "):
        ProcessFault.parse("policy_lost")


def test_rest_is_the_last_moment_of_motion():
    meter = StopMeter(LIMITS, START)
    for step in range(60):
        meter.speed(START + step * 8 * MS, max(0.4 - 0.01 * step, 0.0))
        assert not meter.is_at_rest or step > 38 + 12
    assert meter.is_at_rest
    assert meter.rest_ms == 38 * 8


def test_shares_of_the_limits_are_those_of_the_worst_joint():
    meter, own = StopMeter(LIMITS, START), LIMITS.groups["left_arm"]
    velocity, acceleration = np.zeros(len(own)), np.zeros(len(own))
    meter.reference(START, "left_arm", velocity, acceleration)
    velocity, acceleration = velocity.copy(), acceleration.copy()
    velocity[2] = -0.25 * LIMITS.velocity[own][2]
    acceleration[3] = 0.5 * LIMITS.jerk[own][3] * 0.02
    meter.reference(START + 20 * MS, "left_arm", velocity, acceleration)
    assert meter.shares[0] == pytest.approx(0.25)
    assert meter.shares[1] == pytest.approx(acceleration[3] / LIMITS.acceleration[own][3])
    assert meter.shares[2] == pytest.approx(0.5)


def story(name, level, restart=""):
    told = Story(ProcessFault.parse(name), (("expert_node", 42),), START, 0.5, restart)
    told.note(fault("DX-X"), START + 250 * MS, level)
    return told


def fault(code, sentence="It broke."):
    return Fault(code=code, sentence=sentence, remedy="Mend it.")


def test_first_stop_is_the_reason():
    told = story("policy_killed", 3)
    told.note(fault("DX-Y", "It spread."), START + 300 * MS, 4)
    did = tell(told, StopMeter(LIMITS, START))[1]
    assert "command_node stopped the robot after 250 ms (DX-X: It broke.)" in did


def test_what_was_noticed_before_the_stop_is_told_and_what_was_there_before_is_not():
    told = Story(ProcessFault.parse("policy_killed"), (("expert_node", 42),), START, 0.5)
    told.note(fault("DX-OLD"), START - MS, 3)
    told.note(fault("DX-NOTE"), START + MS, 1)
    told.note(fault("DX-SLOW"), START + 120 * MS, 2)
    told.note(fault("DX-STOP"), START + 280 * MS, 3)
    did = tell(told, StopMeter(LIMITS, START))[1]
    assert "command_node noticed after 120 ms (DX-SLOW) and stopped the robot after 280 ms (DX-STOP: " in did


def test_next_step_is_the_remedy_and_the_command_that_restarts():
    step = tell(story("policy_killed", 3, "ros2 run it"), StopMeter(LIMITS, START))[2]
    assert "Mend it. Here: `ros2 run it`." in step
    assert "reset_fault" not in step


def test_next_step_of_a_hold_is_a_reset_and_of_a_stalled_process_its_signal():
    step = tell(story("watchdog_stalled", 4), StopMeter(LIMITS, START))[2]
    assert "`kill -CONT 42` lets it go on." in step
    assert "/dexora/command/reset_fault" in step
