"""Robots as data: one contract per robot, URDF and MJCF."""
