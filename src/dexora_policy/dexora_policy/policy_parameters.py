"""Parameters of the policy node."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dexora_core.strategies.registry import STRATEGIES
from dexora_ros.parameter_specs import param

from dexora_policy.policy_loading import ENGINE_KINDS, EngineSettings
from dexora_policy.scheduler import MIN_PREFIX_STEPS

UNKNOWN_INSTRUCTIONS = ("confirm", "refuse", "accept")


@dataclass(frozen=True)
class PolicyParameters:
    """Parameters of `policy_node`."""

    robot: str = param("dexora36", description="Robot contract to load.")
    bundle: str = param(description="Directory of the model bundle.")
    public_key: str = param(
        "", description="Public key (PEM file) of the maker whose bundles may run; empty for any maker."
    )
    engine: str = param("onnx", description="Engine that runs the bundle.", choices=ENGINE_KINDS)
    fallback_engine: str = param(
        "",
        description="Engine to use when the first one cannot be opened or warmed up; empty refuses to start.",
        choices=("", *ENGINE_KINDS),
    )
    precision: str = param(
        "",
        description="Precision of the graphs; empty takes the bundle's.",
        choices=("", "fp32", "fp16", "bf16", "int8"),
    )
    threads: int = param(1, description="Threads of the CPU that one inference may use.", lower=1, upper=64)
    cache_dir: str = param(
        "", description="Where engines built on this machine are kept; empty for beside the bundle."
    )
    mock_script: str = param("", description="Script of the mock engine (JSON); empty for a policy at rest.")
    golden_bound_rad: float = param(
        0.1,
        description="Largest difference to the actions that the exporter saw.",
        unit="rad",
        lower=1e-4,
        upper=1.0,
    )
    instruction: str = param(
        "", description="Instruction to run as soon as control is granted; empty waits for RunPolicy."
    )
    unknown_instructions: str = param(
        "confirm",
        description="An instruction that the policy was not trained on: sent twice it is confirmed, or it is "
        "always refused, or always accepted.",
        choices=UNKNOWN_INSTRUCTIONS,
    )
    rate_hz: float = param(
        0.0,
        description="Inferences per second; 0 takes the bundle's, one in `n_action_steps` steps.",
        unit="Hz",
        lower=0.0,
        upper=200.0,
    )
    refill_s: float = param(
        0.6,
        description="Motion left below which the next inference does not wait for its period.",
        unit="s",
        lower=0.0,
        upper=10.0,
    )
    strategy: str = param(
        "prefix",
        description="How command_node joins chunks; must be its `strategy`.",
        choices=tuple(STRATEGIES),
    )
    lookahead_s: float = param(
        0.03,
        description="How far ahead command_node uses a chunk; must be its `lookahead_s`.",
        unit="s",
        lower=0.004,
        upper=0.2,
    )
    min_prefix_steps: int = param(
        MIN_PREFIX_STEPS,
        description="Fewest steps of the motion in force that a chunk continues, however fast inference is: "
        "they tell the policy how the robot moves. At most as many as it was trained for.",
        lower=1,
        upper=64,
    )
    token_bound_s: float = param(
        0.0,
        description="Age of the oldest picture beyond which nothing is inferred; 0 takes the contract's.",
        unit="s",
        lower=0.0,
        upper=5.0,
    )
    joint_bound_s: float = param(
        0.0,
        description="Age of the joint state beyond which nothing is inferred; 0 takes the contract's.",
        unit="s",
        lower=0.0,
        upper=5.0,
    )
    patience_s: float = param(
        5.0,
        description="Time without a chunk, or without control, after which a run ends.",
        unit="s",
        lower=0.1,
        upper=600.0,
    )
    command_bound_s: float = param(
        1.0,
        description="Silence of command_node after which a run ends.",
        unit="s of wall time",
        lower=0.2,
        upper=60.0,
    )

    def engine_settings(self, engine: str) -> EngineSettings:
        """Return how to run the bundle on an engine."""
        return EngineSettings(
            engine,
            self.precision,
            self.threads,
            _path(self.cache_dir),
            _path(self.mock_script),
            self.golden_bound_rad,
            _path(self.public_key),
        )


def _path(text: str) -> Path | None:
    return Path(text).expanduser() if text else None
