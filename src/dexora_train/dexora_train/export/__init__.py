"""Checkpoints to bundles: ONNX graphs, INT8 twice, and what both cost each joint in radians."""
