"""One run after the other: when it infers, what becomes of results, and what makes them void."""

import numpy as np
import pytest
from dexora_core.bundle import Bundle
from dexora_core.faults import make_fault
from dexora_policy.committed import CommittedMotion
from dexora_policy.conductor import Conductor
from dexora_policy.joint_intake import JointIntake
from dexora_policy.policy_run import Outcome, PolicyRun
from dexora_policy.policy_runner import Prediction
from dexora_policy.scheduler import Scheduler, SchedulerConfig
from dexora_policy.token_intake import TokenIntake
from policy_cases import CONTRACT, HOME, MS, NAMES, STEP, H, J, manifest, raw_tokens

EPOCH = 7
ANSWER = Prediction(np.tile(HOME.astype(np.float32), (H, 1)), 2, {"policy": 0.01})


class Robot:
    """A conductor with fresh inputs whenever they are asked for."""

    def __init__(self):
        config = SchedulerConfig(STEP, 6, 50 * MS, 400 * MS)
        self.tokens = TokenIntake(manifest(), 150 * MS)
        self.joints = JointIntake(CONTRACT, 50 * MS)
        bundle = Bundle(None, manifest(), "0" * 64)
        scheduler = Scheduler(config, CommittedMotion(config.lookahead_ns))
        self.conductor = Conductor(bundle, scheduler, self.tokens, self.joints, 50 * MS)
        self.now = 1000 * MS

    def see(self, step=50):
        """Let time pass and everything arrive."""
        self.now += step * MS
        self.tokens.offer(self.now, raw_tokens(self.now))
        self.joints.offer(self.now, NAMES, HOME, self.now - 5 * MS)
        return self.conductor.next(self.now)

    def run(self, **values):
        run = PolicyRun("sway", self.now, values.get("timeout", 0) * MS, values.get("patience", 5000) * MS)
        self.conductor.begin(run)
        self.conductor.granted(EPOCH)
        return run

    def infer(self, answer=ANSWER, delay=20):
        job = self.see()
        self.now += delay * MS
        return self.conductor.finished(self.now, job, answer)


@pytest.fixture
def robot():
    return Robot()


def test_nothing_is_inferred_without_a_run_or_without_control(robot):
    assert robot.see() is None
    robot.conductor.begin(PolicyRun("sway", robot.now, 0, 0))
    assert robot.see() is None
    assert robot.conductor.is_ready(robot.now)
    robot.conductor.granted(EPOCH)
    assert robot.see().epoch == EPOCH


def test_chunk_carries_identity_and_the_chain_of_stamps(robot):
    run = robot.run()
    job = robot.see()
    robot.now += 20 * MS
    chunk = robot.conductor.finished(robot.now, job, ANSWER)
    stamps = chunk.stamps
    begin = robot.now - 20 * MS
    assert (chunk.source, chunk.sequence, chunk.epoch, chunk.instruction) == ("policy", 1, EPOCH, "sway")
    assert chunk.policy_id == "tiny-000000000000"
    assert chunk.start_ns == stamps.joint_state_ns == begin - 5 * MS
    assert stamps.oldest_camera_ns == begin - 50 * MS - 3
    assert (stamps.token_ns, stamps.inference_start_ns) == (begin - 10 * MS, begin)
    assert stamps.inference_end_ns == robot.now
    assert (run.chunks, robot.conductor.clamped) == (1, 2)
    assert run.age_s(50) == pytest.approx(0.07, abs=1e-6)


def test_later_chunks_continue_the_motion_that_was_sent(robot):
    robot.run()
    assert robot.infer().prefix_steps == 0
    second = robot.infer()
    assert second.prefix_steps == 6
    assert second.sequence == 2


