"""A bundle as a model: opened, verified and compared with its golden actions as the policy node does."""

from __future__ import annotations

from pathlib import Path

from dexora_core.contract import RobotContract
from dexora_core.motion.limits import MotionLimits
from dexora_perception.token_encoder import EngineChoice, TokenEncoder, open_encoder
from dexora_policy.golden import check_golden
from dexora_policy.policy_loading import GOLDEN, EngineSettings, LoadedPolicy
from dexora_policy.solvers import OneGraph, Solver

from dexora_train.evaluate.errors import EvaluationError
from dexora_train.evaluate.network import NetworkModel
from dexora_train.evaluate.settings import EvaluationSettings


class _Loaded(LoadedPolicy):
    """A loaded policy that shows what solves it, so that each episode can have noise of its own."""

    @property
    def solver(self) -> Solver:
        """Prepared inputs to normalised actions."""
        return self._runner.solver


def bundle_model(path: Path, contract: RobotContract, settings: EvaluationSettings) -> NetworkModel:
    """Open a bundle with ONNX Runtime on one thread.

    Raises:
        BundleError: It is damaged or made for another robot.
        EngineError: A graph cannot be opened, or its golden actions differ on this machine.
        EvaluationError: Steps or noise were asked for, which a bundle has built in.
    """
    if settings.steps or settings.noise_scale is not None:
        raise EvaluationError(
            f"{path}: a bundle has its denoising steps and noise built in; give --steps and --noise-scale "
            "with a checkpoint only."
        )
    options = EngineSettings(precision=settings.precision)
    policy = _Loaded(path, contract, options)
    bundle, solver = policy.bundle, policy.solver
    if bundle.has(GOLDEN) and isinstance(solver, OneGraph):
        check_golden(bundle.file(GOLDEN), solver, bundle.manifest, options.golden_bound_rad)
    engine = open_encoder(bundle, EngineChoice(precision=settings.precision))
    encoder = TokenEncoder(engine, bundle.manifest)
    limits = MotionLimits.from_contract(contract)
    return NetworkModel(bundle.manifest, limits, encoder, policy.features, solver)
