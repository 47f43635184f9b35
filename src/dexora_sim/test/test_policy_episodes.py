"""Pins how a policy's episodes follow each other.

Nothing begins before all is there, the twin judges, and the next scene comes only when the robot holds.
"""

import pytest
from dexora_sim.episode_report import Pace
from dexora_sim.policy_episodes import (
    PAUSE_NS,
    SETTLE_NS,
    SPARE_S,
    TOLD_NS,
    EpisodeSettings,
    PolicyEpisodes,
    RunEnd,
    Standing,
)
from dexora_sim.tasks import TASKS

MS = 1_000_000
STEP = 10 * MS
WORDS = "pick up the red can with the left hand"


class FakePolicy:
    """A policy node as seen from outside: runs last until they are cancelled, which takes a few steps."""

    def __init__(self):
        self.missing, self.end, self.asked, self.cancelled = "", None, [], 0
        self.pace, self.policy = Pace(7, 5.0), {"policy": "fake"}

    def begin(self, instruction, timeout_s):
        self.asked.append((instruction, timeout_s))
        self.end = None

    def cancel(self):
        self.cancelled += 1


class FakeScenes:
    """Changes the scene within three steps."""

    def __init__(self):
        self.asked, self.left = 0, 0

    @property
    def is_running(self):
        return self.left > 0

    def begin(self):
        self.asked, self.left = self.asked + 1, 3

    def advance(self, _now_ns):
        self.left -= 1


class Stage:
    """Everything around the episodes, in steps of simulated time."""

    def __init__(self, **settings):
        self.policy, self.scenes, self.lines, self.results = FakePolicy(), FakeScenes(), [], 0
        self.episodes = PolicyEpisodes(
            self.policy, self.scenes, EpisodeSettings(**settings), self.lines.append, self._count
        )
        self.now_ns, self.episode = 1_000 * MS, 1
        self.show()

    def _count(self):
        self.results += 1

    def show(self, state="running", stages=(), reason="", time_s=0.0, task="lift"):
        self.episodes.see(
            Standing(task, state, self.episode, 999_999 + self.episode, WORDS, stages, reason, time_s)
        )

    def step(self, count=1):
        for _ in range(count):
            self.now_ns += STEP
            self.episodes.advance(self.now_ns)

    def until(self, condition, most=500):
        for _ in range(most):
            if condition():
                return
            self.step()
        raise AssertionError(f"never true; waits for {self.episodes.waits_for!r}, said {self.lines}")

    def begin(self):
        """Go on until the policy runs in a new scene."""
        asked, runs = self.scenes.asked, len(self.policy.asked)
        self.until(lambda: self.scenes.asked > asked and not self.scenes.is_running)
        self.episode += 1
        self.show()
        self.until(lambda: len(self.policy.asked) > runs)

    def finish(self):
        """Let the cancelled run end and the robot come to rest."""
        self.until(lambda: self.policy.cancelled)
        self.policy.end = RunEnd("The client of the action cancelled it.")
        self.episodes.is_held = True
        self.step(2)


@pytest.fixture
def stage():
    return Stage()


