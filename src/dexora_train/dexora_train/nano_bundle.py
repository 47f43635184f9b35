"""A small bundle in a few seconds, for tests, benchmarks and a first start without trained weights.

    python -m dexora_train.nano_bundle --preset nano --out DIR

Its weights are random but seeded, its chunks slow motions within a few degrees of the robot's home pose:
enough to drive every node and every check of the real graph, and nothing that a robot could be harmed by.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from dexora_core.bundle import Statistics, make_statistics
from dexora_core.contract import RobotContract, load_contract
from dexora_perception.model import VisualEncoder
from dexora_perception.model import preset as encoder_preset
from dexora_policy.model import Policy, build_language
from dexora_policy.model import preset as policy_preset
from dexora_policy.solver_plan import DEFAULT_STEPS
from dexora_sim.randomisation import Randomisation
from dexora_sim.tasks import TASKS, make_task
from torch import nn

from dexora_description import contract_path
from dexora_train.checkpoint import Checkpoint, Recipe
from dexora_train.export.pipeline import ExportOptions, export_bundle
from dexora_train.word_tokenizer import word_tokenizer

PRESETS = ("nano", "tiny", "small")
ROBOT = "dexora36"
HALF_RANGE_RAD = 0.15
"""Half of each joint's range of actions; chunks stay within half of it around its middle."""

_LARGEST_ACTION = 0.5
_MODULATION_STD = 0.3
_SEEDS_PER_TASK = 40
_MOST_WAVES = 1.0
_PREFIX_SHARE = 4


def build_nano_bundle(
    directory: Path, preset: str = "nano", seed: int = 0, *, head: str = "mip", int8: str = "none"
) -> Path:
    """Write a bundle and return its directory.

    The same preset and seed give the same weights. Contract `dexora36`, its four views, the instructions of
    all tasks of `dexora_sim`, a tiny language source.

    Args:
        directory: Where it shall be; nothing may be there yet.
        preset: `nano` (seconds, about 2 MB), `tiny` or `small`.
        seed: Of the weights.
        head: `mip` (two steps in one graph) or another head, which gives `context.onnx` and `step.onnx`.
        int8: Further variants: `none`, `dynamic`, `qdq` or `both`.

    Raises:
        BundleError: The directory exists.
        ConfigError: An unknown preset or head.
    """
    checkpoint = nano_checkpoint(preset, seed, head=head)
    options = ExportOptions(int8=int8, with_report=int8 != "none")
    return export_bundle(checkpoint, directory, options).bundle.path


def nano_checkpoint(preset: str = "nano", seed: int = 0, *, head: str = "mip") -> Checkpoint:
    """Return the networks of `build_nano_bundle`, in evaluation mode.

    Args:
        preset: `nano`, `tiny` or `small`.
        seed: Of the weights.
        head: What the network predicts.
    """
    contract = load_contract(contract_path(ROBOT))
    instructions = task_instructions()
    encoder_config = replace(encoder_preset(preset), views=contract.views)
    policy_config = replace(policy_preset(preset), joints=len(contract.joints), head=head)
    language = policy_config.language
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder, policy = VisualEncoder(encoder_config), Policy(policy_config)
        words = build_language(language)
        _enliven(policy)
    recipe = Recipe(
        name=f"{preset}-random-{seed}",
        robot=contract.name,
        encoder=encoder_config,
        policy=policy_config,
        steps=DEFAULT_STEPS[head],
        step_dt_s=1.0 / contract.rates.policy_hz,
        max_prefix_steps=policy_config.horizon // _PREFIX_SHARE,
        statistics=home_statistics(contract),
        known_instructions=instructions,
        lineage=(f"random weights of preset {preset}, seed {seed}: not trained, for tests only",),
    )
    tokenizer = word_tokenizer(instructions, language.vocabulary, language.max_tokens)
    return Checkpoint(recipe, encoder.eval(), policy.eval(), words.eval(), tokenizer)


def task_instructions() -> tuple[str, ...]:
    """Return the phrasings of all simulated tasks over a fixed set of seeds, sorted."""
    levels = Randomisation()
    found: set[str] = set()
    for task in map(make_task, TASKS):
        for seed in range(_SEEDS_PER_TASK):
            goal, _, _ = task.choose(seed, levels)
            found.update(task.phrasings(goal))
    return tuple(sorted(found))


def home_statistics(contract: RobotContract) -> Statistics:
    """Return statistics whose middle is the home pose: actions in a small band, states in the whole range."""
    low = np.maximum(contract.home_rad - HALF_RANGE_RAD, contract.lower_rad)
    high = np.minimum(contract.home_rad + HALF_RANGE_RAD, contract.upper_rad)
    return make_statistics(
        action_p01=low,
        action_p99=high,
        state_p01=contract.lower_rad,
        state_p99=contract.upper_rad,
        dataset="none: home pose and limits of the contract",
    )


@torch.no_grad()
def _enliven(policy: Policy) -> None:
    """Give weight to the layers that training starts at zero, smoothly in time and bounded in size."""
    decoder, config = policy.decoder, policy.config
    for name, parameter in decoder.named_parameters():
        if ".modulation." in f".{name}":
            nn.init.normal_(parameter, std=_MODULATION_STD)
        elif name.startswith("outputs.") and name.endswith("weight"):
            nn.init.normal_(parameter)
    decoder.positions.copy_(_slow_waves(config.horizon, config.width))
    largest = _largest_action(policy)
    for name, parameter in decoder.outputs.named_parameters():
        if name.endswith("weight"):
            parameter.mul_(_LARGEST_ACTION / largest)


def _slow_waves(horizon: int, width: int) -> torch.Tensor:
    """Return positions [H, D] that change slowly from step to step, so that chunks do."""
    step = torch.linspace(0, 2 * math.pi, horizon)[:, None]
    phase = torch.rand(width) * 2 * math.pi
    return torch.sin(step * torch.rand(width) * _MOST_WAVES + phase)


def _largest_action(policy: Policy) -> float:
    """Return the largest magnitude of what the network says about a random observation."""
    config = policy.config
    context = policy.context(
        torch.randn(1, config.views, config.tokens_per_view, config.width),
        torch.ones(1, config.views, dtype=torch.bool),
        torch.randn(1, config.language.max_tokens, config.language.dim),
        torch.ones(1, config.language.max_tokens, dtype=torch.bool),
        torch.zeros(1, config.joints),
        torch.ones(1, config.joints, dtype=torch.bool),
    )
    chunk = torch.zeros(1, config.horizon, config.joints)
    committed = torch.zeros(1, config.horizon, dtype=torch.bool)
    return float(policy.sample(context, chunk, committed, torch.zeros_like(chunk)).abs().max())


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="nano_bundle", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--preset", choices=PRESETS, default="nano")
    parser.add_argument("--out", type=Path, required=True, help="directory of the bundle; must not exist")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--head", default="mip", help="mip, flow, sample, v or epsilon")
    parser.add_argument("--int8", choices=("none", "dynamic", "qdq", "both"), default="none")
    given = parser.parse_args()
    path = build_nano_bundle(given.out, given.preset, given.seed, head=given.head, int8=given.int8)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
