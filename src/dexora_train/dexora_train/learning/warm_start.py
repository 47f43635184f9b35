"""Another head from a finished run: what was seen and heard is taken over, only acting is learnt.

A policy of many steps needs the same eyes and ears as one of two. Most of a run's time goes into those, and a
head that denoises learns what words mean slowly: most of its samples are nearly clean actions, which tell by
themselves what is done.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from dexora_policy.model import Policy, PolicyConfig
from dexora_policy.solver_plan import SAYS_CLEAN
from torch import Tensor, nn

from dexora_train.learning.errors import TrainingError
from dexora_train.learning.finished_run import FinishedRun
from dexora_train.learning.run_folder import FRAMES, SCENES, SEEING, TOKENS
from dexora_train.learning.stages import Acting
from dexora_train.learning.train_config import TrainConfig

_OUTPUTS = "decoder.outputs."
"""The layer that says what the head predicts."""
_SHARED = ("robot", "preset", "scenes", "scene_tasks", "copies")
"""Settings on which depends what is seen."""


def refuse_other_eyes(run: FinishedRun, config: TrainConfig) -> None:
    """Refuse to start from a run that sees or hears otherwise.

    Raises:
        TrainingError: It does; the settings are named.
    """
    other = [name for name in _SHARED if getattr(run.config, name) != getattr(config, name)]
    if other:
        raise TrainingError(
            f"{run.checkpoint.recipe.name} has other {', '.join(other)}; start with its settings, or "
            "without a run to start from."
        )


def link_what_is_seen(source: Path, folder: Path) -> None:
    """Link into the folder of a run what it sees with another one.

    Args:
        source: Folder of a finished `train` run; it is only read, and has to stay where it is.
        folder: Folder of the new run.

    Raises:
        TrainingError: The other run lacks something, or nothing can be written.
    """
    for name in (FRAMES, TOKENS, SEEING, SCENES):
        link, original = folder / name, (source / name).resolve()
        if not original.exists():
            if name == SCENES:
                continue
            raise TrainingError(f"{source} has no {name}; start from a run that has.")
        if link.exists():
            continue
        try:
            link.unlink(missing_ok=True)
            link.symlink_to(original)
        except OSError as error:
            raise TrainingError(f"{link} cannot be written ({error}); use another folder.") from error


def take_over(run: FinishedRun, acting: Acting, config: PolicyConfig, tokenizer: str) -> None:
    """Begin with the weights of a run, except the last layer where the heads predict other things.

    Args:
        run: Where they come from.
        acting: What shall learn.
        config: Shape of its policy.
        tokenizer: Content of its `tokenizer.json`.

    Raises:
        TrainingError: The policies differ in more than the head, or in their words.
    """
    old = run.checkpoint
    likened = replace(old.recipe.policy, head=config.head, action_spread=config.action_spread)
    if likened != config or old.tokenizer != tokenizer:
        raise TrainingError(
            f"{old.recipe.name} has another shape or other words than this run; start from a run of the same "
            "preset, dataset and number of scenes, or without one."
        )
    acting.adapter.load_state_dict(old.encoder.adapter.state_dict())
    acting.language.load_state_dict(old.language.state_dict())
    own = acting.policy.state_dict().items()
    outputs = {name: value for name, value in own if name.startswith(_OUTPUTS)}
    heads = {config.head, old.recipe.policy.head}
    says_the_same = len(heads) == 1 or heads <= set(SAYS_CLEAN)
    acting.policy.load_state_dict({**old.policy.state_dict(), **({} if says_the_same else outputs)})
    _keep_meaning(acting.policy, old.policy, says_the_same=says_the_same)


def _keep_meaning(policy: Policy, old: Policy, *, says_the_same: bool) -> None:
    """Let the layers that read and say actions mean the same as before, whatever they are divided by now."""
    factor = _spread_of(policy) / _spread_of(old)
    for layer in policy.decoder.inputs:
        assert isinstance(layer, nn.Linear)
        layer.weight.data[:, : len(factor)] *= factor
    for layer in policy.decoder.outputs if says_the_same else ():
        assert isinstance(layer, nn.Linear)
        layer.weight.data /= factor[:, None]
        layer.bias.data /= factor


def _spread_of(policy: Policy) -> Tensor:
    return policy.spread if policy.config.action_spread else torch.ones(policy.config.joints)
