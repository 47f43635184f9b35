"""Runs a policy: the newest tokens, joint state and instruction in, action chunks out.

Callbacks store what arrives and ask the conductor; a worker thread infers, one inference at a time; results
come back to the executor's thread, where they are published or discarded. While nothing runs the node holds
no lease and publishes no chunk. See docs/explanation/policy.md.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from dexora_core.clock import NS_PER_S, s_to_ns
from dexora_core.contract import RobotContract, load_contract
from dexora_core.errors import EngineError
from dexora_core.faults import Fault, Level, fault_spec, make_fault
from dexora_ros.control_lease import ControlLease
from dexora_ros.diagnostics import Check
from dexora_ros.executor import run_node
from dexora_ros.managed_node import ManagedNode
from rclpy.clock import Clock, ClockType

from dexora_description import contract_path
from dexora_engines import RatePlan
from dexora_policy.committed import CommittedMotion
from dexora_policy.conductor import Conductor, Inference
from dexora_policy.instruction_gate import InstructionGate
from dexora_policy.policy_inputs_node import PolicyInputs
from dexora_policy.policy_loading import LoadedPolicy
from dexora_policy.policy_outputs_node import PolicyOutputs
from dexora_policy.policy_parameters import PolicyParameters
from dexora_policy.policy_run import Outcome, RunEnd
from dexora_policy.policy_runner import Observation, Prediction
from dexora_policy.run_policy_node import PolicyRuns
from dexora_policy.scheduler import Scheduler, SchedulerConfig
from dexora_policy.worker import Done, Worker

WATCH_S = 0.02
STATUS_NS = NS_PER_S // 2


class PolicyNode(ManagedNode[PolicyParameters]):
    """Infers action chunks from a bundle."""

    _policy: LoadedPolicy | None = None
    _worker: Worker[Inference, Prediction | Fault] | None = None

    def __init__(self, **node_options: Any) -> None:
        super().__init__("policy_node", PolicyParameters, **node_options)

    # Going up and down.

    def on_setup(self, parameters: PolicyParameters) -> None:
        """Load, verify and warm up the bundle; move nothing."""
        contract = load_contract(contract_path(parameters.robot))
        plan = self._load(contract, parameters.engine, parameters.fallback_engine)
        assert self._policy is not None
        self._connect(contract, self._policy, s_to_ns(1.0 / plan.replan_hz))
        self._worker = Worker(self._infer, self._deliver)
        self._is_lost = False
        self._told_ns = 0
        self.diagnostics.add("policy", self._check)
        self.get_logger().info(
            f"{self._policy.bundle.bundle_id} on {self._policy.engine} ({self._policy.precision}): "
            f"{1e3 * self._policy.latency_s:.1f} ms per chunk, {plan.replan_hz:.1f} of them per second"
        )

    def _load(self, contract: RobotContract, engine: str, fallback: str) -> RatePlan:
        """Open and warm up the bundle; the rate is that of the engine which does it in the end."""
        parameters, path = self.parameters, Path(self.parameters.bundle).expanduser()
        reserve_s = contract.ages.min_buffered_horizon_s
        try:
            self._policy = LoadedPolicy(path, contract, parameters.engine_settings(engine))
            wanted_hz = parameters.rate_hz or self._policy.manifest.replan_hz
            return self._policy.warm_up(wanted_hz, parameters.lookahead_s, reserve_s)
        except EngineError as error:
            if not fallback:
                raise
            self.get_logger().warning(f"falls back from {engine} to {fallback}, on request: {error}")
        if self._policy is not None:
            self._policy.close()
        return self._load(contract, fallback, "")

    def _connect(self, contract: RobotContract, policy: LoadedPolicy, period_ns: int) -> None:
        parameters, manifest = self.parameters, policy.manifest
        config = SchedulerConfig(
            step_ns=s_to_ns(manifest.step_dt_s),
            max_prefix_steps=manifest.max_prefix_steps,
            period_ns=period_ns,
            refill_ns=s_to_ns(parameters.refill_s),
            lookahead_ns=s_to_ns(parameters.lookahead_s),
            min_prefix_steps=parameters.min_prefix_steps,
        )
        scheduler = Scheduler(config, CommittedMotion(config.lookahead_ns, parameters.strategy))
        self._inputs = PolicyInputs(self, contract, manifest, self._on_refused, self._poll)
        tokens, joints = self._inputs.tokens, self._inputs.joints
        self._conductor = Conductor(policy.bundle, scheduler, tokens, joints, period_ns)
        self._outputs = PolicyOutputs(self, policy, self._inputs.stamp_ns)
        self._lease = ControlLease(self, "policy", self._on_lost)
        gate = InstructionGate(manifest.language.known_instructions, parameters.unknown_instructions)
        self._runs = PolicyRuns(self, self._conductor, gate, self._inputs.now_ns, self._on_change)

    def on_start(self) -> None:
        """Listen; run the instruction of the parameter, if there is one."""
        self._inputs.listen()
        self._lease.follow()
        self.create_timer(WATCH_S, self._watch, clock=Clock(clock_type=ClockType.STEADY_TIME))
        if self.parameters.instruction:
            self._runs.begin_at_start(self.parameters.instruction)

    def on_stop(self) -> None:
        """End the run; the robot holds."""
        self._runs.close("policy_node was deactivated")

    def on_teardown(self) -> None:
        """End the worker and give the engines back."""
        if self._worker is not None and not self._worker.close():
            self.get_logger().error("an inference hangs; its thread is left behind")
        elif self._policy is not None:
            self._policy.close()
        self._worker = self._policy = None

    # What happens.

    def _on_change(self, instruction: str) -> None:
        """A run began, got another instruction, or ended: then control is given back."""
        self._outputs.tell_instruction(instruction)
        if not instruction:
            self._lease.give_back(time.monotonic_ns())
        self._is_lost = False

    def _on_lost(self) -> None:
        self._is_lost = True  # why may be in a message that is still to come

    def _on_refused(self, fault: Fault) -> None:
        self._conductor.refused(self._inputs.now_ns(), fault)
        self.get_logger().warning(f"{fault.code}: {fault.sentence}", throttle_duration_sec=5.0)

    def _poll(self) -> None:
        """Ask for control, or begin an inference, if it is time."""
        conductor, worker = self._conductor, self._worker
        if conductor.run is None or worker is None:
            return
        now_ns, epoch = self._inputs.now_ns(), self._lease.epoch
        self._follow_clock()
        if epoch is None:
            if not self._is_lost and conductor.is_ready(now_ns):
                conductor.run.waiting(self._lease.refusal or "control was not granted yet")
                self._lease.ask(time.monotonic_ns())
            return
        conductor.granted(epoch)
        job = None if worker.is_busy else conductor.next(now_ns)
        if job is not None:
            worker.submit(job)

    def _follow_clock(self) -> None:
        if self._inputs.jumped():
            self.get_logger().warning("the clock jumped; inputs and results from before are not used")
            self._conductor.clock_jumped()

    def _infer(self, job: Inference) -> Prediction | Fault:
        """Do one inference, on the worker's thread."""
        policy = self._policy
        assert policy is not None
        language = policy.features(job.instruction)
        return policy.run(Observation(job.tokens, job.positions, language, job.plan.prefix))

    def _deliver(self, done: Done[Inference, Prediction | Fault]) -> None:
        """Hand a result over to the executor's thread."""
        executor = self.executor
        if executor is not None:
            executor.create_task(self.guard(self._collect), done)

    def _collect(self, done: Done[Inference, Prediction | Fault]) -> None:
        """Publish a result, or discard it."""
        if self._worker is None:
            return
        self._worker.collected()
        now_ns = self._inputs.now_ns()
        self._follow_clock()
        if done.error is not None:
            self._on_error(done.error)
        elif done.result is not None:
            chunk = self._conductor.finished(now_ns, done.job, done.result)
            if chunk is not None:
                self._outputs.send(chunk)
            self._tell_status(now_ns)
        if self._conductor.end is not None:
            self._runs.finish(self._conductor.end)
        self._poll()

    def _on_error(self, error: Exception) -> None:
        """An engine goes on after some failures; whatever else fails is a bug, and is latched."""
        code = error.code if isinstance(error, EngineError) else ""
        if not code or fault_spec(code).level >= Level.SOFT_STOP:
            self._runs.finish(RunEnd(Outcome.STOPPED_BY_FAULT, str(error), code or "DX-POL-016"))
            self.record_fault("inference", error)
            return
        self.get_logger().error(str(error))
        self._conductor.failed(self._inputs.now_ns(), str(error))

    def _watch(self) -> None:
        """Look for reasons to end the run, and tell how it goes."""
        run, now_ns = self._conductor.run, self._inputs.now_ns()
        if run is not None:
            end = self._broken() or run.end(now_ns)
            if end is not None:
                self._runs.finish(end)
            else:
                self._poll()
        elif self._lease.epoch is not None:  # granted after the run had ended
            self._lease.give_back(time.monotonic_ns())
        if time.monotonic_ns() - self._told_ns > STATUS_NS:
            self._told_ns = time.monotonic_ns()
            self._tell_status(now_ns)
            self._runs.tell_progress(self._sentence())

    def _broken(self) -> RunEnd | None:
        """Return the end that the command path makes of the run; None while it goes on."""
        if self._is_lost:
            detail = self._inputs.why_stopped().rstrip(".")
            return RunEnd.by(make_fault("DX-POL-018", 0, detail=detail))
        silence = None if self._lease.epoch is None else self._inputs.silence()
        return None if silence is None else RunEnd.by(silence)

    # What is told.

    def _tell_status(self, now_ns: int) -> None:
        conductor = self._conductor
        run = conductor.run
        text, rate_hz = ("", 0.0) if run is None else (run.instruction, run.rate_hz())
        discards = {**conductor.discards, **({"late": conductor.late} if conductor.late else {})}
        self._outputs.tell_status(now_ns, text, rate_hz, conductor.durations_s, discards)

    def _sentence(self) -> str:
        run = self._conductor.run
        if run is None:
            return "nothing runs"
        if self._lease.epoch is None:
            return f"waits for control: {run.waits_for}"
        if not run.chunks:
            return f"waits for its first chunk: {run.waits_for}"
        return f"{run.rate_hz():.1f} chunks per second, {1e3 * run.age_s(50):.0f} ms after the pictures"

    def _check(self) -> Check:
        values = {code: str(count) for code, count in self._conductor.discards.items()}
        values |= {"late": str(self._conductor.late), "clamped": str(self._conductor.clamped)}
        is_waiting = self._conductor.run is not None and self._lease.epoch is None
        return (Check.warn if is_waiting else Check.ok)(self._sentence(), values)


def main() -> int:
    """Run the node; exit code as `dexora_ros.executor.run_node`."""
    return run_node(PolicyNode)


if __name__ == "__main__":
    sys.exit(main())
