"""Token encoder benchmark: what counts as stale, and both sides of the comparison run."""

import os
import sys
from pathlib import Path

import pytest
import token_encoder

MS = 1_000_000
PERIOD = token_encoder.ALLOWANCE_NS
PUBLISHED = [1_000 * MS + k * PERIOD for k in range(10)]


def row(number, start_ns):
    return [[PUBLISHED[number]] * 4, start_ns, start_ns + 5 * MS, start_ns + 8 * MS]


def evaluated(*rows):
    return token_encoder.evaluate(PUBLISHED, list(rows), 1.0, 10.0)


def test_newest_picture_is_not_stale():
    block = evaluated(row(3, PUBLISHED[3] + 2 * MS))
    assert (block.stale, block.encodes, block.missing_views) == (0, 1, 0)
    assert (block.start_ages_ms, block.encode_ms, block.arrival_ages_ms) == ([2.0], [5.0], [10.0])


def test_picture_that_was_superseded_on_its_way_is_not_stale():
    assert evaluated(row(3, PUBLISHED[4] + PERIOD - 1)).stale == 0


def test_picture_that_was_superseded_a_period_ago_is_stale():
    assert evaluated(row(3, PUBLISHED[4] + PERIOD)).stale == 1


def test_absent_views_are_counted():
    stamps, *times = row(3, PUBLISHED[3] + 2 * MS)
    assert evaluated([stamps[:3], *times]).missing_views == 1


def test_silence_is_an_error_not_a_figure():
    with pytest.raises(RuntimeError, match="no tokens arrived"):
        evaluated()


@pytest.mark.system
@pytest.mark.parametrize("side", ["dexora", "queued"])
def test_block_of_both_sides_gives_figures(side, tmp_path, monkeypatch):
    packages = ("dexora_perception", "dexora_core", "dexora_engines")
    sources = Path(__file__).resolve().parents[2] / "src"
    monkeypatch.setattr(sys, "path", [*sys.path, *(str(sources / name / "test") for name in packages)])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*sys.path, os.environ.get("PYTHONPATH", "")]))
    from encoder_cases import make_bundle  # noqa: PLC0415 - found through the path above

    block = token_encoder.run_block(side, make_bundle(tmp_path / "bundle").path, 1.0)
    assert block.encodes > 0
    assert block.cpu > 0.0
