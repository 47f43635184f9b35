"""A bundle whose encoder is a known linear map: tokens = pixels @ WEIGHTS / 255 + view id."""

import bundle_cases
import numpy as np
from dexora_core.bundle import write_bundle
from onnx_models import model

SIZE, TOKENS, DIM = 16, 4, 6
ENCODER_ID = "linear-test"
WEIGHTS = np.random.default_rng(5).standard_normal((SIZE * SIZE * 3, TOKENS * DIM)).astype(np.float32) / 255
CONTRACT = bundle_cases.contract()
VIEWS = CONTRACT.views


def encoder_model(size=SIZE, weights=WEIGHTS):
    nodes = [
        ("CastLike", ("images", "weights"), ("pixels",)),
        ("Reshape", ("pixels", "flat"), ("rows",)),
        ("MatMul", ("rows", "weights"), ("mapped",)),
        ("Reshape", ("mapped", "shape"), ("plain",)),
        ("CastLike", ("view_ids", "weights"), ("numbers",)),
        ("Reshape", ("numbers", "column"), ("offsets",)),
        ("Add", ("plain", "offsets"), ("tokens",)),
    ]
    constants = {
        "weights": weights,
        "flat": np.array([-1, size * size * 3], np.int64),
        "shape": np.array([-1, TOKENS, DIM], np.int64),
        "column": np.array([-1, 1, 1], np.int64),
    }
    inputs = {"images": ("uint8", ("V", size, size, 3)), "view_ids": ("int64", ("V",))}
    return model(nodes, inputs, {"tokens": ("float32", ("V", TOKENS, DIM))}, constants)


def make_bundle(directory, model_bytes=None, **changes):
    """Write a bundle with this encoder and return it."""
    sizes = {"image_size": SIZE, "tokens_per_view": TOKENS, "token_dim": DIM, "encoder_id": ENCODER_ID}
    fields = bundle_cases.fields(**(sizes | changes))
    return write_bundle(directory, fields, {"encoder.onnx": model_bytes or encoder_model()})


def expected_tokens(squares, ids):
    """What the encoder gives for resized pictures (V, SIZE, SIZE, 3)."""
    mapped = np.stack(squares).reshape(len(squares), -1).astype(np.float32) @ WEIGHTS
    return mapped.reshape(-1, TOKENS, DIM) + np.array(ids, np.float32)[:, None, None]


def picture(seed=0, height=480, width=640):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
