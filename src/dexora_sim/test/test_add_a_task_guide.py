"""The task that docs/how-to/add_a_task.md shows in full works as it stands."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import numpy as np
from dexora_sim.env import DexoraEnv, EnvConfig

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "add_a_task.md"


def task_of_the_guide():
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(textwrap.dedent(" " * 3 + blocks[0].lstrip()), names)
    return names["Push"]()


def test_task_of_the_guide_runs_and_is_judged(puppeteer):
    env = DexoraEnv(task_of_the_guide(), EnvConfig(image_size=None))
    _, info = env.reset(seed=1)
    assert info["score"] == 0.0
    assert len(set(env.task.phrasings(env.episode.goal))) >= 4
    hand = env.twin.world().hands["right"]
    puppet = puppeteer(env.twin)
    puppet.put("cube", hand.tips["mid"])
    judge = env.task.predicate(env.episode)
    judge.update(env.twin.world())
    assert judge.progress.stages == ("approached", "touched")
    place = env.episode.placements["cube"]
    puppet.put("cube", np.array((place.x_m + 0.06, place.y_m, 0.83)))
    for _ in range(12):
        env.twin.step(25)
        judge.update(env.twin.world())
    assert judge.progress.is_success