def test_nothing_is_asked_before_policy_and_task_are_there_and_long_waits_are_told_once(stage):
    stage.policy.missing = "policy_node"
    stage.show(task="none")
    stage.step(2 * TOLD_NS // STEP)
    stage.show()
    stage.step(3 * TOLD_NS // STEP)
    assert stage.scenes.asked == 0
    assert stage.lines == [
        "waits for a task; the twin shows none: start it with one",
        "waits for policy_node",
    ]


def test_policy_is_told_the_words_of_the_new_scene_once_tokens_of_the_old_one_are_gone(stage):
    stage.until(lambda: stage.scenes.asked == 1 and not stage.scenes.is_running)
    stage.step(20)
    assert stage.policy.asked == []
    stage.episode += 1
    stage.show()
    stage.step(SETTLE_NS // STEP)
    assert stage.policy.asked == []
    stage.step(2)
    assert [words for words, _ in stage.policy.asked] == [WORDS]
    assert stage.policy.asked[0][1] > 12.0, "the run itself outlasts the task"


def test_own_instruction_is_said_instead():
    stage = Stage(instruction="wave now")
    stage.begin()
    assert stage.policy.asked[0][0] == "wave now"
    assert stage.episodes.tally.results == []


def test_success_ends_the_run_and_is_counted_when_the_robot_holds(stage):
    stage.begin()
    stage.step(50)
    assert stage.policy.cancelled == 0
    stage.show("success", ("approached", "held"), time_s=3.5)
    stage.step()
    assert stage.policy.cancelled == 1
    stage.policy.end = RunEnd("cancelled")
    stage.step(20)
    assert stage.episodes.tally.played == 0, "it still moves"
    stage.episodes.is_held = True
    stage.step(2)
    (result,) = stage.episodes.tally.results
    assert (result.is_success, result.seed, result.time_s) == (True, 1_000_001, 3.5)
    assert (result.stages, result.pace) == (("approached", "held"), stage.policy.pace)
    assert stage.lines[-1].endswith("1 of 1 (100 %) so far")
    assert stage.results == 1
    assert stage.episodes.tally.policy == {"policy": "fake"}


def test_failure_of_the_task_is_told_in_the_words_of_the_twin(stage):
    stage.begin()
    stage.show("failed", reason="not done within 12 s", time_s=12.0)
    stage.finish()
    (result,) = stage.episodes.tally.results
    assert (result.is_success, result.reason, result.time_s) == (False, "not done within 12 s", 12.0)


def test_shorter_time_limit_ends_the_episode_before_the_task_does():
    stage = Stage(time_limit_s=2.0)
    stage.begin()
    stage.until(lambda: stage.policy.cancelled)
    stage.finish()
    (result,) = stage.episodes.tally.results
    assert result.reason == "not done within 2 s"
    assert 2.0 < result.time_s < 2.3


def test_time_limit_beyond_the_tasks_own_changes_nothing():
    stage = Stage(time_limit_s=1000.0)
    stage.begin()
    assert stage.policy.asked[0][1] == TASKS["lift"].time_limit_s + SPARE_S


def test_run_that_ends_by_itself_is_a_failure_with_its_reason(stage):
    stage.begin()
    stage.policy.end = RunEnd("The buffered horizon is 150 ms.", "DX-POL-018")
    stage.episodes.is_held = True
    stage.step(3)
    (result,) = stage.episodes.tally.results
    assert result.reason == "the policy stopped: DX-POL-018 The buffered horizon is 150 ms."


def test_run_that_ends_in_the_moment_of_success_is_a_success(stage):
    stage.begin()
    stage.show("success", ("held",))
    stage.policy.end = RunEnd("It lost control.", "DX-POL-018")
    stage.episodes.is_held = True
    stage.step(3)
    assert stage.episodes.tally.successes == 1


def test_scene_that_somebody_else_changed_is_not_counted(stage):
    stage.begin()
    stage.episode += 1
    stage.show()
    stage.finish()
    assert stage.episodes.tally.played == 0
    assert "not counted" in stage.lines[-1]
    stage.until(lambda: stage.scenes.asked == 2 and not stage.scenes.is_running)
    stage.episode += 1
    stage.show()
    stage.step(2 * SETTLE_NS // STEP)
    assert len(stage.policy.asked) == 2


def test_unknown_instruction_of_ones_own_is_confirmed_once_and_then_counted_as_refused():
    stage = Stage(instruction="dance")
    stage.begin()
    stage.policy.end = RunEnd("'dance' is not known.", "DX-POL-004")
    stage.step(2)
    assert [words for words, _ in stage.policy.asked] == ["dance", "dance"]
    stage.policy.end = RunEnd("'dance' is not known.", "DX-POL-004")
    stage.episodes.is_held = True
    stage.step(3)
    assert len(stage.policy.asked) == 2
    assert stage.episodes.tally.results[0].reason.startswith("the policy stopped: DX-POL-004")


def test_unknown_instruction_of_the_twin_is_not_said_again(stage):
    stage.begin()
    stage.policy.end = RunEnd("It is not known.", "DX-POL-004")
    stage.episodes.is_held = True
    stage.step(3)
    assert len(stage.policy.asked) == 1
    assert stage.episodes.tally.played == 1


def test_next_scene_comes_after_a_pause_and_nothing_after_the_last_one():
    stage = Stage(episodes=2)
    for played in (1, 2):
        stage.begin()
        stage.policy.cancelled = 0
        stage.episodes.is_held = False
        stage.show("success", ("held",))
        stage.finish()
        assert stage.episodes.tally.played == played
        assert stage.scenes.asked == played
    assert stage.episodes.is_done
    stage.step(3 * PAUSE_NS // STEP)
    assert stage.scenes.asked == 2


def test_status_of_the_twin_is_read_from_its_texts():
    values = {
        "episode": "3",
        "seed": "1000002",
        "instruction": WORDS,
        "stages reached": "approached, grasped",
        "reason": "",
        "time [s]": "1.250",
    }
    standing = Standing.of("lift", "running", values)
    assert (standing.task, standing.state, standing.episode, standing.seed) == (
        "lift",
        "running",
        3,
        1_000_002,
    )
    assert (standing.stages, standing.time_s) == (("approached", "grasped"), 1.25)
    assert Standing.of("lift", "running", {**values, "stages reached": ""}).stages == ()
