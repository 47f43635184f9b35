"""Success of the scripted experts on 100 randomised scenes each, with Wilson intervals.

Deterministic: seeds 0 to 99 of every task, domain randomisation "train", no pictures.
"""

from __future__ import annotations

import sys

from _harness import Bar, Options, Report, main
from dexora_core.contract import load_contract
from dexora_sim.env import DexoraEnv, EnvConfig
from dexora_sim.experts import make_expert
from dexora_sim.experts.demonstration import demonstrate
from dexora_train.evaluate.intervals import wilson

from dexora_description import contract_path

BARS_PERCENT = {
    "reach": 99,
    "reach_either": 99,
    "lift": 95,
    "lift_variant": 90,
    "bimanual_lift": 95,
    "handover": 85,
    "open_bottle": 85,
}
SEEDS = 100
QUICK_SEEDS = 10


def measure(options: Options) -> Report:
    """Play every task's seeds and compare the success rates with their bars."""
    report = Report(notes=["Deterministic: the same seeds give the same figures on the same machine."])
    contract = load_contract(contract_path("dexora36"))
    seeds = QUICK_SEEDS if options.quick else SEEDS
    for task, bar in BARS_PERCENT.items():
        env, expert = DexoraEnv(task, EnvConfig(image_size=None)), make_expert(task, contract)
        episodes = [demonstrate(env, expert, seed) for seed in range(seeds)]
        wins = [episode for episode in episodes if episode.is_success]
        interval = wilson(len(wins), seeds)
        times = sorted(episode.time_s for episode in wins)
        report.rows.append(
            {
                "task": task,
                "success": f"{len(wins)} of {seeds}",
                "95 % interval": f"{100 * interval.low:.0f} to {100 * interval.high:.0f} %",
                "time to success p50": f"{times[len(times) // 2]:.1f} s" if times else "-",
            }
        )
        report.bars.append(Bar(task, f"success of {seeds} seeds", 100 * len(wins) / seeds, bar, bar, "%"))
        report.samples[task] = [(e.seed, e.is_success, list(e.stages), e.time_s) for e in episodes]
    return report


if __name__ == "__main__":
    sys.exit(main("experts", __doc__, measure))
