"""Instructions to features: padded and cut to the length of training, each encoded once."""

import numpy as np
import pytest
from dexora_core.errors import BundleError
from dexora_policy.language_cache import LanguageCache
from tokenizers import Tokenizer, models, pre_tokenizers

L = 4
WORDS = {"<pad>": 0, "<unk>": 1, "lift": 2, "the": 3, "box": 4, "now": 5}


@pytest.fixture
def tokenizer(tmp_path):
    made = Tokenizer(models.WordLevel(WORDS, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


@pytest.fixture
def asked():
    return []


@pytest.fixture
def cache(tokenizer, asked):
    def encode(inputs):
        asked.append(inputs)
        return {"features": inputs["input_ids"][..., None].astype(np.float32)}

    return LanguageCache(tokenizer, encode, L, capacity=2)


def test_short_instruction_is_padded_and_masked(cache, asked):
    found = cache.features("lift the box")
    assert asked[0]["input_ids"].tolist() == [[2, 3, 4, 0]]
    assert asked[0]["attention_mask"].tolist() == [[1, 1, 1, 0]]
    assert asked[0]["attention_mask"].dtype == np.int64
    assert found.mask.tolist() == [[True, True, True, False]]
    assert found.values.shape == (1, L, 1)


def test_long_instruction_is_cut(cache, asked):
    cache.features("lift the box now now now")
    assert asked[0]["input_ids"].tolist() == [[2, 3, 4, 5]]


def test_each_instruction_is_encoded_once_and_the_oldest_is_forgotten(cache, asked):
    for text in ("lift", "box", "lift", "the", "lift"):
        cache.features(text)
    assert len(asked) == 3
    cache.features("box")
    assert len(asked) == 4


def test_broken_tokenizer_is_refused(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text("{")
    with pytest.raises(BundleError, match="DX-BND-001"):
        LanguageCache(path, None, L)
