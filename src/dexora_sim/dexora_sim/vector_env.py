"""Many environments at once, one process each."""

from __future__ import annotations

from functools import partial

from gymnasium.vector import AsyncVectorEnv, AutoresetMode

from dexora_sim import gl
from dexora_sim.env import DexoraEnv, EnvConfig
from dexora_sim.errors import SimulationError


def make_vector_env(
    task: str, workers: int, config: EnvConfig | None = None, *, does_autoreset: bool = True
) -> AsyncVectorEnv:
    """Start environments in processes of their own.

    `reset(seed=s)` gives worker i the seed s + i, `reset(seed=[...])` one seed each. The same seeds and
    actions give the same trajectories as a single environment does, whatever the number of workers.

    Args:
        task: Name of the task.
        workers: Number of environments, at least 1.
        config: Settings of all of them.
        does_autoreset: Whether an environment starts its next episode by itself in the step after its last;
            otherwise the caller resets with `reset(options={"reset_mask": mask})`.

    Raises:
        SimulationError: `workers` is out of range.
        RenderError: Pictures are wanted and cannot be rendered.
    """
    if workers < 1:
        raise SimulationError(f"number of workers is {workers}, must be at least 1.")
    config = config or EnvConfig()
    if config.image_size is not None:
        gl.choose()  # once here, inherited by every worker
    mode = AutoresetMode.NEXT_STEP if does_autoreset else AutoresetMode.DISABLED
    makers = [partial(DexoraEnv, task, config) for _ in range(workers)]
    return AsyncVectorEnv(makers, context="spawn", autoreset_mode=mode, shared_memory=False)
