"""Short films for documentation: a line of words below each picture, and a file that is small enough."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dexora_sim.errors import SimulationError

Picture = NDArray[np.uint8]
QUALITIES = (80, 70, 60, 50, 40, 30)
"""Of a lossy file, best first; the first one that is small enough is taken."""
SUFFIXES = (".webp", ".gif")
_BAR_SHARE, _TEXT_SHARE = 0.1, 0.055
_BAR, _WORDS = (24, 26, 30), (235, 235, 235)


def captioned(picture: Picture, left: str, right: str = "") -> Picture:
    """Return a picture with a dark bar below that holds words.

    Args:
        picture: (H, W, 3) uint8 RGB.
        left: Words at the left.
        right: Words at the right, such as the outcome.

    Returns:
        (H + bar, W, 3) uint8 RGB; the bar is a tenth of the height.
    """
    height, width = picture.shape[:2]
    bar = round(_BAR_SHARE * height)
    page = Image.new("RGB", (width, height + bar), _BAR)
    page.paste(Image.fromarray(picture), (0, 0))
    draw = ImageDraw.Draw(page)
    middle, margin = height + bar / 2, bar / 2
    font = _font(_TEXT_SHARE * height, f"{left}   {right}", width - 2 * margin)
    draw.text((margin, middle), left, _WORDS, font, anchor="lm")
    draw.text((width - margin, middle), right, _WORDS, font, anchor="rm")
    return np.asarray(page)


def _font(size: float, words: str, width: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font in which the words fit into the width [pixel], of the given size at most."""
    font = ImageFont.load_default(size=size)
    return ImageFont.load_default(size=size * min(1.0, width / font.getlength(words)))


def write_film(path: Path, pictures: Sequence[Picture], period_ms: int, most_bytes: int) -> int:
    """Write an endless film and return its size [bytes].

    Args:
        path: File to write, .webp or .gif; an earlier one is replaced.
        pictures: Of one size, (H, W, 3) uint8 RGB.
        period_ms: How long each is shown [ms].
        most_bytes: How large the file may be [bytes].

    Raises:
        SimulationError: There is nothing to show, another suffix, or no quality makes it small enough.
    """
    if path.suffix not in SUFFIXES:
        raise SimulationError(f"{path} is no film; let its name end with {' or '.join(SUFFIXES)}.")
    if not pictures:
        raise SimulationError("a film needs a picture at least.")
    frames = [Image.fromarray(picture) for picture in pictures]
    for quality in QUALITIES if path.suffix == ".webp" else QUALITIES[:1]:
        content = _encode(frames, path.suffix, period_ms, quality)
        if len(content) <= most_bytes:
            path.write_bytes(content)
            return len(content)
    raise SimulationError(
        f"{len(pictures)} pictures of {frames[0].width}x{frames[0].height} make {len(content)} bytes as "
        f"{path.suffix}, the limit is {most_bytes}; take fewer or smaller ones."
    )


def _encode(frames: Sequence[Image.Image], suffix: str, period_ms: int, quality: int) -> bytes:
    buffer = io.BytesIO()
    options = {"quality": quality, "method": 4} if suffix == ".webp" else {"optimize": True}
    frames[0].save(
        buffer,
        format=suffix[1:],
        save_all=True,
        append_images=frames[1:],
        duration=period_ms,
        loop=0,
        **options,
    )
    return buffer.getvalue()
