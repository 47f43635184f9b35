"""Command path benchmark: its policy repeats what was committed, its judges see faults, its loops answer."""

import json
import os

import _command_cost
import _command_endurance
import _command_judge
import _command_lateness
import _command_motion
import _command_reaction
import command_path
import numpy as np
import pytest
from _command_figures import figures
from _command_judge import OURS, Motion
from _command_lateness import GRANTED, LOADS, NODE, TIMER
from _command_motion import RELEASE
from _harness import Options, Report
from dexora_core.motion import MotionLimits
from path_cases import CONTRACT, HOME, MS, sway

LIMITS = MotionLimits.from_contract(CONTRACT)


def test_conditioned_policy_repeats_the_prefix_and_ends_with_its_own_opinion():
    noise = np.full(36, 0.01)
    committed = np.array([sway(0.05 * k) for k in range(4)]) + 0.002
    offsets = _command_motion.offsets_of(committed, 0, noise)
    assert offsets[:4] == pytest.approx(np.full((4, 36), 0.002))
    assert offsets[-1] == pytest.approx(noise)
    assert np.abs(np.diff(offsets, axis=0)).max() < 0.002
    assert (_command_motion.offsets_of(np.zeros((0, 36)), 0, noise) == 0.01).all()


def test_prefix_is_the_smoothest_within_all_limits_and_the_release_breaks_some():
    results = {
        (name, 200): _command_judge.judge(_command_motion.drive(name, 200, 3.0), LIMITS)
        for name in (OURS, "queue", "replay", RELEASE)
    }
    ours, release = results[OURS, 200], results[RELEASE, 200]
    assert ours["jerk rms rad/s3"] < 0.7 * results["queue", 200]["jerk rms rad/s3"]
    assert [ours[key] for key in ("over q", "over v", "over a", "over j")] == [0, 0, 0, 0]
    assert release["over j"] > 0
    assert release["jump rad/s"] > 10 * ours["jump rad/s"]
    assert release["idle %"] > 5.0 > ours["idle %"]
    assert _command_judge.jerk_ratio(results, 200) < 0.7


def test_judge_counts_a_step_once_per_limit_and_measures_the_jump():
    positions = np.tile(HOME, (3000, 1))
    positions[2000:, 0] += 0.01
    found = _command_judge.judge(Motion(positions, (200,), 10), LIMITS)
    assert found["jump rad"] == pytest.approx(0.01)
    assert found["jump rad/s"] == pytest.approx(1.0)
    assert found["over q"] == 0
    assert found["over a"] == 2
    assert found["over j"] == 3
    assert found["idle %"] > 99.0
    far = _command_judge.judge(Motion(positions, (250,), 10), LIMITS)
    assert far["jump rad"] == 0.0, "nothing jumped near this border"


def test_a_rival_counts_only_when_it_tracks_as_well():
    results = {
        (OURS, 0): {"jerk rms rad/s3": 10.0, "error mrad": 3.0},
        ("slow", 0): {"jerk rms rad/s3": 1.0, "error mrad": 9.0},
        ("equal", 0): {"jerk rms rad/s3": 5.0, "error mrad": 3.2},
    }
    assert _command_judge.jerk_ratio(results, 0) == pytest.approx(2.0)
    del results["equal", 0]
    assert _command_judge.jerk_ratio(results, 0) == 0.0


