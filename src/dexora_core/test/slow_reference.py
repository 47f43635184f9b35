"""An independent judge of stopping and of plans: plain Python, another algorithm, no code of the gate.

`can_stop` asks whether *any* jerk-bounded control could bring a joint to rest inside its limits, by two
necessary conditions from optimal control: velocity overshoots by at least a^2/2J while the acceleration is
taken back, and the position reaches at least what full braking leaves. `worst_along` measures a piecewise
polynomial motion by dense sampling of differences, knowing nothing of its formulas.
"""

import itertools
import math

STEP_S = 1e-4


def can_stop(q, v, a, lower, upper, v_max, a_max, j_max):
    """False when no control at all can stop this joint inside its limits."""
    if not (lower <= q <= upper and abs(v) <= v_max and abs(a) <= a_max):
        return False
    if abs(v + a * abs(a) / (2 * j_max)) > v_max:
        return False
    return _peak(q, v, a, a_max, j_max) <= upper and -_peak(-q, -v, -a, a_max, j_max) >= lower


def _peak(q, v, a, a_max, j_max):
    """Smallest possible maximum of the position: brake with full jerk, then with full deceleration."""
    top = q
    while v > 0 or (a > 0 and v + a * a / (2 * j_max) > 0):
        if a <= -a_max:
            return max(top, q + v * v / (2 * a_max))
        ramp = (a + a_max) / j_max
        rising = _first_root(v, a, j_max, ramp)
        t = ramp if rising is None else rising
        q, v, a = q + v * t + a * t * t / 2 - j_max * t**3 / 6, v + a * t - j_max * t * t / 2, a - j_max * t
        top = max(top, q)
        if rising is not None and v <= 1e-12 and a <= 0:
            return top
        if t <= 0:
            return top
    return top


def _first_root(v, a, j_max, limit):
    """First time in (0, limit] at which v + a t - j t^2/2 falls to zero; None if it does not."""
    disc = a * a + 2 * j_max * v
    if disc < 0:
        return None
    root = (a + math.sqrt(disc)) / j_max
    return root if 0 < root <= limit else None


def worst_along(sample, duration, step=STEP_S):
    """Largest |v|, |a|, |j| and the range of q along `sample(t) -> q`, by finite differences."""
    count = max(int(duration / step), 4)
    q = [sample(k * duration / count) for k in range(count + 1)]
    h = duration / count
    v = [(b - a) / h for a, b in itertools.pairwise(q)]
    acc = [(b - a) / h for a, b in itertools.pairwise(v)]
    return min(q), max(q), max(map(abs, v)), max(map(abs, acc))
