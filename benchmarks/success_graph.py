"""Success of a policy through the full ROS graph: cameras, tokens, policy, command path, controllers, twin.

`mujoco.launch.py` plays every task on seeds from 1,000,000 on, which training never saw, and the twin judges.
Time is simulated: a machine that is too slow for real time slows the world. An episode in which the machine
and not the policy stopped the robot, because a process had no time to run, is played again, and told.

    --bundle DIR          the bundle, or the name of a shipped one; the shipped one when left out
    --engine NAME         the engine that runs it
    --seeds N             seeds per task, 40
    --task NAME           a task; may be repeated; reach, lift and bimanual_lift when left out
    --realtime-factor F   speed of the world that is asked for, 1
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from _harness import Bar, Options, Report, main
from dexora_train.evaluate.intervals import wilson

BARS_PERCENT = {"reach": 97.0, "lift": 85.0, "bimanual_lift": 85.0}
FIRST_SEED, SEEDS, QUICK_SEEDS = 1_000_000, 40, 2
DOMAINS = (62, 63, 64, 65)
MACHINE_FAULTS = ("DX-CMD-002", "DX-FRS-002", "DX-FRS-017", "DX-FRS-018", "DX-HWD-002")
"""Ticks, joint states or heartbeats that came late: in a simulation the fault of the machine."""
TRIES = 3
# Longest task and everything around it [s of simulated time].
EPISODE_S = 30.0
START_S = 120.0
# A launch that plays nothing for so many episodes' time is stopped by something that only an operator ends.
STUCK_EPISODES = 4.0
END_S = 30.0


@dataclass(frozen=True)
class Given:
    """What the command line asks for beyond what all benchmarks have.

    Attributes:
        bundle: Directory or name of the bundle; empty for the shipped one.
        engine: Engine that runs it.
        seeds: Seeds per task; 0 for the usual number.
        tasks: Tasks to play.
        realtime_factor: Speed of the world.
    """

    bundle: str = ""
    engine: str = "onnx"
    seeds: int = 0
    tasks: tuple[str, ...] = tuple(BARS_PERCENT)
    realtime_factor: float = 1.0


@dataclass
class Played:
    """The episodes of one task.

    Attributes:
        policy: Which policy played.
        episodes: What became of each seed, as the player writes it.
        launches: How often the robot was started.
        again: Episodes that were played again because the machine had stopped the robot.
    """

    policy: str = ""
    episodes: dict[int, dict[str, Any]] = field(default_factory=dict)
    launches: int = 0
    again: int = 0


def given_on_the_command_line() -> Given:
    """Take this benchmark's own arguments from the command line and leave the others to the harness."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--bundle", default="")
    parser.add_argument("--engine", default="onnx")
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--task", action="append", choices=tuple(BARS_PERCENT))
    parser.add_argument("--realtime-factor", type=float, default=1.0)
    own, rest = parser.parse_known_args()
    sys.argv[1:] = rest
    tasks = tuple(own.task or BARS_PERCENT)
    return Given(own.bundle, own.engine, own.seeds, tasks, own.realtime_factor)


def play(task: str, count: int, given: Given) -> Played:
    """Play the first seeds of a task, those that are left in a new launch until none is."""
    played, tries = Played(), Counter[int]()
    seeds = range(FIRST_SEED, FIRST_SEED + count)
    with tempfile.TemporaryDirectory() as directory:
        while todo := [seed for seed in seeds if seed not in played.episodes]:
            path = Path(directory) / f"{played.launches}.json"
            launch(task, stretch(todo), path, given)
            played.launches += 1
            content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            if not content.get("episodes"):
                raise RuntimeError(f"{task}: nothing was played; the last lines of the launch say why")
            played.policy = f"{content['policy']} on {content['engine']}, {content['precision']}"
            take(played, [one for one in content["episodes"] if one["seed"] in todo], tries)
    return played


