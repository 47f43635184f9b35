"""The error of a substitution that cannot be performed."""

from __future__ import annotations


class SubstitutionFailure(RuntimeError):  # noqa: N818 the original's name
    """A substitution cannot be performed; the text says why."""
