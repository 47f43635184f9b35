"""Success of a policy through the full ROS graph: cameras, tokens, policy, command path, controllers, twin.

`mujoco.launch.py` plays every task on seeds from 1,000,000 on, which training never saw, and the twin judges.
Time is simulated: a machine that is too slow for real time slows the world.

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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from _harness import Bar, Options, Report, main
from dexora_train.evaluate.intervals import wilson

BARS_PERCENT = {"reach": 97.0, "lift": 85.0, "bimanual_lift": 85.0}
FIRST_SEED, SEEDS, QUICK_SEEDS = 1_000_000, 40, 2
DOMAINS = (62, 63, 64, 65)
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
        episodes: What became of each, as the player writes it.
        restarts: How often the robot had to be started again, because only an operator could have gone on.
    """

    policy: str = ""
    episodes: list[dict[str, Any]] = field(default_factory=list)
    restarts: int = 0


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
    """Play the first seeds of a task; a robot that waits for an operator is started again for the rest."""
    played = Played()
    with tempfile.TemporaryDirectory() as directory:
        while len(played.episodes) < count:
            path = Path(directory) / f"{len(played.episodes)}.json"
            launch(task, count, len(played.episodes), path, given)
            content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            if not content.get("episodes"):
                raise RuntimeError(f"{task}: nothing was played; the last lines of the launch say why")
            played.policy = f"{content['policy']} on {content['engine']}, {content['precision']}"
            played.episodes += content["episodes"]
            played.restarts += 1
    played.restarts -= 1
    return played


def launch(task: str, count: int, done: int, path: Path, given: Given) -> None:
    """Run one launch to its end, or to where nothing happens any more."""
    words = [
        f"task:={task}",
        f"seed:={FIRST_SEED + done}",
        f"episodes:={count - done}",
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
        report.rows.append({"task": task, **figures(played.episodes)})
        share = 100 * sum(episode["is_success"] for episode in played.episodes) / count
        bar = BARS_PERCENT[task]
        report.bars.append(Bar(task, f"success of {count} seeds through the graph", share, bar, bar, "%"))
        report.notes.append(f"{task}: {played.policy}; started again {played.restarts} times")
        report.samples[task] = played.episodes
    return report


if __name__ == "__main__":
    chosen = given_on_the_command_line()
    sys.exit(main("success_graph", __doc__, lambda options: measure(options, chosen)))
