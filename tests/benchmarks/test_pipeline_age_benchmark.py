"""Pipeline benchmark: legs add up, and its worker computes what the nodes do."""

import subprocess
import sys

import numpy as np
import pipeline_age
import pytest

MS = 1_000_000


def test_legs_are_the_differences_of_the_chain_and_add_up():
    chain = np.cumsum([[0, 20 * MS, 1 * MS, 5 * MS, 2 * MS], [0, 30 * MS, 1 * MS, 7 * MS, 2 * MS]], axis=1)
    legs = pipeline_age.ages_ms([{"chunks": chain[:1].tolist()}, {"chunks": chain[1:].tolist()}])
    assert legs["capture to tokens"] == [20.0, 30.0]
    assert legs["chunk to its listener"] == [2.0, 2.0]
    assert legs["capture to chunk"] == [26.0, 38.0]


def test_block_without_chunks_has_no_ages():
    assert pipeline_age.ages_ms([{"chunks": []}])["capture to chunk"] == []


def test_age_at_the_command_is_the_median_of_the_blocks():
    blocks = [{"legs": {"capture_to_command": [k, k + 1, k + 2]}, "chunks": [0]} for k in (0.01, 0.03, 0.02)]
    found = pipeline_age.command_row("tiny", blocks)
    assert (found["n"], found["p50 [ms]"]) == (3, pytest.approx(20.0))


def test_pure_side_encodes_and_infers(tmp_path):
    pytest.importorskip("torch")
    words = [
        sys.executable,
        "-m",
        "dexora_train.nano_bundle",
        "--preset",
        "nano",
        "--out",
        str(tmp_path / "b"),
    ]
    subprocess.run(words, check=True, timeout=250, env=pipeline_age.environment())
    durations = pipeline_age.worker("pure", str(tmp_path / "b"), "3")
    assert len(durations) == 3
    assert all(duration > 0.0 for duration in durations)
