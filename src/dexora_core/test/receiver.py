"""A controller as the tests imagine it: interpolates the last message with quintics, from where it stood."""

import numpy as np


def quintic(start, end, duration, t):
    """State at `t` of the polynomial of degree five between two states (3, G) over `duration`."""
    q0, v0, a0 = start
    dq = end[0] - q0
    v1, a1 = end[1], end[2]
    d = duration
    c3 = (20 * dq - (8 * v1 + 12 * v0) * d - (3 * a0 - a1) * d**2) / (2 * d**3)
    c4 = (-30 * dq + (14 * v1 + 16 * v0) * d + (3 * a0 - 2 * a1) * d**2) / (2 * d**4)
    c5 = (12 * dq - 6 * (v1 + v0) * d + (a1 - a0) * d**2) / (2 * d**5)
    return np.stack(
        [
            q0 + v0 * t + a0 / 2 * t**2 + c3 * t**3 + c4 * t**4 + c5 * t**5,
            v0 + a0 * t + 3 * c3 * t**2 + 4 * c4 * t**3 + 5 * c5 * t**4,
            a0 + 6 * c3 * t + 12 * c4 * t**2 + 20 * c5 * t**3,
        ]
    )


class Receiver:
    """One group's controller."""

    def __init__(self, position, now_ns=0):
        rest = np.zeros((3, len(position)))
        rest[0] = position
        self.knots = [(now_ns, rest), (now_ns + 1, rest)]

    def take(self, points, arrival_ns, start_ns):
        """Follow `points` from the state at `arrival_ns` on; knots already past are skipped."""
        knots = [(arrival_ns, self.state_at(arrival_ns))]
        for k, time_s in enumerate(points.times_s):
            due = start_ns + round(time_s * 1e9)
            if due > arrival_ns:
                knots.append(
                    (due, np.stack([points.position[k], points.velocity[k], points.acceleration[k]]))
                )
        self.knots = knots

    def state_at(self, now_ns):
        """Position, velocity, acceleration, shape (3, G); at rest after the last point."""
        before = self.knots[0]
        for after in self.knots[1:]:
            if now_ns < after[0]:
                span = (after[0] - before[0]) * 1e-9
                return quintic(before[1], after[1], span, (now_ns - before[0]) * 1e-9)
            before = after
        return before[1]
