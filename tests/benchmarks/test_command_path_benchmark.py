"""Command path benchmark: its policy repeats what was committed, its loops answer, its figures are right."""

import command_path
import numpy as np
import pytest


def test_conditioned_policy_repeats_the_prefix_and_ends_with_its_own_opinion():
    noise = np.full(36, 0.01)
    committed = np.array([command_path.sway(0.05 * k) for k in range(4)]) + 0.002
    offsets = command_path.offsets_of(committed, 0, noise)
    assert offsets[:4] == pytest.approx(np.full((4, 36), 0.002))
    assert offsets[-1] == pytest.approx(noise)
    assert np.abs(np.diff(offsets, axis=0)).max() < 0.002
    assert (command_path.offsets_of(np.zeros((0, 36)), 0, noise) == 0.01).all()


def test_prefix_is_smoother_than_the_weighted_average_at_200_ms():
    results = {name: command_path.drive(name, 200, 3.0)["jerk rms"] for name in ("prefix", "queue")}
    assert results["prefix"] < 0.7 * results["queue"]


def test_bare_loop_tells_its_lateness():
    late = command_path.lateness_of("bare", 100, 0.2, "idle")
    assert 15 <= len(late) <= 21
    assert min(late) >= 0.0


def test_figures_of_nothing_are_no_numbers():
    assert all(np.isnan(value) for value in command_path.figures([]).values())
    assert command_path.figures(range(1001))["p99.9"] == pytest.approx(999.0)
