"""Pins that statistics of another tool are replaced by those of all frames, and shown with their hash."""

import json

import numpy as np
import pytest
from dexora_train.data import cli, layout
from dexora_train.data.check import check_dataset
from dexora_train.data.errors import DatasetError
from dexora_train.data.reader import LeRobotReader
from dexora_train.data.rewrite_stats import rewrite_stats
from dexora_train.learning.normalisation import statistics_of

VERSIONS = pytest.mark.parametrize("version", layout.VERSIONS.values(), ids=layout.VERSIONS)


def without_quantiles(root):
    stats = json.loads((root / layout.STATS).read_text())
    for part in stats.values():
        del part["q01"], part["q99"]
    (root / layout.STATS).write_text(json.dumps(stats))


def without_file(root):
    (root / layout.STATS).unlink()


SPOILT = pytest.mark.parametrize("spoil", [without_file, without_quantiles])


@VERSIONS
@SPOILT
def test_statistics_of_another_tool_are_computed_from_all_frames(dataset, contract, version, spoil):
    root = dataset(version)
    before = LeRobotReader(root).stats
    spoil(root)
    told = []
    rewrite_stats(LeRobotReader(root), lambda done, total: told.append((done, total)))
    assert told == [(k, 6) for k in range(1, 7)]
    assert check_dataset(root, contract) == []
    after = LeRobotReader(root).stats
    assert after.keys() == before.keys()
    for key, part in before.items():
        for name in ("min", "max", "mean", "std", "count"):
            assert np.allclose(after[key][name], part[name], atol=1e-6), (key, name)
    assert not list(root.rglob("*.partial"))


@SPOILT
def test_what_is_missing_names_the_command(dataset, contract, spoil):
    root = dataset()
    spoil(root)
    with pytest.raises(
        DatasetError, match=r"meta/stats.json: .*; compute .*'dexora-train stats .* --rewrite'"
    ):
        cli.stats_command(root)
    (finding,) = {finding.file: finding for finding in check_dataset(root, contract)}.values()
    assert f"'dexora-train stats {root} --rewrite'" in finding.what


def test_statistics_are_shown_with_names_and_hash(dataset, contract, capsys):
    root = dataset()
    without_file(root)
    cli.stats_command(root, rewrite=True)
    shown = capsys.readouterr().out
    for word in (layout.STATE, layout.ACTION, contract.joint_names[0], contract.joint_names[35]):
        assert word in shown
    for is_shared in (False, True):
        assert statistics_of(LeRobotReader(root), root.name, is_shared=is_shared).hash in shown


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"features": {}}, "the names of action are None, must be a list"),
        ({"features": 3}, "AttributeError: .* write the dataset anew"),
        ({"fps": "fast"}, "ValueError"),
    ],
)
def test_description_of_another_kind_is_told_in_one_sentence(dataset, change, text):
    root = dataset()
    info = json.loads((root / layout.INFO).read_text())
    (root / layout.INFO).write_text(json.dumps(info | change))
    with pytest.raises(DatasetError, match=text):
        cli.stats_command(root, rewrite=True)


def test_frames_that_cannot_be_read_leave_the_earlier_statistics(dataset):
    root = dataset()
    without_quantiles(root)
    before = (root / layout.STATS).read_bytes()
    next(root.glob("videos/*top/*/*.mp4")).unlink()
    with pytest.raises(DatasetError, match="cannot be read as a video"):
        rewrite_stats(LeRobotReader(root))
    assert (root / layout.STATS).read_bytes() == before
