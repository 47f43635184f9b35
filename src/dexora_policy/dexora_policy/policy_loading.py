"""From the directory of a bundle to a policy that has run: verified, opened, warmed up, or refused."""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from dexora_core.bundle import Bundle, LanguageSpec, check_bundle, check_runtime
from dexora_core.clock import NS_PER_S
from dexora_core.contract import RobotContract
from dexora_core.faults import Fault
from dexora_core.motion.limits import MotionLimits
from dexora_engines.mock_backend import read_script
from dexora_engines.signature import load_trusted_bundle

from dexora_engines import Engine, RatePlan, open_graph, rate_plan
from dexora_policy.golden import check_golden
from dexora_policy.language_cache import LanguageCache, LanguageFeatures
from dexora_policy.policy_runner import Observation, PolicyRunner, Prediction
from dexora_policy.solvers import OneGraph, Solver, StepLoop
from dexora_policy.token_intake import Tokens

ENGINE_KINDS = ("onnx", "tensorrt", "mock")
GOLDEN = "golden.npz"
WARM_UP_RUNS = 6


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How to run the graphs of a bundle.

    Attributes:
        kind: One of `ENGINE_KINDS`.
        precision: fp32, fp16, bf16 or int8; empty for the manifest's.
        threads: Threads of the CPU that one inference may use.
        cache_dir: Where engines built on this machine are kept; beside the bundle when None.
        mock_script: Script of the mock; None for one that returns the middle of the data.
        golden_bound_rad: Largest difference to the actions of the exporter [rad].
        public_key: Only a bundle that this key signed is run; None for any.
    """

    kind: str = "onnx"
    precision: str = ""
    threads: int = 1
    cache_dir: Path | None = None
    mock_script: Path | None = None
    golden_bound_rad: float = 0.1
    public_key: Path | None = None


class LoadedPolicy:
    """A verified bundle with its engines open.

    Args:
        path: Directory of the bundle.
        contract: The robot that it is to move.
        settings: How to run it.

    Attributes:
        bundle: The bundle.
        engine: Kind of the engine in use.
        precision: Precision of the graphs in use.
        latency_s: Time of an inference, measured by `warm_up` [s].

    Raises:
        BundleError: The bundle is damaged, or was made for something else (DX-BND-xxx).
        EngineError: The engine cannot be opened, or its graphs do not fit (DX-ENG-xxx).
    """

    def __init__(self, path: Path, contract: RobotContract, settings: EngineSettings) -> None:
        self._settings, self._open = settings, ExitStack()
        self.engine = settings.kind
        self.bundle: Bundle = load_trusted_bundle(path, settings.public_key)
        self.manifest = self.bundle.manifest
        check_bundle(self.bundle, contract)
        if settings.kind == "onnx":
            check_runtime(self.manifest.requires, self.bundle.path.name)
        self.precision = settings.precision or self.manifest.precision
        self.latency_s = 0.0
        self._home = np.asarray(contract.home_rad)
        with self._open:
            limits = MotionLimits.from_contract(contract)
            self._runner = PolicyRunner(self.manifest, limits, self._solver())
            self._language = self._language_cache()
            self._open = self._open.pop_all()

    def features(self, instruction: str) -> LanguageFeatures:
        """Return the features of a checked instruction; computed once."""
        return self._language.features(instruction)

    def run(self, observation: Observation) -> Prediction | Fault:
        """Return the chunk for an observation, or the fault that says why its result is of no use."""
        return self._runner.run(observation)

    def warm_up(self, wanted_hz: float, overhead_s: float, reserve_s: float) -> RatePlan:
        """Run until the engine is warm, compare with what the exporter saw, and plan the rate.

        Args:
            wanted_hz: Most chunks per second [Hz].
            overhead_s: Time from the newest observation to the robot, beside the engine's [s].
            reserve_s: Motion that must be left when the next chunk arrives [s].

        Raises:
            EngineError: The actions differ (DX-POL-022), the engine fails, or it is too slow (DX-ENG-011).
        """
        manifest = self.manifest
        if self.bundle.has(GOLDEN) and isinstance(self._runner.solver, OneGraph):
            bound_rad = self._settings.golden_bound_rad
            check_golden(self.bundle.file(GOLDEN), self._runner.solver, manifest, bound_rad)
        durations_s = [self._timed_run() for _ in range(WARM_UP_RUNS)]
        self.latency_s = statistics.median(durations_s[1:])
        return rate_plan(
            self.latency_s + overhead_s,
            horizon=manifest.horizon,
            step_dt_s=manifest.step_dt_s,
            max_prefix_steps=manifest.max_prefix_steps,
            wanted_hz=wanted_hz,
            reserve_s=reserve_s,
            engine=self._settings.kind,
        )

    def close(self) -> None:
        """Give the engines back."""
        self._open.close()

    def _timed_run(self) -> float:
        manifest = self.manifest
        shape = (len(manifest.views), manifest.tokens_per_view, manifest.token_dim)
        tokens = Tokens(np.zeros(shape, np.float32), np.ones(shape[0], np.bool_), 0, 0)
        words = self.features(next(iter(manifest.language.known_instructions), "warm up"))
        begin_ns = time.perf_counter_ns()
        # Zeros are no picture: what the policy wants then may be refused, and does not matter.
        self._runner.run(Observation(tokens, self._home, words, self._home[None]))
        return (time.perf_counter_ns() - begin_ns) / NS_PER_S

    def _solver(self) -> Solver:
        manifest = self.manifest
        if self._settings.kind == "mock" or any(name.startswith("policy.") for name in manifest.files):
            return OneGraph(self._engine("policy").run)
        context, step = self._engine("context"), self._engine("step")
        return StepLoop(context.run, step.run, manifest.head, manifest.steps)

    def _language_cache(self) -> LanguageCache | _NoLanguage:
        spec = self.manifest.language
        if self._settings.kind == "mock":
            return _NoLanguage(spec)
        language = self._engine("language", "fp32")
        return LanguageCache(self.bundle.file("tokenizer.json"), language.run, spec.max_tokens)

    def _engine(self, graph: str, precision: str = "") -> Engine:
        """Open one graph; it is closed with the policy."""
        settings = self._settings
        script = settings.mock_script
        engine = open_graph(
            self.bundle,
            graph,
            settings.kind,
            precision=precision or self.precision,
            threads=settings.threads,
            cache_dir=settings.cache_dir,
            options=None if script is None else {"script": read_script(script)},
        )
        self._open.callback(engine.close)
        return engine


class _NoLanguage:
    """Stands in for the language of a policy that is a mock."""

    def __init__(self, spec: LanguageSpec) -> None:
        values = np.zeros((1, spec.max_tokens, spec.dim), np.float32)
        self._features = LanguageFeatures(values, np.ones((1, spec.max_tokens), np.bool_))

    def features(self, _text: str) -> LanguageFeatures:
        """Return the same for every instruction."""
        return self._features
