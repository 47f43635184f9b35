"""The tokenizer of the small language source: one id per word of the training instructions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import torch
from dexora_core.errors import ConfigError
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import NFKC, Lowercase
from tokenizers.normalizers import Sequence as Normalizers
from tokenizers.pre_tokenizers import Whitespace
from torch import Tensor

PAD, UNKNOWN = "[PAD]", "[UNK]"


def encoded(tokenizer: str, sentences: Iterable[str]) -> tuple[Tensor, Tensor]:
    """Return token ids and mask of sentences, 1 for a word, both (N, L).

    Args:
        tokenizer: Content of `tokenizer.json`.
        sentences: What to encode.
    """
    found = Tokenizer.from_str(tokenizer).encode_batch(list(sentences))
    return torch.tensor([one.ids for one in found]), torch.tensor([one.attention_mask for one in found])


def word_tokenizer(sentences: Iterable[str], vocabulary: int, max_tokens: int) -> str:
    """Return `tokenizer.json` with the most frequent words; id 0 pads, id 1 is any other word.

    Args:
        sentences: Instructions of the training data.
        vocabulary: Ids that the language source has.
        max_tokens: Words that an instruction is padded or cut to.

    Raises:
        ConfigError: `vocabulary` has no room for a word.
    """
    if vocabulary < 3:
        raise ConfigError(f"vocabulary is {vocabulary}; padding, unknown and one word need at least 3")
    tokenizer = Tokenizer(WordLevel({PAD: 0, UNKNOWN: 1}, unk_token=UNKNOWN))
    tokenizer.normalizer = Normalizers([NFKC(), Lowercase()])
    tokenizer.pre_tokenizer = Whitespace()
    words = Counter(
        word
        for sentence in sentences
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(sentence))
    )
    ranked = sorted(words, key=lambda word: (-words[word], word))[: vocabulary - 2]
    ids = {PAD: 0, UNKNOWN: 1, **{word: number for number, word in enumerate(ranked, start=2)}}
    tokenizer.model = WordLevel(ids, unk_token=UNKNOWN)
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding(length=max_tokens, pad_id=0, pad_token=PAD)
    return str(tokenizer.to_str())
