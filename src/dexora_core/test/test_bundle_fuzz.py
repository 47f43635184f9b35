"""Manifests full of nonsense: whatever is in them, they are read as they are or refused by a code."""

import json
import random

import pytest
from bundle_cases import manifest
from dexora_core.bundle import BundleError, parse_manifest

ODD = [
    None, True, -1, 0, 2**63, 10**400, 1e308, float("nan"), float("inf"), "", "x" * 600, "a\x00b", "\ud800",
    "../x", [], [[]], {}, {"a": 1}, [None], [1, "a"], ["a", "a"], {"": {}},
    {"x": {"sha256": "0" * 64, "bytes": 1}},
]  # fmt: skip


def places(value, path=()):
    """Yield the path of every value inside."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def mutated(draw):
    content = json.loads(manifest().to_json())
    for _ in range(draw.randint(1, 3)):
        path = draw.choice(list(places(content)))
        holder = content
        for key in path[:-1]:
            holder = holder[key]
        kind = draw.random()
        if kind < 0.6:
            holder[path[-1]] = draw.choice(ODD)
        elif kind < 0.8:
            del holder[path[-1]]
        elif isinstance(holder, dict):
            holder[draw.choice(["extra", "", "Name", path[-1] + " "])] = draw.choice(ODD)
    return json.dumps(content)


@pytest.mark.parametrize("seed", range(8))
def test_nonsense_is_refused_by_its_code_or_changes_nothing_that_matters(seed):
    draw = random.Random(seed)
    for _ in range(100):
        text = mutated(draw)
        try:
            read = parse_manifest(text, "nano")
        except BundleError as error:
            assert error.code.startswith("DX-BND-0")
            assert len(error.message) < 4000
        else:  # free text, sizes and such may be anything of their kind
            assert parse_manifest(read.to_json().encode()) == read


@pytest.mark.parametrize("seed", range(4))
def test_bytes_of_nonsense_are_refused_or_still_a_manifest(seed):
    draw = random.Random(seed)
    good = manifest().to_json().encode()
    for _ in range(100):
        bad = bytearray(good)
        for _ in range(draw.randint(1, 8)):
            bad[draw.randrange(len(bad))] = draw.randrange(256)
        try:
            parse_manifest(bytes(bad[: draw.randrange(1, len(bad) + 1)]), "nano")
        except BundleError as error:
            assert error.code.startswith("DX-BND-0")
