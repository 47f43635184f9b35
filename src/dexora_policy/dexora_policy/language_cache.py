"""Features of the instruction: computed once per instruction, then looked up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from dexora_core.errors import BundleError
from dexora_core.refusal import refusal
from numpy.typing import NDArray

Encode = Callable[[Mapping[str, NDArray[Any]]], Mapping[str, NDArray[Any]]]
"""Runs `language.onnx`: `input_ids` and `attention_mask` int64 [1, L] to `features` float32 [1, L, DL]."""


@dataclass(frozen=True, slots=True)
class LanguageFeatures:
    """What the policy reads of an instruction.

    Attributes:
        values: (1, L, DL) float32.
        mask: (1, L) bool; False where the instruction has ended.
    """

    values: NDArray[np.float32]
    mask: NDArray[np.bool_]


class LanguageCache:
    """Tokenizer, language encoder and the features of the last instructions.

    Args:
        tokenizer: `tokenizer.json` of the bundle.
        encode: Runs the bundle's language encoder.
        max_tokens: L; longer instructions are cut, shorter ones padded.
        capacity: Instructions that are remembered.

    Raises:
        BundleError: The tokenizer cannot be read (DX-BND-001).
    """

    def __init__(self, tokenizer: Path, encode: Encode, max_tokens: int, capacity: int = 32) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415 - 30 ms that a node without a bundle does not pay

        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # what the library raises for a file that it cannot read
            raise refusal(BundleError, "DX-BND-001", tokenizer.name, detail=str(error)) from error
        padding = self._tokenizer.padding or {}
        self._pad_id = int(padding.get("pad_id", 0))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        self._encode, self._max_tokens, self._capacity = encode, max_tokens, capacity
        self._known: OrderedDict[str, LanguageFeatures] = OrderedDict()

    def features(self, text: str) -> LanguageFeatures:
        """Return the features of a checked instruction."""
        found = self._known.get(text)
        if found is None:
            found = self._compute(text)
            self._known[text] = found
            if len(self._known) > self._capacity:
                self._known.popitem(last=False)
        self._known.move_to_end(text)
        return found

    def _compute(self, text: str) -> LanguageFeatures:
        ids = self._tokenizer.encode(text).ids
        input_ids = np.full((1, self._max_tokens), self._pad_id, np.int64)
        input_ids[0, : len(ids)] = ids
        mask = np.arange(self._max_tokens)[None] < len(ids)
        outputs = self._encode({"input_ids": input_ids, "attention_mask": mask.astype(np.int64)})
        return LanguageFeatures(np.asarray(outputs["features"], np.float32), mask)
