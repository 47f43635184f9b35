"""Distance between many pairs of convex cores at once: the algorithm of Gilbert, Johnson and Keerthi.

All pairs walk together, one support point per step, in plain numpy. Every direction that the walk has looked
along separates the two cores by a known amount (its support gap), so the answer is a lower bound of the
distance at any time; the walk ends when the upper bound is within `TOLERANCE_M` of it.

Source: E. G. Gilbert, D. W. Johnson, S. S. Keerthi, "A fast procedure for computing the distance between
complex objects in three-dimensional space", IEEE J. Robotics and Automation 4 (1988). The nearest point of a
simplex is found by comparing its edges and faces: slower than Johnson's order and harder to get wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dexora_core.kinematics import FloatArray

TOLERANCE_M = 2e-5
MOST_STEPS = 40
_EDGES = np.array([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])
_FACES = np.array([(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)])
# Signs that make the volumes below the four faces add up to that of the tetrahedron.
_SIDES = np.array([-1.0, 1.0, -1.0, 1.0])
# Corners of the edges, then of the faces; an edge repeats its second one.
_CORNERS = np.vstack([_EDGES[:, [0, 1, 1]], _FACES])
_TINY = 1e-24
# Cores nearer than this count as overlapping [m].
_TOUCH_M = 1e-7


@dataclass(frozen=True)
class Cores:
    """N placed cores, see `shapes.Shape`.

    Attributes:
        centre: Shape (N, 3) [m].
        rotation: Columns are the axes, shape (N, 3, 3).
        half: Shape (N, 3) [m].
        disc: Shape (N,) [m].
    """

    centre: FloatArray
    rotation: FloatArray
    half: FloatArray
    disc: FloatArray

    def support(self, direction: FloatArray) -> FloatArray:
        """Return the point furthest along each direction; (N, 3) to (N, 3)."""
        local = (direction[:, None, :] @ self.rotation)[:, 0]
        point = np.copysign(self.half, local)
        across = np.hypot(local[:, 0], local[:, 1])
        scale = self.disc / np.where(across > 0.0, across, np.inf)
        point[:, :2] += local[:, :2] * scale[:, None]
        return self.centre + (self.rotation @ point[:, :, None])[:, :, 0]

    def take(self, rows: NDArray[np.intp]) -> Cores:
        """Return some of the cores."""
        return Cores(self.centre[rows], self.rotation[rows], self.half[rows], self.disc[rows])


def core_distance(first: Cores, second: Cores, enough: FloatArray | float = np.inf) -> FloatArray:
    """Return the distance of each pair of cores [m], shape (N,); 0 where they overlap.

    It is never above the true distance, and below it by at most `TOLERANCE_M`, unless it is above `enough`
    or `MOST_STEPS` did not suffice.

    Args:
        first: The first core of each pair.
        second: The second.
        enough: The walk ends for a pair that is known to be further apart [m], shape (N,) or one for all.
    """
    count = len(first.centre)
    answer = np.zeros(count)
    rows = np.arange(count)
    nearest = first.centre - second.centre
    simplex = np.repeat(nearest[:, None, :], 4, axis=1)
    bound, enough = np.zeros(count), np.broadcast_to(np.asarray(enough, dtype=np.float64), (count,))
    for _ in range(MOST_STEPS):
        if not len(rows):
            break
        length = np.sqrt(np.einsum("ij,ij->i", nearest, nearest))
        corner = first.support(-nearest) - second.support(nearest)
        gap = np.einsum("ij,ij->i", nearest, corner) / np.maximum(length, _TOUCH_M)
        bound = np.maximum(bound, gap)
        answer[rows] = np.where(length > _TOUCH_M, bound, 0.0)
        is_open = (length > _TOUCH_M) & (length - bound > TOLERANCE_M) & (bound <= enough)
        open_rows = np.flatnonzero(is_open)
        if len(open_rows) < len(rows):
            rows, bound, enough = rows[open_rows], bound[open_rows], enough[open_rows]
            first, second = first.take(open_rows), second.take(open_rows)
            simplex, corner = simplex[open_rows], corner[open_rows]
        if len(rows):
            simplex[:, 3] = corner
            nearest, simplex = _reduce(simplex)
    return answer


def _reduce(simplex: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the point of each simplex (N, 4, 3) nearest to the origin, and the corners that carry it.

    The fourth corner of what comes back is free for the next support point. The zero vector means that the
    origin is inside.
    """
    points = np.concatenate([_on_edges(simplex), _on_faces(simplex)], axis=1)
    squares = np.einsum("ijk,ijk->ij", points, points)
    squares = np.where(np.isnan(squares), np.inf, squares)
    best = np.argmin(squares, axis=1)
    every = np.arange(len(simplex))
    nearest = points[every, best]
    nearest[_holds_origin(simplex)] = 0.0
    kept = np.empty_like(simplex)
    kept[:, :3] = simplex[every[:, None], _CORNERS[best]]
    kept[:, 3] = kept[:, 0]
    return nearest, kept


def _on_edges(simplex: FloatArray) -> FloatArray:
    """Return the nearest point of each edge, shape (N, 6, 3)."""
    start = simplex[:, _EDGES[:, 0]]
    along = simplex[:, _EDGES[:, 1]] - start
    square = np.einsum("ijk,ijk->ij", along, along)
    share = -np.einsum("ijk,ijk->ij", start, along) / (square + _TINY)
    return np.asarray(start + np.clip(share, 0.0, 1.0)[:, :, None] * along)


def _on_faces(simplex: FloatArray) -> FloatArray:
    """Return the foot of the origin on each face, shape (N, 4, 3); NaN where it lies outside."""
    start = simplex[:, _FACES[:, 0]]
    u, v = simplex[:, _FACES[:, 1]] - start, simplex[:, _FACES[:, 2]] - start
    uu, vv, uv = (np.einsum("ijk,ijk->ij", a, b) for a, b in ((u, u), (v, v), (u, v)))
    su, sv = -np.einsum("ijk,ijk->ij", start, u), -np.einsum("ijk,ijk->ij", start, v)
    det = uu * vv - uv * uv
    is_flat = det <= 1e-10 * uu * vv + _TINY
    det = np.where(is_flat, 1.0, det)
    a, b = (su * vv - sv * uv) / det, (sv * uu - su * uv) / det
    is_outside = is_flat | (a < 0.0) | (b < 0.0) | (a + b > 1.0)
    foot = start + a[:, :, None] * u + b[:, :, None] * v
    return np.where(is_outside[:, :, None], np.nan, foot)


def _holds_origin(simplex: FloatArray) -> NDArray[np.bool_]:
    """Return whether the origin is inside each tetrahedron, shape (N,)."""
    parts = np.linalg.det(simplex[:, _FACES]) * _SIDES
    return np.asarray((parts * np.sign(parts.sum(axis=1))[:, None] > 0.0).all(axis=1))
