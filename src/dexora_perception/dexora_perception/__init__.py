"""Cameras in, DINOv2 tokens out."""
