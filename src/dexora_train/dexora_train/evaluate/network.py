"""A policy's graphs as a model: pictures through the robot's own resize, encoder and policy runner."""

from __future__ import annotations

from collections.abc import Callable

from dexora_core.bundle import Manifest
from dexora_core.clock import NS_PER_S, s_to_ns
from dexora_core.faults import Fault
from dexora_core.instruction import check_instruction
from dexora_core.motion.limits import FloatArray, MotionLimits
from dexora_perception.token_encoder import TokenEncoder
from dexora_policy.language_cache import LanguageFeatures
from dexora_policy.policy_runner import Observation, PolicyRunner, Prediction
from dexora_policy.solvers import Solver
from dexora_policy.token_intake import RawTokens, TokenIntake, Tokens

from dexora_train.evaluate.model import ChunkShape, Sight


class NetworkModel:
    """Composed of the parts that token encoder node and policy node are composed of.

    Args:
        manifest: What the graphs take and give.
        limits: Of the robot.
        encoder: Pictures to tokens.
        features: Checked instruction to features.
        solver: Prepared inputs to normalised actions.
    """

    def __init__(
        self,
        manifest: Manifest,
        limits: MotionLimits,
        encoder: TokenEncoder,
        features: Callable[[str], LanguageFeatures],
        solver: Solver,
    ) -> None:
        self._manifest, self._limits = manifest, limits
        self._encoder, self._features, self._solver = encoder, features, solver
        self._tokens = TokenIntake(manifest, NS_PER_S)
        self._runner = PolicyRunner(manifest, limits, solver)
        self._words: LanguageFeatures | None = None

    @property
    def shape(self) -> ChunkShape:
        """The time axis of its chunks."""
        manifest = self._manifest
        step_ns = s_to_ns(manifest.step_dt_s)
        return ChunkShape(manifest.horizon, step_ns, manifest.max_prefix_steps, manifest.n_action_steps)

    def restart(self, sight: Sight, seed: int) -> None:
        """Begin an episode: its noise depends on its seed, not on the episodes before.

        Raises:
            InstructionError: The instruction is malformed.
        """
        self._tokens.forget()
        self._runner = PolicyRunner(self._manifest, self._limits, self._solver, seed)
        known = self._manifest.language.known_instructions
        self._words = self._features(check_instruction(sight.instruction, known).text)

    def predict(self, sight: Sight, prefix: FloatArray) -> Prediction | Fault:
        """Return the chunk for what the cameras see.

        Raises:
            EngineError: A graph failed.
        """
        tokens = self._look(sight)
        if isinstance(tokens, Fault):
            return tokens
        assert self._words is not None, "restart comes first"
        return self._runner.run(Observation(tokens, sight.position, self._words, prefix))

    def _look(self, sight: Sight) -> Tokens | Fault:
        manifest, now_ns = self._manifest, sight.time_ns
        encoded = self._encoder.encode(sight.pictures(manifest.views))
        if isinstance(encoded, Fault):
            return encoded
        stamps_ns = (now_ns,) * len(manifest.views)
        raw = RawTokens(manifest.encoder_id, manifest.views, stamps_ns, encoded.tokens, encoded.scale, now_ns)
        fault = self._tokens.offer(now_ns, raw)
        if fault is not None:
            return fault
        tokens = self._tokens.newest
        assert tokens is not None
        return tokens
