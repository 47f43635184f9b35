"""The report of an evaluation: Markdown beside its pictures and films, and one HTML file that holds all."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dexora_sim.filmstrip import strip
from PIL import Image

from dexora_train.data.video import write_video
from dexora_train.evaluate.compare import comparison_grid, described
from dexora_train.evaluate.errors import writing
from dexora_train.evaluate.film import Film
from dexora_train.evaluate.results import Results
from dexora_train.evaluate.summary import ending_grid, motion_grid, named_grid, stage_grid, success_grid
from dexora_train.evaluate.tables import Grid

MARKDOWN, HTML = "report.md", "report.html"
_RATE_HZ, _STRIP = 20, 5
_STYLE = (
    "body{font-family:sans-serif;max-width:72em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.3em .6em;text-align:left}"
    "img{max-width:100%}figure{margin:1.5em 0}"
)


@dataclass(frozen=True)
class Shot:
    """A film as files.

    Attributes:
        caption: What it shows.
        picture: Name of the strip, PNG.
        video: Name of the film, MP4.
    """

    caption: str
    picture: str
    video: str


def write_report(
    results: Results, folder: Path, films: Sequence[Film] = (), against: Sequence[Results] = ()
) -> None:
    """Write the report of some results into a folder.

    Args:
        results: What it is about.
        folder: Where it shall be; files of an earlier report are replaced.
        films: What to show.
        against: Results of others on the same seeds, each compared with these.

    Raises:
        EvaluationError: Results have no episode in common, or the folder cannot be written.
    """
    title = f"Evaluation of {described(results)}"
    grids = _grids(results, against)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        shots = [_write_film(film, folder) for film in films]
        (folder / MARKDOWN).write_text(_markdown(title, grids, shots))
        (folder / HTML).write_text(_page(title, grids, shots, folder))


def _markdown(title: str, grids: Sequence[Grid], shots: Sequence[Shot]) -> str:
    parts = [f"# {title}", "", *(grid.to_markdown() for grid in grids)]
    if shots:
        parts += ["## Pictures", ""]
        parts += [f"[![{shot.caption}]({shot.picture})]({shot.video})\n\n{shot.caption}\n" for shot in shots]
    return "\n".join(parts)


def _grids(results: Results, against: Sequence[Results]) -> list[Grid]:
    grids = [success_grid(results), named_grid(results), stage_grid(results), motion_grid(results)]
    grids += [ending_grid(results), *(comparison_grid(other, results) for other in against)]
    return [grid for grid in grids if grid is not None]


def _write_film(film: Film, folder: Path) -> Shot:
    episode = film.episode
    stem = f"{episode.task}-{episode.seed}"
    picture = io.BytesIO()
    Image.fromarray(strip(list(film.pictures), _STRIP)).save(picture, format="PNG", optimize=True)
    (folder / f"{stem}.png").write_bytes(picture.getvalue())
    write_video(folder / f"{stem}.mp4", film.pictures, _RATE_HZ, is_lossless=False)
    caption = f'{episode.task}, seed {episode.seed}, "{episode.instruction}": {episode.ending}'
    if not film.is_same:
        caption += " (it went differently when it was played again for this film)"
    return Shot(caption, f"{stem}.png", f"{stem}.mp4")


def _page(title: str, grids: Sequence[Grid], shots: Sequence[Shot], folder: Path) -> str:
    tables = "\n".join(grid.to_html() for grid in grids)
    figures = "\n".join(_figure(shot, folder) for shot in shots)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>{html.escape(title)}</h1>\n{tables}\n{figures}\n"
        "</body>\n</html>\n"
    )


def _figure(shot: Shot, folder: Path) -> str:
    picture, video = (_inline(folder / name) for name in (shot.picture, shot.video))
    caption = html.escape(shot.caption)
    return (
        f"<figure><figcaption>{caption}</figcaption>"
        f'<img alt="{caption}" src="data:image/png;base64,{picture}"><br>'
        f'<video controls loop muted src="data:video/mp4;base64,{video}"></video></figure>'
    )


def _inline(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