def test_old_inputs_are_counted_once_per_period_and_start_nothing(robot):
    run = robot.run()
    robot.infer()
    for _ in range(20):
        robot.now += 10 * MS
        robot.joints.offer(robot.now, NAMES, HOME, robot.now)
        assert robot.conductor.next(robot.now) is None or robot.now < 1220 * MS
    assert 1 <= robot.conductor.discards["DX-POL-006"] <= 4
    assert run.waits_for.startswith("DX-POL-006")


def test_result_that_comes_after_the_end_or_under_another_lease_is_void(robot):
    robot.run()
    job = robot.see()
    robot.conductor.stop()
    assert robot.conductor.finished(robot.now, job, ANSWER) is None
    robot.run()
    job = robot.see()
    robot.conductor.granted(EPOCH + 1)
    assert robot.conductor.finished(robot.now, job, ANSWER) is None
    assert robot.conductor.discards == {"DX-POL-015": 2}


def test_result_from_before_a_clock_jump_is_void(robot):
    robot.run()
    robot.infer()
    job = robot.see()
    robot.conductor.clock_jumped()
    assert robot.conductor.finished(robot.now, job, ANSWER) is None
    assert robot.conductor.discards == {"DX-POL-014": 1}
    assert robot.infer().prefix_steps == 0


def test_refused_results_are_not_published_and_half_a_second_of_them_ends_the_run(robot):
    robot.run()
    nan = make_fault("DX-POL-011", 0, detail="step 1, joint x")
    begin = robot.now
    while robot.conductor.end is None and robot.now - begin < 2000 * MS:
        assert robot.infer(nan) is None
    assert 500 * MS <= robot.now - begin < 700 * MS
    assert robot.conductor.end.code == "DX-POL-017"
    assert "DX-POL-011" in robot.conductor.end.reason
    assert robot.conductor.end.outcome is Outcome.STOPPED_BY_FAULT


def test_failures_after_which_an_engine_goes_on_count_as_discards(robot):
    robot.run()
    for _ in range(2):
        assert robot.conductor.end is None
        robot.conductor.failed(robot.now, "DX-ENG-005: out of memory")
        robot.now += 1000 * MS
    assert robot.conductor.end.code == "DX-POL-017"


def test_new_run_begins_without_the_end_of_the_last(robot):
    robot.run()
    for _ in range(2):
        robot.conductor.failed(robot.now, "x")
        robot.now += 1000 * MS
    assert robot.conductor.end is not None
    robot.conductor.stop()
    robot.run()
    assert robot.conductor.end is None
    assert robot.infer() is not None


def test_run_ends_when_its_time_is_over(robot):
    run = robot.run(timeout=1000)
    robot.infer()
    assert run.end(run.begin_ns + 999 * MS) is None
    end = run.end(run.begin_ns + 1000 * MS)
    assert (end.outcome, end.code) == (Outcome.TIMED_OUT, "")
    assert end.reason == "The time of 1 s is over after 1 chunks."


def test_run_without_chunks_ends_after_some_patience_and_names_what_was_missing(robot):
    run = robot.run(patience=2000)
    run.waiting("DX-POL-005: No tokens have arrived.")
    assert run.end(run.begin_ns + 2000 * MS) is None
    end = run.end(run.begin_ns + 2001 * MS)
    assert (end.outcome, end.code) == (Outcome.REFUSED, "DX-POL-020")
    assert "2001 ms, bound 2000 ms: DX-POL-005: No tokens have arrived." in end.reason


def test_run_without_patience_waits_for_ever(robot):
    run = PolicyRun("sway", 0, 0, 0)
    assert run.end(10**15) is None


def test_rate_and_age_of_chunks_are_told(robot):
    run = robot.run()
    assert (run.rate_hz(), run.age_s(99)) == (0.0, 0.0)
    for _ in range(5):
        robot.infer(delay=0)
    assert run.rate_hz() == pytest.approx(20.0)


def test_positions_are_those_of_the_answer(robot):
    robot.run()
    chunk = robot.infer()
    assert chunk.positions.shape == (H, J)
    assert np.array_equal(chunk.positions.astype(np.float32), ANSWER.positions)
