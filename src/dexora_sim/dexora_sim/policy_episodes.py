"""Episodes of a policy, one after the other: a new scene, an instruction, a run, a verdict.

Pure: no ROS, no clock. It is told what the twin and the policy say, and asks for scenes and runs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from dexora_core.clock import ns_to_s, s_to_ns

from dexora_sim.episode_report import EpisodeResult, Pace, Tally
from dexora_sim.task_watch import NO_TASK, RUNNING, SUCCESS
from dexora_sim.tasks import TASKS

SETTLE_NS = s_to_ns(0.3)
"""Tokens of the scene before are gone after this long."""
PAUSE_NS = s_to_ns(1.0)
"""So long the result is looked at."""
LATE_S = 0.1
"""The twin, which judges first, has told by then that the time of a task is over."""
SPARE_S = 5.0
"""The run itself ends so long after the episode had to, if nobody cancels it."""
TOLD_NS = s_to_ns(5.0)
"""What is waited for longer than this is told."""
UNKNOWN_INSTRUCTION = "DX-POL-004"


@dataclass(frozen=True)
class Standing:
    """What the twin says about its episode.

    Attributes:
        task: Name of the task, or "none".
        state: "running", "success" or "failed".
        episode: Counts the episodes of the twin.
        seed: Seed of the scene.
        instruction: What is to be done, in words.
        stages: Stages reached, in order.
        reason: Why it failed, or "".
        time_s: Simulated time since the reset [s].
    """

    task: str
    state: str
    episode: int
    seed: int
    instruction: str
    stages: tuple[str, ...]
    reason: str
    time_s: float

    @classmethod
    def of(cls, name: str, message: str, values: Mapping[str, str]) -> Standing:
        """Read a status of `twin_node`.

        Args:
            name: Of the status: the task.
            message: Of the status: the state.
            values: Of the status, by key.
        """
        return cls(
            name,
            message,
            int(values["episode"]),
            int(values["seed"]),
            values["instruction"],
            tuple(filter(None, values["stages reached"].split(", "))),
            values["reason"],
            float(values["time [s]"]),
        )


@dataclass(frozen=True)
class RunEnd:
    """How a run of the policy ended.

    Attributes:
        reason: One sentence.
        code: Fault code; empty when none ended it.
    """

    reason: str
    code: str = ""


class Runner(Protocol):
    """Runs the policy on an instruction."""

    @property
    def missing(self) -> str:
        """What keeps the policy from being asked; empty when nothing does."""

    @property
    def end(self) -> RunEnd | None:
        """How the run ended; None while it is under way."""

    @property
    def pace(self) -> Pace:
        """How fast the policy answers in the present run."""

    @property
    def policy(self) -> dict[str, str]:
        """Which policy it is: identity, engine, precision."""

    def begin(self, instruction: str, timeout_s: float) -> None:
        """Begin a run."""

    def cancel(self) -> None:
        """End the run; `end` says when it has."""


class SceneChange(Protocol):
    """Brings robot and objects to where the next episode begins."""

    @property
    def is_running(self) -> bool:
        """Whether a scene was asked for and is not there yet."""

    def begin(self) -> None:
        """Ask for a scene."""

    def advance(self, now_ns: int) -> None:
        """Do what can be done now."""


@dataclass(frozen=True)
class EpisodeSettings:
    """What is played.

    Attributes:
        instruction: Said in every episode; the twin's own where empty.
        time_limit_s: Simulated time after which an episode has failed; 0 for the task's own [s].
        episodes: How many are played; 0 for no end.
    """

    instruction: str = ""
    time_limit_s: float = 0.0
    episodes: int = 0


class PolicyEpisodes:
    """Plays episodes, one step further with every call of `advance`.

    Args:
        runner: Who runs the policy.
        scenes: Who changes the scene.
        settings: What is played.
        tell: Called with every line for the person who watches.
        on_result: Called after every episode.
    """

    def __init__(
        self,
        runner: Runner,
        scenes: SceneChange,
        settings: EpisodeSettings,
        tell: Callable[[str], object],
        on_result: Callable[[], None] = lambda: None,
    ) -> None:
        self._runner, self._scenes, self._settings = runner, scenes, settings
        self._tell, self._on_result = tell, on_result
        self._now_ns = 0
        self._reset_ns = 0
        self._standing: Standing | None = None
        self._steps = self._walk()
        self.tally = Tally()
        self.waits_for = ""
        self.is_held = False
        """Whether the robot holds, told by whoever hears the command path."""

    @property
    def is_done(self) -> bool:
        """Whether every episode was played."""
        return 0 < self._settings.episodes <= self.tally.played

    def see(self, standing: Standing) -> None:
        """Take note of what the twin says."""
        self._standing = standing

    def advance(self, now_ns: int) -> None:
        """Do what can be done now; call it often.

        Args:
            now_ns: Simulated time.
        """
        self._now_ns = now_ns
        next(self._steps, None)

    # The walk.

    def _walk(self) -> Iterator[None]:
        while not self.is_done:
            yield from self._wait(self._lacking)
            yield from self._change_scene()
            result = yield from self._play()
            if result is not None:
                self._report(result)
                yield from self._pause(PAUSE_NS)

    def _lacking(self) -> str:
        if self._standing is None:
            return "the twin's task_status"
        if self._standing.task == NO_TASK:
            return "a task; the twin shows none: start it with one"
        return self._runner.missing

    def _change_scene(self) -> Iterator[None]:
        before = self._now()
        self._scenes.begin()
        while self._scenes.is_running:
            self._scenes.advance(self._now_ns)
            yield
        yield from self._wait(lambda: "the new scene" if self._is_present(before) else "")
        self._reset_ns = self._now_ns

    def _play(self) -> Generator[None, None, EpisodeResult | None]:
        """Run the policy; the generator's value is None when somebody else changed the scene."""
        yield from self._pause(SETTLE_NS)
        scene = self._now()
        instruction = self._settings.instruction or scene.instruction
        self._tell(f'{scene.task}, seed {scene.seed}: the policy is told "{instruction}"')
        yield from self._run(instruction, scene)
        verdict, standing, time_s, pace = self._verdict(scene), self._now(), self._time_s(), self._runner.pace
        self._runner.cancel()
        yield from self._wait(lambda: "" if self._runner.end else "the end of the run")
        yield from self._wait(lambda: "" if self.is_held else "a robot that holds")
        if verdict is None:
            self._tell(f"{scene.task}, seed {scene.seed}: not counted, somebody else changed the scene")
            return None
        time_s = time_s if standing.state == RUNNING else standing.time_s
        return EpisodeResult(
            scene.task, scene.seed, instruction, not verdict, verdict, standing.stages, time_s, pace
        )

    def _run(self, instruction: str, scene: Standing) -> Iterator[None]:
        """Run the policy until there is a verdict; an instruction that it does not know is confirmed once."""
        is_confirmed = not self._settings.instruction
        while True:
            self._runner.begin(instruction, self._limit_s(scene.task) + SPARE_S)
            while self._verdict(scene) is None and self._is_present(scene):
                yield
            end = self._runner.end
            if is_confirmed or end is None or end.code != UNKNOWN_INSTRUCTION:
                return
            is_confirmed = True
            self._tell(f"{end.reason} It is said again to confirm it.")

    def _verdict(self, scene: Standing) -> str | None:
        """Return why the episode failed, an empty text when it is done, None while it goes on."""
        standing, end = self._now(), self._runner.end
        if not self._is_present(scene):
            return None
        if standing.state != RUNNING:
            return "" if standing.state == SUCCESS else standing.reason
        if self._time_s() > self._limit_s(scene.task) + LATE_S:
            return f"not done within {self._limit_s(scene.task):g} s"
        return None if end is None else " ".join(f"the policy stopped: {end.code} {end.reason}".split())

    def _report(self, result: EpisodeResult) -> None:
        self.tally.results.append(result)
        self.tally.policy = self._runner.policy
        self._tell(f"{result.describe()}; {self.tally.describe()} so far")
        self._on_result()

    # Small things.

    def _now(self) -> Standing:
        assert self._standing is not None
        return self._standing

    def _time_s(self) -> float:
        return ns_to_s(self._now_ns - self._reset_ns)

    def _is_present(self, scene: Standing) -> bool:
        return self._now().episode == scene.episode

    def _limit_s(self, task: str) -> float:
        own_s = TASKS[task].time_limit_s
        return min(self._settings.time_limit_s or own_s, own_s)

    def _pause(self, duration_ns: int) -> Iterator[None]:
        end_ns = self._now_ns + duration_ns
        while self._now_ns < end_ns:
            yield

    def _wait(self, lacking: Callable[[], str]) -> Iterator[None]:
        """Wait until nothing is lacking; what is waited for long is told once."""
        begun_ns, told = self._now_ns, ""
        while text := lacking():
            self.waits_for = text
            if self._now_ns - begun_ns > TOLD_NS and text != told:
                told = text
                self._tell(f"waits for {text}")
            yield
        self.waits_for = ""
