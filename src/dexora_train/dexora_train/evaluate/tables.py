"""Tables that are printed, written as Markdown and written as HTML alike."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from dexora_train.evaluate.intervals import Interval


@dataclass(frozen=True)
class Grid:
    """A table of texts.

    Attributes:
        title: What it is about.
        columns: Titles of the columns.
        rows: Cells, as many per row as there are columns.
        note: One sentence below it; empty for none.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def to_markdown(self) -> str:
        """Return it as Markdown, under a heading of the second level."""
        lines = [f"## {self.title}", "", f"| {' | '.join(self.columns)} |", f"|{'---|' * len(self.columns)}"]
        lines += [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in self.rows]
        lines += ["", self.note, ""] if self.note else [""]
        return "\n".join(lines)

    def to_html(self) -> str:
        """Return it as HTML, under a heading of the second level."""
        head = "".join(f"<th>{html.escape(title)}</th>" for title in self.columns)
        body = "\n".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows
        )
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return f"<h2>{html.escape(self.title)}</h2>\n<table>\n<tr>{head}</tr>\n{body}\n</table>\n{note}\n"


def percent(share: float, digits: int = 1) -> str:
    """Return a share as a percentage."""
    return f"{100 * share:.{digits}f} %"


def percent_range(interval: Interval) -> str:
    """Return a rate and its interval."""
    return f"{percent(interval.value)} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def points_range(interval: Interval) -> str:
    """Return a difference of rates and its interval, in points."""
    return f"{100 * interval.value:+.1f} points ({100 * interval.low:+.1f} to {100 * interval.high:+.1f})"
