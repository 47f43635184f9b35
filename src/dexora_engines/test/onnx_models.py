"""Writes small ONNX models byte by byte (protobuf), so that these tests need no library that makes them."""

import numpy as np

OPSET = 18
_TYPES = {"float32": 1, "uint8": 2, "int64": 7, "bool": 9}


def model(nodes, inputs, outputs, constants=None, metadata=None):
    """Return the bytes of a model.

    nodes: (operator, inputs, outputs); inputs and outputs: name -> (type, shape), text sizes may vary.
    """
    graph = b"".join(_bytes(1, _node(*node)) for node in nodes) + _text(2, "graph")
    graph += b"".join(_bytes(5, _tensor(name, value)) for name, value in (constants or {}).items())
    graph += b"".join(_bytes(11, _value(name, *spec)) for name, spec in inputs.items())
    graph += b"".join(_bytes(12, _value(name, *spec)) for name, spec in outputs.items())
    texts = b"".join(_bytes(14, _text(1, key) + _text(2, value)) for key, value in (metadata or {}).items())
    return _number(1, 9) + _bytes(7, graph) + _bytes(8, _text(1, "") + _number(2, OPSET)) + texts


def scaled(horizon=4, joints=3, gain=2.0, metadata=None):
    """`actions` = `noise` * `gain` + `prefix`."""
    chunk = ("float32", (1, horizon, joints))
    return model(
        [("Mul", ("noise", "gain"), ("scaled",)), ("Add", ("scaled", "prefix"), ("actions",))],
        {"noise": chunk, "prefix": chunk},
        {"actions": chunk},
        {"gain": np.full(joints, gain, np.float32)},
        metadata,
    )


def varying():
    """`tokens` = `images` + 1 for any number V of views."""
    shape = ("V", 2, 3)
    return model(
        [("Add", ("images", "one"), ("tokens",))],
        {"images": ("float32", shape)},
        {"tokens": ("float32", shape)},
        {"one": np.ones(1, np.float32)},
    )


def _node(operator, inputs, outputs):
    names = b"".join(_text(1, name) for name in inputs) + b"".join(_text(2, name) for name in outputs)
    return names + _text(4, operator)


def _value(name, dtype, shape):
    sizes = b"".join(
        _bytes(1, _text(2, size) if isinstance(size, str) else _number(1, size)) for size in shape
    )
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, _TYPES[dtype]) + _bytes(2, sizes)))


def _tensor(name, value):
    sizes = b"".join(_number(1, size) for size in value.shape)
    return sizes + _number(2, _TYPES[str(value.dtype)]) + _text(8, name) + _bytes(9, value.tobytes())


def _number(field, value):
    return _varint(field << 3) + _varint(value)


def _text(field, value):
    return _bytes(field, value.encode())


def _bytes(field, value):
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
