"""Clearance benchmark: its motions are what their names say, and both sides judge the same distances."""

import clearance
import numpy as np
import pytest


def test_motions_rest_wander_and_close():
    ways = clearance.motions(np.random.default_rng(0))
    nearest = {name: clearance.MODEL.distances(way[-1:]).min() for name, way in ways.items()}
    assert np.ptp(ways["at home"], axis=0).max() == 0.0
    assert np.ptp(ways["wandering"], axis=0).max() > 0.2
    assert 0.0 < nearest["hands close"] < 0.01 < nearest["at home"]


def test_simulator_beside_it_finds_the_same_distance():
    poses = clearance.motions(np.random.default_rng(0))["hands close"][-8:]
    ours = clearance.MODEL.distances(poses).min()
    assert clearance.Simulator()(poses) == pytest.approx(min(ours, clearance.SIGHT_M), abs=1e-4)


def test_evaluations_are_timed_for_as_long_as_asked():
    way = clearance.motions(np.random.default_rng(0))["at home"]
    samples = clearance.times_ms(clearance.judged, way, 0.05)
    assert samples
    assert min(samples) > 0.0