def test_bare_loop_tells_its_lateness_and_its_class():
    block = _command_lateness.loop_block(("bare", 100, 0.2), os.environ, lambda process: process.wait())
    assert len(block.lateness_us) <= 21
    periods = sum(1 + late_us // 10_000 for late_us in block.lateness_us)
    assert periods >= 15, "every period of a block is a wake-up or part of the lateness of one"
    assert min(block.lateness_us) >= 0.0
    assert block.scheduling == "SCHED_OTHER"


def test_rclpy_timer_tells_lateness_from_its_own_due_times():
    block = _command_lateness.loop_block(("timer", 50, 0.5), os.environ, lambda process: process.wait())
    assert 1 <= len(block.lateness_us) <= 25
    assert min(block.lateness_us) >= 0.0


def lateness_samples(node_us):
    sides = {NODE: node_us, GRANTED: 50.0, TIMER: 1000.0}
    return {(side, 500, under): [value] * 200 for side, value in sides.items() for under in LOADS}


def test_bars_of_lateness_depend_on_the_class_that_was_granted():
    bars = {bar.name: bar for bar in _command_lateness.bars_of(lateness_samples(70.0), is_realtime=True)}
    assert bars["L1"].value == pytest.approx(3.5)
    assert not bars["L1"].is_met
    assert bars["L3"].is_met
    assert "L2" not in bars
    bars = {bar.name: bar for bar in _command_lateness.bars_of(lateness_samples(70.0), is_realtime=False)}
    assert bars["L2"].value == pytest.approx(1.4)
    assert bars["L2"].is_met
    assert "L1" not in bars
    bars = {bar.name: bar for bar in _command_lateness.bars_of(lateness_samples(300.0), is_realtime=False)}
    assert not bars["L3"].is_met


def test_reactions_are_within_their_bounds_in_one_phase():
    assert _command_reaction.silence(1, "policy").rest_ms <= 300.0
    stop = _command_reaction.silence(1, "joints")
    assert 0.0 < stop.begun_ms <= 60.0 < stop.rest_ms
    assert 0.0 < _command_reaction.dead_node(1) <= 150.0
    ticks, jerk = _command_reaction.take_over(1)
    assert ticks == 1.0
    assert 0.0 < jerk <= 1.0


def test_rogue_changes_nothing_and_would_be_seen_if_it_were_let_in(monkeypatch):
    assert _command_reaction.rogue(1) == 0.0
    monkeypatch.setattr(_command_reaction.AllowList, "allows", lambda _self, _gid: True)
    assert _command_reaction.rogue(1) > 0.0


def test_cost_is_measured_in_motion():
    alone, pieces = _command_cost.gate_and_timeline(30)
    assert (len(alone), len(pieces)) == (30, 30)
    assert min(pieces) > 0.0
    ticks, chunks = _command_cost.whole_ticks(30)
    assert (len(ticks), len(chunks)) == (30, 3)
    assert figures(alone)["p50"] < figures(ticks)["p50"]


def test_figures_of_nothing_are_no_numbers():
    assert all(np.isnan(value) for value in figures([]).values())
    assert figures(range(1001))["p99.9"] == pytest.approx(999.0)


def test_parts_are_chosen_on_the_command_line_and_written_as_they_end(tmp_path, monkeypatch):
    own, rest = command_path.own_arguments(
        ["--quick", "--part", "cost", "--json", "x.json", "--endurance-s", "9"]
    )
    assert (own.part, own.endurance_s, str(own.json)) == (["cost"], 9.0, "x.json")
    assert rest == ["--quick", "--json", "x.json"]
    file = tmp_path / "all.json"
    written = []

    def part(_options, report):
        for step in range(2):
            report.rows.append({"step": step})
            yield
            written.append(len(json.loads(file.read_text())["rows"]))

    monkeypatch.setitem(command_path.PARTS, "cost", part)
    report = command_path.measure_with(["cost"], None, file)(Options(True, 1, 0.1))
    assert report.rows == [{"step": 0}, {"step": 1}]
    assert written == [1, 2]


class StandOfTicks:
    """A stand whose command node skipped three ticks of the five hundred."""

    def __init__(self):
        self.spun_s, self.tuned, self.plain = [], {}, {}
        status = type("Status", (), {"ticks": 100, "skipped_ticks": 1})
        safety = type("Safety", (), {"owner": "policy"})
        self.robot = type("Robot", (), {"statuses": [status], "safety": [safety]})

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        return None

    def start_node(self, _rate_hz):
        return "SCHED_FIFO 40"

    def spin(self, seconds):
        self.spun_s.append(seconds)
        self.robot.statuses.append(type("Status", (), {"ticks": 600, "skipped_ticks": 4}))

    def end_node(self):
        return {"lateness": np.full(700, 50_000.0), "duration": np.full(700, MS)}


def test_endurance_counts_the_ticks_skipped_while_every_load_takes_its_turn(monkeypatch):
    stand, loads = StandOfTicks(), []

    def load(kind, _seconds, _environment):
        loads.append(kind)
        return StandOfTicks()

    def loop_block(_arguments, _environment, wait):
        wait(type("Process", (), {"wait": lambda _self, timeout: 0})())
        return _command_lateness.Block([50.0, 21_000.0], "SCHED_FIFO 40")

    monkeypatch.setattr(_command_endurance, "Stand", lambda: stand)
    monkeypatch.setattr(_command_endurance, "load", load)
    monkeypatch.setattr(_command_endurance, "loop_block", loop_block)
    report = Report()
    list(_command_endurance.endurance(6.0, report))
    assert loads == list(LOADS)
    assert stand.spun_s == [2.0, 2.0, 2.0]
    assert [bar.value for bar in report.bars] == [3.0]
    assert report.samples["endurance"]["ticks"] == 500
    assert report.samples["endurance"]["bare loop skipped"] == 2
    assert len(report.samples["endurance"]["lateness us"]) == 500
