"""A checkpoint: everything that training leaves behind, as plain text and safetensors. No pickle anywhere.

recipe.json             what it is: configurations, statistics, schedule, origin
encoder.safetensors     weights, as are policy.safetensors and language.safetensors;
                        a published language source is named in the recipe instead
tokenizer.json          text to ids, `tokenizers` format
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from dexora_core.bundle import Statistics
from dexora_core.bundle.manifest import NOISE_SCALE_RANGE
from dexora_core.errors import BundleError, ConfigError
from dexora_core.records import from_dict, to_dict
from dexora_perception.model import EncoderConfig, VisualEncoder
from dexora_policy.model import LanguageEncoder, Policy, PolicyConfig, build_language
from dexora_policy.solver_plan import starts_from_noise
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

RECIPE = "recipe.json"
TOKENIZER = "tokenizer.json"
PARTS = ("encoder", "policy", "language")


@dataclass(frozen=True)
class Recipe:
    """What a checkpoint is.

    Attributes:
        name: Name of the bundle that will be made of it.
        robot: Name of the robot's contract.
        encoder: Shape of the visual encoder; its views in the contract's order.
        policy: Shape of fusion and decoder.
        steps: Denoising steps at which it is meant to run.
        step_dt_s: Time between two steps of a chunk [s].
        max_prefix_steps: Longest committed prefix in training.
        statistics: Normalisation.
        known_instructions: Instructions it was trained or asked about with; empty where it takes any.
        language_weights: Hub id or directory of a published language source; empty for one trained here.
        parent: Manifest hash of the bundle that this one came from; empty for none.
        lineage: How it came about, oldest first, one sentence each.
        n_action_steps: Steps between two inferences.
        noise_scale: Standard deviation of the noise that denoising starts from, 0 to 1.
    """

    name: str
    robot: str
    encoder: EncoderConfig
    policy: PolicyConfig
    steps: int
    step_dt_s: float
    max_prefix_steps: int
    statistics: Statistics
    known_instructions: tuple[str, ...] = ()
    language_weights: str = ""
    parent: str = ""
    lineage: tuple[str, ...] = ()
    n_action_steps: int = 1
    noise_scale: float = 1.0


@dataclass(frozen=True)
class Checkpoint:
    """A recipe with its networks, in evaluation mode.

    Attributes:
        recipe: What it is.
        encoder: Images to tokens.
        policy: Tokens, language and state to actions.
        language: Ids to features.
        tokenizer: Content of `tokenizer.json`.
    """

    recipe: Recipe
    encoder: VisualEncoder
    policy: Policy
    language: LanguageEncoder
    tokenizer: str

    def module(self, part: str) -> nn.Module:
        """Return one of `PARTS`."""
        return {"encoder": self.encoder, "policy": self.policy, "language": self.language}[part]


def save_checkpoint(checkpoint: Checkpoint, directory: Path) -> None:
    """Write a checkpoint into a directory, over whatever it held.

    A language source with published weights is named, not copied.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for part in stored_parts(checkpoint.recipe):
        tensors = {name: value.contiguous() for name, value in checkpoint.module(part).state_dict().items()}
        save_file(tensors, directory / f"{part}.safetensors")
    (directory / TOKENIZER).write_text(checkpoint.tokenizer)
    (directory / RECIPE).write_text(json.dumps(to_dict(checkpoint.recipe), indent=1) + "\n")


def load_checkpoint(directory: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        BundleError: A file is missing or damaged, or its tensors are not those of the recipe.
        ConfigError: The recipe holds an unknown key or a wrong value.
    """
    recipe = _read_recipe(directory)
    checkpoint = Checkpoint(
        recipe,
        VisualEncoder(recipe.encoder),
        Policy(recipe.policy),
        build_language(recipe.policy.language, recipe.language_weights or None),
        _text(directory / TOKENIZER),
    )
    for part in stored_parts(recipe):
        _fill(checkpoint.module(part), directory / f"{part}.safetensors")
    for part in PARTS:
        checkpoint.module(part).eval()
    return checkpoint


def stored_parts(recipe: Recipe) -> tuple[str, ...]:
    """Return the parts whose weights lie in the checkpoint itself."""
    return PARTS[:2] if recipe.language_weights else PARTS


def check_recipe(recipe: Recipe) -> None:
    """Refuse parts that do not fit each other.

    Raises:
        ConfigError: Names both values and says which to change.
    """
    encoder, policy = recipe.encoder, recipe.policy
    pairs = (
        ("views", len(encoder.views), policy.views),
        ("tokens per view", encoder.tokens_per_view, policy.tokens_per_view),
        ("channels of a token", encoder.width, policy.width),
        ("joints", len(recipe.statistics.action_p01), policy.joints),
    )
    for what, given, taken in pairs:
        if given != taken:
            raise ConfigError(
                f"{what}: {given} are made, the policy takes {taken}; train both with one recipe"
            )
    check_steps("max_prefix_steps", recipe.max_prefix_steps, least=0, horizon=policy.horizon)
    check_steps("n_action_steps", recipe.n_action_steps, least=1, horizon=policy.horizon)
    check_noise_scale(recipe.noise_scale, policy.head)


def check_noise_scale(scale: float, head: str) -> None:
    """Refuse a size of the noise that a policy does not start from.

    Args:
        scale: Standard deviation.
        head: What the network predicts.

    Raises:
        ConfigError: It is out of range or not a number, or the head starts from no noise at all.
    """
    lower, upper = NOISE_SCALE_RANGE
    if not lower <= scale <= upper:
        raise ConfigError(f"noise_scale is {scale}; it must be {lower:g} to {upper:g}")
    if scale != upper and not starts_from_noise(head):
        raise ConfigError(
            f"noise_scale is {scale}; head {head!r} starts from no noise, leave it at {upper:g}"
        )


def check_steps(name: str, count: int, *, least: int, horizon: int) -> None:
    """Refuse a number of a chunk's steps that no chunk has.

    Args:
        name: What is counted.
        count: How many.
        least: Fewest.
        horizon: Steps of a chunk; there must be fewer.

    Raises:
        ConfigError: There are fewer or more.
    """
    if not least <= count < horizon:
        raise ConfigError(f"{name} is {count}; it must be {least} to {horizon - 1}, below the horizon")


def _read_recipe(directory: Path) -> Recipe:
    try:
        content = json.loads(_text(directory / RECIPE))
    except json.JSONDecodeError as error:
        raise BundleError(
            f"{directory / RECIPE} is no JSON text ({error}); save the checkpoint again"
        ) from error
    recipe = from_dict(Recipe, content)
    check_recipe(recipe)
    return recipe


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise BundleError(f"cannot read {path} ({error}); is this the directory of a checkpoint?") from error


def _fill(module: nn.Module, path: Path) -> None:
    try:
        module.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise BundleError(f"{path} does not fit the recipe: {error}") from error