def stretch(seeds: list[int]) -> list[int]:
    """Return the seeds at the beginning that follow each other, as one launch plays them."""
    return [seed for place, seed in enumerate(seeds) if seed == seeds[0] + place]


def take(played: Played, episodes: list[dict[str, Any]], tries: Counter[int]) -> None:
    """Count what was played; what the machine stopped is left to be played again, a few times."""
    for episode in episodes:
        seed = episode["seed"]
        tries[seed] += 1
        if tries[seed] < TRIES and any(code in episode["reason"] for code in MACHINE_FAULTS):
            played.again += 1
        else:
            played.episodes[seed] = episode


def launch(task: str, seeds: list[int], path: Path, given: Given) -> None:
    """Run one launch to its end, or to where nothing happens any more."""
    words = [
        f"task:={task}",
        f"seed:={seeds[0]}",
        f"episodes:={len(seeds)}",
        f"results:={path}",
        f"engine:={given.engine}",
        f"realtime_factor:={given.realtime_factor}",
    ]
    words += [f"bundle:={given.bundle}"] if given.bundle else []
    environment = {**os.environ, "ROS_DOMAIN_ID": str(DOMAINS[os.getpid() % len(DOMAINS)])}
    command = ["ros2", "launch", "dexora_bringup", "mujoco.launch.py", *words]
    process = subprocess.Popen(command, env=environment, stdout=sys.stderr, start_new_session=True)
    try:
        watch(process, path, given.realtime_factor)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(END_S)


def watch(process: subprocess.Popen[bytes], path: Path, realtime_factor: float) -> None:
    """Return when the launch has ended or has written nothing for too long."""
    patience_s = START_S + STUCK_EPISODES * EPISODE_S / min(realtime_factor or 1.0, 1.0)
    seen, since_s = 0.0, time.monotonic()
    while process.poll() is None and time.monotonic() - since_s < patience_s:
        written = path.stat().st_mtime if path.exists() else 0.0
        if written != seen:
            seen, since_s = written, time.monotonic()
        time.sleep(0.5)


def figures(episodes: list[dict[str, Any]]) -> dict[str, str]:
    """Return a table row's cells for the episodes of one task."""
    wins = [episode for episode in episodes if episode["is_success"]]
    interval = wilson(len(wins), len(episodes))
    return {
        "success": f"{len(wins)} of {len(episodes)}",
        "95 % interval": f"{100 * interval.low:.0f} to {100 * interval.high:.0f} %",
        "time to success p50": _median([episode["time_s"] for episode in wins], "s"),
        "chunks/s p50": _median([episode["pace"]["rate_hz"] for episode in episodes], ""),
        "capture to command p50": _median([episode["pace"]["age_p50_s"] for episode in episodes], "s", 3),
        "p95": _median([episode["pace"]["age_p95_s"] for episode in episodes], "s", 3),
    }


def _median(values: list[float | None], unit: str, digits: int = 1) -> str:
    known = [value for value in values if value is not None and math.isfinite(value)]
    return f"{np.median(known):.{digits}f} {unit}".rstrip() if known else "-"


def measure(options: Options, given: Given) -> Report:
    """Play every task and compare its success with its bar."""
    report = Report(notes=["Ages are medians over episodes of what the command path says at their end."])
    count = given.seeds or (QUICK_SEEDS if options.quick else SEEDS)
    for task in given.tasks:
        played = play(task, count, given)
        episodes = [played.episodes[seed] for seed in sorted(played.episodes)]
        report.rows.append({"task": task, **figures(episodes)})
        share = 100 * sum(episode["is_success"] for episode in episodes) / count
        bar = BARS_PERCENT[task]
        report.bars.append(Bar(task, f"success of {count} seeds through the graph", share, bar, bar, "%"))
        report.notes.append(
            f"{task}: {played.policy}; {played.launches} launches, {played.again} episodes played again"
        )
        report.samples[task] = episodes
    return report


if __name__ == "__main__":
    chosen = given_on_the_command_line()
    sys.exit(main("success_graph", __doc__, lambda options: measure(options, chosen)))
