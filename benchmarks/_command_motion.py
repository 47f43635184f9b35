"""Motion part of benchmarks/command_path.py: strategies and the release's loop on the same recorded chunks.

Every 200 ms there is an opinion of the policy: the motion meant and 10 mrad of noise. A chunk holds the
opinion of the moment at which it was observed. Async strategies think every 200 ms, one inference after the
other; `replay` and the release's loop think when a chunk has been played. The release's loop has neither
timeline nor gate: it sends the raw steps at 20 Hz, clamped to the position limits as its forwarder does, and
is held while the policy thinks. Its receiver is assumed to draw straight lines between two steps, which
flatters it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from _command_judge import EQUAL_ERROR, OURS, TICK_MS, Array, Motion, Results, jerk_ratio, judge
from _harness import Bar, Options, Report
from dexora_core.motion import MotionLimits
from dexora_core.strategies.registry import STRATEGIES
from path_cases import CONTRACT, MS, NAMES, TICK, Loop, sway

DELAYS_MS = (0, 50, 100, 200, 400)
STEP_NS, PERIOD_NS = 50 * MS, 200 * MS
HORIZON = 32
RELEASE = "release"


def recorded(seconds: float) -> Array:
    """Return the noise of the policy's opinions, one row per `PERIOD_NS`, shape (N, J) [rad]."""
    count = round(seconds * 1e9) // PERIOD_NS + 2
    return np.random.default_rng(7).normal(0.0, 0.01, (count, len(NAMES)))


def offsets_of(committed: Array, start_ns: int, noise: Array) -> Array:
    """Return by how much a chunk differs from the motion meant, shape (32, J) [rad].

    A policy that is conditioned on the committed prefix repeats it, and leaves it for its own opinion, which
    differs by `noise` from chunk to chunk, in the following half second.
    """
    offsets = np.repeat(noise[None], HORIZON, axis=0)
    count = len(committed)
    if count:
        times = start_ns * 1e-9 + 0.05 * np.arange(count)
        offsets[:count] = committed - np.array([sway(t) for t in times])
        share = np.clip((np.arange(HORIZON - count) + 1) / 10, 0.0, 1.0)[:, None]
        share = share * share * (3 - 2 * share)
        offsets[count:] = (1 - share) * offsets[count - 1] + share * noise
    return offsets


