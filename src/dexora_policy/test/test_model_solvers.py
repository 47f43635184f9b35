"""The denoising loop against closed forms: exact answers in, exact actions out, little harm from errors."""

import math

import pytest
import torch
from dexora_core.errors import ConfigError
from dexora_policy.model.process import advance, corrupt, signal_and_noise, target
from dexora_policy.solver_plan import (
    CLEAN_TIME,
    EPSILON_MIN_LAMBDA,
    HEADS,
    solver_plan,
    time_grid,
)
from dexora_policy.solver_plan import (
    signal_and_noise as scalar_signal_and_noise,
)

DIFFUSIONS = ("flow", "sample", "v", "epsilon")
MEAN, STD = 0.4, 0.3
STEPS = (2, 4, 5, 8, 10)


def exact_network(head, error=None):
    """Return the ideal network for actions that are normal(MEAN, STD): E[target | x]; `error` is added."""

    def network(x, time):
        signal, share = scalar_signal_and_noise(head, time)
        variance = (signal * STD) ** 2 + share**2
        clean = MEAN + signal * STD**2 / variance * (x - signal * MEAN)
        noise = share / variance * (x - signal * MEAN)
        velocity = signal * noise - share * clean
        answer = {"flow": noise - clean, "sample": clean, "v": velocity, "epsilon": noise}[head]
        return answer if error is None else answer + error(x)

    return network


def run(head, steps, x, network):
    before = x
    for step in solver_plan(head, steps):
        x, before = advance(step, x, network(x, step.time), before)
    return x


@pytest.mark.parametrize("head", HEADS)
def test_clean_time_gives_the_actions_themselves(head):
    actions, noise = torch.rand(2, 4, 3), torch.randn(2, 4, 3)
    times = torch.full((2, 4), CLEAN_TIME[head])
    torch.testing.assert_close(corrupt(head, actions, noise, times), actions)


@pytest.mark.parametrize("head", HEADS)
def test_true_target_leads_to_the_clean_actions_in_one_step(head):
    torch.manual_seed(0)
    actions, noise = torch.rand(2, 4, 3, dtype=torch.float64) - 0.5, torch.randn(2, 4, 3, dtype=torch.float64)
    for step in solver_plan(head, 2):
        times = torch.full((2, 4), step.time, dtype=torch.float64)
        x = corrupt(head, actions, noise, times)
        _, clean = advance(step, x, target(head, actions, noise, times), x)
        torch.testing.assert_close(clean, actions, rtol=1e-6, atol=1e-6)


def test_first_regression_sees_nothing():
    actions, noise = torch.rand(2, 4, 3), torch.randn(2, 4, 3)
    assert not corrupt("mip", actions, noise, torch.zeros(2, 4)).any()


@pytest.mark.parametrize("head", DIFFUSIONS)
def test_tensors_and_numbers_follow_one_schedule(head):
    times = torch.linspace(0, 1, 11, dtype=torch.float64)
    signal, share = signal_and_noise(head, times)
    expected = [scalar_signal_and_noise(head, time) for time in times.tolist()]
    torch.testing.assert_close(
        torch.stack([signal, share], dim=1), torch.tensor(expected, dtype=torch.float64)
    )


def test_cosine_schedule_is_the_published_one_of_a_thousand_steps():
    def bar(t):
        return math.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2

    product = 1.0
    for k in range(1000):
        product *= 1 - min(1 - bar((k + 1) / 1000) / bar(k / 1000), 0.999)
        signal, _ = scalar_signal_and_noise("v", (k + 1) / 1000)
        assert signal == pytest.approx(math.sqrt(product), rel=1e-3)
    assert math.sqrt(product) == pytest.approx(4.9e-5, rel=0.01)


def test_grids_trail_and_nest():
    assert [round(1000 * t) - 1 for t in time_grid("v", 2)[:-1]] == [999, 499]
    for fine, coarse in ((16, 8), (8, 4), (4, 2)):
        for head in ("v", "sample"):
            assert set(time_grid(head, coarse)) <= set(time_grid(head, fine))
    assert [step.time for step in solver_plan("mip", 2)] == [0.0, 0.9]


def test_epsilon_starts_where_its_answer_still_says_something():
    signal, share = scalar_signal_and_noise("epsilon", time_grid("epsilon", 5)[0])
    assert math.log(signal / share) == pytest.approx(EPSILON_MIN_LAMBDA)


@pytest.mark.parametrize("head", DIFFUSIONS)
def test_more_steps_come_closer_to_fifty(head):
    torch.manual_seed(0)
    x, network = torch.randn(4096, 1, 1, dtype=torch.float64), exact_network(head)
    reference = run(head, 50, x, network)
    errors = [(run(head, steps, x, network) - reference).square().mean().sqrt().item() for steps in STEPS]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.05
    assert reference.mean().item() == pytest.approx(MEAN, abs=0.02)
    assert reference.std().item() == pytest.approx(STD, abs=0.02)


@pytest.mark.parametrize(("head", "bound"), [("flow", 0.05), ("sample", 0.05), ("v", 0.05), ("epsilon", 1.0)])
def test_small_error_of_the_network_stays_small(head, bound):
    """An epsilon network in five steps would turn 0.01 into 49 without its clipped start."""
    torch.manual_seed(0)
    x = torch.randn(2048, 1, 1, dtype=torch.float64)
    spoiled = exact_network(head, error=lambda x: 0.01 * torch.randn_like(x))
    difference = run(head, 5, x, spoiled) - run(head, 5, x, exact_network(head))
    assert difference.square().mean().sqrt() < bound


@pytest.mark.parametrize(
    ("head", "steps", "message"),
    [
        ("gan", 2, "head is 'gan'; allowed are mip, flow, sample, v, epsilon"),
        ("mip", 3, "steps is 3; head 'mip' takes exactly 2"),
        ("flow", 0, "steps is 0; head 'flow' takes at least 1"),
    ],
)
def test_impossible_plan_is_refused(head, steps, message):
    with pytest.raises(ConfigError, match=message):
        solver_plan(head, steps)
