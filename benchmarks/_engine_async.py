"""Replans with tokens that come by themselves against replans that wait for their pictures (bar R17)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import torch
from _harness import Options, alternate, median_of
from dexora_perception.model import VisualEncoder
from dexora_perception.model import preset as encoder_preset
from dexora_policy.model import Policy
from dexora_policy.model import preset as policy_preset
from dexora_train.export.graphs import encoder_spec, policy_specs

PRESET = "base"
LEAST_REPLANS = 3


def async_gain(options: Options) -> tuple[float, str]:
    """Measure replans per second of the base size (DINOv2-B, four views) in torch fp32, two threads in all.

    Synchronous: encode, then plan, on two cores. Async: one thread encodes without a pause on one core, the
    other plans on the newest tokens on the other.

    Returns:
        Replans per second, async over synchronous, and a sentence with both rates.
    """
    torch.manual_seed(0)
    encoder, policy = VisualEncoder(encoder_preset(PRESET)).eval(), Policy(policy_preset(PRESET)).eval()
    encoder.fold_positions()
    see = encoder_spec(encoder)
    plan = next(policy_specs(policy, encoder.config.width, 2, is_one_graph=True))

    def encode() -> None:
        see.module(*see.example.values())

    def replan() -> None:
        plan.module(*plan.example.values())

    block_s = options.block_s * 2
    found = alternate(
        {
            "synchronous": lambda: _synchronous_hz(encode, replan, block_s),
            "async": lambda: _async_hz(encode, replan, block_s),
        },
        options.repetitions,
    )
    rates = {name: median_of(values) for name, values in found.items()}
    note = (
        f"R17: preset {PRESET} (DINOv2-B at 224 px, four views, 40M policy, 2 steps), torch fp32 on two "
        f"cores; synchronous {rates['synchronous']:.3g} replans/s, async {rates['async']:.3g} replans/s "
        "while the encoder runs without a pause beside it."
    )
    return rates["async"] / rates["synchronous"], note


def _synchronous_hz(encode: Callable[[], None], replan: Callable[[], None], block_s: float) -> float:
    torch.set_num_threads(2)
    count, begin_s = 0, time.perf_counter()
    with torch.inference_mode():
        while count < LEAST_REPLANS or time.perf_counter() - begin_s < block_s:
            encode()
            replan()
            count += 1
    return count / (time.perf_counter() - begin_s)


def _async_hz(encode: Callable[[], None], replan: Callable[[], None], block_s: float) -> float:
    torch.set_num_threads(1)
    is_over = threading.Event()

    def see() -> None:
        with torch.inference_mode():
            while not is_over.is_set():
                encode()

    eye = threading.Thread(target=see)
    eye.start()
    try:
        count, begin_s = 0, time.perf_counter()
        with torch.inference_mode():
            while count < LEAST_REPLANS or time.perf_counter() - begin_s < block_s:
                replan()
                count += 1
        return count / (time.perf_counter() - begin_s)
    finally:
        is_over.set()
        eye.join()