class _Driver:
    """Lets a policy with a delay drive the command path."""

    def __init__(self, strategy: str, delay_ms: int, seconds: float) -> None:
        self.loop = Loop(strategy=strategy, min_buffered_ns=0)
        self.loop.tick(2)
        self.loop.path.acquire(self.loop.now, "policy", "policy_node")
        self._strategy, self._delay_ns = strategy, delay_ms * MS
        self._prefix = delay_ms // 50 + 3
        self._noise = recorded(seconds)
        self._begun_ns = -PERIOD_NS
        self._thinking: tuple[int, Array] | None = None
        self._lookahead_ns = round(self.loop.path.config.gate.lookahead_s * 1e9)

    def step(self) -> tuple[Array, bool]:
        """Do a tick; return the commanded positions of its milliseconds and whether a chunk came in."""
        loop = self.loop
        before = loop.path.timeline.accepted
        self._deliver()
        if self._thinking is None and self._is_due():
            self._observe()
            self._deliver()
        loop.path.supervision.heard(loop.now, "policy", loop.now)
        loop.tick()
        plan = loop.path.gate.plan
        elapsed = plan.elapsed_s(loop.now) + 1e-3 * np.arange(TICK_MS)[:, None]
        return plan.states(elapsed)[0], loop.path.timeline.accepted > before

    def _is_due(self) -> bool:
        if self._strategy == "replay":
            return self.loop.path.timeline.buffered_ns(self.loop.now + self._lookahead_ns) == 0
        return self.loop.now - self._begun_ns >= PERIOD_NS

    def _observe(self) -> None:
        now = self._begun_ns = self.loop.now
        noise = self._noise[now // PERIOD_NS]
        offsets = np.repeat(noise[None], HORIZON, axis=0)
        if self._strategy == OURS:
            committed = self.loop.path.timeline.committed(now, STEP_NS, self._prefix)
            offsets = offsets_of(committed, now, noise)
        self._thinking = (now, offsets)

    def _deliver(self) -> None:
        if self._thinking is None or self.loop.now - self._thinking[0] < self._delay_ns:
            return
        begin, offsets = self._thinking
        self._thinking = None

        def opinion(t: float) -> Array:
            return sway(t) + offsets[round((t * 1e9 - begin) / STEP_NS)]

        self.loop.chunk("policy", opinion, delay=self.loop.now - begin, prefix_steps=self._prefix)


def drive(strategy: str, delay_ms: int, seconds: float) -> Motion:
    """Let a policy with a delay drive the path by a strategy, or without the path as the release does."""
    if strategy == RELEASE:
        return release(delay_ms, seconds)
    driver, positions, borders = _Driver(strategy, delay_ms, seconds), [], []
    for tick in range(round(seconds * 100)):
        rows, is_border = driver.step()
        positions.append(rows)
        borders += [tick] if is_border else []
    return Motion(np.concatenate(positions), tuple(borders), 1)


def release(delay_ms: int, seconds: float) -> Motion:
    """Play raw chunks to their end, one after the other, and stand still in between."""
    noise, limits = recorded(seconds), MotionLimits.from_contract(CONTRACT)
    times, points, borders = [0.0], [sway(3 * TICK * 1e-9)], []
    now_ms = 3 * TICK // MS
    begin_ms, end_ms = now_ms, now_ms + round(seconds * 1000)
    while now_ms < end_ms:
        observed_s, opinion = now_ms * 1e-3, noise[now_ms * MS // PERIOD_NS]
        now_ms += delay_ms
        times.append(now_ms - begin_ms)
        points.append(points[-1])
        borders.append((now_ms - begin_ms) // TICK_MS)
        for k in range(HORIZON):
            now_ms += STEP_NS // MS
            times.append(now_ms - begin_ms)
            points.append(np.clip(sway(observed_s + 0.05 * k) + opinion, limits.lower, limits.upper))
    moments = np.arange(round(seconds * 1000))
    columns = [np.interp(moments, times, column) for column in np.array(points).T]
    return Motion(np.array(columns).T, tuple(borders), TICK_MS)


def motion(options: Options, report: Report) -> Iterator[None]:
    """Drive every strategy and the release's loop with every delay."""
    seconds, limits = 4.0 if options.quick else 20.0, MotionLimits.from_contract(CONTRACT)
    results: Results = {}
    for delay_ms in DELAYS_MS:
        for name in (*STRATEGIES, RELEASE):
            found = results[name, delay_ms] = judge(drive(name, delay_ms, seconds), limits)
            report.rows.append({"motion, delay ms": delay_ms, "side": name, **found})
        yield
    report.samples["motion"] = {f"{name} {delay}": found for (name, delay), found in results.items()}
    report.bars += bars_of(results)
    report.notes += [
        "motion: chunks differ by 10 mrad of noise; only the policy of `prefix` is given the prefix",
        "motion: jumps are the largest change from one 10 ms tick to the next in the 200 ms after a new"
        " chunk; derivatives are differences of positions 10 ms apart",
        "motion: `over` counts ticks outside a limit, strategies by positions 1 ms apart, release 10 ms",
        f"motion: equal tracking is at most {EQUAL_ERROR:g} x the mean error of {OURS} at the same delay",
    ]


def bars_of(results: Results) -> list[Bar]:
    """Return the promises about motion."""
    over = ("over q", "over v", "over a", "over j")
    ours = sum(results[OURS, delay][key] for delay in DELAYS_MS for key in over)
    ratio = max(jerk_ratio(results, delay) for delay in DELAYS_MS)
    queue = results[OURS, 200]["jerk rms rad/s3"] / max(results["queue", 200]["jerk rms rad/s3"], 1e-9)
    return [
        Bar("G9", f"ticks of {OURS} outside a limit, all delays", float(ours), 0.0, 0.0, "ticks", True),
        Bar(
            "C1",
            "RMS jerk of prefix over the least at equal tracking, worst delay",
            ratio,
            1.0,
            0.7,
            "x",
            True,
        ),
        Bar("C2", "RMS jerk of prefix over queue at 200 ms", queue, 1.0, 0.7, "x", True),
    ]
