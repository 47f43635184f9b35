"""Success through the graph: every seed is counted once, and a robot that waits for an operator goes on."""

import json

import pytest
import success_graph
from _harness import Options

OPTIONS = Options(quick=False, repetitions=1, block_s=1.0)


def episode(seed, is_success, reason="", rate_hz=5.0):
    pace = {"chunks": 20, "rate_hz": rate_hz, "age_p50_s": 0.2, "age_p95_s": None}
    return {"seed": seed, "is_success": is_success, "reason": reason, "time_s": 4.0, "pace": pace}


class Launches:
    """Plays three episodes per launch at most; every fourth seed fails, and the machine stops some."""

    def __init__(self):
        self.asked, self.stopped = [], {}

    def __call__(self, task, seeds, path, given):
        self.asked.append((task, seeds[0] - success_graph.FIRST_SEED, len(seeds)))
        content = {"policy": "tiny", "engine": given.engine, "precision": "int8"}
        content["episodes"] = [self.play(seed) for seed in seeds[:3]]
        path.write_text(json.dumps(content))

    def play(self, seed):
        if self.stopped.get(seed, 0) > 0:
            self.stopped[seed] -= 1
            return episode(seed, False, "the policy stopped: DX-POL-018 DX-CMD-002: 3 ticks were missed")
        return episode(seed, seed % 4 != 0, "" if seed % 4 else "the can fell")


@pytest.fixture
def launches(monkeypatch):
    """Replace the launch."""
    monkeypatch.setattr(success_graph, "launch", made := Launches())
    return made


def test_interrupted_launches_go_on_with_the_next_seed(launches):
    played = success_graph.play("lift", 8, success_graph.Given())
    assert sorted(played.episodes) == [success_graph.FIRST_SEED + n for n in range(8)]
    assert launches.asked == [("lift", 0, 8), ("lift", 3, 5), ("lift", 6, 2)]
    assert (played.policy, played.launches, played.again) == ("tiny on onnx, int8", 3, 0)


def test_episode_that_the_machine_stopped_is_played_again_a_few_times(launches):
    first = success_graph.FIRST_SEED
    launches.stopped = {first + 1: 1, first + 2: 99}
    played = success_graph.play("lift", 3, success_graph.Given())
    assert launches.asked == [("lift", 0, 3), ("lift", 1, 2), ("lift", 2, 1)]
    assert [played.episodes[first + n]["is_success"] for n in range(3)] == [False, True, False]
    assert played.again == 3


def test_every_task_has_a_row_with_an_interval_and_a_bar(launches):
    report = success_graph.measure(OPTIONS, success_graph.Given(seeds=8, tasks=("reach", "lift")))
    assert [row["task"] for row in report.rows] == ["reach", "lift"]
    assert report.rows[0]["success"] == "6 of 8"
    assert report.rows[0]["95 % interval"] == "41 to 93 %"
    assert report.rows[0]["capture to command p50"] == "0.200 s"
    assert report.rows[0]["p95"] == "-"
    assert [(bar.value, bar.is_met) for bar in report.bars] == [(75.0, False), (75.0, False)]
    assert len(report.samples["lift"]) == 8


def test_launch_that_plays_nothing_is_an_error(monkeypatch):
    monkeypatch.setattr(success_graph, "launch", lambda *_: None)
    with pytest.raises(RuntimeError, match="lift: nothing was played"):
        success_graph.play("lift", 2, success_graph.Given())


def test_own_arguments_are_taken_and_the_others_left_to_the_harness(monkeypatch):
    words = ["success_graph", "--check", "--bundle", "b", "--task", "lift", "--seeds", "3", "--json", "f"]
    monkeypatch.setattr("sys.argv", words)
    given = success_graph.given_on_the_command_line()
    assert (given.bundle, given.tasks, given.seeds, given.engine) == ("b", ("lift",), 3, "onnx")
    assert words == ["success_graph", "--check", "--json", "f"]
